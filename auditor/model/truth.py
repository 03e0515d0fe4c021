"""Three-valued logic and the interval that stands for an honest degree of fulfilment.

True is [1, 1], False is [0, 0], Unknown is [0, 1]; anything between says how much is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Truth(StrEnum):
    """Kleene's three values."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"

    def __and__(self, other: Truth) -> Truth:
        if Truth.FALSE in (self, other):
            return Truth.FALSE
        return Truth.UNKNOWN if Truth.UNKNOWN in (self, other) else Truth.TRUE

    def __or__(self, other: Truth) -> Truth:
        if Truth.TRUE in (self, other):
            return Truth.TRUE
        return Truth.UNKNOWN if Truth.UNKNOWN in (self, other) else Truth.FALSE

    def __invert__(self) -> Truth:
        return {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE}.get(self, Truth.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Interval:
    """A degree in 0..1 as bounds with a point between them.

    Attributes:
        lo: what the evidence proves at least.
        point: the best estimate from decided evidence; None when there is none.
        hi: what the evidence still allows.

    Raises:
        ValueError: not 0 <= lo <= hi <= 1, or the point is outside of the bounds.
    """

    lo: float
    point: float | None
    hi: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.lo <= self.hi <= 1.0:
            raise ValueError(f"not an interval within 0..1: [{self.lo}, {self.hi}]")
        if self.point is not None and not self.lo <= self.point <= self.hi:
            raise ValueError(f"point {self.point} is outside of [{self.lo}, {self.hi}]")

    @classmethod
    def of(cls, lo: float, point: float | None, hi: float) -> Self:
        """An interval from raw numbers: bounds clamped to 0..1 and ordered, the point clamped between them."""
        low = min(max(lo, 0.0), 1.0)
        high = max(min(max(hi, 0.0), 1.0), low)
        middle = None if point is None else min(max(point, low), high)
        return cls(low, middle, high)

    @classmethod
    def exactly(cls, value: float) -> Self:
        """An interval without width."""
        return cls.of(value, value, value)

    @property
    def is_unknown(self) -> bool:
        """True when nothing is known: [0, 1]."""
        return self.lo == 0.0 and self.hi == 1.0

    @property
    def truth(self) -> Truth:
        """TRUE for [1, 1], FALSE for [0, 0], UNKNOWN for everything between."""
        if self.lo == 1.0:
            return Truth.TRUE
        return Truth.FALSE if self.hi == 0.0 else Truth.UNKNOWN

    def scaled(self, factor: float, *, lo_only: bool = False) -> Interval:
        """The interval with its values multiplied by a penalty factor in 0..1 (lo only: for a doubtful penalty)."""
        if lo_only:
            return Interval.of(self.lo * factor, self.point, self.hi)
        point = None if self.point is None else self.point * factor
        return Interval.of(self.lo * factor, point, self.hi * factor)

    def capped(self, cap: float, *, lo_only: bool = False) -> Interval:
        """The interval with its values limited to a cap in 0..1 (lo only: for a doubtful cap)."""
        if lo_only:
            return Interval.of(min(self.lo, cap), self.point, self.hi)
        point = None if self.point is None else min(self.point, cap)
        return Interval.of(min(self.lo, cap), point, min(self.hi, cap))


UNKNOWN = Interval(0.0, None, 1.0)
TRUE = Interval(1.0, 1.0, 1.0)
FALSE = Interval(0.0, 0.0, 0.0)


def all_of(values: Iterable[Truth]) -> Truth:
    """Kleene conjunction; TRUE for no values."""
    result = Truth.TRUE
    for value in values:
        result = result & value
    return result


def any_of(values: Iterable[Truth]) -> Truth:
    """Kleene disjunction; FALSE for no values."""
    result = Truth.FALSE
    for value in values:
        result = result | value
    return result


class Rating(StrEnum):
    """Achievement of a cell on the ISO/IEC 33020 scale, with its finer split of P and L.

    Percentages of ISO/IEC 33020: N to 15, P to 50, L to 85, F above; P- to 32.5, L- to 67.5.
    """

    N = "N"
    P_MINUS = "P-"
    P_PLUS = "P+"
    L_MINUS = "L-"
    L_PLUS = "L+"
    F = "F"

    @property
    def letter(self) -> str:
        """N, P, L or F without the finer split."""
        return self.value[0]
