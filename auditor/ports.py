"""The doors between collecting, storing and judging, as protocols: each side knows only these."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from auditor.canonical import JsonValue
from auditor.model.evidence import Gap, PayloadRef, Row, SourceKind

EXCHANGE_LOG = "exchange-log"
"""`kind` of the request in the envelope of an exchange log: what was asked in one pull, and what came of it."""

PayloadText = Callable[[str, str], "tuple[str | None, bool]"]
"""(payload SHA-256, pointer) -> (text at the pointer or None when it is not text, whether it was cut)."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """How bytes came to us: hashed with them, because a payload without its request proves nothing.

    Attributes:
        source_id: configured source that answered.
        request: what was asked, without credentials: method, URL or file, parameters.
        media_type: media type of the bytes.
        fetched_at: when they were read (UTC); for files the modification time is NOT used, since copies change it.
        collector: name and version of the collector, as `files 1`.
        complete: False when the answer was cut.
    """

    source_id: str
    request: Mapping[str, JsonValue]
    media_type: str
    fetched_at: datetime
    collector: str
    complete: bool = True


@dataclass(frozen=True, slots=True)
class SourcePull:
    """One finished pull of one source.

    Attributes:
        values: the fields of entity `source_run` in canonical JSON form.
        gaps: what could not be had.
        snapshot_streams: streams of which this pull read everything there is, so that rows seen before and absent
            now are gone (a tombstone is written).
        cursors: where the next incremental pull begins, by stream; a stream that is absent keeps its earlier cursor.
        swept: stream -> keys of all rows that the source still has; other rows of it seen before are gone.
        collector: name and version of the collector, as in the envelopes.
    """

    source_id: str
    kind: SourceKind
    values: Mapping[str, JsonValue]
    gaps: tuple[Gap, ...] = ()
    snapshot_streams: frozenset[str] = frozenset()
    cursors: Mapping[str, str] = field(default_factory=dict)
    swept: Mapping[str, frozenset[str]] = field(default_factory=dict)
    collector: str | None = None


class StateReader(Protocol):
    """The rows of a state that is being built, for recognisers."""

    def rows(self, stream: str) -> Iterator[Row]:
        """Every current row of a stream, in order of its reference."""
        ...

    def text(self, payload_sha256: str, pointer: str) -> str | None:
        """The whole text at a pointer in a payload, what a JSON string says without its quotes and escapes.

        None when it is no UTF-8 text, or the pointer names nothing.
        """
        ...


@dataclass(frozen=True, slots=True)
class Derived:
    """A row that a recogniser made, or made more complete.

    Attributes:
        row: takes the place of the row with its stream, source and key, or is new; its payload and pointer prove it.
        recogniser: name and version, such as `promql 1`.
    """

    row: Row
    recogniser: str


class Deriver(Protocol):
    """Gives evidence meaning when a state is built: fields that the sources do not say, and rows of their own."""

    @property
    def version(self) -> str:
        """Changes whenever the same rows would give others; it is part of the state's digest."""
        ...

    def derive(self, state: StateReader) -> Iterator[Derived]:
        """What the recognisers make of the rows of a state; pure."""
        ...


class EvidenceWriter(Protocol):
    """Where the runner puts what a collector yields; nothing counts before the run commits."""

    def keep(self, data: bytes, envelope: Envelope) -> PayloadRef:
        """Keep bytes under their hash; identical bytes once."""
        ...

    def keep_file(self, path: Path, envelope: Envelope) -> PayloadRef:
        """Keep the bytes of a file (of its content where it is gzip-compressed) without reading it into memory."""
        ...

    def add(self, row: Row) -> None:
        """Add a validated row; equal to what is stored already: nothing is written."""
        ...

    def source_done(self, pull: SourcePull) -> None:
        """Close a source's pull."""
        ...
