"""The cases beside indicators and views: evidence in, answer out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from auditor.canonical import JsonValue
from auditor.errors import RulePackError
from auditor.model.evidence import SourceKind, Tier
from auditor.model.streams import STREAMS
from auditor.model.validate import check_row, unknown_field_problem
from auditor.rulepack.case_forms import CASE_KINDS, CaseForm, CasesForm, ExpectForm, ExpectRowsForm, is_instant
from auditor.rulepack.faults import Faults
from auditor.rulepack.files import read_form
from auditor.rulepack.layout import CASES
from auditor.rulepack.views import view_name
from auditor.yamlfile import YamlDocument, load_yaml

__all__ = ["CASE_KINDS", "Case", "CaseFile", "Expect", "ExpectRows", "load_cases", "load_pack_cases"]

ROW_META = ("_source", "_reliability", "_fetched_at")
"""What a row of a case may carry beside the fields of its stream."""

At = tuple[str | int, ...]


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
    for path in sorted((pack / "indicators").glob(f"*/*{CASES}")):
        with faults.caught():
            files.append(load_cases(path, path.name.removesuffix(CASES), is_view=False))
    for path in sorted((pack / "views").glob(f"*{CASES}")):
        with faults.caught():
            files.append(load_cases(path, view_name(path), is_view=True))
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
    cases: dict[str, Case] = {}
    for position, entry in enumerate(form.cases):
        at = ("cases", position)
        with faults.caught():
            case = _case(subject, document, entry, at, is_view=is_view)
            if case.name in cases:
                what, cure = f"two cases are called {case.name!r}", "give each its own sentence"
                faults.add(what, document.place((*at, "name")), cure)
            cases[case.name] = case
    for kind in form.not_applicable:
        if any(case.kind == kind for case in cases.values()):
            what = f"a case of kind {kind} is there and is called not applicable"
            faults.add(what, document.place(("not_applicable", kind)), "take one of both out")
    faults.raise_any()
    return CaseFile(subject, path, is_view, tuple(cases.values()), form.not_applicable)


def _case(subject: str, document: YamlDocument, entry: object, at: At, *, is_view: bool) -> Case:
    form = read_form(CaseForm, document, entry, at)
    expect = _expect_rows(document, form, at) if is_view else _expect(document, form, at)
    return Case(
        subject=subject,
        name=form.name,
        kind=form.kind,
        place=document.place(at),
        at=datetime.fromisoformat(form.at).astimezone(UTC),
        time_zone=form.time_zone,
        given=_given(document, form, (*at, "given")),
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


def _given(document: YamlDocument, form: CaseForm, at: At) -> dict[str, tuple[Mapping[str, JsonValue], ...]]:
    faults = Faults()
    given = {stream: tuple(_plain(row) for row in rows) for stream, rows in form.given.items()}
    for stream, rows in given.items():
        for index, row in enumerate(rows):
            for problem in _row_problems(stream, row):
                place = document.place((*at, stream, index))
                faults.add(problem, place, f"`auditor schema {stream}` prints what a row may hold")
    faults.raise_any()
    return given


def _row_problems(stream: str, values: Mapping[str, JsonValue]) -> Iterator[str]:
    definition = STREAMS[stream]
    checked = check_row(definition, {name: value for name, value in values.items() if name not in ROW_META})
    yield from (fault.problem for fault in checked.faults)
    yield from (unknown_field_problem(definition, name) for name in checked.unknown_fields)
    tier = values.get("_reliability")
    if tier is not None and str(tier) not in Tier.__members__:
        yield f"_reliability {tier!r} is none of {', '.join(Tier.__members__)}"
    fetched = values.get("_fetched_at")
    if fetched is not None and not is_instant(str(fetched)):
        yield f"_fetched_at {fetched!r} is no instant with a zone"


def _expect(document: YamlDocument, case: CaseForm, at: At) -> Expect:
    form = read_form(ExpectForm, document, case.expect, (*at, "expect"))
    if not form.model_fields_set:
        raise RulePackError(
            "the case expects nothing", where=document.place((*at, "expect")), cure="say what comes out"
        )
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


def _expect_rows(document: YamlDocument, case: CaseForm, at: At) -> ExpectRows:
    form = read_form(ExpectRowsForm, document, case.expect, (*at, "expect"))
    if (form.rows is None) == (form.count is None):
        place = document.place((*at, "expect"))
        raise RulePackError("the case of a view expects either rows or a count", where=place, cure="give one of both")
    rows = None if form.rows is None else tuple(_plain(row) for row in form.rows)
    return ExpectRows(rows, form.count, form.ignore_order)


def _plain(row: Mapping[str, object]) -> Mapping[str, JsonValue]:
    """A row of YAML is made of JSON values already; this only tells the type checker."""
    return {name: _json(value) for name, value in row.items()}


def _json(value: object) -> JsonValue:
    if isinstance(value, Mapping):
        return {str(name): _json(entry) for name, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_json(entry) for entry in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"YAML gives no {type(value).__name__}")
