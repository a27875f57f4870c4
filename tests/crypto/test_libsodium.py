import ctypes
import importlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pytest

from crypto import libsodium
from crypto.errors import LibraryError
from crypto.libsodium import Buffer32, Sodium, load_bundled, load_system
from tests.tools import NOT_RUN

ROOT = Path(__file__).parent.parent.parent


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def without_rbcl(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the next import of rbcl a first one, and give back the old one afterwards."""
    for name in [name for name in sys.modules if name.split(".")[0] == "rbcl"]:
        monkeypatch.delitem(sys.modules, name)


class FakeFunction:
    argtypes: object = None
    restype: object = None

    def __init__(self, answer: int) -> None:
        self.answer = answer

    def __call__(self, *_: object) -> int:
        return self.answer


class FakeLibrary:
    def __init__(self, answer: int, missing: str = "") -> None:
        self.answer = answer
        self.missing = missing

    def __getitem__(self, name: str) -> FakeFunction:
        if name == self.missing:
            raise AttributeError(name)
        return FakeFunction(self.answer)


def fake(answer: int, missing: str = "") -> ctypes.CDLL:
    library: object = FakeLibrary(answer, missing)
    return library  # type: ignore[return-value]


def test_the_generator_is_the_same_everywhere(each_libsodium: str) -> None:
    sodium = {"system": load_system, "bundled": load_bundled}[each_libsodium]()
    out = Buffer32()
    assert sodium.multiply_base(out, b"\x01" + bytes(31)) == 0
    assert out.raw.hex() == "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"


@pytest.mark.parametrize("missing", ["crypto_scalarmult_ristretto255", "sodium_init"])
def test_a_minimal_build_is_named(missing: str) -> None:
    with pytest.raises(LibraryError, match=f"has no {missing}: install a full build"):
        Sodium(fake(0, missing))


def test_a_library_that_does_not_initialise_is_refused() -> None:
    with pytest.raises(LibraryError, match="does not initialise"):
        Sodium(fake(-1))


@pytest.mark.parametrize("answer", [0, 1])
def test_a_library_that_is_or_was_initialised_is_taken(answer: int) -> None:
    Sodium(fake(answer))


def test_no_system_library_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libsodium, "SYSTEM_NAMES", ("libveilleuse-nowhere.so",))
    with pytest.raises(LibraryError, match="apt install libsodium23"):
        load_system()


def test_the_system_library_may_have_a_later_name(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def cdll(name: str) -> ctypes.CDLL:
        tried.append(name)
        if name != "second":
            raise OSError(name)
        return fake(0)

    monkeypatch.setattr(libsodium, "SYSTEM_NAMES", ("first", "second", "third"))
    monkeypatch.setattr(ctypes, "CDLL", cdll)
    load_system()
    assert tried == ["first", "second"]


def test_loading_takes_the_system_library_first(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Sodium(fake(0))
    monkeypatch.setattr(libsodium, "load_system", lambda: mine)
    monkeypatch.setattr(libsodium, "load_bundled", lambda: pytest.fail("not needed"))
    assert libsodium.load.__wrapped__() is mine


def test_loading_falls_back_to_the_bundled_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> NoReturn:
        raise LibraryError

    mine = Sodium(fake(0))
    monkeypatch.setattr(libsodium, "load_system", refuse)
    monkeypatch.setattr(libsodium, "load_bundled", lambda: mine)
    assert libsodium.load.__wrapped__() is mine


def test_a_process_loads_once() -> None:
    assert libsodium.load() is libsodium.load()


def test_the_bundled_library_leaves_no_file(tmp_path: Path) -> None:
    done = run(
        "from crypto.libsodium import load_bundled, Buffer32\n"
        "import os, tempfile\n"
        "sodium = load_bundled()\n"
        "print(os.listdir(tempfile.gettempdir()))\n"
        "print(sodium.multiply_base(Buffer32(), bytes([1]) + bytes(31)))\n",
        TMPDIR=str(tmp_path),
    )
    assert done.stdout.split() == ["[]", "0"], done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_left_by_somebody_elses_import_goes_too(tmp_path: Path) -> None:
    done = run(
        "import rbcl, os, tempfile\n"
        "print(len(os.listdir(tempfile.gettempdir())))\n"
        "from crypto.libsodium import load_bundled\n"
        "load_bundled(); load_bundled()\n",
        TMPDIR=str(tmp_path),
    )
    assert done.stdout.strip() == "1", done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("without_rbcl")
def test_a_noexec_temporary_folder_names_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> NoReturn:
        raise OSError(f"{path}: failed to map segment from shared object")

    monkeypatch.setattr(ctypes.cdll, "LoadLibrary", refuse)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(LibraryError, match=r"noexec.*apt install libsodium23.*TMPDIR"):
        load_bundled()
    assert tempfile.tempdir == str(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_real_noexec_folder_names_the_cure(tmp_path: Path) -> None:
    """In a mount namespace of our own, where that is allowed; the test above runs everywhere."""
    script = (
        'mount -t tmpfs -o noexec veilleuse "$TMPDIR" || exit 77; '
        '"$0" -c "from crypto.libsodium import load_bundled; load_bundled()"; '
        'ls -A "$TMPDIR"'
    )
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip(f"{NOT_RUN} (needs unshare)")
    done = subprocess.run(
        [unshare, "--map-root-user", "--mount", "sh", "-c", script, sys.executable],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"{NOT_RUN} (needs private mounts): {done.stderr.strip()}")
    assert "LibraryError" in done.stderr
    assert "TMPDIR" in done.stderr
    assert done.stdout == ""


def test_a_missing_rbcl_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    before = tempfile.tempdir

    def refuse(name: str) -> ModuleType:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", refuse)
    with pytest.raises(LibraryError, match="rbcl package is not installed"):
        load_bundled()
    assert tempfile.tempdir == before


def test_every_function_is_bound(each_libsodium: str) -> None:
    sodium = {"system": load_system, "bundled": load_bundled}[each_libsodium]()
    assert all(callable(getattr(sodium, name)) for name in Sodium.__slots__)
