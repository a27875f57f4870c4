"""What a browser, a script or a link shows to be let in: session cookies, tokens, sign-in links.

All three are 32 random bytes in base64url. Only their SHA-256 is stored, so a stolen database lets
nobody in; they have full entropy, so a slow hash would add nothing.
"""

import base64
import hashlib
from dataclasses import dataclass

from sqlmodel import Session, col, delete, select

from federation.ports import Clock, Entropy
from node.accounts import Account, account_of
from node.errors import NotSignedInError, SigninError
from node.storage.account_tables import AccountRow, SessionRow, SigninRow, TokenRow
from node.storage.database import Database

SECRET_BYTES = 32
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Opened:
    """A session just opened: the cookie's value goes to the browser and is kept nowhere."""

    cookie: str
    csrf: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose session it is, and the token that its forms must carry."""

    account: Account
    csrf: str


class Sessions:
    """Opens, finds and closes sessions, tokens and sign-in links."""

    def __init__(self, database: Database, clock: Clock, entropy: Entropy, hours: int) -> None:
        self._database = database
        self._clock = clock
        self._entropy = entropy
        self._seconds = hours * HOUR

    async def open_session(self, account: Account) -> Opened:
        """Open a session for a person who has just proved who they are."""
        opened = Opened(self._secret(), self._secret())
        expires = self._clock.now() + self._seconds

        def insert(session: Session) -> None:
            session.exec(delete(SessionRow).where(col(SessionRow.expires) <= self._clock.now()))
            session.add(
                SessionRow(
                    digest=_digest(opened.cookie),
                    account=account.id,
                    csrf=opened.csrf,
                    expires=expires,
                )
            )

        await self._database.write(insert)
        return opened

    async def session(self, cookie: str) -> SignedIn:
        """Return whose session `cookie` is.

        Raises:
            NotSignedInError: unknown, ended, or of a disabled account.
        """
        now = self._clock.now()

        def find(session: Session) -> SignedIn | None:
            row = session.get(SessionRow, _digest(cookie))
            if row is None or row.expires <= now:
                return None
            account = _enabled(session, row.account)
            return None if account is None else SignedIn(account, row.csrf)

        found = await self._database.read(find)
        if found is None:
            raise NotSignedInError("The session has ended. Sign in again.")
        return found

    async def close_session(self, cookie: str) -> None:
        """End the session of `cookie`, if there is one."""
        await self._database.write(
            lambda session: session.exec(
                delete(SessionRow).where(col(SessionRow.digest) == _digest(cookie))
            )
        )

    async def issue_token(self, account: Account, label: str) -> str:
        """Return a new bearer token of the JSON API, shown once and valid until revoked."""
        token = self._secret()
        await self._database.write(
            lambda session: session.add(
                TokenRow(digest=_digest(token), account=account.id, label=label)
            )
        )
        return token

    async def revoke_tokens(self, account: Account, label: str) -> None:
        """Make the tokens of `account` that carry `label` invalid."""
        await self._database.write(
            lambda session: session.exec(
                delete(TokenRow).where(
                    col(TokenRow.account) == account.id, col(TokenRow.label) == label
                )
            )
        )

    async def account_of_token(self, token: str) -> Account:
        """Return whose token this is.

        Raises:
            NotSignedInError: unknown, revoked, or of a disabled account.
        """

        def find(session: Session) -> Account | None:
            row = session.get(TokenRow, _digest(token))
            return None if row is None else _enabled(session, row.account)

        account = await self._database.read(find)
        if account is None:
            raise NotSignedInError("This token is not valid.")
        return account

    async def issue_signin_link(self, account: Account, seconds: int) -> str:
        """Return the secret of a link that signs `account` in once, within `seconds`."""
        secret = self._secret()
        expires = self._clock.now() + seconds
        await self._database.write(
            lambda session: session.add(
                SigninRow(digest=_digest(secret), account=account.id, expires=expires)
            )
        )
        return secret

    async def use_signin(self, secret: str) -> Account:
        """Return the account of a sign-in link, and make the link invalid.

        Raises:
            SigninError: unknown, used, too old, or of a disabled account.
        """
        now = self._clock.now()

        def use(session: Session) -> Account | None:
            row = session.exec(
                select(SigninRow).where(SigninRow.digest == _digest(secret)).with_for_update()
            ).one_or_none()
            if row is None:
                return None
            session.delete(row)
            return _enabled(session, row.account) if row.expires > now else None

        account = await self._database.write(use)
        if account is None:
            raise SigninError("This sign-in link was already used, or is too old.")
        return account

    def _secret(self) -> str:
        return base64.urlsafe_b64encode(self._entropy(SECRET_BYTES)).rstrip(b"=").decode("ascii")


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _enabled(session: Session, account: str) -> Account | None:
    row = session.get(AccountRow, account)
    return None if row is None or row.disabled else account_of(row)
