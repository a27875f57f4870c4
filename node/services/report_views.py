"""What of a report is shown to whom, and what that person may do with it."""

from sqlmodel import Session, col, func, select

from node.accounts import Account
from node.permissions import Permission
from node.services.model import Decision, Status
from node.services.sealed_rows import Report, SealedRows
from node.services.views import DecisionView, IdentifierView, ReportSummary, ReportView
from node.storage.account_tables import AccountRow
from node.storage.report_tables import DecisionRow, ReportRow


class Viewer:
    """Makes views inside a transaction; the caller has checked the account's role."""

    def __init__(self, rows: SealedRows) -> None:
        self._rows = rows

    def needed(self, report: Report) -> int:
        """Return how many different people must approve: two for the two highest severities."""
        return 2 if report.content.severity.needs_two else 1

    def approvals(self, session: Session, report_id: str) -> int:
        """Return how many people have approved a report."""
        query = (
            select(func.count())
            .select_from(DecisionRow)
            .where(DecisionRow.report == report_id)
            .where(DecisionRow.decision == Decision.APPROVE)
        )
        return session.exec(query).one()

    def summary(self, session: Session, account: Account, row: ReportRow) -> ReportSummary:
        """Return one line about a report."""
        if not Status(row.status).live:
            return _bare(row)
        report = self._rows.report(row)
        return self._summary(session, account, report)

    def view(
        self, session: Session, account: Account, row: ReportRow, *, opened: bool
    ) -> ReportView:
        """Return all of a report; only its state if its content is gone or cannot be opened."""
        decisions = _decisions(session, row.id)
        if not (opened and Status(row.status).live):
            return ReportView(**dict(_bare(row)), decisions=decisions)
        report = self._rows.report(row)
        content = report.content
        decides = account.allows(Permission.REPORT_DECIDE)
        undecided = (
            report.status is Status.PENDING
            and session.get(DecisionRow, (row.id, account.id)) is None
        )
        return ReportView(
            **dict(self._summary(session, account, report)),
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
            or (account.allows(Permission.REPORT_WITHDRAW_OWN) and content.author == account.id),
        )

    def _summary(self, session: Session, account: Account, report: Report) -> ReportSummary:
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
            author=_name(session, content.author),
            mine=content.author == account.id,
            federated=content.federated,
            approvals=self.approvals(session, report.row.id),
            approvals_needed=self.needed(report),
        )


def _bare(row: ReportRow) -> ReportSummary:
    return ReportSummary(id=row.id, status=Status(row.status), created=row.created)


def _name(session: Session, account_id: str) -> str | None:
    account = session.get(AccountRow, account_id)
    return None if account is None else account.name


def _decisions(session: Session, report_id: str) -> tuple[DecisionView, ...]:
    rows = session.exec(
        select(DecisionRow)
        .where(DecisionRow.report == report_id)
        .order_by(col(DecisionRow.at), col(DecisionRow.account))
    ).all()
    return tuple(
        DecisionView(
            account=_name(session, row.account) or "",
            decision=Decision(row.decision),
            at=row.at,
        )
        for row in rows
    )
