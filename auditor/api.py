"""Everything a collector may import: what it yields, what it is given, and the errors it may raise.

A collector reads one kind of source and yields what it found as `Record`s, what it could not have as `Gap`s, and what
the pull amounts to as `SourceRun`s. It never judges, never stamps, never writes: the runner (`auditor.collect.runner`)
validates every record against its stream, and keeps the bytes that `CollectContext.keep` is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from auditor.canonical import JsonValue
from auditor.errors import AuditorError, ConfigError, EvidenceError, QueryError
from auditor.model.evidence import Gap, GapReason, PayloadRef, Record, SourceKind, Tier
from auditor.model.streams import STREAMS, StreamDef
from auditor.model.validate import check_row, from_text
from auditor.sql.box import SqlBox, SqlSelect
from auditor.yamlfile import YamlDocument, load_yaml

__all__ = [
    "STREAMS",
    "AuditorError",
    "Check",
    "CollectContext",
    "Collector",
    "ConfigError",
    "EvidenceError",
    "Gap",
    "GapReason",
    "JsonValue",
    "PayloadRef",
    "QueryError",
    "Record",
    "SelfDescribing",
    "Settings",
    "SourceKind",
    "SourceRun",
    "SqlBox",
    "SqlSelect",
    "StreamDef",
    "Tier",
    "YamlDocument",
    "check_row",
    "from_text",
    "load_yaml",
]


class Settings(BaseModel):
    """Base of every collector's settings: typed, frozen, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class SourceRun:
    """What one pull of one source amounts to.

    The first one of a source comes before its first record, since its `origin` decides the tier of the rows; a later
    one of the same source replaces it (a live source knows its `ended` and `denied` only at the end).

    Attributes:
        values: fields of entity `source_run` but `source_id`; `items` absent: the runner counts.
        source_id: the source inside a folder of several; None for the collector's own source.
        whole: streams of which this pull reads everything there is, so that a row seen before and absent now is gone.
    """

    values: Mapping[str, JsonValue]
    source_id: str | None = None
    whole: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Check:
    """One thing `auditor doctor` looked at: what, whether it is well, and what to do where it is not."""

    what: str
    ok: bool
    detail: str
    cure: str | None = None


class CollectContext(Protocol):
    """What a collector is given for one pull."""

    @property
    def source_id(self) -> str:
        """Id of the configured source."""
        ...

    @property
    def settings(self) -> Any:
        """An instance of the collector's `Settings`."""
        ...

    @property
    def as_of(self) -> datetime:
        """The audit instant T (UTC)."""
        ...

    @property
    def started(self) -> datetime:
        """Start of the run (UTC)."""
        ...

    @property
    def strict(self) -> bool:
        """Whether any fault refuses the evidence; a collector need not act on it, the runner does."""
        ...

    def keep(
        self, data: bytes, *, request: Mapping[str, JsonValue], media_type: str, complete: bool = True
    ) -> PayloadRef:
        """Keep bytes a source answered with; `request` says what was asked, without credentials."""
        ...

    def keep_file(
        self, path: Path, *, request: Mapping[str, JsonValue], media_type: str, complete: bool = True
    ) -> PayloadRef:
        """Keep the bytes of a file; where it is gzip-compressed, those of its content.

        Raises:
            OSError: it cannot be read.
            EOFError, zlib.error: its compressed content is damaged.
        """
        ...

    def progress(self, text: str) -> None:
        """Tell in a few words what is being done; may be called often."""
        ...


@runtime_checkable
class Collector(Protocol):
    """The plug-in that reads one kind of source; made without arguments, and without state between pulls.

    The first five are plain class attributes in a collector.
    """

    @property
    def name(self) -> str:
        """As in `collector:` of the configuration, and as its entry point is called."""
        ...

    @property
    def version(self) -> str:
        """Version of the collector; it stands in the envelope of every payload."""
        ...

    @property
    def kinds(self) -> frozenset[SourceKind]:
        """What its sources can be to the organisation."""
        ...

    @property
    def streams(self) -> frozenset[str]:
        """Streams it can fill; a record of another one is refused."""
        ...

    @property
    def settings(self) -> type[BaseModel]:
        """The type of its settings; derive it from `Settings`."""
        ...

    def collect(self, ctx: CollectContext) -> Iterator[Record | Gap | SourceRun]:
        """Read the source.

        Raises:
            EvidenceError: what it was pointed at cannot be read at all; the run ends. Any other error is a crash: it
                becomes a gap, and other sources go on.
        """
        ...

    def check(self, ctx: CollectContext) -> Iterator[Check]:
        """Look whether a pull would work, without keeping anything."""
        ...


@runtime_checkable
class SelfDescribing(Protocol):
    """A collector whose evidence may itself say for which instant and which organisation it stands."""

    def audit_instant(self, settings: Any) -> datetime | None:
        """The instant the evidence is to be judged at when it is judged by itself (UTC); None: it does not say.

        Raises:
            EvidenceError: the evidence cannot be read at all.
        """
        ...

    def organisation(self, settings: Any) -> str | None:
        """Name of the organisation the evidence is of; None: it does not say.

        Raises:
            EvidenceError: the evidence cannot be read at all.
        """
        ...
