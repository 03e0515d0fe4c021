"""The case runner: a small pack on disk, whose cases come out as they should or say why not."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from auditor.errors import EvidenceError
from auditor.rulepack.cases import load_pack_cases
from auditor.rulepack.load import load_pack
from auditor.testing.bench import EvidenceBench
from auditor.testing.cases import CaseResult, CaseRunner, run_cases

INDICATOR = """
id: DOC-2.1
version: 1
lifecycle: stable
dimension: DOC
level: 2
role: core
type: population
question: Has every live service an agreement?
why: Without one there is nothing to measure against.
basis: chosen
asks: documented
needs: {service: population, agreement: optional}
unit: share
direction: more
goal: 0.8
min_n: 1
max_pull_age: std
window: none
reaction_window: none
when_empty: {no_source: unknown, nothing_found: not-met}
per_service: false
items: |
  select l.service_id as item, cast(a._ref is not null as double) as met_lo,
    cast(a._ref is not null as double) as met_hi,
    case when a._ref is null then [l._ref] else [l._ref, a._ref] end as evidence,
    case when a._ref is null then ['agreement'] end as absent
  from live as l left join agreement as a on a.agreement_id = l.service_id and a.kind_conf >= $p.sure
guards:
  - id: lonely
    effect: cap
    amount: 0.5
    says: There is only one
    sql: select null as item from live having count(*) = 1
look_at: the agreement
remediation: {effort: S, text: Write one.}
"""
VIEW = "-- Services that are live.\nselect service_id, tier, _ref from service where status = 'live'\n"
PASSING = """
cases:
  - name: One of two is met.
    kind: met
    given:
      service: [{service_id: a, status: live}, {service_id: b, status: live}, {service_id: c, status: retired}]
      agreement: [{agreement_id: a, kind: SLA, kind_conf: 0.7}]
    expect:
      {status: measured, lo: 0.625, point: 0.625, hi: 0.625, value: 0.5, n: 2, reasons: [], guards: [], flags: [],
       cites: 3, items: {a: [1, 1], b: [0, 0]}}
  - name: A parameter decides, the goal too.
    parameters: {sure: 0.75, goal.DOC-2.1: 0.5}
    given:
      service: [{service_id: a, status: live}, {service_id: b, status: live}]
      agreement: [{agreement_id: a, kind: SLA, kind_conf: 0.7}]
    expect: {lo: 0}
  - name: The same with the stricter goal alone.
    parameters: {goal.DOC-2.1: 0.5}
    given:
      service: [{service_id: a, status: live}, {service_id: b, status: live}]
      agreement: [{agreement_id: a, kind: SLA, kind_conf: 0.7}]
    expect: {lo: 1}
  - name: A guard holds.
    given: {service: [{service_id: a, status: live}], agreement: [{agreement_id: a, kind: SLA, kind_conf: 1}]}
    expect: {hi: 0.5, guards: [lonely]}
  - name: Nobody answers.
    kind: no-source
    no_source: [service]
    expect: {status: unknown, lo: 0, point: null, hi: 1, reasons: [no-source]}
  - name: Nothing found in an incomplete scope.
    kind: empty
    not_complete: [service]
    expect: {status: unknown, reasons: [scope-incomplete]}
  - name: Items were denied.
    kind: partial
    denied: 1
    given: {service: [{service_id: a, status: live}], agreement: [{agreement_id: a, kind: SLA, kind_conf: 1}]}
    expect: {lo: 0.5, reasons: [partial-source]}
  - name: The pull failed.
    failed: true
    expect: {status: unknown, reasons: [partial-source]}
  - name: The pull is old.
    kind: stale
    pulled_days_ago: 20
    expect: {status: unknown, reasons: [stale-pull]}
  - name: Tickets are pulled more often.
    source_kind: ticketing
    pulled_days_ago: 5
    expect: {status: unknown, reasons: [stale-pull]}
  - name: Rows of another source are of that source.
    pulled_days_ago: 0
    given: {service: [{service_id: a, status: live, _source: wiki, _reliability: R0}]}
    expect: {lo: 0, hi: 0, n: 1}
