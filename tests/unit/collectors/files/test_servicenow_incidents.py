"""The mapping of the example, on its sample and on the whole log of a real incident tool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Reader = Callable[..., Any]


@pytest.fixture(scope="module")
def example(checkout: Path) -> Path:
    return checkout / "examples" / "servicenow-incidents"


@pytest.fixture(scope="module")
def sample(example: Path, read: Reader) -> Any:
    return read(example / "exports", example / "mapping.yaml")


def row_of(done: Any, key: str) -> Any:
    (row,) = (row for row in done.rows if row.key == key)
    return row.values


def test_the_sample_gives_four_streams(sample: Any) -> None:
    assert sample.outcome.records == {"service": 25, "ticket": 300, "ticket_event": 1334, "sla_cycle": 300}
    (pull,) = sample.writer.pulls
    assert (pull.source_id, pull.values["kind"], pull.values["status"]) == ("servicenow", "ticketing", "ok")
    assert pull.values["ended"] == "2017-02-09T00:00:00Z"


def test_every_row_of_the_sample_points_to_the_line_that_names_it(sample: Any) -> None:
    for row in sample.rows:
        line = sample.line_of(row)
        if row.stream == "service":
            assert int(row.values["service_id"].removeprefix("category-")) == int(line.split(",")[4])
        else:
            assert line.startswith(f"{row.values['ticket_id']},")


def test_what_the_tool_says_of_its_clock_is_taken_and_nothing_is_made_up(sample: Any) -> None:
    met, missed = row_of(sample, "INC0000358/resolution/1"), row_of(sample, "INC0000649/resolution/1")
    assert (met["breached"], missed["breached"]) == (False, True)
    assert (missed["started"], missed["stopped"]) == ("2016-03-01T11:35:00Z", "2016-03-29T14:20:00Z")
    assert missed["wall_ms"] == 2_429_100_000
    assert missed["state"] == "completed"
    for row in sample.values("sla_cycle"):
        unknown = ("goal_ms", "elapsed_ms", "remaining_ms", "breach_at", "target_id", "paused_now")
        assert {row[name] for name in unknown} == {None}


def test_a_missing_resolution_is_taken_from_the_log_and_noted(sample: Any) -> None:
    noted = [gap for gap in sample.gaps if gap.detail.startswith("resolved_at is missing")]
    assert len(noted) == 48
    assert all(row["resolved"] is not None and row["resolved"] >= row["created"] for row in sample.values("ticket"))


def test_a_missing_category_leaves_the_services_unknown_and_is_noted(sample: Any) -> None:
    assert [row["service_ids"] for row in sample.values("ticket")].count(None) == 7
    assert sum(gap.detail.startswith("category is missing") for gap in sample.gaps) == 7


def test_an_incident_that_was_closed_twice_has_one_cycle_and_a_note(sample: Any) -> None:
    noted = [gap for gap in sample.gaps if "closes the incident" in gap.detail]
    assert len(noted) == 29
    cycles = Counter(row["ticket_id"] for row in sample.values("sla_cycle"))
    assert set(cycles.values()) == {1}


def test_snapshots_out_of_order_make_no_false_events(sample: Any) -> None:
    # The log holds a snapshot of this one, with change number 7, that is older than the incident itself.
    events = [row for row in sample.values("ticket_event") if row["ticket_id"] == "INC0000135"]
    statuses = [(row["from"], row["to"]) for row in events if row["field"] == "status"]
    assert statuses == [("Active", "Resolved"), ("Resolved", "Closed")]
    assert sum("older than the incident itself" in gap.detail for gap in sample.gaps) == 5
    assert sum("older than the one counted before it" in gap.detail for gap in sample.gaps) == 1


def test_two_equal_changes_in_one_minute_are_told_as_duplicates(sample: Any) -> None:
    hidden = [gap for gap in sample.gaps if gap.hides_rows != 0]
    assert [gap.detail.partition("'")[0] for gap in hidden] == ["a second row of ticket_event with the key "] * 3


def test_people_are_numbers_and_nobody_is_called_a_robot(sample: Any) -> None:
    for row in sample.values("ticket_event"):
        assert row["actor"].removeprefix("user-").isdecimal()
        assert row["is_bot"] is None
        assert row["from"] != row["to"]


@pytest.mark.official
def test_the_whole_log_is_read(example: Path, shared: Callable[[str], Path], read: Reader) -> None:
    done = read(shared("data/uci-incidents"), example / "mapping.yaml")
    assert done.outcome.records == {"service": 36, "ticket": 9202, "ticket_event": 41855, "sla_cycle": 9202}
    hidden = sum(gap.hides_rows or 0 for gap in done.gaps)
    assert hidden == 3
    assert Counter(row["breached"] for row in done.values("sla_cycle")) == {True: 5483, False: 3719}
    assert Counter(row["priority"] for row in done.values("ticket")) == {"P1": 94, "P2": 143, "P3": 8581, "P4": 384}
    assert Counter(row["status_cat"] for row in done.values("ticket")) == {"done": 9202}
    assert any(gap.detail == "and 683 more like the one before" for gap in done.gaps)
    assert Counter(row["service_ids"] is None for row in done.values("ticket"))[True] == 7
