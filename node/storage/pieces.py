"""Payloads as rows: what is held, and what is gone."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, select

from node.errors import StorageError
from node.storage.log_tables import PieceRow
from protocol.entries import Entry
from protocol.payload import Expired, Gone, Opening, Piece, Slot, slots_of


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
        row: dict[str, Any] = dict.fromkeys(("salt", "payload", "until", "gone_by"))
        row |= {"origin": origin, "index": index, "slot": slot.value}
        match piece:
            case Opening():
                row |= {"salt": piece.salt, "payload": piece.payload}
                row["until"] = ceilings.get((index, slot))
            case Gone():
                row["gone_by"] = piece.by
            case Expired():
                pass
        yield row


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
