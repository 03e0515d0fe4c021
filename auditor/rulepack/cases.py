"""The cases beside indicators and views: evidence in, answer out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from auditor.canonical import JsonValue
from auditor.errors import RulePackError
from auditor.model.evidence import SourceKind
from auditor.rulepack.faults import Faults
from auditor.rulepack.files import Form, ParameterValue, Text, read_form
from auditor.yamlfile import YamlDocument, load_yaml

CASE_KINDS = ("met", "boundary", "not-met", "empty", "no-source", "partial", "stale")
"""Kinds that every indicator shows, or says why it cannot; `gaming:<id>` and `other` come beside them."""

SUFFIX = ".cases.yaml"
DEFAULT_AT = "2026-01-01T00:00:00Z"
_KIND = re.compile(rf"({'|'.join(CASE_KINDS)}|other|gaming:[a-z0-9-]+)\Z")


class ExpectForm(Form):
    """What an indicator's case expects; whatever is absent is not compared."""

    status: Literal["measured", "unknown", "not-applicable"] | None = None
    lo: float | int | None = None
    point: float | int | None = None
    hi: float | int | None = None
    value: float | int | None = None
    n: int | None = None
    reasons: list[str] | None = None
    items: dict[str, Literal["left out"] | Annotated[list[float | int], Field(min_length=2, max_length=2)]] | None = (
        None
    )
    guards: list[str] | None = None
    flags: list[str] | None = None
    cites: int | None = None


class ExpectRowsForm(Form):
    """What a view's case expects: its rows (named columns only), or their number."""

    rows: list[dict[str, object]] | None = None
    count: int | None = None
    ignore_order: bool = True


class CaseForm(Form):
    """One case."""

    name: Text
    kind: str = "other"
    at: str = DEFAULT_AT
    given: dict[str, list[dict[str, object]]] = Field(default_factory=dict)
    source_kind: SourceKind | None = Field(default=None, strict=False)
    no_source: list[str] = Field(default_factory=list)
    not_complete: list[str] = Field(default_factory=list)
    denied: Annotated[int, Field(ge=0)] = 0
    failed: bool = False
    pulled_days_ago: Annotated[float | int, Field(ge=0)] = 0
    retention_days: Annotated[int, Field(ge=0)] | None = None
    time_zone: str = "UTC"
    parameters: dict[str, ParameterValue] = Field(default_factory=dict)
    expect: dict[str, object]


class CasesForm(Form):
    """A `.cases.yaml` file."""

    cases: list[dict[str, object]] = Field(default_factory=list)
    not_applicable: dict[str, Text] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Expect:
    """What an indicator must answer; `given` names the parts that are compared (an expected null is one)."""

    given: frozenset[str]
    status: str | None
    lo: float | None
    point: float | None
    hi: float | None
    value: float | None
    n: int | None
    reasons: tuple[str, ...]
    items: Mapping[str, tuple[float, float] | None]
    guards: tuple[str, ...]
    flags: tuple[str, ...]
    cites: int | None


