"""Rows of reports and subjects, and what is sealed inside them.

The only place that turns `ReportRow.sealed` and `SubjectRow.sealed` into content and back. Works
inside one transaction's session and while the vault is open; only `deposit` works without.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, delete, select
from sqlmodel.sql.expression import SelectOfScalar

from crypto.values import Secret
from node.errors import StorageError
from node.services.model import ReportContent, Status, SubjectContent
from node.storage.report_tables import MentionRow, ReportRow, SubjectRow
from node.vault.vault import Place, Vault
from protocol.identifiers import Identifier


@dataclass(frozen=True, slots=True)
class Report:
    """A live report, opened."""

    row: ReportRow
    content: ReportContent

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
    """Reads and writes sealed rows; holds no state but the vault it was given."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def add_report(self, session: Session, row_id: str, day: int, content: ReportContent) -> None:
        """Insert a pending report with a key of its own, and its mentions.

        With a locked vault it is deposited: its key sealed to the association, no mention yet.
        """
        key, place, opened = self._vault.new_data_key(), _report_place(row_id), self._vault.is_open
        wrapped = self._vault.wrap(key, place) if opened else self._vault.deposit(key, place)
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
        """Take in what was deposited while the vault was locked; return how many reports."""
        mentioned = select(MentionRow.report)
        rows = session.exec(
            select(ReportRow)
            .where(ReportRow.status == Status.PENDING)
            .where(col(ReportRow.id).not_in(mentioned))
        ).all()
        adopted = 0
        for row in rows:
            if row.wrapped_key is None or not self._vault.is_deposit(row.wrapped_key):
                continue
            place = _report_place(row.id)
            key = self._vault.unwrap(row.wrapped_key, place)
            row.wrapped_key = self._vault.wrap(key, place)
            session.add(row)
            self._mention(session, row.id, self.report(row).content)
            adopted += 1
        return adopted

    def report(self, row: ReportRow) -> Report:
        """Return a live report, opened."""
        if row.wrapped_key is None or row.sealed is None:
            raise StorageError("A report is said to be live and has no content.")
        place = _report_place(row.id)
        key = self._vault.unwrap(row.wrapped_key, place)
        content = self._vault.open_field(key, place, row.sealed)
        return Report(row, ReportContent.model_validate_json(content))

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
        """Destroy a report's key and content for good; return the subjects it mentioned.

        Those that were announced are left for the publisher to withdraw or amend; those that
        nothing else mentions and nobody was told of are deleted.
        """
        subjects = session.exec(select(MentionRow.subject).where(MentionRow.report == row.id)).all()
        session.exec(delete(MentionRow).where(col(MentionRow.report) == row.id))
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


def _subject_place(row_id: str) -> Place:
    return Place("subject", row_id, "sealed")
