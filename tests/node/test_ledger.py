from functools import partial

import pytest

from federation.errors import MovedError, NotFoundError
from federation.ports import Stored, Transaction
from node.errors import StorageError
from node.storage import logs
from node.storage.announcements import Hit, announcements_by_tags
from node.storage.database import Database
from node.storage.erasure import expire
from node.storage.ledger import SqlLedger, SqlTransaction
from protocol.fold import Standing
from protocol.merkle import CompactRange, leaf_hash, subtrees_of
from protocol.months import month_after
from protocol.payload import AnnouncePayload, Expired, Gone, Opening
from tests.node.invariants import check_invariants
from tests.node.log_entries import CEILING, Author, apply, payload_of, pseudorandom

TAG, OTHER_TAG = b"\x01" * 32, b"\x02" * 32
A, B = "cabiria", "griselidis"
NOVEMBER, DECEMBER = 1_795_000_000, 1_797_000_000
"""Moments of 2026."""


async def append(database: Database, origin: str, *rows: Stored) -> None:
    def work(tx: Transaction) -> None:
        assert apply(tx, origin, rows).poison is None

    await SqlLedger(database).write(work)
    await database.read(check_invariants)


def append_raw(tx: Transaction, rows: list[Stored], applied: CompactRange) -> None:
    tx.append(A, rows, [], applied)


async def hits(database: Database, *tags: bytes) -> list[Hit]:
    return await database.read(lambda session: announcements_by_tags(session, tags))


async def standing(database: Database, origin: str, index: int) -> Standing | None:
    return await SqlLedger(database).read(lambda tx: tx.standing(origin, index))


async def missing(database: Database, origin: str, now: int = 0) -> int:
    (status,) = await SqlLedger(database, {origin}).read(lambda tx: tx.mirrors(now))
    return status.missing


async def test_an_announcement_is_found_by_its_tag(database: Database) -> None:
    author = Author(A)
    await append(database, A, author.announce(TAG), author.announce(OTHER_TAG))
    (hit,) = await hits(database, TAG)
    assert (hit.origin, hit.index, hit.generation, hit.tag) == (A, 0, 1, TAG)
    assert (hit.standing, hit.until) == (Standing.LIVE, "2031-10")
    assert hit.notice is not None
    assert len(await hits(database, TAG, OTHER_TAG, b"\x03" * 32)) == 2
    assert await hits(database) == []


async def test_an_amendment_replaces_the_notice(database: Database) -> None:
    author = Author(A)
    await append(database, A, author.announce(TAG))
    (before,) = await hits(database, TAG)
    await append(database, A, author.amend(0, until="2031-11"))
    (after,) = await hits(database, TAG)
    assert (after.index, after.tag, after.entry_id) == (before.index, TAG, before.entry_id)
    assert after.notice != before.notice
    assert after.until == "2031-11"


async def test_a_disputed_announcement_still_matches_until_it_is_amended(
    database: Database,
) -> None:
    author = Author(A)
    await append(database, A, author.announce(TAG), author.dispute(0))
    (hit,) = await hits(database, TAG)
    assert hit.standing is Standing.DISPUTED
    await append(database, A, author.amend(0))
    (hit,) = await hits(database, TAG)
    assert hit.standing is Standing.LIVE


async def test_a_withdrawal_erases_the_announcement_and_every_amendment(
    database: Database,
) -> None:
    author = Author(A)
    await append(database, A, author.announce(TAG), author.announce(OTHER_TAG), author.amend(1))
    await append(database, A, author.amend(0), author.amend(0), author.withdraw(0))
    assert await hits(database, TAG) == []
    assert len(await hits(database, OTHER_TAG)) == 1
    held = await SqlLedger(database).read(lambda tx: tx.pieces(A, 0, 6))
    assert held[0] == (Gone(5),)
    assert held[3][1] == held[4][1] == Gone(5)
    # What amends the other announcement stays, and so do all codes.
    assert isinstance(held[2][1], Opening)
    assert all(isinstance(row[0], Opening) for row in held[2:])
    assert await standing(database, A, 0) is Standing.WITHDRAWN


