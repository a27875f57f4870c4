"""What the federation room needs from its host: a clock, randomness, and transactions.

The node implements these over SQLModel; tests over dictionaries. Work handed to `Ledger.write` is
plain synchronous code that runs inside one database transaction: it either happens as a whole and
is on disk when `write` returns, or it did not happen.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from protocol.answer import MirrorStatus
from protocol.fold import Amended, Announced, Effect, Standing
from protocol.merkle import CompactRange
from protocol.payload import Opening, Piece

T = TypeVar("T")


class Clock(Protocol):
    """Time, as a value that is passed down."""

    def now(self) -> int:
        """Return Unix seconds."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""


MAX_ANSWERS: Final = 3
"""Answers to one debited request: the first, and those to its resends after a broken line."""

Entropy = Callable[[int], bytes]
"""Returns that many random bytes, fit for keys."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far one log is held here.

    Attributes:
        applied: the range of entries folded; its size is the next index.
        head: the newest verified signed note, bytes as received; None before the first.
        head_size: entries that `head` covers; `applied.size` when nothing is outstanding.
        seen_size: entries under the largest verified head, proved to continue this log or not.
        head_time: Unix seconds of the newest verified cosignature on a head that is applied.
        quarantined_at: index of the entry that stopped this log, or None.
        quarantine: stable error code of what stopped it, or None.
    """

    applied: CompactRange
    head: bytes | None
    head_size: int
    seen_size: int
    head_time: int | None
    quarantined_at: int | None
    quarantine: str | None


@dataclass(frozen=True, slots=True)
class Stored:
    """One entry as it is stored: canonical bytes, and what is held of its payloads."""

    raw: bytes
    pieces: tuple[Piece, ...]
    """In `protocol.payload.slots_of` order."""


class Transaction(Protocol):
    """Inside one transaction. Also a `protocol.fold.View`."""

    def standing(self, origin: str, index: int) -> Standing | None:
        """Return where the announcement at `index` stands; None if no announcement is there."""

    def has_entry_id(self, origin: str, entry_id: bytes) -> bool:
        """Return whether a stored entry of `origin` carries this id."""

    def position(self, origin: str) -> Position:
        """Return how far `origin`'s log is held; an empty position for a log never seen."""

    def append(
        self,
        origin: str,
        rows: Sequence[Stored],
        effects: Iterable[Effect],
        applied: CompactRange,
    ) -> None:
        """Store `rows` after the entries held, apply `effects`, and move the position.

        Writes the Merkle tiles, indexes tags, and erases at once the payloads of what a `Withdrawn`
        effect names. The `until` of an effect's payload is the month to which it is kept.

        Raises:
            MovedError: `applied.size - len(rows)` is not the size held now.
        """

    def set_head(self, origin: str, note: bytes, size: int, time: int) -> None:
        """Record a verified head (`size` entries, cosigned at `time`); never moves backwards.

        A head below the recorded one is ignored; `time` counts once `size` entries are applied.
        """

    def set_seen(self, origin: str, size: int) -> None:
        """Record that a verified head of `size` entries exists; never moves backwards.

        What is signed but not held is not searched: `mirrors` says so from this moment on, whether
        its entries come or not.
        """

    def quarantine(self, origin: str, index: int, code: str, evidence: bytes) -> None:
        """Stop `origin`'s log at `index`: it is not read further until a person lifts it."""

    def entries(self, origin: str, start: int, end: int) -> list[bytes]:
        """Return the raw entries `start` (included) to `end` (excluded), as far as held."""

    def pieces(self, origin: str, start: int, end: int) -> list[tuple[Piece, ...]]:
        """Return what is held of the payloads of those entries."""

    def node(self, origin: str, level: int, index: int) -> bytes:
        """Return the 32-byte hash of a complete subtree, from the stored tiles.

        `level` 0 is leaves; the subtree covers entries index·2^level to (index+1)·2^level.
        """

    def tile(self, origin: str, level: int, index: int, width: int) -> bytes | None:
        """Return a C2SP hash tile's bytes, 32·`width`; None if the log does not reach that far."""

    def lost(self, origin: str, after: int, most: int, now: int) -> list[int]:
        """Return entries whose payload should be held and is not, in order, at most `most`.

        Args:
            origin: whose log.
            after: the first index that counts.
            most: how many.
            now: Unix seconds: what need not be kept any longer is not lost.
        """

    def restore(
        self, effect: Announced | Amended, opening: Opening, standing: Standing | None
    ) -> None:
        """Hold the payload of an entry again that was applied without it, or has lost it.

        Args:
            effect: what the entry says, its payload included.
            opening: that payload, as received.
            standing: where the announcement stands now that it is searched again; None for an
                `Amended`, which changes nothing about that.
        """

    def use_nonce(self, caller: str, nonce: bytes, expires: int) -> None:
        """Record a request's nonce. Raises ReplayError if it was used before."""

    def debit(
        self, member: str, request: bytes, body_hash: bytes, elements: int, day: int, limit: int
    ) -> bool:
        """Debit `elements` from `member`'s quota of `day` (days since 1970, UTC).

        Returns False without a debit for the same (member, request, body) again, up to
        `MAX_ANSWERS` times in all.

        Raises:
            QuotaError: the debit would exceed `limit`; nothing is written. Its `retry_after` is 0
                where the request was answered `MAX_ANSWERS` times instead.
            ReplayError: the same request id with another body.
        """

    def mirrors(self, now: int) -> list[MirrorStatus]:
        """Return the status of every other member's log, for `protocol.answer.conclude`."""


class Ledger(Protocol):
    """Where transactions come from."""

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on a consistent snapshot; it must not write."""

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one durable transaction; an exception rolls everything back."""
