"""Runs: what counts, from when on, and what a reader sees of it."""

from __future__ import annotations

import os
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from store_kit import (
    ORDER,
    SCOPE,
    TICKETS,
    T,
    a_gap,
    assessment_of,
    audit,
    collect,
    commit,
    disk_use,
    envelope,
    make,
    pull,
    quick_run,
    rows_of,
    ticket_values,
)

from auditor.canonical import canonical_bytes, canonical_sha256, sha256_hex
from auditor.errors import IntegrityError, StoreError
from auditor.model.assessment import Seal
from auditor.model.evidence import PayloadRef
from auditor.ports import EvidenceWriter
from auditor.store import payloads
from auditor.store.commit import write_run
from auditor.store.store import OpenRun, RunStatus, Store
from auditor.store.verify import verify


def test_an_open_run_is_the_writer_that_the_runner_knows(store: Store) -> None:
    with store.begin(SCOPE, "audit", T) as run:
        writer: EvidenceWriter = run
        assert writer.keep(b"x", envelope()) == PayloadRef(sha256_hex(b"x"), 1)


def test_a_committed_run_is_read_back_whole(store: Store) -> None:
    seal = audit(store, gaps=[a_gap()])
    (record,) = store.runs()
    assert (record.number, record.scope, record.command, record.status) == (1, SCOPE, "audit", RunStatus.COMPLETE)
    assert (record.started, record.ended, record.as_of) == (T, T + timedelta(minutes=5), T)
    assert record.source_order == ORDER
    assert record.rule_pack["id"] == "slm-maturity"
    assert store.run(1) == record
    assert store.seal(1) == seal
    document = store.assessment(1)
    assert document == store.assessment(seal.assessment_sha256)
    assert sha256_hex(document) == seal.assessment_sha256
    assert [state.source_id for state in store.sources_at(1)] == ["catalogue", "desk"]
    assert [(gap.detail, gap.source_id) for gap in store.gaps_at(1)] == [(a_gap().detail, "desk")]
    assert store.excerpt(next(iter(payload_hashes(store, "desk"))), "line:1")[0] == (
        '{"ticket_id":"t-0","created":"2025-12-01T08:00:00Z","kind":"incident","priority":"sha-0"}'
    )


def payload_hashes(store: Store, source_id: str) -> list[str]:
    rows = store.ledger.rows("select payload_sha256 from envelope where source_id = ? order by run", source_id)
    return [sha256 for (sha256,) in rows]


def test_the_manifest_names_everything_the_run_rests_on(store: Store) -> None:
    seal = audit(store, gaps=[a_gap()])
    manifest = store.manifest(1)
    assert sha256_hex(canonical_bytes(dict(manifest))) == seal.manifest_sha256
    assert manifest["format"] == 1
    assert (manifest["sequence"], manifest["previous_sha256"]) == (1, None)
    assert manifest["run"]["rule_pack"]["version"] == "1.0"
    assert manifest["run"]["assessment_sha256"] == seal.assessment_sha256
    assert manifest["run"]["state_sha256"] == store.run(1).digest
    desk = manifest["sources"]["desk"]
    assert desk["source_run"]["ended"] == "2026-01-01T00:00:00Z"
    assert desk["records"] == {"ticket": {"read": 3, "changed": 3, "gone": 0}}
    assert desk["gaps"]["count"] == 1
    assert desk["cursors"] == {"ticket": T.isoformat()}
    assert desk["snapshot_streams"] == ["ticket"]
    (envelope_sha256,) = manifest["envelopes"]["desk"]["new"]
    assert envelope_sha256 == canonical_sha256(
        {
            "source_id": "desk",
            "request": {"file": "desk.jsonl"},
            "media_type": "application/jsonl",
            "fetched_at": "2026-01-01T00:00:00Z",
            "collector": "files 1",
            "complete": True,
            "payload_sha256": payload_hashes(store, "desk")[0],
        }
    )
    assert manifest["segments"].keys() == {"ticket", "service"}


def test_every_manifest_names_the_one_before_it(store: Store) -> None:
    seals = [quick_run(store, {f"t-{number}": {}}) for number in range(3)]
    manifests = [store.manifest(seal.run) for seal in seals]
    assert [manifest["sequence"] for manifest in manifests] == [1, 2, 3]
    assert [manifest["previous_sha256"] for manifest in manifests] == [
        None,
        *(seal.manifest_sha256 for seal in seals[:2]),
    ]


