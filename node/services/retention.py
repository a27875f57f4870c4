"""How long this association keeps its own reports: shorter the less grave, and never by hand.

Specification: docs/operators/retention.md.
"""

from collections.abc import Mapping
from typing import Final

from sqlmodel import Session, col, select

from node.services.dates import DAY, month_of
from node.services.errors import UnreadableReportError
from node.services.model import Status
from node.services.sealed_rows import SealedRows
from node.storage.database import mark_erased
from node.storage.report_tables import ReportRow
from protocol.months import month_after
from protocol.vocabulary import Severity

RETENTION_MONTHS: Final[Mapping[Severity, int]] = {
    Severity.PENIBLE: 12,
    Severity.RISQUE: 24,
    Severity.DANGEREUX: 36,
    Severity.TRES_DANGEREUX: 60,
}
"""Months from the one in which a report was handed in."""

_SHORTEST_MONTH: Final = 28 * DAY


def retire(session: Session, rows: SealedRows, now: int, longest: int) -> int:
    """Withdraw own reports whose time is up; return how many. Needs the vault open.

    What becomes of their announcements is the publisher's to log, as after any withdrawal.

    Args:
        session: for writing.
        rows: of the association.
        now: Unix seconds, by a clock that others confirm.
        longest: the network's `retention_months`; no report is kept longer.
    """
    shortest = min(longest, *RETENTION_MONTHS.values())
    candidates = session.exec(
        select(ReportRow)
        .where(col(ReportRow.wrapped_key).is_not(None))
        .where(col(ReportRow.created) < now - shortest * _SHORTEST_MONTH)
    ).all()
    passed = [
        row
        for row in candidates
        if month_after(month_of(row.created), min(longest, _months(rows, row))) < month_of(now)
    ]
    for row in passed:
        rows.forget_report(session, row, Status.WITHDRAWN)
    if passed:
        mark_erased(session)
    return len(passed)


def _months(rows: SealedRows, row: ReportRow) -> int:
    try:
        return RETENTION_MONTHS[rows.report(row).content.severity]
    except UnreadableReportError:
        # Nobody can tell how grave it is: it goes with the gravest.
        return max(RETENTION_MONTHS.values())
