"""The one place where the clock is read and randomness is drawn; both are passed down as values."""

import os
import time


class SystemClock:
    """The machine's clocks: `federation.ports.Clock`."""

    def now(self) -> int:
        """Return Unix seconds, rounded down."""
        return int(time.time())

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()


def entropy(size: int) -> bytes:
    """Return `size` bytes of the operating system's randomness, fit for keys."""
    return os.urandom(size)
