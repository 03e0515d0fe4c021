"""Look-back windows: days counted back from T, full calendar months and quarters of the scope's time zone.

Every window is half-open, [starts, ends), in UTC; a calendar month begins at local midnight, whatever the clock
change of a night does to its length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from auditor.model.rubric import WindowRule

MONTHS_SHOWN = 15
QUARTERS_SHOWN = 5
"""Rows of the calendar tables: a year and what a widened window may look back beyond it."""

_MONTHS = {"months": 1, "quarters": 3}
_MIN_REMAINING = 0.5


@dataclass(frozen=True, slots=True)
class Window:
    """One window as it is evaluated; `note` says how it came to be shorter or longer than the first choice."""

    starts: datetime
    ends: datetime
    label: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """A full calendar period; `n` = 1 is the last one that ended at or before T."""

    n: int
    starts: datetime
    ends: datetime


def calendar_periods(as_of: datetime, zone: ZoneInfo, unit: str, count: int) -> list[Period]:
    """The last `count` full `months` or `quarters`, newest first."""
    months = _MONTHS[unit]
    local = as_of.astimezone(zone)
    index = local.year * 12 + local.month - 1
    end = index - index % months
    return [
        Period(n, _month_start(end - n * months, zone), _month_start(end - (n - 1) * months, zone))
        for n in range(1, count + 1)
    ]


def _month_start(index: int, zone: ZoneInfo) -> datetime:
    return datetime(index // 12, index % 12 + 1, 1, tzinfo=zone).astimezone(UTC)


def window_lengths(rule: WindowRule) -> Iterator[int]:
    """The lengths to try in turn."""
    yield rule.length
    yield from rule.widen


def window_of(rule: WindowRule, length: int, as_of: datetime, zone: ZoneInfo) -> Window:
    """The window of one length that ends at T, or with the last full month or quarter before it."""
    if rule.unit == "days":
        window = Window(as_of - timedelta(days=length), as_of, f"last {length} days")
    else:
        periods = calendar_periods(as_of, zone, rule.unit, length)
        unit = rule.unit if length > 1 else rule.unit.removesuffix("s")
        window = Window(periods[-1].starts, periods[0].ends, f"last {length} full {unit}")
    if length == rule.length:
        return window
    return Window(window.starts, window.ends, window.label, f"widened from {rule.length} {rule.unit}: too few events")


def shortened(window: Window, rule: WindowRule, retention_from: datetime, zone: ZoneInfo) -> Window | None:
    """The window cut to what the sources still hold, or None when less than half of it remains.

    Calendar windows keep full months and quarters only.
    """
    if retention_from <= window.starts:
        return window
    starts = retention_from
    if rule.unit != "days":
        periods = calendar_periods(window.ends, zone, rule.unit, QUARTERS_SHOWN * 3)
        starts = min((period.starts for period in periods if period.starts >= retention_from), default=window.ends)
    if starts >= window.ends or (window.ends - starts) / (window.ends - window.starts) < _MIN_REMAINING:
        return None
    note = f"shortened: the sources hold nothing older than {retention_from:%Y-%m-%d}"
    return Window(starts, window.ends, window.label, f"{window.note}; {note}" if window.note else note)
