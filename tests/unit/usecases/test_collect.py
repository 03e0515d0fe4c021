"""Collecting into a real data directory: cursors, early ends, several sources at a time, and what an audit shares."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from desk_kit import DeskCollector, T, plan, rows_of, tickets

from auditor.api import CollectContext, GapReason, Refused
from auditor.bootstrap import demo_folder, plan_for_folder
from auditor.errors import EvidenceError, ExitCode, StoreError
from auditor.store.store import RunStatus, Store
from auditor.store.verify import verify
from auditor.usecases.audit import audit
from auditor.usecases.collect import Collection, collect
from auditor.usecases.plan import AuditPlan
from auditor.usecases.reassess import reassess
from auditor.usecases.verify import verify_store


def collected(asked: AuditPlan) -> Collection:
    return collect(asked, lambda: T, lambda _: None)


def seen(data_dir: Path, run: int) -> list[tuple[str, Any]]:
    return [(row.key, row.values["priority"]) for row in rows_of(data_dir, run)]


def test_a_second_pull_reads_only_what_is_new_and_together_they_are_the_whole(tmp_path: Path) -> None:
    desk = DeskCollector(tickets(1, 2, 3, priority="low"))
    collected(plan(tmp_path / "data", desk))
    desk.tickets += tickets(4, 5, priority="high")
    second = collected(plan(tmp_path / "data", desk))
    assert desk.asked == [1, 2, 3, 4, 5]
    assert seen(tmp_path / "data", second.run) == [(f"t-{n}", "low" if n < 4 else "high") for n in range(1, 6)]
    assert second.exit_code is ExitCode.OK
    third = collected(plan(tmp_path / "data", desk))
    assert third.outcomes[0].records == {}
    with closing(Store.open(tmp_path / "data")) as store:
        assert store.manifest(third.run)["segments"] == {}
        assert verify(store) == []


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (Refused(GapReason.TIMED_OUT, "the deadline has passed"), GapReason.TIMED_OUT),
        (Refused(GapReason.TRUNCATED, "the budget is spent"), GapReason.TRUNCATED),
        (Refused(GapReason.RATE_LIMITED, "ask again tomorrow"), GapReason.RATE_LIMITED),
        (RuntimeError("out of luck"), GapReason.CRASHED),
    ],
)
def test_a_pull_that_ends_early_goes_on_the_next_time_and_the_union_is_one_whole_pull(
    tmp_path: Path, refusal: Exception, reason: GapReason
) -> None:
    every = tickets(*range(1, 8))
    whole = collected(plan(tmp_path / "whole", DeskCollector(every)))
    desk = DeskCollector(every, refuse_page=2, refusal=refusal)
    first = collected(plan(tmp_path / "data", desk))
    (source,) = first.sources
    assert [gap.reason for gap in source.gaps] == [reason]
    assert (source.values["status"], desk.asked) == ("partial", [1, 2, 3, 4])
    assert first.exit_code is ExitCode.INCOMPLETE
    desk.refuse_page = None
    second = collected(plan(tmp_path / "data", desk))
    assert desk.asked == [1, 2, 3, 4, 5, 6, 7]
    (source,) = second.sources
    assert (source.gaps, source.values["status"]) == ((), "ok")
    assert [row.sha256 for row in rows_of(tmp_path / "data", second.run)] == [
        row.sha256 for row in rows_of(tmp_path / "whole", whole.run)
    ]


def test_a_run_that_fails_moves_no_cursor(tmp_path: Path) -> None:
    desk = DeskCollector(tickets(1, 2, 3), refuse_page=1, refusal=StoreError("the disk is full"))
    with pytest.raises(StoreError):
        collected(plan(tmp_path / "data", desk))
    desk.refuse_page = None
    collected(plan(tmp_path / "data", desk))
    assert desk.asked == [1, 2, 1, 2, 3]


def test_a_new_version_of_the_collector_reads_everything_again(tmp_path: Path) -> None:
    desk = DeskCollector(tickets(1, 2))
    collected(plan(tmp_path / "data", desk))
    desk.version = "2"
    collected(plan(tmp_path / "data", desk))
    assert desk.asked == [1, 2, 1, 2]


def test_a_key_sweep_closes_the_rows_that_are_gone(tmp_path: Path) -> None:
    desk = DeskCollector(tickets(1, 2, 3), sweeps=True)
    collected(plan(tmp_path / "data", desk))
    desk.tickets = tickets(1, 3, 4)
    second = collected(plan(tmp_path / "data", desk))
    assert [row.key for row in rows_of(tmp_path / "data", second.run)] == ["t-1", "t-3", "t-4"]
    desk.tickets = tickets(1, 5, 6)
    desk.tickets[1][1]["created"] = "yesterday"  # a row that cannot be loaded: who knows what else was misread
    third = collected(plan(tmp_path / "data", desk))
    assert [row.key for row in rows_of(tmp_path / "data", third.run)] == ["t-1", "t-3", "t-4", "t-6"]


def cycle(goal_ms: int) -> dict[str, Any]:
    return {
        "stream": "sla_cycle",
        "ticket_id": "t-1",
        "metric_name": "resolve",
        "cycle_no": 1,
        "state": "completed",
        "goal_ms": goal_ms,
    }


def test_a_completed_cycle_that_is_rebuilt_keeps_its_first_goal_and_is_found(tmp_path: Path) -> None:
    desk = DeskCollector([*tickets(1), (2, cycle(1000))])
    first = collected(plan(tmp_path / "data", desk))
    desk.tickets.append((3, cycle(5000)))
    second = collected(plan(tmp_path / "data", desk))
    (gap,) = second.sources[0].gaps
    assert "goal_ms was 1000, is 5000" in gap.detail
    assert second.exit_code is ExitCode.INCOMPLETE
    before, after = (rows_of(tmp_path / "data", run)[0] for run in (first.run, second.run))
    assert before == after
    assert len(str(before.values["first_seen_sha"])) == 64
    desk.tickets.append((4, cycle(6000)))
    with pytest.raises(EvidenceError, match="goal_ms was 1000, is 6000"):
        collected(plan(tmp_path / "data", desk, strict=True))


def test_what_is_stored_does_not_depend_on_which_source_is_faster(tmp_path: Path) -> None:
    def run(name: str, order: list[int]) -> tuple[str, str]:
        turns = [threading.Event() for _ in order]
        turns[order[0]].set()

        def wait_for(number: int) -> Any:
            def before(ctx: CollectContext) -> None:
                turns[number].wait(20)
                place = order.index(number)
                if place + 1 < len(order):
                    turns[order[place + 1]].set()

            return before

        desks = [DeskCollector(tickets(number + 1, number + 2), before=wait_for(number)) for number in range(3)]
        made = collected(plan(tmp_path / name, *desks))
        assert [sorted(outcome.records.items()) for outcome in made.outcomes] == [[("ticket", 2)]] * 3
        with closing(Store.open(tmp_path / name)) as store:
            return store.digest_at(made.run), str(store.head())

    assert run("a", [0, 1, 2]) == run("b", [2, 1, 0]) == run("c", [1, 2, 0])


def test_a_source_that_fails_leaves_the_others_and_one_that_cannot_be_stored_stops_all(tmp_path: Path) -> None:
    sound, broken = DeskCollector(tickets(1, 2)), DeskCollector(tickets(3), refuse_page=0, refusal=RuntimeError("no"))
    made = collected(plan(tmp_path / "data", sound, broken))
    assert [source.values["status"] for source in made.sources] == ["ok", "failed"]
    broken.refusal = StoreError("the disk is full")
    with pytest.raises(StoreError):
        collected(plan(tmp_path / "data", DeskCollector(tickets(7)), broken))
    with closing(Store.open(tmp_path / "data")) as store:
        assert [record.status for record in store.runs()] == [RunStatus.COMPLETE, RunStatus.INTERRUPTED]
        assert verify(store) == []


def test_progress_of_several_sources_is_told_line_by_line(tmp_path: Path) -> None:
    told: list[str] = []
    desks = [DeskCollector(tickets(1), before=lambda ctx: ctx.progress("page")) for _ in range(3)]
    collect(plan(tmp_path / "data", *desks), lambda: T, told.append)
    assert sorted(told[:-1]) == sorted(line for n in range(3) for line in (f"reading desk-{n}", f"desk-{n}: page"))


SLOW = """
import sys, time
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from desk_kit import DeskCollector, T, plan, tickets
from auditor.usecases.collect import collect

