"""A small sound rule pack as text, to be written whole and then spoiled in one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.errors import RulePackError
from auditor.rulepack.load import load_pack

FILES = {
    "pack.yaml": """\
id: small
version: 0.1.0
title: A small pack
requires_auditor: ">=0.1"
dimensions: [DOC, PM]
""",
    "parameters.yaml": """\
parameters:
  - name: tier_max
    value: 2
    low: 1
    high: 4
    doc: Highest tier that counts.
    basis: chosen
  - name: kinds
    value: [SLA]
    doc: Kinds of agreement that count.
    basis: chosen
  - name: measured_goal
    value: 0.8
    unit: share
    low: 0
    high: 1
    doc: Goal of PM-2.1.
    basis: chosen
""",
    "dimensions/01-documentation.yaml": """\
code: DOC
title: Documentation
summary: What is written down.
statements:
  1: Nothing.
  2: Something.
  3: Much.
  4: All.
  5: All, from one source.
""",
    "dimensions/02-measurement.yaml": """\
code: PM
title: Measurement
summary: What is measured.
statements: {1: a, 2: b, 3: c, 4: d, 5: e}
""",
    "views/01-live-service.sql": """\
-- Live services.
-- One row each.
select service_id, tier, _ref
from service
where status = 'live' and tier <= $p.tier_max
""",
    "views/02-agreed-service.sql": """\
-- Live services with an agreement in force.
select s.service_id, a._ref
from live_service as s join agreement as a on list_contains(a.service_ids, s.service_id)
where list_contains($p.kinds, a.kind) and a.approved_at <= $T
""",
    "views/01-live-service.cases.yaml": """\
cases:
  - name: A retired service is none.
    given: {service: [{service_id: a, status: retired, tier: 1}]}
    expect: {count: 0}
""",
    "views/02-agreed-service.cases.yaml": """\
cases:
  - name: An approved SLA agrees a service.
    given:
      service: [{service_id: a, status: live, tier: 1}]
      agreement: [{agreement_id: g, kind: SLA, service_ids: [a], approved_at: 2025-01-01T00:00:00Z}]
    expect: {rows: [{service_id: a}]}
""",
    "indicators/DOC/DOC-2.1.yaml": """\
id: DOC-2.1
version: 1
lifecycle: stable
dimension: DOC
level: 2
role: core
type: population
question: Which services have an agreement?
why: What is not agreed cannot be kept.
basis: chosen
asks: documented
needs:
  service: population
  agreement: {use: optional, kinds: [SLA]}
unit: share
direction: more
goal: 0.9
min_n: 1
max_pull_age: std
window: none
reaction_window: none
when_empty: {no_source: unknown, nothing_found: not-met}
per_service: true
items: |
  select s.service_id as item, s.service_id,
    cast(count(a.service_id) > 0 as double) as met_lo,
    cast(count(a.service_id) > 0 as double) as met_hi,
    list(s._ref) as evidence
  from live_service as s left join agreed_service as a using (service_id)
  group by s.service_id
guards:
  - id: one-agreement
    effect: factor
    amount: 0.5
    says: One agreement covers everything.
    sql: |
      select null as item
      from agreed_service
      having count(distinct _ref) = 1
conditions:
  - {id: live, says: Only live services count.}
limits:
  - {id: elsewhere, says: Agreements outside of the sources stay unseen.}
look_at: The agreement.
remediation: {effort: M, text: Agree on it.}
""",
    "indicators/DOC/DOC-2.1.cases.yaml": """\
cases:
  - name: A service with an agreement.
    kind: met
    given:
      service: [{service_id: a, status: live, tier: 1}]
      agreement: [{agreement_id: g, kind: SLA, service_ids: [a], approved_at: 2025-01-01T00:00:00Z}]
    expect: {status: measured, lo: 0.45, point: null, items: {a: [1, 1], b: left out}, reasons: [scope-incomplete]}
  - name: A retired service does not count.
    kind: gaming:live
    given: {service: [{service_id: a, status: retired, tier: 1, _source: crm, _reliability: R4}]}
    expect: {n: 0}
  - name: One agreement for all.
    kind: gaming:one-agreement
    expect: {guards: [one-agreement]}
not_applicable:
  boundary: not shown
  not-met: not shown
  empty: not shown
  no-source: not shown
  partial: not shown
  stale: not shown
""",
    "indicators/PM/PM-2.1.yaml": """\
id: PM-2.1
aliases: [PM-2.9]
version: 3
lifecycle: experimental
dimension: PM
level: 2
role: supporting
type: measure
question: How many results are there?
why: To know.
basis: chosen
asks: operating
needs:
  sli_result: population
unit: share
direction: more
goal: {parameter: measured_goal}
min_n: 2
max_pull_age: 7
window: {days: 30, widen: [90, 180]}
reaction_window: none
when_empty:
  no_source: unknown
  nothing_found: not-applicable
  proof: select count(*) > 0 from source_run
per_service: false
items: |
  select 'results' as item, count(*) / 10.0 as value_lo, count(*) / 10.0 as value_point, $goal as value_hi,
    list(_ref order by _ref) as evidence
  from sli_result where period_end > $W and period_end <= $WE
look_at: The results.
remediation: {effort: S, text: Measure.}
""",
}


def write_pack(folder: Path, changed: dict[str, str | None] | None = None) -> Path:
    """Write the pack, with files added, replaced or (None) left out."""
    for name, text in {**FILES, **(changed or {})}.items():
        if text is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return folder


def spoil(folder: Path, file: str, old: str, new: str) -> str:
    """Change one place of a file of the pack; the place is `file:line` of the first line that differs."""
    path = folder / file
    before = path.read_text(encoding="utf-8")
    assert before.count(old) == 1, f"{old!r} stands {before.count(old)} times in {file}"
    after = before.replace(old, new)
    path.write_text(after, encoding="utf-8")
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    line = next((number for number, (was, now) in enumerate(pairs, 1) if was != now), 1)
    return f"{path}:{line}"


def load_error(folder: Path, overrides: dict[str, object] | None = None) -> RulePackError:
    """The error that loading the pack ends with."""
    with pytest.raises(RulePackError) as refused:
        load_pack(folder, overrides)
    assert refused.value.cure
    return refused.value
