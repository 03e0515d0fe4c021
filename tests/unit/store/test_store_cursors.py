"""Incremental pulls: where the next one begins, what a key sweep deletes, and what a source had after a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from store_kit import ORDER, SCOPE, TICKETS, T, collect, commit, envelope, make, pull, quick_run, rows_of, ticket_values

from auditor.store.store import OpenRun, Store
from auditor.store.verify import verify


def cursors(store: Store, source_id: str = "desk", collector: str = "desk 1", scope: str = SCOPE) -> dict[str, str]:
    with store.begin(scope, "look", T) as run:
        return dict(run.cursors(source_id, collector))


def keys_of(state: Any, stream: str = "ticket") -> list[str]:
    return [key for (key,) in rows_of(state, stream, "_key")]


def incremental(store: Store, tickets: Mapping[str, Mapping[str, Any]], **changes: Any) -> int:
    """A committed run that read only some tickets."""
    with store.begin(SCOPE, "audit", T) as run:
        collect(run, "ticket", ticket_values(tickets), whole=False, **changes)
        return commit(run, assessment=b'{"levels": 1}').run


def test_a_source_that_was_never_read_has_no_cursor(store: Store) -> None:
    assert cursors(store) == {}


def test_cursors_are_those_of_the_latest_committed_pull(store: Store) -> None:
    quick_run(store, cursors={"ticket": "a"})
    quick_run(store, cursors={"ticket": "b"})
    assert cursors(store) == {"ticket": "b"}
    assert cursors(store, scope="another") == {}
    assert cursors(store, "catalogue") == {}


def test_a_stream_without_a_new_cursor_keeps_its_own(store: Store) -> None:
    quick_run(store, cursors={"ticket": "a", "service": "x"})
    quick_run(store, cursors={"ticket": "b"})
    quick_run(store, cursors={}, status="failed")
    assert cursors(store) == {"ticket": "b", "service": "x"}


def test_a_run_that_does_not_commit_moves_no_cursor(store: Store) -> None:
    quick_run(store, cursors={"ticket": "a"})
    with store.begin(SCOPE, "audit", T) as run:
        collect(run, "ticket", ticket_values(TICKETS), cursors={"ticket": "b"})
        run.settle(ORDER)
    assert cursors(store) == {"ticket": "a"}


def test_another_collector_or_version_begins_from_the_start_and_one_that_cannot_be_loaded_leaves_all(
    store: Store,
) -> None:
    quick_run(store, cursors={"ticket": "a"})
    assert cursors(store, collector="desk 2") == {}
    quick_run(store, {}, status="failed", whole=False, collector=None, cursors={})
    assert cursors(store) == {"ticket": "a"}
    quick_run(store, collector="desk 2", cursors={"service": "x"})
    assert cursors(store, collector="desk 2") == {"service": "x"}


def test_cursors_are_part_of_the_manifest(store: Store) -> None:
    run = quick_run(store, cursors={"ticket": "a"}).run
    desk = store.manifest(run)["sources"]["desk"]
    assert (desk["cursors"], desk["collector"]) == ({"ticket": "a"}, "desk 1")
    assert verify(store) == []


def test_an_incremental_pull_deletes_nothing_and_a_key_sweep_what_is_not_among_its_keys(store: Store) -> None:
    quick_run(store)
    first = incremental(store, {"t-1": {"priority": "new"}})
    assert keys_of(store.state_at(first)) == ["t-0", "t-1", "t-2"]
    swept = incremental(store, {"t-1": {"priority": "newer"}, "t-9": {}}, swept={"ticket": frozenset({"t-2", "t-9"})})
    # t-1 was read in this very pull, so it is there, whatever the sweep says.
    assert keys_of(store.state_at(swept)) == ["t-1", "t-2", "t-9"]
    assert store.manifest(swept)["sources"]["desk"]["records"]["ticket"] == {"changed": 2, "gone": 1, "read": 2}
    (_, gone) = store.row_history("ticket:desk:t-0")
    assert (gone.run, gone.row.deleted, gone.row.values["priority"]) == (swept, True, "sha-0")
    assert keys_of(store.state_at(first)) == ["t-0", "t-1", "t-2"]
    assert verify(store) == []


def test_a_key_sweep_touches_no_other_source_and_deletes_once(store: Store) -> None:
    with store.begin(SCOPE, "audit", T) as run:
        collect(run, "ticket", ticket_values(TICKETS))
        collect(run, "ticket", ticket_values({"t-0": {}}), "other")
        commit(run, assessment=None)
    with store.begin(SCOPE, "audit", T) as run:
        run.source_done(pull(whole=False, swept={"ticket": frozenset()}))
        commit(run, assessment=None)
    with store.begin(SCOPE, "audit", T) as run:
        run.source_done(pull(whole=False, swept={"ticket": frozenset()}))
        state = run.state(ORDER)
        assert rows_of(state, "ticket", "_source_id, _key") == [("other", "t-0")]
        commit(run, assessment=None)
    assert [segment.run for segment in store.ledger.stream_segments("ticket")] == [1, 2]


def test_a_row_that_was_swept_away_comes_back_when_it_is_read_again(store: Store) -> None:
    quick_run(store)
    incremental(store, {}, swept={"ticket": frozenset({"t-0", "t-1"})})
    back = incremental(store, {"t-2": {"priority": "sha-2"}})
    assert keys_of(store.state_at(back)) == ["t-0", "t-1", "t-2"]


def test_the_rows_of_a_source_as_of_a_run_leave_out_what_was_gone_and_what_came_later(store: Store) -> None:
    quick_run(store)
    second = incremental(store, {"t-1": {"priority": "new"}}, swept={"ticket": frozenset({"t-1", "t-2"})})
    incremental(store, {"t-1": {"priority": "newest"}, "t-7": {}})
    rows = list(store.rows_at(second, "desk"))
    assert [(row.stream, row.key, row.values["priority"]) for row in rows] == [
        ("ticket", "t-1", "new"),
        ("ticket", "t-2", "sha-2"),
    ]
    (_, version, _) = store.row_history("ticket:desk:t-1")
    assert rows[0] == version.row
    assert len(list(store.rows_at(1, "desk"))) == 3
    assert list(store.rows_at(second, "other")) == []


def exchanges(run: OpenRun, log: bytes, source_id: str = "desk") -> None:
    run.keep(log, envelope(source_id, request={"kind": "exchange-log"}, media_type="application/jsonl"))


def test_the_exchange_log_of_a_source_is_found_by_run(store: Store) -> None:
    for log in (b"one", b"two", b"one"):
        with store.begin(SCOPE, "audit", T) as run:
            exchanges(run, log)
            exchanges(run, b"other", "other")
            collect(run, "ticket", ticket_values(TICKETS))
            commit(run, assessment=None)
    quick_run(store)
    assert [store.exchange_log(number, "desk") for number in (1, 2, 3, 4)] == [b"one", b"two", b"one", None]
    assert store.exchange_log(1, "other") == b"other"


def test_a_run_that_was_given_up_takes_nothing_more(store: Store) -> None:
    with store.begin(SCOPE, "audit", T) as run:
        payload = run.keep(b"data", envelope())
    with pytest.raises(ValueError, match="given up"):
        run.keep(b"late", envelope())
    with pytest.raises(ValueError, match="given up"):
        run.add(make("ticket", payload, "line:1", ticket_id="t-1", kind="incident"))