async def test_nobody_can_erase_or_hide_what_another_announces(database: Database) -> None:
    """P7: a member copies an alert, byte for byte or with its own name in it, and withdraws it."""
    author, thief = Author(A), Author(B)
    original = author.announce(TAG)
    await append(database, A, original)
    opened = AnnouncePayload.model_validate_json(payload_of(original))
    renamed = opened.model_copy(update={"origin": B}).encode()
    await append(database, B, thief.announce_bytes(renamed), thief.withdraw(0))

    def copy(tx: Transaction) -> None:
        poison = apply(tx, B, [thief.announce_bytes(payload_of(original))]).poison
        assert poison is not None
        assert poison.error.code == "payload"

    await SqlLedger(database).write(copy)
    (hit,) = await hits(database, TAG)
    assert (hit.origin, hit.standing, hit.notice) == (A, Standing.LIVE, opened.notice)
    assert await missing(database, A) == 0


async def test_of_one_tag_in_one_log_the_newest_announcement_is_shown(database: Database) -> None:
    author, other = Author(A), Author(B)
    await append(database, A, *(author.announce(TAG) for _ in range(5)), author.dispute(1))
    await append(database, B, other.announce(TAG))
    found = [(hit.origin, hit.index) for hit in await hits(database, TAG)]
    assert found == [(A, 4), (B, 0)]
    await append(database, A, *(author.withdraw(index) for index in (4, 3, 2)))
    (mine, _) = await hits(database, TAG)
    assert (mine.index, mine.standing) == (1, Standing.DISPUTED)


async def test_a_month_that_is_too_late_is_brought_down_to_the_ceiling(database: Database) -> None:
    author = Author(A)
    await append(database, A, author.announce(TAG, until="9999-12"))
    assert (await hits(database, TAG))[0].until == CEILING
    await append(database, A, author.announce(OTHER_TAG), author.amend(1, until="9999-12"))
    assert (await hits(database, OTHER_TAG))[0].until == CEILING
    assert await database.write(lambda session: expire(session, month_after(CEILING, 1))) == 3


async def test_what_was_erased_before_it_came_is_missing_until_withdrawn(
    database: Database,
) -> None:
    author = Author(A)
    announced = author.announce(TAG)
    late = Stored(announced.raw, (Gone(1),))
    await append(database, A, late)
    assert await missing(database, A) == 1
    await append(database, A, author.withdraw(0))
    assert await missing(database, A) == 0


async def test_an_amendment_of_something_missing_does_not_hide_that(database: Database) -> None:
    author = Author(A)
    announced = author.announce(TAG)
    await append(database, A, Stored(announced.raw, (Expired(),)), author.amend(0))
    assert await missing(database, A) == 1
    await append(database, A, author.dispute(0))
    assert await missing(database, A) == 1
    await append(database, A, author.withdraw(0))
    held = await SqlLedger(database).read(lambda tx: tx.pieces(A, 0, 2))
    assert (held[0][0], held[1][1]) == (Gone(3), Gone(3))


async def test_a_passed_ceiling_erases_and_stops_matching(database: Database) -> None:
    author = Author(A)
    await append(
        database,
        A,
        author.announce(TAG, until="2026-10"),
        author.announce(OTHER_TAG, until="2026-11"),
    )
    assert await database.write(lambda session: expire(session, "2026-11")) == 1
    await database.read(check_invariants)
    assert await hits(database, TAG) == []
    assert len(await hits(database, OTHER_TAG)) == 1
    # Its time was up: nothing is missing.
    assert await missing(database, A, NOVEMBER) == 0
    assert await standing(database, A, 0) is Standing.LIVE
    assert await database.write(lambda session: expire(session, "2026-11")) == 0
    # Its origin withdraws it when its vault is next open.
    await append(database, A, author.withdraw(0))
    assert await standing(database, A, 0) is Standing.WITHDRAWN


@pytest.mark.parametrize("disputed", [False, True])
async def test_what_a_wrong_clock_erased_is_missing(database: Database, *, disputed: bool) -> None:
    """P7: the clock was years ahead for a moment; from then on nobody may hear NO_MATCH."""
    author = Author(A)
    rows = [author.dispute(0)] if disputed else []
    await append(database, A, author.announce(TAG, until="2026-11"), *rows)
    await database.write(lambda session: expire(session, "2032-11"))
    assert await hits(database, TAG) == []
    assert await missing(database, A, NOVEMBER) == 1
    assert await missing(database, A, DECEMBER) == 0
    await append(database, A, author.withdraw(0))
    assert await missing(database, A, NOVEMBER) == 0


