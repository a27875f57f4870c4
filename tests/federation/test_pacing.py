import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.pacing import FIRST_BACKOFF, LONGEST_BACKOFF, Breaker, Schedule, chance

chances = st.floats(0, 1, exclude_max=True)


def opened(failures: int, drawn: float = 0.0, now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(failures):
        breaker.failed(now, drawn)
    return breaker


def test_two_failures_are_forgiven_and_the_third_opens() -> None:
    assert [opened(n).wait(0) for n in range(4)] == [0, 0, 0, 2.5]


@given(st.integers(3, 5000), chances)
def test_the_backoff_stays_between_five_seconds_and_a_quarter_of_an_hour(
    failures: int, drawn: float
) -> None:
    wait = opened(failures, drawn).wait(0)
    assert 2.5 <= wait <= LONGEST_BACKOFF
    if failures >= 11:
        assert wait >= LONGEST_BACKOFF / 2


def test_the_backoff_doubles() -> None:
    assert [opened(n).wait(0) for n in (3, 4, 5, 6)] == [2.5, 5, 10, 20]


def test_jitter_moves_half_of_the_wait() -> None:
    assert (opened(4, 0.0).wait(0), opened(4, 0.5).wait(0)) == (5, 7.5)


def test_after_the_wait_one_failure_more_opens_it_longer() -> None:
    breaker = opened(3)
    assert breaker.wait(2.5) == 0
    breaker.failed(2.5, 0)
    assert breaker.wait(2.5) == 5


def test_any_contact_closes_it() -> None:
    breaker = opened(20)
    breaker.contact()
    assert breaker.wait(0) == 0
    breaker.failed(0, 0)
    assert breaker.wait(0) == 0


def test_what_was_asked_for_survives_an_answer_and_not_a_contact() -> None:
    breaker = Breaker()
    breaker.retry_after(0, 30)
    breaker.answered()
    assert (breaker.wait(0), breaker.wait(30)) == (30, 0)
    assert breaker.asked_to_wait(29)
    assert not breaker.asked_to_wait(30)
    breaker.contact()
    assert breaker.wait(0) == 0
    assert not breaker.asked_to_wait(0)


def test_a_later_shorter_retry_after_does_not_shorten_the_first() -> None:
    breaker = Breaker()
    breaker.retry_after(0, 30)
    breaker.retry_after(1, 5)
    assert breaker.wait(1) == 29


def test_a_peer_cannot_ask_to_be_forgotten_for_ever() -> None:
    breaker = Breaker()
    breaker.retry_after(0, 1e12)
    assert breaker.wait(0) == LONGEST_BACKOFF
    breaker.retry_after(0, 1e12, 5000)
    assert breaker.wait(0) == 5000


@given(chances)
def test_polls_spread_over_the_whole_interval_and_never_beyond(drawn: float) -> None:
    schedule = Schedule(every=60)
    schedule.add("a", 0, drawn)
    assert schedule.take_due(1) == ("a",)
    schedule.done("a", 10, drawn)
    assert schedule.take_due(10.9) == ()
    assert schedule.take_due(70) == ("a",)


@given(chances)
def test_after_a_first_failure_the_next_poll_comes_soon(drawn: float) -> None:
    schedule = Schedule(60.0)
    schedule.add("cabiria", 0.0, 0.0)
    schedule.take_due(0.0)
    schedule.done("cabiria", 0.0, drawn, soon=True)
    assert schedule.take_due(FIRST_BACKOFF) == ("cabiria",)


def test_a_due_peer_is_taken_once() -> None:
    schedule = Schedule()
    schedule.add("a", 0, 0)
    assert schedule.take_due(0) == ("a",)
    assert schedule.take_due(1e9) == ()


def test_hints_of_one_second_become_one_pull() -> None:
    schedule = Schedule()
    schedule.add("a", 0, 0)
    schedule.take_due(0)
    schedule.done("a", 0, 0.99)
    schedule.hinted("a", 5.0)
    schedule.hinted("a", 5.5)
    assert schedule.take_due(5.9) == ()
    assert schedule.take_due(6.0) == ("a",)
    assert schedule.take_due(6.5) == ()


def test_a_hint_during_a_pull_leads_to_another() -> None:
    schedule = Schedule()
    schedule.add("a", 0, 0)
    schedule.take_due(0)
    schedule.hinted("a", 1)
    schedule.done("a", 2, 0.9)
    assert schedule.take_due(2) == ("a",)


def test_a_breaker_holds_the_next_poll_back() -> None:
    schedule = Schedule()
    schedule.add("a", 0, 0)
    schedule.take_due(0)
    schedule.done("a", 0, 0.1, wait=600)
    assert schedule.take_due(599) == ()
    assert schedule.take_due(600) == ("a",)


def test_an_unfinished_pull_goes_on_at_once() -> None:
    schedule = Schedule()
    schedule.add("a", 0, 0)
    schedule.take_due(0)
    schedule.done("a", 3, 0.9)
    schedule.unfinished("a", 3)
    assert schedule.take_due(3) == ("a",)


def test_strangers_are_never_scheduled() -> None:
    schedule = Schedule()
    schedule.hinted("a", 0)
    schedule.done("a", 0, 0)
    schedule.unfinished("a", 0)
    assert schedule.take_due(1e9) == ()


@pytest.mark.parametrize(
    ("randomness", "expected"), [(bytes(4), 0.0), (b"\x80\0\0\0", 0.5), (b"\xff" * 4, 1 - 2**-32)]
)
def test_chance(randomness: bytes, expected: float) -> None:
    assert chance(randomness) == expected
