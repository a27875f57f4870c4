"""Which custodians to ask first: those that answer soon, and never one that lied before others.

A custodian's wait is expected to be the running average of its answers' times. A failure adds a
penalty that halves every minute, so that it is tried again without making many people wait; a
lie is remembered until the node restarts. Times are monotonic seconds.
"""

import math
from dataclasses import dataclass, field
from typing import Final

from protocol.lookup import Fault, rank

_UNKNOWN: Final = 0.5
_WEIGHT: Final = 0.3
_PENALTY: Final = 60.0
_HALF_LIFE: Final = 60.0


@dataclass(slots=True)
class _Custodian:
    average: float = _UNKNOWN
    fault: Fault | None = None
    fault_at: float = 0.0
    lied: bool = False

    def expected(self, now: float) -> float:
        if self.lied:
            return float("inf")
        if self.fault is None:
            return self.average
        halvings = max(now - self.fault_at, 0.0) / _HALF_LIFE
        return self.average + _PENALTY * math.exp2(-halvings)


@dataclass(slots=True)
class Health:
    """What this node has seen of each custodian, by index."""

    _seen: dict[int, _Custodian] = field(default_factory=dict)

    def answered(self, custodian: int, seconds: float) -> None:
        """Note an answer that came after `seconds`."""
        seen = self._seen.setdefault(custodian, _Custodian(average=seconds))
        seen.average += _WEIGHT * (seconds - seen.average)
        seen.fault = None

    def failed(self, custodian: int, fault: Fault, now: float) -> None:
        """Note that `custodian` gave no usable answer."""
        seen = self._seen.setdefault(custodian, _Custodian())
        seen.fault, seen.fault_at = fault, now
        seen.lied = seen.lied or fault is Fault.LYING

    def faults(self) -> dict[int, Fault]:
        """Return, for people to see, each custodian's last fault; a lie outlives later answers."""
        named: dict[int, Fault] = {}
        for index, seen in self._seen.items():
            fault = Fault.LYING if seen.lied else seen.fault
            if fault is not None:
                named[index] = fault
        return named

    def order(self, indices: tuple[int, ...], own: int | None, now: float) -> tuple[int, ...]:
        """Return `indices`, the likeliest to answer soonest first; `own` before all others."""
        expected = {i: self._seen.get(i, _Custodian()).expected(now) for i in indices}
        if own is not None:
            expected[own] = 0.0
        return rank(indices, expected)
