"""Collect, store, judge, seal: one audit from sources to a committed assessment."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime

from auditor.collect.runner import SourceSpec, collect_source
from auditor.rulepack.load import load_pack
from auditor.rulepack.locate import locate_pack
from auditor.store.store import OpenRun, Store
from auditor.usecases.judge import Judgement, StoredEvidence, judge
from auditor.usecases.packs import PackInUse
from auditor.usecases.plan import AuditPlan, Clock, Progress
from auditor.usecases.sealed import AuditResult, commit


def audit(plan: AuditPlan, now: Clock, progress: Progress) -> AuditResult:
    """Run one audit.

    Raises:
        RulePackError, EvidenceError, StoreError: nothing was kept of the run.
    """
    pack = PackInUse(
        load_pack(locate_pack(plan.rule_pack), plan.parameters), plan.rule_pack, plan.parameters, plan.config_sha256
    )
    started = now()
    as_of = plan.as_of or _instant_of(plan.sources) or started
    with closing(Store.open(plan.data_dir)) as store, store.begin(plan.scope, "audit", started) as run:
        _collect(plan, run, as_of=as_of, started=started, progress=progress)
        progress("building the state")
        state = run.state([source.source_id for source in plan.sources])
        progress("judging")
        evidence = StoredEvidence(state, run.digest, run.sources(), run.gaps(), store.excerpt)
        judgement = Judgement(
            scope=plan.scope,
            organisation=plan.organisation,
            time_zone=plan.time_zone,
            as_of=as_of,
            parameters_changed=pack.parameters_changed(),
            previous=store.previous_assessment(plan.scope),
        )
        return commit(run, judge(pack.pack, evidence, judgement), pack, as_of, now())


def _collect(plan: AuditPlan, run: OpenRun, *, as_of: datetime, started: datetime, progress: Progress) -> None:
    for source in plan.sources:
        progress(f"reading {source.source_id}")
        collect_source(
            source,
            run,
            as_of=as_of,
            started=started,
            strict=plan.strict,
            prefix_ids=len(plan.sources) > 1,
            progress=progress,
        )


def _instant_of(sources: Sequence[SourceSpec]) -> datetime | None:
    """A folder audited by itself carries its own audit instant."""
    return sources[0].audit_instant() if len(sources) == 1 else None
