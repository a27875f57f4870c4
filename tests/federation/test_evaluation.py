"""A custodian: member, epoch, share, then the debit, and only then the evaluation."""

import asyncio
import dataclasses
from collections.abc import Callable

import pytest

from crypto.group import hash_to_element, multiply
from crypto.oprf import verify
from crypto.values import Element
from federation import evaluation as evaluation_module
from federation.errors import (
    CustodyLockedError,
    EpochError,
    NotMemberError,
    QuotaError,
    ReplayError,
)
from federation.evaluation import EvaluationServer
from federation.ports import MAX_ANSWERS
from protocol.errors import CanonicalError
from protocol.evaluation import EvaluateRequest, EvaluationFormatError, as_elements, parse_answer
from protocol.requests import Request, VerifiedRequest
from tests.federation.hosts import World

A, B = "strass", "cabiria"
DAY = 86_400


def element(label: str) -> Element:
    return hash_to_element(label.encode(), b"tests")


def question(world: World, *labels: str, attempt: int = 1) -> EvaluateRequest:
    epoch = world.net.roster.epoch
    return EvaluateRequest(
        generation=epoch.generation,
        epoch=epoch.id,
        request=attempt.to_bytes(16, "big"),
        elements=tuple(map(element, labels or ("x", "y"))),
    )


def verified(
    request: EvaluateRequest | bytes, nonce: int, by: str = A, created: int = 1_795_000_000
) -> VerifiedRequest:
    body = request if isinstance(request, bytes) else request.encode()
    http = Request("POST", "http://b/x", body, "application/json")
    return VerifiedRequest(by, nonce.to_bytes(16, "big"), created, http)


def with_quota(world: World, quota: int) -> EvaluationServer:
    roster = world.net.roster
    parameters = roster.parameters.model_copy(update={"quota_daily": quota})
    facts = roster.facts.model_copy(update={"parameters": parameters})
    return dataclasses.replace(world[B].evaluation, roster=dataclasses.replace(roster, facts=facts))


