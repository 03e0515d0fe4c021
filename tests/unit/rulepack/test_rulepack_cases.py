"""Case files: what they say, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from rulepack_kit import FILES, spoil

from auditor.errors import RulePackError
from auditor.model.evidence import SourceKind
from auditor.rulepack.cases import Expect, ExpectRows, load_cases, load_pack_cases

DOC = "indicators/DOC/DOC-2.1.cases.yaml"
VIEW = "views/02-agreed-service.cases.yaml"


def _write(folder: Path, text: str) -> Path:
    path = folder / "X-1.1.cases.yaml"
    path.write_text(text)
    return path


def test_a_pack_has_the_cases_of_its_indicators_and_views(pack: Path) -> None:
    files = {file.subject: file for file in load_pack_cases(pack)}
    assert list(files) == ["DOC-2.1", "live_service", "agreed_service"]
    assert [file.is_view for file in files.values()] == [False, True, True]
    assert [case.kind for case in files["DOC-2.1"].cases] == ["met", "gaming:live", "gaming:one-agreement"]
    assert files["DOC-2.1"].not_applicable["stale"] == "not shown"


def test_a_case_compares_exactly_what_it_names(pack: Path) -> None:
    case = load_pack_cases(pack)[0].cases[0]
    assert isinstance(case.expect, Expect)
    assert case.expect.given == {"status", "lo", "point", "items", "reasons"}
    assert (case.expect.lo, case.expect.point, case.expect.items) == (0.45, None, {"a": (1.0, 1.0), "b": None})
    assert case.expect.reasons == ("scope-incomplete",)


def test_a_case_has_sensible_defaults(pack: Path) -> None:
    case = load_pack_cases(pack)[0].cases[2]
    assert case.at == datetime(2026, 1, 1, tzinfo=UTC)
    assert (case.given, case.no_source, case.denied, case.retention_days) == ({}, frozenset(), 0, None)
    assert case.place == f"{pack / DOC}:{FILES[DOC].splitlines().index('  - name: One agreement for all.') + 1}"


def test_rows_carry_their_provenance(pack: Path) -> None:
    (row,) = load_pack_cases(pack)[0].cases[1].given["service"]
    assert (row["_source"], row["_reliability"]) == ("crm", "R4")


def test_a_case_can_set_everything(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        """\
cases:
  - name: All of it.
    kind: partial
    at: 2026-03-01T12:00:00+02:00
    time_zone: Europe/Berlin
    source_kind: ticketing
    given: {ticket: [{ticket_id: t, kind: incident, _fetched_at: 2026-02-01T00:00:00Z}]}
    no_source: [agreement]
    not_complete: [ticket]
    denied: 2
    failed: true
    pulled_days_ago: 20.5
    retention_days: 40
    parameters: {classify_min: 0.7, goal.X-1.1: 1}
    expect: {n: 1, value: 0.5, cites: 2, guards: [], flags: [odd]}
