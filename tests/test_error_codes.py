"""docs/errors.md names every error code of the code, with the status that it really has."""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Final

import pytest

import crypto
import federation
import node
import protocol
from crypto.errors import VeilleuseError
from federation import problems
from node.api import errors as staff

DOCUMENT: Final = Path(__file__).resolve().parent.parent / "docs" / "errors.md"
SECTION: Final = re.compile(r"^## (.+)$", re.MULTILINE)
ROW: Final = re.compile(r"^\| (`[^|]+`) \|(?: (\d{3}) \|)?", re.MULTILINE)
CODE: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

STAFF: Final = "What staff meet"
NODES: Final = ("Between nodes", "What peers get wrong")
INSIDE: Final = "In a node's own log and commands"


def all_errors() -> set[type[VeilleuseError]]:
    """Return every error class of the four rooms."""
    for room in (crypto, protocol, federation, node):
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if "migrations" not in module.name and not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    return set(_below(VeilleuseError))


def _below(parent: type[VeilleuseError]) -> Iterator[type[VeilleuseError]]:
    for child in parent.__subclasses__():
        if child.__module__.split(".")[0] != "tests":
            yield child
        yield from _below(child)


def documented(section: str) -> dict[str, int | None]:
    """Return code to status, as a section of the document has them."""
    parts = SECTION.split(DOCUMENT.read_text())
    text = dict(zip(parts[1::2], parts[2::2], strict=True))[section]
    found: dict[str, int | None] = {}
    for names, status in ROW.findall(text):
        for code in re.findall(r"`([^`]+)`", names):
            assert code not in found, f"{code} is there twice"
            found[code] = int(status) if status else None
    return found


ERRORS: Final = all_errors()
IN_NODES: Final = {code: at for name in NODES for code, at in documented(name).items()}
IN_STAFF: Final = documented(STAFF)


def test_each_code_is_documented_and_no_other() -> None:
    known = {error.code for error in ERRORS}
    assert known - {*IN_STAFF, *IN_NODES, *documented(INSIDE)} == set()
    assert {*IN_STAFF, *IN_NODES, *documented(INSIDE)} - known == set()
    assert all(CODE.fullmatch(code) for code in known)


@pytest.mark.parametrize("error", sorted(ERRORS, key=str), ids=lambda error: error.__name__)
def test_each_error_has_a_code_of_its_own(error: type[VeilleuseError]) -> None:
    assert "code" in vars(error), "an error without a code of its own cannot be told from its kind"
    same = {other.__module__.split(".")[0] for other in ERRORS if other.code == error.code}
    twins = [other for other in ERRORS if other.code == error.code]
    # One word for one thing: rooms may each have their own "not-found", nobody has two.
    assert len(same) == len(twins)


def test_statuses_are_those_of_the_code() -> None:
    for code, status in IN_NODES.items():
        assert status in statuses(code, problems.STATUS), code
    for code, status in IN_STAFF.items():
        assert status in statuses(code, staff.STATUS), code


def statuses(code: str, table: Mapping[type[VeilleuseError], int]) -> set[int | None]:
    """Return the status of each error with `code`: its own or its nearest ancestor's."""
    return {
        next((table[kind] for kind in error.__mro__ if kind in table), None)
        for error in ERRORS
        if error.code == code
    }


def test_a_missing_code_would_be_seen() -> None:
    assert list(chain(IN_STAFF, IN_NODES)).count("not-found") == 2
    assert documented(INSIDE)["unreachable"] is None
    assert IN_NODES["request-misdirected"] == 421
