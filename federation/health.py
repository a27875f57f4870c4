"""Which custodians to ask first: those that answer soon, and one that lied after all others.

A custodian's wait is expected to be the running average of its answers' times. A failure adds a
penalty that halves every minute, so that it is tried again without making many people wait. A lie
is remembered for a day, or until as many proofs in a row as make up for it: a custodian whose
share was restored wrongly, and then rightly, need not wait for anybody's restart. Times are
monotonic seconds. Specification: docs/spec/evaluation.md#asking.
"""

import math
from dataclasses import dataclass, field
from typing import Final

from protocol.lookup import Fault, rank

LIE_KEPT: Final = 86_400.0
"""Seconds for which a lie is held against a custodian."""

LIE_LIFTED_BY: Final = 20
"""Proved answers in a row that end it sooner."""

_UNKNOWN: Final = 0.5
_WEIGHT: Final = 0.3
_PENALTY: Final = 60.0
_HALF_LIFE: Final = 60.0


@dataclass(slots=True)
class _Custodian:
    average: float = _UNKNOWN
    fault: Fault | None = None
    fault_at: float = 0.0
    lied_at: float | None = None
    proved_since: int = 0

    def lies(self, now: float) -> bool:
        return self.lied_at is not None and now - self.lied_at < LIE_KEPT

    def expected(self, now: float) -> float:
        if self.lies(now):
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
        """Note an answer, of whatever worth, that came after `seconds`."""
        seen = self._seen.setdefault(custodian, _Custodian(average=seconds))
        seen.average += _WEIGHT * (seconds - seen.average)
        seen.fault = None

    def proved(self, custodian: int) -> None:
        """Note that the answer's proof held."""
        seen = self._seen.setdefault(custodian, _Custodian())
        seen.proved_since += 1
        if seen.proved_since >= LIE_LIFTED_BY:
            seen.lied_at = None

    def failed(self, custodian: int, fault: Fault, now: float) -> None:
        """Note that `custodian` gave no usable answer."""
        seen = self._seen.setdefault(custodian, _Custodian())
        seen.fault, seen.fault_at = fault, now
        if fault is Fault.LYING:
            seen.lied_at, seen.proved_since = now, 0

    def faults(self, now: float) -> dict[int, Fault]:
        """Return each custodian's last fault; a lie that is still held against it comes first."""
        named: dict[int, Fault] = {}
        for index, seen in self._seen.items():
            if seen.lies(now):
                named[index] = Fault.LYING
            elif seen.fault is not None and seen.fault is not Fault.LYING:
                named[index] = seen.fault
        return named

    def order(self, indices: tuple[int, ...], own: int | None, now: float) -> tuple[int, ...]:
        """Return `indices`, the likeliest to answer soonest first; `own` before all others."""
        expected = {i: self._seen.get(i, _Custodian()).expected(now) for i in indices}
        if own is not None:
            expected[own] = 0.0
        return rank(indices, expected)
