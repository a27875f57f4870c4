"""The asking side: any t honest custodians are enough, and liars are named."""

import json
import re
from collections.abc import Callable

import pytest

from crypto.group import hash_to_element, multiply_base
from crypto.oprf import Evaluation
from crypto.values import Element, SecretScalar
from federation.errors import (
    AnswerSizeError,
    EpochError,
    NotCustodianError,
    QuotaError,
    RefusedError,
    StalledError,
    UnreachableError,
)
from federation.gather import fault_of
from protocol.errors import CanonicalError
from protocol.evaluation import EvaluateRequest, encode_answer, parse_answer, parse_request
from protocol.lookup import Fault
from tests.federation.bad_servers import LOCATIONS, saying, serving
from tests.federation.hosts import World
from tests.federation.lookups import INPUT, PATH, A, at, finish_late, gather, truth


async def test_two_readings_give_two_outputs(world: World) -> None:
    gathered = await gather(world, INPUT, b"another reading")
    assert gathered.outputs == (truth(world), truth(world, b"another reading"))
    assert gathered.faults == {}


async def test_the_own_share_goes_over_no_wire(world: World) -> None:
    await gather(world)
    await finish_late(world)
    assert {exchange.receiver for exchange in world.wire} == {
        "cabiria",
        "griselidis",
        "entractes",
    }
    assert {exchange.path for exchange in world.wire} == {PATH}


async def test_one_number_and_two_readings_look_the_same(world: World) -> None:
    await gather(world, INPUT)
    await finish_late(world)
    one = [(e.sent, e.received) for e in world.wire]
    assert len(one) == 3
    world.wire.clear()
    await gather(world, INPUT, b"another reading")
    await finish_late(world)
    assert [(e.sent, e.received) for e in world.wire] == one


async def test_no_element_is_ever_sent_in_two_attempts(world: World) -> None:
    for _ in range(3):
        await gather(world)
        await finish_late(world)
    bodies = {exchange.body for exchange in world.wire}
    assert len(bodies) == 3  # one body an attempt, whoever gets it
    elements = [element for body in bodies for element in parse_request(body).elements]
    assert len(set(elements)) == len(elements) == 6


@pytest.mark.parametrize("dead", ["cabiria", "griselidis", "entractes"])
async def test_one_of_four_may_be_down(world: World, dead: str) -> None:
    world[dead].down = True
    gathered = await gather(world)
    assert gathered.outputs == (truth(world),)


async def test_without_a_quorum_there_is_no_output_but_every_reason(world: World) -> None:
    world["cabiria"].down = True
    world["griselidis"].safe.locked = True
    gathered = await gather(world)
    assert gathered.outputs is None
    assert gathered.faults == {2: Fault.UNREACHABLE, 3: Fault.LOCKED}


async def test_the_own_share_may_be_locked(world: World) -> None:
    world[A].safe.locked = True
    gathered = await gather(world)
    assert gathered.outputs == (truth(world),)
    assert gathered.faults == {1: Fault.LOCKED}


def wrong_element(content: bytes) -> bytes:
    answer = parse_answer(content)
    other = hash_to_element(b"other", b"tests")
    return encode_answer(Evaluation((other, *answer.elements[1:]), answer.proof))


def swapped(content: bytes) -> bytes:
    answer = parse_answer(content)
    return encode_answer(Evaluation(answer.elements[::-1], answer.proof))


def bad_proof(content: bytes) -> bytes:
    message = json.loads(content)
    message["proof"] = "01" + message["proof"][2:]
    return json.dumps(message, separators=(",", ":"), sort_keys=True).encode()


def too_few(content: bytes) -> bytes:
    answer = parse_answer(content)
    return encode_answer(Evaluation(answer.elements[:1], answer.proof))


LIES: list[Callable[[bytes], bytes]] = [
    wrong_element,
    swapped,
    bad_proof,
    too_few,
]

NO_ANSWERS: list[Callable[[bytes], bytes]] = [
    lambda _: b"",
    lambda _: b"{}",
    lambda _: b"<html>Sign in to the hotel's network</html>",
    lambda content: content + b" ",
    lambda content: content.replace(b'"elements":["', b'"elements":["ff', 1),
    lambda content: re.sub(b'"elements":."[0-9a-f]{64}', b'"elements":["' + b"ff" * 32, content),
    lambda _: b"x" * 10**6,
]


