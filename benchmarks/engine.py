"""How long the engine takes over 1,000 generated indicators of 1,000 items each, and how much memory.

    python benchmarks/engine.py            the whole measurement
    python benchmarks/engine.py --smoke    a small one that only shows that it runs

The time is compared with a plain loop over the same statements on the same connection in the same run, because absolute
times say more about the machine than about the engine. Memory is the peak beyond interpreter and imports.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import time
from datetime import UTC, datetime

from auditor.assess.engine import assess
from auditor.assess.request import AssessmentRequest
from auditor.assess.session import open_session
from auditor.canonical import JsonValue
from auditor.model.assessment import Assessment
from auditor.model.evidence import SourceKind, SourceState
from auditor.model.rubric import (
    Asks,
    Dimension,
    Direction,
    Effort,
    EmptyResult,
    Indicator,
    IndicatorType,
    Need,
    Remediation,
    Role,
    RulePack,
    Sql,
    Use,
    WhenEmpty,
)
from auditor.testing.bench import EvidenceBench

LIMIT_S = 2.0
LIMIT_MB = 150.0
T = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = (IndicatorType.POPULATION, IndicatorType.EVENT, IndicatorType.CHECKLIST)
# Arithmetic as cheap as that of most indicators: sums of a hash, which are 128 bits wide, took most of the time once.
ITEMS = """
select service_id as item, cast((tier + {number}) % 4 <> 0 as double) as met_lo,
  cast((tier + {number}) % 4 <> 0 as double) as met_hi, [_ref] as evidence
from service
"""


def generated_pack(indicators: int) -> RulePack:
    """A pack of one dimension whose indicators differ in what they ask of a service."""
    made = [_indicator(number) for number in range(1, indicators + 1)]
    statements = tuple(f"level {level}" for level in range(1, 6))
    dimension = Dimension("GEN", "Generated", "Generated indicators.", statements)
    return RulePack("generated", "1", "Generated", "0" * 64, {"GEN": dimension}, {each.id: each for each in made}, ())


def _indicator(number: int) -> Indicator:
    return Indicator(
        id=f"GEN-{2 + number % 4}.{number}",
        version=1,
        lifecycle="stable",
        dimension="GEN",
        level=2 + number % 4,
        role=Role.CORE,
        type=KINDS[number % len(KINDS)],
        question="Is it met?",
        why="",
        basis="generated",
        asks=Asks.OPERATING,
        needs=(Need("service", Use.POPULATION),),
        unit="share",
        direction=Direction.MORE,
        goal=1.0,
        goal_parameter="",
        min_n=1,
        max_pull_age_d=None,
        window=None,
        reaction_window=None,
        when_empty=WhenEmpty(EmptyResult.FALSE),
        per_service=False,
        items=Sql(ITEMS.format(number=number), "generated.yaml", 1),
        guards=(),
        conditions=(),
        limits=(),
        look_at="",
        remediation=Remediation(Effort.SMALL, ""),
    )


def source() -> SourceState:
    """One fresh and complete source."""
    now = "2026-01-01T00:00:00Z"
    values: dict[str, JsonValue] = {
        "source_id": "src",
        "kind": "docs",
        "started": now,
        "ended": now,
        "status": "ok",
        "streams": ["service"],
        "scope_complete": {"service": True},
    }
    return SourceState("src", SourceKind.DOCS, values, T)


def run_engine(bench: EvidenceBench, pack: RulePack) -> tuple[Assessment, float]:
    """The assessment and the seconds it took, from opening the session to the finished assessment."""
    request = AssessmentRequest("default", None, "UTC", T, "e" * 64, "benchmark")
    started_s = time.perf_counter()
    with open_session(bench.sandbox, pack, as_of=T, time_zone="UTC", sources=[source()], gaps=[]) as session:
        assessment = assess(pack, session, request, lambda sha, pointer: (None, False))
    return assessment, time.perf_counter() - started_s


def run_plain(bench: EvidenceBench, pack: RulePack) -> float:
    """Seconds of a plain loop: every statement executed, every row fetched."""
    with bench.sandbox.session() as session:
        session.setup("create temp view service as select * from evidence.service")
        started_s = time.perf_counter()
        for indicator in pack.indicators.values():
            session.query(indicator.items.text)
        return time.perf_counter() - started_s


def peak_mb() -> float:
    """Peak resident memory of this process so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 if sys.platform == "linux" else peak / 1024**2


def main() -> int:
    """Measure and print one JSON document; exit code 1 when memory is over its limit or a result is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="50 indicators over 100 items, once")
    smoke = parser.parse_args().smoke
    indicators, items, rounds = (50, 100, 1) if smoke else (1_000, 1_000, 3)
    baseline_mb = peak_mb()
    pack = generated_pack(indicators)
    with EvidenceBench() as bench:
        bench.fill(
            {"service": [{"service_id": f"s-{n:04}", "status": "live", "tier": 1 + n % 4} for n in range(items)]}
        )
        assessment, first_s = run_engine(bench, pack)
        engine_mb = peak_mb() - baseline_mb
        engine_s, plain_s = [first_s], []
        for _ in range(rounds):
            plain_s.append(run_plain(bench, pack))
            engine_s.append(run_engine(bench, pack)[1])
    found = {
        "indicators": indicators,
        "items": items,
        "measured": sum(o.status == "measured" and o.n == items for o in assessment.observations.values()),
        "engine_s": round(statistics.median(engine_s), 3),
        "engine_best_s": round(min(engine_s), 3),
        "plain_loop_s": round(statistics.median(plain_s), 3),
        "plain_loop_best_s": round(min(plain_s), 3),
        "ratio": round(statistics.median(engine_s) / statistics.median(plain_s), 2),
        "peak_mb_beyond_imports": round(engine_mb, 1),
        "limit_s": LIMIT_S,
        "limit_mb": LIMIT_MB,
    }
    print(json.dumps(found, indent=2))
    return 0 if found["measured"] == indicators and engine_mb < LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
