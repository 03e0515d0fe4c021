"""One writer per data directory; readers see committed runs while it writes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from store_kit import ORDER, SCOPE, T, audit, collect, quick_run, rows_of, ticket_values

from auditor.errors import StoreError
from auditor.store.store import RunStatus, Store
from auditor.store.workplace import clean, workplace

WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from store_kit import *
store = Store.open(Path(sys.argv[1]))
with store.begin("whole", "audit", T) as run:
    collect(run, "ticket", ticket_values({"new": {}}))
    run.state(ORDER)
    print("writing", flush=True)
    sys.stdin.readline()
    commit(run)
print("done", flush=True)
"""


def test_a_second_writer_is_refused_by_name_while_readers_read(store: Store) -> None:
    audit(store)
    command = [sys.executable, "-c", WRITER, str(store.layout.root), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        message = f"process {writer.pid}, `audit`, started 2026-01-01T00:00:00Z"
        with pytest.raises(StoreError, match=message), store.begin(SCOPE, "audit", T):
            pass
        reader = Store.open(store.layout.root)
        assert [record.status for record in reader.runs()] == [RunStatus.COMPLETE, RunStatus.RUNNING]
        reader.state_at(1).unlink()
        assert len(rows_of(reader.state_at(1), "ticket")) == 3
        assert len(reader.row_history("ticket:desk:t-0")) == 1
        assert reader.row_history("ticket:desk:new") == ()
        print("go", file=writer.stdin, flush=True)
        assert writer.stdout.readline() == "done\n"
        assert reader.run(2).status is RunStatus.COMPLETE
        assert rows_of(reader.state_at(2), "ticket", "_key") == [("new",)]
        reader.close()
    assert quick_run(store).run == 3


def test_two_runs_in_one_process_are_refused_too(store: Store) -> None:
    with store.begin(SCOPE, "audit", T):
        with pytest.raises(StoreError, match=f"process {os.getpid()}"), store.begin(SCOPE, "assess", T):
            pass
        other = Store.open(store.layout.root)
        with pytest.raises(StoreError, match=f"process {os.getpid()}"), other.begin(SCOPE, "assess", T):
            pass
        other.close()
    assert len(store.runs()) == 1


def test_cleaning_leaves_the_places_of_live_processes(store: Store) -> None:
    tmp = store.layout.tmp
    with workplace(tmp) as live:
        (tmp / "dead").mkdir()
        (tmp / "dead" / "half").write_bytes(b"x")
        (tmp / "file").write_bytes(b"x")
        clean(tmp)
        assert list(tmp.iterdir()) == [live]
    assert list(tmp.iterdir()) == []


def test_a_reader_of_one_snapshot_is_not_disturbed_by_a_commit(store: Store) -> None:
    quick_run(store)
    reader = Store.open(store.layout.root)
    with reader.ledger.snapshot():
        assert len(reader.runs()) == 1
        quick_run(store, {"more": {}})
        assert len(reader.runs()) == 1
    assert len(reader.runs()) == 2
    reader.close()


def test_an_open_state_can_still_be_read_when_it_was_replaced_by_newer_ones(store: Store) -> None:
    import duckdb

    audit(store)
    with duckdb.connect(str(store.state_at(1)), read_only=True) as connection:
        for number in range(3):
            with store.begin(SCOPE, "audit", T) as run:
                collect(run, "ticket", ticket_values({f"t-{number}": {}}))
                run.state(ORDER)
                run.commit(as_of=T, engine_version="0", config_sha256="", rule_pack={}, assessment=b"{}", ended=T)
        assert connection.execute("select count(*) from evidence.ticket").fetchall() == [(3,)]
