"""Erasing payloads: what an announcement's withdrawal or ceiling asks for, at once and for good.

The log keeps its entries and still verifies; payload, salt, tag and date go, and
`Database.erase_traces` then makes them absent from the files.
"""

from collections.abc import Sequence

from sqlalchemy import CursorResult, and_, exists, insert, or_, tuple_, update
from sqlmodel import Session, col, select

from node.storage.database import mark_erased
from node.storage.log_tables import AnnouncementRow, EntryRow, ErasedRow, PieceRow
from node.storage.pieces import CHUNK, erased_among
from protocol.entries import Revise, parse_entry
from protocol.fold import Standing
from protocol.payload import Slot

_EMPTY = {"salt": None, "payload": None, "digest": None, "until": None}

_DIRECT = {"synchronize_session": False}
"""No row of these tables is kept as an object while it is changed."""


def erase_announcement(session: Session, origin: str, ref: int, by: int) -> None:
    """Erase every payload of the announcement at `ref`, which the revision at `by` withdrew.

    The same bytes under any other entry of any log are erased too, and refused from now on.
    """
    slots = [(ref, Slot.MAIN.value), *_amendments(session, origin, ref)]
    theirs = and_(
        col(PieceRow.origin) == origin, tuple_(col(PieceRow.index), col(PieceRow.slot)).in_(slots)
    )
    digests = [
        digest
        for digest in session.exec(select(PieceRow.digest).where(theirs))
        if digest is not None
    ]
    session.execute(
        update(PieceRow).where(theirs).values(**_EMPTY, gone_by=by), execution_options=_DIRECT
    )
    session.execute(
        update(AnnouncementRow)
        .where(col(AnnouncementRow.origin) == origin, col(AnnouncementRow.index) == ref)
        .values(standing=Standing.WITHDRAWN.value, tag=None, generation=None, notice_index=None),
        execution_options=_DIRECT,
    )
    _erase_copies(session, digests)
    mark_erased(session)


def expire(session: Session, month: str) -> int:
    """Erase every payload whose ceiling lies before `month` (`YYYY-MM`); return how many.

    An announcement whose own payload goes stops matching. It keeps its standing: nothing is missing
    here, its time was up; its origin logs the withdrawal when its vault is next open.
    """
    passed = col(PieceRow.until) < month
    session.execute(
        update(AnnouncementRow)
        .where(
            exists().where(
                col(PieceRow.origin) == col(AnnouncementRow.origin),
                col(PieceRow.index) == col(AnnouncementRow.index),
                col(PieceRow.slot) == Slot.MAIN.value,
                passed,
            )
        )
        .values(tag=None, generation=None),
        execution_options=_DIRECT,
    )
    result = session.execute(
        update(PieceRow).where(passed).values(**_EMPTY, gone_by=None),
        execution_options=_DIRECT,
    )
    erased = result.rowcount if isinstance(result, CursorResult) else 0
    if erased:
        mark_erased(session)
    return erased


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


def _erase_copies(session: Session, digests: Sequence[bytes]) -> None:
    """Erase the payloads that have these digests, wherever they are, and refuse them later.

    Their announcements can no longer be searched, and no revision of their own log explains why:
    that is `MISSING`, never `WITHDRAWN`. A member who copies another's payload and withdraws the
    copy would otherwise turn the other's alert into "nothing found" (P7), and the fold would depend
    on which of two logs arrived first.
    """
    known = erased_among(session, digests)
    fresh = [{"digest": digest} for digest in dict.fromkeys(digests) if digest not in known]
    if fresh:
        session.execute(insert(ErasedRow), fresh)
    for at in range(0, len(digests), CHUNK):
        copied = col(PieceRow.digest).in_(digests[at : at + CHUNK])
        session.execute(
            update(AnnouncementRow)
            .where(
                exists().where(
                    col(PieceRow.origin) == col(AnnouncementRow.origin),
                    col(PieceRow.index) == col(AnnouncementRow.index),
                    col(PieceRow.slot) == Slot.MAIN.value,
                    copied,
                )
            )
            .values(standing=Standing.MISSING.value, tag=None, generation=None),
            execution_options=_DIRECT,
        )
        session.execute(
            update(PieceRow).where(copied).values(**_EMPTY, gone_by=None),
            execution_options=_DIRECT,
        )
