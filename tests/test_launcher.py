"""The launcher: what it decides, what it says when something is missing, how it resumes."""

import ast
import fcntl
import io
import shutil
import subprocess
import sys
import threading
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
HERE: Final = "{}.{}".format(*sys.version_info)
PINS: Final = "a==1 \\\n    --hash=sha256:00\nb-c==2.0 \\\n    --hash=sha256:11\n"


def load() -> ModuleType:
    loader = SourceFileLoader("launcher", str(ROOT / "veilleuse"))
    spec = spec_from_loader("launcher", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


launcher: Any = load()


@pytest.fixture
def environment(tmp_path: Path) -> Any:
    """Return a checkout whose environment runs this very Python and has nothing installed."""
    (tmp_path / "requirements").mkdir()
    for group in ("runtime", "dev"):
        (tmp_path / "requirements" / f"{group}.txt").write_text(PINS)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / f".venv/lib/python{HERE}/site-packages").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    (tmp_path / ".venv/bin/pip").write_text(f"#!{tmp_path.resolve()}/.venv/bin/python\n")
    return launcher.Environment(tmp_path)


def quiet() -> Any:
    return launcher.Progress(io.StringIO())


# --- what is there ------------------------------------------------------------------------


def test_an_environment_that_runs_has_a_version(environment: Any) -> None:
    assert environment.version() == HERE


def test_no_environment_has_no_version(tmp_path: Path) -> None:
    assert launcher.Environment(tmp_path).version() is None


def test_an_environment_whose_python_is_gone_has_no_version(environment: Any) -> None:
    environment.python.unlink()
    environment.python.symlink_to("/nonexistent/python")
    assert environment.version() is None


def test_an_environment_whose_python_fails_has_no_version(environment: Any) -> None:
    environment.python.unlink()
    environment.python.write_text("#!/bin/sh\nexit 3\n")
    environment.python.chmod(0o755)
    assert environment.version() is None


def test_packages_of_the_version_before_an_upgrade_do_not_count(environment: Any) -> None:
    library = environment.folder / "lib"
    (library / f"python{HERE}").rename(library / "python3.1")
    assert environment.version() is None


def test_a_checkout_that_was_moved_needs_a_new_environment(environment: Any) -> None:
    moved = environment.root.rename(environment.root.with_name("elsewhere"))
    assert launcher.Environment(moved).version() is None
    (moved / ".venv/bin/pip").unlink()
    assert launcher.Environment(moved).version() is None


def test_a_stamp_counts_only_for_its_pins_and_its_python(environment: Any) -> None:
    assert environment.missing(("runtime", "dev"), HERE) == ["runtime", "dev"]
    environment.write_stamp("runtime", environment.digest("runtime", HERE))
    assert environment.missing(("runtime", "dev"), HERE) == ["dev"]
    assert environment.ready(("runtime",))
    assert environment.missing(("runtime",), "3.99") == ["runtime"]
    environment.requirements("runtime").write_text(PINS.replace("a==1", "a==2"))
    assert not environment.ready(("runtime",))


def test_a_damaged_stamp_does_not_count(environment: Any) -> None:
    environment.stamp("runtime").write_bytes(b"\xff\x00")
    assert environment.missing(("runtime",), HERE) == ["runtime"]


def test_what_developers_install_is_enough_to_run() -> None:
    assert set(launcher.GROUPS["runtime"]) < set(launcher.GROUPS["dev"])
    assert launcher.chosen_groups(["demo"]) == launcher.GROUPS["runtime"]
    assert launcher.chosen_groups(["--prepare"]) == launcher.GROUPS["runtime"]
    assert launcher.chosen_groups(["--prepare", "dev"]) == launcher.GROUPS["dev"]


# --- what is done -------------------------------------------------------------------------


