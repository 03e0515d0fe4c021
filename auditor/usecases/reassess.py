"""Judging stored evidence again: with today's rules, or as of an earlier instant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import auditor
from auditor.assessment_document import load
from auditor.errors import AuditorError, RulePackError, UsageError
from auditor.model.assessment import Assessment
from auditor.ports import Deriver
from auditor.rulepack.load import load_pack
from auditor.rulepack.locate import locate_pack
from auditor.store.store import RunRecord, RunStatus, Store
from auditor.usecases.judge import Judgement, StoredEvidence, judge
from auditor.usecases.packs import PackInUse
from auditor.usecases.plan import AuditPlan, Clock, Progress
from auditor.usecases.sealed import AuditResult, commit


class OtherEngine(AuditorError):
    """A run was judged by another version of the auditor, which may count otherwise."""


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What a run was judged by, as the ledger has it."""

    place: str
    sha256: str
    parameters: Mapping[str, object]


def reassess(
    data_dir: Path,
    *,
    run: int | None,
    as_of: datetime | None,
    rule_pack: str | None,
    deriver: Deriver | None,
    now: Clock,
    progress: Progress,
    configured: Callable[[], AuditPlan] | None = None,
) -> AuditResult:
    """Judge stored evidence and seal the result as a run of its own.

    Args:
        run: the run whose evidence is judged; None: the last one at or before `as_of`, or the latest, be it one that
            only collected.
        as_of: the instant; None: that of the run.
        rule_pack: another pack; its parameters then are its defaults. None: the pack of the run, as it is today.
        deriver: gives the evidence meaning when the state is built; None: nothing does.
        configured: the plan of the configuration, by which evidence that was only collected so far is judged; None:
            there is none.

    Raises:
        UsageError: no such run, or nothing was stored at that instant.
        StoreError, RulePackError: the store or the pack cannot be used.
    """
    with closing(Store.open(data_dir, create=False, deriver=deriver)) as store:
        if configured is not None and run is None and as_of is None and not _judged(store):
            return _judge_first(store, configured(), now, progress)
        base = _base_run(store, run, as_of)
        recorded = _recorded(base)
        place = rule_pack or recorded.place
        parameters = {} if rule_pack else recorded.parameters
        pack = PackInUse(load_pack(locate_pack(place), parameters), place, parameters, base.config_sha256 or "")
        before = load(store.assessment(base.number))
        newest = base if run is not None else _newest_evidence(store, base, as_of)
        instant = as_of or newest.as_of or newest.started
        judgement = _judgement(before, pack, instant, store.previous_assessment(base.scope))
        return _judge_stored(store, newest, pack, judgement, now, progress)


def _judge_first(store: Store, plan: AuditPlan, now: Clock, progress: Progress) -> AuditResult:
    """Judge the latest evidence of a scope that was only collected so far."""
    collected = [run for run in store.runs() if run.status is RunStatus.COMPLETE and run.scope == plan.scope]
    if not collected:
        raise UsageError(f"nothing was collected of scope {plan.scope!r} yet", cure="run `auditor audit` first")
    newest = collected[-1]
    pack = PackInUse(
        load_pack(locate_pack(plan.rule_pack), plan.parameters), plan.rule_pack, plan.parameters, plan.config_sha256
    )
    judgement = Judgement(
        scope=plan.scope,
        organisation=plan.organisation,
        time_zone=plan.time_zone,
        as_of=newest.as_of or newest.started,
        parameters_changed=pack.parameters_changed(),
        previous=None,
    )
    return _judge_stored(store, newest, pack, judgement, now, progress)


def _judge_stored(
    store: Store, newest: RunRecord, pack: PackInUse, judgement: Judgement, now: Clock, progress: Progress
) -> AuditResult:
    """Judge the evidence as it was after a run, and seal the result."""
    with store.begin(judgement.scope, "assess", now(), evidence_run=newest.number) as opened:
        progress("building the state")
        state = opened.state(newest.source_order)
        progress("judging")
        evidence = StoredEvidence(state, opened.digest, opened.sources(), opened.gaps(), store.excerpt)
        return commit(opened, judge(pack.pack, evidence, judgement), pack, judgement.as_of, now())


def recompute(store: Store, number: int) -> Assessment:
    """The assessment of a run, computed again from its stored evidence with the pack that judged it.

    Raises:
        RulePackError: that pack is not there any more, or has changed.
        OtherEngine: another version of the auditor, its model or its recognisers judged.
        IntegrityError: stored evidence is damaged.
    """
    record = store.run(number)
    if record.engine_version != auditor.__version__:
        raise OtherEngine(f"auditor {record.engine_version} judged it, this is {auditor.__version__}")
    if store.digest_at(number) != record.digest:
        raise OtherEngine("its evidence was given meaning by another version of the model or of the recognisers")
    recorded = _recorded(record)
    pack = PackInUse(
        load_pack(locate_pack(recorded.place), recorded.parameters), recorded.place, recorded.parameters, ""
    )
    if pack.pack.sha256 != recorded.sha256:
        raise RulePackError(
            f"the rule pack has changed since run {number}",
            where=recorded.place,
            cure=f"verify with the pack of hash {recorded.sha256[:12]}, or judge again with `auditor assess`",
        )
    evidence = StoredEvidence(
        store.state_at(number),
        record.digest or "",
        store.sources_at(number),
        store.gaps_at(number),
        store.excerpt,
    )
    before = store.previous_assessment(record.scope, before=number)
    instant = record.as_of or record.started
    return judge(pack.pack, evidence, _judgement(load(store.assessment(number)), pack, instant, before))


def _judgement(stored: Assessment, pack: PackInUse, as_of: datetime, previous: bytes | None) -> Judgement:
    return Judgement(
        scope=stored.scope,
        organisation=stored.organisation,
        time_zone=stored.time_zone,
        as_of=as_of,
        parameters_changed=pack.parameters_changed(),
        previous=previous,
    )


def _recorded(run: RunRecord) -> _Recorded:
    facts = run.rule_pack
    parameters = facts.get("parameters")
    return _Recorded(
        str(facts.get("place")), str(facts.get("sha256")), parameters if isinstance(parameters, Mapping) else {}
    )


def _newest_evidence(store: Store, base: RunRecord, as_of: datetime | None) -> RunRecord:
    """The judged run, or a later one of its scope that only collected."""
    collected = [
        run
        for run in store.runs()
        if run.status is RunStatus.COMPLETE
        and run.scope == base.scope
        and run.command == "collect"
        and run.number > base.number
        and (as_of is None or (run.as_of is not None and run.as_of <= as_of))
    ]
    return collected[-1] if collected else base


def _judged(store: Store) -> list[RunRecord]:
    return [run for run in store.runs() if run.status is RunStatus.COMPLETE and run.assessment_sha256 and run.as_of]


def _base_run(store: Store, number: int | None, as_of: datetime | None) -> RunRecord:
    judged = _judged(store)
    if number is not None:
        judged = [run for run in judged if run.number == number]
        if not judged:
            raise UsageError(f"there is no complete run {number}", cure="`auditor show runs` lists them")
    elif as_of is not None:
        judged = [run for run in judged if run.as_of is not None and run.as_of <= as_of and run.command == "audit"]
        if not judged:
            raise UsageError(
                f"nothing was stored at or before {as_of.isoformat()}", cure="`auditor show runs` lists the runs"
            )
    if not judged:
        raise UsageError("nothing was judged yet", cure="run `auditor audit` first")
    return judged[-1]
