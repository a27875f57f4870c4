"""The fold's state as rows: applying effects, and asking which announcements carry a tag."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, insert, or_
from sqlmodel import Session, col, select

from node.storage.erasure import erase_announcement, keep_until
from node.storage.log_tables import LOST, AnnouncementRow, LogRow, PieceRow
from protocol.answer import MirrorStatus
from protocol.fold import (
    Amended,
    Announced,
    Disputed,
    Effect,
    Standing,
    Withdrawn,
    standing_after,
)
from protocol.merkle import CompactRange
from protocol.payload import AmendPayload, AnnouncePayload, Slot

_CHUNK: Final = 1000
"""Values in one `IN (…)`: well below what any database accepts as parameters."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One standing announcement that carries a tag that was asked for.

    Attributes:
        origin: the association that announced it.
        index: of the announcement in its log.
        entry_id: 16 bytes.
        generation: whose Z the tag was made from.
        tag: 32 bytes.
        standing: `LIVE` or `DISPUTED`.
        notice: the sealed notice that stands; None if it is not held.
        until: `YYYY-MM`, the month to which all of it is kept.
    """

    origin: str
    index: int
    entry_id: bytes
    generation: int
    tag: bytes
    standing: Standing
    notice: bytes | None
    until: str | None


def announcements_by_tags(session: Session, tags: Sequence[bytes]) -> list[Hit]:
    """Return the standing announcements that carry one of `tags`, by origin and index.

    Of several under one tag in one log, the newest: an association says one thing of one number,
    and a log that repeats itself costs its readers no more than one that does not.
    """
    newest: dict[tuple[str, bytes | None], AnnouncementRow] = {}
    for at in range(0, len(tags), _CHUNK):
        rows = session.exec(
            select(AnnouncementRow)
            .where(col(AnnouncementRow.tag).in_(tags[at : at + _CHUNK]))
            .order_by(col(AnnouncementRow.index))
        )
        newest.update(((row.origin, row.tag), row) for row in rows)
    found = sorted(newest.values(), key=lambda row: (row.origin, row.index))
    return [_hit(session, row) for row in found]


def standing_of(session: Session, origin: str, index: int) -> Standing | None:
    """Return where the announcement at `index` stands; None if no announcement is there."""
    found = session.exec(
        select(AnnouncementRow.standing).where(
            AnnouncementRow.origin == origin, AnnouncementRow.index == index
        )
    ).one_or_none()
    return None if found is None else Standing(found)


def apply_effects(session: Session, origin: str, effects: Iterable[Effect]) -> None:
    """Apply what the fold of `origin`'s new entries said, in its order.

    Args:
        session: entries and pieces are already stored.
        origin: whose log.
        effects: from `protocol.fold.step`.
    """
    in_order = list(effects)
    # New announcements go in at once: what revises them comes later in the same log.
    rows = [_row(effect) for effect in in_order if isinstance(effect, Announced)]
    if rows:
        session.execute(insert(AnnouncementRow), rows)
    for effect in in_order:
        match effect:
            case Amended() | Disputed():
                _revise(session, origin, effect)
            case Withdrawn():
                erase_announcement(session, origin, effect.ref, effect.index)
            case Announced():
                pass


def mirror_statuses(
    session: Session, members: Sequence[str], month: str, generation: int | None
) -> list[MirrorStatus]:
    """Return what is held of each of `members`' logs; a log never seen has nothing.

    Args:
        session: for reading.
        members: whose.
        month: this one, `YYYY-MM`: what may be kept beyond it and is not held is missing.
        generation: of the tags that a lookup computes; None for any.
    """
    missing = Counter[str]()
    for condition in _unsearchable(month, generation):
        # No GROUP BY: it would be answered by reading everything in order.
        missing.update(session.exec(select(AnnouncementRow.origin).where(condition)))
    logs = {
        row.origin: row
        for row in session.exec(select(LogRow).where(col(LogRow.origin).in_(members)))
    }
    return [_status(member, logs.get(member), missing[member]) for member in members]


def _unsearchable(month: str, generation: int | None) -> Iterator[ColumnElement[bool]]:
    """Yield what is true of a standing announcement that no lookup can find; no two of one row.

    Each has an index of its own, so that the few are found among the many at every lookup.
    """
    kept = col(AnnouncementRow.until) >= month
    # Never held; or erased before its time: the clock was wrong that day, or an amendment that
    # prolongs it came too late.
    yield and_(LOST, or_(col(AnnouncementRow.standing) == Standing.MISSING.value, kept))
    if generation is not None:
        # Under a tag that nobody computes.
        yield and_(col(AnnouncementRow.generation) < generation, kept)
        yield and_(col(AnnouncementRow.generation) > generation, kept)


def _row(effect: Announced) -> dict[str, Any]:
    row: dict[str, Any] = {
        "origin": effect.origin,
        "index": effect.index,
        "entry_id": effect.id,
        "generation": None,
        "tag": None,
        "standing": standing_after(effect, None).value,
        "notice_index": None,
        "until": None,
    }
    if effect.payload is not None:
        row |= {
            "generation": effect.payload.generation,
            "tag": effect.payload.tag,
            "notice_index": effect.index,
            "until": effect.payload.until,
        }
    return row


def _revise(session: Session, origin: str, effect: Amended | Disputed) -> None:
    row = session.get_one(AnnouncementRow, (origin, effect.ref))
    row.standing = standing_after(effect, Standing(row.standing)).value
    if isinstance(effect, Amended):
        row.notice_index = effect.index
        if effect.payload is not None:
            row.until = max(row.until or "", effect.payload.until)
            keep_until(session, origin, effect.ref, effect.index, row.until)
    session.flush()
    session.expunge(row)


def _hit(session: Session, row: AnnouncementRow) -> Hit:
    notice = None
    payload = session.exec(
        select(PieceRow.payload).where(
            PieceRow.origin == row.origin,
            PieceRow.index == row.notice_index,
            PieceRow.slot == (Slot.MAIN if row.notice_index == row.index else Slot.BODY).value,
        )
    ).one_or_none()
    if payload is not None:
        shape = AnnouncePayload if row.notice_index == row.index else AmendPayload
        notice = shape.model_validate_json(payload).notice
    return Hit(
        origin=row.origin,
        index=row.index,
        entry_id=row.entry_id,
        generation=row.generation or 0,
        tag=row.tag or b"",
        standing=Standing(row.standing),
        notice=notice,
        until=row.until,
    )


def _status(member: str, log: LogRow | None, missing: int) -> MirrorStatus:
    if log is None:
        return MirrorStatus(member, None, 0, 0, missing, None)
    applied = CompactRange.from_bytes(log.applied).size
    return MirrorStatus(
        member=member,
        head_time=log.head_time,
        applied=applied,
        known_size=max(log.seen_size, log.head_size, applied),
        missing=missing,
        quarantine=log.quarantine,
    )
