"""The promise: a number that one association reported is found at another, however it is typed.

Real processes at the default cadences; the minute counts from the last person's approval.
"""

import random
import time
from collections.abc import Iterator

import pytest

from tests.e2e.fleet import PROMISE, Fleet, missing, running_fleet
from tests.e2e.node_process import until
from tests.spellings import Spelling, spellings

pytestmark = pytest.mark.timeout(600)

MOBILE = "+33639980123"
PITFALL = ["06 39 98 01 23", "+33 (0)6 39 98 01 23", "0033639980123"]
"""Pitfall 14; its full-width digits and invisible marks are written by number, to be seen."""
FULL_WIDTH = "".join(chr(0xFF10 + int(digit)) for digit in "0639980123")
MARKED = "\u202a+33\u00a06\u206639\u2069980123\u202c\u200e"
SAMPLE = 40


def sample(e164: str, national: str, country: str, size: int) -> list[Spelling]:
    """Return some of all known spellings, the same in each run."""
    return random.Random(e164).sample(spellings(e164, national, country), size)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with running_fleet(tmp_path_factory.mktemp("unhurried"), settle=False) as running:
        yield running


@pytest.fixture(scope="module")
def reported(fleet: Fleet) -> float:
    """Report two numbers in Lyon; return how long after the last approval all have found them."""
    for place, node in enumerate(fleet.others("cabiria"), start=1):
        node.publish(f"+3363998013{place}")  # with its first announcement, a log is known to all
    lyon = fleet["cabiria"]
    first = lyon.report(PITFALL[1], severity="tres_dangereux", violence=["viol"])
    # A Belgian number; the same digits without a country are a French one, too.
    second = lyon.report("+32 465 71 12 34")
    lyon.approve(second)
    lyon.approve(first)
    # One person is not two.
    assert missing([fleet["griselidis"]], MOBILE, "cabiria", 3) == ["griselidis"]
    lyon.approve(first, "moderator2")
    start = time.monotonic()
    for number in (MOBILE, "+32465711234"):
        assert missing(fleet.others("cabiria"), number, "cabiria", PROMISE) == []
    elapsed = time.monotonic() - start
    assert until(fleet.settled, PROMISE)
    return elapsed


def test_found_within_a_minute_everywhere(fleet: Fleet, reported: float) -> None:
    assert reported < PROMISE
    match = fleet["griselidis"].lookup(MOBILE)["matches"][0]
    assert match["name"] == "Cabiria"
    assert match["notice"]["violence"] == ["viol"]


@pytest.mark.usefixtures("reported")
def test_found_under_every_spelling(fleet: Fleet) -> None:
    toulouse = fleet["griselidis"]
    written = [Spelling(text, country=True) for text in (*PITFALL, FULL_WIDTH, MARKED)]
    for spelling in [*written, *sample(MOBILE, "0639980123", "33", SAMPLE)]:
        answer = toulouse.lookup(spelling.text)
        assert answer["answer"] == "MATCH", ascii(spelling.text)
        assert [match["candidate"] for match in answer["matches"]] == [MOBILE], ascii(spelling.text)


@pytest.mark.usefixtures("reported")
def test_where_two_countries_are_possible_both_are_searched(fleet: Fleet) -> None:
    toulouse = fleet["griselidis"]
    for spelling in sample("+32465711234", "0465711234", "32", SAMPLE // 2):
        answer = toulouse.lookup(spelling.text)
        assert answer["answer"] == "MATCH", ascii(spelling.text)
        assert "+32465711234" in {match["candidate"] for match in answer["matches"]}
    # With a country said, only that one is meant.
    assert toulouse.lookup("0465 71 12 34", region="FR")["answer"] == "NO_MATCH"


@pytest.mark.usefixtures("reported")
def test_neighbours_are_not_found(fleet: Fleet) -> None:
    for neighbour in ("+33639980124", "+33639980122", "+32465711235", "+33465711234"):
        answer = fleet["griselidis"].lookup(neighbour)
        assert (answer["answer"], answer["matches"]) == ("NO_MATCH", [])
