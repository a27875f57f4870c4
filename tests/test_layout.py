"""The shape of the repository: rooms, contracts, pins, names, sizes."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from setuptools import find_packages

ROOT: Final = Path(__file__).resolve().parent.parent
ROOMS: Final = ("crypto", "protocol", "federation", "node")
PYPROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text())
# Made by tools, never committed. A folder whose name starts with a dot is one too, but for .ci.
MADE: Final = {"__pycache__", "htmlcov", "mutants", "reports"}
MOST_LINES: Final = 400
# Written so that this file does not contain what it looks for.
HOSTS: Final = re.compile(
    rb"py[p]i[.]org|python[h]osted|n[p]mjs[.]|deb[.]d[e]bian[.]|[/](?:w[o]rk|f[a]rm|h[o]me/\w+)/"
)


def tree(folder: Path = ROOT) -> Iterator[Path]:
    """Yield the files that a commit may hold."""
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            kept = path.name == ".ci" or not path.name.startswith(".")
            if kept and path.name not in MADE and path.suffix != ".egg-info":
                yield from tree(path)
        elif not path.is_symlink() and not path.name.startswith(".coverage"):
            yield path


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


FILES: Final = list(tree())
PYTHON: Final = [path for path in FILES if path.suffix == ".py"]


# --- rooms --------------------------------------------------------------------------------


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    # The program's own folder, not PATH: the tests may run in an environment nobody activated.
    program = Path(sys.executable).parent / "lint-imports"
    return subprocess.run([program, "--no-cache"], cwd=root, capture_output=True, text=True)


def test_import_contracts_hold() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("crypto/planted.py", "import protocol", "one direction"),
        ("protocol/planted.py", "import federation", "one direction"),
        ("federation/planted.py", "import node", "one direction"),
        ("crypto/planted.py", "import time", "crypto and protocol touch no world"),
        ("protocol/planted.py", "import sqlmodel", "crypto and protocol touch no world"),
        ("protocol/planted.py", "import ctypes", "crypto and protocol touch no world"),
        ("federation/planted.py", "import fastapi", "federation knows no web framework"),
        ("protocol/audit.py", "import node.storage", "the audit trusts no node"),
    ],
)
def test_a_forbidden_import_breaks_its_contract(
    tmp_path: Path, file: str, line: str, contract: str
) -> None:
    for package in (*ROOMS, "node/storage"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "protocol/audit.py").touch()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / file).write_text(line + "\n")
    done = lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout
    assert re.search(rf"{contract}.* BROKEN", done.stdout), done.stdout


def test_the_distribution_holds_the_four_rooms_and_nothing_else() -> None:
    packages = find_packages(ROOT, **PYPROJECT["tool"]["setuptools"]["packages"]["find"])
    assert {package.partition(".")[0] for package in packages} == set(ROOMS)


def test_the_distribution_refuses_to_be_uploaded() -> None:
    assert "Private :: Do Not Upload" in PYPROJECT["project"]["classifiers"]


# --- pins ---------------------------------------------------------------------------------


def pins(group: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{group}.txt").read_text()
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", text, re.MULTILINE))


GROUPS: Final = [path.stem for path in sorted((ROOT / "requirements").glob("*.in"))]


@pytest.mark.parametrize("group", GROUPS)
def test_a_lock_holds_only_pins_and_hashes(group: str) -> None:
    pin = r"[A-Za-z0-9._-]+==\S+ \\"
    digest = r"    --hash=sha256:[0-9a-f]{64}( \\)?"
    comment = r"\s*#.*"
    lines = (ROOT / "requirements" / f"{group}.txt").read_text().splitlines()
    strange = [
        line for line in lines if line and not re.fullmatch(f"{pin}|{digest}|{comment}", line)
    ]
    assert strange == []


@pytest.mark.parametrize("group", GROUPS)
def test_no_lock_holds_a_distribution_with_the_name_of_a_room(group: str) -> None:
    assert set(pins(group)).isdisjoint(ROOMS)


@pytest.mark.parametrize("group", GROUPS)
def test_every_direct_dependency_is_pinned(group: str) -> None:
    text = (ROOT / "requirements" / f"{group}.in").read_text()
    direct = set(re.findall(r"^([A-Za-z0-9][\w.-]*)", text, re.MULTILINE))
    assert direct <= set(pins(group))


def test_the_locks_agree() -> None:
    versions: dict[str, set[str]] = {}
    for group in GROUPS:
        for distribution, version in pins(group).items():
            versions.setdefault(distribution, set()).add(version)
    assert {each: found for each, found in versions.items() if len(found) > 1} == {}


# --- files --------------------------------------------------------------------------------


def test_no_registry_host_and_no_path_of_a_machine_in_the_tree() -> None:
    found = {name(path): hit.group() for path in FILES if (hit := HOSTS.search(path.read_bytes()))}
    assert found == {}


def test_no_file_has_two_jobs() -> None:
    long = {name(path): path.read_bytes().count(b"\n") for path in PYTHON}
    assert {file: lines for file, lines in long.items() if lines > MOST_LINES} == {}


def test_files_are_named_for_what_they_define() -> None:
    vague = {"base", "common", "helpers", "misc", "util", "utils"}
    assert [name(path) for path in PYTHON if path.stem in vague] == []


def test_packages_say_what_they_hold_and_tests_are_no_package() -> None:
    inside = [path for path in PYTHON if path.name == "__init__.py"]
    assert [name(path) for path in inside if "tests" in path.relative_to(ROOT).parts] == []
    assert [name(path) for path in inside if not path.read_text().startswith('"""')] == []


def test_the_launcher_and_ci_can_be_executed() -> None:
    assert [
        file for file in ("veilleuse", ".ci/run") if not (ROOT / file).stat().st_mode & 0o100
    ] == []


# --- make ---------------------------------------------------------------------------------


def test_make_help_lists_every_target() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z-]*):(?!=)", text, re.MULTILINE))
    done = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True)
    listed = {line.split()[0] for line in done.stdout.splitlines()}
    assert targets == listed
    phony = re.search(r"^\.PHONY:((?:.*\\\n)*.*)$", text, re.MULTILINE)
    assert phony is not None
    assert targets == set(phony.group(1).replace("\\", " ").split())
