"""Derived rows: what a deriver makes of a state is in it, marked, and part of its digest; segments never have it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import orjson
import pytest
from store_kit import ORDER, SCOPE, T, audit, collect, commit, envelope, make, pull, quick_run, rows_of

from auditor.canonical import JsonValue
from auditor.errors import IntegrityError
from auditor.model.evidence import PayloadRef, Row
from auditor.model.streams import STREAMS
from auditor.model.validate import make_row
from auditor.ports import Derived, StateReader
from auditor.store.store import Store
from auditor.store.verify import verify


class Scripted:
    """A deriver that does what a test says."""

    def __init__(self, script: Callable[[StateReader], Iterator[Derived]], version: str = "1") -> None:
        self.version = version
        self._script = script

    def derive(self, state: StateReader) -> Iterator[Derived]:
        return self._script(state)


def nothing(state: StateReader) -> Iterator[Derived]:
    return iter(())


def changed(row: Row, **values: JsonValue) -> Row:
    merged = {**row.values, **values}
    return make_row(STREAMS[row.stream], row.source_id, merged, row.reliability, row.payload_sha256, row.pointer)


def urgent(state: StateReader) -> Iterator[Derived]:
    """Every ticket gets a priority; one of them an event of its own."""
    for row in state.rows("ticket"):
        yield Derived(changed(row, priority=f"derived-{row.values['priority']}"), "urgency 1")
    ticket = next(iter(state.rows("ticket")))
    payload = PayloadRef(ticket.payload_sha256, 0)
    event = make("ticket_event", payload, "line:1", ticket_id="t-0", at="2025-12-01T09:00:00Z", kind="worklog")
    yield Derived(event, "urgency 1")


@pytest.fixture
def derived(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "data", deriver=Scripted(urgent))
    yield store
    store.close()


def test_a_derived_row_replaces_the_one_that_was_read_and_says_what_made_it(derived: Store) -> None:
    run = audit(derived).run
    state = derived.state_at(run)
    assert rows_of(state, "ticket", "_key, priority, _derived") == [
        (f"t-{number}", f"derived-sha-{number}", "urgency 1") for number in range(3)
    ]
    assert rows_of(state, "ticket_event", "kind, _source_id, _derived") == [("worklog", "desk", "urgency 1")]
    assert rows_of(state, "service", "_derived") == [(None,)]
    assert {row.values["priority"] for row in derived.rows_at(run, "desk")} == {"sha-0", "sha-1", "sha-2"}
    assert verify(derived) == []


def test_a_derived_row_is_a_whole_row_of_the_state_with_its_proof(derived: Store) -> None:
    state = derived.state_at(audit(derived).run)
    (found,) = rows_of(state, "ticket", "_ref, _payload_sha256, _pointer, _row_sha256")[:1]
    (read,) = derived.row_history("ticket:desk:t-0")
    assert found[:3] == (read.row.ref, read.row.payload_sha256, read.row.pointer)
    assert found[3] == changed(read.row, priority="derived-sha-0").sha256


def test_the_version_of_the_deriver_is_part_of_the_digest_and_nothing_else_of_it(tmp_path: Path) -> None:
    plain = Store.open(tmp_path / "data")
    audit(plain)
    recorded = plain.run(1).digest
    plain.close()
    digests = []
    for deriver in (None, Scripted(urgent), Scripted(nothing), Scripted(urgent, "2")):
        store = Store.open(tmp_path / "data", deriver=deriver)
        digests.append(store.digest_at(1))
        assert store.state_at(1) == store.layout.state(digests[-1])
        store.close()
    assert digests[0] == recorded
    assert digests[1] == digests[2]
    assert len(set(digests)) == 3


def test_verify_leaves_a_state_of_another_version_alone_and_finds_an_edited_derived_row(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "data", deriver=Scripted(urgent))
    state = store.state_at(audit(store).run)
    store.close()
    with duckdb.connect(str(state)) as connection:
        connection.execute("update evidence.ticket set priority = 'forged' where _key = 't-1'")
    found = []
    for version in ("2", "1"):
        store = Store.open(tmp_path / "data", deriver=Scripted(urgent, version))
        found.append(verify(store))
        store.close()
    other, (problem,) = found
    assert other == []
    assert "table ticket is not what the segments give" in str(problem)


def test_the_reader_gives_rows_as_they_were_read_in_the_order_of_references(tmp_path: Path) -> None:
    seen: list[list[Row]] = []

    def look(state: StateReader) -> Iterator[Derived]:
        # Two iterations at a time must not disturb each other.
        seen.append([outer for outer in state.rows("ticket") for _ in state.rows("service")])
        return iter(())

    store = Store.open(tmp_path / "data", deriver=Scripted(look))
    with store.begin(SCOPE, "audit", T) as run:
        collect(
            run,
            "ticket",
            [{"ticket_id": key, "kind": "incident", "created": "2025-12-01T08:00:00.25Z"} for key in "ba"],
        )
        collect(run, "service", [{"service_id": "mail", "name": "Mail"}], "catalogue")
        run.state(ORDER)
        commit(run, assessment=None)
    (rows,) = seen
    assert rows == list(store.rows_at(1, "desk"))
    assert [row.key for row in rows] == ["a", "b"]
    store.close()


@pytest.mark.parametrize(
    ("data", "pointer", "expected"),
    [
        ("ö" * 5000, "bytes:0-10000", "ö" * 5000),
        (orjson.dumps({"body": 'one "two"\n' * 999}).decode(), "/body", 'one "two"\n' * 999),
        ('{"a": [1, 2]}', "/a", "[1, 2]"),
        ("first\nsecond\n", "line:2", "second"),
        ("first\n", "line:3", None),
        ("no json", "/a", None),
    ],
    ids=["bytes", "a JSON string", "a JSON list", "a line", "no such line", "no JSON"],
)
def test_the_reader_gives_whole_texts(tmp_path: Path, data: str, pointer: str, expected: str | None) -> None:
    texts: list[str | None] = []
    kept: list[str] = []

    def read(state: StateReader) -> Iterator[Derived]:
        texts.append(state.text(kept[0], pointer))
        return iter(())

    store = Store.open(tmp_path / "data", deriver=Scripted(read))
    with store.begin(SCOPE, "audit", T) as run:
        kept.append(run.keep(data.encode(), envelope()).sha256)
        run.source_done(pull())
        run.state(ORDER)
    store.close()
    assert texts == [expected]


def test_a_derived_agreement_is_joined_with_what_a_more_trusted_source_says_of_it(tmp_path: Path) -> None:
    def agreements(state: StateReader) -> Iterator[Derived]:
        document = next(iter(state.rows("document")))
        payload = PayloadRef(document.payload_sha256, 0)
        row = make(
            "agreement",
            payload,
            "line:1",
            "docs",
            agreement_id="a-1",
            kind="SLA",
            consumer="from-the-text",
            provider="p-1",
        )
        yield Derived(row, "agreements 1")
        yield Derived(replace(row, key="a-2", values={**row.values, "agreement_id": "a-2"}), "agreements 1")

    store = Store.open(tmp_path / "data", deriver=Scripted(agreements))
    with store.begin(SCOPE, "audit", T) as run:
        collect(run, "agreement", [{"agreement_id": "a-1", "kind": "SLA", "consumer": "from-the-register"}], "register")
        collect(run, "document", [{"doc_id": "d-1", "kind": "agreement"}], "docs")
        state = run.state(("register", "docs"))
        found = rows_of(state, "agreement", "_key, _source_id, consumer, provider, _derived")
        commit(run, assessment=None)
    assert found == [
        ("a-2", "docs", "from-the-text", "p-1", "agreements 1"),
        ("a-1", "register", "from-the-register", "p-1", "agreements 1"),
    ]
    store.close()


def test_a_deriver_cannot_write_what_the_ledger_knows(tmp_path: Path) -> None:
    def forge(state: StateReader) -> Iterator[Derived]:
        row = next(iter(state.rows("ticket")))
        yield Derived(replace(row, stream="source_run"), "forger 1")

    store = Store.open(tmp_path / "data", deriver=Scripted(forge))
    with pytest.raises(ValueError, match="source_run is not a stream"):
        audit(store)
    assert list(store.layout.states.iterdir()) == []
    store.close()


def test_a_text_whose_payload_is_damaged_stops_the_state(tmp_path: Path) -> None:
    def read(state: StateReader) -> Iterator[Derived]:
        for row in state.rows("ticket"):
            state.text(row.payload_sha256, row.pointer)
        return iter(())

    plain = Store.open(tmp_path / "data")
    quick_run(plain)
    plain.close()
    for path in plain.layout.payloads.rglob("*.gz"):
        path.write_bytes(b"rubbish")
    store = Store.open(tmp_path / "data", deriver=Scripted(read))
    with pytest.raises(IntegrityError):
        store.state_at(1)
    store.close()
