"""Verify: whatever is changed in a data directory behind its back is found, and named."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import orjson
import pytest
from store_kit import SCOPE, TICKETS, a_gap, audit, quick_run

from auditor.canonical import canonical_bytes, canonical_sha256, sha256_hex
from auditor.errors import IntegrityError, StoreError
from auditor.store.layout import Layout
from auditor.store.store import Store
from auditor.store.verify import verify


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with three runs, no cached state."""
    root = tmp_path_factory.mktemp("sound") / "data"
    store = Store.open(root)
    audit(store, gaps=[a_gap(), a_gap("line 4 is no JSON")])
    quick_run(store, {**TICKETS, "t-1": {"priority": "changed"}}, gaps=[a_gap()])
    quick_run(store, {"t-1": {"priority": "changed"}}, gaps=[a_gap()])
    store.close()
    for state in store.layout.states.iterdir():
        state.unlink()
    return root


@pytest.fixture
def layout(sound: Path, tmp_path: Path) -> Layout:
    """A copy to tamper with."""
    shutil.copytree(sound, tmp_path / "data")
    return Layout(tmp_path / "data")


def problems(layout: Layout) -> str:
    store = Store.open(layout.root, create=False)
    found = "\n".join(str(problem) for problem in verify(store))
    store.close()
    return found


def edit(layout: Layout, *statements: str) -> None:
    connection = sqlite3.connect(layout.ledger)
    for statement in statements:
        assert connection.execute(statement).rowcount != 0, statement
    connection.commit()
    connection.close()


def test_nothing_is_found_where_nothing_was_changed(layout: Layout) -> None:
    assert problems(layout) == ""


def test_progress_says_what_is_being_checked(layout: Layout) -> None:
    store, said = Store.open(layout.root), []
    verify(store, store.assessment, said.append)
    store.close()
    assert said[0] == "checking the ledger file"
    assert said[-1] == "checking assessments, computed again"