@pytest.mark.parametrize(
    ("first", "second", "last"),
    [("2026-10", "2026-12", "2026-12"), ("2026-12", "2026-10", "2026-12")],
)
async def test_an_amended_announcement_is_kept_until_the_later_of_two_months(
    database: Database, first: str, second: str, last: str
) -> None:
    author = Author(A)
    await append(database, A, author.announce(TAG, until=first), author.amend(0, until=second))
    await database.write(lambda session: expire(session, last))
    await database.read(check_invariants)
    (hit,) = await hits(database, TAG)
    assert hit.until == last
    assert hit.notice is not None
    assert await database.write(lambda session: expire(session, month_after(last, 1))) == 2
    assert await hits(database, TAG) == []
    assert await missing(database, A, NOVEMBER + 70 * 86_400) == 0


async def test_an_amendment_that_comes_after_the_announcement_expired_leaves_it_missing(
    database: Database,
) -> None:
    """Others had it in time and still find the number: here it cannot be, and that is said."""
    author = Author(A)
    await append(database, A, author.announce(TAG, until="2026-10"))
    await database.write(lambda session: expire(session, "2026-11"))
    assert await missing(database, A, NOVEMBER) == 0
    await append(database, A, author.amend(0))
    assert await hits(database, TAG) == []
    assert await missing(database, A, NOVEMBER) == 1
    # A later withdrawal explains both.
    await append(database, A, author.withdraw(0))
    assert await missing(database, A, NOVEMBER) == 0
    held = await SqlLedger(database).read(lambda tx: tx.pieces(A, 0, 2))
    assert (held[0][0], held[1][1]) == (Gone(2), Gone(2))


async def test_an_announcement_of_another_generation_is_missing(database: Database) -> None:
    author = Author(A)
    await append(
        database, A, author.announce(TAG, until="2026-11", generation=7), author.announce(OTHER_TAG)
    )

    async def missing_for(generation: int | None, now: int) -> int:
        ledger = SqlLedger(database, {A}, generation)
        (status,) = await ledger.read(lambda tx: tx.mirrors(now))
        return status.missing

    assert [await missing_for(each, NOVEMBER) for each in (1, 7, 8, None)] == [1, 1, 2, 0]
    assert [await missing_for(each, DECEMBER) for each in (1, 7)] == [0, 1]
    await append(database, A, author.withdraw(0))
    assert await missing_for(1, NOVEMBER) == 0


