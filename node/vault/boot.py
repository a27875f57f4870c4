"""The boot level: keys that the service opens by itself when it starts, from a file.

They let a locked node pull, verify, serve, cosign and erase. They open no report and sign no
announcement: whoever steals them can pose as this node to its peers until the next roster.
"""

from pathlib import Path
from typing import Literal

from crypto.values import SigningSeed
from federation.identity import Identity
from federation.ports import Entropy
from node.vault.files import read_key_file, write_key_file
from protocol.message import AssociationId, Hex32, Message

BOOT_FILE = "boot.json"


class _BootFile(Message):
    v: Literal[1] = 1
    id: AssociationId
    transport: Hex32
    witness: Hex32


def create_boot(folder: Path, association: str, entropy: Entropy) -> Identity:
    """Make fresh boot keys for `association` in `folder`, mode 0600, and return them."""
    content = _BootFile(id=association, transport=entropy(32), witness=entropy(32))
    write_key_file(folder / BOOT_FILE, content)
    return load_boot(folder)


def load_boot(folder: Path) -> Identity:
    """Return this node's identity.

    Raises:
        KeyFileError: no boot file there, or a damaged one.
    """
    content = read_key_file(folder / BOOT_FILE, _BootFile)
    return Identity(content.id, SigningSeed(content.transport), SigningSeed(content.witness))
