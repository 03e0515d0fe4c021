"""`doctor`, `collect`, `collectors` and `replay` as a person meets them: real collectors, servers and stores."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from live_kit import NAME, SECRET, System, configuration, forget

from auditor import bootstrap
from auditor.collect.limits import Limits
from auditor.model.streams import STREAMS
from auditor.model.validate import make_row
from auditor.ports import Derived, StateReader
from auditor.testing.server import Reply

Command = Callable[..., Any]
PAGES = "  - {id: pages, collector: files, settings: {path: ../evidence}}\n"


def checks(document: Any, of: str) -> dict[str, dict[str, Any]]:
    (part,) = [part for part in document["parts"] if part["of"] == of]
    return {check["what"]: check for check in part["checks"]}


def test_doctor_finds_a_sound_installation_well_and_keeps_nothing(auditor: Command, configured: Path) -> None:
    outcome = auditor("doctor")
    assert outcome.code == 0, outcome.out
    assert "monitor  (my_monitor 1)" in outcome.out
    assert "ok    reachable and permitted: 2 services" in outcome.out
    assert "not there yet" in outcome.out
    assert not Path("store").exists()
    auditor("collect")
    document = auditor("doctor", "--json").document
    assert document["well"] is True
    assert "runs: 1" in checks(document, "auditor")["data directory"]["detail"]


def test_doctor_names_a_wrong_token_with_its_cure_and_never_the_token(
    auditor: Command, configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR_TOKEN", "wrong-token-4711")
    outcome = auditor("doctor", "--json")
    assert outcome.code == 3
    assert outcome.document["well"] is False
    check = checks(outcome.document, "monitor")["reachable and permitted"]
    assert (check["ok"], check["cure"]) == (False, "check the token")
    text = auditor("doctor")
    assert "FAIL  reachable and permitted" in text.out
    assert "cure: check the token" in text.out
    assert "wrong-token-4711" not in outcome.out + text.out + text.err


def test_doctor_tells_an_unreachable_system_from_others(
    auditor: Command, system: System, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Limits, "pause", lambda *_: None)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    Path("config.yaml").write_text(configuration(f"http://127.0.0.1:{port}", more=PAGES), encoding="utf-8")
    outcome = auditor("doctor", "--json")
    assert outcome.code == 3
    assert checks(outcome.document, "monitor")["reachable and permitted"]["ok"] is False
    assert all(check["ok"] for check in checks(outcome.document, "pages").values())


def test_a_record_shows_the_request_that_it_answers(auditor: Command, configured: Path, system: System) -> None:
    auditor("audit")
    asked = f"GET {system.server.url}/api/services"
    assert f"answer to {asked}\n" in auditor("show", "record", "service:monitor:booking").out
    (version,) = auditor("show", "record", "service:monitor:wiki", "--json").document["versions"]
    assert version["requests"] == [asked]
    assert f"answer to {asked}\n" in auditor("explain", "DOC-2.1/booking").out
    tree = auditor("explain", "DOC-2.1/booking", "--json").document["why"]
    (record,) = [step for step in tree["because"] if step["kind"] == "record"]
    assert [payload["requests"] for payload in record["because"]] == [[asked]]


class Majors:
    """Says of every service that it is a major one."""

    version = "majors 1"

    def derive(self, state: StateReader) -> Iterator[Derived]:
        for row in state.rows("service"):
            values = {**row.values, "major": True}
            made = make_row(STREAMS["service"], row.source_id, values, row.reliability, row.payload_sha256, row.pointer)
            yield Derived(made, self.version)


def test_a_cited_record_names_the_recogniser_that_gave_it_meaning(
    auditor: Command, configured: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bootstrap, "deriver", Majors)
    audited = auditor("audit", "--json", "--out", tmp_path / "out").document
    assert audited["records"]["service:monitor:booking"]["derived_by"] == "majors 1"
    assert "given meaning by majors 1" in auditor("explain", "service:monitor:booking").out
    assert "<dt>Given meaning by</dt><dd>majors 1</dd>" in (tmp_path / "out" / "report.html").read_text()
    outcome = auditor("replay")
    assert outcome.code == 0, outcome.out


def test_doctor_looks_at_the_other_sources_when_an_evidence_folder_is_missing(auditor: Command, tmp_path: Path) -> None:
    Path("config.yaml").write_text(
        "format: 1\nsources:\n  - {id: pages, collector: files, settings: {path: nowhere}}\n"
        "scopes:\n  - {id: main, sources: [pages]}\n",
        encoding="utf-8",
    )
    outcome = auditor("doctor", "--json")
    assert outcome.code == 3
    assert any("nowhere" in check["detail"] for check in checks(outcome.document, "pages").values() if not check["ok"])
    audited = auditor("audit", "--json")
    assert audited.code == 2
    assert "nowhere" in json.dumps(audited.document)


@pytest.mark.parametrize(
    ("key_file", "content", "words"), [("key", b"short", "5 bytes"), ("store/key", None, "inside the data directory")]
)
def test_doctor_tells_what_is_wrong_with_the_key(
    auditor: Command, configured: Path, key_file: str, content: bytes | None, words: str
) -> None:
    configured.write_text(configured.read_text().replace("key_file: key", f"key_file: {key_file}"), encoding="utf-8")
    if content is not None:
        Path(key_file).write_bytes(content)
    outcome = auditor("doctor", "--json")
    assert outcome.code == 3
    check = checks(outcome.document, "auditor")["key of the pseudonyms"]
    assert words in check["detail"]
    assert key_file in check["detail"]
    assert check["cure"]


def test_doctor_tells_of_a_damaged_data_directory_and_goes_on(auditor: Command, configured: Path) -> None:
    auditor("collect")
    (Path("store") / "ledger.sqlite").write_bytes(b"no ledger at all" * 400)
    outcome = auditor("doctor", "--json")
    assert outcome.code == 3
    assert checks(outcome.document, "auditor")["data directory"]["ok"] is False
    assert checks(outcome.document, "monitor")["reachable and permitted"]["ok"] is True


def test_doctor_tells_whether_a_data_directory_can_be_made(auditor: Command, configured: Path) -> None:
    Path("store").mkdir()
    assert "not there yet" in checks(auditor("doctor", "--json").document, "auditor")["data directory"]["detail"]
    (Path("store") / "letters.txt").write_text("mine", encoding="utf-8")
    assert auditor("doctor").code == 3, "somebody else's folder"
    configured.write_text(configured.read_text().replace("data_dir: store", "data_dir: config.yaml/store"))
    outcome = auditor("doctor", "--json")
    assert outcome.code == 3
    assert "cannot be made" in checks(outcome.document, "auditor")["data directory"]["detail"]


@pytest.mark.parametrize("command", ["doctor", "collect", "replay"])
def test_a_command_that_fails_with_json_prints_one_document(auditor: Command, configured: Path, command: str) -> None:
    outcome = auditor(command, "--config", "nowhere.yaml", "--json")
    assert outcome.code == 2
    assert outcome.document["error"]["exit_code"] == 2
    assert "nowhere.yaml" in outcome.err


def test_a_secret_that_is_missing_is_named_and_nothing_is_stored(
    auditor: Command, configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MONITOR_TOKEN")
    outcome = auditor("collect")
    assert outcome.code == 2
    assert "MONITOR_TOKEN" in outcome.err
    assert not Path("store").exists()


def test_collect_reads_into_the_store_and_assess_judges_it(auditor: Command, configured: Path, system: System) -> None:
    first = auditor("audit", "--json").document
    system.services.append({"id": "till", "name": "Till", "tier": 1})
    outcome = auditor("collect")
    assert outcome.code == 0
    assert "run 2: 3 records" in outcome.out
    assert "monitor: ok, gaps: 0" in outcome.out
    assert len(auditor("show", "record", "service:monitor:till", "--json").document["versions"]) == 1
    judged = auditor("assess", "--json").document
    assert judged["evidence_sha256"] != first["evidence_sha256"]
    assert auditor("verify").code == 0


def test_what_was_collected_before_any_audit_is_judged_with_the_configuration(
    auditor: Command, configured: Path
) -> None:
    auditor("collect")
    judged = auditor("assess", "--json")
    assert judged.code in (0, 3), judged.err
    assert judged.document["organisation"] == "A shop"
    assert judged.document["seal"]["run"] == 2
    assert auditor("verify").code == 0


def test_collect_lists_gaps_by_reason_and_leaves_what_was_read_before(
    auditor: Command, configured: Path, system: System
) -> None:
    auditor("collect")
    system.server.route("/api/services", Reply({"error": "no"}, 403))
    outcome = auditor("collect")
    assert outcome.code == 3
    assert "monitor: failed, gaps: 1" in outcome.out
    assert "forbidden: " in outcome.out
    document = auditor("collect", "--json").document
    (source,) = document["sources"]
    assert [(gap["stream"], gap["reason"]) for gap in source["gaps"]] == [("service", "forbidden")]
    assert document["records"] == {}
    assert len(auditor("show", "record", "service:monitor:booking", "--json").document["versions"]) == 1


def test_a_token_stands_nowhere_in_what_is_stored_or_printed(
    auditor: Command, configured: Path, tmp_path: Path
) -> None:
    outcomes = [auditor("audit", "--out", tmp_path / "out"), auditor("doctor"), auditor("replay"), auditor("collect")]
    assert all(SECRET not in outcome.out + outcome.err for outcome in outcomes)
    for place in (Path("store"), tmp_path / "out"):
        assert not [path for path in place.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


def test_collectors_are_listed_with_their_settings_and_one_that_cannot_be_loaded_with_its_reason(
    auditor: Command, package: Path
) -> None:
    text = auditor("collectors", "list").out
    assert "my_monitor 1  from auditor-my_monitor 0.1.0" in text
    assert "url: Address of the system" in text
    assert "(required)" in text
    (package / "collector.py").write_text("raise RuntimeError('half written')\n", encoding="utf-8")
    forget()
    outcome = auditor("collectors", "list", "--json")
    assert outcome.code == 0
    (entry,) = [entry for entry in outcome.document["collectors"] if entry["name"] == NAME]
    assert "half written" in entry["failure"]
    assert entry["settings"] is None


def test_a_new_collector_passes_its_trial_and_one_that_swallows_refusals_does_not(
    auditor: Command, package: Path
) -> None:
    whole = auditor("collectors", "test", NAME)
    assert whole.code == 0, whole.out
    assert "promises kept" in whole.out
    code = package / "collector.py"
    text = code.read_text(encoding="utf-8")
    assert 'yield refused.gap("service")\n' in text
    code.write_text(text.replace('            yield refused.gap("service")\n', ""), encoding="utf-8")
    forget()
    broken = auditor("collectors", "test", NAME, "--json")
    assert broken.code == 2
    assert any(not promise["ok"] and "401" in promise["promise"] for promise in broken.document[NAME])
    assert "BROKEN" in auditor("collectors", "test", NAME).out


def test_collectors_new_writes_a_package_and_refuses_names_that_are_taken(auditor: Command, tmp_path: Path) -> None:
    outcome = auditor("collectors", "new", "desk_tool", "--out", tmp_path)
    assert outcome.code == 0
    assert (tmp_path / "desk_tool" / "auditor_desk_tool" / "collector.py").is_file()
    assert auditor("collectors", "new", "desk_tool", "--out", tmp_path).code == 2
    assert auditor("collectors", "new", "files", "--out", tmp_path).code == 2
    assert auditor("collectors", "test", "nothing", "--json").document["error"]["exit_code"] == 2
