import asyncio
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from federation.errors import QuotaError, ReplayError
from federation.ports import MAX_ANSWERS, Transaction
from node.storage.database import Database
from node.storage.ledger import SqlLedger
from node.storage.requests import KEPT_DAYS, forget_requests, quota_used
from tests.node.conftest import database_at

MEMBER, OTHER = "strass", "cabiria"
PROGRAMS = Path(__file__).parent / "programs"


def debit(
    tx: Transaction,
    *,
    member: str = MEMBER,
    request: bytes = b"r",
    body: bytes = b"b",
    elements: int = 2,
    day: int = 1,
    limit: int = 10,
) -> bool:
    return tx.debit(member, request, body, elements, day, limit)


async def used(database: Database, member: str = MEMBER, day: int = 1) -> int:
    return await database.read(lambda session: quota_used(session, member, day))


async def test_a_nonce_is_good_once(database: Database) -> None:
    ledger = SqlLedger(database)
    await ledger.write(lambda tx: tx.use_nonce(MEMBER, b"n", 100))
    with pytest.raises(ReplayError):
        await ledger.write(lambda tx: tx.use_nonce(MEMBER, b"n", 100))
    await ledger.write(lambda tx: tx.use_nonce(OTHER, b"n", 100))


async def test_a_replay_has_no_other_effect(database: Database) -> None:
    ledger = SqlLedger(database)
    await ledger.write(lambda tx: tx.use_nonce(MEMBER, b"n", 100))

    def again(tx: Transaction) -> None:
        debit(tx)
        tx.use_nonce(MEMBER, b"n", 100)

    with pytest.raises(ReplayError):
        await ledger.write(again)
    assert await used(database) == 0


async def test_one_of_many_at_once_wins_the_nonce(database: Database) -> None:
    second = Database(f"sqlite:///{database._file}")
    await second.open()
    ledgers = [SqlLedger(database), SqlLedger(second)] * 5
    results = await asyncio.gather(
        *(ledger.write(lambda tx: tx.use_nonce(MEMBER, b"n", 100)) for ledger in ledgers),
        return_exceptions=True,
    )
    await second.close()
    assert results.count(None) == 1
    assert sum(isinstance(result, ReplayError) for result in results) == 9


async def test_the_same_request_is_debited_once(database: Database) -> None:
    ledger = SqlLedger(database)
    assert await ledger.write(debit)
    assert not await ledger.write(debit)
    assert await used(database) == 2
    with pytest.raises(ReplayError):
        await ledger.write(partial(debit, body=b"another"))
    # Another member may use the same id.
    assert await ledger.write(partial(debit, member=OTHER))


async def test_the_quota_is_of_one_member_and_one_day(database: Database) -> None:
    ledger = SqlLedger(database)
    await ledger.write(partial(debit, request=b"1", elements=10))
    with pytest.raises(QuotaError):
        await ledger.write(partial(debit, request=b"2", elements=1))
    assert await used(database) == 10
    await ledger.write(partial(debit, request=b"3", day=2, elements=10))
    await ledger.write(partial(debit, member=OTHER, request=b"4", elements=10))


async def test_a_refused_debit_may_be_asked_for_again(database: Database) -> None:
    ledger = SqlLedger(database)
    with pytest.raises(QuotaError):
        await ledger.write(partial(debit, elements=11))
    assert await ledger.write(partial(debit, elements=10))


async def test_one_request_is_answered_three_times_and_no_more(database: Database) -> None:
    ledger = SqlLedger(database)
    granted = [await ledger.write(debit) for _ in range(MAX_ANSWERS)]
    assert granted == [True, False, False]
    for _ in range(2):
        with pytest.raises(QuotaError) as caught:
            await ledger.write(debit)
        assert caught.value.retry_after == 0
    assert await used(database) == 2
    assert await ledger.write(partial(debit, request=b"another"))


async def test_a_debit_survives_a_restart(tmp_path: Path) -> None:
    """Pitfall 12: a crash does not give the quota back."""
    first = database_at(tmp_path)
    await first.open()
    await SqlLedger(first).write(partial(debit, elements=10))
    await first.close()
    second = database_at(tmp_path)
    await second.open()
    with pytest.raises(QuotaError):
        await SqlLedger(second).write(partial(debit, request=b"2", elements=1))
    await second.close()


async def test_what_is_old_is_forgotten(database: Database) -> None:
    ledger = SqlLedger(database)
    await ledger.write(lambda tx: tx.use_nonce(MEMBER, b"old", 99))
    await ledger.write(lambda tx: tx.use_nonce(MEMBER, b"new", 100))
    await ledger.write(debit)
    await ledger.write(partial(debit, request=b"2", day=2))
    await database.write(lambda session: forget_requests(session, 100, KEPT_DAYS + 2))
    assert (await used(database), await used(database, day=2)) == (0, 2)
    await ledger.write(lambda tx: tx.use_nonce(MEMBER, b"old", 200))
    with pytest.raises(ReplayError):
        await ledger.write(lambda tx: tx.use_nonce(MEMBER, b"new", 200))
    with pytest.raises(ReplayError):
        await ledger.write(partial(debit, request=b"2", day=2, body=b"another"))


def run_at_once(folder: Path, names: tuple[str, ...]) -> list[int]:
    """What each of several processes was granted."""
    program = str(PROGRAMS / "debit_elements.py")
    running = [
        subprocess.Popen([sys.executable, program, str(folder), name], stdout=subprocess.PIPE)
        for name in names
    ]
    return [int(process.communicate()[0]) for process in running]


async def test_processes_together_never_exceed_the_limit(tmp_path: Path) -> None:
    prepared = database_at(tmp_path)
    await prepared.open()
    await prepared.close()
    granted = run_at_once(tmp_path, ("one", "two"))
    assert sum(granted) == 99  # 100, in threes
    checked = database_at(tmp_path)
    await checked.open()
    assert await used(checked) == 99
    await checked.close()
