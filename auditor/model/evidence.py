"""What collectors yield, and what they must say when they could not: records and gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from auditor.canonical import JsonValue


class Tier(IntEnum):
    """Reliability of a row of evidence, R0 (bare statement) to R5 (pulled from the system of record)."""

    R0 = 0
    R1 = 1
    R2 = 2
    R3 = 3
    R4 = 4
    R5 = 5

    @property
    def reliability(self) -> float:
        """Weight in 0..1 that confidence uses (basis: evidence hierarchy of ISA 500 and PCAOB AS 1105)."""
        return (0.2, 0.5, 0.6, 0.6, 0.9, 1.0)[self]

    @property
    def cap(self) -> float:
        """The degree this tier may support alone; only self-declared rows (R0) and attestations (R1) are capped."""
        return {Tier.R0: 0.5, Tier.R1: 0.85}.get(self, 1.0)


class SourceKind(StrEnum):
    """What a source is to the organisation."""

    TICKETING = "ticketing"
    MONITORING = "monitoring"
    DOCS = "docs"
    GIT = "git"
    LMS = "lms"
    HR = "hr"
    CALENDAR = "calendar"
    COMMS = "comms"
    STRATEGY = "strategy"
    SUPPLIER = "supplier"


PULL_AGE_DAYS: Mapping[SourceKind, int] = {
    SourceKind.TICKETING: 3,
    SourceKind.MONITORING: 3,
    SourceKind.DOCS: 7,
    SourceKind.GIT: 7,
    SourceKind.CALENDAR: 7,
    SourceKind.COMMS: 7,
    SourceKind.LMS: 35,
    SourceKind.HR: 35,
    SourceKind.SUPPLIER: 35,
    SourceKind.STRATEGY: 100,
}
"""Days a pull stays fresh, by kind of source; an indicator may ask for less or allow more."""


class GapReason(StrEnum):
    """Why evidence could not be collected (closed list)."""

    NOT_CONFIGURED = "not-configured"
    UNREACHABLE = "unreachable"
    UNAUTHORISED = "unauthorised"
    FORBIDDEN = "forbidden"
    NOT_SUPPORTED = "not-supported"
    RATE_LIMITED = "rate-limited"
    TIMED_OUT = "timed-out"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    SERVER_ERROR = "server-error"
    RETENTION = "retention"
    REDACTED = "redacted"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be collected.

    Attributes:
        stream: the stream it belongs to; None when it concerns the whole source.
        reason: the closed reason.
        detail: one sentence for a person, without secrets.
        place: file:line, URL or object the gap is at; None when there is none.
        source_id: the source inside a folder of several; None for the collector's own source.
        hides_rows: number of rows that are missing through it; None when the number is not known.
        row_kind: value of the row's `kind` where it could be read, so that other kinds stay complete.
    """

    stream: str | None
    reason: GapReason
    detail: str
    place: str | None = None
    source_id: str | None = None
    hides_rows: int | None = None
    row_kind: str | None = None


@dataclass(frozen=True, slots=True)
class PayloadRef:
    """Where bytes that a source answered with are kept: SHA-256 of the uncompressed bytes and their length."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a stream as a collector read it, before validation.

    Attributes:
        stream: name of the stream.
        values: field name -> JSON value; fields that are absent are null.
        payload: the bytes the row was read from.
        pointer: where in the payload: a JSON pointer, `line:N`, `row:N` or `bytes:A-B`.
        place: file:line or URL for messages.
        source_id: the source inside a folder of several; None for the collector's own source.
        source_url: deep link a reviewer can open.
        fetched_at: when the row was read (UTC); None: the `ended` of its source.
        reliability: a tier lower than the default of the stream; None: the default.
    """

    stream: str
    values: Mapping[str, JsonValue]
    payload: PayloadRef
    pointer: str
    place: str | None = None
    source_id: str | None = None
    source_url: str | None = None
    fetched_at: datetime | None = None
    reliability: Tier | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One validated row with its provenance, as segments keep it.

    Attributes:
        stream: name of the stream.
        source_id: the source it came from.
        key: its key fields, percent-encoded and joined by `/`.
        values: every field of the stream in canonical JSON form (instants as ISO 8601 text ending in Z).
        sha256: hash over stream, source, key, values and reliability: changes exactly when the row changes.
        deleted: a tombstone: the row was seen before and is gone; `values` then holds the last known ones.
    """

    stream: str
    source_id: str
    key: str
    values: Mapping[str, JsonValue]
    reliability: Tier
    sha256: str
    payload_sha256: str
    pointer: str
    source_url: str | None = None
    fetched_at: datetime | None = None
    deleted: bool = False

    @property
    def ref(self) -> str:
        """The row's reference in assessments: `<stream>:<source_id>:<key>`, each part percent-encoded."""
        return make_ref(self.stream, self.source_id, self.key)


def encode_part(text: str) -> str:
    """Percent-encode one part of a reference so that `:`, `/` and `%` in ids cannot be mistaken for separators."""
    from urllib.parse import quote

    return quote(text, safe="-._~@ +,;=()!*'")


def make_ref(stream: str, source_id: str, key: str) -> str:
    """Reference of a row; `key` is encoded already (see `Row.key`)."""
    return f"{stream}:{encode_part(source_id)}:{key}"


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is known about one source at an audit: the latest pull, and the latest one that was sound.

    Attributes:
        values: the fields of entity `source_run` of the latest pull, in canonical JSON form.
        last_ok_ended: end of the latest pull whose status was not failed; None when there is none.
        gaps: the gaps of the latest pull.
        last_ok_values: what the pull of `last_ok_ended` said of itself; None when there is none, or it is not known.
        last_ok_gaps: the gaps of that pull where it is not the latest one, whose gaps are in `gaps`.
    """

    source_id: str
    kind: SourceKind
    values: Mapping[str, JsonValue]
    last_ok_ended: datetime | None
    gaps: tuple[Gap, ...] = field(default=())
    last_ok_values: Mapping[str, JsonValue] | None = None
    last_ok_gaps: tuple[Gap, ...] = ()