@pytest.mark.parametrize("batches", [(1,), (255, 1, 1), (256, 256), (257,), (300, 500)])
async def test_tiles_prove_what_was_appended(database: Database, batches: tuple[int, ...]) -> None:
    author = Author(A)
    rows = [author.announce(pseudorandom(index)) for index in range(sum(batches))]
    at = 0
    for size in batches:
        await append(database, A, *rows[at : at + size])
        at += size
    leaves = [leaf_hash(row.raw) for row in rows]

    def compare(tx: Transaction) -> None:
        subtree = subtrees_of(leaves)
        for level in range(len(leaves).bit_length()):
            for index in range(len(leaves) >> level):
                assert tx.node(A, level, index) == subtree(level, index)
            with pytest.raises(NotFoundError):
                tx.node(A, level, len(leaves) >> level)
        width = len(leaves) % 256
        if width:
            last = tx.tile(A, 0, len(leaves) // 256, width)
            assert last == b"".join(leaves[-width:])
        assert tx.tile(A, 0, len(leaves) // 256, width + 1) is None

    await SqlLedger(database).read(compare)


async def test_a_batch_for_another_log_than_the_one_held_is_refused(database: Database) -> None:
    author = Author(A)
    first, second = author.announce(TAG), author.announce(OTHER_TAG)
    await append(database, A, first)
    stale = CompactRange().append(leaf_hash(second.raw))
    wrong = stale.append(leaf_hash(second.raw))
    for applied in (stale, wrong):
        with pytest.raises(MovedError):
            await SqlLedger(database).write(partial(append_raw, rows=[second], applied=applied))
    assert len(await SqlLedger(database).read(lambda tx: tx.entries(A, 0, 9))) == 1


async def test_a_row_without_its_payloads_is_refused(database: Database) -> None:
    row = Author(A).announce(TAG)
    applied = CompactRange().append(leaf_hash(row.raw))
    with pytest.raises(StorageError):
        await SqlLedger(database).write(lambda tx: tx.append(A, [Stored(row.raw, ())], [], applied))


async def test_an_entry_of_an_unknown_kind_is_kept(database: Database) -> None:
    await append(database, A, Stored(b'{"kind":"later"}', ()), Author(A).announce(TAG))
    ledger = SqlLedger(database)
    assert await ledger.read(lambda tx: tx.entries(A, 0, 1)) == [b'{"kind":"later"}']
    assert [len(row) for row in await ledger.read(lambda tx: tx.pieces(A, 0, 9))] == [0, 1]


async def test_a_head_counts_as_fresh_once_it_is_applied(database: Database) -> None:
    ledger = SqlLedger(database, {A, B})
    empty = await ledger.read(lambda tx: tx.position(A))
    assert (empty.applied.size, empty.head, empty.head_time) == (0, None, None)
    await append(database, A, Author(A).announce(TAG))
    await ledger.write(lambda tx: tx.set_head(A, b"two", 2, 1000))
    known = await ledger.read(lambda tx: tx.position(A))
    assert (known.head, known.head_size, known.head_time) == (b"two", 2, None)
    await ledger.write(lambda tx: tx.set_head(A, b"one", 1, 2000))  # never backwards
    assert (await ledger.read(lambda tx: tx.position(A))) == known
    author = Author(A, made=7)
    await append(database, A, author.announce(OTHER_TAG))
    await ledger.write(lambda tx: tx.set_head(A, b"two", 2, 3000))
    await ledger.write(lambda tx: tx.set_head(A, b"two, older", 2, 2000))
    assert (await ledger.read(lambda tx: tx.position(A))).head_time == 3000
    seen, never = await ledger.read(lambda tx: tx.mirrors(0))
    assert (seen.member, seen.head_time, seen.applied, seen.known_size) == (A, 3000, 2, 2)
    assert (never.member, never.head_time, never.applied) == (B, None, 0)


async def test_a_head_that_was_only_seen_makes_the_mirror_behind(database: Database) -> None:
    ledger = SqlLedger(database, {A})
    await append(database, A, Author(A).announce(TAG))
    await ledger.write(lambda tx: tx.set_head(A, b"one", 1, 1000))
    await ledger.write(lambda tx: tx.set_seen(A, 7))
    await ledger.write(lambda tx: tx.set_seen(A, 5))
    position = await ledger.read(lambda tx: tx.position(A))
    assert (position.head, position.head_size, position.seen_size) == (b"one", 1, 7)
    (status,) = await ledger.read(lambda tx: tx.mirrors(0))
    assert (status.applied, status.known_size) == (1, 7)
    await database.write(lambda session: logs.lift_quarantine(session, A))
    assert (await ledger.read(lambda tx: tx.position(A))).seen_size == 1


async def test_statuses_need_the_list_of_members(database: Database) -> None:
    with pytest.raises(StorageError):
        await SqlLedger(database).read(lambda tx: tx.mirrors(0))


async def test_the_first_quarantine_stands_until_lifted(database: Database) -> None:
    ledger = SqlLedger(database, {A})
    await ledger.write(lambda tx: tx.quarantine(A, 3, "entry", b"as received"))
    await ledger.write(lambda tx: tx.quarantine(A, 4, "fold", b"later"))
    position = await ledger.read(lambda tx: tx.position(A))
    assert (position.quarantined_at, position.quarantine) == (3, "entry")
    assert await database.read(lambda session: logs.evidence_of(session, A)) == b"as received"
    assert (await ledger.read(lambda tx: tx.mirrors(0)))[0].quarantine == "entry"
    await database.write(lambda session: logs.lift_quarantine(session, A))
    assert (await ledger.read(lambda tx: tx.position(A))).quarantine is None
    assert await database.read(lambda session: logs.evidence_of(session, B)) is None


async def test_more_tags_than_one_statement_takes(database: Database) -> None:
    author = Author(A)
    tags = [pseudorandom("tag", index) for index in range(2500)]
    await append(database, A, *(author.announce(tag) for tag in tags[::500]))
    assert len(await hits(database, *tags)) == 5


async def test_the_port_and_the_fold_see_the_same_transaction(database: Database) -> None:
    row = Author(A).announce(TAG)

    def work(tx: Transaction) -> None:
        apply(tx, A, [row])
        assert tx.standing(A, 0) is Standing.LIVE
        assert tx.standing(A, 1) is None
        assert tx.has_entry_id(A, pseudorandom(A, 1, "id", size=16))
        assert not tx.has_entry_id(B, pseudorandom(A, 1, "id", size=16))

    await SqlLedger(database).write(work)
    await database.write(lambda session: work_again(SqlTransaction(session)))


def work_again(tx: Transaction) -> None:
    assert tx.position(A).applied.size == 1
