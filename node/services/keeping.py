"""What a node does to its database by itself: expiry, erasing, forgetting. All reconciliation."""

from sqlmodel import Session, col, delete

from node.services.association import Association
from node.services.dates import DAY, month_of
from node.services.publish import Publisher
from node.services.retention import retire
from node.storage.account_tables import SessionRow, SigninRow
from node.storage.erasure import expire
from node.storage.logs import newest_head_time
from node.storage.requests import forget_requests


class Keeping:
    """Keeps the database to what may be kept. Only own reports need the vault open."""

    def __init__(self, home: Association, publisher: Publisher) -> None:
        self._home = home
        self._publisher = publisher

    async def expire(self) -> int:
        """Erase what was kept long enough; return how many payloads and own reports.

        Does nothing while no other member's clock confirms ours: what a wrong one erases is gone
        for good, and nobody would say that it was not searched (P7).
        """
        erased = await self._home.db.write(self._expire)
        if self._home.vault.is_open:
            await self._publisher.append()
        return erased

    async def erase_traces(self) -> None:
        """Make what was deleted absent from every file (P4); free when nothing was."""
        await self._home.db.erase_traces()

    async def forget(self) -> None:
        """Delete nonces, debits, sessions and links that no longer matter."""
        await self._home.db.write(self._forget)

    def _expire(self, session: Session) -> int:
        now, parameters = self._home.clock.now(), self._home.roster.parameters
        if not self._is_confirmed(session, now, parameters.max_silence):
            return 0
        erased = expire(session, month_of(now))
        if self._home.vault.is_open:
            erased += retire(session, self._home.rows, now, parameters.retention_months)
        return erased

    def _is_confirmed(self, session: Session, now: int, max_silence: int) -> bool:
        """Return whether a peer signed a head lately, by our clock; a network of one has none."""
        if not self._home.others:
            return True
        newest = newest_head_time(session, self._home.others)
        return newest is not None and abs(now - newest) <= max_silence

    def _forget(self, session: Session) -> None:
        now = self._home.clock.now()
        forget_requests(session, now, now // DAY)
        session.exec(delete(SessionRow).where(col(SessionRow.expires) <= now))
        session.exec(delete(SigninRow).where(col(SigninRow.expires) <= now))
