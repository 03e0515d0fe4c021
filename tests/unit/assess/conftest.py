"""A small synthetic world for the engine: packs from a few words, evidence from dicts, judged by the real engine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auditor.assess.engine import assess
from auditor.assess.observe import card_of
from auditor.assess.request import AssessmentRequest
from auditor.assess.session import open_session
from auditor.model.assessment import Assessment, ItemCounts, Measured, Observation
from auditor.model.evidence import Gap, SourceKind, SourceState
from auditor.model.rubric import (
    Asks,
    Condition,
    Dimension,
    Direction,
    Effect,
    Effort,
    EmptyResult,
    Guard,
    Indicator,
    IndicatorType,
    Limit,
    Need,
    Parameter,
    Remediation,
    Role,
    RulePack,
    Sql,
    Use,
    View,
    WhenEmpty,
    WindowRule,
)
from auditor.model.truth import Interval
from auditor.testing.bench import EvidenceBench

T = datetime(2026, 1, 1, tzinfo=UTC)
ITEMS = """
select s.service_id as item, case when a.covered then 1 else 0 end as met_lo,
       case when a.covered then 1 else 0 end as met_hi,
       case when a.covered then [s._ref, a._ref] else [s._ref] end as evidence,
       case when a.covered then null else ['agreement'] end as absent
