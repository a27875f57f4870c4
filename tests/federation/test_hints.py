"""Hints make the next pull happen sooner, or spare it; nothing depends on them."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.client import Lane
from federation.errors import NotMemberError, OversizeError, RefusedError, ReplayError
from federation.hints import MAX_HINT_SIZE, PATH, encode_hint, parse_hint
from protocol.errors import PeerError
from protocol.merkle import leaf_hash
from protocol.payload import Code, Expired, Gone, Opening, Piece
from protocol.requests import Request, VerifiedRequest
from tests.federation.hosts import World

A, B = "strass", "cabiria"

pieces = st.one_of(
    st.builds(Opening, st.binary(min_size=32, max_size=32), st.binary(max_size=60)),
    st.builds(Gone, st.integers(0, 99)),
    st.just(Expired()),
)


async def publish(world: World, number: str) -> int:
    """Publish one more announcement of B; return the size before it."""
    author = world[B]
    author.log.announce(number)
    await author.publish()
    return len(author.log.raws) - 1


def hint_of(world: World, start: int, end: int | None = None) -> bytes:
    log = world[B].ledger.log(B)
    assert log.head is not None
    rows = log.rows[start:end]
    return encode_hint(log.head, start, [row.raw for row in rows], [row.pieces for row in rows])


def verified(body: bytes, nonce: bytes = bytes(16), by: str = B) -> VerifiedRequest:
    return VerifiedRequest(
        by, nonce, 1_795_000_000, Request("POST", "http://a/x", body, "application/json")
    )


def due_soon(world: World, peer: str = B) -> bool:
    world.clock.advance(1)
    return peer in world[A].schedule.take_due(world.clock.monotonic())


@pytest.fixture
async def settled(world: World) -> World:
    """A world in which A holds B's first entry and nothing is due."""
    await publish(world, "a")
    world[A].schedule.take_due(world.clock.monotonic() + 1)
    await world[A].puller.pull(B)
    world[A].schedule.done(B, world.clock.monotonic(), 0.99)
    world[A].schedule.take_due(float("inf"))
    world.wire.clear()
    return world


async def test_what_a_hint_brings_is_applied_without_any_pull(settled: World) -> None:
    start = await publish(settled, "b")
    await settled[B].sender.send(start)
    assert settled[A].ledger.log(B).rows == settled[B].rows()
    assert len(settled[A].effects) == 2
    assert {(e.sender, e.path, e.status) for e in settled.wire if e.receiver == A} == {
        (B, PATH, 200)
    }
    assert not due_soon(settled)


async def test_all_members_get_it_and_a_dead_one_disturbs_nobody(settled: World) -> None:
    start = await publish(settled, "b")
    settled["entractes"].down = True
    await settled[B].sender.send(start)
    assert {e.receiver for e in settled.wire} == {A, "griselidis"}


async def test_hints_of_one_second_are_one(settled: World) -> None:
    sender = settled[B].sender
    await sender.send(await publish(settled, "b"))
    settled.wire.clear()
    first = asyncio.create_task(sender.send(await publish(settled, "c")))
    await asyncio.sleep(0)
    await sender.send(await publish(settled, "d"))
    settled.clock.advance(1)
    await first
    assert len([e for e in settled.wire if e.receiver == A]) == 1
    assert settled[A].ledger.log(B).applied.size == 4


async def test_a_withdrawal_travels_with_a_hint(settled: World) -> None:
    settled[B].log.revise(0, Code.WITHDRAW)
    await settled[B].publish()
    await settled[B].sender.send(1)
    assert settled[A].ledger.log(B).rows[0].pieces == (Gone(1),)


async def test_a_hint_in_the_background_is_sent_and_can_be_stopped(settled: World) -> None:
    settled[B].sender.notify(await publish(settled, "b"))
    for _ in range(100):
        await asyncio.sleep(0.001)
    assert settled[A].ledger.log(B).applied.size == 2
    settled[B].sender.notify(await publish(settled, "c"))
    await settled[B].sender.close()
    assert settled[A].ledger.log(B).applied.size == 2


