"""From sums to rows of `sli_result` and `target`; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from auditor.api import JsonValue
from collectors.prometheus.bank import Account
from collectors.prometheus.instants import day_start, iso, month_bounds
from collectors.prometheus.series import Sums, exceeds
from collectors.prometheus.slis import Sli

_ROUND = 9
"""Digits behind the point that are kept: what sums of floats differ by lies further behind."""


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar month of one target.

    Attributes:
        start, end: seconds since 1970; the end is not part of it.
        steps: steps it has.
        sums: of the steps with data.
        budget: what may be bad in it; None where that cannot be known yet.
        closed: whether every step of it is settled.
    """

    month: str
    start: int
    end: int
    steps: int
    sums: Sums
    budget: float | None
    closed: bool

    @property
    def lost(self) -> bool:
        """Whether more was bad than the budget."""
        return self.budget is not None and exceeds(self.sums[1] - self.sums[0], self.budget)


def period(sli: Sli, account: Account, month: str, step_s: int, *, closed: bool) -> Period:
    """What a month of a target came to.

    The budget of a closed month is its share of what was seen. In an open month a share of time may use up that of the
    whole month, which no later step can give back; how many events a month will have nobody knows.
    """
    start, end = month_bounds(month)
    steps = (end - start) // step_s
    sums = account.month(month)
    whole = sums[1] if closed else None if sli.counts_events else float(steps)
    return Period(month, start, end, steps, sums, None if whole is None else (1 - sli.objective) * whole, closed)


def crossing_day(account: Account, found: Period) -> tuple[str, float] | None:
    """The day in which the budget was used up, and what was spent before it."""
    spent = 0.0
    for day in sorted(day for day in account.days if day.startswith(found.month)):
        good, whole, _ = account.days[day]
        if found.budget is not None and exceeds(spent + whole - good, found.budget):
            return day, spent
        spent += whole - good
    return None


def result_row(
    sli: Sli, value: str, account: Account, found: Period, lost_at: int | None, computed_at: float
) -> dict[str, JsonValue]:
    """The row of a period; where it has no data its value is unknown, and so is whether the target was met."""
    good, whole, steps = found.sums
    actual = good / whole if whole > 0 else None
    met: bool | None = None
    if found.lost:
        met = False
    elif found.closed and actual is not None:
        met = True
    return {
        "target_id": sli.target_id(value),
        "period_start": iso(found.start),
        "period_end": iso(found.end),
        "actual": None if actual is None else round(100 * actual, _ROUND),
        "good": round(good, _ROUND) if sli.counts_events and steps else None,
        "total": round(whole, _ROUND) if sli.counts_events and steps else None,
        "met": met,
        "breached_at": iso(lost_at) if lost_at is not None and found.lost else None,
        "completeness": round(min(steps / found.steps, 1.0), _ROUND),
        # Of a month that is open: how old the newest value is.
        "lag_s": computed_at - (found.end if found.closed else account.last),
        "computed_by": "auditor",
        "computed_at": iso(computed_at),
    }


def workings(sli: Sli, account: Account, found: Period) -> dict[str, JsonValue]:
    """What a row was computed from: the sums of every day."""
    return {
        "objective": sli.objective,
        "queries": dict(sli.parts),
        "steps_expected": found.steps,
        "closed": found.closed,
        "days_with_impossible_values": [day for day in sorted(account.spoilt) if day.startswith(found.month)],
        "days": {day: list(sums) for day, sums in sorted(account.days.items()) if day.startswith(found.month)},
    }


def target_row(sli: Sli, value: str, service_id: str | None) -> dict[str, JsonValue]:
    """The objective as a target."""
    return {
        "target_id": sli.target_id(value),
        "service_id": service_id,
        "metric": sli.metric,
        "op": ">=",
        "value": round(100 * sli.objective, _ROUND),
        "unit": "%",
        "window": sli.window_d,
        "tool_measurable": True,
        "origin": "slo",
        "bound_to": [],
    }


def definition(sli: Sli) -> dict[str, JsonValue]:
    """An indicator as it is kept with the evidence."""
    parts: Mapping[str, str] = sli.parts
    return {
        "id": sli.sli_id,
        "service": sli.service,
        "service_label": sli.service_label,
        "objective": sli.objective,
        "metric": sli.metric,
        "window_d": sli.window_d,
        "queries": dict(parts),
    }


def crossing_bounds(day: str) -> tuple[int, int]:
    """Start of a day and of the next, in seconds since 1970."""
    start = day_start(day)
    return start, start + 86_400