def test_leaving_without_a_commit_leaves_nothing_that_a_reader_sees(store: Store) -> None:
    quick_run(store)
    before = {path for path in store.layout.root.rglob("*") if path.is_file() and "ledger" not in path.name}
    with store.begin(SCOPE, "audit", T) as run:
        collect(run, "ticket", ticket_values({"new": {}}))
        run.state(ORDER)
    assert [record.status for record in store.runs()] == [RunStatus.COMPLETE, RunStatus.INTERRUPTED]
    after = {path for path in store.layout.root.rglob("*") if path.is_file() and "ledger" not in path.name}
    assert after == before
    assert store.previous_assessment(SCOPE) == store.assessment(1)
    for read in (store.state_at, store.seal, store.manifest, store.assessment, store.sources_at):
        with pytest.raises(StoreError):
            read(2)
    assert verify(store) == []
    assert quick_run(store, {"new": {}}).run == 3


def test_a_run_that_died_is_marked_interrupted_and_its_leftovers_go(store: Store) -> None:
    quick_run(store)
    store.ledger.connection.execute(
        "insert into run (scope, command, status, started, evidence_run) values ('s', 'audit', 'running', '', 2)"
    )
    left = [store.layout.payload("ab" * 32), store.layout.segments / "left.parquet", store.layout.tmp / "left" / "x"]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
    with store.begin(SCOPE, "audit", T):
        assert not any(path.exists() for path in left)
        row = store.ledger.row("select status from run where number = 2")
        assert row == ("interrupted",)
    assert store.row_history("ticket:desk:t-0")


def test_a_second_run_on_unchanged_evidence_writes_no_state_no_segment_and_little_else(store: Store) -> None:
    audit(store, gaps=[a_gap()] * 500)
    files = {path for path in store.layout.root.rglob("*.*") if "ledger" not in path.name}
    (state,) = store.layout.states.iterdir()
    written = state.stat().st_ino
    store.close()
    before = disk_use(store.layout.root)
    again = Store.open(store.layout.root)
    audit(again, gaps=[a_gap()] * 500)
    again.close()
    assert {path for path in store.layout.root.rglob("*.*") if "ledger" not in path.name} == files
    assert state.stat().st_ino == written
    assert disk_use(store.layout.root) - before < 50_000
    reopened = Store.open(store.layout.root)
    assert reopened.manifest(2)["segments"] == {}
    assert reopened.manifest(2)["envelopes"]["desk"]["new"] == []
    assert reopened.manifest(2)["envelopes"]["desk"]["again"]["count"] == 1
    assert reopened.run(1).digest == reopened.run(2).digest
    reopened.close()


def test_an_idle_run_over_many_payloads_stays_small(tmp_path: Path) -> None:
    def read_all(run_number: int) -> Any:
        store = Store.open(tmp_path / "data")
        with store.begin(SCOPE, "audit", T) as run:
            for number in range(600):
                run.keep(f"payload {number}".encode(), envelope(request={"page": number}))
            run.source_done(pull())
            commit(run, assessment=b"{}")
        manifest = store.manifest(run_number)
        store.close()
        return manifest["envelopes"]["desk"]

    first = read_all(1)
    before = disk_use(tmp_path)
    second = read_all(2)
    assert disk_use(tmp_path) - before < 20_000
    assert len(first["new"]) == first["total"]["count"] == second["total"]["count"] == second["again"]["count"] == 600
    assert first["total"]["sha256"] == second["total"]["sha256"]


def test_an_equal_answer_to_another_request_is_an_envelope_of_its_own(store: Store) -> None:
    changes = [{}, {"fetched_at": T + timedelta(days=1)}, {"request": {"page": 2}}, {"complete": False}]
    for change in changes:
        with store.begin(SCOPE, "audit", T) as run:
            run.keep(b"same bytes", envelope(**change))
            commit(run, assessment=b"{}")
    new = [len(store.manifest(run)["envelopes"]["desk"]["new"]) for run in (1, 2, 3, 4)]
    assert new == [1, 0, 1, 1]
    assert store.ledger.row("select count(*) from payload") == (1,)


