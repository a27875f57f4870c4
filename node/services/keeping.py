"""What a node does to its database by itself: expiry, erasing, forgetting. All reconciliation."""

from sqlmodel import Session, col, delete

from node.services.association import Association
from node.services.dates import DAY, month_of
from node.storage.account_tables import SessionRow, SigninRow
from node.storage.erasure import expire
from node.storage.requests import forget_requests


class Keeping:
    """Keeps the database to what may be kept. Needs no unlocking."""

    def __init__(self, home: Association) -> None:
        self._home = home

    async def expire(self) -> int:
        """Erase payloads whose ceiling has passed, in every log held; return how many."""
        month = month_of(self._home.clock.now())
        return await self._home.db.write(lambda session: expire(session, month))

    async def erase_traces(self) -> None:
        """Make what was deleted absent from every file (P4); free when nothing was."""
        await self._home.db.erase_traces()

    async def forget(self) -> None:
        """Delete nonces, debits, sessions and links that no longer matter."""
        await self._home.db.write(self._forget)

    def _forget(self, session: Session) -> None:
        now = self._home.clock.now()
        forget_requests(session, now, now // DAY)
        session.exec(delete(SessionRow).where(col(SessionRow.expires) <= now))
        session.exec(delete(SigninRow).where(col(SigninRow.expires) <= now))
