"""Erasing payloads: what an announcement's withdrawal or ceiling asks for, at once and for good.

The log keeps its entries and still verifies; payload, salt, tag and date go, and
`Database.erase_traces` then makes them absent from the files.
"""

from sqlalchemy import CursorResult, and_, or_, tuple_, update
from sqlmodel import Session, col, select

from node.storage.database import mark_erased
from node.storage.log_tables import AnnouncementRow, EntryRow, PieceRow
from protocol.entries import Revise, parse_entry
from protocol.fold import Standing
from protocol.payload import Slot

_EMPTY = {"salt": None, "payload": None, "until": None}

_DIRECT = {"synchronize_session": False}
"""No row of these tables is kept as an object while it is changed."""


def erase_announcement(session: Session, origin: str, ref: int, by: int) -> None:
    """Erase every payload of the announcement at `ref`, which the revision at `by` withdrew.

    Nothing in any other log is touched: who could erase there by withdrawing here could silence
    others (docs/decisions/0003-a-payload-names-its-origin.md).
    """
    slots = [(ref, Slot.MAIN.value), *_amendments(session, origin, ref)]
    theirs = and_(
        col(PieceRow.origin) == origin, tuple_(col(PieceRow.index), col(PieceRow.slot)).in_(slots)
    )
    session.execute(
        update(PieceRow).where(theirs).values(**_EMPTY, gone_by=by), execution_options=_DIRECT
    )
    session.execute(
        update(AnnouncementRow)
        .where(col(AnnouncementRow.origin) == origin, col(AnnouncementRow.index) == ref)
        .values(
            standing=Standing.WITHDRAWN.value,
            tag=None,
            generation=None,
            notice_index=None,
            until=None,
        ),
        execution_options=_DIRECT,
    )
    mark_erased(session)


def expire(session: Session, month: str) -> int:
    """Erase every payload whose ceiling lies before `month` (`YYYY-MM`); return how many.

    An announcement whose ceiling has passed stops matching. It keeps its standing: nothing is
    missing here, its time was up; its origin logs the withdrawal when its vault is next open. It
    keeps its ceiling too: should `month` have been wrong, it counts as missing from then on.

    The caller answers for `month`: what it erases, no later clock brings back.
    """
    session.execute(
        update(AnnouncementRow)
        .where(col(AnnouncementRow.until) < month, col(AnnouncementRow.tag).is_not(None))
        .values(tag=None, generation=None),
        execution_options=_DIRECT,
    )
    result = session.execute(
        update(PieceRow).where(col(PieceRow.until) < month).values(**_EMPTY, gone_by=None),
        execution_options=_DIRECT,
    )
    erased = result.rowcount if isinstance(result, CursorResult) else 0
    if erased:
        mark_erased(session)
    return erased


def keep_until(session: Session, origin: str, ref: int, notice_index: int, until: str) -> None:
    """Keep the announcement at `ref` and the notice that stands until `until` (`YYYY-MM`)."""
    standing = [(ref, Slot.MAIN.value), (notice_index, Slot.BODY.value)]
    session.execute(
        update(PieceRow)
        .where(
            col(PieceRow.origin) == origin,
            tuple_(col(PieceRow.index), col(PieceRow.slot)).in_(standing),
            col(PieceRow.payload).is_not(None),
        )
        .values(until=until),
        execution_options=_DIRECT,
    )


def _amendments(session: Session, origin: str, ref: int) -> list[tuple[int, str]]:
    """Return index and slot of the notices that amended the announcement at `ref`."""
    newest = session.exec(
        select(AnnouncementRow.notice_index).where(
            AnnouncementRow.origin == origin, AnnouncementRow.index == ref
        )
    ).one()
    if newest is None or newest == ref:
        return []
    # Nothing says which announcement an amendment is of but its entry: read the candidates.
    found = session.exec(
        select(EntryRow.index, EntryRow.raw)
        .join(
            PieceRow,
            and_(col(PieceRow.origin) == EntryRow.origin, col(PieceRow.index) == EntryRow.index),
        )
        .where(
            EntryRow.origin == origin,
            col(EntryRow.index) > ref,
            col(EntryRow.index) <= newest,
            PieceRow.slot == Slot.BODY.value,
            or_(
                col(PieceRow.until).is_not(None),  # an amendment that is held
                and_(col(PieceRow.payload).is_(None), col(PieceRow.gone_by).is_(None)),  # expired
            ),
        )
    )
    entries = ((index, parse_entry(raw)) for index, raw in found)
    return [
        (index, Slot.BODY.value)
        for index, entry in entries
        if isinstance(entry, Revise) and entry.ref == ref
    ]
