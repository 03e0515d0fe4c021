"""Instants of the reference organisation, all relative to its audit instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

AS_OF = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
"""The audit instant: a Monday morning."""


def at(*, days: float = 0, hours: float = 0, minutes: float = 0) -> datetime:
    """An instant relative to the audit instant, in whole seconds."""
    return (AS_OF + timedelta(days=days, hours=hours, minutes=minutes)).replace(microsecond=0)


def utc(instant: datetime) -> str:
    """ISO 8601 text in UTC."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def months_back(count: int) -> list[tuple[datetime, datetime]]:
    """The last full calendar months (UTC) before the audit instant, oldest first, as (start, end)."""
    months = []
    year, month = AS_OF.year, AS_OF.month
    for _ in range(count):
        end = datetime(year, month, 1, tzinfo=UTC)
        year, month = (year - 1, 12) if month == 1 else (year, month - 1)
        months.append((datetime(year, month, 1, tzinfo=UTC), end))
    return months[::-1]
