"""The database: one transaction at a time for writing, snapshots for reading, durable on return.

Everything that depends on the kind of database is in this file. Here: SQLite, in WAL mode. A commit
is on disk (fsync of the write-ahead log) before `write` returns (P9).

Work runs in threads of its own, whole: an asynchronous driver would hop between threads at every
statement, which costs three times the statement, and would keep the work itself in the event loop.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session

from node.errors import StorageError
from node.storage.migrating import migrate

T = TypeVar("T")

_BUSY_MILLISECONDS = 10_000
_READERS: Final = 4
"""Snapshots read at one time."""

_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA journal_mode = WAL",
    "PRAGMA secure_delete = ON",  # P4: what is deleted is overwritten with zeros
    "PRAGMA synchronous = FULL",  # P9: a commit is an fsync
    "PRAGMA temp_store = MEMORY",  # P4: no temporary file holds rows
    "PRAGMA trusted_schema = OFF",
)

_NO_TRANSACTION = "veilleuse_no_transaction"
"""Execution option of a connection that VACUUM and checkpoints need: without BEGIN."""


class Database:
    """An open database. Build it, `await open()`, and `await close()` at the end.

    Args:
        url: SQLAlchemy URL, `sqlite:///path/to/file`.
        busy_milliseconds: how long a statement waits for another process's transaction.

    Raises:
        StorageError: not a kind of database that this version supports.
    """

    def __init__(self, url: str, busy_milliseconds: int = _BUSY_MILLISECONDS) -> None:
        parsed = make_url(url)
        if parsed.drivername != "sqlite" or parsed.database in {None, "", ":memory:"}:
            raise StorageError("The database must be a SQLite file: sqlite:///path.")
        self._file = Path(parsed.database or "")
        # Readers cannot write, even by mistake. The writer is one connection, and commits in turn.
        pragmas = (f"PRAGMA busy_timeout = {busy_milliseconds}", *_PRAGMAS)
        self._readers = _engine(url, "BEGIN", _READERS, (*pragmas, "PRAGMA query_only = ON"))
        self._writer = _engine(url, "BEGIN IMMEDIATE", 1, pragmas)
        self._reading = ThreadPoolExecutor(_READERS, "database-reader")
        self._writing = ThreadPoolExecutor(1, "database-writer")

    async def open(self) -> None:
        """Create the file if there is none, and bring its tables to this version.

        Raises:
            StorageError: not a database, damaged, or written by a later version.
        """
        try:
            _create_private(self._file)
            await self.upgrade()
            await self.erase_traces()
        except (DatabaseError, OSError) as error:
            await self.close()
            raise StorageError(f"The database cannot be opened: {_reason(error)}.") from None
        except StorageError:
            await self.close()
            raise

    async def close(self) -> None:
        """Let every connection go. A `write` under way is waited for; it is the last."""
        await asyncio.to_thread(self._close)

    async def upgrade(self, revision: str = "head") -> None:
        """Bring the tables to `revision`, up or down, in one transaction.

        Raises:
            StorageError: the tables are of a version that this one does not know.
        """

        def work() -> None:
            with self._writer.begin() as connection:
                migrate(connection, revision)

        await self._in(self._writing, work)

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on a consistent snapshot, in a thread."""

        def snapshot() -> T:
            with Session(self._readers, expire_on_commit=False) as session:
                return work(session)

        return await self._in(self._reading, snapshot)

    async def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one transaction, in a thread; it is on disk when this returns.

        An exception rolls everything back. Writers wait for each other, in their order. Whoever
        is cancelled while waiting does not know whether the transaction happened.
        """

        def transaction() -> T:
            with Session(self._writer, expire_on_commit=False) as session, session.begin():
                return work(session)

        return await self._in(self._writing, transaction)

    async def erase_traces(self) -> bool:
        """Make what was deleted absent from every file of the folder (P4), if anything was.

        Rewrites the file: moved rows leave copies in the unused parts of pages, which no other
        means reaches. Costs about a second for 100 MB, during which writers wait; nothing when no
        transaction has called `mark_erased` since the last time.

        Returns:
            Whether no trace is left. False when another process was reading all the while: call
            again later, the mark stays.
        """

        def work() -> bool:
            with self._writer.connect() as connection:
                plain = connection.execution_options(**{_NO_TRANSACTION: True})
                return _erase_traces(plain)

        return await self._in(self._writing, work)

    async def _in(self, threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(threads, work)

    def _close(self) -> None:
        self._reading.shutdown()
        self._writing.shutdown()
        self._readers.dispose()
        self._writer.dispose()


def mark_erased(session: Session) -> None:
    """Note, in this transaction, that it deletes what no file may keep: see `erase_traces`.

    The mark is as durable as the deletion itself, so a crash between the two forgets neither.
    """
    marks: int = session.connection().exec_driver_sql("PRAGMA user_version").scalar_one()
    session.connection().exec_driver_sql(f"PRAGMA user_version = {marks % 2**30 + 1}")


def _erase_traces(connection: Connection) -> bool:
    marks = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    if not marks:
        return True
    # The copy that VACUUM makes holds only what is kept: a file may hold it, memory may not.
    connection.exec_driver_sql("PRAGMA temp_store = FILE")
    connection.exec_driver_sql("VACUUM")
    connection.exec_driver_sql("PRAGMA temp_store = MEMORY")
    busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    if busy:
        return False
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    # Another process may have deleted more meanwhile.
    erased: bool = connection.exec_driver_sql("PRAGMA user_version").scalar_one() == marks
    if erased:
        connection.exec_driver_sql("PRAGMA user_version = 0")
    connection.exec_driver_sql("COMMIT")
    return erased


def _engine(url: str, begin: str, pool_size: int, pragmas: Sequence[str]) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        hide_parameters=True,  # an error's text must not hold what was being stored
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:  # noqa: ANN401  (the driver's)
        # The driver would start transactions by its own rules; `begin` below does instead.
        connection.isolation_level = None
        try:
            cursor = connection.cursor()
            for pragma in pragmas:
                cursor.execute(pragma)
            cursor.close()
        except sqlite3.Error:
            connection.close()  # nobody else knows of it yet
            raise

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        if _NO_TRANSACTION not in connection.get_execution_options():
            connection.exec_driver_sql(begin)

    return engine


def _create_private(file: Path) -> None:
    """Create the file for its owner only; the write-ahead log takes over its permissions."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))


def _reason(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause) or type(cause).__name__
