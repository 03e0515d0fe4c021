"""Targets in sentences and tables: what counts, what is no target, and the words a number belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.recognise.structure import form_of, parse
from auditor.recognise.targets import ParsedTarget, parse_targets

DOCUMENTS = Path(__file__).parent / "documents"


def targets(text: str) -> list[ParsedTarget]:
    return list(parse_targets(parse(text, "markdown")))


def brief(text: str) -> list[tuple[str, str, float, str, str | None]]:
    return [(found.metric, found.op, found.value, found.unit, found.conditions) for found in targets(text)]


def of_sample(name: str) -> list[tuple[str, float, str, str | None]]:
    form = form_of(name)
    assert form is not None
    structure = parse((DOCUMENTS / name).read_text(encoding="utf-8"), form)
    return [(found.metric, found.value, found.unit, found.conditions) for found in parse_targets(structure)]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Availability is 99.9 % per month.", [("availability", ">=", 99.9, "%", None)]),
        ("We guarantee 99,5% uptime.", [("availability", ">=", 99.5, "%", None)]),
        (
            "P1: respond within 15 minutes, resolve within 4 hours",
            [
                ("incident_response", "<=", 15.0, "min", "priority=P1"),
                ("resolution", "<=", 4.0, "h", "priority=P1"),
            ],
        ),
        ("Response time < 2 hours", [("incident_response", "<", 2.0, "h", None)]),
        ("We respond within two business days.", [("incident_response", "<=", 2.0, "d", None)]),
        ("95% of incidents are resolved within 8 hours.", [("resolution", "<=", 8.0, "h", "share=95")]),
        ("Calls are answered within 30 minutes.", [("incident_response", "<=", 30.0, "min", None)]),
        ("Pages have a latency of at most 300 ms.", [("latency", "<=", 300.0, "ms", None)]),
        ("The RTO is 4 hours and the RPO is 15 minutes.", [
            ("recovery_rto", "<=", 4.0, "h", None), ("recovery_rpo", "<=", 15.0, "min", None)]),
        ("The error rate is at most 0.1 %.", [("error_rate", "<=", 0.1, "%", None)]),
        ("Customer satisfaction is at least 80 %.", [("satisfaction", ">=", 80.0, "%", None)]),
        ("Up to 200 tickets per month are covered.", [("workload_limit", "<=", 200.0, "tickets/month", None)]),
    ],
)  # fmt: skip
def test_a_number_with_a_unit_and_a_metric_is_a_target(
    sentence: str, expected: list[tuple[str, str, float, str, str | None]]
) -> None:
    assert brief(sentence) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "The office is open from 9 to 17.",
        "We answer 99 % of mails.",
        "Changes are announced 5 days in advance.",
        "If availability falls below 99.0 %, a credit of 10% is due.",
        "Escalate if it is not resolved within 4 hours.",
        "This agreement is reviewed every 6 months.",
        "Backups are kept for 14 days.",
        "Availability is measured every 5 minutes.",
        "Staff respond 24/7, 365 days of the year.",
        "Availability = uptime / total x 100 years of work",
        "Availability matters.",
        "Availability below 98 % leads to a meeting.",
        "An uptime of less than 97 % ends the contract.",
        "Availability < 99 % is a breach.",
    ],
)
def test_other_numbers_are_no_targets(sentence: str) -> None:
    assert brief(sentence) == []


def test_a_table_of_priorities_gives_a_target_per_cell() -> None:
    table = "| Severity | First response | Resolution | Updates |\n|--|--|--|--|\n| High | 1 h | 8 h | every 2 h |\n"
    assert brief(table) == [
        ("incident_response", "<=", 1.0, "h", "priority=high"),
        ("resolution", "<=", 8.0, "h", "priority=high"),
    ]


def test_a_table_of_metrics_takes_the_metric_from_the_row_and_skips_what_was_achieved() -> None:
    table = "| Metric | Target | Actual |\n|--|--|--|\n| Availability | 99.5 % | 98 % |\n| Latency | 200 ms | 1 s |\n"
    assert brief(table) == [("availability", ">=", 99.5, "%", None), ("latency", "<=", 200.0, "ms", None)]


def test_a_table_of_credits_has_no_targets() -> None:
    assert brief("| Availability | Service credit |\n|--|--|\n| 99 % | 10 % |\n") == []


def test_the_period_and_the_hours_are_read_where_they_are_stated() -> None:
    (found,) = targets("Availability is 99.9 % per quarter during business hours.")
    assert (found.window_days, found.calendar) == (91.0, "business hours")
    (found,) = targets("Availability is 99.9 % over a rolling 28 days, 24x7.")
    assert (found.window_days, found.calendar) == (28.0, "24x7")
    (found,) = targets("Availability is 99.9 %, reported monthly and yearly.")
    assert found.window_days is None  # two periods: neither is certain


def test_a_short_line_under_a_heading_takes_the_metric_of_the_heading() -> None:
    (found,) = targets("## Monthly availability\n\n- Minimum: 90 %\n")
    assert (found.metric, found.value, found.window_days, found.first) == ("availability", 90.0, 30.0, 3)


def test_the_same_target_said_twice_counts_once_with_its_first_line() -> None:
    (found,) = targets("Availability is 99 %.\n\nAvailability: 99 %\n")
    assert found.first == 1


def test_the_samples_have_the_targets_they_state() -> None:
    assert of_sample("sla.md") == [
        ("availability", 99.5, "%", None),
        ("incident_response", 15.0, "min", "priority=P1"),
        ("resolution", 4.0, "h", "priority=P1"),
        ("incident_response", 1.0, "h", "priority=P2"),
        ("resolution", 1.0, "d", "priority=P2"),
        ("workload_limit", 1200.0, "requests/hour", None),
        ("workload_limit", 40.0, "tickets/month", None),
    ]
    assert of_sample("sla.adoc") == [
        ("incident_response", 10.0, "min", "priority=P1"),
        ("resolution", 2.0, "h", "priority=P1"),
        ("incident_response", 30.0, "min", "priority=P2"),
        ("resolution", 8.0, "h", "priority=P2"),
        ("availability", 99.9, "%", None),
    ]
    assert of_sample("sla.rst")[-2:] == [
        ("workload_limit", 500.0, "messages/second", None),
        ("availability", 99.0, "%", None),
    ]
    assert of_sample("sla.html") == [
        ("incident_response", 15.0, "min", "priority=P1"),
        ("resolution", 4.0, "h", "priority=P1"),
        ("availability", 99.5, "%", None),
    ]
