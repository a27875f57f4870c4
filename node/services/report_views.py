"""What of a report is shown to whom, and what that person may do with it."""

from sqlmodel import Session, col, func, select

from node.accounts import Account
from node.permissions import Permission
from node.services.model import Decision, Status
from node.services.sealed_rows import Report, SealedRows
from node.services.views import DecisionView, IdentifierView, ReportSummary, ReportView
from node.storage.account_tables import AccountRow
from node.storage.report_tables import DecisionRow, ReportRow


def approvals_needed(report: Report) -> int:
    """Return how many different people must approve: two for the two highest severities."""
    return 2 if report.content.severity.needs_two else 1


def approvals_of(session: Session, report_id: str) -> int:
    """Return how many people have approved a report."""
    query = (
        select(func.count())
        .select_from(DecisionRow)
        .where(DecisionRow.report == report_id)
        .where(DecisionRow.decision == Decision.APPROVE)
    )
    return session.exec(query).one()


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
                select(DecisionRow.report, func.count())
                .where(DecisionRow.decision == Decision.APPROVE)
                .group_by(col(DecisionRow.report))
            ).all()
        )

    def summary(self, row: ReportRow) -> ReportSummary:
        """Return one line about a report."""
        return self._summary(self._rows.report(row)) if Status(row.status).live else _bare(row)

    def view(self, row: ReportRow, *, opened: bool) -> ReportView:
        """Return all of a report; only its state if its content is gone or cannot be opened."""
        decisions = self._decisions(row.id)
        if not (opened and Status(row.status).live):
            return ReportView(**dict(_bare(row)), decisions=decisions)
        report = self._rows.report(row)
        content = report.content
        account, own = self._account, content.author == self._account.id
        decides = account.allows(Permission.REPORT_DECIDE)
        undecided = (
            report.status is Status.PENDING
            and self._session.get(DecisionRow, (row.id, self._account.id)) is None
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
            decisions=decisions,
            may_approve=decides and undecided,
            may_refuse=decides and undecided,
            may_withdraw=account.allows(Permission.REPORT_WITHDRAW)
            or (own and account.allows(Permission.REPORT_WITHDRAW_OWN)),
        )

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

    def _decisions(self, report_id: str) -> tuple[DecisionView, ...]:
        rows = self._session.exec(
            select(DecisionRow)
            .where(DecisionRow.report == report_id)
            .order_by(col(DecisionRow.at), col(DecisionRow.account))
        ).all()
        return tuple(
            DecisionView(
                account=self._names.get(row.account, ""),
                decision=Decision(row.decision),
                at=row.at,
            )
            for row in rows
        )


def _bare(row: ReportRow) -> ReportSummary:
    return ReportSummary(id=row.id, status=Status(row.status), created=row.created)