def test_only_what_is_missing_is_installed_and_stamped(
    environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(environment, "_pip", lambda options, _each: calls.append(options))
    environment.write_stamp("runtime", environment.digest("runtime", HERE))
    environment.prepare(("runtime", "dev"), quiet())
    assert len(calls) == 1
    assert {"--require-hashes", "--only-binary"} < set(calls[0])
    assert calls[0][-1].endswith("dev.txt")
    environment.prepare(("runtime", "dev"), quiet())
    assert len(calls) == 1


def test_the_project_itself_is_installed_after_its_dependencies(
    environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(environment, "_pip", lambda options, _each: calls.append(options))
    environment.prepare(("runtime",), quiet())
    assert [call[-1].rpartition("/")[2] for call in calls] == ["runtime.txt", "."]


def test_a_failed_installation_leaves_no_stamp_and_is_resumed(
    environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment.write_stamp("runtime", "of older pins")
    environment.python.unlink()
    environment.python.write_text("#!/bin/sh\necho 'ERROR: No space left on device'\nexit 1\n")
    environment.python.chmod(0o755)
    monkeypatch.setattr(environment, "version", lambda: HERE)
    with pytest.raises(launcher.ObstacleError, match="disque est plein"):
        environment.prepare(("runtime",), quiet())
    assert not environment.stamp("runtime").exists()
    environment.python.write_text("#!/bin/sh\necho Collecting a==1\n")
    environment.prepare(("runtime",), quiet())
    assert environment.missing(("runtime",), HERE) == []


def test_an_absent_environment_is_created_first(
    environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    environment.python.unlink()
    monkeypatch.setattr(launcher, "check_machine", lambda _root: done.append("check"))
    monkeypatch.setattr(environment, "_create", lambda: done.append("create"))
    monkeypatch.setattr(environment, "_pip", lambda _options, _each: done.append("pip"))
    environment.prepare(("runtime",), quiet())
    assert done == ["check", "create", "pip", "pip"]


def test_an_environment_that_cannot_be_created_says_why(
    environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = SimpleNamespace(returncode=1, stdout="ensurepip is not available", stderr="")
    monkeypatch.setattr(launcher.subprocess, "run", lambda *_args, **_options: answer)
    with pytest.raises(launcher.ObstacleError, match=r"(?s)ensurepip is not.*python3-venv"):
        environment._create()


def test_a_second_run_waits_for_the_first(environment: Any) -> None:
    said: list[str] = []
    entered = threading.Event()
    waiting = threading.Event()

    def tell(text: str) -> None:
        said.append(text)
        waiting.set()

    def second() -> None:
        with environment.locked(tell):
            entered.set()

    thread = threading.Thread(target=second)
    with (environment.root / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        thread.start()
        assert waiting.wait(10)
        assert not entered.is_set()
    assert entered.wait(10)
    thread.join()
    assert "attente" in said[0]


# --- what is missing on the machine -------------------------------------------------------


@pytest.mark.parametrize("absent", ["venv", "ensurepip"])
def test_a_python_without_venv_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, absent: str
) -> None:
    found = {"venv": True, "ensurepip": True, absent: None}
    monkeypatch.setattr(launcher.importlib.util, "find_spec", found.get)
    with pytest.raises(launcher.ObstacleError, match="apt install python3-venv"):
        launcher.check_machine(tmp_path)


def test_a_full_disk_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SimpleNamespace(free=399_999_999)
    monkeypatch.setattr(launcher.shutil, "disk_usage", lambda _path: disk)
    with pytest.raises(launcher.ObstacleError, match="399 Mo"):
        launcher.check_machine(tmp_path)
    disk.free = 400_000_000
    launcher.check_machine(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_old_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "newer_python", lambda: None)
    with pytest.raises(launcher.ObstacleError, match=r"3\.11 ou plus récent.*Python 3\.10\.13"):
        launcher.require_python((3, 10, 13), [])
    launcher.require_python((3, 11, 0), [])


def test_an_old_python_hands_over_to_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class BecameError(Exception):
        pass

    def become(path: str, command: list[str]) -> None:
        raise BecameError(path, command)

    monkeypatch.setattr(launcher, "newer_python", lambda: "/opt/python3.12")
    monkeypatch.setattr(launcher.os, "execv", become)
    with pytest.raises(BecameError) as became:
        launcher.require_python((3, 9, 2), ["status", "--json"])
    command = ["/opt/python3.12", str(ROOT / "veilleuse"), "status", "--json"]
    assert became.value.args == ("/opt/python3.12", command)


def test_a_name_on_the_path_that_does_not_run_is_no_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert launcher.newer_python() is None
    for command, code in (("python3.12", 127), ("python3.11", 0)):
        (tmp_path / command).write_text(f"#!/bin/sh\nexit {code}\n")
        (tmp_path / command).chmod(0o755)
    assert launcher.newer_python() == str(tmp_path / "python3.11")


def test_an_old_python_can_read_the_launcher() -> None:
    ast.parse((ROOT / "veilleuse").read_text(), feature_version=(3, 6))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES. timed out", "pas celui qui était attendu"),
        ("ERROR: Could not install: [Errno 28] No space left on device", "disque est plein"),
        ("WARNING: Temporary failure in name resolution", "registre de paquets n'a pas répondu"),
        ("WARNING: connection broken by ReadTimeoutError: Read timed out.", "n'a pas répondu"),
        ("ERROR: Could not find a==1 (from versions: none)", "ne répond pas, ou ne connaît pas"),
        ("ERROR: No matching distribution found for rbcl==1.1.2", "n'existe pas pour ce Python"),
        ("ERROR: something new", "something new\n  -> Relancez la même commande"),
    ],
)
def test_what_pip_could_not_do_is_said_in_a_sentence(said: str, sentence: str) -> None:
    obstacle = str(launcher.explain_pip(["Collecting a==1", said]))
    assert sentence in obstacle
    assert said in obstacle
    assert "\n  -> " in obstacle


# --- what is shown ------------------------------------------------------------------------


def test_pins_are_counted() -> None:
    assert launcher.count_pins(PINS) == 2
    text = (ROOT / "requirements/runtime.txt").read_text()
    assert launcher.count_pins(text) == text.count("==")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Collecting b-c==2.0 (from -r requirements/runtime.txt (line 3))", "b-c"),
        ("Processing /mirror/files/b_c-2.0-py3-none-any.whl (from -r x)", "b_c"),
        ("Requirement already satisfied: b-c==2.0 in ./.venv/lib", "b-c"),
    ],
)
def test_a_package_is_counted_wherever_it_comes_from(line: str, shown: str) -> None:
    stream = io.StringIO()
    progress = launcher.Progress(stream)
    progress.start(2)
    progress.line("  Downloading b_c-2.0-py3-none-any.whl (5 kB)\n")
    assert stream.getvalue() == ""
    progress.line(line)
    assert stream.getvalue() == f"   50 %  1/2  {shown}\n"


def test_a_terminal_gets_one_line_that_is_redrawn() -> None:
    stream = io.StringIO()
    stream.isatty = lambda: True  # type: ignore[method-assign]
    progress = launcher.Progress(stream)
    progress.start(4)
    for number in range(4):
        progress.line(f"Collecting p{number}==1")
    progress.line("Installing collected packages: p0, p1, p2, p3")
    progress.end()
    assert stream.getvalue().count("\n") == 0
    assert "100 %  4/4  installation" in stream.getvalue()
    assert stream.getvalue().endswith("\r\033[K")


def test_a_log_file_gets_a_line_each_quarter() -> None:
    stream = io.StringIO()
    progress = launcher.Progress(stream)
    progress.start(40)
    for number in range(40):
        progress.line(f"Collecting p{number}==1")
    progress.end()
    assert stream.getvalue().count("\n") == 4


# --- the whole ----------------------------------------------------------------------------


def test_it_becomes_the_command_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(launcher.Environment, "ready", lambda _self, _groups: True)
    monkeypatch.setattr(launcher.os, "execv", lambda _path, command: became.append(command))
    assert launcher.main(["lookup", "--json"]) == 0
    # -P: the folder that the person stands in is not searched for modules.
    python = str(ROOT / ".venv/bin/python")
    assert became == [[python, "-P", "-m", "node", "lookup", "--json"]]
    assert launcher.main(["--prepare", "dev"]) == 0
    assert len(became) == 1


def test_an_obstacle_is_one_message_and_not_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert launcher.main(["--prepare", "everything"]) == 1
    assert (
        capsys.readouterr().err == "Groupe inconnu : everything\n  -> ./veilleuse --prepare dev\n"
    )


def test_an_interrupted_preparation_says_that_it_resumes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_self: object, _groups: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(launcher.Environment, "ready", interrupt)
    assert launcher.main(["demo"]) == 130
    assert "reprendra" in capsys.readouterr().err


@pytest.mark.long
@pytest.mark.timeout(600)
def test_two_first_runs_at_once_in_a_fresh_copy(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    made = shutil.ignore_patterns(".*", "*.egg-info", "__pycache__", "mutants", "reports")
    shutil.copytree(ROOT, copy, ignore=made)
    command = [sys.executable, "veilleuse", "--prepare"]
    runs = [
        subprocess.Popen(command, cwd=copy, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    said = [run.communicate()[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert sum("Préparation de l'environnement" in text for text in said) == 1
    # From elsewhere: the project is importable because it is installed, not by luck of place.
    check = [
        str(copy / ".venv/bin/python"),
        "-P",
        "-c",
        "import node, fastapi; print(node.__file__)",
    ]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip() == str(copy / "node/__init__.py"), done.stderr
