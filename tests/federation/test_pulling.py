"""A pull brings everything, once, and nothing but what its author signed."""

import asyncio
from typing import Any

import pytest

from federation import puller as puller_module
from federation.client import Lane, PeerClient
from federation.errors import MovedError, StalledError
from federation.pacing import Schedule
from federation.puller import PullResult
from protocol.fold import Announced, Standing, Withdrawn
from protocol.merkle import CompactRange
from protocol.payload import (
    Code,
    Gone,
)
from tests.federation.hosts import World
from tests.federation.pulls import (
    A,
    B,
    paths,
    pull,
    ranges,
)


async def test_everything_published_is_mirrored(world: World) -> None:
    author = world[B]
    for number in "abc":
        author.log.announce(number)
    author.log.revise(1, Code.AMEND)
    await author.publish()

    result = await pull(world)

    assert result == PullResult(B, 4, up_to_date=True, error=None, at=world.clock.now())
    held = world[A].ledger.log(B)
    assert held.rows == author.rows()
    assert held.applied == author.ledger.log(B).applied
    assert (held.head_size, held.head_time) == (4, world.clock.now())
    assert [type(effect).__name__ for effect in world[A].effects] == [
        "Announced",
        "Announced",
        "Announced",
        "Amended",
    ]


async def test_a_pull_resumes_from_its_index(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    await author.publish()
    await pull(world)
    world.wire.clear()
    author.log.announce("b")
    await author.publish()
    await pull(world)
    assert ranges(world, "entries") == [f"/federation/v1/entries/{B}/1/2?head=2"]


async def test_with_nothing_new_only_the_head_is_fetched_and_its_time_renewed(
    world: World,
) -> None:
    world[B].log.announce("a")
    await world[B].publish()
    await pull(world)
    world.wire.clear()
    world.clock.advance(3600)
    result = await pull(world)
    assert result.up_to_date
    assert paths(world) == ["/log/checkpoint"]
    assert world[A].ledger.log(B).head_time == world.clock.now()


async def test_a_peer_back_from_an_outage_with_no_new_event_is_caught_up(world: World) -> None:
    world[B].log.announce("a")
    await world[B].publish()
    world[B].down = True
    assert (await pull(world)).error == "unreachable"
    world[B].down = False
    result = await pull(world)
    assert (result.applied, result.up_to_date) == (1, True)


async def test_a_log_longer_than_one_answer_comes_in_pieces(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world[A].puller._spans[B] = 5
    monkeypatch.setattr("federation.serving.MAX_PAYLOADS_SIZE", 3000)
    for number in range(12):
        world[B].log.announce(str(number))
    await world[B].publish()
    result = await pull(world)
    assert (result.applied, result.up_to_date) == (12, True)
    assert len(ranges(world, "entries")) == 3
    assert len(ranges(world, "payloads")) > 3
    assert world[A].ledger.log(B).rows == world[B].rows()


async def test_an_author_may_send_less_than_was_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("federation.serving.MAX_ENTRIES_SIZE", 1)  # one entry an answer
    for number in "abc":
        world[B].log.announce(number)
    await world[B].publish()
    assert (await pull(world)).applied == 3
    assert len(ranges(world, "entries")) == 3


async def test_one_pull_does_a_bounded_piece_of_work_and_is_due_again_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world[A].puller._spans[B] = 2
    monkeypatch.setattr(puller_module, "MAX_ENTRIES", 2)
    monkeypatch.setattr(puller_module, "MAX_PULL", 4)
    for number in range(10):
        world[B].log.announce(str(number))
    await world[B].publish()
    result = await pull(world)
    assert (result.applied, result.up_to_date, result.error) == (4, False, None)
    held = world[A].ledger.log(B)
    assert (held.applied.size, held.head_size) == (4, 10)  # what is not searched yet is known
    assert held.head_time is None
    assert B in world[A].schedule.take_due(world.clock.monotonic())
    assert (await pull(world)).applied == 4
    assert (await pull(world)).up_to_date


async def test_overlapping_pulls_of_one_peer_serialise(world: World) -> None:
    for number in range(5):
        world[B].log.announce(str(number))
    await world[B].publish()
    results = await asyncio.gather(*(pull(world) for _ in range(4)))
    assert sorted(result.applied for result in results) == [0, 0, 0, 5]
    assert all(result.error is None for result in results)
    assert len(ranges(world, "payloads")) == 1


async def test_a_withdrawal_takes_the_payload_with_it(world: World) -> None:
    author = world[B]
    author.log.announce("a")
    await author.publish()
    await pull(world)
    author.log.revise(0, Code.WITHDRAW)
    await author.publish()
    await pull(world)
    held = world[A].ledger.log(B)
    assert held.standings[0] is Standing.WITHDRAWN
    assert held.rows[0].pieces == (Gone(by=1),)
    assert isinstance(world[A].effects[-1], Withdrawn)


async def test_a_late_joiner_is_told_what_is_gone_and_waits_for_the_withdrawal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world[A].puller._spans[B] = 1
    monkeypatch.setattr(puller_module, "MAX_PULL", 1)
    author = world[B]
    author.log.announce("a")
    author.log.revise(0, Code.WITHDRAW)
    await author.publish()
    await pull(world)
    held = world[A].ledger.log(B)
    assert held.rows[0].pieces == (Gone(by=1),)
    assert held.standings[0] is Standing.MISSING
    (effect,) = world[A].effects
    assert isinstance(effect, Announced)
    assert effect.payload is None
    await pull(world)
    assert world[A].ledger.log(B).standings[0] is Standing.WITHDRAWN


async def test_a_node_that_never_published_is_no_error_of_ours(world: World) -> None:
    result = await pull(world)
    assert (result.error, result.problem) == ("refused", "not-found")


async def test_a_first_failure_is_retried_soon_and_the_next_at_the_usual_pace(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    done = Schedule.done

    def note(schedule: Schedule, *words: Any, soon: bool = False) -> None:  # noqa: ANN401
        asked.append(soon)
        done(schedule, *words, soon=soon)

    monkeypatch.setattr(Schedule, "done", note)
    for _ in range(3):
        await pull(world)
    world[B].log.announce("a")
    await world[B].publish()
    await pull(world)
    assert asked == [True, False, False, False]


async def test_a_tick_starts_what_is_due_and_waits_for_nobody(world: World) -> None:
    for name in world.names:
        world[name].log.announce("a")
        await world[name].publish()
    reader = world[A]
    assert reader.puller.tick() == ()  # within the first second, at a random moment
    world.clock.advance(1)
    started = reader.puller.tick()
    assert sorted(started) == sorted(name for name in world.names if name != A)
    assert reader.puller.results == {}
    assert reader.puller.tick() == ()
    await reader.puller.finish()
    assert len(reader.puller.results) == 3
    assert {result.error for result in reader.puller.results.values()} == {None}
    world.clock.advance(60)
    assert len(reader.puller.tick()) == 3


async def test_a_pull_that_meets_another_writer_stops_without_writing(world: World) -> None:
    author, reader = world[B], world[A]
    author.log.announce("a")
    await author.publish()
    await pull(world)
    author.log.announce("b")
    await author.publish()
    head = reader.mirror.open_head(B, author.ledger.log(B).head or b"")

    rows = author.rows()
    with pytest.raises(MovedError):
        await reader.mirror.extend(head, CompactRange(), [rows[0].raw], [rows[0].pieces])
    assert reader.ledger.log(B).applied.size == 1


async def test_after_a_stall_less_is_asked_for_and_later_more_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(100):
        world[B].log.announce(str(number))
    await world[B].publish()
    client, slow = world[A].clients[B], True
    get = PeerClient.get

    async def narrow(self: PeerClient, path: str, limit: int, lane: Lane = Lane.PULL) -> bytes:
        body = await get(self, path, limit, lane)
        if slow and len(body) > 40_000:
            raise StalledError("A thin line.")
        return body

    monkeypatch.setattr(PeerClient, "get", narrow)
    results = [await pull(world) for _ in range(6)]
    assert [result.error for result in results[:4]] == ["stalled"] * 4
    assert results[4].error is None
    assert results[5].up_to_date
    assert client.wait(Lane.PULL) == 0
    slow = False
    world.wire.clear()
    for number in range(100):
        world[B].log.announce(f"later {number}")
    await world[B].publish()
    await pull(world)
    assert len(ranges(world, "payloads")) == 1


async def test_any_sign_of_life_ends_the_wait_for_a_peer_that_was_away(world: World) -> None:
    world[B].log.announce("a")
    await world[B].publish()
    reader = world[A]
    world.clock.advance(1)
    reader.schedule.take_due(world.clock.monotonic())
    world[B].down = True
    for _ in range(12):
        await pull(world)
        world.clock.advance(reader.clients[B].wait(Lane.PULL))
    reader.schedule.take_due(world.clock.monotonic())
    await pull(world)
    world.clock.advance(60)
    assert reader.clients[B].wait(Lane.PULL) > 300
    assert reader.schedule.take_due(world.clock.monotonic()) == ()
    world[B].down = False

    for peer in ("nobody", A, "auditrice", B):
        reader.puller.contact(peer)
    world.clock.advance(1)
    assert reader.schedule.take_due(world.clock.monotonic()) == (B,)
    assert (await pull(world)).up_to_date

    reader.puller.contact(B)  # of a peer that was never away, it changes nothing
    world.clock.advance(0.9)
    assert reader.schedule.take_due(world.clock.monotonic()) == ()
