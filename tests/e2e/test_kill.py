"""P9: what a node has acknowledged survives `kill -9` at any moment, and is published once.

People hand in and approve reports without pause while the node publishes every second; it is killed
at random moments. A write is in flight when a request that writes has been sent and not answered.
"""

import random
import sqlite3
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.e2e.fleet import Fleet
from tests.e2e.node_process import NodeProcess, until

pytestmark = pytest.mark.timeout(600)

KILLS = 10
IN_FLIGHT = 6
NODE = "strass"
SETTLE = 60.0


@dataclass
class Desk:
    """One person at the node: reports numbers, approves them, and notes what was acknowledged."""

    node: NodeProcess
    numbers: list[str]
    reported: dict[str, str] = field(default_factory=dict)
    """Number to report, once the node has said so."""
    approved: set[str] = field(default_factory=set)
    """Reports whose approval the node has acknowledged."""
    writing: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        """Write until the node is gone."""
        while not self.over.is_set():
            self.writing.set()
            try:
                if (number := self._unapproved()) is not None:
                    report = self.reported[number]
                    self.node.approve(report)
                    self.approved.add(report)
                else:
                    number = self.numbers.pop()
                    self.reported[number] = self.node.report(number)
            except httpx.TransportError:
                return  # not acknowledged: `writing` stays set
            self.writing.clear()

    def _unapproved(self) -> str | None:
        return next((n for n, r in self.reported.items() if r not in self.approved), None)


def kill_at_random(
    node: NodeProcess, numbers: list[str], chance: random.Random, *, publishing: bool
) -> tuple[Desk, bool]:
    """Let people work for a moment, kill the node, and start it again.

    Args:
        node: runs before and after.
        numbers: to report; those taken are gone from it.
        chance: when.
        publishing: whether to wait until the node publishes, and kill it about then.

    Returns:
        What was acknowledged, and whether a write was in flight.
    """
    before = count(node, "entry")
    desk = Desk(node, numbers)
    thread = threading.Thread(target=desk.work)
    thread.start()
    if publishing:
        assert until(lambda: count(node, "entry") > before, SETTLE, pause=0.005)
    time.sleep(chance.uniform(0.0, 0.4) if publishing else chance.uniform(0.05, 1.3))
    node.kill()
    desk.over.set()
    thread.join(30)
    assert not thread.is_alive()
    node.start()
    return desk, desk.writing.is_set()


def test_what_was_acknowledged_survives_and_is_published_once(fleet: Fleet) -> None:
    node = fleet[NODE]
    chance = random.Random(20261121)
    numbers = [f"+33639981{place:03d}" for place in range(1000)]
    desks: list[Desk] = []
    in_flight = 0
    for kill in range(KILLS):
        desk, flying = kill_at_random(node, numbers, chance, publishing=bool(kill % 2))
        desks.append(desk)
        in_flight += flying
        known = {report["id"]: report["status"] for report in node.get("moderator", "/reports")}
        for each in desks:
            assert set(each.reported.values()) <= set(known)
            assert {known[report] for report in each.approved} <= {"approved", "published"}
    assert in_flight >= IN_FLIGHT, f"only {in_flight} of {KILLS} kills met a write"
    reported = {number for desk in desks for number in desk.reported}
    assert len(reported) >= KILLS

    # What was cut off may have been carried out: such a report is there, unknown to its author.
    for report in node.get("moderator", "/reports?status=pending"):
        node.approve(report["id"])
    assert until(lambda: not node.get("moderator", "/reports?status=approved"), SETTLE)
    assert until(fleet.settled, SETTLE)
    published = node.get("moderator", "/reports?status=published")
    subjects = {report["identifiers"][0]["text"] for report in published}
    assert reported <= subjects
    for each_node in fleet:
        # One entry for each number, one announcement for each entry, no tag twice.
        assert count(each_node, "entry") == len(subjects), each_node.id
        assert count(each_node, "announcement") == len(subjects), each_node.id
        assert len(tags(each_node)) == len(subjects), each_node.id
    for number in sorted(reported)[::7]:
        assert fleet["griselidis"].finds(number, NODE)


def count(node: NodeProcess, table: str) -> int:
    """Return how many rows `node` holds of the killed node's log."""
    statement = {
        "entry": "SELECT count(*) FROM entry WHERE origin = ?",
        "announcement": "SELECT count(*) FROM announcement WHERE origin = ?",
    }[table]
    rows: int = query(node, statement)[0][0]
    return rows


def tags(node: NodeProcess) -> set[bytes]:
    """Return the tags that `node` holds of the killed node's log: equal numbers, equal tags."""
    statement = "SELECT tag FROM announcement WHERE origin = ? AND tag IS NOT NULL"
    return {row[0] for row in query(node, statement)}


def query(node: NodeProcess, statement: str) -> list[Any]:
    database = sqlite3.connect(f"file:{node.data / 'node.db'}?mode=ro", uri=True)
    try:
        return database.execute(statement, (NODE,)).fetchall()
    finally:
        database.close()
