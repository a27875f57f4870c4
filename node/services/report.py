"""Reports: handing in, reading again, approving, refusing, withdrawing.

A report that `create` has returned is on disk (P9). Nothing leaves the association here: this
service moves states, and node/services/publish.py makes announcements of them.
"""

import hmac
from typing import Final

from sqlmodel import Session, col, func, select

from node.accounts import Account
from node.errors import (
    AlreadyDecidedError,
    InvalidError,
    NotFoundError,
    WrongStateError,
)
from node.permissions import Permission
from node.services.association import Association
from node.services.dates import DAY, month_of
from node.services.errors import UnreadableReportError
from node.services.model import ReportContent, ReportDraft, Status
from node.services.publish import Publisher
from node.services.reading import read_all
from node.services.report_views import Viewer, approvals_needed
from node.services.sealed_rows import Report
from node.services.views import ReportSummary, ReportView
from node.storage.database import mark_erased
from node.storage.report_tables import ReportRow

_ID_SIZE: Final = 16


class Reports:
    """What people do with reports. Every method first checks the account's role."""

    def __init__(self, home: Association, publisher: Publisher) -> None:
        self._home = home
        self._db = home.db
        self._rows = home.rows
        self._publisher = publisher

    async def create(self, account: Account, draft: ReportDraft) -> ReportView:
        """Store a report; it waits for a moderator. Works while the vault is locked, too.

        Handing in the same draft again with its `once` changes nothing and returns the report:
        two taps on one button are not two incidents.

        Raises:
            PermissionDeniedError: the role hands in no reports.
            AmbiguousIdentifierError: a number could be of two countries; ask which.
            InvalidError: a field cannot be accepted.
        """
        account.require(Permission.REPORT_CREATE)
        identifiers = read_all(draft.identifiers, self._home.member.region)
        if draft.month is not None and draft.month > month_of(self._home.clock.now()):
            raise InvalidError({"month": "future"})
        content = ReportContent(
            **draft.model_dump(exclude={"identifiers", "consents", "once"}),
            author=account.id,
            identifiers=identifiers,
            consents=tuple(sorted(word for word, given in draft.consents.items() if given)),
        )
        once = bytes.fromhex(draft.once) if draft.once else self._home.entropy(_ID_SIZE)
        report_id = hmac.digest(once, content.encode(), "sha256")[:_ID_SIZE].hex()

        def work(session: Session) -> ReportView:
            known, kept = session.get(ReportRow, report_id), report_id
            if known is not None and not Status(known.status).live:
                # The first one has ended and its content is gone: this is another report.
                known, kept = None, self._home.entropy(_ID_SIZE).hex()
            if known is None:
                self._rows.add_report(session, kept, self._today(session), content)
            return self._view(session, account, session.get_one(ReportRow, kept))

        return await self._db.write(work)

    async def list(self, account: Account, status: Status | None = None) -> list[ReportSummary]:
        """Return reports, newest day first; all, or those of one status.

        Raises:
            PermissionDeniedError: the role reads no reports.
            VaultLockedError: an administrator has to open the vault first.
        """
        account.require(Permission.REPORT_READ)
        self._home.require_vault()
        query = select(ReportRow).order_by(col(ReportRow.created).desc(), col(ReportRow.id))
        if status is not None:
            query = query.where(ReportRow.status == status)

        def work(session: Session) -> list[ReportSummary]:
            viewer = Viewer(session, self._rows, account)
            return [viewer.summary(row) for row in session.exec(query)]

        return await self._db.read(work)

    async def count(self, account: Account, status: Status) -> int:
        """Return how many reports have this status; works while the vault is locked."""
        account.require(Permission.REPORT_READ)
        query = select(func.count()).select_from(ReportRow).where(ReportRow.status == status)
        return await self._db.read(lambda session: session.exec(query).one())

    async def get(self, account: Account, report_id: str) -> ReportView:
        """Return one report with what this account may do with it.

        Raises:
            PermissionDeniedError, VaultLockedError, NotFoundError.
        """
        account.require(Permission.REPORT_READ)
        self._home.require_vault()
        return await self._db.read(
            lambda session: self._view(session, account, _found(session, report_id))
        )

    async def approve(self, account: Account, report_id: str) -> ReportView:
        """Record one approval; the last one needed has the report announced, if it may be.

        Raises:
            PermissionDeniedError, VaultLockedError, NotFoundError.
            AlreadyDecidedError: this person has decided before; a second one is needed.
            WrongStateError: the report no longer waits.
        """
        account.require(Permission.REPORT_DECIDE)
        self._home.require_vault()

        def work(session: Session) -> ReportView:
            row = _found(session, report_id)
            self._check_undecided(session, account, row)
            report = self._rows.report(row)
            self._rows.approve(session, report, account.id, self._today(session))
            if len(self._rows.approvals_of(session, report)) >= approvals_needed(report):
                self._accept(session, report)
            return self._view(session, account, row)

        return await self._db.write(work)

    async def refuse(self, account: Account, report_id: str) -> ReportView:
        """Refuse a waiting report: its content is destroyed, nothing was ever announced of it.

        Raises:
            As `approve`.
        """
        account.require(Permission.REPORT_DECIDE)
        self._home.require_vault()

        def work(session: Session) -> ReportView:
            row = _found(session, report_id)
            self._check_undecided(session, account, row)
            self._rows.forget_report(session, row, Status.REFUSED)
            mark_erased(session)
            return self._view(session, account, row)

        view = await self._db.write(work)
        await self._db.erase_traces()
        return view

    async def withdraw(self, account: Account, report_id: str) -> ReportView:
        """Withdraw a report: its content is destroyed, its announcement withdrawn everywhere.

        One's own by whoever handed it in, any by a moderator. The withdrawal is in this node's
        log when this returns, and on its way to every member.

        Raises:
            PermissionDeniedError, VaultLockedError, NotFoundError.
            WrongStateError: it was refused or withdrawn before.
        """
        account.require(Permission.REPORT_WITHDRAW_OWN)
        self._home.require_vault()

        def work(session: Session) -> ReportView:
            row = _found(session, report_id)
            if not Status(row.status).live:
                raise WrongStateError("The report was refused or withdrawn before.")
            if self._author(row) != account.id:
                account.require(Permission.REPORT_WITHDRAW)
            self._rows.forget_report(session, row, Status.WITHDRAWN)
            mark_erased(session)
            return self._view(session, account, row)

        view = await self._db.write(work)
        await self._publisher.append()
        await self._db.erase_traces()
        return view

    def _accept(self, session: Session, report: Report) -> None:
        report.row.status = Status.APPROVED
        session.add(report.row)
        if report.content.federated:
            for subject in self._rows.subjects_mentioned(session, report.row.id):
                self._rows.touch(session, subject)
        session.flush()

    def _check_undecided(self, session: Session, account: Account, row: ReportRow) -> None:
        if self._rows.has_approved(session, row.id, account.id):
            raise AlreadyDecidedError("You have already decided on this report.")
        if row.status != Status.PENDING:
            raise WrongStateError("The report no longer waits for a decision.")

    def _author(self, row: ReportRow) -> str | None:
        """Return whose report it is; None if it does not open: then a moderator clears it."""
        try:
            return self._rows.report(row).content.author
        except UnreadableReportError:
            return None

    def _today(self, session: Session) -> int:
        now = self._home.now(session)
        return now - now % DAY

    def _view(self, session: Session, account: Account, row: ReportRow) -> ReportView:
        return Viewer(session, self._rows, account).view(row, opened=self._home.vault.is_open)


def _found(session: Session, report_id: str) -> ReportRow:
    row = session.get(ReportRow, report_id)
    if row is None:
        raise NotFoundError("There is no report under this id.")
    return row
