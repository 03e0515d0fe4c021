"""The commands as a person and a script use them."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.cli.options import find_data_dir

Command = Callable[..., "object"]


def test_a_folder_is_audited_without_any_configuration(auditor: Command, folder: Path) -> None:
    outcome = auditor("audit", folder)
    assert outcome.code == 0
    assert "Small shop" in outcome.out
    assert "as of 2026-01-01 00:00 UTC" in outcome.out
    assert "not assessed" in outcome.out


def test_json_is_exactly_one_document_with_levels_for_every_dimension(auditor: Command, folder: Path) -> None:
    document = auditor("audit", folder, "--json").document
    assert set(document["dimensions"]) == {"DOC", "TOOL", "INT", "TRN", "PM", "COM", "CI"}
    for dimension in document["dimensions"].values():
        assert 1 <= dimension["confirmed"] <= dimension["possible"] <= 5
        assert dimension["point"] is None or dimension["confirmed"] <= dimension["point"] <= dimension["possible"]
    assert document["dimensions"]["DOC"]["confirmed"] == document["dimensions"]["DOC"]["possible"] == 1
    assert document["dimensions"]["TOOL"]["assessed"] is False
    assert document["seal"]["run"] == 1


def test_the_same_folder_gives_the_same_assessment_bytes_and_an_idle_run_stores_almost_nothing(
    auditor: Command, folder: Path
) -> None:
    first = auditor("audit", folder, "--json").document
    before = stored_bytes(find_data_dir(None, None))
    second = auditor("audit", folder, "--json").document
    assert second["seal"]["run"] == 2
    assert second["seal"]["assessment_sha256"] == first["seal"]["assessment_sha256"]
    assert stored_bytes(find_data_dir(None, None)) - before < 100_000


def stored_bytes(data_dir: Path) -> int:
    return sum(path.stat().st_size for path in data_dir.rglob("*") if path.is_file())


def test_a_row_that_cannot_be_read_is_a_gap_with_its_line_and_exit_code_3(auditor: Command, folder: Path) -> None:
    with (folder / "service.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"service_id": "kiosk", "status": "alive"}\n')
    outcome = auditor("audit", folder, "--json")
    assert outcome.code == 3
    (gap,) = outcome.document["gaps"]
    assert gap["reason"] == "malformed"
    assert gap["place"].endswith("service.jsonl:3")
    assert outcome.document["observations"]["DOC-2.1"]["degree"]["hi"] > 0
    text = auditor("show", "gaps").out
    assert "service.jsonl:3" in text


def test_strict_refuses_what_the_default_records(auditor: Command, folder: Path) -> None:
    (folder / "service.jsonl").write_text('{"service_id": "kiosk", "status": "alive"}\n', encoding="utf-8")
    outcome = auditor("audit", folder, "--strict")
    assert outcome.code == 2
    assert "service.jsonl:1" in outcome.err
    assert auditor("show", "runs").code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["audit"], "nothing to audit"),
        (["audit", "nowhere"], "no such folder"),
        (["audit", "--config", "nowhere.yaml"], "cannot be read"),
        (["audit", "x", "--as-of", "2026-01-01T10:00:00"], "names no time zone"),
        (["report"], "nothing has been audited"),
        (["explain", "DOC"], "nothing has been audited"),
        (["verify", "--data-dir", "nowhere"], "nowhere"),
        (["schema", "nothing"], "no schema"),
        (["rules", "list", "./nowhere"], "no rule pack"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_what_cannot_be_done_is_one_message_and_exit_code_2(auditor: Command, arguments: list[str], words: str) -> None:
    outcome = auditor(*arguments)
    assert outcome.code == 2
    assert words in outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.out == ""


def test_a_failure_with_json_is_one_document_too(auditor: Command) -> None:
    outcome = auditor("audit", "nowhere", "--json")
    assert outcome.code == 2
    assert outcome.document["error"]["exit_code"] == 2
    assert "no such folder" in outcome.document["error"]["what"]


def test_reports_are_the_same_bytes_each_time(auditor: Command, folder: Path, tmp_path: Path) -> None:
    auditor("audit", folder, "--out", tmp_path / "out")
    for form, name in (("html", "report.html"), ("md", "report.md"), ("json", "assessment.json")):
        again = tmp_path / name
        assert auditor("report", "--format", form, "--out", again).code == 0
        assert again.read_bytes() == (tmp_path / "out" / name).read_bytes()
    from_file = tmp_path / "from-file.md"
    auditor("report", "--from", tmp_path / "out" / "assessment.json", "-f", "md", "-o", from_file)
    assert from_file.read_text(encoding="utf-8").startswith("#")


def test_explain_leads_from_a_level_to_the_bytes(auditor: Command, folder: Path) -> None:
    auditor("audit", folder)
    text = auditor("explain", "DOC").out
    assert "DOC-2.1" in text
    assert '| {"service_id": "shop"' in text
    tree = auditor("explain", "DOC-2.1/shop", "--json").document["why"]
    record = tree["because"][0]
    assert record["target"] == "service:pages:shop"
    (payload,) = record["because"]
    shown = auditor("show", "payload", payload["target"], "--pointer", "line:1").out
    assert json.loads(shown)["service_id"] == "shop"
    whole = auditor("show", "payload", payload["target"][:12]).out
    assert whole.encode() == (folder / "service.jsonl").read_bytes()


def test_explain_of_something_unknown_suggests_what_there_is(auditor: Command, folder: Path) -> None:
    auditor("audit", folder)
    outcome = auditor("explain", "DOC-2.9")
    assert outcome.code == 2
    assert "DOC-2" in outcome.err


def test_a_record_is_shown_with_its_history(auditor: Command, folder: Path) -> None:
    auditor("audit", folder)
    write = (folder / "service.jsonl").read_text(encoding="utf-8").replace('"Shop"', '"Web shop"')
    (folder / "service.jsonl").write_text(write, encoding="utf-8")
    auditor("audit", folder)
    versions = auditor("show", "record", "service:pages:shop", "--json").document["versions"]
    assert [version["values"]["name"] for version in versions] == ["Shop", "Web shop"]


def test_verify_finds_an_edited_ledger_row_and_a_damaged_payload(auditor: Command, folder: Path) -> None:
    auditor("audit", folder)
    data_dir = find_data_dir(None, None)
    assert auditor("verify").code == 0
    payload = next(path for path in data_dir.rglob("payloads/**/*") if path.is_file())
    original = payload.read_bytes()
    payload.chmod(0o600)
    payload.write_bytes(original[:-9] + b"\0" * 9)
    outcome = auditor("verify", "--json")
    assert outcome.code == 4
    assert outcome.document["intact"] is False
    payload.write_bytes(original)
    assert auditor("verify").code == 0
    with sqlite3.connect(data_dir / "ledger.sqlite") as ledger:
        ledger.execute("update run set as_of = '2026-01-02T00:00:00Z' where number = 1")
    assert auditor("verify").code == 4


def test_a_data_directory_of_a_newer_version_is_refused(auditor: Command, folder: Path) -> None:
    auditor("audit", folder)
    data_dir = find_data_dir(None, None)
    (data_dir / "format").chmod(0o600)
    text = (data_dir / "format").read_text(encoding="utf-8")
    (data_dir / "format").write_text(text.replace("1", "999"), encoding="utf-8")
    outcome = auditor("audit", folder)
    assert outcome.code == 2
    assert "newer" in outcome.err


def test_assess_judges_stored_evidence_again_and_at_an_earlier_instant(auditor: Command, folder: Path) -> None:
    first = auditor("audit", folder, "--json").document
    again = auditor("assess", "--json").document
    assert again["seal"]["run"] == 2
    assert again["dimensions"] == first["dimensions"]
    later = auditor("assess", "--as-of", "2026-03-01", "--json").document
    assert later["as_of"] == "2026-03-01T00:00:00Z"
    # The evidence is two months old then: what was measured is carried or unknown, never a new measurement.
    assert later["observations"]["DOC-2.1"]["status"] == "unknown"
    assert auditor("assess", "--as-of", "2020-01-01").code == 2
    assert auditor("verify").code == 0


def test_a_configuration_is_audited_and_its_parameters_are_printed(
    auditor: Command, folder: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "format: 1\ndata_dir: store\nsources:\n  - {id: shop, collector: files, settings: {path: evidence}}\n"
        "scopes:\n  - {id: main, title: The shop, sources: [shop], parameters: {doc21_goal: 0.5}}\n",
        encoding="utf-8",
    )
    document = auditor("audit", "--config", config, "--json").document
    assert document["organisation"] == "The shop"
    assert document["rule_pack"]["parameters_changed"] == {"doc21_goal": [1.0, 0.5]}
    assert auditor("verify", "--config", config).code == 0


def test_a_parameter_outside_of_its_bounds_is_refused(auditor: Command, folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "format: 1\nsources:\n  - {id: shop, collector: files, settings: {path: evidence}}\n"
        "scopes:\n  - {id: main, sources: [shop], parameters: {doc21_goal: 7}}\n",
        encoding="utf-8",
    )
    outcome = auditor("audit", "--config", config)
    assert outcome.code == 2
    assert "doc21_goal" in outcome.err


def test_every_command_has_help_with_an_example(auditor: Command) -> None:
    for command in ("audit", "assess", "demo", "report", "explain", "verify", "schema"):
        text = auditor(command, "--help").out
        assert f"auditor {command}" in text.split("Options:")[0].split("\n", 1)[1], command


def test_an_internal_error_is_one_message_with_exit_code_5(
    auditor: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("auditor.usecases.audit.judge", broken)
    outcome = auditor("audit", folder)
    assert outcome.code == 5
    assert "a fault of ours" in outcome.err
    assert "Traceback" not in outcome.err


SLOW = """
import sys, time
import auditor.usecases.audit as audit
from auditor.cli import run
def slow(*_, **__):
    print("judging", flush=True)
    time.sleep(60)
