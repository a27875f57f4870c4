import json
from collections.abc import Callable

import pytest

from federation.errors import NotFoundError, NotMemberError
from federation.ranges import parse_entries
from protocol.merkle import inclusion_proof as prove
from protocol.merkle import leaf_hash, subtrees_of, verify_inclusion
from protocol.payload import Code, Gone, Held, Opening, parse_pieces
from protocol.tiles import Tile, TileError, decode_bundle, parse_hash_tile
from tests.federation.hosts import World
from tests.federation.memory_ledger import MemoryTransaction

A, B = "strass", "cabiria"


@pytest.fixture
async def full(world: World) -> World:
    log = world[B].log
    for number in range(258):
        log.announce(str(number))
    log.revise(0, Code.WITHDRAW)
    log.revise(1, Code.AMEND)
    await world[B].publish()
    return world


async def test_the_checkpoint_is_as_fresh_as_the_clock(full: World) -> None:
    full.clock.advance(9999)
    for caller in (A, "auditrice"):
        note = await full[B].serving.checkpoint(caller)
        head = full[A].mirror.open_head(B, note)
        assert (head.checkpoint.size, head.time) == (260, full.clock.now())
    assert len(note.splitlines()) == 6  # one cosignature, however often it is asked for


async def test_tiles_are_those_of_the_published_log(full: World) -> None:
    serving = full[B].serving
    leaves = [leaf_hash(raw) for raw in full[B].log.raws]
    first = parse_hash_tile(Tile(0, 0), await serving.tile(A, "0/000"))
    assert list(first) == leaves[:256]
    assert await serving.tile(A, "0/001.p/4") == b"".join(leaves[256:260])
    assert await serving.tile(A, "1/000.p/1") == subtrees_of(leaves)(8, 0)
    bundle = await serving.tile("auditrice", "entries/001.p/4")
    assert list(decode_bundle(bundle, 4)) == full[B].log.raws[256:]
    root = full[B].ledger.log(B).applied.root()
    verify_inclusion(leaves[3], 3, 260, prove(subtrees_of(leaves), 3, 260), root)


@pytest.mark.parametrize("path", ["0/001.p/5", "0/001", "1/000.p/2", "entries/001.p/5", "2/000"])
async def test_no_tile_beyond_the_log(full: World, path: str) -> None:
    with pytest.raises(NotFoundError):
        await full[B].serving.tile(A, path)


@pytest.mark.parametrize("path", ["", "0/1", "../checkpoint", "0/000.p/256", "-1/000"])
async def test_what_is_no_tile(full: World, path: str) -> None:
    with pytest.raises(TileError):
        await full[B].serving.tile(A, path)


@pytest.mark.parametrize(
    ("origin", "start", "end", "head"),
    [
        (B, 0, 261, 261),
        (B, 0, 261, 260),
        (B, 0, 10, 261),
        (B, 11, 10, 260),
        (B, -1, 10, 260),
        (B, 0, 10, 9),
        (A, 0, 1, 1),
        ("nobody", 0, 1, 1),
    ],
)
async def test_no_entries_that_are_not_held(
    full: World, origin: str, start: int, end: int, head: int
) -> None:
    with pytest.raises(NotFoundError):
        await full[B].serving.entries(A, origin, start, end, head)


@pytest.mark.parametrize(
    ("origin", "start", "end"), [(B, 0, 261), (B, 5, 5), (B, 6, 5), (B, -1, 5), ("nobody", 0, 1)]
)
async def test_no_payloads_that_are_not_held(
    full: World, origin: str, start: int, end: int
) -> None:
    with pytest.raises(NotFoundError):
        await full[B].serving.payloads(A, origin, start, end)


