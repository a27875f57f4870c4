"""Serial aggressors: another association announces a number that this one's reports name, too.

While the vault is open, this holds the tags under which each other member would announce each
identifier of one's own live reports. An announcement that arrives under one of them is recognised
at once, without asking anybody anything. The tables are the truth: `rebuild` finds all of it
again, so a lost event or a restart costs nothing.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final

from sqlmodel import Session

from node.accounts import Account
from node.errors import NotFoundError
from node.permissions import Permission
from node.services.association import Association
from node.services.notices import Shower
from node.services.views import MatchView
from node.storage.announcements import Hit, announcements_by_tags
from node.storage.report_tables import SeenRow, SubjectRow
from protocol.fold import Announced, Effect
from protocol.tags import tag_of

_CHUNK: Final = 400
"""Tags in one query."""


@dataclass(frozen=True, slots=True)
class _Watched:
    """What a tag means: which own subject, and whose announcement it would be."""

    subject: str
    origin: str


class Matches:
    """What staff are told about numbers that more than one association knows.

    Attributes:
        on_found: called when an announcement that matches has arrived.
    """

    def __init__(self, home: Association) -> None:
        self._home = home
        self._shower = Shower(home.roster)
        self._watched: dict[bytes, _Watched] = {}
        self._hits: set[bytes] = set()
        """Those tags under which something was announced."""
        self.on_found: list[Callable[[], Awaitable[None]]] = []

    async def rebuild(self) -> None:
        """Compute all tags again and search for them; after an unlock and after own changes."""
        if not self._home.vault.is_open:
            self.forget()
            return
        watched, hits = await self._home.db.read(self._load)
        news = not hits <= self._hits
        self._watched, self._hits = watched, hits
        if news:
            await self._tell()

    def forget(self) -> None:
        """Drop everything, because the vault was locked."""
        self._watched, self._hits = {}, set()

    async def on_effects(self, effects: Iterable[Effect]) -> None:
        """Look at what a mirror has just applied."""
        found = {
            effect.payload.tag
            for effect in effects
            if isinstance(effect, Announced)
            and effect.payload is not None
            and self._expects(effect.payload.tag, effect.origin)
        }
        if found - self._hits:
            self._hits |= found
            await self._tell()

    async def list(self, account: Account) -> tuple[MatchView, ...]:
        """Return the matches that stand now, unseen ones first.

        Raises:
            PermissionDeniedError: the role reads no matches.
            VaultLockedError: an administrator has to open the vault first.
        """
        account.require(Permission.MATCHES_READ)
        self._home.require_vault()
        return await self._home.db.read(self._standing)

    async def acknowledge(self, account: Account, key: str) -> None:
        """Remember that a match was read.

        Raises:
            PermissionDeniedError, VaultLockedError.
            NotFoundError: no match stands under this key.
        """
        account.require(Permission.MATCHES_READ)
        self._home.require_vault()

        def work(session: Session) -> None:
            if all(match.key != key for match in self._standing(session)):
                raise NotFoundError("There is no such match, or it stands no more.")
            session.merge(SeenRow(key=bytes.fromhex(key)))

        await self._home.db.write(work)

    def _load(self, session: Session) -> tuple[dict[bytes, _Watched], set[bytes]]:
        watched: dict[bytes, _Watched] = {}
        evaluated = SubjectRow.generation == self._home.generation
        for row in session.exec(self._home.rows.live_subjects().where(evaluated)):
            z, generation = self._home.rows.subject(row).key
            for other in self._home.others:
                watched[tag_of(z, generation, other)] = _Watched(row.id, other)
        hits = {
            hit.tag for hit in _announced(session, watched) if hit.origin == watched[hit.tag].origin
        }
        return watched, hits

    def _expects(self, tag: bytes, origin: str) -> bool:
        """Return whether `origin` announces a watched number under `tag`, not a copy of one."""
        watched = self._watched.get(tag)
        return watched is not None and watched.origin == origin

    def _standing(self, session: Session) -> tuple[MatchView, ...]:
        now = self._home.clock.now()
        views = []
        for hit in _announced(session, self._hits):
            if not self._expects(hit.tag, hit.origin):
                continue
            row = session.get(SubjectRow, self._watched[hit.tag].subject)
            reports = [] if row is None else self._home.rows.reports_of(session, row.id)
            if row is None or not reports:
                continue  # withdrawn since the last rebuild
            subject = self._home.rows.subject(row)
            key = self._home.vault.seen_key(hit.origin, hit.index)
            update = {
                "candidate": subject.content.text,
                "key": key.hex(),
                "reports": tuple(report.row.id for report in reports),
                "seen": session.get(SeenRow, key) is not None,
            }
            view = self._shower.show(hit, subject.key[0], now)
            views.append(view.model_copy(update=update))
        views.sort(key=lambda view: (view.seen, view.association, view.key or ""))
        return tuple(views)

    async def _tell(self) -> None:
        for listener in self.on_found:
            await listener()


def _announced(session: Session, tags: Iterable[bytes]) -> list[Hit]:
    ordered = sorted(tags)
    return [
        hit
        for start in range(0, len(ordered), _CHUNK)
        for hit in announcements_by_tags(session, ordered[start : start + _CHUNK])
    ]
