"""What of a report is shown to whom, and what that person may do with it."""

from sqlmodel import Session, col, func, select

from node.accounts import Account
from node.permissions import Permission
from node.services.errors import UnreadableReportError
from node.services.model import Decision, Status
from node.services.sealed_rows import Report, SealedRows
from node.services.views import DecisionView, IdentifierView, ReportSummary, ReportView
from node.storage.account_tables import AccountRow
from node.storage.report_tables import ApprovalRow, ReportRow


def approvals_needed(report: Report) -> int:
    """Return how many different people must approve: two for the two highest severities."""
    return 2 if report.content.severity.needs_two else 1


class Viewer:
    """Makes views for one person inside one transaction; their role was checked before.

    Names and approvals are read once, not once a report: a list may hold thousands.
    """

    def __init__(self, session: Session, rows: SealedRows, account: Account) -> None:
        self._session = session
        self._rows = rows
        self._account = account
        self._names: dict[str, str] = dict(
            session.exec(select(AccountRow.id, AccountRow.name)).all()
        )
        self._approvals: dict[str, int] = dict(
            session.exec(
                select(ApprovalRow.report, func.count()).group_by(col(ApprovalRow.report))
            ).all()
        )

    def summary(self, row: ReportRow) -> ReportSummary:
        """Return one line about a report."""
        report = self._opened(row)
        return _bare(row) if report is None else self._summary(report)

    def view(self, row: ReportRow, *, opened: bool) -> ReportView:
        """Return all of a report; only its state if its content is gone or cannot be opened."""
        account = self._account
        decides = account.allows(Permission.REPORT_DECIDE)
        withdraws = account.allows(Permission.REPORT_WITHDRAW)
        if not (opened and Status(row.status).live):
            return ReportView(**dict(_bare(row)))
        report = self._opened(row)
        if report is None:  # nobody can read it, and while it lies here no lookup is complete
            pending = row.status == Status.PENDING
            return ReportView(
                **dict(_bare(row)), may_refuse=decides and pending, may_withdraw=withdraws
            )
        content, own = report.content, report.content.author == account.id
        undecided = report.status is Status.PENDING and not self._rows.has_approved(
            self._session, row.id, account.id
        )
        return ReportView(
            **dict(self._summary(report)),
            perpetrator=content.perpetrator,
            place=content.place,
            time=content.time,
            relation=content.relation,
            description=content.description,
            narrative=content.narrative,
            consents=content.consents,
            knowledge=content.knowledge,
            needs=content.needs,
            decisions=self._decisions(report),
            may_approve=decides and undecided,
            may_refuse=decides and undecided,
            may_withdraw=withdraws or (own and account.allows(Permission.REPORT_WITHDRAW_OWN)),
        )

    def _opened(self, row: ReportRow) -> Report | None:
        if not Status(row.status).live:
            return None
        try:
            return self._rows.report(row)
        except UnreadableReportError:
            return None

    def _summary(self, report: Report) -> ReportSummary:
        content = report.content
        return ReportSummary(
            id=report.row.id,
            status=report.status,
            created=report.row.created,
            identifiers=tuple(
                IdentifierView(
                    kind=named.kind, text=named.text, typed=named.typed, region=named.region
                )
                for named in content.identifiers
            ),
            severity=content.severity,
            violence=content.violence,
            month=content.month,
            area=content.area,
            author=self._names.get(content.author),
            mine=content.author == self._account.id,
            federated=content.federated,
            approvals=self._approvals.get(report.row.id, 0),
            approvals_needed=approvals_needed(report),
        )

    def _decisions(self, report: Report) -> tuple[DecisionView, ...]:
        return tuple(
            DecisionView(
                account=self._names.get(approval.account, ""),
                decision=Decision.APPROVE,
                at=approval.day,
            )
            for approval in self._rows.approvals_of(self._session, report)
        )


def _bare(row: ReportRow) -> ReportSummary:
    return ReportSummary(id=row.id, status=Status(row.status), created=row.created)
