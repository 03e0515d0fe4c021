"""What an alert rule can see coming: its classes, or why it tells nothing, from the tree of its expression.

The classes and their tests follow the alerting chapter of the SRE workbook and section 4.1 of the rubric. What cannot
be read is undecided with its reason, never "no such alert".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from auditor.recognise.promql_book import RuleBook, RuleFacts
from auditor.recognise.promql_compare import Comparison, Group, groups
from auditor.recognise.promql_shapes import (
    LEAD_MIN_S,
    Contents,
    burn_of,
    contents,
    horizons,
    is_anomaly,
    is_ratio,
    is_slope,
    pair,
    reach,
    rises_towards,
)
from auditor.recognise.promql_text import Unreadable
from auditor.recognise.promql_tree import Node, Recorded, Series, every
from auditor.recognise.promql_windows import shape

__all__ = ["VERSION", "Classified", "RuleBook", "RuleFacts", "classify", "weaker"]

VERSION = "promql 1"
"""Changes whenever the same rules would be given other classes."""

STALE = timedelta(hours=1)
"""A rule whose last evaluation is older than this at its pull is not evaluated any more."""
ALWAYS_FIRING = 0.9
"""Share of 90 days above which an alert tells nothing by firing."""
OUT_OF_REACH = 100.0
"""A limit further from all observed values than this many times the largest of them is out of reach (chosen: alerts
that simply did not fire in 30 days must stay)."""
PERIOD_S = 30 * 86400.0
"""Period that budget shares refer to where the rule names none: 30 days, as in the SRE workbook."""

_RANKS = (
    ("void",),
    ("unknown",),
    ("threshold",),
    ("trend", "anomaly"),
    ("burn_single",),
    ("burn_multi_rate", "burn_multiwindow", "time_remaining", "predictive"),
)
_RANK = {name: rank for rank, names in enumerate(_RANKS) for name in names}
_GRAFANA_SLO = frozenset({"grafana_slo_uuid", "grafana_slo_severity", "grafana_slo_window"})
Pair = tuple[Comparison, Comparison]
Horizon = tuple[float | None, float]

_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|[^A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Classified:
    """What a rule was recognised as.

    Attributes:
        classes: classes of the stream `monitoring_rule`; never empty.
        void_reason: why the class is void; None when it is not.
        undecided: why the class is unknown; None when it is decided.
        budget_share: least part of the error budget that is used up when the rule fires (factor x window / 30 days);
            None where the expression does not say it.
        notes: what a reviewer should know, in whole sentences.
    """

    classes: tuple[str, ...]
    void_reason: str | None = None
    undecided: str | None = None
    budget_share: float | None = None
    notes: tuple[str, ...] = ()


def classify(rule: RuleFacts, book: RuleBook) -> Classified:
    """The classes of a rule in PromQL, checked against those that its source gives: the weaker ones count.

    Args:
        rule: the rule.
        book: the rules of its server, for recorded series and for the other alerts of an indicator.
    """
    if rule.given_void is not None:
        return Classified(("void",), rule.given_void)
    derived = _derive(rule, book)
    classes = weaker(rule.given, derived.classes)
    if classes == derived.classes:
        return derived
    note = f"The expression is {_listed(derived.classes)}; the source says {_listed(classes)}, which is weaker."
    return Classified(classes, None, None, derived.budget_share, (*derived.notes, note))


def weaker(given: tuple[str, ...] | None, derived: tuple[str, ...]) -> tuple[str, ...]:
    """The weaker of two lists of classes, each as strong as its strongest; of equals the derived one."""
    if not given:
        return derived
    strongest = max(given, key=lambda name: _RANK[name])
    return (strongest,) if _RANK[strongest] < max(_RANK[name] for name in derived) else derived


def _derive(rule: RuleFacts, book: RuleBook) -> Classified:
    try:
        read = book.tree(rule)
        alternatives = groups(read.tree)
    except Unreadable as fault:
        return Classified(("unknown",), undecided=str(fault))
    notes = ["A variable of a dashboard stands for a range; it is read as 5m."] if read.variable_windows else []
    telling = _telling(alternatives)
    if not telling:
        return Classified(("void",), "self_comparison", notes=tuple(notes))
    held = contents(read.tree)
    ahead = [horizon for group in telling for horizon in horizons(group)] if held.forecasts else []
    pairs = tuple(pair(group) for group in telling)
    found = (*_burns(telling, pairs, book), *_outlooks(telling, held, ahead))
    if not found and ahead and all(seconds is not None and seconds <= 0 for seconds, _ in ahead):
        return Classified(("void",), "zero_horizon", notes=tuple(notes))
    if not found and any(seconds is None for seconds, _ in ahead):
        return Classified(("unknown",), undecided="the horizon of predict_linear is no constant", notes=tuple(notes))
    if not found and not rule.recording and _generated_burn(rule, read.tree):
        found = ("burn_single",)
        notes.append("Its labels are those of a generator of burn-rate alerts.")
    notes += _notes(ahead)
    undecided = None if found else _hidden(rule, telling, read.tree, book)
    decides = undecided is None and (any(telling) or not rule.recording)
    classes = found or (("threshold",) if decides else ("unknown",))
    reason = _void_by_data(rule, telling)
    if reason is None and not found and _promises(rule.name):
        reason = "name_only"
    if reason is not None:
        return Classified(("void",), reason, notes=tuple(notes))
    return Classified(classes, None, undecided, _budget_share(telling, pairs), tuple(notes))


def _telling(alternatives: Sequence[Group]) -> tuple[Group, ...]:
    """The alternatives that can tell something: without comparisons of a thing with itself."""
    kept = []
    for group in alternatives:
        itself = [one for one in group if one.is_self and not one.negated]
        rest = tuple(one for one in group if not one.is_self or one.negated)
        never = any(one.op in {">", "<"} for one in itself)
        if not itself or (rest and not never):
            kept.append(rest)
    return tuple(kept)


def _burns(alternatives: Sequence[Group], pairs: Sequence[Pair | None], book: RuleBook) -> tuple[str, ...]:
    """The burn-rate classes of an alert."""
    long = [both[0] for both in pairs if both is not None]
    if not long:
        single = any(burn_of(one) is not None for group in alternatives for one in group)
        return ("burn_single",) if single else ()
    limits = {round(one.limit, 12) for one in long if one.limit is not None}
    if len(limits) > 1 or any(len(book.limits(shape(one.measured))) > 1 for one in long):
        return ("burn_multi_rate", "burn_multiwindow")
    return ("burn_multiwindow",)


def _outlooks(alternatives: Sequence[Group], held: Contents, ahead: Sequence[Horizon]) -> tuple[str, ...]:
    """The classes of an alert that looks ahead, at a slope, or at what is usual."""
    found: list[str] = []
    horizon = max((seconds for seconds, _ in ahead if seconds is not None), default=0.0)
    rising = sloping = False
    if held.slopes:
        reaches = (reach(group) for group in alternatives)
        horizon = max(horizon, *(seconds or 0.0 for seconds in reaches))
        rising = any(rises_towards(group) for group in alternatives)
        sloping = any(is_slope(one) for group in alternatives for one in group)
    if horizon >= LEAD_MIN_S or rising:
        found.append("predictive")
    elif horizon > 0 or sloping:
        found.append("trend")
    if held.usual and any(is_anomaly(one) for group in alternatives for one in group):
        found.append("anomaly")
    return tuple(found)


def _generated_burn(rule: RuleFacts, tree: Node) -> bool:
    """Whether the labels are those that Sloth, Pyrra or Grafana SLO give to their burn-rate alerts."""
    if any(label.startswith("sloth_") for label in rule.labels) or _GRAFANA_SLO & rule.labels.keys():
        return True
    names = (node.name for node in every(tree) if isinstance(node, Series))
    recorded = (node.series.name for node in every(tree) if isinstance(node, Recorded))
    return "slo" in rule.labels and any(name and ":burnrate" in name for name in (*names, *recorded))


def _hidden(rule: RuleFacts, alternatives: Sequence[Group], tree: Node, book: RuleBook) -> str | None:
    """Why an alert without comparisons cannot be judged; None when it can. A recording rule decides nothing itself."""
    if any(alternatives) or rule.recording:
        return None
    if isinstance(tree, Series) and tree.name and ":" in tree.name and not book.records(tree.name):
        return f"the condition stands in the recorded series {tree.name}, whose rule was not read"
    return None


def _void_by_data(rule: RuleFacts, alternatives: Sequence[Group]) -> str | None:
    if rule.health == "err":
        return "no_data"
    if rule.last_eval is not None and rule.pulled_at is not None and rule.pulled_at - rule.last_eval > STALE:
        return "no_data"
    if rule.firing_share_90d is not None and rule.firing_share_90d > ALWAYS_FIRING:
        return "always_firing"
    if len(alternatives) == 1 and alternatives[0] and _out_of_reach(rule, alternatives[0][0]):
        return "unreachable"
    return None


def _out_of_reach(rule: RuleFacts, first: Comparison) -> bool:
    """Whether the left side never came near its limit: only so far off that it cannot be a quiet month."""
    low, high = rule.observed_min_30d, rule.observed_max_30d
    if low is None or high is None or first.bound is None or not first.ordered or first.negated:
        return False
    if first.limit is not None and 0 <= first.limit <= 1 and is_ratio(first.measured):
        return False  # a share can always become anything between 0 and 1
    op, bound = first.bound
    room = OUT_OF_REACH * max(abs(low), abs(high))
    return room > 0 and (bound > high + room if op[0] == ">" else bound < low - room)


def _promises(name: str | None) -> bool:
    words = [word.lower() for word in _WORDS.split(name or "")]
    return any(word in {"ai", "ml"} or word.startswith(("predict", "forecast")) for word in words)


def _budget_share(alternatives: Sequence[Group], pairs: Sequence[Pair | None]) -> float | None:
    shares = []
    for group, both in zip(alternatives, pairs, strict=True):
        for one in group if both is None else both[:1]:
            burn = burn_of(one)
            if burn is not None and burn.factor is not None and one.window_s is not None:
                shares.append(burn.factor * one.window_s / PERIOD_S)
    return round(min(shares), 6) if shares else None


def _notes(ahead: Sequence[Horizon]) -> list[str]:
    if any(seconds is not None and 0 < range_s < seconds / 4 for seconds, range_s in ahead):
        return ["predict_linear looks further ahead than four times the range it learns from."]
    return []


def _listed(classes: Sequence[str]) -> str:
    return " and ".join(classes)
