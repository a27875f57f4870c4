"""When to talk to a peer: polling, hints, and leaving a struggling peer alone.

Pure: time and chance come in as arguments. Times are monotonic seconds (`Clock.monotonic`),
chance is a number from 0 (included) to 1 (excluded).
Specification: docs/spec/mirroring.md#pacing.
"""

from dataclasses import dataclass, field

FAILURES_TO_OPEN = 3
FIRST_BACKOFF = 5.0
LONGEST_BACKOFF = 900.0
"""Seconds: a peer that was away for a week is tried again within a quarter of an hour."""

LONGEST_QUOTA_WAIT = 86_400.0
"""Seconds: the most that a used-up quota may ask for."""

_DOUBLINGS = 8  # 5 s · 2^8 is beyond LONGEST_BACKOFF; a larger exponent would only overflow

POLL_EVERY = 60.0
COALESCE = 1.0
"""Seconds during which several hints from one peer become one pull."""


def chance(randomness: bytes) -> float:
    """Return a number in [0, 1) from 4 random bytes."""
    return int.from_bytes(randomness[:4], "big") / 2**32


@dataclass(slots=True)
class Breaker:
    """Stops requests to a peer that fails, so that waiting for it costs the others nothing.

    Two reasons to wait are kept apart: failures, which any answer wipes out, and the peer's own
    `Retry-After`, which takes something that the peer has signed, or time.
    """

    failures: int = 0
    _open_until: float = 0.0
    _asked_until: float = 0.0

    def wait(self, now: float) -> float:
        """Return the seconds until the next request may go out; 0 for at once."""
        return max(0.0, self._open_until - now, self._asked_until - now)

    def asked_to_wait(self, now: float) -> bool:
        """Return whether the peer's own `Retry-After` still runs."""
        return self._asked_until > now

    def failed(self, now: float, chance: float) -> None:
        """Note a failure; from the third in a row on, the waiting doubles from 5 s to 15 min.

        Half of each wait is fixed, the other half random: peers that lost one node together do
        not come back to it together.
        """
        self.failures += 1
        if self.failures >= FAILURES_TO_OPEN:
            doublings = min(self.failures - FAILURES_TO_OPEN, _DOUBLINGS)
            backoff = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2**doublings)
            self._open_until = now + backoff * (1 + chance) / 2

    def retry_after(self, now: float, seconds: float, longest: float = LONGEST_BACKOFF) -> None:
        """Note a `Retry-After`; at most `longest` seconds of it are believed."""
        self._asked_until = max(self._asked_until, now + min(seconds, longest))

    def answered(self) -> None:
        """Note that somebody answered."""
        self.failures = 0
        self._open_until = 0.0

    def contact(self) -> None:
        """Note that the peer itself is alive: something that it has signed arrived."""
        self.answered()
        self._asked_until = 0.0


@dataclass(slots=True)
class Schedule:
    """When each peer's log is pulled next.

    Attributes:
        every: the longest time between two polls of a peer, seconds.
    """

    every: float = POLL_EVERY
    _due: dict[str, float] = field(default_factory=dict)

    def add(self, peer: str, now: float, chance: float) -> None:
        """Start polling `peer`, within the coalescing second: a node that starts catches up."""
        self._due[peer] = now + COALESCE * chance

    def take_due(self, now: float) -> tuple[str, ...]:
        """Return the peers to pull now; each is due again only after `hinted` or `done`."""
        due = tuple(peer for peer, at in self._due.items() if at <= now)
        for peer in due:
            self._due[peer] = float("inf")
        return due

    def hinted(self, peer: str, now: float) -> None:
        """Make `peer` due within a second. Hints during a pull lead to one more pull after it."""
        if peer in self._due:
            self._due[peer] = min(self._due[peer], now + COALESCE)

    def done(
        self, peer: str, now: float, chance: float, wait: float = 0.0, *, soon: bool = False
    ) -> None:
        """Set the next poll after a pull: full jitter over `every`, no sooner than `wait`.

        `soon` takes the first backoff instead of `every`: for the first failure in a row, so that
        nodes that start together do not miss each other for a whole interval.
        """
        if peer in self._due:
            longest = min(FIRST_BACKOFF, self.every) if soon else self.every
            planned = now + max(longest * chance, COALESCE, wait)
            self._due[peer] = min(self._due[peer], planned)

    def unfinished(self, peer: str, now: float) -> None:
        """Make `peer` due at once: its pull stopped at its work limit, not at the end."""
        if peer in self._due:
            self._due[peer] = now
