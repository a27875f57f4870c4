"""Tables of the logs: this node's own and its mirrors of all others, under one shape.

`raw`, `payload` and `salt` are the truth, byte for byte as signed or received; every other column
is an index that can be rebuilt from them.
"""

from typing import Final

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel


class LogRow(SQLModel, table=True):
    """How far one log is held: `federation.ports.Position`."""

    __tablename__ = "log"

    origin: str = Field(primary_key=True)
    applied: bytes
    """A serialized `protocol.merkle.CompactRange`."""
    head: bytes | None = None
    head_size: int = 0
    seen_size: int = 0
    """Entries under the largest verified head, whose entries may not have come yet."""
    head_time: int | None = None
    quarantined_at: int | None = None
    quarantine: str | None = None
    evidence: bytes | None = None


class EntryRow(SQLModel, table=True):
    """One log entry, as it was hashed."""

    __tablename__ = "entry"
    __table_args__ = (UniqueConstraint("origin", "entry_id"),)

    origin: str = Field(primary_key=True)
    index: int = Field(primary_key=True)
    raw: bytes
    entry_id: bytes | None = None
    """16 bytes; null for a kind that this version does not know."""


class PieceRow(SQLModel, table=True):
    """One payload beside an entry: held (`salt`, `payload`), or gone (both null).

    A null payload without `gone_by` has expired under its own ceiling.
    """

    __tablename__ = "piece"
    __table_args__ = (Index("piece_until", "until"),)

    origin: str = Field(primary_key=True)
    index: int = Field(primary_key=True)
    slot: str = Field(primary_key=True)
    salt: bytes | None = None
    payload: bytes | None = None
    until: str | None = None
    """The month to which it is kept, `YYYY-MM`; null for a code, which is never erased."""
    gone_by: int | None = None


LOST: Final = text("tag IS NULL AND standing <> 'withdrawn'")
"""True of an announcement that matches nothing and was not withdrawn. Written out, because an
index is used only where the query repeats its condition."""


class AnnouncementRow(SQLModel, table=True):
    """The fold's state: one row an announcement; `tag` is null once it no longer matches."""

    __tablename__ = "announcement"
    __table_args__ = (
        Index("announcement_tag", "tag", sqlite_where=text("tag IS NOT NULL")),
        Index("announcement_until", "until"),
        # Every lookup counts what cannot be searched: rows that are few, among all there are.
        Index("announcement_lost", "origin", sqlite_where=LOST),
        Index("announcement_generation", "generation"),
    )

    origin: str = Field(primary_key=True)
    index: int = Field(primary_key=True)
    entry_id: bytes
    generation: int | None = None
    tag: bytes | None = None
    standing: str
    notice_index: int | None = None
    """Entry whose payload holds the current notice (the announcement itself, or an amendment)."""
    until: str | None = None
    """The month to which it is kept, `YYYY-MM`: the latest that it or an amendment asked for.
    Stays when `tag` goes, to tell an announcement whose time was up from one that was lost. Null
    where it was never known, and once withdrawn."""


class TileRow(SQLModel, table=True):
    """A C2SP hash tile: up to 256 hashes of 32 bytes; the last one of a level is partial."""

    __tablename__ = "tile"

    origin: str = Field(primary_key=True)
    level: int = Field(primary_key=True)
    index: int = Field(primary_key=True)
    hashes: bytes


class NonceRow(SQLModel, table=True):
    """A nonce that a caller has used; kept until it could no longer be replayed."""

    __tablename__ = "nonce"
    __table_args__ = (Index("nonce_expires", "expires"),)

    caller: str = Field(primary_key=True)
    nonce: bytes = Field(primary_key=True)
    expires: int


class QuotaRow(SQLModel, table=True):
    """Elements that this custodian has evaluated for a member on one UTC day."""

    __tablename__ = "quota"

    member: str = Field(primary_key=True)
    day: int = Field(primary_key=True)
    used: int


class DebitRow(SQLModel, table=True):
    """An evaluation request that was debited: sent again, it is answered without a second debit."""

    __tablename__ = "debit"
    __table_args__ = (Index("debit_day", "day"),)

    member: str = Field(primary_key=True)
    request: bytes = Field(primary_key=True)
    body_hash: bytes
    day: int
    answers: int
    """How often it was answered: again costs no quota, but does cost this node its work."""