""",
    )
    case = load_cases(path, "X-1.1", is_view=False).cases[0]
    assert case.at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert (case.time_zone, case.source_kind) == ("Europe/Berlin", SourceKind.TICKETING)
    assert (case.no_source, case.not_complete) == ({"agreement"}, {"ticket"})
    assert (case.denied, case.failed, case.pulled_days_ago, case.retention_days) == (2, True, 20.5, 40)
    assert case.parameters == {"classify_min": 0.7, "goal.X-1.1": 1}
    assert isinstance(case.expect, Expect)
    assert (case.expect.n, case.expect.value, case.expect.cites, case.expect.flags) == (1, 0.5, 2, ("odd",))


def test_a_view_expects_rows_or_their_number(pack: Path) -> None:
    files = {file.subject: file for file in load_pack_cases(pack)}
    assert files["live_service"].cases[0].expect == ExpectRows(None, 0, ignore_order=False)
    assert files["agreed_service"].cases[0].expect == ExpectRows(({"service_id": "a"},), None, ignore_order=False)


# Name: what stands there, what stands there now, what is said, the line where it is not the changed one.
FAULTS: dict[str, tuple[str, ...]] = {
    "kind": ("kind: met", "kind: mett", "there is no kind 'mett'; did you mean met?"),
    "gaming without id": ("kind: gaming:live", "kind: 'gaming:'", "there is no kind 'gaming:'"),
    "status": ("status: measured", "status: fine", "Input should be 'measured'"),
    "reason": ("reasons: [scope-incomplete]", "reasons: [scope]", "there is no reason 'scope'"),
    "bounds": ("a: [1, 1]", "a: [1]", "expect.items.a"),
    "verdict": ("b: left out", "b: leftout", "expect.items.b"),
    "no such key": ("expect: {n: 0}", "expect: {m: 0}", "m: there is no such key"),
    "nothing expected": ("expect: {n: 0}", "expect: {}", "the case expects nothing"),
    "same name": ("name: One agreement for all.", "name: A service with an agreement.", "two cases are called"),
    "stream": (
        "agreement: [{agreement_id: g",
        "agreemnt: [{agreement_id: g",
        "there is no stream 'agreemnt'; did you mean",
    ),
    "control stream": ("agreement: [{agreement_id: g", "waiver: [{agreement_id: g", "there is no stream 'waiver'"),
    "field": ("approved_at: 2025", "aproved_at: 2025", "aproved_at"),
    "value": ("status: retired", "status: gone", "gone"),
    "missing key": ("{service_id: a, status: live, tier: 1}", "{status: live, tier: 1}", "service_id"),
    "tier": ("_reliability: R4", "_reliability: R9", "_reliability 'R9' is none of R0"),
    "row": ("[{service_id: a, status: live, tier: 1}]", "[a]", "given.service.0"),
    "not applicable": ("  boundary: not shown", "  met: not shown", "a case of kind met is there"),
    "no reason": ("  boundary: not shown", '  boundary: ""', "not_applicable.boundary: must not be empty"),
    "odd kind": ("  boundary: not shown", "  border: not shown", "there is no kind 'border'"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_with_its_file_and_line(pack: Path, name: str) -> None:
    old, new, says = FAULTS[name]
    place = spoil(pack, DOC, old, new)
    with pytest.raises(RulePackError) as refused:
        load_pack_cases(pack)
    assert says in refused.value.what.splitlines()[0]
    assert refused.value.where == place
    assert refused.value.cure


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("at: 2026-01-01", "'2026-01-01' is no instant with a zone"),
        ("at: 2026-01-01T00:00:00", "is no instant with a zone"),
        ("at: soon", "'soon' is no instant"),
        ("time_zone: Mars/Base", "there is no time zone 'Mars/Base'"),
        ("time_zone: ../../etc/hostname", "there is no time zone"),
        ("source_kind: spy", "source_kind"),
        ("denied: -1", "denied"),
        ("no_source: [nothing]", "there is no stream 'nothing'"),
        ("given: {service: [{service_id: a, _fetched_at: yesterday}]}", "_fetched_at 'yesterday' is no instant"),
    ],
)
def test_what_surrounds_the_evidence_is_checked_too(tmp_path: Path, line: str, says: str) -> None:
    path = _write(tmp_path, f"cases:\n  - name: One.\n    {line}\n    expect: {{n: 0}}\n")
    with pytest.raises(RulePackError) as refused:
        load_cases(path, "X-1.1", is_view=False)
    assert says in refused.value.what
    assert refused.value.where == f"{path}:3"


@pytest.mark.parametrize("expect", ["{count: 1, rows: []}", "{ignore_order: true}", "{}", "{n: 1}"])
def test_a_view_case_expects_one_thing(pack: Path, expect: str) -> None:
    spoil(pack, VIEW, "expect: {rows: [{service_id: a}]}", f"expect: {expect}")
    with pytest.raises(RulePackError, match="either rows or a count|there is no such key"):
        load_pack_cases(pack)


def test_faults_of_many_files_are_told_at_once(pack: Path) -> None:
    places = [spoil(pack, DOC, "kind: met", "kind: mett"), spoil(pack, VIEW, "rows:", "row:")]
    with pytest.raises(RulePackError) as refused:
        load_pack_cases(pack)
    for place in places:
        assert place in str(refused.value)
