"""Foreign programs that some tests need, and what happens on a machine that lacks one.

Without the program the test is skipped, and the run's last lines say by name what did not run
(tests/conftest.py). With VEILLEUSE_REQUIRE_ALL=1, as in .ci/run, its absence is a failure.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

REQUIRE_ALL: Final = "VEILLEUSE_REQUIRE_ALL"
NOT_RUN: Final = "Not run here"


@dataclass(frozen=True)
class Tool:
    """A program by the names it goes by, the files it needs beside it, and where to get it."""

    commands: tuple[str, ...]
    packages: str
    files: tuple[Path, ...] = ()

    def find(self) -> str | None:
        """Return the program's path, or None if it or one of its files is absent."""
        if not all(file.exists() for file in self.files):
            return None
        return next((path for name in self.commands if (path := shutil.which(name))), None)


GOCODE: Final = Path("/usr/share/gocode")
TOOLS: Final = {
    "chromium": Tool(("chromium", "chromium-browser", "google-chrome"), "chromium"),
    "go": Tool(
        ("go",),
        "golang-go golang-golang-x-mod-dev",
        # Debian's source package of the log and note verifiers; GOPATH is its parent.
        (GOCODE / "src/golang.org/x/mod/sumdb/note",),
    ),
}


def require_tool(name: str) -> str:
    """Return the path of a program, or end the calling test.

    Args:
        name: a key of TOOLS.
    """
    tool = TOOLS[name]
    path = tool.find()
    if path is not None:
        return path
    if os.environ.get(REQUIRE_ALL) == "1":
        pytest.fail(f"{name} is required here ({REQUIRE_ALL}=1): apt-get install {tool.packages}")
    pytest.skip(f"{NOT_RUN} (needs {name})")
