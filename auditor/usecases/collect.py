"""Collect and store, without judging; and what an audit shares with it: reading the sources of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime

import auditor
from auditor.collect.runner import CollectOutcome, SourceSpec, collect_sources
from auditor.errors import EvidenceError, ExitCode
from auditor.model.evidence import SourceState
from auditor.store.store import OpenRun, Store
from auditor.usecases.plan import AuditPlan, Clock, Progress

_LISTED = 20


@dataclass(frozen=True, slots=True)
class Collection:
    """A committed run that collected and did not judge.

    Attributes:
        run: its number.
        outcomes: what each source of the plan gave, in the order of the plan.
        sources: every source of the scope, with its gaps.
    """

    run: int
    outcomes: tuple[CollectOutcome, ...]
    sources: tuple[SourceState, ...]

    @property
    def exit_code(self) -> ExitCode:
        """INCOMPLETE when a source has a gap or was not read soundly, else OK."""
        lost = any(
            source.gaps or source.values.get("status") != "ok" or source.values.get("denied") for source in self.sources
        )
        return ExitCode.INCOMPLETE if lost else ExitCode.OK


def collect(plan: AuditPlan, now: Clock, progress: Progress) -> Collection:
    """Read the sources of a plan and commit what they gave; cursors move, and nothing is judged.

    Raises:
        EvidenceError, StoreError: nothing was kept of the run.
    """
    started = now()
    as_of = audit_instant(plan, started)
    with closing(Store.open(plan.data_dir)) as store, store.begin(plan.scope, "collect", started) as run:
        outcomes = read_sources(plan, run, as_of=as_of, started=started, now=now, progress=progress)
        progress("storing")
        sources = run.sources()
        run.commit(
            as_of=as_of,
            engine_version=auditor.__version__,
            config_sha256=plan.config_sha256,
            rule_pack={},
            assessment=None,
            ended=now(),
        )
        return Collection(run.number, outcomes, sources)


def read_sources(
    plan: AuditPlan, run: OpenRun, *, as_of: datetime, started: datetime, now: Clock, progress: Progress
) -> tuple[CollectOutcome, ...]:
    """Read every source of a plan into a run, and make what was collected durable.

    Raises:
        EvidenceError: evidence cannot be read at all, or has faults under `strict`.
        StoreError: the disk is full.
    """
    outcomes = collect_sources(
        plan.sources,
        run,
        run.cursors,
        as_of=as_of,
        started=started,
        strict=plan.strict,
        progress=progress,
        equipment=replace(plan.equipment, now=now, tmp=run.folder),
    )
    changed = run.settle([source.source_id for source in plan.sources])
    if plan.strict and changed:
        listed = "".join(f"\n  {gap.place or gap.stream}: {gap.detail}" for gap in changed[:_LISTED])
        raise EvidenceError(
            f"evidence that was final has changed, and --strict allows no fault:{listed}",
            cure="restore what the source said first, or audit without --strict: what was seen first then counts",
        )
    return outcomes


def audit_instant(plan: AuditPlan, started: datetime) -> datetime:
    """The instant a plan is carried out for: the one it names, that of its only folder, or the start of the run.

    Raises:
        EvidenceError: the evidence cannot be read at all.
    """
    return plan.as_of or _instant_of(plan.sources) or started


def _instant_of(sources: Sequence[SourceSpec]) -> datetime | None:
    """A folder audited by itself carries its own audit instant."""
    return sources[0].audit_instant() if len(sources) == 1 else None
