"""A run once more from what was kept of it: the same records, the same gaps, the same assessment, and no network."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime

from auditor.assessment_document import dump
from auditor.canonical import JsonValue
from auditor.collect.memory import MemoryEvidence
from auditor.collect.replaying import Replay
from auditor.collect.runner import SourceSpec, collect_source
from auditor.errors import AuditorError, ConfigError, ExitCode, IntegrityError, RulePackError, UsageError
from auditor.store.store import RunRecord, RunStatus, Store
from auditor.usecases.plan import AuditPlan, Clock, Progress
from auditor.usecases.reassess import OtherEngine, recompute
from auditor.usecases.replay_differences import Then, differences, sealed

_LISTED = 5
_SAME, _DIFFERS, _NONE = "same", "differs", "none: the run only collected"


@dataclass(frozen=True, slots=True)
class SourceReplay:
    """What came of one source.

    Attributes:
        records: number of records that were made again.
        differences: what is not as it was; () when everything is.
        note: why it was not replayed; None when it was.
    """

    source_id: str
    records: int
    differences: tuple[str, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a run.

    Attributes:
        assessment: `same`, `differs`, that there is none, or why it was not computed again.
        configuration_changed: whether the run was made with another configuration than the plan's.
    """

    run: int
    sources: tuple[SourceReplay, ...]
    assessment: str
    configuration_changed: bool

    @property
    def exit_code(self) -> ExitCode:
        """INTEGRITY when anything differs, INCOMPLETE when something could not be replayed, else OK."""
        if self.assessment == _DIFFERS or any(source.differences for source in self.sources):
            return ExitCode.INTEGRITY
        if self.assessment not in (_SAME, _NONE) or any(source.note for source in self.sources):
            return ExitCode.INCOMPLETE
        return ExitCode.OK

    def document(self) -> dict[str, JsonValue]:
        """As JSON."""
        return {
            "run": self.run,
            "same": self.exit_code is ExitCode.OK,
            "configuration_changed": self.configuration_changed,
            "assessment": self.assessment,
            "sources": [
                {
                    "source_id": source.source_id,
                    "records": source.records,
                    "differences": list(source.differences),
                    "note": source.note,
                }
                for source in self.sources
            ],
        }

    def text(self) -> str:
        """One line a source with its first differences, then the assessment."""
        lines = [f"run {self.run}"]
        if self.configuration_changed:
            lines.append("  the configuration is not that of the run; another one may ask and read otherwise")
        for source in self.sources:
            if source.note is not None:
                lines.append(f"  {source.source_id}: not replayed: {source.note}")
                continue
            count = len(source.differences)
            word = "the same" if not count else "1 difference" if count == 1 else f"{count} differences"
            lines.append(f"  {source.source_id}: {source.records} records made again: {word}")
            lines += [f"    {difference}" for difference in source.differences[:_LISTED]]
            if count > _LISTED:
                lines.append(f"    and {count - _LISTED} more (--json lists all)")
        return "\n".join([*lines, f"  assessment: {self.assessment}"])


def replay(plan: AuditPlan, run: int | None, only: str | None, progress: Progress) -> Replayed:
    """Make a run again from its stored payloads, with the network closed and the clock standing still.

    Args:
        plan: the configuration that the run was made with; secrets in it are not needed.
        run: its number; None: the latest that collected.
        only: one source; None: all of them.
        progress: told what is being done.

    Raises:
        UsageError: no such run, or no such source.
        StoreError, IntegrityError: the store cannot be read, or its ledger is not what was written.
    """
    with closing(Store.open(plan.data_dir, create=False, deriver=plan.deriver)) as store:
        record = _run(store, plan.scope, run)
        specs = {spec.source_id: spec for spec in plan.sources}
        asked = [source_id for source_id in record.source_order if only in (None, source_id)]
        if not asked:
            raise UsageError(
                f"run {record.number} read no source {only!r}",
                cure=f"its sources are: {', '.join(record.source_order)}",
            )
        sources = []
        for source_id in asked:
            progress(f"replaying {source_id}")
            sources.append(_source(store, record, source_id, specs.get(source_id), plan))
        progress("judging again")
        changed = record.config_sha256 != plan.config_sha256
        return Replayed(record.number, tuple(sources), _assessment(store, record), changed)


def _run(store: Store, scope: str, number: int | None) -> RunRecord:
    collected = [
        run
        for run in store.runs()
        if run.status is RunStatus.COMPLETE and run.scope == scope and run.evidence_run == run.number
    ]
    if number is not None:
        collected = [run for run in collected if run.number == number]
    if not collected:
        name = f"a run {number}" if number is not None else "any run"
        raise UsageError(f"there is not {name} that read sources of scope {scope!r}", cure="see `auditor show runs`")
    return collected[-1]


def _source(store: Store, record: RunRecord, source_id: str, spec: SourceSpec | None, plan: AuditPlan) -> SourceReplay:
    if spec is None:
        return SourceReplay(source_id, 0, (), "the configuration has no such source any more")
    evidence = MemoryEvidence()
    try:
        log = store.exchange_log(record.number, source_id)
        if log is None:
            return SourceReplay(source_id, 0, (), "what it was asked was not recorded in this run")
        _collect(Replay(log.splitlines(), store.payload), evidence, record, spec, plan)
    except ConfigError as error:
        return SourceReplay(source_id, 0, (), error.what)
    except IntegrityError as error:
        return SourceReplay(source_id, len(evidence.rows), (_told(error),))
    then = sealed(store, record, source_id, [pull.source_id for pull in evidence.pulls])
    found = list(differences(evidence, then))
    if found:
        found = [*_other_reader(then, spec), *found]
    return SourceReplay(source_id, len(evidence.rows), tuple(found))


def _collect(recorded: Replay, evidence: MemoryEvidence, record: RunRecord, spec: SourceSpec, plan: AuditPlan) -> None:
    collect_source(
        spec,
        evidence,
        as_of=record.as_of or record.started,
        started=record.started,
        strict=False,
        prefix_ids=len(record.source_order) > 1,
        progress=_silent,
        cursors={stream: value for stream, value in recorded.cursors.items() if value is not None},
        equipment=replace(plan.equipment, now=_standing_still(record.started)),
        replay=recorded,
    )


def _other_reader(then: Then, spec: SourceSpec) -> list[str]:
    reader = f"{spec.collector.name} {spec.collector.version}"
    readers = sorted({str(entry.get("collector")) for entry in then.sources.values()} - {reader})
    return [f"it was read by {', '.join(readers)}, and replayed by {reader}"] if readers else []


def _assessment(store: Store, record: RunRecord) -> str:
    if record.assessment_sha256 is None:
        return _NONE
    try:
        return _SAME if dump(recompute(store, record.number)) == store.assessment(record.number) else _DIFFERS
    except (RulePackError, OtherEngine) as error:
        return f"not computed again: {error.what}"


def _told(error: AuditorError) -> str:
    return f"{error.where}: {error.what}" if error.where else error.what


def _standing_still(instant: datetime) -> Clock:
    return lambda: instant


def _silent(_text: str) -> None:
    """Progress of a replay is that of its sources."""
