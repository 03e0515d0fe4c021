"""Indicators found behind recording rules; the rules are our own, after the forms that generators give them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.recognise.promql_tree import read
from auditor.recognise.slis import recognise_slis


def record(name: str, query: str, **labels: str) -> dict[str, Any]:
    return {"name": name, "query": query, "labels": labels, "type": "recording"}


def alert(query: str, **labels: str) -> dict[str, Any]:
    return {"name": "Burns", "query": query, "labels": labels, "type": "alerting"}


def found(*rules: dict[str, Any], service_labels: tuple[str, ...] = ("service",)) -> list[dict[str, Any]]:
    slis = recognise_slis(rules, service_labels)["slis"]
    for sli in slis:  # whatever is recognised can be asked for
        read(sli["good_ratio_expr"])
        read(sli["error_ratio_expr"])
    return slis


SLOTH = {"sloth_id": "shop-orders", "sloth_service": "shop", "sloth_slo": "orders"}


def test_sloth_rules_are_one_indicator_with_objective_and_period():
    rules = [
        record("slo:sli_error:ratio_rate1h", "a / b", **SLOTH, sloth_window="1h"),
        record("slo:sli_error:ratio_rate5m", "a / b", **SLOTH, sloth_window="5m"),
        record("slo:sli_error:ratio_rate30d", "a / b", **SLOTH, sloth_window="30d"),
        record("slo:objective:ratio", "vector(0.9990000000000001)", **SLOTH),
        record("slo:time_period:days", "vector(28)", **SLOTH),
        record("slo:period_error_budget_remaining:ratio", "1 - x", **SLOTH),
    ]
    selector = '{sloth_id="shop-orders",sloth_service="shop",sloth_slo="orders"}'
    assert found(*rules) == [
        {
            "sli_id": "shop-orders",
            "service": "shop",
            "series_label": None,
            "objective": 0.999,
            "metric": "availability",
            "good_ratio_expr": f"1 - slo:sli_error:ratio_rate5m{selector}",
            "error_ratio_expr": f"slo:sli_error:ratio_rate5m{selector}",
            "window": "5m",
            "window_s": 300.0,
            "period_d": 28.0,
            "labels": {**SLOTH, "sloth_window": "5m"},
            "rule": "slo:sli_error:ratio_rate5m",
            "how": "sloth",
        }
    ]


def test_pyrra_rules_are_indicators_and_their_burn_rate_is_a_share():
    labels = {"slo": "shop-errors", "namespace": "prod"}
    (sli,) = found(
        record("http_requests:burnrate5m", "a / b", **labels),
        record("http_requests:burnrate1h", "a / b", **labels),
        record("pyrra_objective", "0.99", **labels),
        record("pyrra_window", "2419200", **labels),
        alert("http_requests:burnrate5m{slo='shop-errors'} > (14 * (1-0.99))", slo="shop-errors"),
    )
    assert (sli["sli_id"], sli["objective"], sli["period_d"], sli["how"]) == ("prod/shop-errors", 0.99, 28.0, "pyrra")
    assert sli["error_ratio_expr"] == 'http_requests:burnrate5m{namespace="prod",slo="shop-errors"}'


def test_without_a_stated_objective_the_budget_of_its_alerts_gives_it():
    rule = record("sli:availability:ratio_rate1h", "sum by (service) (g) / sum by (service) (t)")
    (sli,) = found(rule, alert("(1 - sli:availability:ratio_rate1h) > 14.4 * 0.001"))
    assert sli["objective"] == 0.999
    two = found(
        rule,
        alert("(1 - sli:availability:ratio_rate1h) > 14.4 * 0.001"),
        alert("(1 - sli:availability:ratio_rate1h) > 6 * 0.01"),
    )
    assert two[0]["objective"] is None  # alerts that disagree state nothing


def test_alerts_on_single_services_give_the_objective_they_agree_on():
    rule = record("sli:availability:ratio_rate1h", "sum by (service) (g) / sum by (service) (t)")
    shop, cart = (
        '(1 - sli:availability:ratio_rate1h{service="shop"})',
        '(1 - sli:availability:ratio_rate1h{service="cart"})',
    )
    assert found(rule, alert(f"{shop} > 14.4 * 0.001"), alert(f"{cart} > 6 * 0.001"))[0]["objective"] == 0.999
    assert found(rule, alert(f"{shop} > 14.4 * 0.001"), alert(f"{cart} > 6 * 0.01"))[0]["objective"] is None
    of_shop = record("sli:availability:ratio_rate1h", "g / t", service="shop")
    assert found(of_shop, alert(f"{shop} > 14.4 * 0.001"), alert(f"{cart} > 6 * 0.01"))[0]["objective"] == 0.999


def test_the_prefix_sli_is_the_share_of_good_events():
    (sli,) = found(record("sli:checkout:ratio_rate5m", "g / t", service="shop"))
    assert (sli["service"], sli["how"]) == ("shop", "name")
    assert sli["good_ratio_expr"] == 'sli:checkout:ratio_rate5m{service="shop"}'


@pytest.mark.parametrize(
    "name", ["job:slo_errors:ratio_rate5m", "sli:error:ratio_rate5m", "shop:request_failures:ratio5m"]
)
def test_names_that_speak_of_errors_count_bad_events(name: str):
    (sli,) = found(record(name, "e / t"))
    assert sli["error_ratio_expr"] == name
    assert sli["objective"] is None


@pytest.mark.parametrize(
    ("rule", "note"),
    [
        (record("cluster:node_cpu:ratio_rate5m", "a / b"), "does not say"),
        (record("apiserver_request:burnrate5m", "a / b"), "without the label slo"),
        (record("shop:good_or_bad:ratio_rate5m", "a / b"), "good and of bad"),
    ],
)
def test_what_does_not_say_what_it_counts_is_left_out_with_a_note(rule: dict[str, Any], note: str):
    result = recognise_slis([rule], [])
    assert result["slis"] == []
    assert note in result["notes"][0]


def test_a_sum_by_a_service_label_is_one_indicator_per_service():
    by_service = "sum by (job, service) (rate(g[5m])) / sum by (service) (rate(t[5m]))"
    (sli,) = found(record("sli:availability:ratio_rate5m", by_service))
    assert (sli["service"], sli["series_label"]) == (None, "service")
    (whole,) = found(record("sli:availability:ratio_rate5m", "sum(rate(g[5m])) / sum(rate(t[5m]))"))
    assert (whole["service"], whole["series_label"]) == (None, None)


@pytest.mark.parametrize(
    ("name", "query", "metric"),
    [
        ("sli:latency:ratio_rate5m", "g / t", "latency"),
        ("sli:slow_responses:ratio_rate5m", "g / t", "latency"),
        ("sli:availability:ratio_rate5m", "g / t", "availability"),
        ("sli:checkout:ratio_rate5m", 'rate(http_bucket{a="b",le="0.3"}[5m]) / rate(t[5m])', "latency"),
    ],
)
def test_the_metric_is_named_by_the_rule_or_its_histogram(name: str, query: str, metric: str):
    assert found(record(name, query))[0]["metric"] == metric


def test_values_of_labels_are_quoted():
    (sli,) = found(record("sli:x:ratio_rate5m", "g / t", path='a"b\\c\nd'))
    assert sli["good_ratio_expr"] == 'sli:x:ratio_rate5m{path="a\\"b\\\\c\\nd"}'


def test_rules_of_no_use_give_nothing():
    rules: list[Any] = [{}, {"name": 5, "query": "x"}, record("x", "sum("), alert("up == 0"), alert("sum(")]
    assert recognise_slis(rules, ["service"]) == {"slis": [], "notes": []}


@pytest.mark.official
def test_every_indicator_of_real_sloth_rules_is_found_with_its_objective(shared: Callable[[str], Path]):
    for path in sorted(shared("data/prometheus-rules/slok+sloth").iterdir()):
        rules = [
            {"name": rule.get("record") or rule.get("alert"), "query": str(rule["expr"]), "labels": rule.get("labels"),
             "type": "recording" if "record" in rule else "alerting"}
            for document in yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            for group in document.get("groups") or document.get("spec", {}).get("groups") or []
            for rule in group.get("rules") or ()
        ]  # fmt: skip
        stated = {rule["labels"]["sloth_id"]: rule["query"] for rule in rules if rule["name"] == "slo:objective:ratio"}
        slis = found(*rules)
        assert {sli["sli_id"] for sli in slis} == set(stated), path.name
        assert all(0 < sli["objective"] < 1 and sli["period_d"] == 30 for sli in slis), path.name
