"""Bad input through the real command: one message that says what, where and what to do, and the right exit code."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]
Spoil = Callable[[Path], object]

PACK = Path(__file__).parents[2] / "rules/slm-maturity"
CONFIG = """format: 1
data_dir: ./data
sources:
  - id: ferry
    collector: files
    settings:
      path: evidence
scopes:
  - id: line
    sources: [ferry]
    time_zone: UTC
    rule_pack: slm-maturity
"""


def text(name: str, content: str) -> Spoil:
    return lambda folder: (folder / name).write_text(content)


def manifest(old: str, new: str) -> Spoil:
    def spoil(folder: Path) -> None:
        path = folder / "manifest.yaml"
        before = path.read_text()
        assert old in before
        path.write_text(before.replace(old, new, 1))

    return spoil


@pytest.mark.parametrize(
    ("spoil", "what", "where"),
    [
        (shutil.rmtree, "there is no such folder", "evidence"),
        (lambda folder: (folder / "manifest.yaml").unlink(), "there is no manifest", "manifest.yaml"),
        (text("manifest.yaml", ""), "holds no keys", "manifest.yaml"),
        (text("manifest.yaml", "a: [\n"), "not YAML", "manifest.yaml:2"),
        (lambda folder: (folder / "manifest.yaml").write_bytes(b"\xff\xfe\x00"), "not UTF-8", "manifest.yaml:1"),
        (manifest("format: 1", "format: 2"), "format 2", "manifest.yaml:1"),
        (manifest("format: 1", "format: 1\nformat: 1"), "given twice", "manifest.yaml:2"),
        (manifest("format: 1", "format: 1\ncolour: red"), "no key 'colour'", "manifest.yaml:2"),
        (manifest("as_of: 2026-11-02T06:00:00Z\n", ""), "as_of is missing", "manifest.yaml"),
        (manifest("as_of: 2026", "as_of: 0001"), "as_of is not an instant", "manifest.yaml:3"),
        (manifest("status: ok", "status: okay"), "did you mean 'ok'", "manifest.yaml:7"),
        (manifest("denied: 0", "denied: -3"), "less than 0", "manifest.yaml:14"),
        (manifest("[service, party", "[servise, party"), "no stream 'servise'", "manifest.yaml:15"),
        (manifest("    declared_by: p-01\n", ""), "without declared_by", "manifest.yaml:16"),
        (manifest("source_id: desk", "source_id: metrics"), "two sources have the id", "manifest.yaml"),
    ],
)
def test_a_folder_that_cannot_be_used_is_one_message_and_leaves_nothing_behind(
    auditor: Command, folder: Path, tmp_path: Path, spoil: Spoil, what: str, where: str
) -> None:
    spoil(folder)
    outcome = auditor("audit", folder, "--json", "--data-dir", tmp_path / "data")
    assert outcome.code == 2
    assert what in outcome.error["what"]
    assert where in outcome.error["where"]
    assert outcome.error["cure"]
    assert not (tmp_path / "data").exists()


SERVICE = '{"service_id":"spa","name":"Spa","status":"live","tier":1}'
LINES = {
    "unknown field": (SERVICE.replace("tier", "teir"), "no field 'teir'"),
    "unknown enum": (SERVICE.replace("live", "alive"), "did you mean 'live'"),
    "wrong type": (SERVICE.replace(":1", ':"one"'), "tier is not a whole number"),
    "huge number": (SERVICE.replace(":1", ":" + "9" * 400), "too large"),
    "not a number": (SERVICE.replace(":1", ":NaN"), "NaN is no JSON number"),
    "key twice": (SERVICE.replace('"name"', '"service_id"'), "twice"),
    "id twice": (SERVICE.replace("spa", "booking"), "a second row of service with the key 'booking'"),
    "no id": ('{"name":"Spa","status":"live"}', "service_id is missing"),
    "dangling id": (SERVICE.replace("spa", "sauna").replace("}", ',"owner":"p-99"}'), "'p-99' names no row of person"),
    "no object": ("[1, 2]", "a list, not an object"),
    "NUL": (SERVICE + "\0", "NUL"),
    "half a line": (SERVICE[:-9], "cut off"),
}


def test_every_bad_line_is_one_gap_with_file_and_line_and_strict_refuses_them_all(
    auditor: Command, folder: Path, tmp_path: Path
) -> None:
    path = folder / "service.jsonl"
    first = len(path.read_text().splitlines()) + 1
    path.write_text(path.read_text() + "\n".join(bad for bad, _ in LINES.values()))
    outcome = auditor("audit", folder, "--json", "--data-dir", tmp_path / "data")
    assert outcome.code == 3
    found = {gap["place"]: gap["detail"] for gap in outcome.document["gaps"]}
    for line, (name, (_, said)) in enumerate(LINES.items(), start=first):
        assert said in found[f"service.jsonl:{line}"], name
    assert len(found) == len(LINES)

    refused = auditor("audit", folder, "--json", "--strict", "--data-dir", tmp_path / "other")
    assert refused.code == 2
    assert f"{len(LINES)} problems" in refused.error["what"]
    assert f"service.jsonl:{first}: " in refused.error["what"]


def test_a_line_of_200_megabytes_is_one_gap(auditor: Command, folder: Path, tmp_path: Path) -> None:
    with (folder / "service.jsonl").open("ab") as file:
        file.write(b'{"service_id":"')
        for _ in range(200):
            file.write(b"x" * 1_000_000)
        file.write(b'"}\n')
    outcome = auditor("audit", folder, "--json", "--data-dir", tmp_path / "data")
    assert outcome.code == 3
    (gap,) = outcome.document["gaps"]
    assert "longer than" in gap["detail"]


@pytest.mark.parametrize("instant", ["soon", "2026-01-01T00:00:00", "0001-01-01", "0001-01-01T00:00:00+14:00"])
def test_an_instant_that_cannot_be_judged_at_is_refused(auditor: Command, folder: Path, instant: str) -> None:
    outcome = auditor("audit", folder, "--json", "--as-of", instant)
    assert outcome.code == 2
    assert instant in outcome.error["what"]


@pytest.mark.parametrize(
    ("old", "new", "what", "where"),
    [
        ("time_zone", "timezone", "no such setting", "config.yaml:11"),
        ("[ferry]", "ferry", "list", "config.yaml:10"),
        ("[ferry]", "[fairy]", "'fairy', which is not configured", "config.yaml:10"),
        ("UTC", "Mars/Base", "Mars/Base", "config.yaml:11"),
        ("format: 1", "format: 9", "format 9", "config.yaml:1"),
        ("id: line", "id: line\n    id: line", "given twice", "config.yaml:10"),
        ("slm-maturity", "slm-immaturity", "no rule pack 'slm-immaturity'", "slm-immaturity"),
        ("slm-maturity\n", "slm-maturity\n    parameters: {classify_mn: 1}\n", "classify_mn", "classify_mn"),
        ("slm-maturity\n", "slm-maturity\n    parameters: {classify_min: 7}\n", "above 1", "classify_min"),
    ],
)
def test_a_wrong_configuration_is_one_message_with_its_line(
    auditor: Command, folder: Path, old: str, new: str, what: str, where: str
) -> None:
    path = folder.parent / "config.yaml"
    path.write_text(CONFIG.replace(old, new, 1))
    outcome = auditor("audit", "--config", path, "--json")
    assert outcome.code == 2
    assert what in outcome.error["what"]
    assert where in outcome.error["where"]
    assert outcome.error["cure"]
    assert not (folder.parent / "data").exists()


def pack_asking(folder: Path, sql: str) -> None:
    """A copy of the built-in pack, next to a configuration that uses it, whose PM-1.2 asks something else."""
    pack = shutil.copytree(
        PACK, folder.parent / "my-pack", ignore=shutil.ignore_patterns("organisations", "*.cases.yaml")
    )
    path = pack / "indicators/PM/PM-1.2.yaml"
    given = path.read_text()
    asking = re.sub(r"items: \|\n(?:  .*\n)+", f"items: |\n  {sql}\n", given).replace(
        "report_delivery: pop", "service: pop"
    )
    path.write_text(re.sub(r"window: \{.*\}", "window: none", asking))
    (folder.parent / "config.yaml").write_text(CONFIG.replace("slm-maturity", "./my-pack"))


ROW = "cast(1 as double) as met_lo, cast(1 as double) as met_hi, [_ref] as evidence from service"


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("selec 1", "SQL syntax"),
        (f"select name as item, nothing, {ROW}", "nothing"),
        (f"select name as item, {ROW.replace('service', 'servise')}", "'servise'"),
        (f"select name as item, {ROW.replace('service', 'outcome')}", "'outcome'"),
        (f"""select name as item, {ROW.replace("service", "read_csv('/etc/passwd')")}""", "read_csv is not allowed"),
        (f"""select name as item, {ROW.replace("service", "'/etc/passwd'")}""", "/etc/passwd"),
        (f"select getenv('HOME') as item, {ROW}", "getenv is not allowed"),
        ("attach 'x.db' as x", "only one SELECT"),
        ("install httpfs", "only one SELECT"),
        (f"select name as item, {ROW}; drop table service", "only one SELECT"),
    ],
)
def test_a_pack_that_cannot_be_loaded_is_refused_with_the_line_of_its_sql(
    auditor: Command, folder: Path, sql: str, what: str
) -> None:
    pack_asking(folder, sql)
    outcome = auditor("audit", "--config", folder.parent / "config.yaml", "--json")
    assert outcome.code == 2
    assert what in outcome.error["what"]
    assert re.search(r"my-pack/indicators/PM/PM-1\.2\.yaml:\d+$", outcome.error["where"])
    assert not (folder.parent / "data").exists()


@pytest.mark.parametrize(
    "sql",
    [
        f"select error('no') as item, {ROW}",
        f"select name as item, {ROW.replace('1 as double) as met_hi', 'name as double) as met_hi')}",
        f"select 'x' as item, {ROW}",
        f"select name as item, {ROW.replace('1 as double) as met_hi', '5 as double) as met_hi')}",
    ],
    ids=["fails", "does not convert", "items twice", "degree above one"],
)
def test_an_indicator_that_fails_is_unknown_and_the_others_are_judged(auditor: Command, folder: Path, sql: str) -> None:
    pack_asking(folder, sql)
    outcome = auditor("audit", "--config", folder.parent / "config.yaml", "--json")
    if outcome.code == 2:
        assert "PM-1.2" in outcome.error["where"]
        return
    assert outcome.code == 3
    failed = outcome.document["observations"]["PM-1.2"]
    assert failed["status"] == "unknown"
    assert [note["reason"] for note in failed["reasons"]] == ["rule-failed"]
    assert outcome.document["dimensions"]["DOC"]["confirmed"] == 2


@pytest.fixture
def store(auditor: Command, folder: Path, tmp_path: Path) -> Path:
    """A data directory with one audit in it."""
    assert auditor("audit", folder, "--data-dir", tmp_path / "data").code == 0
    return tmp_path / "data"


def damaged_payload(store: Path) -> None:
    path = min((store / "payloads").rglob("*.gz"))
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-20])


def edited_ledger(store: Path) -> None:
    with sqlite3.connect(store / "ledger.sqlite") as ledger:
        for (name,) in ledger.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            ledger.execute(f'drop trigger "{name}"')
        ledger.execute("update run set as_of = '2020-01-01T00:00:00Z'")
    ledger.close()


def lost_segment(store: Path) -> None:
    min((store / "segments").rglob("*.parquet")).unlink()


@pytest.mark.parametrize("damage", [damaged_payload, edited_ledger, lost_segment])
def test_damage_in_the_store_is_found_by_verify(auditor: Command, store: Path, damage: Spoil) -> None:
    assert auditor("verify", "--data-dir", store).code == 0
    damage(store)
    outcome = auditor("verify", "--data-dir", store, "--json")
    assert outcome.code == 4
    assert outcome.document["intact"] is False
    assert auditor("verify", "--data-dir", store).code == 4


def test_a_store_of_a_newer_version_is_refused_and_left_alone(auditor: Command, folder: Path, store: Path) -> None:
    (store / "format").write_text("auditor-data 99\n")
    outcome = auditor("audit", folder, "--json", "--data-dir", store)
    assert outcome.code == 2
    assert "format 99" in outcome.error["what"]
    assert (store / "format").read_text() == "auditor-data 99\n"
