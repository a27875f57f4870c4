import asyncio
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, SQLModel, select

from node.errors import StorageError
from node.storage.account_tables import AccountRow, SessionRow
from node.storage.database import _PRAGMAS, Database, mark_erased
from node.storage.report_tables import SeenRow
from node.system import entropy
from tests.node.conftest import database_at

PROGRAMS = Path(__file__).parent / "programs"


def add(key: bytes, session: Session) -> None:
    session.add(SeenRow(key=key))


def delete_all(session: Session) -> None:
    session.execute(text("DELETE FROM seen"))
    mark_erased(session)


def list_files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def keys(database: Database) -> list[bytes]:
    return await database.read(lambda session: sorted(session.exec(select(SeenRow.key))))


async def test_what_is_written_is_read_after_reopening(tmp_path: Path) -> None:
    first = database_at(tmp_path)
    await first.open()
    await first.write(lambda session: add(b"kept", session))
    await first.close()
    second = database_at(tmp_path)
    await second.open()
    assert await keys(second) == [b"kept"]
    await second.close()


async def test_an_exception_rolls_everything_back(database: Database) -> None:
    def fails(session: Session) -> None:
        add(b"half", session)
        session.flush()
        raise StorageError("stop")

    with pytest.raises(StorageError):
        await database.write(fails)
    assert await keys(database) == []


async def test_a_cancelled_writer_leaves_all_or_nothing_and_blocks_nobody(
    database: Database,
) -> None:
    def slow(session: Session) -> None:
        for number in range(2000):
            session.execute(text("INSERT INTO seen VALUES (:key)"), {"key": b"%d" % number})

    writing = asyncio.create_task(database.write(slow))
    await asyncio.sleep(0.05)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await database.write(lambda session: add(b"next", session))
    assert len(await keys(database)) in {1, 2001}


async def test_a_writer_cancelled_while_it_waits_writes_nothing(database: Database) -> None:
    gate = threading.Event()
    first = asyncio.create_task(database.write(lambda _: gate.wait(10)))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(database.write(lambda session: add(b"never", session)))
    await asyncio.sleep(0.05)
    second.cancel()
    gate.set()
    assert await first
    assert await keys(database) == []


async def test_the_event_loop_goes_on_while_work_runs(database: Database) -> None:
    gate = threading.Event()
    working = asyncio.create_task(database.read(lambda _: gate.wait(10)))
    await asyncio.sleep(0.05)
    gate.set()  # never reached if the work ran in the event loop
    assert await working


async def test_readers_cannot_write(database: Database) -> None:
    def write(session: Session) -> None:
        add(b"sneaked in", session)
        session.flush()

    with pytest.raises(OperationalError):
        await database.read(write)
    assert await keys(database) == []


async def test_a_reader_sees_one_instant(database: Database, tmp_path: Path) -> None:
    await database.write(lambda session: add(b"before", session))
    other = sqlite3.connect(tmp_path / "data" / "node.db", check_same_thread=False)

    def look_twice(session: Session) -> tuple[int, int]:
        first = len(session.exec(select(SeenRow.key)).all())
        with other:
            other.execute("INSERT INTO seen VALUES (x'00')")
        return first, len(session.exec(select(SeenRow.key)).all())

    assert await database.read(look_twice) == (1, 1)
    assert len(await keys(database)) == 2
    other.close()


async def test_readers_run_while_someone_writes(database: Database) -> None:
    await database.write(lambda session: add(b"before", session))
    other = sqlite3.connect(database._file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO seen VALUES (x'00')")
    assert await keys(database) == [b"before"]
    other.execute("ROLLBACK")
    other.close()


async def test_the_connection_is_set_for_durability_and_erasure(database: Database) -> None:
    def pragmas(session: Session) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "secure_delete", "foreign_keys", "temp_store")
        return {
            name: session.connection().exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in names
        }

    expected = {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "foreign_keys": 1,
        "temp_store": 2,
    }
    assert await database.write(pragmas) == expected
    assert await database.read(pragmas) == expected


def test_erasure_does_not_rest_on_how_sqlite_was_built() -> None:
    # Some builds overwrite what is deleted by default, as this machine's may; others do not.
    assert "PRAGMA secure_delete = ON" in _PRAGMAS


async def test_a_writer_holds_the_lock_before_it_first_reads(database: Database) -> None:
    """What it read could otherwise be stale when it writes, and two quotas would be spent."""
    other = sqlite3.connect(
        database._file, isolation_level=None, timeout=0, check_same_thread=False
    )

    def read_only(session: Session) -> None:
        session.exec(select(SeenRow)).all()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")

    await database.write(read_only)
    other.close()


async def test_references_are_enforced(database: Database) -> None:
    with pytest.raises(Exception, match="FOREIGN KEY"):
        await database.write(
            lambda session: session.add(
                SessionRow(digest=b"d", account="nobody", csrf="c", expires=1)
            )
        )


async def test_an_error_does_not_show_what_was_being_stored(database: Database) -> None:
    def insert(session: Session) -> None:
        session.add(AccountRow(id=entropy(4).hex(), name="06 39 98 01 23", role="moderator"))

    await database.write(insert)
    with pytest.raises(Exception, match="UNIQUE") as caught:
        await database.write(insert)
    assert "39 98" not in str(caught.value)


async def test_only_the_owner_reads_the_files(database: Database, tmp_path: Path) -> None:
    await database.write(lambda session: add(b"x", session))
    folder = tmp_path / "data"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert modes == dict.fromkeys(("node.db", "node.db-wal", "node.db-shm"), 0o600)


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite+aiosqlite:///x.db", "postgresql+asyncpg://h/d"]
)
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(StorageError):
        Database(url)


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "node.db").write_bytes(b"not a database at all, " * 50)
    with pytest.raises(StorageError, match="cannot be opened"):
        await database_at(tmp_path).open()