async def test_a_node_that_has_published_nothing_hints_nothing(world: World) -> None:
    await world[A].sender.send(0)
    assert world.wire == []


async def test_a_hint_too_large_comes_without_entries_and_leads_to_a_pull(
    settled: World,
) -> None:
    start = 1
    for number in range(60):
        await publish(settled, f"n{number}")
    body = hint_of(settled, start)
    assert len(body) < 2000
    assert parse_hint(body).raws == ()
    await settled[A].receiver.receive(B, verified(body))
    assert settled[A].ledger.log(B).applied.size == 1
    assert due_soon(settled)


@pytest.mark.parametrize("count", [30, 2000])
def test_a_hint_never_exceeds_its_size(count: int) -> None:
    rows: list[list[Piece]] = [[Opening(bytes(32), bytes(900))]] * count
    body = encode_hint(b"note", 0, [b"x" * 200] * count, rows)
    assert len(body) <= MAX_HINT_SIZE
    assert len(parse_hint(body).raws) == (30 if count == 30 else 0)


@pytest.mark.parametrize(
    ("start", "end"), [(2, None), (1, 2), (1, 1)], ids=["a gap before", "not to the end", "none"]
)
async def test_a_hint_that_does_not_continue_what_is_held_leads_to_a_pull(
    settled: World, start: int, end: int | None
) -> None:
    await publish(settled, "b")
    await publish(settled, "c")
    before = settled[A].ledger.state.logs[B]
    await settled[A].receiver.receive(B, verified(hint_of(settled, start, end)))
    assert settled[A].ledger.state.logs[B] == replace(before, seen_size=3)
    assert due_soon(settled)


async def test_a_hint_may_begin_before_what_is_held(settled: World) -> None:
    await publish(settled, "b")
    await settled[A].receiver.receive(B, verified(hint_of(settled, 0)))
    assert settled[A].ledger.log(B).rows == settled[B].rows()


async def test_a_hint_twice_changes_nothing_more(settled: World) -> None:
    await publish(settled, "b")
    body = hint_of(settled, 1)
    await settled[A].receiver.receive(B, verified(body, b"1" * 16))
    await settled[A].receiver.receive(B, verified(body, b"2" * 16))
    assert settled[A].ledger.log(B).applied.size == 2
    assert len(settled[A].effects) == 2
    assert not due_soon(settled)


async def test_a_replayed_hint_is_refused(settled: World) -> None:
    await publish(settled, "b")
    request = verified(hint_of(settled, 1))
    await settled[A].receiver.receive(B, request)
    with pytest.raises(ReplayError):
        await settled[A].receiver.receive(B, request)


async def test_altered_entries_in_a_hint_are_not_applied(settled: World) -> None:
    await publish(settled, "b")
    row = settled[B].ledger.log(B).rows[1]
    raw = row.raw.replace(b'"v":1', b'"v":2')
    body = encode_hint(settled[B].ledger.log(B).head or b"", 1, [raw], [row.pieces])
    await settled[A].receiver.receive(B, verified(body))
    held = settled[A].ledger.log(B)
    assert (held.applied.size, held.quarantine) == (1, None)
    assert due_soon(settled)
    settled[A].schedule.done(B, 0, 0.9)


async def test_a_poison_entry_in_a_hint_quarantines_like_a_pull(settled: World) -> None:
    settled[B].log.revise(0, Code.WITHDRAW)
    settled[B].log.revise(0, Code.WITHDRAW)
    settled[B].impose(settled[B].rows())
    await settled[A].receiver.receive(B, verified(hint_of(settled, 1)))
    held = settled[A].ledger.log(B)
    assert (held.applied.size, held.quarantined_at, held.quarantine) == (2, 2, "fold")


