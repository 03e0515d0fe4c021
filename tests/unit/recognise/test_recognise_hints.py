"""Hints that collectors ask for between their passes."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.recognise.hints import hints

CONFIG = """
route: {receiver: p, routes: [{matchers: ['alertname="B"'], receiver: n}]}
receivers: [{name: p, opsgenie_configs: [{api_key: x}]}, {name: n}]
"""


def test_receivers_come_by_rule_and_the_name_of_a_rule_is_a_label():
    rules: list[Any] = [
        {"rule_id": "1", "labels": {"severity": "page"}},
        {"rule_id": "2", "labels": {}, "name": "B"},
        {"rule_id": "3", "labels": {"alertname": "{{ $x }}"}},
        {"rule_id": "4", "labels": None},
    ]
    result = hints("receivers", {"config": CONFIG, "rules": rules})
    assert result["receivers"] == {"1": ["page"], "2": ["none"], "4": ["page"]}
    assert list(result["undecided"]) == ["3"]
    assert result["notes"]["1"]


def test_a_configuration_that_cannot_be_read_leaves_every_rule_undecided_with_the_reason():
    result = hints("receivers", {"config": "route: [", "rules": [{"rule_id": "1", "labels": {}}]})
    assert result["receivers"] == {}
    assert "no YAML" in result["undecided"]["1"]


def test_indicators_come_as_json_values():
    rule = {"name": "sli:x:ratio_rate5m", "query": "g / t", "labels": {"service": "shop"}, "type": "recording"}
    (sli,) = hints("slis", {"rules": [rule], "service_labels": ["service"]})["slis"]
    assert sli["service"] == "shop"


@pytest.mark.parametrize("facts", [{}, {"rules": None}, {"rules": 5}, {"rules": ["x", None, {}], "config": None}])
@pytest.mark.parametrize("kind", ["slis", "receivers"])
def test_facts_of_another_form_are_passed_over(kind: str, facts: dict[str, Any]):
    result = hints(kind, facts)
    assert not result.get("slis")
    assert not result.get("receivers")


def test_an_unknown_kind_gives_none():
    assert hints("never heard of", {"rules": []}) == {}
