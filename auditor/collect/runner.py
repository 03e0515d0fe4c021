"""Runs one collector and writes what it yields: stamped, checked, counted, and apart from every other source.

Whatever a collector does, what comes out is rows that keep to their streams, and a gap for everything that does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, SecretStr

from auditor.api import Collector, SelfDescribing, SourceRun
from auditor.collect.context import Context
from auditor.collect.pull import CollectOutcome, Pull
from auditor.errors import AuditorError, EvidenceError, QueryError
from auditor.model.evidence import Gap, Record
from auditor.ports import EvidenceWriter

__all__ = ["CollectOutcome", "SourceSpec", "collect_source"]

_PROGRESS_EVERY = 20_000
_MESSAGE_CHARS = 200


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """One source to be read: its id in the configuration, the collector that reads it, and its bound settings."""

    source_id: str
    collector: Collector
    settings: BaseModel

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


def collect_source(
    spec: SourceSpec,
    writer: EvidenceWriter,
    *,
    as_of: datetime,
    started: datetime,
    strict: bool,
    prefix_ids: bool,
    progress: Callable[[str], None],
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

    Raises:
        EvidenceError: the evidence cannot be read at all, or has gaps under `strict`; the first 20 are listed.
        AuditorError: the store failed.
    """
    collector = spec.collector
    context = Context(
        spec.source_id, spec.settings, as_of, started, strict, f"{collector.name} {collector.version}", writer, progress
    )
    pull = Pull(spec.source_id, collector, writer, context.kept, started=started, prefix_ids=prefix_ids)
    for count, thing in enumerate(_contained(collector, context, pull), start=1):
        _take(pull, thing)
        if count % _PROGRESS_EVERY == 0:
            context.progress(f"{count} records")
    pull.look_up_references()
    if strict and pull.problems:
        raise _refusal(pull)
    return pull.close()


def _contained(collector: Collector, context: Context, pull: Pull) -> Iterator[object]:
    """What the collector yields until it ends or fails; its failure is a gap, not ours."""
    try:
        yield from collector.collect(context)
    except GeneratorExit:
        raise
    except AuditorError as error:
        if not isinstance(error, QueryError):
            raise
        pull.crashed(error.what)
    except Exception as error:  # isolation: one collector that fails must not stop the others
        pull.crashed(_cause(error, context.settings))


def _take(pull: Pull, thing: object) -> None:
    if isinstance(thing, Record):
        pull.record(thing)
    elif isinstance(thing, Gap):
        pull.gap(thing)
    elif isinstance(thing, SourceRun):
        pull.source_run(thing)
    else:
        pull.foreign(thing)


def _cause(error: Exception, settings: BaseModel) -> str:
    """The kind of an error and the first line of what it says, without secrets; never its stack."""
    message = (str(error).strip().splitlines() or [""])[0][:_MESSAGE_CHARS]
    for name in type(settings).model_fields:
        secret = getattr(settings, name, None)
        if isinstance(secret, SecretStr) and secret.get_secret_value():
            message = message.replace(secret.get_secret_value(), "***")
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
