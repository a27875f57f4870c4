"""Copies of logs from a node's data folder: of a running node, a stopped one, or a backup."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from pydantic import ConfigDict

from node.audit.database import CopyError, open_read_only
from node.roster_file import load_roster
from protocol.audit import Copy
from protocol.entries import parse_entry
from protocol.errors import PeerError
from protocol.message import AssociationId, Message
from protocol.payload import Expired, Gone, Opening, Piece, slots_of
from protocol.roster import Roster

CARD_FILE = "card.json"


class _Named(Message):
    """The one field of a card that says whose folder it lies in."""

    model_config = ConfigDict(extra="ignore")

    id: AssociationId


def roster_of(folders: Sequence[Path]) -> Roster:
    """Return the roster that all `folders` agree on.

    Raises:
        NotJoinedError, RosterError: a folder's roster is absent or does not verify.
        CopyError: the folders are of two networks.
    """
    rosters = [load_roster(folder) for folder in folders]
    for folder, roster in zip(folders, rosters, strict=True):
        if roster.network_id != rosters[0].network_id:
            raise CopyError(f"{folders[0]} and {folder} are nodes of two different networks.")
    return rosters[0]


def read_folder(folder: Path) -> list[Copy]:
    """Return the copy of every log that the node in `folder` keeps, payloads included.

    Raises:
        CopyError: there is no database, or it cannot be read.
    """
    holder = holder_of(folder)
    with open_read_only(folder) as database:
        heads = database.execute("SELECT origin, head FROM log ORDER BY origin").fetchall()
        return [_copy(database, holder, origin, head) for origin, head in heads]


def holder_of(folder: Path) -> str:
    """Return the association whose node's folder this is, by its card; else the folder's name."""
    try:
        return _Named.model_validate_json((folder / CARD_FILE).read_bytes()).id
    except (OSError, ValueError):
        return folder.resolve().name


def _copy(database: sqlite3.Connection, holder: str, origin: str, head: bytes | None) -> Copy:
    rows = database.execute(
        'SELECT "index", raw FROM entry WHERE origin = ? ORDER BY "index"', (origin,)
    ).fetchall()
    # A gap would shift every later entry: the log ends where its first entry is missing.
    entries = [raw for place, (index, raw) in enumerate(rows) if index == place]
    held: dict[tuple[int, str], Piece] = {
        (index, slot): _piece(salt, payload, gone_by)
        for index, slot, salt, payload, gone_by in database.execute(
            'SELECT "index", slot, salt, payload, gone_by FROM piece WHERE origin = ?', (origin,)
        )
    }
    pieces = [_pieces(held, index, raw) for index, raw in enumerate(entries)]
    return Copy(holder, origin, head, entries, pieces)


def _pieces(held: dict[tuple[int, str], Piece], index: int, raw: bytes) -> tuple[Piece, ...]:
    """Return what is held beside one entry, in its own order; shorter where rows are missing."""
    try:
        slots = [slot.value for slot, _, _ in slots_of(parse_entry(raw))]
    except PeerError:
        return ()  # the audit reads the entry itself and says what is wrong with it
    return tuple(held[index, slot] for slot in slots if (index, slot) in held)


def _piece(salt: bytes | None, payload: bytes | None, gone_by: int | None) -> Piece:
    if salt is not None and payload is not None:
        return Opening(salt, payload)
    return Expired() if gone_by is None else Gone(gone_by)
