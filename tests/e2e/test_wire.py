"""P2 on the wire: whoever sees all traffic between all nodes cannot tell a hit from a miss.

Every node is behind a relay that keeps all bytes in both directions. The asking node is asked by
its JSON API, past its relay. What nodes do besides lookups is stilled, not left out: publication is
over, and pulls are a day apart. Should one fall into a recording all the same, the recording starts
again, so that a fault that pulls on every hit cannot hide behind them.
"""

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from tests.e2e.fleet import Fleet, running_fleet
from tests.e2e.node_process import FAULTY, NodeProcess, until
from tests.e2e.wire import (
    EVALUATE,
    Block,
    Reader,
    attempts,
    differences,
    everything,
    repeated_elements,
)

pytestmark = pytest.mark.timeout(600)

BLOCK = 10
ASKED = 3
"""Peers that each lookup asks: t = 3 of 4, the own share, and one more in case one is slow."""
REPORTED = {
    "cabiria": ["+33639980101", "+33639980102", "+33465711201", "+32465711202"],
    "strass": ["+33639980102", "+33639980103"],
    # With each log's first announcement, its head reaches everyone.
    "griselidis": ["+33639980104"],
    "entractes": ["+33639980105"],
}
HITS = [
    *("06 39 98 01 01", "+33 (0)6 39 98 01 02", "0033639980103"),
    # Each of these is a French number and a Belgian one; one of the two is reported.
    *("0465 71 12 01", "0465.71.12.02"),
]
MISSES = [
    *("06 39 98 01 51", "+33 (0)6 39 98 01 52", "0033639980153"),
    *("0465 71 12 51", "0465.71.12.52"),
]
POLL = "/log/checkpoint"
TRIES = 3


@dataclass
class Recording:
    """What was on the wire during hits and during misses."""

    hits: list[Block]
    misses: list[Block]

    @property
    def polled(self) -> bool:
        return any(one.path == POLL for one in everything(self.hits + self.misses))


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Reports are announced, everything is quiet. Entr'Actes' node can be told to leak."""
    with running_fleet(
        tmp_path_factory.mktemp("watched"),
        programs={"entractes": FAULTY},
        publish_every=1,
        settle=False,
        poll_every=86_400,
    ) as running:
        for association, numbers in REPORTED.items():
            for number in numbers:
                running[association].publish(number)
        assert until(lambda: announced(running), 120), "not everything is announced"
        yield running


def announced(fleet: Fleet) -> bool:
    wanted = {association: len(numbers) for association, numbers in REPORTED.items()}
    return all(
        wanted == {name: each["entries"] for name, each in node.network()["members"].items()}
        for node in fleet
    )


def record(fleet: Fleet, asker: NodeProcess, each: int, seed: int) -> Recording:
    """Look up `each` hits and as many misses, in blocks of either in a random order."""
    assert each % BLOCK == 0
    for _ in range(TRIES):
        chance = random.Random(seed)
        kinds = [True, False] * (each // BLOCK)
        chance.shuffle(kinds)
        reader = Reader(fleet.relays.connections)
        quiet(reader)
        found = Recording([], [])
        for hit in kinds:
            block = record_block(asker, reader, chance, hit=hit)
            (found.hits if hit else found.misses).append(block)
        if not found.polled:
            break
    return found


def record_block(asker: NodeProcess, reader: Reader, chance: random.Random, *, hit: bool) -> Block:
    block = Block()
    for _ in range(BLOCK):
        answer = asker.lookup(chance.choice(HITS if hit else MISSES))
        assert answer["answer"] == ("MATCH" if hit else "NO_MATCH")
        seen = reader.take()
        end = time.monotonic() + 5
        # The answer came with t evaluations: the last one may still be under way.
        while (len(seen) < ASKED or reader.waiting) and time.monotonic() < end:
            time.sleep(0.001)
            seen += reader.take()
        block.lookups.append(seen)
    time.sleep(0.1)
    quiet(reader, block)
    return block


def quiet(reader: Reader, block: Block | None = None) -> None:
    """Wait until nothing is under way; what is seen meanwhile goes into `block`."""
    while seen := [*reader.take(), *([None] if reader.waiting else [])]:
        if block is not None:
            block.after += [one for one in seen if one is not None]
        time.sleep(0.02)


@pytest.mark.parametrize("each", [60, pytest.param(500, marks=pytest.mark.long)])
def test_hits_and_misses_are_alike(watched: Fleet, each: int) -> None:
    seen = record(watched, watched["griselidis"], each, seed=each)
    assert differences(seen.hits, seen.misses) == []
    blocks = [*seen.hits, *seen.misses]
    exchanges = list(everything(blocks))
    # The recording is whole: so many lookups, each with the same question to three peers.
    assert [len(lookup) for block in blocks for lookup in block.lookups] == [ASKED] * (2 * each)
    assert {one.path for one in exchanges} == {EVALUATE}
    assert {one.answer.first_line for one in exchanges} == {"HTTP/1.1 200 OK"}
    assert attempts(exchanges) == 2 * each


def test_no_blinded_element_is_seen_twice(watched: Fleet) -> None:
    asker = watched["griselidis"]
    reader = Reader(watched.relays.connections)
    quiet(reader)
    for _ in range(10):
        asker.lookup(HITS[0])  # the same number each time
    asked = Block()
    quiet(reader, asked)
    evaluations = [one for one in asked.after if one.path == EVALUATE]
    assert attempts(evaluations) == 10
    assert repeated_elements(evaluations) == []
    # Each attempt puts the same elements to all, or they would not combine.
    assert len(evaluations) == 10 * ASKED
    # The check itself can fail: the first attempt once more, under another id.
    first = evaluations[0]
    known = json.loads(first.request.body)
    copy = json.dumps(known | {"request": "another"}).encode()
    again = replace(first, request=replace(first.request, body=copy))
    assert sorted(repeated_elements([first, again])) == sorted(known["elements"])


@pytest.mark.parametrize(
    ("fault", "sign"), [("fetch-on-hit", "/federation/v1/payloads/"), ("byte-on-hit", EVALUATE)]
)
def test_a_node_that_leaks_is_found_out(watched: Fleet, fault: str, sign: str) -> None:
    leaky = watched["entractes"]
    file = leaky.data / "fault"
    file.write_text(fault)
    try:
        leaking = record(watched, leaky, 20, seed=1)
    finally:
        file.unlink()
    found = differences(leaking.hits, leaking.misses)
    assert any(sign in one for one in found), found
    leaky.lookup(MISSES[0])  # the byte goes with the next miss
    sound = record(watched, leaky, 20, seed=2)
    assert differences(sound.hits, sound.misses) == []
