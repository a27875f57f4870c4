"""Tables of the association's people: accounts, sessions, tokens, sign-in links."""

from sqlalchemy import Index
from sqlmodel import Field, SQLModel


class AccountRow(SQLModel, table=True):
    """One person of the association."""

    __tablename__ = "account"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    role: str
    """`node.accounts.Role`."""
    password: str | None = None
    """Argon2id in PHC form; null for an account that signs in by link only."""
    disabled: bool = False
    failures: int = 0
    locked_until: int = 0


class SessionRow(SQLModel, table=True):
    """One signed-in browser. The cookie's value is never stored, only its SHA-256."""

    __tablename__ = "session"
    __table_args__ = (Index("session_expires", "expires"),)

    digest: bytes = Field(primary_key=True)
    account: str = Field(foreign_key="account.id")
    csrf: str
    expires: int


class TokenRow(SQLModel, table=True):
    """A bearer token of the JSON API, stored as its SHA-256."""

    __tablename__ = "token"

    digest: bytes = Field(primary_key=True)
    account: str = Field(foreign_key="account.id")
    label: str


class SigninRow(SQLModel, table=True):
    """A single-use sign-in link, stored as the SHA-256 of its secret."""

    __tablename__ = "signin"

    digest: bytes = Field(primary_key=True)
    account: str = Field(foreign_key="account.id")
    expires: int


class LookupDayRow(SQLModel, table=True):
    """How many lookups an account has made on one UTC day; never of what. Kept for that day."""

    __tablename__ = "lookup_day"

    account: str = Field(primary_key=True, foreign_key="account.id")
    day: int = Field(primary_key=True)
    asked: int
