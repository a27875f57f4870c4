"""Payloads that should be held and are not: which they are, and taking them when they come."""

from sqlalchemy import and_, or_, update
from sqlmodel import Session, col, select

from node.storage.erasure import keep_until
from node.storage.log_tables import LOST, AnnouncementRow, PieceRow
from protocol.fold import Amended, Announced, Standing
from protocol.payload import Opening, Slot


def lost_among(session: Session, origin: str, after: int, most: int, month: str) -> list[int]:
    """Return entries from `after` on whose payload should be held and is not, in order.

    Announcements without a tag whose time is not up, and the amendments whose notice should stand.

    Args:
        session: for reading.
        origin: whose log.
        after: the first index that counts.
        most: how many at most.
        month: this one, `YYYY-MM`.
    """
    due = or_(
        col(AnnouncementRow.standing) == Standing.MISSING.value,
        and_(
            col(AnnouncementRow.standing) != Standing.WITHDRAWN.value,
            col(AnnouncementRow.until) >= month,
        ),
    )
    announced = session.exec(
        select(AnnouncementRow.index)
        .where(
            AnnouncementRow.origin == origin,
            col(AnnouncementRow.index) >= after,
            LOST,
            due,
        )
        .order_by(col(AnnouncementRow.index))
        .limit(most)
    )
    amended = session.exec(
        select(PieceRow.index)
        .join(
            AnnouncementRow,
            and_(
                col(AnnouncementRow.origin) == PieceRow.origin,
                col(AnnouncementRow.notice_index) == PieceRow.index,
            ),
        )
        .where(
            PieceRow.origin == origin,
            col(PieceRow.index) >= after,
            PieceRow.slot == Slot.BODY.value,
            col(PieceRow.payload).is_(None),
            due,
        )
        .order_by(col(PieceRow.index))
        .limit(most)
    )
    return sorted({*announced, *amended})[:most]


def restore(
    session: Session, effect: Announced | Amended, opening: Opening, standing: Standing | None
) -> None:
    """Hold a payload again; see `federation.ports.Transaction.restore`."""
    if effect.payload is None:
        return
    new = isinstance(effect, Announced)
    ref = effect.index if isinstance(effect, Announced) else effect.ref
    row = session.get_one(AnnouncementRow, (effect.origin, ref))
    if isinstance(effect, Announced) and effect.payload is not None and standing is not None:
        row.generation, row.tag = effect.payload.generation, effect.payload.tag
        row.standing = standing.value
        row.notice_index = ref if row.notice_index is None else row.notice_index
    row.until = max(row.until or "", effect.payload.until)
    session.execute(
        update(PieceRow)
        .where(
            col(PieceRow.origin) == effect.origin,
            col(PieceRow.index) == effect.index,
            col(PieceRow.slot) == (Slot.MAIN if new else Slot.BODY).value,
        )
        .values(salt=opening.salt, payload=opening.payload, until=row.until, gone_by=None),
        execution_options={"synchronize_session": False},
    )
    keep_until(session, effect.origin, ref, row.notice_index or ref, row.until)
    session.flush()
    session.expunge(row)