RUN = "update run set {0} where number = 2"
PULL = "update source_run set {0} where run = 2 and source_id = 'desk'"
MORE = """insert into source_run select 2, scope, 'more', kind, body, cursors, snapshot_streams, records, gap_count,
gaps_sha256, collector from source_run where run = 1 and source_id = 'desk'"""
TAMPERED: list[tuple[str, list[str], str]] = [
    # the row of a run
    ("an audit instant", [RUN.format("as_of = '2025-01-01T00:00:00Z'")], "run 2, run row as_of"),
    ("a command", [RUN.format("command = 'other'")], "run 2, run row command"),
    ("an end", [RUN.format("ended = null")], "run 2, run row ended"),
    ("a rule pack", [RUN.format("rule_pack = '{}'")], "run 2, run row rule_pack.id: it was sealed, and is gone"),
    ("the order of sources", [RUN.format("source_order = '[\"x\"]'")], "run 2, run row source_order"),
    ("the digest", [RUN.format("state_sha256 = 'x'")], "run 2, run row state_sha256"),
    ("the evidence that was judged", [RUN.format("evidence_run = 1")], "run 2, run row evidence_run"),
    (
        "which assessment",
        [RUN.format("assessment_sha256 = (select assessment_sha256 from run where number = 1)")],
        "run 2, run row assessment_sha256",
    ),
    (
        "a run taken back",
        [RUN.format("status = 'interrupted'")],
        "run 2: the run is marked interrupted, but was sealed",
    ),
    ("a run made up", ["update run set number = 9 where number = 3"], "run 3, run row"),
    (
        "a run added",
        ["insert into run (scope, command, status, started, evidence_run) values ('s', 'audit', 'complete', 'x', 4)"],
        "run 4: the run has no manifest: it was dropped",
    ),
    # what a source answered
    (
        "a forged date",
        [PULL.format('body = replace(body, \'"ended":"2026\', \'"ended":"2027\')')],
        'run 2, source_run desk.source_run.ended: the ledger says "2027-01-01T00:00:00Z", sealed was "2026',
    ),
    (
        "a stripped date",
        [PULL.format("body = json_remove(body, '$.ended')")],
        "run 2, source_run desk.source_run.ended: it was sealed, and is gone from the ledger",
    ),
    ("no JSON", [PULL.format("body = 'x'")], "run 2, source_run desk.source_run"),
    ("a kind", [PULL.format("kind = 'docs'")], "run 2, source_run desk.kind"),
    ("a cursor", [PULL.format("cursors = '{}'")], "run 2, source_run desk.cursors"),
    ("a collector", [PULL.format("collector = 'desk 2'")], "run 2, source_run desk.collector"),
    ("a collector forgotten", [PULL.format("collector = null")], "run 2, source_run desk.collector"),
    ("a count", [PULL.format("records = replace(records, '3', '4')")], "run 2, source_run desk.records.ticket.read"),
    ("whole streams", [PULL.format("snapshot_streams = '[]'")], "run 2, source_run desk.snapshot_streams"),
    ("a scope", [PULL.format("scope = 'other'")], "run 2, source_run: a row says scope other"),
    (
        "a source dropped",
        ["delete from source_run where run = 2 and source_id = 'desk'"],
        "run 2, source_run desk: it was sealed, and is gone",
    ),
    (
        "a source added",
        [MORE],
        "run 2, source_run more: it is in the ledger, and was not sealed",
    ),
    # gaps and observations
    ("a gap", ["update gap set body = replace(body, 'line 4', 'line 5')"], "run 1, source desk, gap list"),
    ("a gap dropped", ["delete from gap where position = 1"], "a row of gap was edited, added or dropped"),
    ("gaps of another pull", [PULL.format("gaps_sha256 = 'x'")], "run 2, source_run desk.gaps.sha256"),
    ("a gap list added", ["insert into gap values ('ffff', 0, '{}')"], "gap list ffff: nothing refers to it"),
    ("an observation", ["update observation set body = replace(body, '0.5', '0.9')"], "observation list"),
    # payloads and envelopes
    (
        "an envelope",
        ["update envelope set body = replace(body, 'desk.jsonl', 'other.jsonl') where source_id = 'desk' and run = 1"],
        "run 1, envelope",
    ),
    (
        "an envelope's date",
        ["update envelope set body = replace(body, '2026', '2027') where source_id = 'desk' and run = 1"],
        "it is not what its hash says",
    ),
    (
        "an envelope's completeness",
        ["update envelope set body = replace(body, '\"complete\":true', '\"complete\":false') where run = 1"],
        "it is not what its hash says",
    ),
    ("an envelope's column", ["update envelope set identity = 'x' where run = 2"], "its columns are not what"),
    ("an envelope that is none", ["update envelope set body = '[]' where run = 2"], "it is no envelope"),
    ("an envelope dropped", ["delete from envelope where run = 2"], "the envelope was sealed, and is gone"),
    (
        "an envelope added",
        ["insert into envelope select 2, scope, source_id, 'ffff', 'i', payload_sha256, body from envelope limit 1"],
        "run 2, envelopes desk.new.ffff: the envelope is in the ledger, and was not sealed",
    ),
    ("an envelope of another run", ["update envelope set run = 1 where run = 2"], "run 1, envelopes desk.new."),
    (
        "what was read again",
        ["update envelope_set set again_count = 7 where run = 3"],
        "run 3, envelopes desk.again.count: the ledger says 7, sealed was 0",
    ),
    ("a payload's size", ["update payload set size = size + 1"], "bytes, the ledger says"),
    (
        "a payload row dropped",
        ["delete from payload where sha256 in (select payload_sha256 from envelope where run = 2)"],
        "the ledger has no such payload",
    ),
    ("a payload row added", [f"insert into payload values ('{'a' * 64}', 1)"], f"payload {'a' * 64}: nothing refers"),
    # segments
    ("a segment's hash", ["update segment set content_sha256 = 'x' where run = 2"], "run 2, segments ticket"),
    ("a segment's file hash", ["update segment set file_sha256 = 'x' where run = 2"], "other bytes than were written"),
    ("a segment's count", ["update segment set record_count = 9 where run = 2"], "run 2, segments ticket.record_count"),
    ("a segment row dropped", ["delete from segment where run = 2"], "run 2, segments ticket: it was sealed"),
    # assessments
    (
        "an assessment dropped",
        ["delete from assessment where sha256 in (select assessment_sha256 from run)"],
        "it is gone from the ledger",
    ),
    ("an assessment's size", ["update assessment set size = 1"], "bytes, the ledger says 1"),
    ("a piece", ["update piece set body = x'789c030000000001'"], "is not what was written"),
    (
        "an assessment added",
        ["insert into assessment values ('ffff', 0, '')"],
        "assessment ffff: nothing refers to it",
    ),
    # the chain
    ("a manifest", ["update manifest set body = replace(body, 'audit', 'idiot') where run = 2"], "manifest 2 (run 2)"),
    ("a manifest that is no JSON", ["update manifest set body = 'x' where run = 2"], "manifest 2 (run 2)"),
    (
        "a manifest dropped",
        ["delete from manifest where run = 2"],
        "manifest 3 (run 3): the chain is broken: manifest 2 is missing before it",
    ),
    ("the last manifest dropped", ["delete from manifest where run = 3"], "run 3: the run has no manifest"),
    (
        "two manifests swapped",
        [
            "update manifest set sequence = 9 where sequence = 1",
            "update manifest set sequence = 1 where sequence = 2",
            "update manifest set sequence = 2 where sequence = 9",
        ],
        "manifest 1 (run 2): it was sealed as manifest 2: manifests were reordered",
    ),
    (
        "a manifest of another run",
        ["update manifest set run = 99 where run = 3"],
        "manifest of run 99: there is no such run",
    ),
]


