"""What the documents name exists: files that they link to, make targets, our own commands."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import typer

from node.cli.main import COMMANDS, application

ROOT: Final = Path(__file__).resolve().parent.parent
DOCUMENTS: Final = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
TARGETS: Final = set(
    re.findall(r"^([a-z][a-z-]*):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE)
)
FENCE: Final = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# `make target`, in a line of a code block or in backquotes.
MAKE: Final = re.compile(r"(?:^|`)make ([a-z-]+)", re.MULTILINE)
# `path/to/file.ext` in backquotes, from the root; a pattern or a placeholder is none.
FILE: Final = re.compile(
    r"`((?:crypto|protocol|federation|node|tests|docs|deploy|requirements|\.ci)/[\w./-]+)`"
)


# Our own command, at the start of a line or in backquotes; never in a sentence or an output.
OURS: Final = re.compile(r"(?:^|`)(?:\$ )?(?:\./)?veilleuse (-?[a-z][^`#\n]*)", re.MULTILINE)


def slug(heading: str) -> str:
    """Return the anchor that a heading gets when it is shown as a page."""
    kept = re.sub(r"[^\w\s-]", "", heading.replace("`", "").strip().lower())
    return re.sub(r"\s", "-", kept)


def anchors(text: str) -> set[str]:
    return {
        slug(heading) for heading in re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    }


def broken_links(document: Path, text: str) -> Iterator[str]:
    for link in LINK.findall(FENCE.sub("", text)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists():
            yield link
        elif anchor and target.suffix == ".md":
            there = text if target == document else target.read_text()
            if anchor not in anchors(there):
                yield link


def unknown_names(text: str) -> Iterator[str]:
    yield from (f"make {target}" for target in MAKE.findall(text) if target not in TARGETS)
    yield from (file for file in FILE.findall(text) if not (ROOT / file).exists())


def unknown_commands(text: str) -> Iterator[str]:
    """Yield each command line of ours whose command or option does not exist."""
    for line in OURS.findall(text):
        words = line.split()
        if words[0] == "--prepare":  # the launcher's own
            continue
        known = command_of(words)
        options = {name for each in known.params for name in each.opts} if known else set()
        asked = {word.split("=")[0] for word in words if word.startswith("-")}
        if known is None or asked - options - {"-h", "--help"}:
            yield line.strip()


def command_of(words: list[str]) -> Any | None:  # noqa: ANN401  (click's, under typer's own name)
    """Return the command that `words` begin with, or None."""
    if words[0] not in COMMANDS:
        return None
    found: Any = typer.main.get_command(application(words[0]))
    for word in words:
        below = getattr(found, "commands", None)  # a group has them
        if below is None:
            break
        if word not in below:
            return None
        found = below[word]
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_names_exists(document: Path) -> None:
    text = document.read_text()
    assert [*broken_links(document, text), *unknown_names(text), *unknown_commands(text)] == []


def test_what_does_not_exist_is_found() -> None:
    text = "# A `b`, c\n[x](#a-b-c) [x](#d) [x](no.md)\n`make tea` and `node/no.py`\n"
    assert list(broken_links(ROOT / "docs/development.md", text)) == ["#d", "no.md"]
    assert list(unknown_names(text)) == ["make tea", "node/no.py"]
    lines = (
        "veilleuse serve --data x\n./veilleuse sing\n`veilleuse network no`, `veilleuse serve --no`"
    )
    assert list(unknown_commands(lines)) == ["sing", "network no", "serve --no"]
