"""Our evaluation protocol beside the bare libsodium calls that it cannot do without.

    python -m tests.bench.bench_crypto

The peer's figure is a sum: how often RFC 9497 makes each group operation necessary, times what
that operation costs through the thinnest possible call, timed in the same run. What our figure
has on top is hashing, encoding and Python.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import process_time

from crypto import oprf
from crypto.group import (
    hash_to_element,
    multiply_base,
    scalar_from_wide,
)
from crypto.libsodium import Buffer32, load
from crypto.values import Element, SecretScalar
from tests.bench.report import Row, best_us, table

PEER = "libsodium's calls"
GOAL = 1.2
BATCH = oprf.MAX_BATCH
EVALUATION_GOAL_US = 110_000.0
INPUT = b"\x00\x04demo\x00\x07phone/1\x00\x0c+33639980123"


@dataclass(frozen=True)
class Primitives:
    """Microseconds of one libsodium call."""

    from_hash: float
    multiply: float
    multiply_base: float
    add: float
    scalar_invert: float

    @classmethod
    def measured(cls, rounds: int) -> "Primitives":
        """Time each call by itself."""
        sodium, out = load(), Buffer32()
        scalar = SecretScalar(bytes(range(1, 32)) + b"\x01").reveal()
        point, wide = hash_to_element(b"point", b"bench"), bytes(range(64))

        def best(call: str, *inputs: bytes) -> float:
            function = getattr(sodium, call)
            return cpu_us(lambda: function(out, *inputs), rounds, 50)

        return cls(
            best("from_hash", wide),
            best("multiply", scalar, point),
            best("multiply_base", scalar),
            best("add", point, point),
            best("scalar_invert", scalar),
        )

    def blind(self) -> float:
        """Hash to the group, multiply by the blind."""
        return self.from_hash + self.multiply

    def evaluate(self, size: int) -> float:
        """Evaluate and prove a batch.

        Each element once by the key and once by its weight; the sum of the weighted; that sum
        by the key and by the nonce; the nonce by the generator.
        """
        batch = 2 * size * self.multiply + (size - 1) * self.add
        return batch + 2 * self.multiply + self.multiply_base

    def verify(self) -> float:
        """Verify one element's proof: both weighted, two commitments of two products each."""
        return 5 * self.multiply + self.multiply_base + 2 * self.add

    def finalize(self) -> float:
        """Invert the blind, multiply by it."""
        return self.scalar_invert + self.multiply


def cpu_us(work: Callable[[], object], rounds: int, inner: int) -> float:
    """Nothing here waits, so time that other programs took is no part of either figure."""
    return best_us(work, rounds, inner, process_time)


def rows(rounds: int = 20) -> list[Row]:
    """Return the table's rows; fewer rounds are quicker and noisier."""
    key = scalar_from_wide(bytes(range(64)))
    blind = scalar_from_wide(bytes(range(1, 65)))
    public, randomness = multiply_base(key), bytes(range(32))
    question = [oprf.blind(INPUT, blind)]
    answer = oprf.evaluate(key, public, question, randomness)
    batch = [_element(index) for index in range(BATCH)]

    def verify_and_finalize() -> bytes:
        oprf.verify(public, question, answer)
        return oprf.finalize(INPUT, blind, answer.elements[0])

    primitives = Primitives.measured(rounds)
    whole_batch = cpu_us(
        lambda: oprf.evaluate(key, public, batch, randomness), max(1, rounds // 5), 1
    )
    return [
        Row(
            "blind",
            cpu_us(lambda: oprf.blind(INPUT, blind), rounds, 50),
            PEER,
            primitives.blind(),
            GOAL,
        ),
        Row(
            "evaluate + prove",
            cpu_us(lambda: oprf.evaluate(key, public, question, randomness), rounds, 20),
            PEER,
            primitives.evaluate(1),
            GOAL,
        ),
        Row(
            "verify + finalize",
            cpu_us(verify_and_finalize, rounds, 20),
            PEER,
            primitives.verify() + primitives.finalize(),
            GOAL,
        ),
        Row(f"evaluate + prove {BATCH}", whole_batch, PEER, primitives.evaluate(BATCH), GOAL),
        Row(f"evaluate + prove {BATCH}", whole_batch, "the limit", EVALUATION_GOAL_US, 1.0),
    ]


def _element(index: int) -> Element:
    return hash_to_element(str(index).encode(), b"bench")


if __name__ == "__main__":
    print(table(rows()))