@dataclass(frozen=True, slots=True)
class ExpectRows:
    """What a view must answer."""

    rows: tuple[Mapping[str, JsonValue], ...] | None
    count: int | None
    ignore_order: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One case of an indicator or a view.

    Attributes:
        subject: id of the indicator, or name of the view.
        place: file:line.
        at: the audit instant.
        given: stream -> rows; a row may carry `_source`, `_reliability`, `_fetched_at`.
        source_kind: kind of the default source; None: docs.
        no_source: streams that nobody answers for.
        not_complete: streams that are answered for without a complete scope.
        denied: items the source was denied.
        failed: the source's only pull failed.
        pulled_days_ago: age of the pull.
        retention_days: how far back the source can answer; None: without limit.
    """

    subject: str
    name: str
    kind: str
    place: str
    at: datetime
    time_zone: str
    given: Mapping[str, tuple[Mapping[str, JsonValue], ...]]
    source_kind: SourceKind | None
    no_source: frozenset[str]
    not_complete: frozenset[str]
    denied: int
    failed: bool
    pulled_days_ago: float
    retention_days: int | None
    parameters: Mapping[str, object]
    expect: Expect | ExpectRows


@dataclass(frozen=True, slots=True)
class CaseFile:
    """The cases of one subject; `not_applicable` maps kinds that it has no case of to the reason."""

    subject: str
    path: Path
    is_view: bool
    cases: tuple[Case, ...]
    not_applicable: Mapping[str, str]


def load_pack_cases(pack: Path) -> tuple[CaseFile, ...]:
    """Every case file of a pack: indicators first, then views.

    Raises:
        RulePackError: anything in them is wrong; every fault with file and line.
    """
    faults = Faults()
    files: list[CaseFile] = []
    for path in sorted((pack / "indicators").glob(f"*/*{SUFFIX}")):
        with faults.caught():
            files.append(load_cases(path, path.name.removesuffix(SUFFIX), is_view=False))
    for path in sorted((pack / "views").glob(f"*{SUFFIX}")):
        with faults.caught():
            subject = re.sub(r"^[0-9]+-", "", path.name.removesuffix(SUFFIX)).replace("-", "_")
            files.append(load_cases(path, subject, is_view=True))
    faults.raise_any()
    return tuple(files)


def load_cases(path: Path, subject: str, *, is_view: bool) -> CaseFile:
    """One case file.

    Raises:
        RulePackError: anything in it is wrong; every fault with file and line.
    """
    faults = Faults()
    document = load_yaml(path, RulePackError)
    form = read_form(CasesForm, document)
    cases: list[Case] = []
    for position, entry in enumerate(form.cases):
        with faults.caught():
            at = ("cases", position)
            case = read_form(CaseForm, document, entry, at)
            expect = _expect_rows(document, case, at) if is_view else _expect(document, case, at)
            cases.append(_case(subject, document.place(at), case, expect))
    names = [case.name for case in cases]
    for name in sorted({name for name in names if names.count(name) > 1}):
        faults.add(f"two cases are called {name!r}", str(path), "give each its own sentence")
    for kind in form.not_applicable:
        if not _KIND.match(kind):
            faults.add(f"there is no case kind {kind!r}", document.place(("not_applicable", kind)), _kinds())
    faults.raise_any()
    return CaseFile(subject, path, is_view, tuple(cases), form.not_applicable)


def _case(subject: str, place: str, form: CaseForm, expect: Expect | ExpectRows) -> Case:
    if not _KIND.match(form.kind):
        raise RulePackError(f"there is no case kind {form.kind!r}", where=place, cure=_kinds())
    try:
        at = datetime.fromisoformat(form.at).astimezone(UTC)
    except ValueError as error:
        raise RulePackError(f"{form.at!r} is no instant", where=place, cure=f"such as {DEFAULT_AT}") from error
    given = {stream: tuple(_plain(row) for row in rows) for stream, rows in form.given.items()}
    return Case(
        subject=subject,
        name=form.name,
        kind=form.kind,
        place=place,
        at=at,
        time_zone=form.time_zone,
        given=given,
        source_kind=form.source_kind,
        no_source=frozenset(form.no_source),
        not_complete=frozenset(form.not_complete),
        denied=form.denied,
        failed=form.failed,
        pulled_days_ago=float(form.pulled_days_ago),
        retention_days=form.retention_days,
        parameters=form.parameters,
        expect=expect,
    )


def _expect(document: YamlDocument, case: CaseForm, at: tuple[str | int, ...]) -> Expect:
    form = read_form(ExpectForm, document, case.expect, (*at, "expect"))
    items = {
        name: None if isinstance(bounds, str) else (float(bounds[0]), float(bounds[1]))
        for name, bounds in (form.items or {}).items()
    }
    return Expect(
        given=frozenset(form.model_fields_set),
        status=form.status,
        lo=form.lo,
        point=form.point,
        hi=form.hi,
        value=form.value,
        n=form.n,
        reasons=tuple(form.reasons or ()),
        items=items,
        guards=tuple(form.guards or ()),
        flags=tuple(form.flags or ()),
        cites=form.cites,
    )


def _expect_rows(document: YamlDocument, case: CaseForm, at: tuple[str | int, ...]) -> ExpectRows:
    form = read_form(ExpectRowsForm, document, case.expect, (*at, "expect"))
    rows = None if form.rows is None else tuple(_plain(row) for row in form.rows)
    return ExpectRows(rows, form.count, form.ignore_order)


def _plain(row: Mapping[str, object]) -> Mapping[str, JsonValue]:
    """A row of YAML is made of JSON values already; this only tells the type checker."""
    return {name: _json(value) for name, value in row.items()}


def _json(value: object) -> JsonValue:
    if isinstance(value, Mapping):
        return {str(name): _json(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_json(entry) for entry in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"YAML gives no {type(value).__name__}")


def _kinds() -> str:
    return f"kinds are: {', '.join(CASE_KINDS)}, gaming:<id>, other"