@pytest.mark.parametrize(
    ("statements", "expected"), [case[1:] for case in TAMPERED], ids=[case[0] for case in TAMPERED]
)
def test_an_edited_ledger_row_is_found_and_named(layout: Layout, statements: list[str], expected: str) -> None:
    edit(layout, *statements)
    assert expected in problems(layout)


def test_every_table_that_holds_evidence_or_results_is_tampered_with_above() -> None:
    statements = " ".join(statement for case in TAMPERED for statement in case[1])
    connection = sqlite3.connect(":memory:")
    from auditor.store.migrate import known_migrations

    for migration in known_migrations():
        connection.executescript(migration.sql)
    tables = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
    untouched = {name for name in tables if f" {name} " not in statements.replace("\n", " ") + " "}
    assert untouched == {"sqlite_sequence", "review", "publication", "schedule"}


def test_a_forged_manifest_with_its_hash_breaks_the_chain_after_it(layout: Layout) -> None:
    connection = sqlite3.connect(layout.ledger)
    (body,) = connection.execute("select body from manifest where run = 2").fetchone()
    forged = canonical_bytes({**orjson.loads(body), "run": {**orjson.loads(body)["run"], "command": "other"}})
    connection.execute("update manifest set body = ?, sha256 = ? where run = 2", (forged.decode(), sha256_hex(forged)))
    connection.execute("update run set command = 'other' where number = 2")
    connection.commit()
    connection.close()
    assert problems(layout) == (
        "manifest 3 (run 3): the chain is broken: the manifest before it is not the one it was sealed after"
    )


def first_payload(layout: Layout) -> Path:
    return min(layout.payloads.rglob("*.gz"))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    "spoil",
    [flip, Path.unlink, lambda path: path.write_bytes(gzip.compress(b"forged")), lambda path: path.write_bytes(b"")],
    ids=["a flipped bit", "missing", "other bytes", "empty"],
)
def test_a_damaged_payload_is_found_and_named(layout: Layout, spoil: Callable[[Path], object]) -> None:
    path = first_payload(layout)
    spoil(path)
    assert f"payload {path.stem}" in problems(layout)


def rewrite(layout: Layout, change: str, *, forge_ledger: bool) -> Path:
    """Rewrite the ticket segment of run 1 with a changed column, with the ledger's hash of the file too if wanted."""
    (name,) = (
        sqlite3.connect(layout.ledger)
        .execute("select content_sha256 || '-' || run || '.parquet' from segment where run = 1 and stream = 'ticket'")
        .fetchone()
    )
    path, other = layout.segments / name, layout.tmp / "other.parquet"
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"copy (select * replace ({change}) from '{path}') to '{other}' (format parquet)")
    other.replace(path)
    if forge_ledger:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        edit(layout, f"update segment set file_sha256 = '{digest}' where run = 1 and stream = 'ticket'")
    return path


def test_a_rewritten_segment_is_found_by_its_file_and_by_its_rows(layout: Layout) -> None:
    rewrite(layout, "'1' as priority", forge_ledger=False)
    found = problems(layout)
    assert "run 1, segment of stream ticket" in found
    assert "the file holds other bytes than were written" in found
    assert "row ticket:desk:t-0 is not what its hash says" in found


