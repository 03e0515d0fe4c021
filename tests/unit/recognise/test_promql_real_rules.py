"""How real rules are recognised: exact counts per class over the rule files beside the checkout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import yaml

from auditor.recognise.promql import Classified, RuleBook, RuleFacts, classify

pytestmark = pytest.mark.official

BURN = {"burn_single", "burn_multi_rate", "burn_multiwindow"}

EXPECTED = {
    "slok+sloth": {("burn_multi_rate", "burn_multiwindow"): 44},
    "prometheus-operator+kube-prometheus": {
        ("burn_multi_rate", "burn_multiwindow"): 4,
        ("predictive",): 7,
        ("trend",): 1,
        ("threshold",): 128,
    },
    "samber+awesome-prometheus-alerts": {("predictive",): 4, ("anomaly",): 1, ("trend",): 16, ("threshold",): 933},
}
"""Alerts per origin and class; a change here is a change of the recogniser's version and of the page on it."""


def _rules(path: Path) -> Iterator[RuleFacts]:
    for document in yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader):
        groups = document.get("groups") or document.get("spec", {}).get("groups") or []
        for at, rule in enumerate(rule for group in groups for rule in group.get("rules") or ()):
            name = rule.get("alert") or rule.get("record")
            yield RuleFacts(str(at), name, str(rule["expr"]), "record" in rule, rule.get("labels") or {})


@pytest.fixture
def alerts(shared: Callable[[str], Path]) -> list[tuple[str, RuleFacts, Classified]]:
    """(origin, rule, what it was recognised as); labels are left out, so that no generator's hint helps."""
    return _classified(shared("data/prometheus-rules"))


@cache
def _classified(folder: Path) -> list[tuple[str, RuleFacts, Classified]]:
    found = []
    for path in sorted(folder.glob("*/*")):
        book = RuleBook(rules := [rule if rule.recording else replace(rule, labels={}) for rule in _rules(path)])
        found += [(path.parent.name, rule, classify(rule, book)) for rule in rules if not rule.recording]
    return found


def test_real_alerts_have_the_classes_that_were_checked_by_hand(alerts):
    counts: dict[str, Counter[tuple[str, ...]]] = {}
    for origin, _, result in alerts:
        counts.setdefault(origin, Counter())[result.classes] += 1
    assert counts == EXPECTED


def test_only_sloth_and_the_api_server_alerts_of_kubernetes_are_burn_rates(alerts):
    burning = [(origin, rule.name) for origin, rule, result in alerts if BURN & set(result.classes)]
    assert sum(origin == "slok+sloth" for origin, _ in burning) == 44
    assert {name for origin, name in burning if origin != "slok+sloth"} == {"KubeAPIErrorBudgetBurn"}


def test_every_real_alert_is_read(alerts):
    assert [(rule.name, result.undecided) for _, rule, result in alerts if result.undecided] == []


def test_the_budget_shares_of_real_burn_rates_are_those_of_the_workbook(alerts):
    shares = Counter(result.budget_share for _, _, result in alerts if BURN & set(result.classes))
    assert set(shares) <= {0.02, 0.05, 0.1}
