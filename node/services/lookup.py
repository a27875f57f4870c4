"""Looking a number up: in every member's announcements, and in one's own reports.

The number, Z, its tags and the blinds live in this request's variables and die with it: nothing
here stores, caches or logs them. What goes out on the wire is the same whether it matches or not
(P2): everything after the evaluation is a search in this node's own tables.
"""

from dataclasses import dataclass

from sqlmodel import Session

from crypto.values import Secret
from node.accounts import Account
from node.errors import VaultLockedError
from node.permissions import Permission
from node.services.allowance import Allowance
from node.services.association import Association
from node.services.evaluating import Evaluator
from node.services.model import IdentifierDraft
from node.services.notices import Shower
from node.services.reading import read_typed
from node.services.views import CandidateView, GapView, LookupView, MatchView
from node.storage.announcements import announcements_by_tags
from protocol.answer import Gap, MirrorStatus, Unsearched, Verdict, conclude
from protocol.readings import Reading
from protocol.tags import tag_of


@dataclass(frozen=True, slots=True)
class _Found:
    matches: list[MatchView]
    own: list[str]
    own_gap: Unsearched | None
    mirrors: list[MirrorStatus]


class Lookups:
    """Answers MATCH, NO_MATCH or INCOMPLETE. Never "safe"."""

    def __init__(self, home: Association, evaluator: Evaluator, allowance: Allowance) -> None:
        self._home = home
        self._evaluator = evaluator
        self._allowance = allowance
        self._shower = Shower(home.roster)

    async def search(
        self, account: Account, text: str, kind: str = "phone", region: str | None = None
    ) -> LookupView:
        """Return what the network knows of what was typed; an ambiguous text is searched both ways.

        Raises:
            PermissionDeniedError: the role looks nothing up.
            AmbiguousIdentifierError: it could be three numbers or more; ask for the country.
            InvalidError: it cannot be read.
            LookupLimitError: this account has made all its lookups of today.
        """
        account.require(Permission.LOOKUP)
        draft = IdentifierDraft(text=text, kind=kind, region=region)
        readings = read_typed("text", draft, self._home.member.region).candidates
        await self._allowance.spend(account)
        keys = await self._evaluator.evaluate([reading.identifier for reading in readings])
        locators = self._locators(readings)
        found = await self._home.db.read(
            lambda session: self._find(session, readings, keys, locators)
        )
        return self._conclude(readings, found, quorum=keys is not None)

    def _locators(self, readings: tuple[Reading, ...]) -> list[bytes] | None:
        """Return what finds the readings among own reports; None while the vault is locked.

        Asked once: a vault that is opened or closed during a lookup must not be taken for
        searched by one step and for locked by another.
        """
        try:
            return [self._home.vault.locator(reading.identifier) for reading in readings]
        except VaultLockedError:
            return None

    def _find(
        self,
        session: Session,
        readings: tuple[Reading, ...],
        keys: list[Secret] | None,
        locators: list[bytes] | None,
    ) -> _Found:
        """Search one snapshot: what is found and what was searched are of the same instant."""
        generation, now = self._home.generation, self._home.clock.now()
        matches = []
        for reading, z in zip(readings, keys or (), strict=False):
            # Own announcements are own reports, unless the locked vault hides those.
            owner_of = {
                tag_of(z, generation, member.id): member.id
                for member in self._home.roster.members
                if member.id != self._home.id or locators is None
            }
            matches += [
                self._shower.show(hit, z, now).model_copy(
                    update={"candidate": reading.identifier.text}
                )
                for hit in announcements_by_tags(session, list(owner_of))
                if hit.origin == owner_of[hit.tag]  # a copied tag announces nothing
            ]
        matches.sort(key=lambda match: match.association)
        own = self._home.rows.reports_at(session, locators or ())
        gap = self._own_gap(session, locators)
        return _Found(matches, own, gap, self._home.logs(session).mirrors(now))

    def _own_gap(self, session: Session, locators: list[bytes] | None) -> Unsearched | None:
        if locators is None:
            return Unsearched.VAULT_LOCKED
        return Unsearched.DEPOSIT_UNREAD if self._home.rows.unfindable(session) else None

    def _conclude(
        self, readings: tuple[Reading, ...], found: _Found, *, quorum: bool
    ) -> LookupView:
        conclusion = conclude(
            matches=len(found.matches) + len(found.own),
            quorum=quorum,
            mirrors=found.mirrors,
            now=self._home.clock.now(),
            max_silence=self._home.roster.parameters.max_silence,
        )
        verdict, gaps = conclusion.verdict, list(conclusion.gaps)
        if found.own_gap is not None:
            verdict = Verdict.INCOMPLETE
            gaps.append(Gap(self._home.id, found.own_gap))
        return LookupView(
            answer=verdict,
            candidates=tuple(
                CandidateView(
                    kind=reading.identifier.kind,
                    text=reading.identifier.text,
                    region=reading.region,
                )
                for reading in readings
            ),
            matches=tuple(found.matches),
            not_searched=tuple(self._gap(gap) for gap in gaps),
            searched_until=conclusion.searched_until,
            own_reports=tuple(found.own),
        )

    def _gap(self, gap: Gap) -> GapView:
        member = None if gap.member is None else self._home.roster.member(gap.member)
        return GapView(
            member=gap.member, name=None if member is None else member.name, reason=gap.reason
        )
