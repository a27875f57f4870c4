"""One lookup over four nodes on this machine, beside the sum of the cryptography it cannot avoid.

    python -m tests.bench.bench_lookup

Four processes, the JSON API, signed requests to three custodians, SQLite: all that a person waits
for. The peer's figure is what the same answer costs in bare calls, one after the other, timed
between the lookups: blind two elements, have them evaluated (custodians do that at the same time:
once), verify t proofs, combine, finalize, Argon2id.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter

from crypto import oprf
from crypto.dealing import deal
from crypto.group import multiply_base, scalar_from_wide
from crypto.sharing import public_share
from crypto.threshold import combine
from crypto.values import Element
from protocol.lookup import WIDTH
from protocol.roster import Parameters
from protocol.tags import stretch
from tests.bench.report import Row, table
from tests.e2e.fleet import missing, running_fleet

ROUNDS = 300
GOAL = 2.0
LIMIT_US = 100_000.0
REPORTED = "+33639980123"
UNKNOWN = "+33639980124"
NODES, THRESHOLD = 4, 3
PARAMETERS = Parameters(quota_daily=1_000_000)
INPUT = b"\x00\x04demo\x00\x07phone/1\x00\x0c" + REPORTED.encode()


@dataclass(frozen=True)
class Times:
    """Microseconds of the same thing done many times."""

    each: list[float] = field(default_factory=list)

    def take(self, work: Callable[[], object]) -> None:
        """Do it once more."""
        start = perf_counter()
        work()
        self.each.append((perf_counter() - start) * 1e6)

    def percentile(self, percent: int) -> float:
        """Return the time that `percent` of all do not exceed."""
        ranked = sorted(self.each)
        return ranked[min(len(ranked) - 1, len(ranked) * percent // 100)]


def cryptography() -> Callable[[], bytes]:
    """Return a function that does a lookup's cryptography, with a key of its own."""
    dealing = deal(THRESHOLD, range(1, NODES + 1), bytes(range(64)))
    public = {index: public_share(share) for index, share in dealing.shares.items()}
    blinds = [scalar_from_wide(bytes(range(i, 64 + i))) for i in range(1, WIDTH + 1)]
    used = sorted(public)[:THRESHOLD]

    def blinded() -> list[Element]:
        return [oprf.blind(INPUT, blinds[0]), *map(multiply_base, blinds[1:])]

    answers = {
        index: oprf.evaluate(dealing.shares[index], public[index], blinded(), bytes(32))
        for index in used
    }

    def work() -> bytes:
        asked = blinded()
        oprf.evaluate(dealing.shares[1], public[1], asked, bytes(32))
        for index in used:
            oprf.verify(public[index], asked, answers[index])
        evaluated = combine({index: answers[index].elements for index in used})
        output = oprf.finalize(INPUT, blinds[0], evaluated[0])
        return stretch(output, bytes(32), 1, PARAMETERS.argon2id).reveal()

    return work


def rows(rounds: int = ROUNDS) -> list[Row]:
    """Return the table's rows; fewer rounds are quicker and noisier."""
    ours, theirs, bare = Times(), Times(), cryptography()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_fleet(
            Path(folder), parameters=PARAMETERS, relayed=False, publish_every=1, poll_every=5
        ) as fleet,
    ):
        fleet["cabiria"].publish(REPORTED)
        asker = fleet["griselidis"]
        if missing([asker], REPORTED, "cabiria", 30):
            message = "what was reported is not found"
            raise TimeoutError(message)
        for number in _numbers(rounds):
            ours.take(partial(asker.lookup, number))
            theirs.take(bare)
    peer = "its cryptography"
    return [
        Row("one lookup, p50", ours.percentile(50), peer, theirs.percentile(50), GOAL),
        Row("one lookup, p99", ours.percentile(99), peer, theirs.percentile(99)),
        Row("one lookup, p99", ours.percentile(99), "the limit", LIMIT_US, 1.0),
    ]


def _numbers(rounds: int) -> Iterator[str]:
    for place in range(rounds):
        yield REPORTED if place % 2 else UNKNOWN


if __name__ == "__main__":
    print(table(rows()))
