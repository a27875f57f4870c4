"""Rows of reports and subjects, and what is sealed inside them.

The only place that turns `ReportRow.sealed` and `SubjectRow.sealed` into content and back. Works
inside one transaction's session and while the vault is open; only `deposit` works without.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError
from sqlmodel import Session, col, delete, select
from sqlmodel.sql.expression import SelectOfScalar

from crypto.errors import EncodingError, SealError
from crypto.values import PublicKey, Secret, SymmetricKey
from node.errors import StorageError
from node.services.errors import UnreadableReportError
from node.services.model import ApprovalContent, ReportContent, Status, SubjectContent
from node.storage.report_tables import ApprovalRow, MentionRow, ReportRow, SubjectRow
from node.vault.vault import Place, Vault
from protocol.identifiers import Identifier


@dataclass(frozen=True, slots=True)
class Report:
    """A live report, opened; `key` seals whatever else belongs to it."""

    row: ReportRow
    content: ReportContent
    key: SymmetricKey

    @property
    def status(self) -> Status:
        """Where it stands."""
        return Status(self.row.status)


@dataclass(frozen=True, slots=True)
class Subject:
    """An identifier of one's own live reports, opened."""

    row: SubjectRow
    content: SubjectContent

    @property
    def identifier(self) -> Identifier:
        """The identifier itself."""
        return Identifier(self.content.kind, self.content.text)

    @property
    def key(self) -> tuple[Secret, int]:
        """Z and its generation.

        Raises:
            StorageError: it was never evaluated.
        """
        if self.content.z is None or self.content.generation is None:
            raise StorageError("A subject is said to be evaluated and holds no result.")
        return Secret(self.content.z), self.content.generation


