"""From the matrix of a range query to sums per day; pure."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson

from collectors.prometheus.instants import DAY_S, day_of
from collectors.prometheus.slis import GOOD, MARK, RATIO, TOTAL, Sli

Sums = list[float]
"""Good, all, and the number of steps with data; for a share of time, all is the number of steps."""

_ROUNDED = 0.01
"""How far a share may lie beside 0 and 1, or the good events above all of them (chosen): `increase` extrapolates, each
query by itself."""

_NOISE = 1e-6
"""How far below none a number of events may lie (chosen): what differences of floats come to."""


@dataclass(slots=True)
class Steps:
    """The steps of one target with data: when each ended, its good part and its whole.

    Attributes:
        times: seconds since 1970, ascending; a `range` where no step is missing.
        spoilt: day -> end of its first step with a value that cannot be; that step is not here.
    """

    times: Sequence[int]
    good: Sequence[float]
    whole: Sequence[float] | None
    spoilt: Mapping[str, int] = field(default_factory=dict)

    def sums(self, first: int, last: int) -> Sums:
        """Sums over steps by position, `last` not among them."""
        good = math.fsum(self.good[first:last])
        number = last - first
        return [good, float(number) if self.whole is None else math.fsum(self.whole[first:last]), float(number)]

    def by_day(self, after: int, until: int) -> Iterator[tuple[str, Sums]]:
        """Sums per day of the steps that ended after one instant and at or before another, by the day they began in."""
        cuts = _cuts_of_range if isinstance(self.times, range) else _cuts
        for day, first, last in cuts(self.times, after, until):
            yield day, self.sums(first, last)


def _cuts(times: Sequence[int], after: int, until: int) -> tuple[tuple[str, int, int], ...]:
    """Day, and first and last position (not among them) of its steps, of each day in a time."""
    found: list[tuple[str, int, int]] = []
    position, stop = bisect_right(times, after), bisect_right(times, until)
    while position < stop:
        # The step that ends at midnight is the last one of the day before.
        day = (times[position] - 1) // DAY_S
        end = min(stop, bisect_right(times, (day + 1) * DAY_S, position))
        found.append((day_of(day * DAY_S), position, end))
        position = end
    return tuple(found)


# Nearly all series of an answer have a value at every step of it: one range.
_cuts_of_range = lru_cache(maxsize=64)(_cuts)


@dataclass(slots=True)
class Answered:
    """What a batch gave.

    Attributes:
        steps: indicator -> value of its service label (empty where it has none) -> steps.
        faults: indicator -> why its series cannot be used.
        unnamed: indicators with series that lack the service label; these series are left out.
        impossible: indicator -> its values that cannot be, as text; the days they lie in are left out.
    """

    steps: dict[str, dict[str, Steps]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    unnamed: set[str] = field(default_factory=set)
    impossible: dict[str, list[str]] = field(default_factory=dict)


def read_matrix(result: Sequence[Any], batch: Sequence[Sli], step_s: int) -> Answered:
    """Sort the series of an answer by indicator and target.

    Args:
        result: the member `result` of the answer to `batch_query(batch)`.
        batch: the indicators that were asked.
        step_s: seconds between two values.
    """
    answered = Answered()
    found: dict[str, dict[str, dict[str, Any]]] = {}
    marks = {f"{position}.{part}": (sli, part) for position, sli in enumerate(batch) for part in sli.parts}
    for series in result:
        metric = series["metric"]
        marked = marks.get(metric.get(MARK))
        if marked is None:
            continue  # a series that nobody asked for
        sli, part = marked
        value = str(metric.get(sli.service_label, "")) if sli.service_label else ""
        if sli.service_label and not value:
            answered.unnamed.add(sli.sli_id)
            continue
        parts = found.setdefault(sli.sli_id, {}).setdefault(value, {})
        if part in parts:
            cure = "sum them in the query" if sli.service_label else "sum them in the query, or name a service_label"
            answered.faults[sli.sli_id] = f"its query gives several series for one target; {cure}"
        parts[part] = series.get("values")
        if not isinstance(parts[part], list):
            parts[part] = []
            answered.faults[sli.sli_id] = "its query gives series that hold no numbers"
    for sli in batch:
        for value, parts in found.get(sli.sli_id, {}).items():
            steps = _events(parts, step_s) if sli.counts_events else _share(parts.get(RATIO, ()), step_s)
            if wrong := _wrong_of_share(steps) if steps.whole is None else _wrong_of_events(steps):
                answered.impossible.setdefault(sli.sli_id, []).extend(wrong.values())
                steps = _without(steps, wrong)
            answered.steps.setdefault(sli.sli_id, {})[value] = steps
    return answered


def _wrong_of_share(steps: Steps) -> dict[int, str]:
    """End of a step -> its value, where that is no share."""
    low, high = -_ROUNDED, 1 + _ROUNDED
    if low <= min(steps.good, default=0.0) and max(steps.good, default=0.0) <= high:
        return {}
    return {at: f"{share:g}" for at, share in zip(steps.times, steps.good, strict=True) if not low <= share <= high}


def _wrong_of_events(steps: Steps) -> dict[int, str]:
    """End of a step -> its good and all events, where there are fewer than none or more good ones than all."""
    return {
        at: f"{good:g} of {whole:g}"
        for at, good, whole in zip(steps.times, steps.good, steps.whole or (), strict=True)
        if good < -_NOISE or whole < -_NOISE or good > (1 + _ROUNDED) * whole + _NOISE
    }


def _without(steps: Steps, wrong: Mapping[int, str]) -> Steps:
    """The other steps; of those of the same day `Account.add` makes nothing either: a faulty query proves nothing."""
    kept = [position for position, at in enumerate(steps.times) if at not in wrong]
    whole = None if steps.whole is None else [steps.whole[position] for position in kept]
    times, good = [steps.times[position] for position in kept], [steps.good[position] for position in kept]
    spoilt: dict[str, int] = {}
    for at in sorted(wrong):
        spoilt.setdefault(day_of(at - 1), at)
    return Steps(times, good, whole, spoilt)


def _share(values: Sequence[Any], step_s: int) -> Steps:
    if not values:
        return Steps((), (), None)
    texts = [text for _, text in values]
    try:
        # As one list of JSON: half of the time that each text costs by itself. NaN and Inf are no JSON.
        good = orjson.loads(f"[{','.join(texts)}]")
    except orjson.JSONDecodeError:
        return _finite(values)
    first, last = values[0][0], values[-1][0]
    if last - first == (len(values) - 1) * step_s and isinstance(first, int):
        return Steps(range(first, last + 1, step_s), good, None)
    return Steps([at for at, _ in values], good, None)


def _finite(values: Sequence[Any]) -> Steps:
    """The steps that have a number."""
    kept = [(at, number) for at, text in values if math.isfinite(number := float(text))]
    return Steps([at for at, _ in kept], [number for _, number in kept], None)


def _events(parts: Mapping[str, Any], step_s: int) -> Steps:
    """Steps that both queries have a number for; one without the other tells nothing."""
    good, whole = _share(parts.get(GOOD, ()), step_s), _share(parts.get(TOTAL, ()), step_s)
    if good.times == whole.times:
        return Steps(good.times, good.good, whole.good)
    wholes = dict(zip(whole.times, whole.good, strict=True))
    both = [(at, number, wholes[at]) for at, number in zip(good.times, good.good, strict=True) if at in wholes]
    return Steps([at for at, _, _ in both], [number for _, number, _ in both], [number for _, _, number in both])


def instant_of_loss(steps: Steps, spent: float, budget: float, start: int, end: int) -> int | None:
    """When the bad part exceeded the budget of a period.

    Args:
        spent: what was bad in the period before `start`.
        budget: what may be bad in the period.
        start, end: only steps that ended after `start` and at or before `end` are looked at.

    Returns:
        The end of the step; None where it was not exceeded in this time.
    """
    for position, at in enumerate(steps.times):
        if start < at <= end:
            spent += (1.0 if steps.whole is None else steps.whole[position]) - steps.good[position]
            if exceeds(spent, budget):
                return at
    return None


def exceeds(spent: float, budget: float) -> bool:
    """Whether more was spent than the budget, beyond what sums of floats differ by."""
    return spent > budget * (1 + 1e-9) + 1e-9
