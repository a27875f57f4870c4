"""P4: after a withdrawal, payload, salt and tag are in no byte of any node's folder.

Searched are the database, its write-ahead log, temporary files and what the process printed, in
the encodings of `node.demo.search`, and for the number and the narrative at all times.
"""

import json
import sqlite3
import time
from collections.abc import Iterator

import pytest

from node.demo.search import Needle, number_needles, search
from protocol.payload import AmendPayload, AnnouncePayload
from tests.e2e.fleet import PROMISE, Fleet, missing
from tests.e2e.node_process import NodeProcess, until

pytestmark = pytest.mark.timeout(600)

NUMBER = "+33639980177"
TYPED = "06 39-98.01 77"
STORY = "Il a donné rendez-vous près du canal, puis il a fermé la porte à clé."
KEPT = "+33639980178"


def pieces(node: NodeProcess, origin: str) -> list[tuple[bytes, bytes]]:
    """Return salt and payload of everything of `origin` that `node` holds, codes left out."""
    with sqlite3.connect(f"file:{node.data / 'node.db'}?mode=ro", uri=True) as database:
        rows = database.execute(
            "SELECT salt, payload FROM piece"
            " WHERE origin = ? AND payload IS NOT NULL AND until IS NOT NULL",
            (origin,),
        ).fetchall()
    database.close()
    return rows


def erasable(origin: str, salt: bytes, payload: bytes) -> Iterator[Needle]:
    """Yield what must be gone of one payload."""
    yield Needle(f"salt of {origin}", salt, text=False)
    yield Needle(f"payload of {origin}", payload, text=False)
    if json.loads(payload)["type"] == "announcement":
        announced = AnnouncePayload.model_validate_json(payload)
        yield Needle(f"tag of {origin}", announced.tag, text=False)
        yield Needle(f"sealed notice of {origin}", announced.notice, text=False)
    else:
        amended = AmendPayload.model_validate_json(payload)
        yield Needle(f"sealed notice of {origin}", amended.notice, text=False)


def found(fleet: Fleet, needles: list[Needle]) -> list[str]:
    """Return where which needle shows: node, file, name, encoding."""
    return [
        f"{node.id} {leak.file.name}: {leak.needle} as {leak.encoding}"
        for node in fleet
        for leak in search(node.data, needles)
    ]


def test_withdrawn_is_gone_everywhere_within_a_minute(fleet: Fleet) -> None:
    lyon = fleet["cabiria"]
    before = {node.id: pieces(node, "cabiria") for node in fleet}
    report = lyon.publish(TYPED, narrative=STORY)
    reports = [lyon.publish(KEPT), lyon.report("+33639980179", narrative=STORY[::-1])]
    for number in (NUMBER, KEPT):
        assert missing(fleet.others("cabiria"), number, "cabiria", PROMISE) == []
    # The same number in a second report: the announcement is amended, both notices must go.
    second = lyon.publish(NUMBER, severity="risque", violence=["vol"])
    assert until(lambda: _incidents(fleet["griselidis"], NUMBER) == 2, PROMISE), (
        "the announcement was not amended"
    )

    kept_tag = _tags(lyon)
    fresh = {
        (salt, payload)
        for node in fleet
        for salt, payload in pieces(node, "cabiria")
        if (salt, payload) not in before[node.id]
    }
    assert len(fresh) == 3, "two announcements and an amendment"
    lyon.post("moderator", f"/reports/{second}/withdraw")
    lyon.post("moderator", f"/reports/{report}/withdraw")
    start = time.monotonic()

    others = fleet.others("cabiria")
    assert until(lambda: not any(node.finds(NUMBER, "cabiria") for node in others), PROMISE)
    for node in others:
        assert node.lookup(NUMBER)["answer"] == "NO_MATCH"
        assert node.finds(KEPT, "cabiria")
    gone = kept_tag - _tags(lyon)
    assert len(gone) == 1
    staying = {payload for _, payload in pieces(lyon, "cabiria")}
    needles = [
        needle
        for salt, payload in fresh
        if payload not in staying
        for needle in erasable("cabiria", salt, payload)
    ]
    needles += [Needle("tag", tag, text=False) for tag in gone]
    left = start + PROMISE - time.monotonic()
    assert until(lambda: not found(fleet, needles), left, 1.0), found(fleet, needles)
    assert time.monotonic() - start < PROMISE
    # Nor was anything readable at any time.
    readable = [
        *number_needles("number", NUMBER, [TYPED]),
        Needle("story", STORY.encode(), text=True),
    ]
    assert found(fleet, readable) == []

    # The search does find what is still there, at every node.
    ((salt, payload),) = [each for each in fresh if each[1] in staying]
    assert {one.split()[0] for one in found(fleet, list(erasable("cabiria", salt, payload)))} == {
        node.id for node in fleet
    }
    for kept in reports:
        lyon.post("moderator", f"/reports/{kept}/withdraw")


def _incidents(node: NodeProcess, number: str) -> int:
    return max((m["notice"]["incidents"] for m in node.lookup(number)["matches"]), default=0)


def _tags(node: NodeProcess) -> set[bytes]:
    with sqlite3.connect(f"file:{node.data / 'node.db'}?mode=ro", uri=True) as database:
        rows = database.execute(
            "SELECT tag FROM announcement WHERE origin = 'cabiria' AND tag IS NOT NULL"
        ).fetchall()
    database.close()
    return {tag for (tag,) in rows}
