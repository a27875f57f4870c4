"""A custodian that lies or does not answer is named in the status, and nobody waits for it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.fleet import Fleet, missing
from tests.e2e.node_process import NodeProcess, until

pytestmark = pytest.mark.timeout(600)

NUMBER = "+33639980140"
BAD = "entractes"
WAIT = 40.0
"""Longer than a node waits before it gives an answer up."""
BRISK = 8.0
"""Seconds: far below what waiting for the bad custodian would take, on a busy machine too."""


@contextmanager
def fault(node: NodeProcess, name: str) -> Iterator[None]:
    """Make a node of tests/e2e/programs/faulty_node.py misbehave."""
    file = node.data / "fault"
    file.write_text(name)
    try:
        yield
    finally:
        file.unlink()


@pytest.fixture(scope="module")
def reported(fleet: Fleet) -> Fleet:
    """A number that Cabiria has announced."""
    fleet["cabiria"].publish(NUMBER)
    assert missing(fleet.others("cabiria"), NUMBER, "cabiria", WAIT) == []
    return fleet


def named(node: NodeProcess) -> object:
    return node.network()["members"][BAD]["fault"]


def freshen(node: NodeProcess) -> NodeProcess:
    """Return `node`, restarted if another test has already had it meet a liar."""
    if named(node) is not None:
        node.stop()
        node.start()
    assert named(node) is None
    return node


def look_up(node: NodeProcess) -> None:
    """Ask, and see that the three honest custodians are enough, and soon."""
    start = time.monotonic()
    assert node.lookup(NUMBER)["answer"] == "MATCH"
    assert node.lookup("+33639980149")["answer"] == "NO_MATCH"
    assert time.monotonic() - start < BRISK


def test_slow_and_hung_ones_are_named(reported: Fleet) -> None:
    askers = {"slow": freshen(reported["strass"]), "hung": freshen(reported["cabiria"])}
    for kind, node in askers.items():
        with fault(reported[BAD], kind):
            look_up(node)
    assert until(lambda: all(named(node) for node in askers.values()), WAIT)
    assert [named(node) for node in askers.values()] == ["slow", "slow"]


@pytest.mark.parametrize(
    ("kind", "asker"),
    [("wrong-answer", "strass"), ("bad-proof", "griselidis")],
)
def test_a_liar_is_named_for_good(reported: Fleet, kind: str, asker: str) -> None:
    node = reported[asker]
    if named(node) == "lying":
        freshen(node)
    with fault(reported[BAD], kind):
        look_up(node)
        assert until(lambda: named(node) == "lying", WAIT)
    # Honest again, it is used again, and still named: someone has to look into it.
    for _ in range(3):
        look_up(node)
    members = node.network()["members"]
    assert {one: each["fault"] for one, each in members.items() if each["fault"]} == {BAD: "lying"}


def test_an_answer_that_is_none_is_named_and_no_lie(reported: Fleet) -> None:
    node = reported["cabiria"]
    with fault(reported[BAD], "garbage"):
        look_up(node)
        # Anybody on the way could have written it: only a proof that fails convicts a custodian.
        assert until(lambda: named(node) == "refused", WAIT)
    look_up(node)
    assert until(lambda: named(node) is None, WAIT)