async def test_an_answer_holds_at_most_so_many_entries(
    full: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("federation.serving.MAX_ENTRIES", 10)
    data = await full[B].serving.entries(A, B, 5, 260, 260)
    assert list(parse_entries(data, 255)[0]) == full[B].log.raws[5:15]
    assert len(parse_pieces(await full[B].serving.payloads(A, B, 5, 260), 1 << 22)) == 10


async def test_an_answer_holds_at_most_so_many_bytes(
    full: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(full[B].log.raws[5])
    for limit, count in ((3 * size, 3), (3 * size - 1, 2), (1, 1)):
        monkeypatch.setattr("federation.serving.MAX_ENTRIES_SIZE", limit)
        data = await full[B].serving.entries(A, B, 5, 260, 260)
        assert len(parse_entries(data, 255)[0]) == count
    monkeypatch.setattr("federation.serving.MAX_PAYLOADS_SIZE", 5000)
    data = await full[B].serving.payloads(A, B, 5, 260)
    assert 1 < len(parse_pieces(data, 1 << 22)) < 8


async def test_what_an_answer_does_not_hold_is_not_read_either(
    full: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("federation.serving._READ_AT_ONCE", 4)
    monkeypatch.setattr("federation.serving.MAX_ENTRIES_SIZE", 6 * len(full[B].log.raws[5]))
    monkeypatch.setattr("federation.serving.MAX_PAYLOADS_SIZE", 5000)
    reads: list[tuple[str, int, int]] = []
    for kind in ("entries", "pieces"):
        honest = getattr(MemoryTransaction, kind)

        def read(
            tx: MemoryTransaction,
            origin: str,
            start: int,
            end: int,
            *,
            kind: str = kind,
            honest: Callable[..., list[object]] = honest,
        ) -> list[object]:
            reads.append((kind, start, end))
            return honest(tx, origin, start, end)

        monkeypatch.setattr(MemoryTransaction, kind, read)
    data = await full[B].serving.entries(A, B, 5, 260, 260)
    assert len(parse_entries(data, 255)[0]) == 6
    assert reads == [("entries", 5, 9), ("entries", 9, 13)]
    reads.clear()
    rows = parse_pieces(await full[B].serving.payloads(A, B, 5, 260), 1 << 22)
    assert [end - start for _, start, end in reads] == [4] * len(reads)
    assert len(rows) <= 4 * len(reads) < len(rows) + 5


async def test_a_member_gets_payloads_and_an_auditor_what_became_of_them(full: World) -> None:
    serving = full[B].serving
    rows = parse_pieces(await serving.payloads(A, B, 0, 260), 1 << 22)
    assert list(rows) == [row.pieces for row in full[B].ledger.log(B).rows]
    seen = parse_pieces(await serving.payloads("auditrice", B, 0, 260), 1 << 22)
    assert seen[0] == (Gone(258),)
    assert seen[1] == (Held(),)
    assert seen[258] == (rows[258][0], Held())
    assert isinstance(seen[259][0], Opening)
    assert seen[259][1] == Held()


async def test_a_mirror_is_served_like_the_log_itself(full: World) -> None:
    await full[A].puller.pull(B)
    theirs = await full[B].serving.entries("griselidis", B, 3, 200, 260)
    ours = await full[A].serving.entries("griselidis", B, 3, 200, 260)
    assert ours == theirs


async def test_strangers_get_nothing(full: World) -> None:
    serving = full[B].serving
    for answer in (
        serving.checkpoint("nobody"),
        serving.tile("nobody", "0/000"),
        serving.entries("nobody", B, 0, 1, 1),
        serving.payloads("nobody", B, 0, 1),
    ):
        with pytest.raises(NotMemberError):
            await answer


async def test_nothing_is_published_yet(world: World) -> None:
    with pytest.raises(NotFoundError):
        await world[B].serving.checkpoint(A)


async def test_what_everybody_may_know_says_nothing_about_activity(full: World) -> None:
    before = full[A].serving.well_known()
    assert before == full[B].serving.well_known()
    assert json.loads(before) == {"network": "essai", "versions": ["1"]}