def forever(ctx):
    print("waiting", flush=True)
    time.sleep(600)

desks = [DeskCollector(tickets(1)), DeskCollector(tickets(2), before=forever)]
collect(plan(Path(sys.argv[1]), *desks), lambda: T, lambda _: None)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill -9"])
def test_a_run_that_is_stopped_in_the_middle_leaves_nothing_that_counts(tmp_path: Path, how: signal.Signals) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-c", SLOW, str(data), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "waiting\n"
        os.kill(child.pid, how)
        _, errors = child.communicate(timeout=30)
    assert child.returncode == -how, errors
    desk = DeskCollector(tickets(1))
    made = collected(plan(data, desk, DeskCollector(tickets(2))))
    assert desk.asked == [1]
    with closing(Store.open(data)) as store:
        assert [record.status for record in store.runs()] == [RunStatus.INTERRUPTED, RunStatus.COMPLETE]
        assert list(store.layout.tmp.iterdir()) == []
        assert verify(store) == []
    assert made.exit_code is ExitCode.OK


@pytest.fixture
def clock() -> Any:
    """A clock that goes on a day with each look."""
    days = count(1)

    def now() -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=next(days))

    return now


def test_what_was_only_collected_is_judged_by_the_next_assessment(tmp_path: Path, clock: Any) -> None:
    data = tmp_path / "data"
    desk = DeskCollector(tickets(1, 2))
    audit(plan(data, desk), clock, lambda _: None)
    desk.tickets += tickets(3)
    made = collect(plan(data, desk), clock, lambda _: None)
    result = reassess(data, run=None, as_of=None, rule_pack=None, deriver=None, now=clock, progress=lambda _: None)
    with closing(Store.open(data)) as store:
        assert store.run(result.seal.run).evidence_run == made.run
        assert store.run(made.run).assessment_sha256 is None
        assert result.assessment.evidence_sha256 == store.digest_at(made.run)
    checked = verify_store(data, lambda _: None)
    assert (checked.problems, checked.runs, checked.not_computed_again) == ([], 3, [])
    assert checked.head_sha256 == result.seal.manifest_sha256


def test_an_evidence_folder_that_was_edited_by_hand_keeps_what_was_final_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    shutil.copytree(demo_folder(), folder)
    asked = plan_for_folder(folder, data_dir=tmp_path / "data", as_of=None, strict=False)
    first = collected(asked)
    cycles = folder / "sla_cycle.jsonl"
    text = cycles.read_text()
    assert '"goal_ms":7200000' in text
    cycles.write_text(text.replace('"goal_ms":7200000', '"goal_ms":9000000', 1))
    second = collected(asked)
    found = [gap for source in second.sources for gap in source.gaps if gap.stream == "sla_cycle"]
    assert [("goal_ms was 7200000, is 9000000" in gap.detail, gap.hides_rows) for gap in found] == [(True, 0)]
    (owner,) = {gap.source_id for gap in found}
    assert rows_of(tmp_path / "data", first.run, owner or "") == rows_of(tmp_path / "data", second.run, owner or "")
    cycles.write_text(text)
    assert not any("goal_ms" in gap.detail for source in collected(asked).sources for gap in source.gaps)
