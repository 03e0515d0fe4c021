"""Runs one collector and writes what it yields: stamped, checked, counted, and apart from every other source.

Whatever a collector does, what comes out is rows that keep to their streams, and a gap for everything that does not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType

from pydantic import BaseModel

from auditor.api import Collector, Cursor, Keys, Refused, SelfDescribing, SourceRun
from auditor.collect.context import Context, Hints
from auditor.collect.declaration import Declaration
from auditor.collect.limits import Limits
from auditor.collect.parallel import Stopped, in_parallel
from auditor.collect.pull import CollectOutcome, Pull
from auditor.collect.redact import Keyed
from auditor.collect.replaying import Replay
from auditor.collect.scrub import Secrets
from auditor.errors import AuditorError, EvidenceError, QueryError
from auditor.model.evidence import Gap, Record
from auditor.ports import EvidenceWriter

__all__ = ["CollectOutcome", "Equipment", "SourceSpec", "collect_source", "collect_sources"]

Cursors = Callable[[str, str], Mapping[str, str]]
"""(configured source, name and version of its collector) -> where its next pull begins, by stream."""

_PROGRESS_EVERY = 20_000
_MESSAGE_CHARS = 200
NO_CURSORS: Mapping[str, str] = MappingProxyType({})
"""Of a source that is read for the first time."""


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """One source to be read: its id in the configuration, the collector that reads it, and its bound settings.

    Attributes:
        declaration: completeness that somebody vouches for; None: nobody does.
    """

    source_id: str
    collector: Collector
    settings: BaseModel
    declaration: Declaration | None = None

    def audit_instant(self) -> datetime | None:
        """The instant the source's evidence asks to be judged at (UTC); None: it does not say.

        Raises:
            EvidenceError: the evidence cannot be read at all.
        """
        return self.collector.audit_instant(self.settings) if isinstance(self.collector, SelfDescribing) else None

    def organisation(self) -> str | None:
        """Name of the organisation the source's evidence is of; None: it does not say.

        Raises:
            EvidenceError: the evidence cannot be read at all.
        """
        return self.collector.organisation(self.settings) if isinstance(self.collector, SelfDescribing) else None


@dataclass(frozen=True, slots=True)
class Equipment:
    """What every pull of a run is given beside its source.

    Attributes:
        keyed: gives what pseudonyms are made with, when one is needed first; None: no source may need any.
        recognised: gives hints; None: there are none.
        now: when an answer comes (UTC); None: it counts as the start of the run.
        tmp: where private folders may be made; None: where the system makes them.
        limits: makes the clockwork of a pull; None: the real one.
    """

    keyed: Callable[[], Keyed] | None = None
    recognised: Hints | None = None
    now: Callable[[], datetime] | None = None
    tmp: Path | None = None
    limits: Callable[[], Limits] | None = None

    def give(self, context: Context) -> None:
        """Hand it to a pull."""
        context.now, context.tmp = self.now, self.tmp
        if self.limits is not None:
            context.limits = self.limits()
        if self.keyed is not None:
            context.keyed = self.keyed
        if self.recognised is not None:
            context.recognised = self.recognised


def collect_sources(
    specs: Sequence[SourceSpec],
    writer: EvidenceWriter,
    cursors: Cursors,
    *,
    as_of: datetime,
    started: datetime,
    strict: bool,
    progress: Callable[[str], None],
    equipment: Equipment,
) -> tuple[CollectOutcome, ...]:
    """Read sources to their ends, at most four at a time; what is stored does not depend on which is faster.

    Args:
        specs: the sources.
        writer: takes calls from several threads.
        cursors: where pulls begin.
        as_of: the audit instant T (UTC).
        started: start of the run (UTC).
        strict: refuse the evidence at any gap.
        progress: told what is being done, one call at a time.
        equipment: what every pull is given.

    Raises:
        EvidenceError, AuditorError: as `collect_source`; the other sources are given up.
    """
    cancelled = threading.Event()
    tell = _one_at_a_time(progress, cancelled)

    def read(spec: SourceSpec) -> CollectOutcome:
        tell(f"reading {spec.source_id}")
        return collect_source(
            spec,
            writer,
            as_of=as_of,
            started=started,
            strict=strict,
            prefix_ids=len(specs) > 1,
            progress=tell,
            cursors=cursors(spec.source_id, _reader(spec.collector)),
            cancelled=cancelled,
            equipment=equipment,
        )

    return tuple(in_parallel([partial(read, spec) for spec in specs], cancelled)) if specs else ()


def collect_source(
    spec: SourceSpec,
    writer: EvidenceWriter,
    *,
    as_of: datetime,
    started: datetime,
    strict: bool,
    prefix_ids: bool,
    progress: Callable[[str], None],
    cursors: Mapping[str, str] = NO_CURSORS,
    cancelled: threading.Event | None = None,
    equipment: Equipment | None = None,
    replay: Replay | None = None,
) -> CollectOutcome:
    """Read one source to its end.

    Args:
        spec: the source.
        writer: where rows, payloads and pulls go; every source inside `spec` is closed there with its gaps.
        as_of: the audit instant T (UTC).
        started: start of the run (UTC).
        strict: refuse the evidence at any gap.
        prefix_ids: write sources inside a folder as `<configured id>/<their id>`, because there are other sources.
        progress: told what is being done.
        cursors: where the pull of each stream begins.
        cancelled: set when the run is given up.
        equipment: what every pull is given.
        replay: the recorded run that answers instead of the source.

    Raises:
        Stopped: the run was given up.
        EvidenceError: the evidence cannot be read at all, or has gaps under `strict`; the first 20 are listed.
        AuditorError: the store failed.
    """
    collector = spec.collector
    context = Context(
        spec.source_id,
        spec.settings,
        as_of,
        started,
        strict,
        _reader(collector),
        writer,
        progress,
        cursors=cursors,
        cancelled=cancelled,
        redactions=getattr(collector, "redact", ()),
        replay=replay,
    )
    (equipment or Equipment()).give(context)
    pull = _pull(spec, context, prefix_ids=prefix_ids)
    with closing(context):
        _read(collector, context, pull)
    pull.look_up_references()
    if strict and pull.problems:
        raise _refusal(pull)
    return pull.close()


def _pull(spec: SourceSpec, context: Context, *, prefix_ids: bool) -> Pull:
    cursors = context.cursors if context.replay is None else context.replay.cursors
    return Pull(
        context.source_id,
        spec.collector,
        context.writer,
        context.kept,
        started=context.started,
        prefix_ids=prefix_ids,
        resumed={stream for stream, value in cursors.items() if value is not None},
        shown=Secrets.of(context.settings).text,
        declaration=spec.declaration,
    )


def _read(collector: Collector, context: Context, pull: Pull) -> None:
    """Take everything that the collector yields, and keep what was exchanged with the source."""
    for count, thing in enumerate(_contained(collector, context, pull), start=1):
        _check_stop(context.cancelled)
        _take(pull, thing)
        if count % _PROGRESS_EVERY == 0:
            context.progress(f"{count} records")
    _check_stop(context.cancelled)
    context.finish()


def _contained(collector: Collector, context: Context, pull: Pull) -> Iterator[object]:
    """What the collector yields until it ends or fails; its failure is a gap, not ours."""
    try:
        yield from collector.collect(context)
    except GeneratorExit:
        raise
    except Refused as error:
        pull.refused(error)
    except AuditorError as error:
        if not isinstance(error, QueryError):
            raise
        pull.crashed(error.what)
    except Exception as error:  # isolation: one collector that fails must not stop the others
        pull.crashed(_cause(error, Secrets.of(context.settings).text))


def _take(pull: Pull, thing: object) -> None:
    if isinstance(thing, Record):
        pull.record(thing)
    elif isinstance(thing, Gap):
        pull.gap(thing)
    elif isinstance(thing, SourceRun):
        pull.source_run(thing)
    elif isinstance(thing, Cursor | Keys):
        pull.mark(thing)
    else:
        pull.foreign(thing)


def _reader(collector: Collector) -> str:
    return f"{collector.name} {collector.version}"


def _check_stop(cancelled: threading.Event | None) -> None:
    if cancelled is not None and cancelled.is_set():
        raise Stopped


def _one_at_a_time(progress: Callable[[str], None], cancelled: threading.Event) -> Callable[[str], None]:
    """Progress for several threads; silent once the run is given up."""
    lock = threading.Lock()

    def tell(text: str) -> None:
        with lock:
            if not cancelled.is_set():
                progress(text)

    return tell


def _cause(error: Exception, shown: Callable[[str], str]) -> str:
    """The kind of an error and the first line of what it says, without secrets; never its stack."""
    message = shown((str(error).strip().splitlines() or [""])[0])[:_MESSAGE_CHARS]
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _refusal(pull: Pull) -> EvidenceError:
    listed = "".join(f"\n  {problem}" for problem in pull.first_problems)
    left = pull.problems - len(pull.first_problems)
    more = f"\n  and {left} more" if left else ""
    noun = "problem" if pull.problems == 1 else "problems"
    return EvidenceError(
        f"the evidence has {pull.problems} {noun}, and --strict allows none:{listed}{more}",
        where=pull.source_id,
        cure="mend the evidence, or audit without --strict: what is sound is then used and the rest recorded as gaps",
    )
