"""Arithmetic of intervals: from a share or a measured value to a degree of fulfilment."""

from __future__ import annotations

import math

from auditor.model.assessment import Measured
from auditor.model.rubric import Direction
from auditor.model.truth import Interval

Z_ONE_SIDED_95 = 1.645
"""Quantile of the normal distribution for one-sided 95% limits."""

CENSUS_FLOOR = 0.55
"""Low limit of a share whose small population was seen completely and was good throughout (chosen)."""

FULLY = 0.85
LARGELY = 0.50
PARTLY = 0.15
"""Cuts of ISO/IEC 33020: above 0.85 fully, above 0.50 largely, above 0.15 partly achieved."""

GATE = 0.50
"""A core degree at or below it caps its cell at it."""

_DECIMALS = 9


def rounded(value: float) -> float:
    """A degree as it is compared with gates and cuts: 9 decimals."""
    return round(value, _DECIMALS)


def rounded_interval(interval: Interval) -> Interval:
    """The interval with its values rounded to 9 decimals."""
    point = None if interval.point is None else rounded(interval.point)
    return Interval.of(rounded(interval.lo), point, rounded(interval.hi))


def wilson_low(good: float, n: float) -> float:
    """One-sided 95% low limit of Wilson for `good` (a real, for partly met events) out of `n` > 0."""
    centre, half, scale = _wilson(good, n)
    return max(0.0, (centre - half) / scale) if good > 0 else 0.0


def wilson_high(good: float, n: float) -> float:
    """One-sided 95% high limit of Wilson for `good` out of `n` > 0."""
    centre, half, scale = _wilson(good, n)
    return min(1.0, (centre + half) / scale) if good < n else 1.0


def _wilson(good: float, n: float) -> tuple[float, float, float]:
    share = min(1.0, good / n)
    z2 = Z_ONE_SIDED_95**2
    half = Z_ONE_SIDED_95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return share + z2 / (2 * n), half, 1 + z2 / n


def degree_of(value: float, goal: float, direction: Direction) -> float:
    """How far a value reaches its goal, in 0..1.

    More is better: `value / goal`. Less is better: `goal / value`; with a goal of 0 anything above 0 misses it.
    """
    if direction is Direction.MORE:
        if goal <= 0:
            return 1.0 if value >= goal else 0.0
        return min(1.0, max(0.0, value / goal))
    if value <= goal:
        return 1.0
    return max(0.0, goal / value) if value > 0 else 0.0


def degree_interval(measured: Measured, goal: float, direction: Direction) -> Interval:
    """The degree of a measured value with bounds; a bound of None is open and leaves that side of the degree open."""
    point = None if measured.point is None else degree_of(measured.point, goal, direction)
    worst, best = measured.lo, measured.hi
    if direction is Direction.LESS:
        worst, best = best, worst
    low = 0.0 if worst is None else degree_of(worst, goal, direction)
    high = 1.0 if best is None else degree_of(best, goal, direction)
    return rounded_interval(Interval.of(low, point, high))
