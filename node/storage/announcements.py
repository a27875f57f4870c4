"""The fold's state as rows: applying effects, and asking which announcements carry a tag."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert
from sqlmodel import Session, col, select

from node.storage.erasure import erase_announcement
from node.storage.log_tables import AnnouncementRow, LogRow, PieceRow
from node.storage.pieces import CHUNK
from protocol.answer import MirrorStatus
from protocol.fold import Amended, Announced, Disputed, Effect, Standing, Withdrawn
from protocol.merkle import CompactRange
from protocol.payload import AmendPayload, AnnouncePayload, Slot


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
        notice: the sealed notice that stands; None if it has expired or is not held.
        until: `YYYY-MM`, the ceiling of that notice; None with it.
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
    """Return the standing announcements that carry one of `tags`, by origin and index."""
    hits: list[Hit] = []
    for at in range(0, len(tags), CHUNK):
        rows = session.exec(
            select(AnnouncementRow).where(col(AnnouncementRow.tag).in_(tags[at : at + CHUNK]))
        )
        hits.extend(_hit(session, row) for row in rows)
    return sorted(hits, key=lambda hit: (hit.origin, hit.index))


def standing_of(session: Session, origin: str, index: int) -> Standing | None:
    """Return where the announcement at `index` stands; None if no announcement is there."""
    found = session.exec(
        select(AnnouncementRow.standing).where(
            AnnouncementRow.origin == origin, AnnouncementRow.index == index
        )
    ).one_or_none()
    return None if found is None else Standing(found)


def apply_effects(
    session: Session, origin: str, effects: Iterable[Effect], emptied: AbstractSet[tuple[int, str]]
) -> None:
    """Apply what the fold of `origin`'s new entries said, in its order.

    Args:
        session: entries and pieces are already stored.
        origin: whose log.
        effects: from `protocol.fold.step`.
        emptied: `(index, slot)` of payloads that arrived but were refused: erased before.
    """
    in_order = list(effects)
    # New announcements go in at once: what revises them comes later in the same log.
    rows = [_row(effect, emptied) for effect in in_order if isinstance(effect, Announced)]
    if rows:
        session.execute(insert(AnnouncementRow), rows)
    for effect in in_order:
        match effect:
            case Amended():
                _restand(session, origin, effect.ref, Standing.LIVE, notice_index=effect.index)
            case Disputed():
                _restand(session, origin, effect.ref, Standing.DISPUTED)
            case Withdrawn():
                erase_announcement(session, origin, effect.ref, effect.index)
            case Announced():
                pass


def mirror_statuses(session: Session, members: Sequence[str]) -> list[MirrorStatus]:
    """Return what is held of each of `members`' logs; a log never seen has nothing."""
    missing: dict[str, int] = dict(
        session.exec(
            select(AnnouncementRow.origin, func.count())
            .where(AnnouncementRow.standing == Standing.MISSING.value)
            .group_by(col(AnnouncementRow.origin))
        ).all()
    )
    logs = {
        row.origin: row
        for row in session.exec(select(LogRow).where(col(LogRow.origin).in_(members)))
    }
    return [_status(member, logs.get(member), missing.get(member, 0)) for member in members]


def _row(effect: Announced, emptied: AbstractSet[tuple[int, str]]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "origin": effect.origin,
        "index": effect.index,
        "entry_id": effect.id,
        "generation": None,
        "tag": None,
        "standing": Standing.MISSING.value,
        "notice_index": None,
    }
    if effect.payload is not None and (effect.index, Slot.MAIN.value) not in emptied:
        row |= {
            "generation": effect.payload.generation,
            "tag": effect.payload.tag,
            "standing": Standing.LIVE.value,
            "notice_index": effect.index,
        }
    return row


def _restand(session: Session, origin: str, ref: int, standing: Standing, **values: int) -> None:
    """Move an announcement to `standing`, unless it is missing: then only its end changes that."""
    row = session.get_one(AnnouncementRow, (origin, ref))
    if row.standing != Standing.MISSING:
        row.standing = standing.value
    for name, value in values.items():
        setattr(row, name, value)
    session.flush()
    session.expunge(row)


def _hit(session: Session, row: AnnouncementRow) -> Hit:
    notice = until = None
    payload = session.exec(
        select(PieceRow.payload).where(
            PieceRow.origin == row.origin,
            PieceRow.index == row.notice_index,
            PieceRow.slot == (Slot.MAIN if row.notice_index == row.index else Slot.BODY).value,
        )
    ).one_or_none()
    if payload is not None:
        shape = AnnouncePayload if row.notice_index == row.index else AmendPayload
        opened = shape.model_validate_json(payload)
        notice, until = opened.notice, opened.until
    return Hit(
        origin=row.origin,
        index=row.index,
        entry_id=row.entry_id,
        generation=row.generation or 0,
        tag=row.tag or b"",
        standing=Standing(row.standing),
        notice=notice,
        until=until,
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