def used(world: World, member: str = A) -> int:
    return world[B].ledger.state.used.get((member, world.clock.now() // DAY), 0)


async def test_an_answer_verifies_under_the_custodians_public_share(world: World) -> None:
    request = question(world)
    answer = parse_answer(await world[B].evaluation.answer(A, verified(request, 1)))
    share = world[B].safe
    verify(world.net.roster.epoch.share_of(share.index), as_elements(request), answer)
    assert answer.elements[0] == multiply(share.held, element("x"))
    assert used(world) == 2


async def test_the_debit_is_durable_before_anything_is_evaluated(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid: list[int] = []

    def crash(*_: object) -> None:
        paid.append(used(world))
        raise RuntimeError("power cut")

    monkeypatch.setattr(evaluation_module, "evaluate", crash)
    with pytest.raises(RuntimeError):
        await world[B].evaluation.answer(A, verified(question(world), 1))
    assert paid == [2]
    assert used(world) == 2
    assert world[B].ledger.writes == 1


async def test_the_same_question_again_is_answered_and_not_debited(world: World) -> None:
    request = question(world)
    first = await world[B].evaluation.answer(A, verified(request, 1))
    second = await world[B].evaluation.answer(A, verified(request, 2))
    assert parse_answer(first).elements == parse_answer(second).elements
    assert used(world) == 2


async def test_the_same_question_is_answered_three_times_and_no_more(world: World) -> None:
    request = question(world)
    for nonce in range(MAX_ANSWERS):
        await world[B].evaluation.answer(A, verified(request, nonce))
    with pytest.raises(QuotaError) as caught:
        await world[B].evaluation.answer(A, verified(request, 9))
    assert (caught.value.code, caught.value.retry_after) == ("quota", 0)
    assert used(world) == 2
    await world[B].evaluation.answer(A, verified(question(world, attempt=2), 10))


async def test_the_same_id_with_another_body_is_refused(world: World) -> None:
    await world[B].evaluation.answer(A, verified(question(world), 1))
    with pytest.raises(ReplayError):
        await world[B].evaluation.answer(A, verified(question(world, "x", "z"), 2))
    assert used(world) == 2


async def test_the_same_id_of_another_member_is_another_question(world: World) -> None:
    await world[B].evaluation.answer(A, verified(question(world), 1))
    await world[B].evaluation.answer("griselidis", verified(question(world, "p"), 1, "griselidis"))
    assert (used(world), used(world, "griselidis")) == (2, 1)


async def test_a_replayed_request_is_refused_without_a_debit(world: World) -> None:
    await world[B].evaluation.answer(A, verified(question(world), 1))
    with pytest.raises(ReplayError):
        await world[B].evaluation.answer(A, verified(question(world, attempt=2), 1))
    assert used(world) == 2


async def test_a_refused_debit_does_not_use_up_the_nonce(world: World) -> None:
    server = with_quota(world, 2)
    await server.answer(A, verified(question(world), 1))
    request = verified(question(world, attempt=2), 2)
    with pytest.raises(QuotaError):
        await server.answer(A, request)
    world.clock.advance(DAY)
    await server.answer(A, request)


async def test_the_quota_is_per_day_and_says_when_it_is_back(world: World) -> None:
    server = with_quota(world, 3)
    await server.answer(A, verified(question(world), 1))
    with pytest.raises(QuotaError) as caught:
        await server.answer(A, verified(question(world, attempt=2), 2))
    assert caught.value.retry_after == DAY - world.clock.now() % DAY
    await server.answer(A, verified(question(world, "z", attempt=3), 3))
    world.clock.advance(caught.value.retry_after)
    await server.answer(A, verified(question(world, attempt=2), 4))
    assert used(world) == 2


async def test_racing_questions_never_exceed_the_quota(world: World) -> None:
    server = with_quota(world, 10)
    outcomes = await asyncio.gather(
        *(server.answer(A, verified(question(world, attempt=n), n)) for n in range(20)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, bytes) for outcome in outcomes) == 5
    assert sum(isinstance(outcome, QuotaError) for outcome in outcomes) == 15
    assert used(world) == 10


async def test_the_same_question_racing_with_itself_is_debited_once(world: World) -> None:
    request = question(world)
    outcomes = await asyncio.gather(
        *(world[B].evaluation.answer(A, verified(request, n)) for n in range(MAX_ANSWERS))
    )
    assert len(outcomes) == MAX_ANSWERS
    assert used(world) == 2


@pytest.mark.parametrize("caller", ["auditrice", "nobody"])
async def test_only_members_may_ask(world: World, caller: str) -> None:
    with pytest.raises(NotMemberError):
        await world[B].evaluation.answer(caller, verified(question(world), 1, caller))
    assert world[B].ledger.writes == 0


async def test_a_locked_custodian_takes_nothing_from_the_quota(world: World) -> None:
    world[B].safe.locked = True
    with pytest.raises(CustodyLockedError):
        await world[B].evaluation.answer(A, verified(question(world), 1))
    assert world[B].ledger.writes == 0


@pytest.mark.parametrize("change", [{"generation": 2}, {"epoch": bytes(32)}])
async def test_another_epoch_is_refused(world: World, change: dict[str, object]) -> None:
    request = question(world).model_copy(update=change)
    with pytest.raises(EpochError):
        await world[B].evaluation.answer(A, verified(request, 1))
    assert world[B].ledger.writes == 0


def doubled(world: World) -> bytes:
    return question(world, "x", "x").encode()


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (lambda _: b"", CanonicalError),
        (lambda _: b"{}", EvaluationFormatError),
        (doubled, EvaluationFormatError),
    ],
)
async def test_a_malformed_question_is_refused(
    world: World, body: Callable[[World], bytes], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await world[B].evaluation.answer(A, verified(body(world), 1))
    assert world[B].ledger.writes == 0