def test_assessments_that_differ_in_one_place_share_their_pieces(store: Store) -> None:
    records = {f"ticket:desk:t-{number}": {"values": sha256_hex(str(number).encode())} for number in range(5_000)}
    documents = [
        canonical_bytes(
            {"as_of": as_of, "records": {key: dict(value) for key, value in records.items()}, "zone": as_of}
        )
        for as_of in ("2026-01-01", "2026-01-02")
    ]
    sizes = []
    for document in documents:
        with store.begin(SCOPE, "assess", T) as run:
            commit(run, assessment=document)
        (size,) = store.ledger.row("select sum(length(body)) from piece") or (0,)
        sizes.append(size)
    assert [store.assessment(run) for run in (1, 2)] == documents
    assert sizes[0] > 100_000
    assert sizes[1] - sizes[0] < sizes[0] / 4


def test_a_run_may_judge_nothing(store: Store) -> None:
    with store.begin(SCOPE, "collect", T) as run:
        collect(run, "ticket", ticket_values(TICKETS))
        assert commit(run, assessment=None) is None
    assert store.run(1).assessment_sha256 is None
    assert store.previous_assessment(SCOPE) is None
    with pytest.raises(StoreError, match="run 1 has no assessment"):
        store.seal(1)
    assert verify(store) == []
    seal = audit(store)
    assert store.previous_assessment(SCOPE, before=2) is None
    assert store.previous_assessment(SCOPE) == store.assessment(seal.run)


def test_sources_are_known_by_their_latest_pull_and_the_end_of_their_latest_sound_one(store: Store) -> None:
    later = T + timedelta(days=1)
    quick_run(store)
    with store.begin(SCOPE, "audit", T) as run:
        collect(run, "service", [], "catalogue")
        run.source_done(pull("desk", status="failed", ended=later, gaps=[a_gap("the source answers 500")], whole=False))
        run.state(ORDER)
        catalogue, desk = run.sources()
        assert (catalogue.source_id, catalogue.last_ok_ended) == ("catalogue", T)
        assert (desk.source_id, desk.values["status"], desk.last_ok_ended) == ("desk", "failed", T)
        assert [(gap.source_id, gap.detail) for gap in run.gaps()] == [("desk", "the source answers 500")]
        commit(run)
    assert store.sources_at(2) == (catalogue, desk)
    assert catalogue.last_ok_values == catalogue.values
    assert [state.source_id for state in store.sources_at(1)] == ["desk"]
    assert store.sources_at(1)[0].last_ok_ended == T
    assert len(rows_of(store.state_at(2), "ticket")) == 3, "a failed pull takes no rows away"


def test_a_failed_pull_leaves_what_the_sound_one_before_it_said_however_often_it_fails(store: Store) -> None:
    with store.begin(SCOPE, "audit", T) as run:
        collect(run, "ticket", [], "desk", gaps=[a_gap("a bad line")])
        commit(run, assessment=None)
    for day in (1, 2):
        ended = T + timedelta(days=day)
        with store.begin(SCOPE, "audit", T) as run:
            run.source_done(pull("desk", status="failed", ended=ended, gaps=[a_gap("it answers 500")], whole=False))
            (desk,) = run.sources()
            commit(run, assessment=None)
        assert store.sources_at(run.number) == (desk,)
        assert desk.last_ok_values is not None
        assert (desk.values["status"], desk.last_ok_values["status"]) == ("failed", "ok")
        assert [gap.detail for gap in desk.gaps] == ["it answers 500"]
        assert [gap.detail for gap in desk.last_ok_gaps] == ["a bad line"]


def test_scopes_see_nothing_of_each_other(store: Store) -> None:
    quick_run(store, {"a": {}}, scope="one")
    quick_run(store, {"b": {}}, scope="two")
    quick_run(store, {"b": {}}, scope="two")
    assert rows_of(store.state_at(1), "ticket", "_key") == [("a",)]
    assert rows_of(store.state_at(3), "ticket", "_key") == [("b",)]
    assert store.manifest(2)["segments"]["ticket"]["record_count"] == 1
    assert store.previous_assessment("three") is None
    assert [version.scope for version in store.row_history("ticket:desk:b")] == ["two"]
    assert verify(store) == []


