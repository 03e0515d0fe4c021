"""Rules in a state get their class from their expression, and their service from their labels."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from auditor.model.evidence import Row, Tier
from auditor.model.streams import STREAMS
from auditor.model.validate import check_row, make_row
from auditor.recognise.rules import derive_rules

STREAM = STREAMS["monitoring_rule"]
PULLED = datetime(2026, 3, 2, 5, tzinfo=UTC)


def row(rule_id: str, source_id: str = "prom", **values: Any) -> Row:
    raw = {"rule_id": rule_id, "system": "prometheus", "kind": "alert", **values}
    checked = check_row(STREAM, raw)
    assert checked.faults == ()
    return make_row(STREAM, source_id, checked.values, Tier.R3, "0" * 64, f"/{rule_id}", fetched_at=PULLED)


class State:
    def __init__(self, *rows: Row) -> None:
        self._rows = rows

    def rows(self, stream: str) -> Iterator[Row]:
        return (each for each in self._rows if each.stream == stream)

    def text(self, payload_sha256: str, pointer: str) -> str | None:
        return None


class Services:
    def exact(self, text: str) -> str | None:
        return {"shop": "svc-shop", "cart": "svc-cart"}.get(text)


def derived(*rows: Row) -> dict[str, Row]:
    return {each.row.values["rule_id"]: each.row for each in derive_rules(State(*rows), Services())}


def test_a_missing_class_is_derived_and_the_proof_stays():
    before = row("r", expr="predict_linear(x[6h], 14400) < 0")
    after = derived(before)["r"]
    assert after.values == {**before.values, "class": ["predictive"]}
    assert (after.ref, after.payload_sha256, after.pointer) == (before.ref, before.payload_sha256, before.pointer)
    assert after.sha256 != before.sha256


def test_a_class_that_is_given_counts_only_as_far_as_the_expression_bears_it_out():
    rows = derived(
        row("claims", expr="x > 5", **{"class": ["predictive"]}),
        row("modest", expr="predict_linear(x[6h], 14400) < 0", **{"class": ["threshold"]}),
        row("no-expr", **{"class": ["predictive"]}),
    )
    assert {rule_id: each.values["class"] for rule_id, each in rows.items()} == {
        "claims": ["threshold"],
        "no-expr": ["unknown"],
    }


def test_void_comes_with_its_reason_from_expression_or_data():
    rows = derived(
        row("zero", expr="predict_linear(x[6h], 0) < 0"),
        row("stale", expr="x > 5", last_eval="2026-03-02T03:00:00Z"),
        row("firing", expr="x > 5", firing_share_90d=0.95),
        row("far", expr="x > 1e30", observed_min_30d=0, observed_max_30d=1),
        row("given", expr="predict_linear(x[6h], 14400) < 0", void_reason="no_data"),
    )
    assert {rule_id: (each.values["class"], each.values["void_reason"]) for rule_id, each in rows.items()} == {
        "zero": (["void"], "zero_horizon"),
        "stale": (["void"], "no_data"),
        "firing": (["void"], "always_firing"),
        "far": (["void"], "unreachable"),
        "given": (["void"], "no_data"),
    }


def test_recorded_series_are_those_of_the_same_server():
    recorded = {"name": "disk:in_4h", "kind": "recording", "expr": "predict_linear(disk[6h], 14400)"}
    rows = derived(
        row("rec", **recorded),
        row("here", expr="disk:in_4h < 0"),
        row("there", "other", expr="disk:in_4h < 0"),
    )
    assert rows["here"].values["class"] == ["predictive"]
    assert rows["there"].values["class"] == ["threshold"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"system": "zabbix", "kind": "trigger", "expr": "last(/h/k)>5", "class": ["predictive"]}, None),
        ({"system": "zabbix", "kind": "trigger", "expr": "last(/h/k)>5"}, ["unknown"]),
        ({"system": "jsm", "kind": "automation", "class": ["time_remaining"]}, None),
        ({"system": None, "expr": "x > 5"}, ["threshold"]),
        ({"system": "Prometheus", "expr": "x > 5"}, ["threshold"]),
        ({"system": "loki", "expr": '{a="b"} |= "c"', "class": ["threshold"]}, ["unknown"]),
    ],
)
def test_other_languages_keep_the_class_they_were_given(values: dict[str, Any], expected: list[str] | None):
    rows = derived(row("r", **values))
    assert (rows["r"].values["class"] if rows else None) == expected


@pytest.mark.parametrize(
    ("labels", "service_id"),
    [
        ({"service": "shop"}, "svc-shop"),
        ({"job": "cart", "team": "unknown"}, "svc-cart"),
        ({"service": "shop", "job": "cart"}, None),  # two services
        ({"service": "shop-frontend"}, None),  # near is not the same
        ({"severity": "shop"}, None),  # no label for services
        ({}, None),
    ],
)
def test_a_service_comes_from_a_label_that_names_it_exactly(labels: dict[str, str], service_id: str | None):
    assert derived(row("r", expr="x > 5", labels=labels))["r"].values["service_id"] == service_id


def test_a_service_that_is_given_stays():
    given = row("r", expr="x > 5", labels={"service": "shop"}, service_id="svc-other")
    assert derived(given)["r"].values["service_id"] == "svc-other"


def test_what_is_right_already_gives_no_row():
    assert derived(row("r", expr="x > 5", **{"class": ["threshold"]})) == {}
