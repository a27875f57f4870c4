"""Key files: small JSON documents that only the service's user reads, replaced as a whole.

After `write_key_file` returns, the new content is on disk under its final name; after a crash
during it, the old content is, whole.
"""

import os
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from node.vault.errors import KeyFileError
from protocol.message import Message

M = TypeVar("M", bound=Message)

MAX_KEY_FILE = 65_536
"""Bytes. The largest key file of this version is below 1 KiB."""

_PRIVATE_FILE = 0o600
_PRIVATE_FOLDER = 0o700


def write_key_file(path: Path, content: Message) -> None:
    """Put `content` at `path`, mode 0600, durably: file and folder are both flushed to disk."""
    write_private(path, content.encode() + b"\n")


def write_private(path: Path, content: bytes) -> None:
    """Put these bytes at `path`, mode 0600, whole or not at all, durably."""
    path.parent.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_key_file(path: Path, shape: type[M]) -> M:
    """Return the document of `shape` at `path`.

    Raises:
        KeyFileError: not there, not readable, too large, or not of that shape. The text names
            the file and never its content.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_KEY_FILE + 1)
        if len(content) > MAX_KEY_FILE:
            raise KeyFileError(f"The key file {path.name} is too large to be one.")
        return shape.model_validate_json(content)
    except OSError as error:
        raise KeyFileError(f"The key file {path.name} cannot be read: {error.strerror}.") from None
    except ValidationError:
        raise KeyFileError(f"The key file {path.name} is damaged.") from None
