"""What holds for every test: the network is closed, and a missing program is named."""

import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from pytest_socket import SocketConnectBlockedError

from tests import tools

ROOT: Final = Path(__file__).resolve().parent.parent
ABSENT: Final = tools.Tool(("no-such-program",), "no-such-package")
RUN: Final = """
from tests import tools
from tests.conftest import pytest_terminal_summary
"""
NEEDY: Final = """
from tests.test_tools import ABSENT
from tests.tools import TOOLS, require_tool

def test_needs_it():
    TOOLS["absent"] = ABSENT
    require_tool("absent")

def test_needs_nothing():
    pass
"""


@pytest.fixture
def needy(tmp_path: Path) -> Path:
    """Return a folder with one test that lacks its program, under our conftest's summary."""
    (tmp_path / "conftest.py").write_text(RUN)
    (tmp_path / "test_needy.py").write_text(NEEDY)
    return tmp_path


def run_tests(folder: Path, require_all: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly"]
    environment = {"PYTHONPATH": str(ROOT), tools.REQUIRE_ALL: require_all}
    return subprocess.run(
        [*command, *options, "."], cwd=folder, env=environment, capture_output=True, text=True
    )


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_what_did_not_run_is_named(needy: Path, options: tuple[str, ...]) -> None:
    done = run_tests(needy, "0", *options)
    assert done.returncode == 0, done.stdout
    assert "Not run here (needs absent): test_needy.py::test_needs_it" in done.stdout
    assert "test_needs_nothing" not in done.stdout


def test_where_all_must_run_a_missing_program_is_a_failure(needy: Path) -> None:
    done = run_tests(needy, "1")
    assert done.returncode == 1
    assert "absent is required here" in done.stdout
    assert "apt-get install no-such-package" in done.stdout


def test_a_program_without_its_files_is_absent(tmp_path: Path) -> None:
    assert tools.Tool(("sh",), "dash").find() is not None
    assert tools.Tool(("no-such-program", "sh"), "dash").find() is not None
    assert tools.Tool(("sh",), "dash", (tmp_path / "absent",)).find() is None


def test_nothing_but_this_machine_can_be_reached() -> None:
    with socket.socket() as listening, socket.socket() as near, socket.socket() as far:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        near.connect(listening.getsockname())
        # 192.0.2.0/24 is reserved for documentation. The plugin warns, and warnings are errors.
        with pytest.raises((SocketConnectBlockedError, UserWarning), match=r"192\.0\.2\.1"):
            far.connect(("192.0.2.1", 9))
