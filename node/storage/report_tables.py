"""Tables of the association's own reports. What a worker said is sealed; see node/vault.

In clear: identifiers made by the node, states, and days. Sealed under keys that are in memory only
while the vault is open: identifiers, narrative, codes, who reported, which announcement of another
association concerns the same person.
"""

from sqlalchemy import Index
from sqlmodel import Field, SQLModel


class ReportRow(SQLModel, table=True):
    """One report. Erasing `wrapped_key` makes `sealed` unreadable for good."""

    __tablename__ = "report"
    __table_args__ = (Index("report_status", "status"),)

    id: str = Field(primary_key=True)
    """16 random bytes, hexadecimal."""
    status: str
    """`node.services.model.Status`."""
    created: int
    """Unix seconds, rounded down to the day."""
    wrapped_key: bytes | None
    """The report's data key, sealed under the vault key; null once withdrawn or refused."""
    sealed: bytes | None
    """`node.services.model.ReportContent`, sealed under the data key."""


class ApprovalRow(SQLModel, table=True):
    """One person's approval of a report that waits or stands; it ends with the report.

    Who approved what would name the few who could have reported it, so no account is in clear.
    """

    __tablename__ = "approval"

    report: str = Field(primary_key=True, foreign_key="report.id")
    who: bytes = Field(primary_key=True)
    """HMAC of report and account under a vault key: one approval a person. 32 bytes."""
    sealed: bytes
    """`node.services.model.ApprovalContent`, sealed under the report's data key."""


class SubjectRow(SQLModel, table=True):
    """One identifier that this association's reports name, and what was announced about it."""

    __tablename__ = "subject"

    id: str = Field(primary_key=True)
    locator: bytes = Field(unique=True)
    """HMAC of the identifier under a vault key: finds it while the vault is open, tests nothing
    once it is closed. 32 bytes."""
    wrapped_key: bytes
    sealed: bytes
    """`node.services.model.SubjectContent`: the identifier, and Z once evaluated."""
    generation: int | None = None
    """Generation of the Z inside `sealed`; null until evaluated."""
    announced: int | None = None
    """Index of the live announcement in this node's own log; null if there is none."""
    announced_digest: bytes | None = None
    """HMAC under a vault key of the notice announced: tells whether it is still the right one."""


class MentionRow(SQLModel, table=True):
    """Which report names which identifier."""

    __tablename__ = "mention"
    __table_args__ = (Index("mention_subject", "subject"),)

    report: str = Field(primary_key=True, foreign_key="report.id")
    subject: str = Field(primary_key=True, foreign_key="subject.id")


class SeenRow(SQLModel, table=True):
    """A match that a person has acknowledged; `key` is an HMAC under a vault key."""

    __tablename__ = "seen"

    key: bytes = Field(primary_key=True)
