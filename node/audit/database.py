"""A node's database as an outsider opens it: read-only, the node running or stopped.

Plain SQL on purpose: an audit does not use the code that it audits.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Final

from node.errors import NodeError

DATABASE_FILE: Final = "node.db"
_PATIENCE: Final = 10.0


class CopyError(NodeError):
    """A copy of the logs cannot be read from there; the sentence names the place."""

    code: ClassVar[str] = "copy"


@contextmanager
def open_read_only(folder: Path) -> Iterator[sqlite3.Connection]:
    """Yield one consistent snapshot of the database in `folder`; nothing there is changed.

    Raises:
        CopyError: there is no database, or it cannot be read.
    """
    file = folder / DATABASE_FILE
    if not file.is_file():
        raise CopyError(f"There is no node in {folder}: it holds no {DATABASE_FILE}.")
    # A running node keeps a write-ahead log. Without one nobody writes, and SQLite need not make
    # the files by which readers and writers agree.
    running = file.with_name(DATABASE_FILE + "-wal").exists()
    address = f"{file.resolve().as_uri()}?mode=ro{'' if running else '&immutable=1'}"
    try:
        with contextlib.closing(
            sqlite3.connect(address, uri=True, timeout=_PATIENCE, isolation_level=None)
        ) as connection:
            connection.execute("BEGIN")
            yield connection
    except sqlite3.Error as error:
        raise CopyError(f"The database in {folder} cannot be read: {error}.") from None
