"""What a pack still owes, its catalogue, its schemas, and where packs are found."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from rulepack_kit import FILES, spoil, write_pack

import auditor
from auditor.errors import RulePackError
from auditor.rulepack.cases import load_pack_cases
from auditor.rulepack.catalogue import catalogue
from auditor.rulepack.lint import Finding, lint_pack
from auditor.rulepack.load import load_pack
from auditor.rulepack.locate import built_in_packs, locate_pack
from auditor.rulepack.schema import NAMES, pack_schema
from auditor.yamlfile import load_yaml

DOC = "indicators/DOC/DOC-2.1"


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """The small pack with cases for its measure too, so that it owes nothing."""
    kinds = ("met", "boundary", "not-met", "empty", "no-source", "partial", "stale")
    cases = "not_applicable:\n" + "".join(f"  {kind}: not shown\n" for kind in kinds)
    limits = FILES["indicators/PM/PM-2.1.yaml"].replace("look_at:", "limits: [{id: more, says: More.}]\nlook_at:")
    changed = {"indicators/PM/PM-2.1.cases.yaml": cases, "indicators/PM/PM-2.1.yaml": limits}
    return write_pack(tmp_path / "sound", changed)


def _whats(folder: Path) -> list[str]:
    return [finding.what for finding in lint_pack(folder)]


def test_a_pack_that_owes_nothing_has_no_findings(sound: Path) -> None:
    assert lint_pack(sound) == []


def test_every_kind_of_case_is_shown_or_said_not_to_apply(sound: Path) -> None:
    spoil(sound, f"{DOC}.cases.yaml", "  stale: not shown\n", "")
    where = str(sound / f"{DOC}.cases.yaml")
    assert lint_pack(sound) == [Finding(where, "no case of kind stale, and no reason under not_applicable")]


def test_every_guard_and_condition_is_shown_by_a_case(sound: Path) -> None:
    spoil(sound, f"{DOC}.cases.yaml", "kind: gaming:live", "kind: other")
    spoil(sound, f"{DOC}.cases.yaml", "kind: gaming:one-agreement", "kind: gaming:elsewhere")
    assert _whats(sound) == [
        "no case of kind gaming:one-agreement shows the counter-check",
        "no case of kind gaming:live shows the counter-check",
        "a case of kind gaming:elsewhere, and no such guard or condition",
    ]


def test_an_indicator_without_any_counter_check_is_found(sound: Path) -> None:
    spoil(sound, "indicators/PM/PM-2.1.yaml", "limits: [{id: more, says: More.}]\n", "")
    assert _whats(sound) == ["PM-2.1 has no guard, condition or limit"]


def test_missing_and_stray_case_files_are_found(sound: Path) -> None:
    shutil.move(sound / f"{DOC}.cases.yaml", sound / "indicators/DOC/DOC-2.2.cases.yaml")
    (sound / "views/01-live-service.cases.yaml").unlink()
    assert _whats(sound) == [
        "DOC-2.1 has no cases beside it",
        "the view live_service has no cases beside it",
        "cases of DOC-2.2, which the pack does not have",
    ]


def test_a_parameter_that_nothing_uses_is_found(sound: Path) -> None:
    names = ("idle", "lower_cells_min")
    more = "".join(f"  - {{name: {name}, value: 1, doc: Nothing., basis: chosen}}\n" for name in names)
    spoil(
        sound,
        "parameters.yaml",
        "    doc: Goal of PM-2.1.\n    basis: chosen\n",
        f"    doc: Goal of PM-2.1.\n    basis: chosen\n{more}",
    )
    assert lint_pack(sound) == [Finding(str(sound / "parameters.yaml"), "nothing uses the parameter idle")]


def test_a_pack_that_does_not_load_is_refused(sound: Path) -> None:
    spoil(sound, "views/01-live-service.sql", "from service", "from servce")
    with pytest.raises(RulePackError):
        lint_pack(sound)


def test_the_catalogue_holds_everything_a_reader_needs(sound: Path) -> None:
    text = catalogue(load_pack(sound), load_pack_cases(sound))
    for part in (
        "# A small pack",
        "Rule pack `small`, version 0.1.0: 2 indicators, 2 views, 5 cases.",
        "## DOC: Documentation",
        "### DOC level 3\n\nMuch.\n\nNo indicators yet: the cell is not assessed (`not-in-pack`).",
        "**Which services have an agreement?**",
        "What is not agreed cannot be kept.",
        "- goal: at least 0.9 share (parameter `goal.DOC-2.1`)",
        "- needs: `service` (population), `agreement` of kind SLA (optional)",
        "- counts: share of a population, for each service too",
        "- one-agreement, effect factor 0.5: One agreement covers everything.",
        "- live, part of the items: Only live services count.",
        "- elsewhere, a limit that no stream can decide: Agreements outside of the sources stay unseen.",
        "- met: A service with an agreement.",
        "- no case of kind stale: not shown",
        "- window: 30 days, widened to 90, 180",
        "- version: 3 (experimental), formerly PM-2.9",
        "- to improve (effort M): Agree on it.",
        "- look at: The agreement.",
        "Guard one-agreement:\n\n```sql\nselect null as item",
        "Proof that there is nothing:\n\n```sql\nselect count(*) > 0 from source_run",
        "where status = 'live' and tier <= $p.tier_max",
        "Live services with an agreement in force. Reads `agreement`, `service`.",
        "| `tier_max` | 2 |  | 1 to 4 | Highest tier that counts. | chosen |",
        "| `kinds` | SLA |  |  | Kinds of agreement that count. | chosen |",
    ):
        assert part in text, part
    assert text == catalogue(load_pack(sound), load_pack_cases(sound))


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("pack", "pack.yaml"),
        ("parameters", "parameters.yaml"),
        ("dimension", "dimensions/01-documentation.yaml"),
        ("indicator", f"{DOC}.yaml"),
        ("indicator", "indicators/PM/PM-2.1.yaml"),
        ("cases", f"{DOC}.cases.yaml"),
        ("view-cases", "views/02-agreed-service.cases.yaml"),
    ],
)
def test_the_schemas_know_the_keys_that_the_loader_knows(sound: Path, name: str, file: str) -> None:
    schema = pack_schema(name)
    document = load_yaml(sound / file, RulePackError).value
    assert schema["additionalProperties"] is False
    assert set(schema.get("required", ())) <= set(document) <= set(schema["properties"])
    if name in ("cases", "view-cases"):
        case = schema["$defs"]["CaseForm"]
        expect = schema["$defs"]["Expect"]
        for entry in document["cases"]:
            assert set(case["required"]) <= set(entry) <= set(case["properties"])
            assert set(entry["expect"]) <= set(expect["properties"])


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_of_a_schema_leads_somewhere(name: str) -> None:
    schema = pack_schema(name)
    references = set(re.findall(r"\"\$ref\":\"#/\$defs/([^\"]+)\"", orjson.dumps(schema).decode()))
    assert references <= set(schema.get("$defs", {}))
    assert name not in ("cases", "view-cases") or {"CaseForm", "Expect"} <= references


def test_a_pack_is_found_by_name_or_path(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "slm-maturity" in built_in_packs()
    assert (locate_pack("slm-maturity") / "pack.yaml").is_file()
    assert locate_pack(str(pack)) == pack
    monkeypatch.chdir(pack.parent)
    assert locate_pack("./small").resolve() == pack


def test_a_wheel_brings_its_own_packs(pack: Path, tmp_path: Path) -> None:
    package = tmp_path / "site" / "auditor"
    shutil.copytree(Path(auditor.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(pack, package / "_rules" / "small")
    program = "from auditor.rulepack.locate import *; print(built_in_packs(), locate_pack('small'))"
    environment = {**os.environ, "PYTHONPATH": str(package.parent)}
    found = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == f"('small',) {package / '_rules' / 'small'}"


@pytest.mark.parametrize("name", ["no-such-pack", "./no-such-pack", ""])
def test_a_pack_that_is_not_there_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(RulePackError) as refused:
        locate_pack(name)
    assert "slm-maturity" in str(refused.value.cure)