def test_the_evidence_of_an_earlier_run_can_be_judged_again(store: Store) -> None:
    quick_run(store, {"a": {}}, gaps=[a_gap("then")])
    quick_run(store, {"b": {}}, gaps=[a_gap("now")])
    with store.begin(SCOPE, "assess", T, evidence_run=1) as run:
        with pytest.raises(ValueError, match="judges the evidence of run 1"):
            run.keep(b"more", envelope())
        assert rows_of(run.state(()), "ticket", "_key") == [("a",)]
        assert [gap.detail for gap in run.gaps()] == ["then"]
        assert run.digest == store.run(1).digest
        commit(run)
    assert store.run(3).evidence_run == 1
    assert rows_of(store.state_at(3), "ticket", "_key") == [("a",)]
    assert rows_of(store.state_at(2), "ticket", "_key") == [("b",)]
    assert verify(store) == []


@pytest.mark.parametrize("number", [2, 3, 9])
def test_only_a_complete_run_of_the_scope_can_be_judged_again(store: Store, number: int) -> None:
    quick_run(store)
    with store.begin(SCOPE, "audit", T):
        pass
    quick_run(store, scope="other")
    with pytest.raises(StoreError), store.begin(SCOPE, "assess", T, evidence_run=number):
        pass


def test_the_history_of_a_row_names_every_version(store: Store) -> None:
    quick_run(store, {"a:b/c": {"priority": "1"}, "x": {}})
    quick_run(store, {"x": {}})
    quick_run(store, {"a:b/c": {"priority": "2"}, "x": {}})
    versions = store.row_history("ticket:desk:a%3Ab%2Fc")
    assert [(version.run, version.row.deleted, version.row.values["priority"]) for version in versions] == [
        (1, False, "1"),
        (2, True, "1"),
        (3, False, "2"),
    ]
    assert versions[0].row.ref == "ticket:desk:a%3Ab%2Fc"
    assert store.row_history("ticket:desk:none") == ()
    with pytest.raises(StoreError, match="no reference"):
        store.row_history("nonsense")


def test_a_run_takes_no_evidence_after_its_state_was_built(store: Store) -> None:
    with store.begin(SCOPE, "audit", T) as run:
        with pytest.raises(ValueError, match="not built yet"):
            _ = run.digest
        payload = run.keep(b"x", envelope())
        assert run.state(ORDER) == run.state(ORDER)
        with pytest.raises(ValueError, match="takes no more evidence"):
            run.add(make("ticket", payload, "line:1", ticket_id="t", kind="change"))


def test_a_source_is_pulled_once_in_a_run(store: Store) -> None:
    with store.begin(SCOPE, "audit", T) as run:
        run.source_done(pull())
        with pytest.raises(ValueError, match="was pulled in this run already"):
            run.source_done(pull())


def test_a_row_needs_a_payload_that_was_kept(store: Store) -> None:
    with store.begin(SCOPE, "audit", T) as run:
        run.add(make("ticket", PayloadRef("e" * 64, 1), "line:1", ticket_id="t", kind="change"))
        with pytest.raises(ValueError, match="which was not kept"):
            run.state(ORDER)


def test_pulls_are_no_rows(store: Store) -> None:
    row = make("source_run", PayloadRef("e" * 64, 1), "", **dict(pull().values) | {"started": "2026-01-01T00:00:00Z"})
    with store.begin(SCOPE, "audit", T) as run, pytest.raises(ValueError, match="source_run is not a stream"):
        run.add(row)


def test_excerpts_can_be_read_before_the_run_commits(store: Store) -> None:
    with store.begin(SCOPE, "audit", T) as run:
        payload = collect(run, "ticket", ticket_values({"t": {}}))
        run.state(ORDER)
        assert (store.excerpt(payload.sha256, "line:1")[0] or "").startswith('{"ticket_id":"t"')
        assert store.payload(payload.sha256).endswith(b"}\n")


def test_evidence_may_come_from_several_threads(store: Store) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def pull_one(run: OpenRun, number: int) -> None:
        collect(
            run, "ticket", [{"ticket_id": f"{number}-{entry}", "kind": "task"} for entry in range(20)], f"s{number}"
        )

    with store.begin(SCOPE, "audit", T) as run:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: pull_one(run, number), range(8)))
        run.state(ORDER)
        commit(run)
    assert len(rows_of(store.state_at(1), "ticket")) == 160
    assert verify(store) == []


