"""What a comparison measures: a share of bad events, a rate of burning, a forecast, a slope, a distance from usual."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from auditor.recognise.promql_compare import Comparison, Group
from auditor.recognise.promql_fold import constant
from auditor.recognise.promql_tree import Aggregate, Binary, Call, Negated, Node, Recorded, Series, Window, every
from auditor.recognise.promql_windows import shape, window_s

WINDOW_RATIO = 3.0
"""The long window of a pair is at least this many times the short one (SRE workbook: 12)."""
LEAD_MIN_S = 1800.0
"""Shortest horizon that leaves time to act (parameter `lead_min` of the rubric, 30 minutes)."""
BASELINE_MIN_S = 86400.0
"""Shortest window or offset that shows what is usual: a day (chosen)."""
MAX_BUDGET = 0.5
"""Largest number that is read as an error budget in `factor x budget` (chosen: no objective is below 50%)."""

_RATIO_NAME = re.compile(
    r"(?:^|[_:])(?:ratio|burn_?rate|sl[io]|error_?rate|success_?rate|availability)(?=[_:0-9]|$|_?rate)"
)
_PER_NAME = re.compile(r"(?:errors?|failures?|bad)_per_")
_BURN_NAME = re.compile(r"(?:^|[_:])(?:[a-z]+_)?burn_?rate")
_REMAINING_NAME = re.compile(r"budget(?:_[a-z]+)?_remaining|remaining_(?:error_)?budget|budget_left")
_BUDGET_NAME = re.compile(r"error_?budget(?!.*(?:remaining|left))")
_COUNTER_NAME = re.compile(r"_(?:total|count|sum|bucket)$")
_SLOPES = frozenset({"deriv", "delta", "double_exponential_smoothing"})
_SPREADS = frozenset({"stddev_over_time", "stdvar_over_time", "mad_over_time"})
_USUAL = frozenset({"avg_over_time", "quantile_over_time", "mad_over_time"})


@dataclass(frozen=True, slots=True)
class Burn:
    """How fast a comparison lets the budget burn.

    Attributes:
        factor: multiple of the rate that uses the budget up exactly at the end of its period; None: not written.
        budget: 1 - objective; None: not written.
    """

    factor: float | None
    budget: float | None


@dataclass(frozen=True, slots=True)
class Contents:
    """What an expression holds at all, found in one walk, so that most rules need none of the closer looks.

    Attributes:
        forecasts: it calls `predict_linear`.
        slopes: it calls a function that gives a slope.
        usual: it has a baseline: a function over a window, a series named after one, or an offset of a day or more.
    """

    forecasts: bool
    slopes: bool
    usual: bool


def contents(tree: Node) -> Contents:
    """What an expression holds, the bodies of recorded series with it."""
    calls: set[str] = set()
    names: set[str] = set()
    past = False
    for node in every(tree):
        if isinstance(node, Call):
            calls.add(node.name)
        series = node.series if isinstance(node, Recorded) else node
        if isinstance(series, Series):
            names.add(series.name or "")
            past = past or series.offset_s >= BASELINE_MIN_S
    baselines = _SPREADS | _USUAL
    usual = past or bool(calls & baselines) or any(function in name for name in names for function in baselines)
    return Contents("predict_linear" in calls, bool(calls & _SLOPES), usual)


def is_ratio(node: Node) -> bool:
    """Whether an expression is a share (bad of all, good of all) or a burn rate, by its name or by a division."""
    match node:
        case Recorded(series=series, body=body):
            return is_ratio(series) or is_ratio(body)
        case Series(name=name):
            return name is not None and bool(_RATIO_NAME.search(name) or _PER_NAME.search(name))
        case Window(of=of) | Aggregate(of=of) | Negated(of=of):
            return is_ratio(of)
        case Call(args=args):
            return any(is_ratio(arg) for arg in args)
        case Binary(op="/", left=left, right=right) if constant(left) is None and constant(right) is None:
            return True
        case Binary(left=left, right=right):
            return is_ratio(left) or is_ratio(right)
        case _:
            return False


def is_pair(one: Comparison, other: Comparison) -> bool:
    """Whether two comparisons are the short and the long window of one burn-rate alert."""
    if not (_burns(one) and _burns(other)) or one.op[0] != other.op[0] or not _same(one.limit, other.limit):
        return False
    windows = sorted(window for window in (one.window_s, other.window_s) if window)
    if len(windows) < 2 or windows[1] < WINDOW_RATIO * windows[0]:
        return False
    return shape(one.measured) == shape(other.measured) or (burn_of(one) is not None and burn_of(other) is not None)


def pair(group: Group) -> tuple[Comparison, Comparison] | None:
    """The first pair of windows of a group, the longer one first."""
    for at, one in enumerate(group):
        for other in group[at + 1 :]:
            if is_pair(one, other):
                long, short = sorted((one, other), key=lambda each: -(each.window_s or 0.0))
                return long, short
    return None


def burn_of(one: Comparison) -> Burn | None:
    """What a comparison says of a burn rate; None when it is about none."""
    if one.negated or not one.ordered or one.limit is None:
        return None
    names = _names(one.measured)
    if one.op[0] == "<":
        return Burn(None, None) if any(_REMAINING_NAME.search(name) for name in names) else None
    if one.limit <= 0:
        return None
    factor, budget = _factor_and_budget(one)
    if any(_BURN_NAME.search(name) for name in names):
        return Burn(one.limit if budget is None else factor, budget)
    if not is_ratio(one.measured):
        return None
    if any(_BUDGET_NAME.search(name) for name in names):
        return Burn(one.limit, None)
    return None if budget is None else Burn(factor, budget)


def horizons(group: Group) -> Iterator[tuple[float | None, float]]:
    """(horizon, range) in seconds of each `predict_linear` in the comparisons; horizon None: it is no constant."""
    for one in group:
        for call in _calls(one, frozenset({"predict_linear"})):
            yield constant(call.args[1]), window_s(call.args[0]) or 0.0


def reach(group: Group) -> float | None:
    """Seconds ahead that slopes of a group look by arithmetic: `level + slope x horizon`, or `level / slope` < time.

    Returns:
        The largest horizon; None when the group does no such arithmetic.
    """
    found = [seconds for one in group for seconds in _reaches(one)]
    return max(found, default=None)


def is_slope(one: Comparison) -> bool:
    """Whether a comparison holds a slope of a gauge against a constant."""
    return one.limit is not None and one.ordered and not one.negated and any(_slope_calls(one.measured))


def rises_towards(group: Group) -> bool:
    """Whether a group asks for a level and for the same series moving further that way (not standing still)."""
    slopes = [one for one in group if is_slope(one) and _moves(one)]
    levels = [one for one in group if one.ordered and not one.negated and one.limit is not None and not is_slope(one)]
    return any(
        slope.op[0] == level.op[0] and _names(slope.measured) & _names(level.measured)
        for slope in slopes
        for level in levels
    )


def is_anomaly(one: Comparison) -> bool:
    """Whether a comparison measures the distance from what is usual for the same series."""
    if one.negated:
        return False
    whole = Binary(one.op, one.left, one.right)
    calls = [node for node in every(whole) if isinstance(node, Call)]
    names = {call.name for call in calls}
    names |= {function for function in _SPREADS | _USUAL for name in _names(whole) if function in name}
    if names & _SPREADS and names & _USUAL - _SPREADS:
        return True
    usual = [call for call in calls if call.name in _USUAL and (window_s(call) or 0.0) >= BASELINE_MIN_S]
    return _stands_beside(whole, usual) or _compares_past(whole)


def _burns(one: Comparison) -> bool:
    return one.ordered and not one.negated and one.limit is not None and one.limit > 0 and is_ratio(one.measured)


def _same(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= 1e-9 * max(abs(one), abs(other))


def _factor_and_budget(one: Comparison) -> tuple[float | None, float | None]:
    """The factor and the budget that multiply to the limit, where the limit is written so."""
    marked = [number.value for number in (*one.factors, *one.divisors) if number.is_budget]
    if marked and one.limit is not None:
        return one.limit / marked[0], marked[0]
    if len(one.factors) == 2:
        low, high = sorted(number.value for number in one.factors)
        if 0 < low <= MAX_BUDGET and high >= 1:
            return high, low
    return None, None


def _reaches(one: Comparison) -> Iterator[float]:
    if one.negated or not one.ordered:
        return
    for node in every(Binary(one.op, one.left, one.right)):
        if isinstance(node, Binary) and node.op in {"+", "-"}:
            for level, moved in ((node.left, node.right), (node.right, node.left)):
                if isinstance(moved, Binary) and moved.op == "*" and not any(_slope_calls(level)):
                    for slope, ahead in ((moved.left, moved.right), (moved.right, moved.left)):
                        seconds = constant(ahead)
                        if seconds and any(_slope_calls(slope)):
                            yield abs(seconds)
    measured = one.measured.of if isinstance(one.measured, Negated) else one.measured
    if not (isinstance(measured, Binary) and measured.op == "/") or not one.limit:
        return
    soon = (one.op[0] == "<") == (one.limit > 0)
    if soon and any(_slope_calls(measured.right)) and not any(_slope_calls(measured.left)):
        yield abs(one.limit)


def _slope_calls(node: Node) -> Iterator[Call]:
    for inner in every(node):
        if not (isinstance(inner, Call) and inner.name in _SLOPES):
            continue
        # The difference of a counter is its rate under another name.
        if inner.name != "delta" or not any(_COUNTER_NAME.search(name) for name in _names(inner)):
            yield inner


def _moves(one: Comparison) -> bool:
    if one.limit is None:
        return False
    beyond = one.limit if one.op[0] == ">" else -one.limit
    return beyond > 0 or (beyond == 0 and one.op in {">", "<"})


def _calls(one: Comparison, names: frozenset[str]) -> Iterator[Call]:
    if one.negated:
        return
    for side in (one.left, one.right):
        for node in every(side):
            if isinstance(node, Call) and node.name in names:
                yield node


def _stands_beside(whole: Node, usual: list[Call]) -> bool:
    """Whether the series of a baseline also stands outside it."""
    if not usual:
        return False
    inside = [node for call in usual for node in every(call)]
    everywhere = [node for node in every(whole) if isinstance(node, Series)]
    outside = {node.name for node in everywhere if not any(node is other for other in inside)}
    return any(isinstance(node, Series) and node.name in outside for node in inside)


def _compares_past(whole: Node) -> bool:
    """Whether a series is divided by, or compared with, its own past (a day or more back)."""
    for node in every(whole):
        if isinstance(node, Binary) and node.op in {"/", ">", "<", ">=", "<="}:
            now, past = _by_offset(node.left), _by_offset(node.right)
            if (now[0] & past[1]) or (now[1] & past[0]):
                return True
    return False


def _by_offset(node: Node) -> tuple[frozenset[str], frozenset[str]]:
    """Names of series read as of now, and a day or more back."""
    now: set[str] = set()
    past: set[str] = set()
    for inner in every(node):
        if isinstance(inner, Series) and inner.name:
            (past if inner.offset_s >= BASELINE_MIN_S else now).add(inner.name)
    return frozenset(now), frozenset(past)


def _names(node: Node) -> frozenset[str]:
    """Names of all series below a node, those of recorded series with them."""
    found = set()
    for inner in every(node):
        series = inner.series if isinstance(inner, Recorded) else inner
        if isinstance(series, Series) and series.name:
            found.add(series.name)
    return frozenset(found)
