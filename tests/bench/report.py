"""A figure of ours beside a peer's, measured in one run: the ratio is what lasts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    ours_us: float
    """Microseconds, of our code."""
    peer_name: str
    peer_us: float
    """Microseconds, of the same work by the peer."""
    goal: float | None = None
    """The greatest ratio that is good enough."""

    @property
    def ratio(self) -> float:
        """Ours divided by the peer's: below 1, we are the faster."""
        return self.ours_us / self.peer_us

    @property
    def reached(self) -> bool:
        """Say whether the goal is met; a row without one always meets it."""
        return self.goal is None or self.ratio <= self.goal


def best_us(
    work: Callable[[], object],
    rounds: int,
    inner: int = 1,
    clock: Callable[[], float] = perf_counter,
) -> float:
    """Return the microseconds of one `work()`: the best of `rounds`, which noise cannot better.

    Args:
        work: what to measure.
        rounds: at least 1.
        inner: calls in a round, so that a short piece of work outweighs the clock.
        clock: seconds; `time.process_time` leaves out what other programs took from us, and
            waiting too.
    """
    work()
    best = float("inf")
    for _ in range(rounds):
        start = clock()
        for _ in range(inner):
            work()
        best = min(best, clock() - start)
    return best / inner * 1e6


def table(rows: Sequence[Row]) -> str:
    """Return the rows as aligned text."""
    head = ("work", "ours", "peer", "", "ratio", "goal")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place in {0, 3, 5} else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    goal = "" if row.goal is None else f"{row.goal:.2f} {'met' if row.reached else 'MISSED'}"
    ours, peer = _time(row.ours_us), _time(row.peer_us)
    return row.name, ours, peer, row.peer_name, f"{row.ratio:.2f}", goal


def _time(us: float) -> str:
    if us < 10_000:
        return f"{us:.1f} us"
    return f"{us / 1000:.1f} ms"