def test_everything_a_manifest_names_is_durable_before_it_counts(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL cannot show this: only a power cut forgets what was written and not synced."""
    events: list[tuple[str, str]] = []
    replace, fsync = os.replace, os.fsync

    def name(descriptor: int) -> str:
        return str(Path(f"/dev/fd/{descriptor}").resolve()) if os.name == "posix" else str(descriptor)

    def note_fsync(descriptor: int) -> None:
        events.append(("fsync", name(descriptor)))
        fsync(descriptor)

    def note_replace(source: Path, target: Path) -> None:
        events.append(("replace", f"{source}>{target}"))
        replace(source, target)

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *args: object) -> sqlite3.Cursor:
            if sql == "commit":
                events.append(("commit", ""))
            return super().execute(sql, *args)  # type: ignore[arg-type]

    connect = sqlite3.connect
    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note_replace)
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **kwargs: connect(*args, factory=Connection, **kwargs))
    large = tmp_path / "large"
    large.write_bytes(b"large file" * 10_000)
    with store.begin(SCOPE, "audit", T) as run:
        collect(run, "ticket", ticket_values(TICKETS))
        run.keep_file(large, envelope(request={"file": "large"}))
        commit(run, assessment=b"{}")
    last_commit = max(place for place, event in enumerate(events) if event[0] == "commit")
    moved = [(place, *event[1].split(">")) for place, event in enumerate(events) if event[0] == "replace"]
    assert len(moved) == 3
    for place, source, target in moved:
        assert ("fsync", source) in events[:place], f"{target} got its name before its bytes were durable"
        assert ("fsync", str(Path(target).parent)) in events[place:last_commit], f"the entry of {target} is not durable"
    assert ("fsync", str(store.layout.payloads)) in events[:last_commit]


def test_an_interrupt_just_after_the_commit_takes_nothing_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: Any) -> str:
        write_run(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr("auditor.store.run.write_run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        quick_run(store)
    assert store.run(1).status is RunStatus.COMPLETE
    assert verify(store) == []


def test_assessment_bytes_are_checked_when_they_are_read(store: Store) -> None:
    quick_run(store)
    store.ledger.connection.execute("update piece set body = ?", (b"\x78\x9c\x03\x00\x00\x00\x00\x01",))
    with pytest.raises(IntegrityError, match="is not what was written"):
        store.assessment(1)


def test_instants_need_a_zone(store: Store) -> None:
    with pytest.raises(ValueError, match="no time zone"), store.begin(SCOPE, "audit", datetime(2026, 1, 1)):  # noqa: DTZ001
        pass


def test_a_failed_payload_write_is_reported_and_the_next_run_is_clean(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(payloads, "write_durably", full)
    with pytest.raises(StoreError, match="disk full"):
        quick_run(store)
    monkeypatch.undo()
    assert isinstance(quick_run(store), Seal)
    assert verify(store) == []


def test_the_same_evidence_gives_the_same_assessment_in_another_data_directory(tmp_path: Path) -> None:
    seals = []
    for name in ("here", "there"):
        store = Store.open(tmp_path / name)
        seals.append(audit(store))
        store.close()
    assert seals[0].assessment_sha256 == seals[1].assessment_sha256
    assert seals[0].manifest_sha256 == seals[1].manifest_sha256


def test_the_assessment_bytes_come_back_whatever_they_are(store: Store) -> None:
    for number, document in enumerate([b"", b"{}", assessment_bytes(), bytes(range(256)) * 3_000], start=1):
        with store.begin(SCOPE, "assess", T) as run:
            run.state(())
            commit(run, assessment=document)
        assert store.assessment(number) == document
    assert verify(store) == []


def assessment_bytes() -> bytes:
    return b"".join(b'{"a":{"b":%d},' % number for number in range(100_000))


def test_an_assessment_made_from_the_state_is_kept_with_it(store: Store) -> None:
    with store.begin(SCOPE, "audit", T) as run:
        collect(run, "ticket", ticket_values(TICKETS))
        run.state(ORDER)
        document = assessment_of(run)
        commit(run, assessment=document)
    assert store.assessment(1) == document
