import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from crypto.group import multiply, scalar_from_wide
from crypto.oprf import Evaluation, blind, evaluate, finalize
from crypto.values import Element, SecretScalar
from protocol.errors import LookupStateError
from protocol.evaluation import as_elements
from protocol.lookup import RANDOMNESS_SIZE, WIDTH, Attempt, Fault, State, rank
from tests.protocol.builders import network, stream

NETWORK = network()
EPOCH = NETWORK.roster.epoch
INPUT = b"a number, never sent"


def _attempt(*inputs: bytes, order: tuple[int, ...] = (1, 2, 3, 4), label: str = "r") -> Attempt:
    return Attempt(EPOCH, inputs or (INPUT,), order, stream(label, RANDOMNESS_SIZE))


def _answer(attempt: Attempt, index: int, share: SecretScalar | None = None) -> Evaluation:
    key = share or NETWORK.dealing.shares[index]
    return evaluate(key, EPOCH.share_of(index), as_elements(attempt.request), stream("proof"))


def test_in_place_of_slow_ones_others_are_asked_and_the_slow_ones_still_count() -> None:
    large = network(tuple("abcdefg"))
    epoch = large.roster.epoch
    attempt = Attempt(epoch, (INPUT,), (1, 2, 3, 4, 5, 6, 7), stream("r", RANDOMNESS_SIZE))
    assert attempt.wanted() == (1, 2, 3, 4, 5)
    assert attempt.wanted(slow=1) == (6,)
    assert attempt.wanted(slow=1) == ()
    assert attempt.wanted(slow=5) == (7,)
    assert attempt.wanted(slow=7) == ()
    for index in (1, 2, 3, 7):
        share, public = large.dealing.shares[index], epoch.share_of(index)
        elements = as_elements(attempt.request)
        attempt.receive(index, evaluate(share, public, elements, stream("proof")))
    assert (attempt.state, attempt.faults) == (State.READY, {})


def _whole_key() -> SecretScalar:
    """K, which no party of the protocol ever holds: only to know what the answer must be."""
    from crypto.group import scalar_add, scalar_multiply  # noqa: PLC0415
    from crypto.threshold import lagrange_at_zero  # noqa: PLC0415

    parts = [
        scalar_multiply(NETWORK.dealing.shares[index], coefficient)
        for index, coefficient in lagrange_at_zero((1, 2, 3)).items()
    ]
    return scalar_add(scalar_add(parts[0], parts[1]), parts[2])


def _expected(text: bytes) -> bytes:
    r = scalar_from_wide(stream("other blind", 64))
    return finalize(text, r, multiply(_whole_key(), blind(text, r)))


@pytest.mark.parametrize("chosen", list(itertools.combinations((1, 2, 3, 4), 3)))
def test_any_three_of_four_give_the_same_output(chosen: tuple[int, ...]) -> None:
    attempt = _attempt(INPUT, b"another reading")
    assert attempt.wanted() == (1, 2, 3, 4)
    for index in chosen:
        attempt.receive(index, _answer(attempt, index))
    assert attempt.state is State.READY
    assert attempt.outputs() == (_expected(INPUT), _expected(b"another reading"))


def test_a_dummy_looks_like_a_reading_and_gives_nothing() -> None:
    one, two = _attempt(INPUT), _attempt(INPUT, b"another reading")
    assert len(one.request.elements) == len(two.request.elements) == WIDTH
    assert len(one.request.encode()) == len(two.request.encode())
    one.wanted()
    for index in (1, 2, 3):
        one.receive(index, _answer(one, index))
    assert one.outputs() == (_expected(INPUT),)


def test_two_attempts_share_no_element_and_no_request_id() -> None:
    first, second = _attempt(label="first"), _attempt(label="second")
    assert not set(first.request.elements) & set(second.request.elements)
    assert first.request.request != second.request.request


def test_a_lying_custodian_is_named_and_routed_around() -> None:
    attempt = _attempt()
    attempt.wanted()
    attempt.receive(2, _answer(attempt, 2, share=NETWORK.dealing.shares[3]))
    assert attempt.faults == {2: Fault.LYING}
    for index in (1, 3, 4):
        attempt.receive(index, _answer(attempt, index))
    assert attempt.outputs() == (_expected(INPUT),)


@pytest.mark.parametrize("how", ["swapped", "shorter", "longer", "other element"])
def test_an_answer_that_does_not_fit_is_a_lie(how: str) -> None:
    attempt = _attempt()
    attempt.wanted()
    good = _answer(attempt, 1)
    first, second = good.elements
    elements: tuple[Element, ...] = {
        "swapped": (second, first),
        "shorter": (first,),
        "longer": (first, second, second),
        "other element": (first, first),
    }[how]
    attempt.receive(1, dataclasses.replace(good, elements=elements))
    assert attempt.faults == {1: Fault.LYING}


def test_hedging_asks_one_more_than_needed_and_replaces_failures() -> None:
    roster_of_seven = network(tuple("abcdefg"))
    attempt = Attempt(
        roster_of_seven.roster.epoch, (INPUT,), (7, 6, 5, 4, 3, 2, 1), stream("r", RANDOMNESS_SIZE)
    )
    assert attempt.wanted() == (7, 6, 5, 4, 3)
    assert attempt.wanted() == ()
    attempt.fail(6, Fault.SLOW)
    assert attempt.wanted() == (2,)
    attempt.fail(7, Fault.UNREACHABLE)
    attempt.fail(5, Fault.LOCKED)
    assert attempt.state == "collecting"
    assert attempt.wanted() == (1,)
    attempt.fail(4, Fault.QUOTA)
    assert attempt.state == "no-quorum"
    assert attempt.wanted() == ()


