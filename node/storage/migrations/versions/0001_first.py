"""The first tables: logs and mirrors, reports, accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("password", sa.String(), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name", name="account_name"),
    )
    op.create_table(
        "announcement",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.LargeBinary(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=True),
        sa.Column("tag", sa.LargeBinary(), nullable=True),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("notice_index", sa.Integer(), nullable=True),
        sa.Column("until", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("origin", "index"),
    )
    op.create_index(
        "announcement_tag",
        "announcement",
        ["tag"],
        unique=False,
        sqlite_where=sa.text("tag IS NOT NULL"),
    )
    op.create_index("announcement_until", "announcement", ["until"], unique=False)
    op.create_index(
        "announcement_lost",
        "announcement",
        ["origin"],
        unique=False,
        sqlite_where=sa.text("tag IS NULL AND standing <> 'withdrawn'"),
    )
    op.create_index("announcement_generation", "announcement", ["generation"], unique=False)
    op.create_table(
        "debit",
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("member", "request"),
    )
    op.create_index("debit_day", "debit", ["day"], unique=False)
    op.create_table(
        "entry",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("entry_id", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("origin", "index"),
        sa.UniqueConstraint("origin", "entry_id", name="entry_id_once"),
    )
    op.create_table(
        "log",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("applied", sa.LargeBinary(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=True),
        sa.Column("head_size", sa.Integer(), nullable=False),
        sa.Column("seen_size", sa.Integer(), nullable=False),
        sa.Column("head_time", sa.Integer(), nullable=True),
        sa.Column("quarantined_at", sa.Integer(), nullable=True),
        sa.Column("quarantine", sa.String(), nullable=True),
        sa.Column("evidence", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("origin"),
    )
    op.create_table(
        "nonce",
        sa.Column("caller", sa.String(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "nonce"),
    )
    op.create_index("nonce_expires", "nonce", ["expires"], unique=False)
    op.create_table(
        "piece",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("until", sa.String(), nullable=True),
        sa.Column("gone_by", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("origin", "index", "slot"),
    )
    op.create_index("piece_until", "piece", ["until"], unique=False)
    op.create_table(
        "quota",
        sa.Column("member", sa.String(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("member", "day"),
    )
    op.create_table(
        "report",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("report_status", "report", ["status"], unique=False)
    op.create_table(
        "seen", sa.Column("key", sa.LargeBinary(), nullable=False), sa.PrimaryKeyConstraint("key")
    )
    op.create_table(
        "subject",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("locator", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=True),
        sa.Column("announced", sa.Integer(), nullable=True),
        sa.Column("announced_digest", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("locator", name="subject_locator"),
    )
    op.create_table(
        "tile",
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("origin", "level", "index"),
    )
    op.create_table(
        "approval",
        sa.Column("report", sa.String(), nullable=False),
        sa.Column("who", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["report"], ["report.id"]),
        sa.PrimaryKeyConstraint("report", "who"),
    )
    op.create_table(
        "lookup_day",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"]),
        sa.PrimaryKeyConstraint("account", "day"),
    )
    op.create_table(
        "mention",
        sa.Column("report", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["report"], ["report.id"]),
        sa.ForeignKeyConstraint(["subject"], ["subject.id"]),
        sa.PrimaryKeyConstraint("report", "subject"),
    )
    op.create_index("mention_subject", "mention", ["subject"], unique=False)
    op.create_table(
        "session",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("csrf", sa.String(), nullable=False),
        sa.Column("expires", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"]),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("session_expires", "session", ["expires"], unique=False)
    op.create_table(
        "signin",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("expires", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"]),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "token",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"]),
        sa.PrimaryKeyConstraint("digest"),
    )


def downgrade() -> None:
    # A table takes its indexes with it; those that refer to others go first.
    for table in (
        "token",
        "signin",
        "session",
        "mention",
        "lookup_day",
        "approval",
        "tile",
        "subject",
        "seen",
        "report",
        "quota",
        "piece",
        "nonce",
        "log",
        "entry",
        "debit",
        "announcement",
        "account",
    ):
        op.drop_table(table)
