"""The forms of `.cases.yaml` files."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from auditor.model.assessment import Reason
from auditor.model.evidence import SourceKind
from auditor.model.streams import STREAMS
from auditor.rulepack.files import Form, ParameterValue, Text
from auditor.sql.nearest import nearest

CASE_KINDS = ("met", "boundary", "not-met", "empty", "no-source", "partial", "stale")
"""Kinds that every indicator shows, or says why it cannot; `gaming:<id>` and `other` come beside them."""

_GAMING = re.compile(r"gaming:[a-z0-9][a-z0-9-]*\Z")
DEFAULT_AT = "2026-01-01T00:00:00Z"


def _stream(name: str) -> str:
    known = [stream.name for stream in STREAMS.values() if not stream.control]
    if name not in known:
        raise ValueError(f"there is no stream {name!r}; {nearest(name, known)}")
    return name


def is_instant(text: str) -> bool:
    """Whether a text is an instant that names its zone."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _instant(text: str) -> str:
    if not is_instant(text):
        raise ValueError(f"{text!r} is no instant with a zone, such as {DEFAULT_AT}")
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"there is no time zone {name!r}; use a name such as Europe/Berlin") from error
    return name


def _kind(name: str) -> str:
    if name not in (*CASE_KINDS, "other") and not _GAMING.match(name):
        raise ValueError(f"there is no kind {name!r}; {nearest(name, (*CASE_KINDS, 'other', 'gaming:<id>'))}")
    return name


def _reason(name: str) -> str:
    known = [reason.value for reason in Reason]
    if name not in known:
        raise ValueError(f"there is no reason {name!r}; {nearest(name, known)}")
    return name


Kind = Annotated[str, AfterValidator(_kind)]
ReasonName = Annotated[str, AfterValidator(_reason)]
StreamName = Annotated[str, AfterValidator(_stream)]
Instant = Annotated[str, AfterValidator(_instant)]
Zone = Annotated[str, AfterValidator(_zone)]
Bounds = Annotated[list[float | int], Field(min_length=2, max_length=2)]


class ExpectForm(Form):
    """What an indicator's case expects; whatever is absent is not compared."""

    status: Literal["measured", "unknown", "not-applicable"] | None = None
    lo: float | int | None = None
    point: float | int | None = None
    hi: float | int | None = None
    value: float | int | None = None
    n: int | None = None
    reasons: list[ReasonName] | None = None
    items: dict[str, Literal["left out"] | Bounds] | None = None
    guards: list[str] | None = None
    flags: list[str] | None = None
    cites: int | None = None


class ExpectRowsForm(Form):
    """What a view's case expects: its rows (named columns only), or their number."""

    rows: list[dict[str, object]] | None = None
    count: int | None = None
    ignore_order: bool = False


class CaseForm(Form):
    """One case."""

    name: Text
    kind: Kind = "other"
    at: Instant = DEFAULT_AT
    given: dict[StreamName, list[dict[str, object]]] = Field(default_factory=dict)
    source_kind: SourceKind | None = Field(default=None, strict=False)
    no_source: list[StreamName] = Field(default_factory=list)
    not_complete: list[StreamName] = Field(default_factory=list)
    denied: Annotated[int, Field(ge=0)] = 0
    failed: bool = False
    pulled_days_ago: Annotated[float | int, Field(ge=0)] = 0
    retention_days: Annotated[int, Field(ge=0)] | None = None
    time_zone: Zone = "UTC"
    parameters: dict[str, ParameterValue] = Field(default_factory=dict)
    expect: dict[str, object]


class CasesForm(Form):
    """A `.cases.yaml` file."""

    cases: list[dict[str, object]] = Field(default_factory=list)
    not_applicable: dict[Kind, Text] = Field(default_factory=dict)
