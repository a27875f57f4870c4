"""Months and days, from the clock's seconds. All in UTC: nodes must agree on a month."""

from typing import Final

from protocol.months import month_of

__all__ = ["DAY", "month_of", "months_since"]

DAY: Final = 86_400
"""Seconds."""

_YEAR = 12


def months_since(month: str, now: int) -> int:
    """Return how many months lie between `month` (`YYYY-MM`) and now; 0 for a month to come."""
    today = month_of(now)
    return max(0, _number(today) - _number(month))


def _number(month: str) -> int:
    return int(month[:4]) * _YEAR + int(month[5:])
