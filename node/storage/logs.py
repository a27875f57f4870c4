"""How far each log is held, and its entries as bytes."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, insert
from sqlmodel import Session, col, select

from federation.errors import MovedError
from federation.ports import Position
from node.storage.log_tables import EntryRow, LogRow
from protocol.entries import Announce, Entry, Revise
from protocol.merkle import CompactRange, Hash


def position_of(session: Session, origin: str) -> Position:
    """Return how far `origin`'s log is held; an empty position for a log never seen."""
    row = session.get(LogRow, origin)
    if row is None:
        return Position(CompactRange(), None, 0, 0, None, None, None)
    applied = CompactRange.from_bytes(row.applied)
    return Position(
        applied=applied,
        head=row.head,
        head_size=max(row.head_size, applied.size),
        seen_size=max(row.seen_size, row.head_size, applied.size),
        head_time=row.head_time,
        quarantined_at=row.quarantined_at,
        quarantine=row.quarantine,
    )


def advance(session: Session, origin: str, leaves: Sequence[Hash], applied: CompactRange) -> int:
    """Move the position of `origin`'s log over `leaves`; return the size before them.

    Raises:
        MovedError: the log held now, with `leaves` added, is not what `applied` describes.
    """
    row = _log(session, origin)
    held = CompactRange.from_bytes(row.applied)
    if held.extend(leaves) != applied:
        raise MovedError("The stored log changed while this batch was being prepared.")
    row.applied = applied.to_bytes()
    return held.size


def set_head(session: Session, origin: str, note: bytes, size: int, time: int) -> None:
    """Record a verified head; a smaller one than the one known is ignored.

    `time` counts once the head is applied: until then it says nothing about what can be searched.
    """
    row = _log(session, origin)
    if size < row.head_size:
        return
    row.head, row.head_size = note, size
    if size <= CompactRange.from_bytes(row.applied).size:
        row.head_time = time if row.head_time is None else max(time, row.head_time)


def set_seen(session: Session, origin: str, size: int) -> None:
    """Record that a verified head covers `size` entries; a smaller size is ignored."""
    row = _log(session, origin)
    row.seen_size = max(row.seen_size, size)


def newest_head_time(session: Session, origins: Collection[str]) -> int | None:
    """Return the newest time at which one of `origins` signed an applied head, Unix seconds."""
    return session.exec(
        select(func.max(LogRow.head_time)).where(col(LogRow.origin).in_(origins))
    ).one()


def set_quarantine(session: Session, origin: str, index: int, code: str, evidence: bytes) -> None:
    """Stop `origin`'s log at `index`; the first reason stands."""
    row = _log(session, origin)
    if row.quarantine is None:
        row.quarantined_at, row.quarantine, row.evidence = index, code, evidence


def lift_quarantine(session: Session, origin: str) -> None:
    """Let `origin`'s log be read again: a person has judged the evidence.

    Heads that were seen and never proved are forgotten with it, and so is how recent this log is:
    until the next pull has seen what is true, it counts as not searched (P7).
    """
    row = _log(session, origin)
    row.quarantined_at = row.quarantine = row.evidence = row.head_time = None
    row.seen_size = 0


def evidence_of(session: Session, origin: str) -> bytes | None:
    """Return the bytes for which `origin`'s log is in quarantine."""
    return session.exec(select(LogRow.evidence).where(LogRow.origin == origin)).one_or_none()


def insert_entries(
    session: Session, origin: str, start: int, raws: Sequence[bytes], entries: Sequence[Entry]
) -> None:
    """Store entries, from index `start` on."""
    if raws:
        session.execute(
            insert(EntryRow),
            [
                {
                    "origin": origin,
                    "index": start + offset,
                    "raw": raw,
                    "entry_id": entry.id if isinstance(entry, Announce | Revise) else None,
                }
                for offset, (raw, entry) in enumerate(zip(raws, entries, strict=True))
            ],
        )


def raw_entries(session: Session, origin: str, start: int, end: int) -> list[bytes]:
    """Return the entries `start` to `end` (excluded), as far as held."""
    return list(
        session.exec(
            select(EntryRow.raw)
            .where(
                EntryRow.origin == origin, col(EntryRow.index) >= start, col(EntryRow.index) < end
            )
            .order_by(col(EntryRow.index))
        )
    )


def has_entry_id(session: Session, origin: str, entry_id: bytes) -> bool:
    """Return whether a stored entry of `origin` carries this id."""
    found = session.exec(
        select(EntryRow.index).where(EntryRow.origin == origin, EntryRow.entry_id == entry_id)
    ).one_or_none()
    return found is not None


def _log(session: Session, origin: str) -> LogRow:
    row = session.get(LogRow, origin)
    if row is None:
        row = LogRow(origin=origin, applied=CompactRange().to_bytes())
        session.add(row)
    return row