async def test_tables_of_a_later_version_are_refused(tmp_path: Path) -> None:
    first = database_at(tmp_path)
    await first.open()
    await first.write(
        lambda session: session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    )
    await first.close()
    with pytest.raises(StorageError, match="another version"):
        await database_at(tmp_path).open()


async def test_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), SQLModel.metadata))

    with database._writer.connect() as connection:
        assert differences(connection) == []


async def test_migrations_go_down_and_up_with_data(database: Database) -> None:
    def fill(session: Session) -> None:
        session.add(AccountRow(id="a", name="Ana", role="moderator"))
        session.flush()
        session.add(SessionRow(digest=b"d", account="a", csrf="c", expires=1))

    await database.write(fill)
    await database.upgrade("base")
    tables = await database.read(
        lambda session: set(
            session.connection().exec_driver_sql("SELECT name FROM sqlite_master").scalars()
        )
    )
    assert not tables & {table.name for table in SQLModel.metadata.sorted_tables}
    await database.upgrade()
    await database.write(fill)


async def test_deleted_bytes_are_in_no_file(database: Database, tmp_path: Path) -> None:
    """Pitfall 31. Moved rows leave copies in pages; many of them, of sizes that split pages."""
    folder = tmp_path / "data"
    marker = b"erase-me-"

    def found() -> list[str]:
        return [file.name for file in sorted(folder.iterdir()) if marker in file.read_bytes()]

    def fill(session: Session) -> None:
        for number in range(400):
            size = 20 + number * 37 % 1500
            add((marker if number % 3 else b"keep-me--") + b"%06d" % number + b"x" * size, session)

    def delete(session: Session) -> None:
        session.execute(text("DELETE FROM seen WHERE substr(key, 1, 9) = :m"), {"m": marker})
        mark_erased(session)

    await database.write(fill)
    assert found()
    await database.write(delete)
    assert await database.erase_traces()
    assert found() == []
    assert len(await keys(database)) == 134


async def test_an_erasure_that_was_interrupted_is_finished_at_the_next_start(
    tmp_path: Path,
) -> None:
    first = database_at(tmp_path)
    await first.open()
    await first.write(lambda session: add(b"erase-me", session))

    await first.write(delete_all)
    # A copy of the files as they are now is what a power cut leaves.
    copy = tmp_path / "after-the-cut"
    copy.mkdir()
    for name in ("node.db", "node.db-wal"):
        (copy / name).write_bytes((tmp_path / name).read_bytes())
    await first.close()
    assert any(b"erase-me" in file.read_bytes() for file in copy.iterdir())
    second = database_at(copy)
    await second.open()
    assert not any(b"erase-me" in file.read_bytes() for file in copy.iterdir())
    await second.close()


async def test_traces_are_erased_while_others_read(database: Database) -> None:
    await database.write(lambda session: add(b"erase-me", session))
    await database.write(delete_all)
    results = await asyncio.gather(database.erase_traces(), *(keys(database) for _ in range(20)))
    assert results[0] is True
    folder = database._file.parent
    assert not any(b"erase-me" in file.read_bytes() for file in folder.iterdir())


async def test_traces_wait_for_another_process_that_reads(tmp_path: Path) -> None:
    impatient = Database(f"sqlite:///{tmp_path / 'node.db'}", busy_milliseconds=50)
    await impatient.open()
    await impatient.write(lambda session: add(b"erase-me", session))
    reading = sqlite3.connect(tmp_path / "node.db", isolation_level=None)
    reading.execute("BEGIN")
    reading.execute("SELECT count(*) FROM seen").fetchone()
    await impatient.write(delete_all)
    assert not await impatient.erase_traces()
    reading.execute("ROLLBACK")
    reading.close()
    assert await impatient.erase_traces()
    assert not any(b"erase-me" in file.read_bytes() for file in list_files(tmp_path))
    await impatient.close()


async def test_what_another_process_deletes_meanwhile_is_not_forgotten(
    database: Database,
) -> None:
    await database.write(lambda session: add(b"erase-me", session))
    await database.write(delete_all)
    other = sqlite3.connect(database._file, isolation_level=None, check_same_thread=False)

    def delete_more(
        _connection: object, _cursor: object, statement: str, *_arguments: object
    ) -> None:
        if "wal_checkpoint" in statement:
            other.execute("PRAGMA user_version = 77")

    event.listen(database._writer, "after_cursor_execute", delete_more)
    assert not await database.erase_traces()
    event.remove(database._writer, "after_cursor_execute", delete_more)
    other.close()
    assert await database.erase_traces()


def write_until_killed(folder: Path, rows: int) -> list[bytes]:
    """Keys that a subprocess acknowledged before it was killed, while it went on writing."""
    command = [sys.executable, str(PROGRAMS / "write_rows.py"), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        acknowledged = [writer.stdout.readline() for _ in range(rows)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += [line for line in writer.stdout if line.endswith(b"\n")]
    return [line.strip() for line in acknowledged]


@pytest.mark.parametrize("rows", [20, 37, 54])
async def test_every_acknowledged_row_survives_a_kill(tmp_path: Path, rows: int) -> None:
    """P9. The program prints each key once `write` has returned."""
    acknowledged = write_until_killed(tmp_path, rows)
    assert len(acknowledged) >= rows
    survived = database_at(tmp_path)
    await survived.open()
    stored = await keys(survived)
    await survived.close()
    assert set(acknowledged) <= set(stored)
    # At most one more was on its way, and rows are whole.
    assert len(stored) <= len(acknowledged) + 1
    raw = sqlite3.connect(tmp_path / "node.db")
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    raw.close()
