"""Payloads as rows: what is held, what is gone, and the digest by which copies are found."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from sqlmodel import Session, col, select

from node.errors import StorageError
from node.storage.log_tables import ErasedRow, PieceRow
from protocol.entries import Entry
from protocol.payload import Expired, Gone, Opening, Piece, Slot, slots_of

CHUNK = 1000
"""Values in one `IN (…)`: well below what any database accepts as parameters."""


def digest_of(payload: bytes) -> bytes:
    """Return the digest under which copies of `payload` are recognised, 32 bytes."""
    return hashlib.sha256(payload).digest()


def rows_of(
    origin: str,
    index: int,
    entry: Entry,
    pieces: Sequence[Piece],
    ceilings: Mapping[tuple[int, Slot], str],
) -> Iterator[dict[str, Any]]:
    """Yield the `PieceRow` values of one entry.

    Args:
        origin: whose log.
        index: the entry's index.
        entry: the entry.
        pieces: in `slots_of` order, as many as it has.
        ceilings: the month to which each erasable payload may be kept, by index and slot; one
            that is not here has nothing to erase (a code, or an empty body).

    Raises:
        StorageError: another number of pieces than the entry has.
    """
    slots = slots_of(entry)
    if len(slots) != len(pieces):
        raise StorageError("An entry comes with another number of payloads than it commits to.")
    for (slot, _, _), piece in zip(slots, pieces, strict=True):
        row: dict[str, Any] = dict.fromkeys(("salt", "payload", "digest", "until", "gone_by"))
        row |= {"origin": origin, "index": index, "slot": slot.value}
        match piece:
            case Opening():
                row |= {"salt": piece.salt, "payload": piece.payload}
                until = ceilings.get((index, slot))
                if until is not None:
                    row |= {"digest": digest_of(piece.payload), "until": until}
            case Gone():
                row["gone_by"] = piece.by
            case Expired():
                pass
        yield row


def refuse_erased(session: Session, rows: Iterable[dict[str, Any]]) -> AbstractSet[tuple[int, str]]:
    """Empty those of `rows` whose bytes were erased before, under whatever origin.

    No revision of their own log erased them, so they are stored as expired ones are.

    Returns:
        `(index, slot)` of the rows that were emptied.
    """
    holding = [row for row in rows if row["digest"] is not None]
    erased = erased_among(session, [row["digest"] for row in holding])
    emptied = set()
    for row in holding:
        if row["digest"] in erased:
            row |= {"salt": None, "payload": None, "digest": None, "until": None}
            emptied.add((row["index"], row["slot"]))
    return emptied


def erased_among(session: Session, digests: Sequence[bytes]) -> AbstractSet[bytes]:
    """Return those of `digests` whose payload was erased."""
    found: set[bytes] = set()
    for at in range(0, len(digests), CHUNK):
        some = digests[at : at + CHUNK]
        found.update(session.exec(select(ErasedRow.digest).where(col(ErasedRow.digest).in_(some))))
    return found


def pieces_between(
    session: Session, origin: str, start: int, end: int
) -> dict[int, tuple[Piece, ...]]:
    """Return what is held of the payloads of entries `start` to `end` (excluded), by index."""
    # Slot.BODY sorts before Slot.MAIN as text; slots_of has MAIN first.
    rows = session.exec(
        select(PieceRow)
        .where(PieceRow.origin == origin, col(PieceRow.index) >= start, col(PieceRow.index) < end)
        .order_by(col(PieceRow.index), col(PieceRow.slot).desc())
    )
    found: dict[int, tuple[Piece, ...]] = {}
    for row in rows:
        found[row.index] = (*found.get(row.index, ()), piece_of(row))
    return found


def piece_of(row: PieceRow) -> Piece:
    """Return what `row` says of its payload."""
    if row.salt is not None and row.payload is not None:
        return Opening(row.salt, row.payload)
    return Expired() if row.gone_by is None else Gone(row.gone_by)
