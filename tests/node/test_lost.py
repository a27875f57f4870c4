"""Payloads that should be held and are not, as rows."""

from federation.ports import Stored
from federation.recovering import recover_batch
from node.storage.announcements import announcements_by_tags
from node.storage.database import Database
from node.storage.erasure import expire
from node.storage.ledger import SqlLedger
from protocol.fold import Standing
from protocol.payload import Expired, Gone, Piece
from tests.node.invariants import check_invariants
from tests.node.log_entries import CEILING, Author, apply

A, TAG, OTHER_TAG = "cabiria", b"\x01" * 32, b"\x02" * 32
NOW = 1_795_000_000


async def append(database: Database, *rows: Stored) -> None:
    await SqlLedger(database).write(lambda tx: apply(tx, A, rows))
    await database.read(check_invariants)


async def lost(database: Database, after: int = 0, most: int = 9, now: int = NOW) -> list[int]:
    return await SqlLedger(database).read(lambda tx: tx.lost(A, after, most, now))


async def recover(database: Database, start: int, *rows: tuple[Piece, ...]) -> None:
    await SqlLedger(database).write(lambda tx: recover_batch(tx, A, start, rows, CEILING))
    await database.read(check_invariants)


async def missing(database: Database) -> int:
    (status,) = await SqlLedger(database, {A}).read(lambda tx: tx.mirrors(NOW))
    return status.missing


async def test_an_announcement_that_comes_late_is_found(database: Database) -> None:
    author = Author(A)
    rows = [author.announce(TAG), author.announce(OTHER_TAG), author.dispute(1)]
    bare = [Stored(rows[0].raw, (Expired(),)), Stored(rows[1].raw, (Gone(9),))]
    await append(database, *bare, rows[2])
    assert await lost(database) == [0, 1]
    assert await lost(database, after=1) == [1]
    assert await lost(database, most=1) == [0]
    await recover(database, 0, (Expired(),), rows[1].pieces)
    assert await lost(database) == [0]
    assert await missing(database) == 1
    await recover(database, 0, rows[0].pieces)
    assert (await lost(database), await missing(database)) == ([], 0)
    hits = await database.read(lambda session: announcements_by_tags(session, [TAG, OTHER_TAG]))
    assert [(hit.index, hit.standing) for hit in hits] == [
        (0, Standing.LIVE),
        (1, Standing.DISPUTED),
    ]
    assert all(hit.notice is not None and hit.until == "2031-10" for hit in hits)


async def test_what_a_wrong_clock_erased_comes_back_with_the_notice_that_stands(
    database: Database,
) -> None:
    author = Author(A)
    rows = [author.announce(TAG, until="2030-01"), author.amend(0, until="2031-09")]
    await append(database, *rows)
    (before,) = await database.read(lambda session: announcements_by_tags(session, [TAG]))
    await database.write(lambda session: expire(session, "2040-01"))
    assert await missing(database) == 1
    assert await lost(database) == [0, 1]
    # In that wrong year nothing was lost: its time was up.
    assert await lost(database, now=NOW + 20 * 366 * 86_400) == []
    await recover(database, 0, *(row.pieces for row in rows))
    (after,) = await database.read(lambda session: announcements_by_tags(session, [TAG]))
    assert after == before
    assert (await lost(database), await missing(database)) == ([], 0)
    # And it goes again when its time is really up.
    await database.write(lambda session: expire(session, "2031-10"))
    assert await database.read(lambda session: announcements_by_tags(session, [TAG])) == []


async def test_what_was_withdrawn_is_not_lost(database: Database) -> None:
    author = Author(A)
    row = author.announce(TAG)
    await append(database, Stored(row.raw, (Gone(1),)), author.withdraw(0))
    assert await lost(database) == []
    await recover(database, 0, row.pieces)
    assert await database.read(lambda session: announcements_by_tags(session, [TAG])) == []
