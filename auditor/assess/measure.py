"""Indicators of type measure: one row with a value, instead of members that are counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from auditor.assess.intervals import degree_interval
from auditor.assess.items import Columns, number, refs
from auditor.assess.listing import shortened
from auditor.assess.population import Absence
from auditor.errors import QueryError
from auditor.model.assessment import ItemCounts, ItemResult, Measured, Reason, ReasonNote
from auditor.model.rubric import Indicator
from auditor.model.truth import Interval

_REQUIRED = ("item", "value_lo", "value_point", "value_hi", "evidence")
OPEN = Measured(None, None, None)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the SELECT of a measure answered.

    Attributes:
        n: number of rows it counted, where it says so.
        reasons: why the value is open on both sides.
    """

    item: str
    value: Measured
    n: int | None
    evidence: tuple[str, ...]
    note: str | None
    reasons: tuple[ReasonNote, ...]

    def result(self, degree: Interval, guards: tuple[str, ...]) -> ItemResult:
        """The value as the one listed member."""
        evidence, note = shortened(self.evidence, self.note)
        return ItemResult(self.item, None, degree.lo, degree.hi, "both", evidence, note, self.reasons, guards)


def read_measure(columns: Columns, absence: Absence) -> Reading | None:
    """Check an answer; None when it has no row.

    A null bound is open. A value without evidence and without `absent` is open too: it proves nothing.

    Raises:
        QueryError: more than one row, bounds in the wrong order, or a column of the wrong type.
    """
    missing = [name for name in _REQUIRED if name not in columns]
    if missing:
        raise QueryError(f"the answer has no column {', '.join(missing)}")
    rows = len(columns["item"])
    if rows == 0:
        return None
    if rows > 1:
        raise QueryError(f"a measure answers with one row, not with {rows}")

    def only(name: str) -> Any:
        return columns[name][0] if name in columns else None

    low, point, high = (number(only(f"value_{part}"), f"value_{part}") for part in ("lo", "point", "hi"))
    if low is not None and high is not None and low > high:
        raise QueryError(f"value_lo {low:g} is above value_hi {high:g}")
    evidence, absent, note = refs(only("evidence")), refs(only("absent"), "absent"), only("note")
    reasons = [reason for spec in absent if (reason := absence(spec)) is not None]
    if not evidence and not absent:
        reasons.append(ReasonNote(Reason.UNDECIDED_ITEMS, "a value without evidence"))
    if only("undecided"):
        reasons.append(ReasonNote(Reason.UNDECIDED_ITEMS, str(note or "the evidence does not decide it")))
    count = number(only("n"), "n")
    return Reading(
        item=str(only("item")),
        value=OPEN if reasons else Measured(low, _between(low, point, high), high),
        n=None if count is None else int(count),
        evidence=tuple(sorted(evidence)),
        note=None if note is None else str(note),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _between(low: float | None, point: float | None, high: float | None) -> float | None:
    if point is None:
        return None
    point = point if low is None else max(low, point)
    return point if high is None else min(high, point)


def degree_of_reading(reading: Reading, indicator: Indicator) -> Interval:
    """The degree of the value against the goal."""
    return degree_interval(reading.value, indicator.goal, indicator.direction)


def measure_counts(degree: Interval) -> ItemCounts:
    """The one member by its verdict."""
    met = degree.lo == degree.hi == 1.0
    not_met = degree.lo == degree.hi == 0.0
    undecided = degree.lo != degree.hi
    return ItemCounts(int(met), int(not_met), int(not (met or not_met or undecided)), int(undecided), 0)
