import time

from node.system import SystemClock, entropy


def test_the_clock_is_the_machines() -> None:
    clock = SystemClock()
    assert abs(clock.now() - time.time()) <= 2  # noqa: TID251  (what it must agree with)
    first = clock.monotonic()
    assert clock.monotonic() >= first


def test_randomness_is_as_long_as_asked_and_not_the_same_twice() -> None:
    assert len(entropy(32)) == 32
    assert entropy(32) != entropy(32)
