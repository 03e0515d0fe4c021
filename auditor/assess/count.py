"""Counting: from verdicts to a share with bounds. Pure arithmetic; sums do not depend on the order of the members."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import fsum
from operator import truediv

from auditor.assess.intervals import rounded, wilson_high, wilson_low
from auditor.assess.population import Members
from auditor.model.assessment import ItemCounts, Measured
from auditor.model.rubric import IndicatorType


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over a population.

    Attributes:
        n: members that certainly count, decided or not.
        n_decided, good_decided: decided ones among them, and how far these are met in sum.
        good_lo, good_hi: how far all of the n are met in sum, undecided ones failing and passing.
        maybe_lo: members that may count in the low estimate, by what belongs together: how far they are met in sum,
            and their number; the least met first.
        maybe_hi: the same for the high estimate, the most met first.
    """

    n: int
    n_decided: int
    good_decided: float
    good_lo: float
    good_hi: float
    maybe_lo: tuple[tuple[float, int], ...] = ()
    maybe_hi: tuple[tuple[float, int], ...] = ()

    @property
    def all_good(self) -> bool:
        """There are members, and every one of them is certainly met."""
        return self.n > 0 and self.good_lo == self.n and all(good == size for good, size in self.maybe_lo)


def tally(members: Members) -> Tally:
    """Sum up a population."""
    apart = members.pending | members.items.unsure
    lo, hi = members.lo, members.hi
    if apart:
        full = [index for index in range(len(lo)) if index not in apart]
        lo, hi = [lo[index] for index in full], [hi[index] for index in full]
    decided = lo if lo == hi else [low for low, high in zip(lo, hi, strict=True) if low == high]
    maybe = members.items.unsure - members.pending
    late = {index for index in members.pending if members.where(index) == "hi"}
    return Tally(
        n=len(lo),
        n_decided=len(decided),
        good_decided=fsum(decided),
        good_lo=fsum(lo),
        good_hi=fsum(hi),
        maybe_lo=_groups(maybe, members, members.lo),
        maybe_hi=_groups(maybe | late, members, members.hi)[::-1],
    )


def _groups(indices: Iterable[int], members: Members, met: Sequence[float]) -> tuple[tuple[float, int], ...]:
    """How far members are met in sum and their number, by what belongs together; the least met first."""
    groups: dict[str | int, list[float]] = {}
    for index in sorted(indices):
        groups.setdefault(members.items.together[index] or index, []).append(met[index])
    sums = [(fsum(group), len(group)) for group in groups.values()]
    return tuple(sorted(sums, key=lambda pair: (pair[0] / pair[1], pair[1])))


def share(tallied: Tally, kind: IndicatorType, unseen: int) -> Measured:
    """The share that is met.

    Of the members that may count, those count that make the low estimate lowest and the high one highest. Taken in
    order of how far they are met, the first few of them do: so every number of them is tried.

    Args:
        tallied: sums of a population with at least one certain member.
        kind: events are a sample of a process and get Wilson limits; everything else is a census.
        unseen: members that exist and were not seen; they fail in the low estimate and pass in the high one.
    """
    low, high = (wilson_low, wilson_high) if kind is IndicatorType.EVENT else (truediv, truediv)
    n = tallied.n + unseen
    lo = min(low(good, count) for good, count in _growing(tallied.good_lo, n, tallied.maybe_lo))
    hi = max(high(good, count) for good, count in _growing(tallied.good_hi + unseen, n, tallied.maybe_hi))
    point = tallied.good_decided / tallied.n_decided if tallied.n_decided else None
    return Measured(rounded(lo), None if point is None else rounded(point), rounded(hi))


def _growing(good: float, n: int, more: Sequence[tuple[float, int]]) -> Iterator[tuple[float, int]]:
    """Sum and number with none of the further groups of members, with the first, with the first two, and so on."""
    return accumulate(more, lambda so_far, group: (so_far[0] + group[0], so_far[1] + group[1]), initial=(good, n))


def item_counts(members: Members) -> ItemCounts:
    """Complete counts by verdict."""
    lo = members.lo
    if members.pending or members.items.unsure or lo != members.hi:
        count = Counter(map(members.verdict, range(len(lo))))
        verdicts = ("met", "not met", "partly met", "undecided", "left out")
        return ItemCounts(*(count[verdict] for verdict in verdicts))
    met, not_met = lo.count(1.0), lo.count(0.0)
    return ItemCounts(met, not_met, len(lo) - met - not_met, undecided=0, left_out=0)
