"""Months and days, from the clock's seconds. All in UTC: nodes must agree on a month."""

from datetime import UTC, datetime
from typing import Final

DAY: Final = 86_400
"""Seconds."""

_YEAR = 12


def month_of(now: int) -> str:
    """Return the month (`YYYY-MM`) of Unix time `now`."""
    today = datetime.fromtimestamp(now, UTC)
    return f"{today.year:04d}-{today.month:02d}"


def months_since(month: str, now: int) -> int:
    """Return how many months lie between `month` (`YYYY-MM`) and now; 0 for a month to come."""
    today = month_of(now)
    return max(0, _number(today) - _number(month))


def _number(month: str) -> int:
    return int(month[:4]) * _YEAR + int(month[5:])
