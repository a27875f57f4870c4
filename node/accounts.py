"""The association's people: accounts, and checking that a password is theirs.

What a signed-in browser, an API token or a sign-in link carries is in node/sessions.py.
"""

import asyncio
from dataclasses import dataclass

from sqlmodel import Session, col, select

from federation.ports import Clock, Entropy
from node.errors import (
    InvalidError,
    NameTakenError,
    NotFoundError,
    PermissionDeniedError,
    SigninError,
    ThrottledError,
)
from node.passwords import HashCost, hash_password, password_matches
from node.permissions import PERMISSIONS, Permission, Role
from node.storage.account_tables import AccountRow, SessionRow, SigninRow, TokenRow
from node.storage.database import Database

FREE_FAILURES = 5
"""Wrong passwords in a row that cost nothing: people mistype."""

FIRST_WAIT = 30
"""Seconds after one more; doubles with each further one."""

LONGEST_WAIT = 3600
"""Seconds. An aggressor who knows a name must not be able to keep its owner out for long."""

_ID_BYTES = 16
_MAX_NAME = 64


@dataclass(frozen=True, slots=True)
class Account:
    """One person who may sign in."""

    id: str
    """16 random bytes, hexadecimal. Reports name their author by it."""
    name: str
    role: Role

    def allows(self, permission: Permission) -> bool:
        """Return whether this account's role has `permission`."""
        return permission in PERMISSIONS[self.role]

    def require(self, permission: Permission) -> None:
        """Return if this account's role has `permission`.

        Raises:
            PermissionDeniedError: it has not.
        """
        if not self.allows(permission):
            raise PermissionDeniedError(f"The role {self.role} may not do this ({permission}).")


class Accounts:
    """Creates, finds and checks accounts. Throttling is stored: a restart does not reset it."""

    def __init__(
        self, database: Database, clock: Clock, entropy: Entropy, cost: HashCost | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._cost = cost or HashCost()
        self._decoy: str | None = None

    async def create_account(self, name: str, role: Role, password: str | None = None) -> Account:
        """Create an account; without a password it signs in by link only.

        Raises:
            InvalidError: the name is empty or longer than 64 characters, or the password is short.
            NameTakenError: another account has this name.
        """
        name = _clean_name(name)
        hashed = None if password is None else await self._hash(password)
        account = Account(self._entropy(_ID_BYTES).hex(), name, role)

        def insert(session: Session) -> None:
            if _row_named(session, name) is not None:
                raise NameTakenError("Another account has this name.")
            session.add(AccountRow(id=account.id, name=name, role=role, password=hashed))

        await self._database.write(insert)
        return account

    async def accounts(self) -> list[Account]:
        """Return all accounts that may sign in, by name."""
        return await self._database.read(
            lambda session: [
                account_of(row)
                for row in session.exec(select(AccountRow).order_by(col(AccountRow.name)))
                if not row.disabled
            ]
        )

    async def account_named(self, name: str) -> Account:
        """Return the account called `name`.

        Raises:
            NotFoundError: there is none, or it is disabled.
        """
        row = await self._database.read(lambda session: _row_named(session, _clean_name(name)))
        if row is None or row.disabled:
            raise NotFoundError("No account has this name.")
        return account_of(row)

    async def set_password(self, account: Account, password: str) -> None:
        """Give `account` another password, and end its sessions.

        Raises:
            InvalidError: too short or too long.
            NotFoundError: the account is gone.
        """
        hashed = await self._hash(password)

        def change(session: Session) -> None:
            row = _existing(session, account)
            row.password, row.failures, row.locked_until = hashed, 0, 0
            _delete_all(session, account.id, keep_tokens=True)

        await self._database.write(change)

    async def disable(self, account: Account) -> None:
        """Let `account` sign in no more; ends its sessions, tokens and links. Its reports stay.

        Raises:
            NotFoundError: the account is gone.
        """

        def change(session: Session) -> None:
            _existing(session, account).disabled = True
            _delete_all(session, account.id, keep_tokens=False)

        await self._database.write(change)

    async def check_password(self, name: str, password: str) -> Account:
        """Return the account that `name` and `password` belong to.

        Takes the same work for a name that does not exist. The attempt is counted, durably, before
        the password is looked at: attempts sent all at once are counted too.

        Raises:
            SigninError: no such account, or another password.
            ThrottledError: too many wrong passwords before this one.
        """
        try:
            name = _clean_name(name)
        except InvalidError:
            raise _signin_error() from None
        row = await self._database.write(lambda session: self._count_attempt(session, name))
        hashed = row.password if row is not None and not row.disabled else None
        matches = await self._matches(hashed, password)
        if row is None or not matches:
            raise _signin_error()
        await self._database.write(lambda session: _forgive(session, row.id))
        return account_of(row)

    def _count_attempt(self, session: Session, name: str) -> AccountRow | None:
        row = _row_named(session, name)
        if row is None:
            return None
        now = self._clock.now()
        if row.locked_until > now:
            raise ThrottledError(row.locked_until - now)
        row.failures += 1
        beyond = row.failures - FREE_FAILURES
        if beyond > 0:
            row.locked_until = now + min(FIRST_WAIT << min(beyond - 1, 16), LONGEST_WAIT)
        session.flush()
        return row

    async def _matches(self, hashed: str | None, password: str) -> bool:
        if hashed is None:
            if self._decoy is None:
                self._decoy = await self._hash(self._entropy(_ID_BYTES).hex())
            await asyncio.to_thread(password_matches, self._decoy, password)
            return False
        return await asyncio.to_thread(password_matches, hashed, password)

    async def _hash(self, password: str) -> str:
        return await asyncio.to_thread(hash_password, password, self._cost)


def account_of(row: AccountRow) -> Account:
    """Return the account in `row`."""
    return Account(row.id, row.name, Role(row.role))


def _clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > _MAX_NAME or not name.isprintable():
        raise InvalidError({"name": "name"})
    return name


def _row_named(session: Session, name: str) -> AccountRow | None:
    return session.exec(select(AccountRow).where(AccountRow.name == name)).one_or_none()


def _existing(session: Session, account: Account) -> AccountRow:
    row = session.get(AccountRow, account.id)
    if row is None:
        raise NotFoundError("This account is gone.")
    return row


def _forgive(session: Session, account: str) -> None:
    row = session.get(AccountRow, account)
    if row is not None:
        row.failures, row.locked_until = 0, 0


def _delete_all(session: Session, account: str, *, keep_tokens: bool) -> None:
    for table in (SessionRow, SigninRow) if keep_tokens else (SessionRow, SigninRow, TokenRow):
        for row in session.exec(select(table).where(table.account == account)):
            session.delete(row)


def _signin_error() -> SigninError:
    return SigninError("The name and the password do not go together.")
