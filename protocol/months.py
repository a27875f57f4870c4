"""Months: the only dates that members exchange. `YYYY-MM` in UTC, so text order is time order."""

from datetime import UTC, datetime


def month_of(now: int) -> str:
    """Return the month (`YYYY-MM`) of Unix time `now`, seconds."""
    today = datetime.fromtimestamp(now, UTC)
    return f"{today.year:04d}-{today.month:02d}"


def month_after(month: str, months: int) -> str:
    """Return the month (`YYYY-MM`) that lies `months` after `month`."""
    total = int(month[:4]) * 12 + int(month[5:]) - 1 + months
    return f"{total // 12:04d}-{total % 12 + 1:02d}"