audit.judge = slow
sys.exit(run(sys.argv[1:]))
"""


def test_ctrl_c_leaves_nothing_broken(folder: Path, tmp_path: Path, auditor: Command) -> None:
    arguments = [sys.executable, "-c", SLOW, "audit", str(folder), "--data-dir", str(tmp_path / "data")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        assert first == "judging\n", child.communicate()
        child.send_signal(signal.SIGINT)
        _, error = child.communicate(timeout=30)
    assert child.returncode == 130
    assert "nothing of this run was kept" in error
    assert auditor("audit", folder, "--data-dir", tmp_path / "data").code == 0
    assert auditor("verify", "--data-dir", tmp_path / "data").code == 0


def test_a_reader_that_goes_away_is_no_error(folder: Path, tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "auditor", "audit", str(folder), "--json", "--data-dir", str(tmp_path / "data")]
    read_end, write_end = os.pipe()
    with subprocess.Popen(arguments, stdout=write_end, stderr=subprocess.PIPE, text=True) as child:
        os.close(write_end)
        os.close(read_end)
        _, error = child.communicate(timeout=60)
    assert "Traceback" not in error
    assert child.returncode == 0


def test_help_does_not_load_heavy_libraries() -> None:
    code = (
        "import sys\nfrom auditor.cli import run\nrun(['--help'])\n"
        "sys.exit(','.join(name for name in ('duckdb', 'sqlglot', 'jinja2') if name in sys.modules) or 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