"""
VIEW_CASES = """
cases:
  - name: Live ones are there, in any order, by the columns that are named.
    given:
      service:
        - {service_id: b, status: live, tier: 2}
        - {service_id: a, status: live}
        - {service_id: c, status: retired}
    expect: {rows: [{service_id: a, tier: null}, {service_id: b, tier: 2}], ignore_order: true}
  - name: None.
    expect: {count: 0}
"""
STATEMENTS = "\n".join(f"  '{level}': something" for level in range(1, 6))


def write(folder: Path, cases: str = PASSING, view_cases: str = VIEW_CASES) -> Path:
    files = {
        "pack.yaml": "id: tiny\nversion: '1'\ntitle: Tiny\nrequires_auditor: '>=0'\ndimensions: [DOC]\n",
        "parameters.yaml": """
            parameters:
              - {name: sure, value: 0.6, unit: confidence, low: 0, high: 1, doc: Confidence., basis: chosen}
        """,
        "dimensions/01-documentation.yaml": f"code: DOC\ntitle: Doc\nsummary: Doc.\nstatements:\n{STATEMENTS}\n",
        "views/01-live.sql": VIEW,
        "views/01-live.cases.yaml": view_cases,
        "indicators/DOC/DOC-2.1.yaml": INDICATOR,
        "indicators/DOC/DOC-2.1.cases.yaml": cases,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    return folder


def one(folder: Path, case: str, **where: str) -> CaseResult:
    """The result of a single case given as the lines below `cases:`."""
    write(
        folder,
        **{where.get("file", "cases"): f"cases:\n  - name: A case.\n{textwrap.indent(textwrap.dedent(case), '    ')}"},
    )
    subject = "live" if where else "DOC-2.1"
    (result,) = run_cases(folder, only=subject)
    return result


def test_cases_that_come_out_as_expected_pass(tmp_path):
    results = run_cases(write(tmp_path))
    assert {result.name: result.difference for result in results if not result.passed} == {}
    assert len(results) == 13


def test_only_one_subject_runs_when_it_is_named(tmp_path):
    results = run_cases(write(tmp_path), only="live")
    assert [(result.subject, result.passed) for result in results] == [("live", True)] * 2
    assert run_cases(tmp_path, only="DOC-9.9") == []


def test_cases_do_not_see_each_other(tmp_path):
    """In whatever order they run, on one database."""
    pack, files = load_pack(write(tmp_path)), load_pack_cases(tmp_path)
    pairs = [(file, case) for file in files for case in file.cases]
    with CaseRunner(pack) as runner:
        assert all(runner.run(*pair).passed for pair in [*pairs, *reversed(pairs)])


def test_overrides_hold_for_all_cases(tmp_path):
    results = run_cases(write(tmp_path), overrides={"sure": 0.9})
    assert {result.name for result in results if not result.passed} == {
        "One of two is met.",
        "The same with the stricter goal alone.",
    }


@pytest.mark.parametrize(
    ("expect", "line"),
    [
        ("{lo: 1}", "lo: expected 1, got 0.625"),
        ("{point: null}", "point: expected null, got 0.625"),
        ("{status: unknown}", "status: expected unknown, got measured"),
        ("{n: 3}", "n: expected 3, got 2"),
        ("{value: 0.6}", "value: expected 0.6, got 0.5"),
        ("{cites: 1}", "cites: expected 1, got 3"),
        ("{guards: [lonely]}", "guards: expected ['lonely'], got []"),
        ("{reasons: [no-source]}", "reasons: expected ['no-source'], got []"),
        ("{items: {a: [0, 1]}}", "item a: expected [0, 1], got [1, 1]"),
        ("{items: {a: left out}}", "item a: expected left out, got [1, 1]"),
        ("{items: {z: [1, 1]}}", "item z: expected [1, 1], got no such item; there are ['a', 'b']"),
    ],
)
def test_a_difference_says_what_was_expected_and_what_came(tmp_path, expect, line):
    result = one(
        tmp_path,
        f"""
        given:
          service: [{{service_id: a, status: live}}, {{service_id: b, status: live}}]
          agreement: [{{agreement_id: a, kind: SLA, kind_conf: 0.7}}]
        expect: {expect}
        """,
    )
    assert not result.passed
    assert line in result.difference
    assert result.place.endswith("DOC-2.1.cases.yaml:2")


def test_a_difference_names_the_reasons_of_the_observation(tmp_path):
    result = one(tmp_path, "no_source: [service]\nexpect: {lo: 1}")
    assert "because: no-source: no source answers for service" in result.difference


def test_reasons_that_nobody_expected_are_a_difference_when_none_is_expected(tmp_path):
    result = one(tmp_path, "no_source: [service]\nexpect: {reasons: []}")
    assert "reasons: expected [], got ['no-source']" in result.difference


def test_a_statement_that_fails_in_a_view_is_a_difference(tmp_path):
    """What runs out only with these rows: loading cannot see it."""
    (write(tmp_path) / "views" / "01-live.sql").write_text(
        "-- Fails.\nselect cast(service_id as integer) as n from service\n"
    )
    (tmp_path / "indicators" / "DOC" / "DOC-2.1.yaml").unlink()
    (tmp_path / "indicators" / "DOC" / "DOC-2.1.cases.yaml").unlink()
    cases = "cases:\n  - name: A case.\n    given: {service: [{service_id: a, status: live}]}\n    expect: {count: 1}\n"
    (tmp_path / "views" / "01-live.cases.yaml").write_text(cases)
    (result,) = run_cases(tmp_path)
    assert "cannot run" in result.difference
    assert "view live failed" in result.difference


def test_a_parameter_that_does_not_exist_is_a_difference(tmp_path):
    result = one(tmp_path, "parameters: {shure: 1}\nexpect: {lo: 1}")
    assert "no parameter shure" in result.difference


@pytest.mark.parametrize(
    ("expect", "line"),
    [
        ("{count: 1}", "count: expected 1, got 2"),
        ("{rows: [{service_id: a}]}", "got a row (service_id) = ('b',)"),
        ("{rows: [{service_id: a}, {service_id: z}]}", "expected a row (service_id) = ('z',)"),
        ("{rows: [{service_id: a, tier: 1}, {service_id: b, tier: 2}]}", "got a row (service_id, tier) = ('b', None)"),
        ("{rows: [{name: a}]}", "the view has no column name"),
    ],
)
def test_rows_of_a_view_are_compared_by_their_named_columns(tmp_path, expect, line):
    result = one(
        tmp_path,
        f"""
        given: {{service: [{{service_id: a, status: live, tier: 1}}, {{service_id: b, status: live}}]}}
        expect: {expect}
        """,
        file="view_cases",
    )
    assert line in result.difference


def test_rows_may_be_expected_in_order(tmp_path):
    result = one(
        tmp_path,
        """
        given: {service: [{service_id: a, status: live}, {service_id: b, status: live}]}
        expect: {rows: [{service_id: b}, {service_id: a}]}
        """,
        file="view_cases",
    )
    assert "rows came in another order" in result.difference


def test_rows_that_do_not_fit_their_stream_are_refused_by_the_bench():
    with EvidenceBench() as bench:
        with pytest.raises(EvidenceError, match="service, row 2: tier"):
            bench.fill({"service": [{"service_id": "a"}, {"service_id": "b", "tier": "gold"}]})
        with pytest.raises(EvidenceError, match="no field 'teir'"):
            bench.fill({"service": [{"service_id": "a", "teir": 1}]})
        with pytest.raises(EvidenceError, match="no stream 'servces'"):
            bench.fill({"servces": [{"service_id": "a"}]})
