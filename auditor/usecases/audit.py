"""Collect, store, judge, seal: one audit from sources to a committed assessment."""

from __future__ import annotations

from contextlib import closing

from auditor.rulepack.load import load_pack
from auditor.rulepack.locate import locate_pack
from auditor.store.store import Store
from auditor.usecases.collect import audit_instant, read_sources
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
    as_of = audit_instant(plan, started)
    with (
        closing(Store.open(plan.data_dir, deriver=plan.deriver)) as store,
        store.begin(plan.scope, "audit", started) as run,
    ):
        read_sources(plan, run, as_of=as_of, started=started, now=now, progress=progress)
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
