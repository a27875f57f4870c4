"""How many lookups one account may make in a day.

The association's quota at the custodians is shared: whoever steals one person's token could use it
up, or test numbers until it is. Counted before anything is asked, whatever was asked.
"""

from sqlmodel import Session, col, delete

from node.accounts import Account
from node.errors import LookupLimitError
from node.services.association import Association
from node.services.dates import DAY
from node.storage.account_tables import LookupDayRow


class Allowance:
    """Counts lookups by account and UTC day, durably; keeps no other day than today."""

    def __init__(self, home: Association, daily: int) -> None:
        self._home = home
        self._daily = daily

    async def spend(self, account: Account) -> None:
        """Take one lookup of today's.

        Raises:
            LookupLimitError: this account has made them all.
        """
        now = self._home.clock.now()
        await self._home.db.write(lambda session: self._spend(session, account.id, now))

    def _spend(self, session: Session, account: str, now: int) -> None:
        today = now // DAY
        session.exec(delete(LookupDayRow).where(col(LookupDayRow.day) < today))
        row = session.get(LookupDayRow, (account, today), with_for_update=True)
        if row is None:
            row = LookupDayRow(account=account, day=today, asked=0)
        if row.asked >= self._daily:
            raise LookupLimitError(DAY - now % DAY)
        row.asked += 1
        session.add(row)
