"""Publishing: making this association's log say what its approved reports say, and no more.

Reconciliation, not a queue. A subject (one identifier of one's own live reports) whose
`announced_digest` is null is looked at again: the notice that its approved reports amount to is
compared with what was announced, and an entry is appended for the difference. Entry, head, subject
and report states change in one transaction, so a crash at any instruction publishes nothing twice
and forgets nothing; running this twice, late or never does no harm.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from crypto.values import Secret
from federation.ports import Stored
from node.services.announcing import Announcer
from node.services.association import Association
from node.services.errors import UnreadableReportError
from node.services.evaluating import Evaluator
from node.services.model import Status
from node.services.own_log import OwnLog
from node.services.sealed_rows import Subject
from node.storage.log_tables import AnnouncementRow
from node.storage.report_tables import SubjectRow
from protocol.fold import Effect, Standing
from protocol.lookup import WIDTH
from protocol.notice import Notice, combine, encode

MOST_AT_ONCE: Final = 256
"""Subjects looked at in one transaction: the rest follows in the next."""

FIRST_WAIT: Final = 20.0
LONGEST_WAIT: Final = 900.0
"""Seconds between attempts without a quorum: each one costs quota at whoever does answer."""

_NOTHING: Final = b""


@dataclass(frozen=True, slots=True)
class Published:
    """What one transaction appended, from index `start` on."""

    start: int
    entries: int
    effects: tuple[Effect, ...]


@dataclass(slots=True)
class _Batch:
    first: int
    stored: list[Stored] = field(default_factory=list)

    @property
    def next_index(self) -> int:
        return self.first + len(self.stored)


class Publisher:
    """Brings the own log up to what the reports say. Call `run` on a cadence.

    Attributes:
        on_published: called after each transaction that appended something, and after each opening.
        on_evaluated: called after Z of some own subject became known.
    """

    def __init__(
        self, home: Association, announcer: Announcer, log: OwnLog, evaluator: Evaluator
    ) -> None:
        self._home = home
        self._rows = home.rows
        self._announcer = announcer
        self._log = log
        self._evaluator = evaluator
        self._evaluating = asyncio.Lock()
        self._wait = 0.0
        self._retry_at = 0.0
        self.on_published: list[Callable[[Published], Awaitable[None]]] = []
        self.on_evaluated: list[Callable[[], Awaitable[None]]] = []

    async def opened(self) -> None:
        """Do what only an open vault allows: take in deposits, begin the log, check everything."""
        size = await self._home.db.write(self._open)
        # The head may be this log's first, or its first in days: peers need not wait for a poll.
        await self._tell(Published(size, 0, ()))

    async def run(self) -> int:
        """Have new identifiers evaluated, append what differs; return how many entries.

        Does nothing while the vault is locked.
        """
        await self.evaluate()
        return await self.append()

    async def evaluate(self) -> int:
        """Have identifiers of own live reports evaluated that were not yet; return how many.

        Also those of reports that are never announced: their Z is what recognises, at once and
        without asking anybody, that another association announces the same number.
        """
        if not self._home.vault.is_open:
            return 0
        async with self._evaluating:
            if self._home.clock.monotonic() < self._retry_at:
                return 0
            subjects = await self._home.db.read(self._unevaluated)
            done = 0
            for start in range(0, len(subjects), WIDTH):
                some = subjects[start : start + WIDTH]
                found = await self._evaluator.evaluate([subject.identifier for subject in some])
                if found is None:
                    self._wait = min(max(2 * self._wait, FIRST_WAIT), LONGEST_WAIT)
                    self._retry_at = self._home.clock.monotonic() + self._wait
                    break
                self._wait = self._retry_at = 0.0
                await self._home.db.write(partial(self._keep, subjects=some, found=found))
                done += len(some)
        if done:
            for listener in self.on_evaluated:
                await listener()
        return done

    async def append(self) -> int:
        """Append what differs, sign the new head; return how many entries."""
        total = 0
        passed_over: set[str] = set()
        while self._home.vault.is_open:
            published = await self._home.db.write(partial(self._reconcile, passed_over=passed_over))
            if published is None:
                break
            if published.entries:
                total += published.entries
                await self._tell(published)
        return total

    async def _tell(self, published: Published) -> None:
        for listener in self.on_published:
            await listener(published)

    def _open(self, session: Session) -> int:
        self._rows.adopt(session)
        tx = self._home.logs(session)
        self._log.begin(tx)
        settled = col(SubjectRow.announced_digest).is_not(None)
        for row in session.exec(select(SubjectRow).where(settled)):
            with suppress(UnreadableReportError):  # it stays as it was announced
                if row.announced_digest != self._digest(row.id, self._desired(session, row.id)):
                    self._rows.touch(session, row)
        return tx.position(self._home.id).applied.size

    def _unevaluated(self, session: Session) -> list[Subject]:
        generation = self._home.generation
        other = or_(col(SubjectRow.generation).is_(None), SubjectRow.generation != generation)
        query = self._rows.live_subjects().where(other).order_by(SubjectRow.id).limit(MOST_AT_ONCE)
        return [self._rows.subject(row) for row in session.exec(query)]

    def _keep(self, session: Session, subjects: list[Subject], found: list[Secret]) -> None:
        for subject, z in zip(subjects, found, strict=True):
            row = session.get(SubjectRow, subject.row.id)
            if row is not None:  # its last report may have been withdrawn meanwhile
                content = self._rows.subject(row).content
                update = {"z": z.reveal(), "generation": self._home.generation}
                self._rows.save_subject(session, row, content.model_copy(update=update))

    def _reconcile(self, session: Session, passed_over: set[str]) -> Published | None:
        """Settle the next subjects that need it; None when there is none.

        A subject with a report that cannot be read (a damaged disk) is passed over and stays as it
        was announced: it must not stop all others, and nobody knows what it should say.
        """
        for row in session.exec(self._lost()):
            self._rows.touch(session, row)
        session.flush()
        evaluated = SubjectRow.generation == self._home.generation
        # A withdrawal needs no evaluation.
        ready = or_(evaluated, col(SubjectRow.announced).is_not(None))
        due = col(SubjectRow.announced_digest).is_(None)
        left = col(SubjectRow.id).not_in(passed_over)
        query = select(SubjectRow).where(due, ready, left).order_by(SubjectRow.id)
        found = session.exec(query.limit(MOST_AT_ONCE)).all()
        if not found:
            return None
        tx = self._home.logs(session)
        batch = _Batch(tx.position(self._home.id).applied.size)
        rows = []
        for row in found:
            try:
                self._settle(session, row, batch)
                rows.append(row)
            except UnreadableReportError:
                passed_over.add(row.id)
        session.flush()
        effects = self._log.append(tx, batch.stored) if batch.stored else ()
        for row in rows:
            self._mark_published(session, row.id)
            if row.announced is None and not self._rows.is_mentioned(session, row.id):
                session.delete(row)
        return Published(batch.first, len(batch.stored), effects)

    def _lost(self) -> SelectOfScalar[SubjectRow]:
        """Ask for the subjects whose announcement was erased because its time was up.

        Its end is logged then, so that a member who comes later knows that nothing is missing; and
        if its reports are still kept, they are announced again.
        """
        return (
            select(SubjectRow)
            .join(AnnouncementRow, col(AnnouncementRow.index) == col(SubjectRow.announced))
            .where(AnnouncementRow.origin == self._home.id)
            .where(col(AnnouncementRow.tag).is_(None))
            .where(AnnouncementRow.standing != Standing.WITHDRAWN)
        )

    def _settle(self, session: Session, row: SubjectRow, batch: _Batch) -> None:
        """Add the entries that make the log say what `row`'s reports say, and note it in `row`."""
        notice = self._desired(session, row.id)
        ref, announced = row.announced, None
        if ref is not None:
            announced = session.get_one(AnnouncementRow, (self._home.id, ref))
            if notice is None or announced.tag is None:
                batch.stored.append(self._announcer.withdraw(ref))
                row.announced = announced = None
        if notice is not None:
            z, generation = self._rows.subject(row).key
            now = self._home.now(session)
            if announced is None:
                row.announced = batch.next_index
                batch.stored.append(self._announcer.announce(z, generation, notice, now))
            else:
                amended = self._announcer.amend(
                    announced.index, announced.entry_id, z, generation, notice, now
                )
                batch.stored.append(amended)
        row.announced_digest = self._digest(row.id, notice)
        session.add(row)

    def _desired(self, session: Session, subject: str) -> Notice | None:
        """Return what is to be announced about a subject: all its approved reports, as one."""
        notices = [
            report.content.notice()
            for report in self._rows.reports_of(session, subject)
            if report.status in (Status.APPROVED, Status.PUBLISHED) and report.content.federated
        ]
        return combine(notices) if notices else None

    def _digest(self, subject: str, notice: Notice | None) -> bytes:
        return self._home.vault.notice_digest(
            subject, _NOTHING if notice is None else encode(notice)
        )

    def _mark_published(self, session: Session, subject: str) -> None:
        """Move on the reports all of whose identifiers are announced now."""
        for report in self._rows.reports_of(session, subject):
            if report.status is not Status.APPROVED or not report.content.federated:
                continue
            subjects = self._rows.subjects_mentioned(session, report.row.id)
            if all(row.announced is not None and row.announced_digest for row in subjects):
                report.row.status = Status.PUBLISHED
                session.add(report.row)
