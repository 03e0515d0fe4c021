"""Which service level indicators the recording rules of a Prometheus server hold, and how to ask for them.

Known are Sloth (its OpenSLO input too), Pyrra, and two conventions of names: `sli:<what>:ratio_rate<window>` for the
share of good events, and names that end in `:ratio_rate<window>` and say whether they count good or bad ones. What does
not say so is left out, with a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from auditor.canonical import JsonValue
from auditor.recognise.promql_book import RuleBook, RuleFacts
from auditor.recognise.promql_compare import groups
from auditor.recognise.promql_fold import constant
from auditor.recognise.promql_shapes import burn_of
from auditor.recognise.promql_text import Unreadable
from auditor.recognise.promql_tree import Aggregate, Node, Series, every, read
from auditor.recognise.promql_windows import name_window_s, stem

VERSION = "slis 1"
"""Changes whenever the same rules would give other indicators."""

_DAY_S = 86400.0
_SLOTH = frozenset({"sloth_id", "sloth_service", "sloth_slo"})
_RATIO_RATE = re.compile(r"^(?P<what>.*):(?P<word>[a-z_]*ratio)(?:_rate)?(?P<window>(?:\d+[smhdwy])+)$")
_BURN_RATE = re.compile(r"^(?P<what>.*):burnrate(?P<window>(?:\d+[smhdwy])+)$")
_BAD = re.compile(r"(?:^|[_:])(?:sli_)?(?:errors?|bad|fail(?:ed|ures?)?|unavailab\w*|slow)(?=[_:]|$)")
_GOOD = re.compile(r"(?:^|[_:])(?:good|success\w*|availab\w*|within)(?=[_:]|$)")
_LATENCY = re.compile(r"latency|duration|slow|response_?time|percentile", re.IGNORECASE)
_AVAILABILITY = re.compile(r"availab|uptime|success|error|requests?|probe", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Found:
    """A recording rule that holds an indicator."""

    rule: RuleFacts
    sli_id: str
    counts: Literal["good", "bad"]
    selector: Mapping[str, str]
    how: str


def recognise_slis(rules: Sequence[Mapping[str, JsonValue]], service_labels: Sequence[str]) -> dict[str, JsonValue]:
    """The indicators behind rules.

    Args:
        rules: rules as `/api/v1/rules` lists them: `name`, `query`, `labels`, `type` (`recording` or `alerting`).
        service_labels: labels that name a service, the most trusted first.

    Returns:
        `slis`: for each indicator `sli_id`, `service` (None: not said), `series_label` (the label of the series that
        names the service where the rule does not), `objective` (0..1 or None), `metric`, `good_ratio_expr`,
        `error_ratio_expr`, `window` and `window_s` (the shortest one recorded), `period_d` (or None), `labels`, `rule`,
        `how`; `notes`: what was left out and why.
    """
    facts = [fact for rule in rules if (fact := rule_facts(rule)) is not None]
    notes: list[str] = []
    shortest: dict[str, _Found] = {}
    for fact in facts:
        found = _found(fact, notes) if fact.recording else None
        if found is None:
            continue
        known = shortest.get(found.sli_id)
        if known is None or _window(found) < _window(known):
            shortest[found.sli_id] = found
    objectives = _Objectives(facts)
    slis: list[JsonValue] = [
        _sli(found, objectives, service_labels) for _, found in sorted(shortest.items(), key=lambda item: item[0])
    ]
    kept: list[JsonValue] = list(dict.fromkeys(notes))
    return {"slis": slis, "notes": kept}


def rule_facts(rule: Mapping[str, JsonValue]) -> RuleFacts | None:
    """A rule of `/api/v1/rules` as `RuleFacts`; None where it lacks name or query."""
    name, query, labels = rule.get("name"), rule.get("query"), rule.get("labels")
    if not isinstance(name, str) or not isinstance(query, str):
        return None
    texts = {key: value for key, value in labels.items() if isinstance(value, str)} if isinstance(labels, dict) else {}
    recording = str(rule.get("type", "")).startswith("record")
    return RuleFacts(str(rule.get("rule_id") or name), name, query, recording, texts)


def _found(rule: RuleFacts, notes: list[str]) -> _Found | None:
    name = rule.name or ""
    labels = {label: value for label, value in rule.labels.items() if value is not None}
    if name.startswith("slo:sli_error:ratio_rate") and "sloth_id" in labels:
        selector = {label: value for label, value in labels.items() if label in _SLOTH}
        return _Found(rule, labels["sloth_id"], "bad", selector, "sloth")
    if match := _BURN_RATE.match(name):
        if "slo" not in labels:
            notes.append(f"{stem(name)}: a burn rate without the label slo; whose indicator it is is not said.")
            return None
        sli_id = "/".join(part for part in (labels.get("namespace"), labels["slo"]) if part)
        # Pyrra calls the share of bad events a burn rate; it is not divided by the budget.
        return _Found(rule, sli_id, "bad", labels, "pyrra")
    match = _RATIO_RATE.match(name)
    if match is None:
        return None
    words = f"{match['what']}:{match['word']}"
    bad, good = bool(_BAD.search(words)), bool(_GOOD.search(words)) or words.startswith("sli:")
    if _BAD.search(words) and _GOOD.search(words):
        notes.append(f"{stem(name)}: the name speaks of good and of bad events.")
        return None
    if not bad and not good:
        notes.append(f"{stem(name)}: the name does not say whether it counts good or bad events.")
        return None
    sli_id = stem(name) + _selector_text(labels)
    return _Found(rule, sli_id, "bad" if bad else "good", labels, "name")


def _sli(found: _Found, objectives: _Objectives, service_labels: Sequence[str]) -> JsonValue:
    rule = found.rule
    name = rule.name or ""
    series = name + _selector_text(found.selector)
    labels: dict[str, JsonValue] = dict(rule.labels)
    order = ("sloth_service", *service_labels)
    service = next((rule.labels[label] for label in order if rule.labels.get(label)), None)
    other = f"1 - {series}"
    match = re.search(r"((?:\d+[smhdwy])+)$", name)
    return {
        "sli_id": found.sli_id,
        "service": service,
        "series_label": None if service else _grouped_by(rule, service_labels),
        "objective": objectives.objective(found),
        "metric": _metric(found),
        "good_ratio_expr": series if found.counts == "good" else other,
        "error_ratio_expr": series if found.counts == "bad" else other,
        "window": match[1] if match else None,
        "window_s": name_window_s(name),
        "period_d": objectives.period_d(found),
        "labels": labels,
        "rule": name,
        "how": found.how,
    }


_Matchers = tuple[tuple[str, str], ...]
_Budgets = dict[str, dict[str, dict[str, list[tuple[_Matchers, float]]]]]
"""Stem of a series -> label and value of the first matcher (empty: no matcher) -> (matchers, budget)."""


class _Objectives:
    """Objectives and periods that rules state beside their indicators, or use in burn-rate alerts."""

    def __init__(self, facts: Iterable[RuleFacts]) -> None:
        self._facts = tuple(facts)
        self._stated: dict[tuple[str, str], float] = {}
        for fact in self._facts:
            if fact.recording:
                self._note_stated(fact)

    def objective(self, found: _Found) -> float | None:
        """The objective (0..1); None where none is stated, or alerts use several."""
        if (stated := self._named(found, "slo:objective:ratio", "pyrra_objective")) is not None:
            return stated if 0 < stated < 1 else None
        budgets = set(self._budgets_of(stem(found.rule.name or ""), found.rule.labels))
        return round(1 - budgets.pop(), 9) if len(budgets) == 1 else None

    def _budgets_of(self, name: str, labels: Mapping[str, str | None]) -> Iterator[float]:
        """Budgets of the alerts on a series; a label that only the series has may be any."""
        for label, by_value in self._used_budgets.get(name, {}).items():
            own = labels.get(label)
            for uses in by_value.values() if own is None else [by_value.get(own, [])]:
                for matchers, budget in uses:
                    if all(labels.get(each, value) == value for each, value in matchers):
                        yield budget

    def period_d(self, found: _Found) -> float | None:
        """The days the objective is measured over; None where no rule states them."""
        days = self._named(found, "slo:time_period:days")
        seconds = self._named(found, "pyrra_window")
        return days if days is not None or seconds is None else seconds / _DAY_S

    def _named(self, found: _Found, *names: str) -> float | None:
        key = found.rule.labels.get("sloth_id") or found.rule.labels.get("slo")
        return next((self._stated[name, key] for name in names if key and (name, key) in self._stated), None)

    def _note_stated(self, fact: RuleFacts) -> None:
        key = fact.labels.get("sloth_id") or fact.labels.get("slo")
        if not key or fact.name not in {
            "slo:objective:ratio",
            "slo:time_period:days",
            "pyrra_objective",
            "pyrra_window",
        }:
            return
        tree = _read(fact)
        value = None if tree is None else constant(tree)
        if value is not None:
            self._stated[fact.name, key] = round(value, 9)

    @cached_property
    def _used_budgets(self) -> _Budgets:
        """Budgets that alerts use, by the series they watch; looked for only where no rule states an objective."""
        book = RuleBook(self._facts)
        used: _Budgets = {}
        for fact in self._facts:
            if not fact.recording and fact.expr:
                self._note_used(fact, book, used)
        return used

    def _note_used(self, fact: RuleFacts, book: RuleBook, used: _Budgets) -> None:
        try:
            alternatives = groups(book.tree(fact).tree)
        except Unreadable:
            return  # an alert that cannot be read states no objective
        for one in (one for group in alternatives for one in group):
            burn = burn_of(one)
            if burn is None or burn.budget is None:
                continue
            for node in every(one.left):
                series = getattr(node, "series", node)
                if isinstance(series, Series) and series.name:
                    equal = tuple((label, value) for label, op, value in series.matchers if op == "=")
                    label, value = equal[0] if equal else ("", "")
                    by_value = used.setdefault(stem(series.name), {}).setdefault(label, {})
                    by_value.setdefault(value, []).append((equal, round(burn.budget, 9)))


def _metric(found: _Found) -> str:
    """The metric of a target, by the words of the indicator's name, else by its definition."""
    rule = found.rule
    named = rule.labels.get("sloth_slo") or rule.labels.get("slo") or stem(rule.name or "")
    if _LATENCY.search(named):
        return "latency"
    if not _AVAILABILITY.search(named) and re.search(r'_bucket\b[^}]*\ble="', rule.expr or ""):
        return "latency"
    return "availability"


def _grouped_by(rule: RuleFacts, service_labels: Sequence[str]) -> str | None:
    """The label naming a service that the rule's sums keep; its series then are one indicator per service."""
    tree = _read(rule)
    if tree is None:
        return None
    kept = [
        set(node.grouping.removeprefix("by ").split(","))
        for node in every(tree)
        if isinstance(node, Aggregate) and node.grouping.startswith("by ")
    ]
    return next((label for label in service_labels if kept and all(label in each for each in kept)), None)


def _read(rule: RuleFacts) -> Node | None:
    try:
        return read(rule.expr or "").tree
    except Unreadable:
        return None


def _window(found: _Found) -> float:
    return name_window_s(found.rule.name or "") or float("inf")


def _selector_text(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    parts = (f"{label}={_quoted(value)}" for label, value in sorted(labels.items()))
    return "{" + ",".join(parts) + "}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
