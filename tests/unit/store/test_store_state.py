"""States: the latest row per key, one thing from several sources joined, a cache that is built when it is needed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from store_kit import (
    ORDER,
    SCOPE,
    TICKETS,
    T,
    a_gap,
    audit,
    collect,
    commit,
    make,
    pull,
    quick_run,
    rows_of,
    ticket_values,
)

from auditor.errors import IntegrityError
from auditor.model.streams import STREAMS
from auditor.model.tables import all_columns
from auditor.ports import Envelope
from auditor.store import state
from auditor.store.state import schema_sha256
from auditor.store.store import Store

Values = Mapping[str, Any]


def state_of(store: Store, rows: Sequence[tuple[str, str, Values]], order: Sequence[str] = ("a", "b")) -> Path:
    """The state of one run with rows (stream, source, values)."""
    with store.begin(SCOPE, "audit", T) as run:
        payload = run.keep(b"all", Envelope("a", {}, "text/plain", T, "test 1"))
        for number, (stream, source_id, values) in enumerate(rows, start=1):
            run.add(make(stream, payload, f"line:{number}", source_id, **values))
        for source_id in sorted({source_id for _, source_id, _ in rows}):
            run.source_done(pull(source_id, ()))
        path = run.state(order)
        commit(run, assessment=b"{}")
    return path


def services(path: Path, columns: str) -> list[tuple[Any, ...]]:
    return rows_of(path, "service", columns)


def test_a_state_has_a_table_for_every_stream_but_source_run_with_all_its_columns(store: Store) -> None:
    path = state_of(store, [])
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(
            "select table_name, column_name from information_schema.columns where table_schema = 'evidence'"
        ).fetchall()
    expected = {(name, column) for name, stream in STREAMS.items() for column in all_columns(stream)}
    assert set(found) == {(name, column) for name, column in expected if name != "source_run"}


def test_a_state_holds_the_latest_row_of_every_key_and_none_that_is_gone(store: Store) -> None:
    quick_run(store, {"a": {"priority": "1"}, "b": {}, "c": {}})
    quick_run(store, {"a": {"priority": "2"}, "c": {}})
    assert rows_of(store.state_at(2), "ticket", "_key, priority") == [("a", "2"), ("c", None)]
    assert rows_of(store.state_at(1), "ticket", "_key, priority") == [("a", "1"), ("b", None), ("c", None)]


def test_rows_of_most_streams_stay_apart_by_source(store: Store) -> None:
    ticket = {"ticket_id": "1", "kind": "change"}
    path = state_of(store, [("ticket", "a", ticket), ("ticket", "b", ticket)])
    assert rows_of(path, "ticket", "_ref") == [("ticket:a:1",), ("ticket:b:1",)]


def test_scalars_come_from_the_first_source_in_order_that_has_a_value(store: Store) -> None:
    rows = [
        ("service", "b", {"service_id": "mail", "name": "from b", "tier": 2, "owner": "p-02", "in_scope": False}),
        ("service", "a", {"service_id": "mail", "name": "from a", "tier": None}),
        ("service", "c", {"service_id": "mail", "tier": 3, "status": "live"}),
    ]
    path = state_of(store, rows, ("a", "b"))
    columns = "name, tier, owner, status, in_scope, _source_id, _pointer, _ref"
    assert services(path, columns) == [("from a", 2, "p-02", "live", True, "a", "line:2", "service:a:mail")]
    assert services(state_of(store, rows, ("b", "a")), columns)[0][:2] == ("from b", 2)


def test_lists_are_united_in_order_and_an_unknown_list_adds_nothing(store: Store) -> None:
    rows = [
        ("service", "a", {"service_id": "x", "aliases": ["m", "k"], "support_teams": None, "supplier_parties": None}),
        (
            "service",
            "b",
            {"service_id": "x", "aliases": ["k", "z", "m"], "support_teams": [], "supplier_parties": None},
        ),
        ("service", "a", {"service_id": "y", "aliases": [], "support_teams": ["t"]}),
    ]
    path = state_of(store, rows)
    assert services(path, "service_id, aliases, support_teams, supplier_parties") == [
        ("x", ["m", "k", "z"], [], None),
        ("y", [], ["t"], None),
    ]


def test_maps_and_provenance_come_from_one_row_also_where_it_says_nothing(store: Store) -> None:
    agreement = {"agreement_id": "sla", "kind": "SLA"}
    rows = [
        ("agreement", "a", {**agreement, "sections_found": None}),
        ("agreement", "b", {**agreement, "sections_found": {"targets": True}}),
    ]
    path = state_of(store, rows)
    assert rows_of(path, "agreement", "sections_found, _source_id, _fetched_at") == [({"targets": True}, "a", None)]


def test_a_source_inside_a_folder_stands_where_its_folder_does(store: Store) -> None:
    rows = [
        ("service", "other", {"service_id": "x", "name": "other"}),
        ("service", "b", {"service_id": "x", "name": "b"}),
        ("service", "z/inner", {"service_id": "x", "name": "inner"}),
    ]
    assert services(state_of(store, rows, ("z", "b")), "name") == [("inner",)]


def test_the_digest_depends_on_the_evidence_and_the_order_of_sources_alone(tmp_path: Path) -> None:
    digests = []
    for name, tickets, order in (
        ("1", TICKETS, ORDER),
        ("2", TICKETS, ORDER),
        ("3", {}, ORDER),
        ("4", TICKETS, ORDER[::-1]),
    ):
        store = Store.open(tmp_path / name)
        with store.begin(f"scope {name}", "audit", T) as run:
            collect(run, "ticket", ticket_values(tickets))
            run._settle()
            run._source_order = tuple(order)
            digests.append(run.digest)
        store.close()
    assert digests[0] == digests[1]
    assert len({*digests}) == 3


def test_the_schema_hash_covers_the_columns_and_not_the_order_of_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    before = schema_sha256()
    streams = state.state_streams()
    found = []
    for changed in (streams[::-1], streams[1:]):
        monkeypatch.setattr(state, "state_streams", lambda changed=changed: changed)
        schema_sha256.cache_clear()
        found.append(schema_sha256())
    schema_sha256.cache_clear()
    assert found[0] == before != found[1]


def test_a_deleted_state_is_built_again_with_the_same_rows(store: Store) -> None:
    audit(store)
    path = store.state_at(1)
    before = rows_of(path, "ticket")
    path.unlink()
    assert store.state_at(1) == path
    assert rows_of(path, "ticket") == before


def test_a_state_that_no_duckdb_can_read_is_built_again(store: Store) -> None:
    audit(store)
    path = store.state_at(1)
    path.write_bytes(path.read_bytes()[:5_000])
    assert [key for (key,) in rows_of(store.state_at(1), "ticket", "_key")] == sorted(TICKETS)


def test_a_state_of_other_evidence_under_its_name_is_not_used(store: Store) -> None:
    quick_run(store, {"a": {}})
    quick_run(store, {"b": {}})
    first, second = store.state_at(1), store.state_at(2)
    second.replace(first)
    assert rows_of(store.state_at(1), "ticket", "_key") == [("a",)]


def test_a_state_that_is_open_elsewhere_in_the_process_is_used_as_it_is(store: Store) -> None:
    audit(store)
    path = store.state_at(1)
    inode = path.stat().st_ino
    with duckdb.connect(str(path), read_only=True, config={"enable_external_access": False}) as connection:
        assert store.state_at(1).stat().st_ino == inode
        assert connection.execute("select count(*) from evidence.ticket").fetchall() == [(3,)]


def test_the_two_states_that_were_used_last_are_kept(store: Store) -> None:
    for number in range(3):
        quick_run(store, {f"t-{number}": {}})
    paths = [store.state_at(run) for run in (1, 2)]
    os.utime(paths[1], (1, 1))
    assert store.state_at(1) == paths[0]
    third = store.state_at(3)
    assert sorted(store.layout.states.iterdir()) == sorted([paths[0], third])


@pytest.mark.parametrize(
    "spoil", [lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes() + b"\0")]
)
def test_a_damaged_segment_is_never_used(tmp_path: Path, spoil: Any) -> None:
    store = Store.open(tmp_path / "data")
    quick_run(store)
    store.close()
    (segment,) = store.layout.segments.iterdir()
    spoil(segment)
    again = Store.open(tmp_path / "data")
    with pytest.raises(IntegrityError, match="segment of stream ticket of run 1"):
        again.state_at(1)
    with pytest.raises(IntegrityError, match="segment of stream ticket of run 1"):
        quick_run(again, gaps=[a_gap()])
    again.close()


def test_a_data_directory_may_have_a_strange_name(tmp_path: Path) -> None:
    store = Store.open(tmp_path / 'it\'s a #1 {ö} "dir"')
    audit(store)
    assert len(rows_of(store.state_at(1), "ticket")) == 3
    store.close()