async def test_another_history_in_a_hint_convicts(settled: World) -> None:
    note = settled[B].sign(1, leaf_hash(b"another history"))
    await settled[A].receiver.receive(B, verified(encode_hint(note, 1, [], [])))
    assert settled[A].ledger.log(B).quarantine == "split-view"


async def test_nobody_hints_about_anothers_log(settled: World) -> None:
    await publish(settled, "b")
    body = hint_of(settled, 1)
    with pytest.raises(PeerError) as caught:
        await settled[A].receiver.receive("griselidis", verified(body, by="griselidis"))
    assert caught.value.code == "note-signature"
    assert settled[A].ledger.log(B).applied.size == 1


@pytest.mark.parametrize("caller", ["auditrice", A, "nobody"])
async def test_hints_are_for_other_members(settled: World, caller: str) -> None:
    with pytest.raises(NotMemberError):
        await settled[A].receiver.receive(caller, verified(hint_of(settled, 1), by=caller))


async def test_a_hint_during_a_pull_waits_for_its_end(settled: World) -> None:
    start = await publish(settled, "b")
    gate, reached = asyncio.Event(), asyncio.Event()
    send = settled[A].clients[B].get

    async def slow(path: str, limit: int, lane: Lane = Lane.PULL) -> bytes:
        reached.set()
        await gate.wait()
        return await send(path, limit, lane)

    class Slow:
        get = staticmethod(slow)
        contact = settled[A].clients[B].contact
        wait = settled[A].clients[B].wait

    settled[A].puller.clients = {**settled[A].clients, B: Slow()}  # type: ignore[dict-item]
    pulling = asyncio.create_task(settled[A].puller.pull(B))
    await reached.wait()
    await settled[A].receiver.receive(B, verified(hint_of(settled, start)))
    assert settled[A].ledger.log(B).applied.size == 1
    gate.set()
    assert (await pulling).applied == 1
    assert due_soon(settled)


async def test_a_hint_closes_the_breaker(settled: World) -> None:
    settled[B].down = True
    for _ in range(3):
        await settled[A].puller.pull(B)
    assert settled[A].clients[B].wait(Lane.PULL) > 0
    settled[B].down = False
    await settled[B].sender.send(await publish(settled, "b"))
    assert settled[A].clients[B].wait(Lane.PULL) == 0


@given(
    st.binary(max_size=100),
    st.integers(0, 2**53 - 1),
    st.lists(st.binary(max_size=30), max_size=5),
    st.lists(st.lists(pieces, max_size=2), max_size=5),
)
def test_a_hint_is_read_back(
    note: bytes, start: int, raws: list[bytes], rows: list[list[Piece]]
) -> None:
    hint = parse_hint(encode_hint(note, start, raws, rows))
    assert (hint.note, hint.start, list(hint.raws)) == (note, start, raws)
    assert [list(row) for row in hint.rows] == rows


@given(st.binary(max_size=300))
def test_any_other_bytes_are_the_peers_fault(body: bytes) -> None:
    with pytest.raises(PeerError):
        parse_hint(body)


@given(st.integers(0, 10**6), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_read_as_written(place: int, value: int) -> None:
    body = bytearray(encode_hint(b"note", 7, [b"x"], [[Gone(1)]]))
    body[place % len(body)] = value
    try:
        hint = parse_hint(bytes(body))
    except PeerError:
        return
    assert encode_hint(hint.note, hint.start, hint.raws, hint.rows) == body


async def test_an_oversize_hint_is_refused_unparsed(settled: World) -> None:
    with pytest.raises(OversizeError):
        parse_hint(b" " * (MAX_HINT_SIZE + 1))
    with pytest.raises(RefusedError) as caught:
        await settled[B].clients[A].post(PATH, b"[" * (MAX_HINT_SIZE + 1), 99, Lane.HINT)
    assert (caught.value.status, caught.value.problem) == (413, "oversize")
