from federation.health import LIE_KEPT, LIE_LIFTED_BY, Health
from protocol.lookup import Fault

ALL = (1, 2, 3, 4)


def test_own_share_first_then_the_fastest_and_strangers_in_between() -> None:
    health = Health()
    health.answered(2, 0.9)
    health.answered(4, 0.1)
    assert health.order(ALL, 3, 0) == (3, 4, 1, 2)
    assert health.order(ALL, None, 0) == (4, 1, 3, 2)


def test_times_are_averaged() -> None:
    health = Health()
    health.answered(1, 0.1)
    health.answered(2, 0.2)
    health.answered(1, 0.3)  # one slow answer of two: 0.16
    assert health.order((1, 2), None, 0) == (1, 2)
    health.answered(1, 0.4)
    assert health.order((1, 2), None, 0) == (2, 1)


def test_a_failure_is_forgotten_in_minutes() -> None:
    health = Health()
    health.answered(1, 0.1)
    health.failed(1, Fault.UNREACHABLE, 100)
    assert health.order((1, 2), None, 100) == (2, 1)
    assert health.faults(100) == {1: Fault.UNREACHABLE}
    assert health.order((1, 2), None, 100 + 600) == (1, 2)


def test_an_answer_ends_a_failure() -> None:
    health = Health()
    health.failed(1, Fault.SLOW, 100)
    health.answered(1, 0.1)
    assert health.order((1, 2), None, 100) == (1, 2)
    assert health.faults(100) == {}


def test_a_liar_stays_last_and_named_for_a_day() -> None:
    health = Health()
    health.failed(1, Fault.LYING, 0)
    health.failed(2, Fault.UNREACHABLE, LIE_KEPT - 1)
    health.answered(1, 0.001)
    assert health.order((1, 2), None, LIE_KEPT - 1) == (2, 1)
    assert health.faults(LIE_KEPT - 1) == {1: Fault.LYING, 2: Fault.UNREACHABLE}
    assert health.order((1, 2), None, LIE_KEPT) == (1, 2)
    assert health.faults(LIE_KEPT) == {2: Fault.UNREACHABLE}


def test_a_lie_of_which_nothing_was_heard_since_fades_too() -> None:
    health = Health()
    health.failed(1, Fault.LYING, 0)
    assert health.faults(LIE_KEPT - 1) == {1: Fault.LYING}
    assert health.faults(LIE_KEPT) == {}


def test_proofs_in_a_row_make_up_for_a_lie_and_another_lie_undoes_them() -> None:
    health = Health()

    def prove(times: int) -> None:
        for _ in range(times):
            health.answered(1, 0.001)
            health.proved(1)

    prove(LIE_LIFTED_BY)
    health.failed(1, Fault.LYING, 0)
    prove(LIE_LIFTED_BY - 1)
    assert health.faults(0) == {1: Fault.LYING}
    health.failed(1, Fault.LYING, 0)
    prove(LIE_LIFTED_BY - 1)
    assert health.order((1, 2), None, 0) == (2, 1)
    prove(1)
    assert health.faults(0) == {}
    assert health.order((1, 2), None, 0) == (1, 2)
