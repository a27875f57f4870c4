"""The roster on disk: the genesis that this node joined, verified anew at every start."""

from pathlib import Path
from typing import ClassVar

from node.errors import NodeError
from node.vault.files import write_private
from protocol.roster import MAX_ROSTER_SIZE, Roster, verify_genesis

ROSTER_FILE = "roster.json"
KEYS_FOLDER = "keys"


class NotJoinedError(NodeError):
    """This node has keys but no network yet: its association founds or joins one first."""

    code: ClassVar[str] = "not-joined"


def write_roster(data: Path, raw: bytes) -> None:
    """Put a verified roster's bytes into the data folder, durably."""
    write_private(data / ROSTER_FILE, raw)


def load_roster(data: Path) -> Roster:
    """Return the roster of the data folder.

    Raises:
        NotJoinedError: there is none.
        RosterError: it does not verify.
    """
    try:
        with (data / ROSTER_FILE).open("rb") as file:
            raw = file.read(MAX_ROSTER_SIZE + 1)
    except FileNotFoundError:
        raise NotJoinedError(
            "This node has not joined a network yet: there is no roster.json in its data folder."
        ) from None
    return verify_genesis(raw)
