"""What a node's database really holds of the announcements: raw rows, read from its own file."""

from dataclasses import dataclass
from pathlib import Path

from node.audit.database import open_read_only
from node.audit.folders import holder_of


@dataclass(frozen=True, slots=True)
class Row:
    """One announcement as it lies in one node's database."""

    origin: str
    index: int
    standing: str
    entry: bytes
    """The log entry: a commitment, and nothing about a person."""
    tag: bytes | None
    payload: bytes | None
    """What lies beside the entry: the tag and the sealed notice, until it is erased."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One node's rows, and how many bytes of its own reports it keeps sealed."""

    holder: str
    rows: tuple[Row, ...]
    reports: int
    sealed: bytes | None
    """The newest own report, as it is stored."""


def holding_of(folder: Path) -> Holding:
    """Return what the node in `folder` holds at this moment.

    Raises:
        CopyError: it cannot be read.
    """
    with open_read_only(folder) as database:
        rows = database.execute(
            'SELECT a.origin, a."index", a.standing, e.raw, a.tag, p.payload '
            "FROM announcement a "
            'JOIN entry e ON e.origin = a.origin AND e."index" = a."index" '
            'LEFT JOIN piece p ON p.origin = a.origin AND p."index" = a."index" '
            "AND p.slot = 'c' ORDER BY a.origin, a.\"index\""
        ).fetchall()
        reports = database.execute(
            "SELECT sealed FROM report WHERE sealed IS NOT NULL ORDER BY rowid"
        ).fetchall()
    sealed = reports[-1][0] if reports else None
    return Holding(holder_of(folder), tuple(Row(*row) for row in rows), len(reports), sealed)


def held_bytes(folder: Path) -> list[bytes]:
    """Return every tag, and every salt and payload that a withdrawal has to erase."""
    with open_read_only(folder) as database:
        found = database.execute(
            "SELECT salt, payload FROM piece WHERE payload IS NOT NULL AND until IS NOT NULL"
        ).fetchall()
        tags = database.execute("SELECT tag FROM announcement WHERE tag IS NOT NULL").fetchall()
    return [value for row in (*found, *tags) for value in row]


def tags_in(folder: Path) -> dict[str, list[bytes]]:
    """Return the tags on one node's disk, by announcing association."""
    tags: dict[str, list[bytes]] = {}
    with open_read_only(folder) as database:
        for origin, tag in database.execute(
            "SELECT origin, tag FROM announcement WHERE tag IS NOT NULL"
        ):
            tags.setdefault(origin, []).append(tag)
    return tags
