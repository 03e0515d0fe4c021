"""What was final when it was first seen: later changes are findings, and the first-seen row counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from store_kit import ORDER, SCOPE, T, collect, commit, pull, rows_of

from auditor.model.evidence import Gap, GapReason
from auditor.store.store import Store
from auditor.store.verify import verify

CYCLE = {
    "ticket_id": "t-1",
    "metric_name": "resolve",
    "cycle_no": 1,
    "state": "completed",
    "started": "2025-12-01T08:00:00Z",
    "stopped": "2025-12-01T10:00:00Z",
    "goal_ms": 14_400_000,
    "elapsed_ms": 7_200_000,
    "breached": False,
}
REVISION = {"doc_id": "d-1", "version": "7", "at": "2025-11-01T00:00:00Z", "author": "p-01", "is_bot": False}
DELIVERY = {
    "report_id": "r-1",
    "due_at": "2025-12-01T00:00:00Z",
    "delivered_at": "2025-12-01T06:00:00Z",
    "values": {"mail": 99.5, "web": 99.9},
    "opened": 3,
}


def run_of(
    store: Store, stream: str, rows: Sequence[Mapping[str, Any]], columns: str, **changes: Any
) -> tuple[list[tuple[Any, ...]], list[Gap]]:
    """Collect rows of one stream, and give what the state holds and the findings."""
    with store.begin(SCOPE, "audit", T) as run:
        collect(run, stream, rows, **changes)
        findings = run.settle(ORDER)
        found = rows_of(run.state(ORDER), stream, columns)
        commit(run, assessment=None)
    assert verify(store) == []
    return found, list(findings)


def test_another_value_of_a_completed_cycle_is_a_finding_and_the_first_one_counts(store: Store) -> None:
    run_of(store, "sla_cycle", [CYCLE], "goal_ms")
    rebuilt = CYCLE | {"goal_ms": 28_800_000, "breached": None, "paused_now": False}
    found, (gap,) = run_of(store, "sla_cycle", [rebuilt], "goal_ms, breached, paused_now, _pointer")
    assert found == [(14_400_000, False, None, "line:1")]
    assert gap == Gap(
        "sla_cycle",
        GapReason.MALFORMED,
        "a row that was final came with other values (goal_ms was 14400000, is 28800000; breached was false, is "
        "unknown); what was seen first counts",
        "sla_cycle:desk:t-1/resolve/1",
        "desk",
        0,
    )
    (state,) = store.sources_at(2)
    assert state.gaps == (gap,)
    assert len(store.row_history("sla_cycle:desk:t-1/resolve/1")) == 1


@pytest.mark.parametrize("whole", [True, False], ids=["a folder read whole", "an incremental pull"])
def test_the_finding_comes_again_as_long_as_the_source_says_so_and_ends_when_it_does_not(
    store: Store, whole: bool
) -> None:
    said = []
    for goal in (1000, 2000, 2000, 1000):
        found, findings = run_of(store, "sla_cycle", [CYCLE | {"goal_ms": goal}], "goal_ms", whole=whole)
        assert found == [(1000,)]
        said.append(len(findings))
    assert said == [0, 1, 1, 0]


def test_a_cycle_that_runs_may_change_until_it_is_completed_and_not_go_back(store: Store) -> None:
    ongoing = CYCLE | {"state": "ongoing", "stopped": None, "elapsed_ms": 5}
    assert run_of(store, "sla_cycle", [ongoing], "elapsed_ms") == ([(5,)], [])
    assert run_of(store, "sla_cycle", [ongoing | {"elapsed_ms": 6}], "elapsed_ms") == ([(6,)], [])
    assert run_of(store, "sla_cycle", [CYCLE], "elapsed_ms") == ([(7_200_000,)], [])
    found, (gap,) = run_of(store, "sla_cycle", [ongoing], "state, elapsed_ms")
    assert found == [("completed", 7_200_000)]
    assert "state was completed, is ongoing" in gap.detail


def test_what_is_not_final_and_what_was_unknown_may_become_known(store: Store) -> None:
    run_of(store, "sla_cycle", [CYCLE], "target_id")
    more = CYCLE | {"target_id": "a", "breach_at": "2025-12-01T12:00:00Z"}
    found, findings = run_of(store, "sla_cycle", [more], "target_id, breach_at is null")
    assert (found, findings) == ([("a", False)], [])


def test_a_row_that_was_deleted_in_between_comes_back_as_it_was_first_seen(store: Store) -> None:
    run_of(store, "sla_cycle", [CYCLE], "goal_ms")
    assert run_of(store, "sla_cycle", [CYCLE | {"cycle_no": 2}], "cycle_no") == ([(2,)], [])
    found, findings = run_of(store, "sla_cycle", [CYCLE | {"goal_ms": 1}], "cycle_no, goal_ms")
    assert found == [(1, 14_400_000)]
    assert [gap.place for gap in findings] == ["sla_cycle:desk:t-1/resolve/1"]
    assert run_of(store, "sla_cycle", [CYCLE], "cycle_no, goal_ms") == ([(1, 14_400_000)], [])


def test_a_revision_keeps_its_date_and_may_be_understood_better(store: Store) -> None:
    run_of(store, "document_revision", [REVISION], "version")
    better = REVISION | {"is_bot": True, "sections_changed": ["scope"]}
    assert run_of(store, "document_revision", [better], "is_bot") == ([(True,)], [])
    found, (gap,) = run_of(store, "document_revision", [better | {"at": "2025-12-24T00:00:00Z"}], '"at"::date::varchar')
    assert found == [("2025-11-01",)]
    assert "at was 2025-11-01 00:00:00, is 2025-12-24 00:00:00" in gap.detail


def test_a_delivery_is_final_when_it_arrived_and_its_values_have_no_order(store: Store) -> None:
    due = DELIVERY | {"delivered_at": None, "values": None}
    assert run_of(store, "report_delivery", [due], "opened") == ([(3,)], [])
    assert run_of(store, "report_delivery", [DELIVERY], "opened")[1] == []
    turned = DELIVERY | {"values": {"web": 99.9, "mail": 99.5}, "opened": 4}
    assert run_of(store, "report_delivery", [turned], "opened") == ([(4,)], [])
    nicer = DELIVERY | {"values": {"mail": 100.0, "web": 99.9}}
    found, (gap,) = run_of(store, "report_delivery", [nicer], "\"values\"['mail']")
    assert found == [(99.5,)]
    assert "values was {mail=99.5, web=99.9}, is {" in gap.detail


def test_many_changed_rows_are_named_by_example_and_counted(store: Store) -> None:
    cycles = [CYCLE | {"cycle_no": number} for number in range(1, 31)]
    run_of(store, "sla_cycle", cycles, "goal_ms")
    _, findings = run_of(store, "sla_cycle", [cycle | {"goal_ms": 1} for cycle in cycles], "goal_ms")
    assert len(findings) == 21
    assert findings[-1].detail.startswith("and 10 more rows")
    assert {gap.hides_rows for gap in findings} == {0}


def test_another_version_of_the_collector_counts_from_then_on_and_says_so(store: Store) -> None:
    run_of(store, "sla_cycle", [CYCLE], "goal_ms")
    found, (gap,) = run_of(store, "sla_cycle", [CYCLE | {"goal_ms": 1}], "goal_ms", collector="desk 2")
    assert found == [(1,)]
    assert gap.detail == "another version of the collector reads 1 final rows otherwise; what it says now counts"
    found, (gap,) = run_of(store, "sla_cycle", [CYCLE], "goal_ms", collector="desk 2")
    assert found == [(1,)]
    assert "goal_ms was 1, is 14400000" in gap.detail


def test_a_failed_pull_of_a_new_version_does_not_pass_for_a_first_sight(store: Store) -> None:
    run_of(store, "sla_cycle", [CYCLE], "goal_ms")
    with store.begin(SCOPE, "audit", T) as run:
        run.source_done(pull(streams=("sla_cycle",), status="failed", whole=False, collector="desk 2"))
        commit(run, assessment=None)
    found, (gap,) = run_of(store, "sla_cycle", [CYCLE | {"goal_ms": 1}], "goal_ms", collector="desk 2")
    assert (found, gap.detail[:15]) == ([(1,)], "another version")
