"""A clock that a test moves by hand."""

from dataclasses import dataclass


@dataclass
class Clock:
    """`federation.ports.Clock`; `time` is Unix seconds."""

    time: int = 1_800_000_000

    def now(self) -> int:
        return self.time

    def monotonic(self) -> float:
        return float(self.time)
