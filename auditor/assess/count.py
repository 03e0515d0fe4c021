"""Counting: from verdicts to a share with bounds. Pure arithmetic; sums do not depend on the order of the members."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

from auditor.assess.intervals import rounded, wilson_high, wilson_low
from auditor.assess.population import Members
from auditor.model.assessment import ItemCounts, Measured
from auditor.model.rubric import IndicatorType


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over a population, per estimate.

    Attributes:
        n: members that certainly count, decided or not.
        n_decided, good_decided: decided ones among them, and how far these are met in sum.
        n_lo, good_lo: members of the low estimate, undecided ones as failing.
        n_hi, good_hi: members of the high estimate, undecided ones as passing.
    """

    n: int
    n_decided: int
    good_decided: float
    n_lo: int
    good_lo: float
    n_hi: int
    good_hi: float

    @property
    def all_good(self) -> bool:
        """There are members, and every one of them is certainly met."""
        return self.n > 0 and self.good_lo == self.n_lo == self.n and self.n_hi == self.n


def tally(members: Members) -> Tally:
    """Sum up a population."""
    apart = members.pending | members.items.unsure
    lo, hi = members.lo, members.hi
    if apart:
        full = [index for index in range(len(lo)) if index not in apart]
        lo, hi = [lo[index] for index in full], [hi[index] for index in full]
    decided = lo if lo == hi else [low for low, high in zip(lo, hi, strict=True) if low == high]
    n = len(lo)
    good_lo, n_lo = fsum(lo), n
    good_hi, n_hi = fsum(hi), n
    if apart and n:
        maybe = members.items.unsure - members.pending
        good_lo, n_lo = _extend(good_lo, n, sorted(members.lo[index] for index in maybe), better=False)
        late = {index for index in members.pending if members.where(index) == "hi"}
        best = sorted((members.hi[index] for index in maybe | late), reverse=True)
        good_hi, n_hi = _extend(good_hi, n, best, better=True)
    return Tally(n, len(decided), fsum(decided), n_lo, good_lo, n_hi, good_hi)


def _extend(good: float, n: int, values: Sequence[float], *, better: bool) -> tuple[float, int]:
    """Add those of the possible members that move the mean: upwards for `better`, else downwards."""
    for value in values:
        mean = good / n
        if (value > mean) if better else (value < mean):
            good, n = good + value, n + 1
    return good, n


def share(tallied: Tally, kind: IndicatorType, unseen: int) -> Measured:
    """The share that is met.

    Args:
        tallied: sums of a population with at least one certain member.
        kind: events are a sample of a process and get Wilson limits; everything else is a census.
        unseen: members that exist and were not seen; they fail in the low estimate and pass in the high one.
    """
    n_lo, n_hi = tallied.n_lo + unseen, tallied.n_hi + unseen
    good_hi = tallied.good_hi + unseen
    if kind is IndicatorType.EVENT:
        lo, hi = wilson_low(tallied.good_lo, n_lo), wilson_high(good_hi, n_hi)
    else:
        lo, hi = tallied.good_lo / n_lo, good_hi / n_hi
    point = tallied.good_decided / tallied.n_decided if tallied.n_decided else None
    return Measured(rounded(lo), None if point is None else rounded(point), rounded(hi))


def item_counts(members: Members) -> ItemCounts:
    """Complete counts by verdict."""
    lo = members.lo
    if members.pending or members.items.unsure or lo != members.hi:
        count = Counter(map(members.verdict, range(len(lo))))
        verdicts = ("met", "not met", "partly met", "undecided", "left out")
        return ItemCounts(*(count[verdict] for verdict in verdicts))
    met, not_met = lo.count(1.0), lo.count(0.0)
    return ItemCounts(met, not_met, len(lo) - met - not_met, undecided=0, left_out=0)
