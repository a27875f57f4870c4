"""Custodians that are slow: others are asked too, and what comes late still counts."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest

from crypto.oprf import Evaluation
from federation.errors import (
    UnreachableError,
)
from federation.gather import Hurry
from protocol.evaluation import EvaluateRequest
from protocol.lookup import Fault, State
from tests.federation.bad_servers import chunks, hang, saying, serving
from tests.federation.hosts import World
from tests.federation.lookups import INPUT, A, at, finish_late, gather, truth
from tests.protocol.builders import network


async def test_a_hung_custodian_costs_a_lookup_nothing(world: World) -> None:
    async with serving(hang) as server:
        at(world, "cabiria", server.url)
        start = time.monotonic()
        gathered = await gather(world)
        assert time.monotonic() - start < 0.7
        assert gathered.outputs == (truth(world),)
        await finish_late(world)
        assert world[A].gatherer.faults() == {2: Fault.SLOW}
        assert world[A].gatherer.attempt((INPUT,)).order == (1, 3, 4, 2)


@pytest.mark.parametrize("behave", [hang, chunks(*[b"x"] * 500, pause=0.01)])
async def test_when_a_hung_custodian_is_needed_the_lookup_ends(
    world: World, behave: Callable[[asyncio.StreamWriter], object]
) -> None:
    world["griselidis"].down = True
    async with serving(behave) as server:  # type: ignore[arg-type]
        at(world, "cabiria", server.url)
        gathered = await gather(world)
        assert gathered.outputs is None
        assert gathered.faults == {2: Fault.SLOW, 3: Fault.UNREACHABLE}


async def test_a_used_up_quota_is_told_from_a_failure(world: World) -> None:
    problem = b'{"code":"quota","title":"..."}'
    async with serving(saying("429 Too Many", problem, retry_after="60")) as server:
        at(world, "cabiria", server.url)
        world["griselidis"].down = True
        assert (await gather(world)).faults[2] is Fault.QUOTA
        assert (await gather(world)).faults[2] is Fault.QUOTA
        assert len(server.requests) == 1


class Custodians:
    """Answers by index, some of them never."""

    def __init__(self, world: World, hung: set[int]) -> None:
        self.world, self.hung, self.asked = world, hung, list[int]()

    async def __call__(self, index: int, request: EvaluateRequest) -> Evaluation:
        self.asked.append(index)
        if index in self.hung:
            await asyncio.sleep(3600)
        host = next(host for host in self.world.hosts.values() if host.safe.index == index)
        return await host.gatherer.ask(index, request)


@pytest.fixture
async def seven() -> AsyncIterator[World]:
    made = World(network(tuple("abcdefg")))
    yield made
    await made.close()


async def test_one_more_than_needed_is_asked_and_no_more(seven: World) -> None:
    custodians = Custodians(seven, set())
    gatherer = seven["a"].gatherer
    assert (await gatherer.run(gatherer.attempt((INPUT,)), custodians)).outputs is not None
    assert custodians.asked == [1, 2, 3, 4, 5]


async def test_after_a_short_wait_others_are_asked_instead(seven: World) -> None:
    custodians = Custodians(seven, {2, 3})
    gatherer = seven["a"].gatherer
    gatherer.hurry = Hurry(hedge=0.5, deadline=30)
    start = time.monotonic()
    gathered = await gatherer.run(gatherer.attempt((INPUT,)), custodians)
    assert time.monotonic() - start < 10
    assert gathered.outputs == (truth(seven),)
    assert gathered.faults == {}  # they may still answer
    assert custodians.asked == [1, 2, 3, 4, 5, 6, 7]
    # Whoever looks up next does not wait for them.
    assert gatherer.faults() == {2: Fault.SLOW, 3: Fault.SLOW}
    assert gatherer.attempt((INPUT,)).order[-2:] == (2, 3)
    await gatherer.close()


async def test_late_answers_are_taken_when_those_asked_instead_are_dead(seven: World) -> None:
    gatherer = seven["a"].gatherer
    gatherer.hurry = Hurry(hedge=0.05, deadline=30)
    gate = asyncio.Event()

    async def ask(index: int, request: EvaluateRequest) -> Evaluation:
        if index in {2, 3}:  # a bad line: slower than the hedge, and good
            await gate.wait()
        elif index in {6, 7}:
            gate.set()
            raise UnreachableError("dead")
        elif index == 5:
            await asyncio.sleep(3600)
        host = next(host for host in seven.hosts.values() if host.safe.index == index)
        return await host.gatherer.ask(index, request)

    gathered = await gatherer.run(gatherer.attempt((INPUT,)), ask)
    assert gathered.outputs == (truth(seven),)
    assert gathered.faults == {6: Fault.UNREACHABLE, 7: Fault.UNREACHABLE}
    assert {2, 3}.isdisjoint(gatherer.faults())
    await gatherer.close()


async def test_nobody_is_given_up_early_when_nobody_else_is_left(seven: World) -> None:
    custodians = Custodians(seven, {2, 3, 4, 5})
    gatherer = seven["a"].gatherer
    gatherer.hurry = Hurry(hedge=0.05, deadline=0.4)
    start = time.monotonic()
    gathered = await gatherer.run(gatherer.attempt((INPUT,)), custodians)
    assert time.monotonic() - start > 0.35
    assert gathered.outputs is None
    assert set(gathered.faults) == {2, 3, 4, 5}
    await gatherer.close()


async def test_a_late_answer_is_awaited_and_judged_without_the_number(
    world: World,
) -> None:
    gatherer = world[A].gatherer
    gate = asyncio.Event()

    async def ask(index: int, request: EvaluateRequest) -> Evaluation:
        answer = await gatherer.ask(index, request)
        if index == 4:
            await gate.wait()
            return Evaluation(answer.elements[::-1], answer.proof)
        return answer

    attempt = gatherer.attempt((INPUT,))
    assert (await gatherer.run(attempt, ask)).outputs is not None
    assert attempt.state is State.READY
    assert gatherer.faults() == {}
    assert len(gatherer._late) == 1
    gate.set()
    await finish_late(world)
    assert gatherer.faults() == {4: Fault.LYING}
    assert attempt.faults == {}


async def test_a_cancelled_lookup_leaves_no_request_cut_off(world: World) -> None:
    gatherer = world[A].gatherer
    gate, ended = asyncio.Event(), list[int]()

    async def ask(index: int, request: EvaluateRequest) -> Evaluation:
        await gate.wait()
        ended.append(index)
        return await gatherer.ask(index, request)

    running = asyncio.create_task(gatherer.run(gatherer.attempt((INPUT,)), ask))
    await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    gate.set()
    await finish_late(world)
    assert sorted(ended) == [1, 2, 3, 4]
