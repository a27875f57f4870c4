"""What must never happen twice: a request's nonce, and the debit of an evaluation."""

from sqlalchemy import CursorResult, delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from federation.errors import QuotaError, ReplayError
from federation.ports import MAX_ANSWERS
from node.storage.log_tables import DebitRow, NonceRow, QuotaRow

RETRY_AFTER = 3600
"""Seconds. The day's end is not known here; an hour's poll costs nobody anything."""

KEPT_DAYS = 7
"""Days for which debits are kept: a request sent again that late is a new one."""


def use_nonce(session: Session, caller: str, nonce: bytes, expires: int) -> None:
    """Record a nonce until `expires` (Unix seconds).

    Raises:
        ReplayError: it was used before.
    """
    session.add(NonceRow(caller=caller, nonce=nonce, expires=expires))
    try:
        session.flush()
    except IntegrityError:
        raise ReplayError("This request was received before.") from None


def debit(
    session: Session,
    member: str,
    request: bytes,
    body_hash: bytes,
    elements: int,
    day: int,
    limit: int,
) -> bool:
    """Debit `elements` from `member`'s quota of `day`; see `federation.ports.Transaction.debit`."""
    known = session.exec(
        select(DebitRow.body_hash).where(DebitRow.member == member, DebitRow.request == request)
    ).one_or_none()
    if known is not None:
        if known != body_hash:
            raise ReplayError("This request id was used before, for another request.")
        _count_answer(session, member, request)
        return False
    session.add(DebitRow(member=member, request=request, body_hash=body_hash, day=day, answers=1))
    if session.get(QuotaRow, (member, day)) is None:
        session.add(QuotaRow(member=member, day=day, used=0))
    session.flush()
    # Compared where it is added: two workers can never both take the last ones.
    taken = session.execute(
        update(QuotaRow)
        .where(
            col(QuotaRow.member) == member,
            col(QuotaRow.day) == day,
            col(QuotaRow.used) + elements <= limit,
        )
        .values(used=col(QuotaRow.used) + elements),
        execution_options={"synchronize_session": False},
    )
    if not (isinstance(taken, CursorResult) and taken.rowcount):
        raise QuotaError(RETRY_AFTER)
    return True


def _count_answer(session: Session, member: str, request: bytes) -> None:
    counted = session.execute(
        update(DebitRow)
        .where(
            col(DebitRow.member) == member,
            col(DebitRow.request) == request,
            col(DebitRow.answers) < MAX_ANSWERS,
        )
        .values(answers=col(DebitRow.answers) + 1),
        execution_options={"synchronize_session": False},
    )
    if not (isinstance(counted, CursorResult) and counted.rowcount):
        raise QuotaError(retry_after=0)


def quota_used(session: Session, member: str, day: int) -> int:
    """Return the elements that this custodian has evaluated for `member` on `day`."""
    used = session.exec(
        select(QuotaRow.used).where(QuotaRow.member == member, QuotaRow.day == day)
    ).one_or_none()
    return used or 0


def forget_requests(session: Session, now: int, day: int) -> None:
    """Delete nonces that could no longer be replayed, and debits and quotas of last week."""
    session.execute(delete(NonceRow).where(col(NonceRow.expires) < now))
    session.execute(delete(DebitRow).where(col(DebitRow.day) < day - KEPT_DAYS))
    session.execute(delete(QuotaRow).where(col(QuotaRow.day) < day - KEPT_DAYS))
