"""The network as this node sees it: who is heard from, what is locked, what would be missing."""

from collections.abc import Mapping

from sqlmodel import Session, select

from federation.puller import PullResult
from node.accounts import Account
from node.errors import NotFoundError
from node.permissions import Permission
from node.services.association import Association
from node.services.dates import DAY
from node.services.evaluating import Evaluator
from node.services.views import LockState, MemberView, NetworkView, PullView
from node.storage.log_tables import QuotaRow
from node.storage.logs import lift_quarantine
from node.vault.custody import Custody
from protocol.answer import MirrorStatus, gap_of
from protocol.roster import Member


class Network:
    """Status of every member, of the mirrors, and of this node's own locks.

    Args:
        home: of this node.
        custody: for its state.
        evaluator: for what was wrong with custodians.
        pulls: how the last pull of each member ended; read anew each time.
    """

    def __init__(
        self,
        home: Association,
        custody: Custody,
        evaluator: Evaluator,
        pulls: Mapping[str, PullResult],
    ) -> None:
        self._home = home
        self._custody = custody
        self._evaluator = evaluator
        self._pulls = pulls

    async def status(self, account: Account) -> NetworkView:
        """Return the present state.

        Raises:
            PermissionDeniedError: the role does not see it.
        """
        account.require(Permission.NETWORK_READ)
        return await self._home.db.read(self._status)

    async def lift(self, account: Account, member: str) -> str | None:
        """Have a member's log read again from where it was stopped; return the code that did.

        The evidence is forgotten: whoever calls this has judged it, and talked with the people
        there. A log that still shows the fault is stopped again by the next pull.

        Raises:
            PermissionDeniedError: the role may not.
            NotFoundError: no such member.
        """
        account.require(Permission.NETWORK_LIFT)
        if self._home.roster.member(member) is None:
            raise NotFoundError("There is no member under this id.")

        def work(session: Session) -> str | None:
            code = self._home.logs(session).position(member).quarantine
            if code is not None:
                lift_quarantine(session, member)
            return code

        return await self._home.db.write(work)

    def _status(self, session: Session) -> NetworkView:
        now = self._home.clock.now()
        tx = self._home.logs(session)
        mirrors = {status.member: status for status in tx.mirrors(now)}
        asked = {
            row.member: row.used
            for row in session.exec(select(QuotaRow).where(QuotaRow.day == now // DAY))
        }
        own = tx.position(self._home.id)
        mirrors[self._home.id] = MirrorStatus(
            member=self._home.id,
            head_time=None if own.head is None else now,
            applied=own.applied.size,
            known_size=own.head_size,
            missing=0,
            quarantine=own.quarantine,
        )
        members = tuple(
            self._member(member, mirrors[member.id], asked.get(member.id, 0), now)
            for member in self._home.roster.members
        )
        me = next(member for member in members if member.own)
        opened = self._home.vault.is_open
        return NetworkView(
            network=self._home.roster.facts.network,
            member=self._home.id,
            name=me.name,
            now=now,
            threshold=self._home.roster.epoch.threshold,
            custodians=len(self._home.roster.epoch.indices),
            quota_daily=self._home.roster.parameters.quota_daily,
            max_silence=self._home.roster.parameters.max_silence,
            boot="open",
            custody=self._custody_state(),
            vault="open" if opened else "locked",
            members=members,
            complete=opened
            and not self._home.rows.unfindable(session)
            and all(member.own or member.not_searched is None for member in members),
        )

    def _member(self, member: Member, status: MirrorStatus, asked: int, now: int) -> MemberView:
        own, faults = member.id == self._home.id, self._evaluator.faults
        gap = None if own else gap_of(status, now, self._home.roster.parameters.max_silence)
        return MemberView(
            id=member.id,
            name=member.name,
            url=member.url,
            contact=member.contact,
            own=own,
            custodian=member.custodian is not None,
            head_time=status.head_time,
            entries=status.applied,
            lag=max(0, status.known_size - status.applied),
            missing=status.missing,
            quarantine=status.quarantine,
            not_searched=None if gap is None else gap.reason,
            fault=None if member.custodian is None else faults.get(member.custodian),
            pulled=self._pulled(member.id),
            asked_today=asked,
        )

    def _pulled(self, member: str) -> PullView | None:
        last = self._pulls.get(member)
        if last is None:
            return None
        return PullView(at=last.at, error=last.error, refusal=last.problem)

    def _custody_state(self) -> LockState:
        if self._custody.is_open:
            return "open"
        return "locked" if self._custody.is_custodian else "none"