@pytest.mark.parametrize(
    "change",
    [
        "'1' as priority",
        "timestamp '2020-01-01' as created",
        "'bytes:0-1' as _pointer",
        f"'{'a' * 64}' as _payload_sha256",
        "timestamp '2020-01-01' as _fetched_at",
        "5 as _reliability",
        "true as _deleted",
        "2 as _run",
        "'other' as _source_id",
    ],
)
def test_a_rewritten_segment_is_found_although_the_ledger_was_edited_to_fit(layout: Layout, change: str) -> None:
    rewrite(layout, change, forge_ledger=True)
    assert "run 1, segment of stream ticket" in problems(layout)


def test_a_row_that_was_forged_with_its_hash_is_found_by_the_content_hash(layout: Layout) -> None:
    rewrite(layout, "'1' as priority", forge_ledger=True)
    store = Store.open(layout.root)
    values = {**store.row_history("ticket:desk:t-0")[0].row.values}
    forged = canonical_sha256(
        {"stream": "ticket", "source_id": "desk", "key": "t-0", "values": values, "reliability": 4}
    )
    store.close()
    rewrite(layout, f"case when _key = 't-0' then '{forged}' else _row_sha256 end as _row_sha256", forge_ledger=True)
    found = problems(layout)
    assert "row ticket:desk:t-0" not in found
    assert "the rows are not those that were written" in found


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"PAR1 nonsense PAR1")])
def test_a_segment_that_cannot_be_read_is_named_and_does_not_end_the_check(
    layout: Layout, spoil: Callable[[Path], object]
) -> None:
    for path in layout.segments.iterdir():
        spoil(path)
    flip(first_payload(layout))
    found = problems(layout)
    assert found.count("segment of stream ticket") >= 2
    assert "payload" in found


def test_a_cached_state_that_was_edited_is_found(layout: Layout) -> None:
    store = Store.open(layout.root)
    path = store.state_at(2)
    assert verify(store) == []
    with duckdb.connect(str(path)) as connection:
        connection.execute("update evidence.ticket set priority = '1' where _key = 't-2'")
    (problem,) = verify(store)
    store.close()
    assert problem.where.startswith("state of run 2")
    assert "table ticket is not what the segments give" in problem.what


def test_a_damaged_ledger_file_is_found(layout: Layout) -> None:
    data = bytearray(layout.ledger.read_bytes())
    last_page = len(data) - 4_096
    data[last_page : last_page + 8] = bytes(8)
    layout.ledger.write_bytes(bytes(data))
    assert f"{layout.ledger}: the file is damaged" in problems(layout)


@pytest.mark.parametrize("column", ["started", "source_order", "rule_pack", "as_of"])
def test_nonsense_in_the_ledger_is_one_clear_error_for_readers_and_a_finding_for_verify(
    layout: Layout, column: str
) -> None:
    edit(layout, f"update run set {column} = 'nonsense' where number = 2")
    assert f"run 2, run row {column}" in problems(layout)
    store = Store.open(layout.root)
    with pytest.raises(IntegrityError, match="row of run 2 is not what was written"):
        store.run(2)
    store.close()


@pytest.mark.parametrize("value", ["x'00ff'", "17", "'[]'"])
@pytest.mark.parametrize("table", ["source_run", "gap", "envelope", "manifest", "observation"])
def test_a_body_of_any_other_type_ends_no_check(layout: Layout, table: str, value: str) -> None:
    edit(layout, f"update {table} set body = {value}")
    assert problems(layout) != ""


def test_an_assessment_that_comes_out_otherwise_is_found(layout: Layout) -> None:
    store = Store.open(layout.root)
    assert verify(store, store.assessment) == []
    found = verify(store, lambda run: b"{}" if run == 2 else store.assessment(run))
    assert [problem.where for problem in found] == ["run 2, assessment"]

    def fails(run: int) -> bytes:
        raise StoreError("the rule pack is gone")

    assert len(verify(store, fails)) == 3
    store.close()


def test_a_run_without_a_commit_is_nothing_to_complain_of(layout: Layout) -> None:
    from store_kit import T

    store = Store.open(layout.root)
    with store.begin(SCOPE, "audit", T):
        pass
    assert verify(store) == []
    store.close()
