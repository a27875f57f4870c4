"""What can go wrong with key files."""

from typing import ClassVar

from node.errors import NodeError


class KeyFileError(NodeError):
    """A key file is missing, damaged, or of another version: restore it from the paper copy."""

    code: ClassVar[str] = "key-file"


class WrongPassphraseError(NodeError):
    """The passphrase does not open this file: check the keyboard's layout, then try again."""

    code: ClassVar[str] = "wrong-passphrase"


class WeakPassphraseError(NodeError):
    """The passphrase is too short to withstand whoever steals the disk."""

    code: ClassVar[str] = "weak-passphrase"
