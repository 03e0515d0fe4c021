"""The rules of one server together: what recorded series are made of, and which alerts belong to one indicator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from auditor.recognise.promql_compare import groups
from auditor.recognise.promql_shapes import pair
from auditor.recognise.promql_text import Unreadable
from auditor.recognise.promql_tree import Node, Read, Series, expanded, read
from auditor.recognise.promql_windows import shape

_MAX_LOOKED_AT = 200
"""Recording rules of one name that are compared with a selector when no label of it points to some of them."""


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What is known about one rule.

    Attributes:
        rule_id: id of the rule.
        name: name of the alert or of the recorded series.
        expr: the expression; None: not known.
        recording: whether it records a series.
        labels: labels it adds.
        given: classes that its source states; None: none.
        given_void: reason for being void that its source states.
        health: `ok`, `err` or `unknown`; None: not known.
        last_eval: last evaluation (UTC); None: not known.
        pulled_at: when the rule was read (UTC); None: not known.
        observed_min_30d: least value of its left side in 30 days.
        observed_max_30d: greatest value of its left side in 30 days.
        firing_share_90d: part of 90 days it was firing (0..1).
    """

    rule_id: str
    name: str | None = None
    expr: str | None = None
    recording: bool = False
    labels: Mapping[str, str | None] = field(default_factory=dict)
    given: tuple[str, ...] | None = None
    given_void: str | None = None
    health: str | None = None
    last_eval: datetime | None = None
    pulled_at: datetime | None = None
    observed_min_30d: float | None = None
    observed_max_30d: float | None = None
    firing_share_90d: float | None = None


class RuleBook:
    """All rules of one server, looked up by what they record and by the indicator they watch.

    Recording rules are followed one level deep only, so that rules which record each other end.
    """

    def __init__(self, rules: Iterable[RuleFacts] = ()) -> None:
        self._rules = tuple(rules)
        self._recorded: dict[str, list[RuleFacts]] = {}
        self._by_label: dict[tuple[str, str, str], list[RuleFacts]] = {}
        self._trees: dict[str, Read | Unreadable] = {}
        self._limits: dict[str, set[float]] | None = None
        for rule in self._rules:
            if rule.recording and rule.name and rule.expr:
                self._recorded.setdefault(rule.name, []).append(rule)
                for label, value in rule.labels.items():
                    if value is not None:
                        self._by_label.setdefault((rule.name, label, value), []).append(rule)

    def tree(self, rule: RuleFacts) -> Read:
        """The rule's expression with recorded series expanded one level.

        Raises:
            Unreadable: it is no PromQL, or there is none.
        """
        if rule.expr is None:
            raise Unreadable("the expression is not known")
        plain = self._read(rule.expr)
        return Read(expanded(plain.tree, self._definition), plain.variable_windows)

    def records(self, name: str) -> bool:
        """Whether a rule records a series of that name."""
        return name in self._recorded

    def limits(self, indicator: str) -> frozenset[float]:
        """The limits of all burn-rate pairs on one indicator (`shape` of what is measured) in all alert rules."""
        if self._limits is None:
            self._limits = {}
            for rule in self._rules:
                if not rule.recording and rule.expr is not None:
                    self._note_limits(rule)
        return frozenset(self._limits.get(indicator, ()))

    def _note_limits(self, rule: RuleFacts) -> None:
        try:
            found = [pair(group) for group in groups(self.tree(rule).tree)]
        except Unreadable:
            return  # the rule itself is reported as undecided when it is classified
        assert self._limits is not None  # noqa: S101 -- set by the only caller
        for both in found:
            if both is not None and both[0].limit is not None:
                self._limits.setdefault(shape(both[0].measured), set()).add(round(both[0].limit, 12))

    def _definition(self, series: Series) -> Node | None:
        if not series.name or series.name not in self._recorded:
            return None
        candidates = self._recorded[series.name]
        for label, op, value in series.matchers:
            if op == "=" and (series.name, label, value) in self._by_label:
                candidates = self._by_label[series.name, label, value]
                break
        for rule in islice(candidates, _MAX_LOOKED_AT):
            if rule.expr is not None and not _contradicts(rule, series):
                try:
                    return self._read(rule.expr).tree
                except Unreadable:
                    return None
        return None

    def _read(self, expr: str) -> Read:
        known = self._trees.get(expr)
        if known is None:
            try:
                known = read(expr)
            except Unreadable as fault:
                known = fault
            self._trees[expr] = known
        if isinstance(known, Unreadable):
            raise known
        return known


def _contradicts(rule: RuleFacts, series: Series) -> bool:
    """Whether the rule gives a label another value than the selector asks for."""
    return any(
        op == "=" and rule.labels.get(label) is not None and rule.labels[label] != value
        for label, op, value in series.matchers
    )