from service s
left join (
  select service_id, min(_ref) as _ref, true as covered
  from (select unnest(service_ids) as service_id, _ref from agreement) group by service_id
) a using (service_id)
"""


def sql(text: str, file: str = "test.yaml") -> Sql:
    return Sql(text, file, 1, parameters=tuple(sorted(set(re.findall(r"\$(\w+)", text)))))


def guard(effect: str, text: str, amount: float | None = None, reason: str | None = None, id: str = "trick") -> Guard:
    return Guard(id, sql(text, "guard.yaml"), Effect(effect), amount, "a trick was seen", reason)


def indicator(id: str = "DOC-2.1", items: str = ITEMS, **changes: Any) -> Indicator:
    dimension, rest = id.split("-")
    needs = changes.pop("needs", {"service": "population", "agreement": "optional"})
    nothing = EmptyResult(changes.pop("nothing_found", "not-met"))
    proof = changes.pop("proof", None)
    base = Indicator(
        id=id,
        version=1,
        lifecycle="stable",
        dimension=dimension,
        level=int(rest.split(".")[0]),
        role=Role.CORE,
        type=IndicatorType.POPULATION,
        question="Does every service have an agreement?",
        why="",
        basis="chosen",
        asks=Asks.DOCUMENTED,
        needs=tuple(_need(stream, use) for stream, use in needs.items()),
        unit="share",
        direction=Direction.MORE,
        goal=1.0,
        goal_parameter=f"goal.{id}",
        min_n=1,
        max_pull_age_d=None,
        window=None,
        reaction_window=None,
        when_empty=WhenEmpty(nothing, sql(proof) if proof else None),
        per_service=False,
        items=sql(items),
        guards=(),
        conditions=(),
        limits=(),
        look_at="",
        remediation=Remediation(Effort.SMALL, "do it"),
    )
    for name, kind in (("type", IndicatorType), ("role", Role), ("direction", Direction)):
        if name in changes:
            changes[name] = kind(changes[name])
    if isinstance(window := changes.get("window"), dict):
        (unit, length), widen = next((k, v) for k, v in window.items() if k != "widen"), window.get("widen", ())
        changes["window"] = WindowRule(unit, length, tuple(widen))
    return replace(base, **changes)


def _need(stream: str, use: Any) -> Need:
    if isinstance(use, tuple):
        return Need(stream, Use(use[0]), tuple(use[1]))
    return Need(stream, Use(use))


def pack(*indicators: Indicator, views: Mapping[str, str] | None = None, **parameters: Any) -> RulePack:
    codes = dict.fromkeys(each.dimension for each in indicators) or {"DOC": None}
    return RulePack(
        id="test-pack",
        version="1",
        title="Test",
        sha256="0" * 64,
        dimensions={
            code: Dimension(code, code.title(), "", tuple(f"level {n}" for n in range(1, 6))) for code in codes
        },
        indicators={each.id: each for each in indicators},
        views=tuple(View(name, "", sql(text, f"{name}.sql")) for name, text in (views or {}).items()),
        parameters={name: Parameter(name, value, None, None, None, "", "") for name, value in parameters.items()},
    )


def source(
    source_id: str = "src",
    streams: Sequence[str] = ("service", "agreement"),
    *,
    kind: str = "docs",
    status: str = "ok",
    age_d: float = 0,
    complete: Any = True,
    denied: int = 0,
    retention_days: int | None = None,
    ever: bool = True,
    gaps: Sequence[Gap] = (),
) -> SourceState:
    ended = T - timedelta(days=age_d)
    values: dict[str, Any] = {
        "source_id": source_id,
        "kind": kind,
        "started": text(ended),
        "ended": text(ended),
        "status": status,
        "denied": denied,
        "streams": list(streams),
        "scope_complete": dict.fromkeys(streams, True) if complete is True else (complete or {}),
        "retention_from": None if retention_days is None else text(T - timedelta(days=retention_days)),
    }
    return SourceState(source_id, SourceKind(kind), values, ended if ever else None, tuple(gaps))


def text(instant: datetime) -> str:
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def days_ago(days: float) -> str:
    return text(T - timedelta(days=days))


def observation(id: str, degree: Interval, **changes: Any) -> Observation:
    """An observation as the engine would make it, with a card of the given role and type."""
    card = card_of(
        indicator(
            id, role=changes.pop("role", "core"), type=changes.pop("type", "population"), **changes.pop("card", {})
        )
    )
    base = Observation(
        card=card,
        status="unknown" if degree.is_unknown and degree.point is None else "measured",
        degree=degree,
        value=Measured(degree.lo, degree.point, degree.hi),
        n=10,
        counts=ItemCounts(0, 0, 0, 0, 0),
        window=None,
        reasons=(),
        guards=(),
        flags=(),
        carried_from=None,
        confidence=None,
        confidence_limit=None,
        items=(),
        items_omitted=0,
    )
    return replace(base, **changes)


@dataclass(frozen=True)
class World:
    """Judge evidence; everything else is at hand under the names of this module."""

    bench: EvidenceBench

    def audit(
        self,
        rules: RulePack | Indicator,
        given: Mapping[str, Sequence[Mapping[str, Any]]],
        *,
        sources: Sequence[SourceState] | None = None,
        gaps: Sequence[Gap] = (),
        zone: str = "UTC",
        as_of: datetime = T,
        previous: Assessment | None = None,
        digest: str = "e" * 64,
    ) -> Assessment:
        rules = rules if isinstance(rules, RulePack) else pack(rules)
        self.bench.fill(given)
        request = AssessmentRequest(
            "default", None, zone, as_of, digest, "test", previous, "p" * 64 if previous else None
        )
        found = [source()] if sources is None else sources
        with open_session(self.bench.sandbox, rules, as_of=as_of, time_zone=zone, sources=found, gaps=gaps) as session:
            return assess(rules, session, request, lambda sha, pointer: (f"text at {pointer}", False))

    def observe(self, rules: RulePack | Indicator, given: Mapping[str, Sequence[Mapping[str, Any]]], **how: Any) -> Any:
        return next(iter(self.audit(rules, given, **how).observations.values()))

    T = T
    indicator = staticmethod(indicator)
    pack = staticmethod(pack)
    guard = staticmethod(guard)
    observation = staticmethod(observation)
    source = staticmethod(source)
    days_ago = staticmethod(days_ago)
    Limit = Limit
    Condition = Condition

    @staticmethod
    def services(*ids: str, **fields: Any) -> list[dict[str, Any]]:
        return [{"service_id": each, "status": "live", **fields} for each in ids]

    @staticmethod
    def agreements(*services: str, **fields: Any) -> list[dict[str, Any]]:
        return [{"agreement_id": f"A-{each}", "kind": "SLA", "service_ids": [each], **fields} for each in services]


@pytest.fixture(scope="session")
def _bench() -> Iterator[EvidenceBench]:
    with EvidenceBench() as bench:
        yield bench


@pytest.fixture(scope="session")
def world(_bench: EvidenceBench) -> World:
    return World(_bench)
