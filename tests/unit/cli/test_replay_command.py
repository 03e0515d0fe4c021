"""`replay` as a person meets it: a run is made again from its store, and whatever differs is named."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from live_kit import System, configuration, forget

from auditor.testing.server import Reply

Command = Callable[..., Any]
PAGES = "  - {id: pages, collector: files, settings: {path: ../evidence}}\n"


def test_a_live_run_is_made_again_without_network_and_without_secrets(
    auditor: Command, configured: Path, closed_network: Callable[[], None]
) -> None:
    auditor("audit")
    closed_network()
    outcome = auditor("replay")
    assert outcome.code == 0, outcome.out + outcome.err
    assert "monitor: 2 records made again: the same" in outcome.out
    assert "assessment: same" in outcome.out
    document = auditor("replay", "1", "--source", "monitor", "--json").document
    assert (document["same"], document["assessment"], document["configuration_changed"]) == (True, "same", False)
    assert not Path("key").exists()


def test_a_run_with_gaps_and_one_that_only_collected_are_made_again_too(
    auditor: Command, configured: Path, system: System, closed_network: Callable[[], None]
) -> None:
    auditor("audit")
    system.server.route("/api/services", Reply({"error": "busy"}, 503, {"Retry-After": "0"}))
    assert auditor("collect").code == 3
    system.server.route("/api/services", Reply(b"<html>log in</html>"))
    assert auditor("collect").code == 3
    system.start()
    auditor("collect")
    closed_network()
    for run in ("1", "2", "3", "4"):
        outcome = auditor("replay", run)
        assert outcome.code == 0, (run, outcome.out)
    assert "none: the run only collected" in outcome.out


def payload_files(data_dir: Path) -> list[Path]:
    return [path for path in data_dir.rglob("payloads/**/*") if path.is_file()]


def test_a_payload_that_was_changed_is_a_difference_that_is_named(auditor: Command, configured: Path) -> None:
    auditor("collect")
    with sqlite3.connect("store/ledger.sqlite") as ledger:
        (sha256,) = ledger.execute(
            "select payload_sha256 from envelope where body not like '%exchange-log%'"
        ).fetchone()
    (payload,) = [path for path in payload_files(Path("store")) if sha256[2:] in path.name or sha256 in path.name]
    payload.chmod(0o600)
    payload.write_bytes(payload.read_bytes()[:-6] + b"\0" * 6)
    outcome = auditor("replay", "--json")
    assert outcome.code == 4
    assert outcome.document["same"] is False
    (difference,) = outcome.document["sources"][0]["differences"]
    assert sha256 in difference


def test_another_mapping_is_a_difference_with_the_fields_named(
    auditor: Command, configured: Path, package: Path
) -> None:
    auditor("audit")
    code = package / "mapping.py"
    text = code.read_text(encoding="utf-8")
    code.write_text(text.replace('"tier": service.get("tier")', '"tier": 2, "major": True'), encoding="utf-8")
    forget()
    outcome = auditor("replay")
    assert outcome.code == 4
    assert "service:monitor:booking has other values: major, tier" in outcome.out
    code.write_text(text.replace("enumerate(listed)", "enumerate(listed[:1])"), encoding="utf-8")
    forget()
    fewer = auditor("replay", "--json")
    assert fewer.code == 4
    found = fewer.document["sources"][0]["differences"]
    assert "service:monitor:wiki is stored and did not come again" in found
    assert "monitor: 2 rows of service were read, 1 now" in found


def test_a_newer_collector_and_another_configuration_are_named_where_something_differs(
    auditor: Command, configured: Path, package: Path, system: System
) -> None:
    auditor("collect")
    code = package / "collector.py"
    code.write_text(code.read_text(encoding="utf-8").replace('version = "1"', 'version = "2"'), encoding="utf-8")
    forget()
    assert auditor("replay").code == 0, "another version that reads the same gives the same"
    code.write_text(code.read_text(encoding="utf-8").replace("/api/services", "/api/v2/services"), encoding="utf-8")
    forget()
    configured.write_text(configured.read_text().replace("timeout_s: 2", "timeout_s: 3"), encoding="utf-8")
    outcome = auditor("replay")
    assert outcome.code == 4
    assert "it was read by my_monitor 1, and replayed by my_monitor 2" in outcome.out
    assert "the configuration is not that of the run" in outcome.out
    assert "was not asked" in auditor("replay", "--json").out


def test_a_run_of_which_no_requests_were_recorded_is_incomplete(auditor: Command, configured: Path) -> None:
    auditor("collect")
    with sqlite3.connect("store/ledger.sqlite") as ledger:
        ledger.execute("pragma foreign_keys = off")
        for (trigger,) in ledger.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            ledger.execute(f"drop trigger {trigger}")
        ledger.execute("delete from envelope where body like '%exchange-log%'")
    outcome = auditor("replay")
    assert outcome.code == 3
    assert "not replayed: what it was asked was not recorded" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["9"], "run 9"), (["--source", "nobody"], "nobody"), (["--scope", "other"], "other")],
)
def test_what_cannot_be_replayed_is_a_matter_of_usage(
    auditor: Command, configured: Path, arguments: list[str], words: str
) -> None:
    auditor("collect")
    outcome = auditor("replay", *arguments)
    assert outcome.code == 2
    assert words in outcome.err


def test_a_source_that_left_the_configuration_is_not_replayed(auditor: Command, configured: Path, folder: Path) -> None:
    alone = configured.read_text(encoding="utf-8")
    url = alone.split('url: "')[1].split('"')[0]
    configured.write_text(configuration(url, more=PAGES), encoding="utf-8")
    auditor("audit")
    assert auditor("replay").code == 0
    configured.write_text(alone, encoding="utf-8")
    outcome = auditor("replay", "--json")
    assert outcome.code == 3
    by_id = {source["source_id"]: source for source in outcome.document["sources"]}
    assert by_id["monitor"]["differences"] == []
    assert "no such source" in by_id["pages"]["note"]
    # The one that is left keeps the ids that the run gave it beside another.
    configured.write_text(
        "format: 1\ndata_dir: store\nsources:\n" + PAGES + "scopes:\n  - {id: main, sources: [pages]}\n"
    )
    by_id = {source["source_id"]: source for source in auditor("replay", "--json").document["sources"]}
    assert (by_id["pages"]["differences"], by_id["pages"]["note"]) == ([], None)


def test_an_evidence_folder_is_replayed_after_it_is_gone_also_in_an_idle_run(
    auditor: Command, folder: Path, closed_network: Callable[[], None]
) -> None:
    with (folder / "service.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"service_id": "kiosk", "status": "alive"}\n')
    auditor("audit", folder)
    auditor("audit", folder)
    shutil.rmtree(folder)
    closed_network()
    for run in ("1", "2"):
        outcome = auditor("replay", run)
        assert outcome.code == 0, outcome.out + outcome.err
        assert "assessment: same" in outcome.out


def test_an_evidence_folder_beside_a_live_source_is_replayed_after_it_is_gone(
    auditor: Command, system: System, folder: Path, closed_network: Callable[[], None]
) -> None:
    Path("config.yaml").write_text(configuration(system.server.url, more=PAGES), encoding="utf-8")
    auditor("audit")
    auditor("collect")
    shutil.rmtree(folder)
    closed_network()
    for run in ("1", "2"):
        outcome = auditor("replay", run)
        assert outcome.code == 0, outcome.out + outcome.err
        assert "pages: " in outcome.out


def test_documents_of_a_repository_are_replayed_after_it_is_gone(
    auditor: Command, closed_network: Callable[[], None]
) -> None:
    repository = Path("repository")
    who = ["-c", "user.name=p-01", "-c", "user.email=p-01@example.org", "-c", "commit.gpgsign=false"]
    repository.mkdir()
    (repository / "mail.md").write_text("# Mail: service level agreement\n\nAvailability: 99.9 % a month.\n")
    for words in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "-m", "first"]):
        subprocess.run(["git", "-C", str(repository), *words], check=True, capture_output=True)
    Path("config.yaml").write_text(
        "format: 1\ndata_dir: store\nkey_file: key\nsources:\n"
        "  - {id: handbook, collector: git_docs, settings: {path: repository}}\n"
        "scopes:\n  - {id: main, sources: [handbook]}\n",
        encoding="utf-8",
    )
    assert "handbook: ok" in auditor("collect").out
    auditor("audit")
    shutil.rmtree(repository)
    closed_network()
    for run in ("1", "2"):
        outcome = auditor("replay", run)
        assert outcome.code == 0, outcome.out
    assert "2 records" in auditor("replay", "1").out


CYCLE = {"metric_name": "resolve", "cycle_no": 1, "state": "completed"}


def cycles(folder: Path, goal_ms: int) -> None:
    manifest = (folder / "manifest.yaml").read_text(encoding="utf-8")
    (folder / "manifest.yaml").write_text(
        manifest.replace("[service,", "[ticket, sla_cycle, service,"), encoding="utf-8"
    )
    for stream, row in (("ticket", {"kind": "incident"}), ("sla_cycle", {**CYCLE, "goal_ms": goal_ms})):
        (folder / f"{stream}.jsonl").write_text(json.dumps({"ticket_id": "t-1", **row}) + "\n", encoding="utf-8")


def test_a_row_that_was_kept_as_it_was_first_seen_is_no_difference(auditor: Command, folder: Path) -> None:
    cycles(folder, 1000)
    auditor("audit", folder)
    (folder / "sla_cycle.jsonl").write_text(
        json.dumps({"ticket_id": "t-1", **CYCLE, "goal_ms": 5000}) + "\n", encoding="utf-8"
    )
    assert "what was seen first counts" in auditor("audit", folder, "--json").out
    auditor("audit", folder)
    for run in ("1", "2", "3"):
        outcome = auditor("replay", run)
        assert outcome.code == 0, outcome.out
