"""Instants, months and durations as the API and the streams write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache

DAY_S = 86_400

_UNITS_S = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": DAY_S, "w": 7 * DAY_S, "y": 365 * DAY_S}
_DURATION = re.compile(r"(\d+)(ms|[smhdwy])")


def iso(at: float) -> str:
    """An instant in seconds since 1970 as the streams write it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def epoch(text: str | None) -> float | None:
    """Seconds since 1970 of an RFC 3339 instant; None for none, for what is none, and for the zero of Go (year 1)."""
    if not text:
        return None
    cut = re.sub(r"(\.\d{6})\d+", r"\1", text)  # Go writes nanoseconds
    try:
        at = datetime.fromisoformat(cut)
    except ValueError:
        return None
    return at.timestamp() if at.tzinfo is not None and at.year > 1 else None


def instant(text: str | None) -> str | None:
    """An RFC 3339 instant as the streams write it; None as in `epoch`."""
    at = epoch(text)
    return None if at is None else iso(at)


def seconds(duration: str) -> float | None:
    """Seconds of a duration such as `15d` or `1h30m`; None where it is none."""
    parts = _DURATION.findall(duration)
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != duration:
        return None
    return float(sum(int(number) * _UNITS_S[unit] for number, unit in parts))


@lru_cache(maxsize=1024)
def month_of(at: int) -> str:
    """The calendar month an instant lies in, such as `2026-11` (UTC)."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m")


@lru_cache(maxsize=4096)
def day_of(at: int) -> str:
    """The day an instant lies in, such as `2026-11-23` (UTC)."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


@lru_cache(maxsize=1024)
def month_bounds(month: str) -> tuple[int, int]:
    """Start of a month and of the next one, in seconds since 1970 (UTC)."""
    year, number = (int(part) for part in month.split("-"))
    start = datetime(year, number, 1, tzinfo=UTC)
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return int(start.timestamp()), int(end.timestamp())


def day_start(day: str) -> int:
    """Start of a day in seconds since 1970 (UTC)."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def months(first: int, last: int) -> Iterator[str]:
    """The months from the one that holds an instant to the one that holds another."""
    at = first
    while True:
        month = month_of(at)
        start, end = month_bounds(month)
        if start > last:
            return
        yield month
        at = end