def test_answers_that_came_are_neither_waited_for_nor_asked_for_again() -> None:
    seven = network(tuple("abcdefg"))
    epoch = seven.roster.epoch
    attempt = Attempt(epoch, (INPUT,), (1, 2, 3, 4, 5, 6, 7), stream("r", RANDOMNESS_SIZE))
    assert attempt.wanted() == (1, 2, 3, 4, 5)
    question = as_elements(attempt.request)
    attempt.receive(1, evaluate(seven.dealing.shares[1], epoch.share_of(1), question, stream("p")))
    assert attempt.wanted() == ()
    attempt.fail(2, Fault.SLOW)
    assert attempt.faults == {2: Fault.SLOW}
    assert attempt.wanted() == (6,)


def test_without_a_quorum_there_is_no_output() -> None:
    attempt = _attempt()
    attempt.wanted()
    attempt.receive(1, _answer(attempt, 1))
    attempt.receive(2, _answer(attempt, 2))
    with pytest.raises(LookupStateError):
        attempt.outputs()
    attempt.fail(3, Fault.UNREACHABLE)
    attempt.fail(4, Fault.REFUSED)
    assert attempt.state is State.NO_QUORUM
    with pytest.raises(LookupStateError):
        attempt.outputs()


def test_an_order_too_short_has_no_quorum_from_the_start() -> None:
    attempt = _attempt(order=(1, 2))
    assert attempt.state is State.NO_QUORUM
    assert attempt.wanted() == ()


def test_answers_that_nobody_waits_for_are_refused() -> None:
    attempt = _attempt()
    with pytest.raises(LookupStateError):
        attempt.receive(1, _answer(attempt, 1))
    with pytest.raises(LookupStateError):
        attempt.fail(1, Fault.SLOW)
    attempt.wanted()
    attempt.receive(1, _answer(attempt, 1))
    with pytest.raises(LookupStateError):
        attempt.receive(1, _answer(attempt, 1))
    attempt.fail(2, Fault.SLOW)
    with pytest.raises(LookupStateError):
        attempt.fail(2, Fault.SLOW)


@pytest.mark.parametrize("inputs", [(), (b"a", b"b", b"c")])
def test_an_attempt_takes_one_or_two_inputs(inputs: tuple[bytes, ...]) -> None:
    with pytest.raises(LookupStateError):
        Attempt(EPOCH, inputs, (1, 2, 3, 4), bytes(RANDOMNESS_SIZE))
    with pytest.raises(LookupStateError):
        Attempt(EPOCH, (INPUT,), (1, 2, 3, 4), bytes(RANDOMNESS_SIZE - 1))


def test_nothing_secret_shows_in_its_representation() -> None:
    attempt = _attempt()
    assert attempt.randomness.hex() not in repr(attempt)
    assert repr(attempt.randomness) not in repr(attempt)
    assert attempt.request.elements[0].hex() not in repr(attempt)
    assert "never sent" not in repr(attempt)


@given(st.permutations([1, 2, 3, 4]), st.dictionaries(st.integers(1, 4), st.floats(0, 10)))
def test_ranking_is_a_stable_permutation(indices: list[int], health: dict[int, float]) -> None:
    ranked = rank(indices, health)
    assert sorted(ranked) == [1, 2, 3, 4]
    assert ranked == rank(sorted(indices), health)
    waits = [health.get(index, float("inf")) for index in ranked]
    assert waits == sorted(waits)


class AnyOrder(RuleBasedStateMachine):
    """Answers, lies and failures in any order: an output is the right one, or there is none."""

    @initialize(order=st.permutations([1, 2, 3, 4]))
    def begin(self, order: list[int]) -> None:
        self.attempt = _attempt(order=tuple(order))
        self.waiting: list[int] = []
        self.good = 0
        self.bad = 0

    @rule()
    def ask(self) -> None:
        self.waiting += self.attempt.wanted()

    @rule(data=st.data(), kind=st.sampled_from(["good", "lie", "fail"]))
    def answer(self, data: st.DataObject, kind: str) -> None:
        if not self.waiting:
            return
        index = data.draw(st.sampled_from(self.waiting))
        self.waiting.remove(index)
        if kind == "fail":
            self.attempt.fail(index, Fault.UNREACHABLE)
        else:
            other = NETWORK.dealing.shares[index % 4 + 1] if kind == "lie" else None
            self.attempt.receive(index, _answer(self.attempt, index, other))
        self.good += kind == "good"
        self.bad += kind != "good"

    @invariant()
    def the_state_follows_from_the_counts(self) -> None:
        if not hasattr(self, "attempt"):
            return
        if self.good >= 3:
            assert self.attempt.state is State.READY
            assert self.attempt.outputs() == (_expected(INPUT),)
        elif self.bad > 1:
            assert self.attempt.state is State.NO_QUORUM
        else:
            assert self.attempt.state is State.COLLECTING


TestAnyOrder = AnyOrder.TestCase
