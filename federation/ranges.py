"""Ranges of a log on the wire: their paths, their answers, and the proof that each carries.

An answer holds entries `from` to at most `to`, and the consistency proof from where it stops to
the head that the caller named. So each answer verifies by itself against a signed head, however
many more have to follow. Specification: docs/spec/mirroring.md#ranges.
"""

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import Field

from federation.errors import RangeError
from protocol.checkpoint import Checkpoint
from protocol.entries import Entry, Revise
from protocol.merkle import CompactRange, Hash, leaf_hash, verify_consistency
from protocol.message import Base64, Hex32, Message, read_message
from protocol.payload import Held, Opening, Piece, Slot, slots_of

MAX_ENTRIES: Final = 8192
"""Entries in one answer."""

MAX_ENTRIES_SIZE: Final = 2 * 2**20
"""Bytes of entries in one answer, unless a single entry is larger."""

MAX_PAYLOADS_SIZE: Final = 2**20
"""Bytes of payloads in one answer: what is applied in one transaction."""

ANSWER_LIMIT: Final = 4 * 2**20
"""Bytes: base64 of the above, and what surrounds it."""

_MAX_PROOF: Final = 128


class EntriesMessage(Message):
    """Answer of `GET /federation/v1/entries/{origin}/{from}/{to}?head={size}`."""

    entries: Annotated[tuple[Base64, ...], Field(max_length=MAX_ENTRIES)]
    proof: Annotated[tuple[Hex32, ...], Field(max_length=_MAX_PROOF)]


def entries_path(origin: str, start: int, end: int, head: int) -> str:
    """Return the path and query that ask for entries, up to `end`, proved against `head`."""
    return f"/federation/v1/entries/{origin}/{start}/{end}?head={head}"


def payloads_path(origin: str, start: int, end: int) -> str:
    """Return the path that asks for payloads."""
    return f"/federation/v1/payloads/{origin}/{start}/{end}"


def encode_entries(raws: Sequence[bytes], proof: Sequence[Hash]) -> bytes:
    """Return the canonical bytes of an answer."""
    return EntriesMessage(entries=tuple(raws), proof=tuple(proof)).encode()


def parse_entries(data: bytes, most: int) -> tuple[tuple[bytes, ...], tuple[Hash, ...]]:
    """Return the entries and the proof in a peer's answer; nothing is verified yet.

    Args:
        data: the answer.
        most: entries that were asked for.

    Raises:
        CanonicalError: not canonical JSON, or longer than `ANSWER_LIMIT`.
        RangeError: another shape, more entries than were asked for, or none where some were.
    """
    message = read_message(
        EntriesMessage, data, ANSWER_LIMIT, RangeError, "A peer's answer of entries is malformed."
    )
    if not min(most, 1) <= len(message.entries) <= most:
        raise RangeError("A peer answered with another number of entries than was asked for.")
    return message.entries, tuple(Hash(item) for item in message.proof)


def verify_range(
    held: CompactRange, raws: Sequence[bytes], proof: Sequence[Hash], head: Checkpoint
) -> CompactRange:
    """Return `held` extended by `raws`, proved to be a beginning of the log under `head`.

    Raises:
        ConsistencyError: it is not: an entry altered, dropped, added or moved, a wrong proof, or
            a head of another history.
    """
    grown = held.extend(map(leaf_hash, raws))
    verify_consistency(grown.size, grown.root(), head.size, head.root, proof)
    return grown


def as_auditor_sees(entry: Entry, row: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return what an auditor is shown of the payloads beside `entry`.

    Codes travel whole, since an auditor must see that a withdrawal was one; of everything else,
    only whether it is held.
    """
    return tuple(
        Held() if isinstance(piece, Opening) and not _is_code(entry, slot) else piece
        for (slot, _, _), piece in zip(slots_of(entry), row, strict=True)
    )


def _is_code(entry: Entry, slot: Slot) -> bool:
    return isinstance(entry, Revise) and slot is Slot.MAIN