class SealedRows:
    """Reads and writes sealed rows; holds no state.

    Args:
        vault: opens and seals them.
        sealing_key: the association's own, from the roster: reports handed in while the vault is
            locked are sealed to it.
    """

    def __init__(self, vault: Vault, sealing_key: PublicKey) -> None:
        self._vault = vault
        self._sealing_key = sealing_key

    def add_report(self, session: Session, row_id: str, day: int, content: ReportContent) -> None:
        """Insert a pending report with a key of its own, and its mentions.

        With a locked vault it is deposited: its key sealed to the association, no mention yet.
        """
        key, place, opened = self._vault.new_data_key(), _report_place(row_id), self._vault.is_open
        wrapped = (
            self._vault.wrap(key, place)
            if opened
            else self._vault.deposit(key, place, self._sealing_key)
        )
        sealed = self._vault.seal_field(key, place, content.encode())
        session.add(
            ReportRow(
                id=row_id,
                status=Status.PENDING,
                created=day,
                wrapped_key=wrapped,
                sealed=sealed,
            )
        )
        session.flush()
        if opened:
            self._mention(session, row_id, content)

    def adopt(self, session: Session) -> int:
        """Take in what was deposited while the vault was locked; return how many reports.

        One that cannot be read is passed over: it must not keep the others from being found, and
        `unfindable` goes on telling of it.
        """
        adopted = 0
        for row in session.exec(self._unmentioned()).all():
            try:
                report = self.report(row)
            except UnreadableReportError:
                continue
            row.wrapped_key = self._vault.wrap(report.key, _report_place(row.id))
            session.add(row)
            self._mention(session, row.id, report.content)
            adopted += 1
        return adopted

    def unfindable(self, session: Session) -> bool:
        """Return whether some live report cannot be found by its identifiers: a deposit.

        Not taken in yet, or unreadable. Works while the vault is locked.
        """
        return session.exec(self._unmentioned().limit(1)).first() is not None

    def report(self, row: ReportRow) -> Report:
        """Return a live report, opened.

        Raises:
            UnreadableReportError: what is stored does not open, or is no report.
        """
        if row.wrapped_key is None or row.sealed is None:
            raise StorageError("A report is said to be live and has no content.")
        place = _report_place(row.id)
        try:
            key = self._vault.unwrap(row.wrapped_key, place)
            content = self._vault.open_field(key, place, row.sealed)
            return Report(row, ReportContent.model_validate_json(content), key)
        except (SealError, EncodingError, ValidationError):
            raise UnreadableReportError("A stored report does not open with this vault.") from None

    def approve(self, session: Session, report: Report, account: str, day: int) -> None:
        """Record that `account` approves a report, once; `day` is Unix seconds of its midnight."""
        who = self._vault.approver(report.row.id, account)
        content = ApprovalContent(account=account, day=day).encode()
        sealed = self._vault.seal_field(report.key, _approval_place(report.row.id, who), content)
        session.add(ApprovalRow(report=report.row.id, who=who, sealed=sealed))
        session.flush()

    def has_approved(self, session: Session, report: str, account: str) -> bool:
        """Return whether this person has approved this report."""
        who = self._vault.approver(report, account)
        return session.get(ApprovalRow, (report, who)) is not None

    def approvals_of(self, session: Session, report: Report) -> list[ApprovalContent]:
        """Return who has approved a report, in order of day, then account."""
        rows = session.exec(select(ApprovalRow).where(ApprovalRow.report == report.row.id))
        opened = [
            ApprovalContent.model_validate_json(
                self._vault.open_field(report.key, _approval_place(row.report, row.who), row.sealed)
            )
            for row in rows
        ]
        return sorted(opened, key=lambda approval: (approval.day, approval.account))

    def reports_of(self, session: Session, subject: str) -> list[Report]:
        """Return the live reports that mention a subject, in a stable order."""
        rows = session.exec(
            select(ReportRow)
            .join(MentionRow, col(MentionRow.report) == col(ReportRow.id))
            .where(MentionRow.subject == subject)
            .order_by(ReportRow.id)
        ).all()
        return [self.report(row) for row in rows]

    def forget_report(self, session: Session, row: ReportRow, status: Status) -> list[str]:
        """Destroy a report's key, content and approvals for good; return what it mentioned.

        Subjects that were announced are left for the publisher to withdraw or amend; those that
        nothing else mentions and nobody was told of are deleted.
        """
        subjects = session.exec(select(MentionRow.subject).where(MentionRow.report == row.id)).all()
        session.exec(delete(MentionRow).where(col(MentionRow.report) == row.id))
        session.exec(delete(ApprovalRow).where(col(ApprovalRow.report) == row.id))
        row.status, row.wrapped_key, row.sealed = status, None, None
        session.add(row)
        session.flush()
        for subject_id in subjects:
            subject = session.get_one(SubjectRow, subject_id)
            if subject.announced is None and not self.is_mentioned(session, subject_id):
                session.delete(subject)
            else:
                self.touch(session, subject)
        return list(subjects)

    def is_mentioned(self, session: Session, subject: str) -> bool:
        """Return whether any live report mentions this subject."""
        return (
            session.exec(select(MentionRow).where(MentionRow.subject == subject).limit(1)).first()
            is not None
        )

    def touch(self, session: Session, subject: SubjectRow) -> None:
        """Have the publisher look at a subject again."""
        subject.announced_digest = None
        session.add(subject)

    def live_subjects(self) -> SelectOfScalar[SubjectRow]:
        """Ask for the subjects that some live report mentions."""
        return select(SubjectRow).where(col(SubjectRow.id).in_(select(MentionRow.subject)))

    def subjects_mentioned(self, session: Session, report: str) -> list[SubjectRow]:
        """Return the subjects that a report mentions."""
        return list(
            session.exec(
                select(SubjectRow)
                .join(MentionRow, col(MentionRow.subject) == col(SubjectRow.id))
                .where(MentionRow.report == report)
                .order_by(SubjectRow.id)
            )
        )

    def subject(self, row: SubjectRow) -> Subject:
        """Return a subject, opened."""
        place = _subject_place(row.id)
        key = self._vault.unwrap(row.wrapped_key, place)
        content = self._vault.open_field(key, place, row.sealed)
        return Subject(row, SubjectContent.model_validate_json(content))

    def save_subject(self, session: Session, row: SubjectRow, content: SubjectContent) -> None:
        """Replace what is sealed in a subject's row, under a fresh key."""
        self._seal_subject(row, content)
        session.add(row)

    def find(self, session: Session, identifiers: Iterable[Identifier]) -> list[SubjectRow]:
        """Return the subjects for these identifiers, as far as own live reports name them."""
        locators = [self._vault.locator(identifier) for identifier in identifiers]
        return list(session.exec(select(SubjectRow).where(col(SubjectRow.locator).in_(locators))))

    @staticmethod
    def reports_at(session: Session, locators: Iterable[bytes]) -> list[str]:
        """Return the ids of the live reports that mention what `Vault.locator` gave these for.

        In a stable order. Needs no open vault, and opens no report.
        """
        query = (
            select(MentionRow.report)
            .join(SubjectRow, col(SubjectRow.id) == col(MentionRow.subject))
            .where(col(SubjectRow.locator).in_(list(locators)))
            .order_by(MentionRow.report)
            .distinct()
        )
        return list(session.exec(query))

    @staticmethod
    def _unmentioned() -> SelectOfScalar[ReportRow]:
        """Ask for the live reports of which no mention tells: nothing has opened them yet."""
        mentioned = select(MentionRow.report).where(MentionRow.report == ReportRow.id)
        return (
            select(ReportRow)
            .where(col(ReportRow.wrapped_key).is_not(None))
            .where(~mentioned.exists())
            .order_by(ReportRow.id)
        )

    def _mention(self, session: Session, report: str, content: ReportContent) -> None:
        for named in content.identifiers:
            identifier = Identifier(named.kind, named.text)
            found = self.find(session, [identifier])
            subject = found[0] if found else self._new_subject(session, identifier)
            session.add(MentionRow(report=report, subject=subject.id))
        session.flush()

    def _new_subject(self, session: Session, identifier: Identifier) -> SubjectRow:
        locator = self._vault.locator(identifier)
        # The id follows from the locator: it says no more, and needs no second source.
        row = SubjectRow(id=locator[:16].hex(), locator=locator, wrapped_key=b"", sealed=b"")
        self._seal_subject(row, SubjectContent(kind=identifier.kind, text=identifier.text))
        session.add(row)
        session.flush()
        return row

    def _seal_subject(self, row: SubjectRow, content: SubjectContent) -> None:
        place, key = _subject_place(row.id), self._vault.new_data_key()
        row.wrapped_key = self._vault.wrap(key, place)
        row.sealed = self._vault.seal_field(key, place, content.encode())
        row.generation = content.generation


def _report_place(row_id: str) -> Place:
    return Place("report", row_id, "sealed")


def _approval_place(report: str, who: bytes) -> Place:
    return Place("approval", f"{report}/{who.hex()}", "sealed")


def _subject_place(row_id: str) -> Place:
    return Place("subject", row_id, "sealed")