@pytest.mark.parametrize("lie", LIES)
async def test_a_liar_is_named_and_routed_around(
    world: World, lie: Callable[[bytes], bytes]
) -> None:
    liar = world["cabiria"]
    liar.bend = lambda _, content: lie(content)
    gathered = await gather(world)
    assert gathered.outputs == (truth(world),)
    await finish_late(world)
    assert world[A].gatherer.faults() == {2: Fault.LYING}
    attempt = world[A].gatherer.attempt((INPUT,))
    assert attempt.order[0] == 1
    assert attempt.order[-1] == 2


@pytest.mark.parametrize("spoil", NO_ANSWERS)
async def test_bytes_that_are_no_answer_are_routed_around_and_nobody_is_called_a_liar(
    world: World, spoil: Callable[[bytes], bytes]
) -> None:
    world["cabiria"].bend = lambda _, content: spoil(content)
    assert (await gather(world)).outputs == (truth(world),)
    await finish_late(world)
    assert world[A].gatherer.faults() == {2: Fault.REFUSED}
    assert world[A].gatherer.crashes == {}
    world["cabiria"].bend = None
    await gather(world)
    await finish_late(world)
    assert world[A].gatherer.faults() == {}


@pytest.mark.parametrize("location", LOCATIONS)
async def test_no_custodian_can_crash_a_lookup(world: World, location: str) -> None:
    async with serving(saying("302 Found", location=location)) as server:
        at(world, "cabiria", server.url)
        assert (await gather(world)).outputs == (truth(world),)
        await finish_late(world)
        assert world[A].gatherer.faults() == {2: Fault.REFUSED}


async def test_an_error_that_nobody_thought_of_is_one_custodians_fault_and_counted(
    world: World,
) -> None:
    gatherer = world[A].gatherer

    async def ask(index: int, request: EvaluateRequest) -> Evaluation:
        if index == 2:
            raise ZeroDivisionError
        return await gatherer.ask(index, request)

    gathered = await gatherer.run(gatherer.attempt((INPUT,)), ask)
    assert gathered.outputs == (truth(world),)
    await finish_late(world)
    assert gatherer.faults() == {2: Fault.REFUSED}
    assert gatherer.crashes == {"ZeroDivisionError": 1}


async def test_with_two_liars_of_four_there_is_no_answer_rather_than_a_wrong_one(
    world: World,
) -> None:
    for name in ("cabiria", "griselidis"):
        world[name].bend = lambda _, content: wrong_element(content)
    gathered = await gather(world)
    assert gathered.outputs is None
    assert gathered.faults == {2: Fault.LYING, 3: Fault.LYING}


async def test_an_answer_under_another_share_is_a_lie(world: World) -> None:
    world["cabiria"].safe.held = SecretScalar(b"\5" + bytes(31))
    assert (await gather(world)).outputs == (truth(world),)
    await finish_late(world)
    assert world[A].gatherer.faults() == {2: Fault.LYING}


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (CanonicalError("why"), Fault.REFUSED),
        (AnswerSizeError("why"), Fault.REFUSED),
        (StalledError("why"), Fault.SLOW),
        (UnreachableError("why"), Fault.UNREACHABLE),
        (RefusedError(503, "custody-locked"), Fault.LOCKED),
        (RefusedError(503, "not-custodian"), Fault.LOCKED),
        (RefusedError(429, "quota"), Fault.QUOTA),
        (RefusedError(401, "request-clock"), Fault.REFUSED),
        (RefusedError(500, "unknown"), Fault.REFUSED),
        (NotCustodianError("why"), Fault.LOCKED),
        (QuotaError(1), Fault.QUOTA),
        (EpochError("why"), Fault.REFUSED),
    ],
    ids=str,
)
def test_what_a_failure_says_of_a_custodian(error: Exception, fault: Fault) -> None:
    assert fault_of(error) is fault  # type: ignore[arg-type]


def test_the_fixture_has_the_key_that_the_roster_names(world: World) -> None:
    shares = world.net.dealing.shares
    assert world.net.roster.epoch.share_of(2) == multiply_base(shares[2])
    assert Element(world.net.roster.epoch.public_key) == world.net.dealing.public_key
