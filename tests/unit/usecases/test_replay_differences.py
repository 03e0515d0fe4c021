"""What a pull gives otherwise than the recorded one is named; what the store made of it is not mistaken for that."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from desk_kit import DeskCollector, T, plan, tickets

from auditor.api import Refused
from auditor.collect.memory import MemoryEvidence
from auditor.collect.runner import collect_source
from auditor.errors import StoreError
from auditor.model.evidence import GapReason
from auditor.store.store import Store
from auditor.usecases.collect import collect
from auditor.usecases.replay_differences import differences, sealed


def collected(data: Path, desk: DeskCollector) -> int:
    return collect(plan(data, desk), lambda: T, lambda _: None).run


def found(data: Path, run: int, desk: DeskCollector, **cursors: str) -> list[str]:
    """The differences between what is sealed of a run and what a desk gives from where that run began."""
    evidence = MemoryEvidence()
    (spec,) = plan(data, desk).sources
    collect_source(
        spec,
        evidence,
        as_of=T,
        started=T,
        strict=False,
        prefix_ids=False,
        progress=lambda _: None,
        cursors=cursors,
    )
    with closing(Store.open(data, create=False)) as store:
        then = sealed(store, store.run(run), "desk-0", [pull.source_id for pull in evidence.pulls])
        return list(differences(evidence, then))


def cycles(number: int, goal_ms: int, first: int = 100) -> list[tuple[int, dict[str, Any]]]:
    facts = {"stream": "sla_cycle", "metric_name": "resolve", "cycle_no": 1, "state": "completed", "goal_ms": goal_ms}
    return [(first + each, {**facts, "ticket_id": f"t-{each + 1}"}) for each in range(number)]


def test_the_same_pull_has_no_differences_also_where_it_goes_on_from_a_cursor(tmp_path: Path) -> None:
    first = collected(tmp_path, DeskCollector(tickets(1, 2, 3)))
    second = collected(tmp_path, DeskCollector(tickets(1, 2, 3, 4, 5)))
    assert found(tmp_path, first, DeskCollector(tickets(1, 2, 3))) == []
    assert found(tmp_path, second, DeskCollector(tickets(1, 2, 3, 4, 5)), ticket="3") == []


def test_rows_that_are_new_missing_or_other_are_named(tmp_path: Path) -> None:
    run = collected(tmp_path, DeskCollector(tickets(1, 2, 3)))
    more = found(tmp_path, run, DeskCollector(tickets(1, 2, 3, 4)))
    assert "ticket:desk-0:t-4 is not stored" in more
    assert "desk-0: 3 rows of ticket were read, 4 now" in more
    assert "desk-0: the cursor of ticket was '3', is '4'" in more
    fewer = found(tmp_path, run, DeskCollector(tickets(1, 2)))
    assert "desk-0: 3 rows of ticket were read, 2 now" in fewer
    other = found(tmp_path, run, DeskCollector([*tickets(1, 2), *tickets(3, priority="high")]))
    assert other == ["ticket:desk-0:t-3 has other values: priority"]


def test_gaps_and_what_a_pull_says_of_itself_are_compared(tmp_path: Path) -> None:
    refusal = Refused(GapReason.TIMED_OUT, "the deadline has passed")
    run = collected(tmp_path, DeskCollector(tickets(1, 2, 3), refuse_page=1, refusal=refusal))
    assert found(tmp_path, run, DeskCollector(tickets(1, 2, 3), refuse_page=1, refusal=refusal)) == []
    whole = found(tmp_path, run, DeskCollector(tickets(1, 2, 3)))
    assert "desk-0: status was 'partial', is 'ok'" in whole
    assert "this gap did not come again: desk-0, all streams: timed-out: the deadline has passed" in whole
    other = Refused(GapReason.TIMED_OUT, "the deadline has passed, twice")
    said = found(tmp_path, run, DeskCollector(tickets(1, 2, 3), refuse_page=1, refusal=other))
    assert [text.partition(": ")[0] for text in said] == ["this gap did not come again", "this gap is new"]


def test_a_key_sweep_that_would_close_more_rows_is_a_difference(tmp_path: Path) -> None:
    run = collected(tmp_path, DeskCollector(tickets(1, 2, 3)))
    assert found(tmp_path, run, DeskCollector(tickets(1, 2, 3), sweeps=True)) == []
    swept = found(tmp_path, run, DeskCollector(tickets(1, 3), sweeps=True))
    assert "ticket:desk-0:t-2 is stored and did not come again" in swept


def test_what_was_kept_as_it_was_first_seen_is_no_difference_however_much_it_is(tmp_path: Path) -> None:
    every = tickets(*range(1, 31))
    collected(tmp_path, DeskCollector([*every, *cycles(30, 1000)]))
    rebuilt = [*every, *cycles(30, 1000), *cycles(30, 5000, first=200)]
    run = collected(tmp_path, DeskCollector(rebuilt))
    assert found(tmp_path, run, DeskCollector(rebuilt), ticket="129") == []


def test_a_contradiction_that_the_run_did_not_find_is_a_difference_and_so_is_one_that_is_gone(tmp_path: Path) -> None:
    first = collected(tmp_path, DeskCollector([*tickets(1), *cycles(1, 1000)]))
    assert found(tmp_path, first, DeskCollector([*tickets(1), *cycles(1, 5000)])) == [
        "sla_cycle:desk-0:t-1/resolve/1 has other values: first_seen_sha, goal_ms"
    ]
    rebuilt = [*tickets(1), *cycles(1, 1000), *cycles(1, 5000, first=200)]
    second = collected(tmp_path, DeskCollector(rebuilt))
    healed = [*tickets(1), *cycles(1, 1000), *cycles(1, 1000, first=200)]
    assert found(tmp_path, second, DeskCollector(healed), ticket="100") == [
        "sla_cycle:desk-0:t-1/resolve/1 contradicted what was seen first, and does not now"
    ]


def test_what_another_version_read_otherwise_was_booked_by_the_store_and_is_no_difference(tmp_path: Path) -> None:
    collected(tmp_path, DeskCollector([*tickets(1), *cycles(1, 1000)]))
    newer = [*tickets(1), *cycles(1, 5000)]
    run = collected(tmp_path, DeskCollector(newer, version="2"))
    with closing(Store.open(tmp_path)) as store:
        assert "what it says now counts" in store.gaps_at(run)[0].detail
    assert found(tmp_path, run, DeskCollector(newer, version="2")) == []


def test_a_run_that_did_not_commit_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        collected(tmp_path, DeskCollector(tickets(1), refuse_page=0, refusal=StoreError("the disk is full")))
    with closing(Store.open(tmp_path)) as store, pytest.raises(StoreError):
        sealed(store, store.run(1), "desk-0", [])
