"""Running the cases of a rule pack through the real engine: evidence in, answer out, differences in words.

One prepared database serves all cases of a worker; only its rows and temporary objects change from case to case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from auditor.assess.observe import observe
from auditor.assess.request import AssessmentRequest
from auditor.assess.session import Session, open_session
from auditor.canonical import JsonValue
from auditor.errors import AuditorError, QueryError, RulePackError
from auditor.model.assessment import Observation
from auditor.model.evidence import SourceKind, SourceState
from auditor.model.rubric import Indicator, RulePack, View
from auditor.rulepack.cases import Case, CaseFile, Expect, ExpectRows, load_pack_cases
from auditor.rulepack.faults import Faults
from auditor.rulepack.load import load_pack
from auditor.rulepack.parameters import overridden
from auditor.sql.sandbox import Limits
from auditor.testing.bench import DEFAULT_SOURCE, EvidenceBench

_TOLERANCE = 1e-8
_DIGEST = "0" * 64


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case came out.

    Attributes:
        subject: id of the indicator, or name of the view.
        place: file:line of the case.
        difference: what was expected and what came, one line each; empty when the case passed.
    """

    subject: str
    name: str
    kind: str
    place: str
    difference: str

    @property
    def passed(self) -> bool:
        """Everything that was expected came."""
        return not self.difference


def run_cases(
    pack_path: Path, *, only: str | None = None, overrides: Mapping[str, object] | None = None
) -> list[CaseResult]:
    """Run the cases of a pack.

    Args:
        pack_path: the pack's folder.
        only: id of the one indicator, or name of the one view, whose cases run.
        overrides: parameter -> value, for all cases.

    Raises:
        RulePackError: the pack or a case file cannot be loaded.
    """
    with CaseRunner(load_pack(pack_path, overrides)) as runner:
        return [
            runner.run(file, case)
            for file in load_pack_cases(pack_path)
            if only is None or file.subject in (only, only.replace("-", "_"))
            for case in file.cases
        ]


class CaseRunner:
    """Runs cases of one pack one after the other; a context manager. Test suites use one per worker."""

    def __init__(self, pack: RulePack) -> None:
        self._pack = pack
        self._bench = EvidenceBench(Limits(timeout_s=10))
        self._views = {view.name: view for view in pack.views}

    def run(self, file: CaseFile, case: Case) -> CaseResult:
        """Run one case; evidence that does not fit its streams is a difference as well."""
        try:
            difference = "\n".join(self._differences(file, case))
        except AuditorError as error:
            difference = f"  cannot run: {error}"
        return CaseResult(case.subject, case.name, case.kind, case.place, difference)

    def close(self) -> None:
        """Drop the database."""
        self._bench.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _differences(self, file: CaseFile, case: Case) -> Iterator[str]:
        subjects: Mapping[str, object] = self._views if file.is_view else self._pack.indicators
        if case.subject not in subjects:
            what = f"the pack has no {'view' if file.is_view else 'indicator'} {case.subject}"
            raise RulePackError(what, where=case.place, cure="a case file stands beside its subject")
        self._bench.fill(case.given)
        pack = with_parameters(self._pack, case)
        if isinstance(case.expect, ExpectRows):
            view = self._views[case.subject]
            with self._session(pack, case, view.sql.reads) as session:
                yield from _compare_rows(case.expect, _view_rows(session, view))
        else:
            indicator = pack.indicators[case.subject]
            needed = tuple(need.stream for need in indicator.needs)
            with self._session(pack, case, needed) as session:
                observation = observe(indicator, session, _request(case))
            yield from _compare(case.expect, observation)

    @contextmanager
    def _session(self, pack: RulePack, case: Case, streams: Sequence[str]) -> Iterator[Session]:
        with open_session(
            self._bench.sandbox,
            pack,
            as_of=case.at,
            time_zone=case.time_zone,
            sources=sources_of(case, streams),
            gaps=(),
        ) as session:
            yield session


def with_parameters(pack: RulePack, case: Case) -> RulePack:
    """The pack with the parameters of a case, goals included.

    Raises:
        RulePackError: the pack has no such parameter, or the value is out of its bounds.
    """
    if not case.parameters:
        return pack
    faults = Faults()
    parameters = overridden(pack.parameters, case.parameters, faults)
    faults.raise_any()
    indicators = {name: _with_goal(entry, parameters) for name, entry in pack.indicators.items()}
    return replace(pack, parameters=parameters, indicators=indicators)


def _with_goal(indicator: Indicator, parameters: Mapping[str, object]) -> Indicator:
    value = getattr(parameters.get(indicator.goal_parameter), "value", indicator.goal)
    return replace(indicator, goal=float(value))


def sources_of(case: Case, needed: Sequence[str]) -> list[SourceState]:
    """The sources of a case: one that answers for everything needed and given, and those that rows name.

    A source that a row names with `_source` answers for the streams it gives rows of.
    """
    answered = {DEFAULT_SOURCE: {*needed, *case.given} - case.no_source - {"source_run"}}
    for stream, rows in case.given.items():
        for source in {str(row["_source"]) for row in rows if "_source" in row}:
            answered.setdefault(source, set()).add(stream)
    return [_source(case, source, sorted(streams)) for source, streams in sorted(answered.items())]


def _source(case: Case, source_id: str, streams: Sequence[str]) -> SourceState:
    kind = case.source_kind or SourceKind.DOCS
    ended = case.at - timedelta(days=case.pulled_days_ago)
    own = source_id == DEFAULT_SOURCE
    failed, denied = case.failed and own, case.denied if own else 0
    kept = None if case.retention_days is None else _text(case.at - timedelta(days=case.retention_days))
    values: dict[str, JsonValue] = {
        "source_id": source_id,
        "kind": kind.value,
        "started": _text(ended),
        "ended": _text(ended),
        "status": "failed" if failed else "partial" if denied else "ok",
        "denied": denied,
        "streams": list(streams),
        "scope_complete": {stream: stream not in case.not_complete for stream in streams},
        "retention_from": kept,
    }
    return SourceState(source_id, kind, values, None if failed else ended)


def _text(instant: datetime) -> str:
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def _request(case: Case) -> AssessmentRequest:
    return AssessmentRequest("case", None, case.time_zone, case.at, _DIGEST, "case")


def _compare(expect: Expect, found: Observation) -> Iterator[str]:
    """One line per difference, and the reasons of the observation where there is one."""
    answers: dict[str, tuple[object, object]] = {
        "status": (expect.status, found.status),
        "lo": (expect.lo, found.degree.lo),
        "point": (expect.point, found.degree.point),
        "hi": (expect.hi, found.degree.hi),
        "value": (expect.value, found.value.point),
        "n": (expect.n, found.n),
        "guards": (sorted(expect.guards), sorted(guard.guard for guard in found.guards)),
        "flags": (sorted(expect.flags), sorted(guard.guard for guard in found.guards if guard.effect == "flag")),
        "cites": (expect.cites, len({ref for item in found.items for ref in item.evidence})),
    }
    different = False
    for name, (wanted, got) in answers.items():
        if name in expect.given and not _equal(wanted, got):
            different = True
            yield f"  {name}: expected {_shown(wanted)}, got {_shown(got)}"
    for line in (*_compare_reasons(expect, found), *_compare_items(expect, found)):
        different = True
        yield line
    if different:
        yield from (f"  because: {note.reason.value}: {note.detail}" for note in found.reasons)


def _compare_reasons(expect: Expect, found: Observation) -> Iterator[str]:
    """Reasons that are listed must be there; an empty list says that there are none."""
    if "reasons" not in expect.given:
        return
    got = sorted({note.reason.value for note in found.reasons})
    missing = sorted(set(expect.reasons) - set(got))
    if missing or (got and not expect.reasons):
        yield f"  reasons: expected {_shown(list(expect.reasons))}, got {_shown(got)}"


def _compare_items(expect: Expect, found: Observation) -> Iterator[str]:
    items = {item.item: item for item in found.items}
    for name, bounds in expect.items.items():
        item = items.get(name)
        if item is None:
            yield f"  item {name}: expected {_bounds(bounds)}, got no such item; there are {_shown(sorted(items))}"
            continue
        got = None if item.counted == "no" else (item.lo, item.hi)
        if not _equal(bounds, got):
            note = f" ({item.note})" if item.note else ""
            yield f"  item {name}: expected {_bounds(bounds)}, got {_bounds(got)}{note}"


def _bounds(bounds: tuple[float, float] | None) -> str:
    return "left out" if bounds is None else f"[{bounds[0]:g}, {bounds[1]:g}]"


def _view_rows(session: Session, view: View) -> list[Mapping[str, object]]:
    columns = session.full.rows_of(view)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _compare_rows(expect: ExpectRows, rows: Sequence[Mapping[str, object]]) -> Iterator[str]:
    if expect.count is not None and len(rows) != expect.count:
        yield f"  count: expected {expect.count}, got {len(rows)}: {_shown(list(rows))}"
    if expect.rows is None:
        return
    names = sorted({name for row in expect.rows for name in row})
    unknown = [name for name in names if rows and name not in rows[0]]
    if unknown:
        raise QueryError(f"the view has no column {', '.join(unknown)}")
    wanted = [tuple(_plain(row.get(name)) for name in names) for row in expect.rows]
    got = [tuple(_plain(row[name]) for name in names) for row in rows]
    if expect.ignore_order:
        wanted, got = sorted(wanted, key=repr), sorted(got, key=repr)
    if len(wanted) == len(got) and all(map(_equal, wanted, got)):
        return
    missing, surplus = Counter(map(repr, wanted)), Counter(map(repr, got))
    for text in sorted((missing - surplus).elements()):
        yield f"  expected a row {_named(names)} = {text}"
    for text in sorted((surplus - missing).elements()):
        yield f"  got a row {_named(names)} = {text}"
    if missing == surplus:
        yield f"  rows came in another order: {_shown(got)}"


def _named(names: Sequence[str]) -> str:
    return f"({', '.join(names)})"


def _plain(value: object) -> object:
    """A value in one form: instants as ISO 8601 text ending in Z, lists as tuples, whole reals as such."""
    if isinstance(value, str) and len(value) >= len("2026-01-01 00:00:00") and value[10:11] in (" ", "T"):
        try:
            return _text(datetime.fromisoformat(value.removesuffix("Z")).replace(tzinfo=UTC))
        except ValueError:
            return value
    if isinstance(value, Mapping):
        return tuple(sorted((name, _plain(entry)) for name, entry in value.items()))
    if isinstance(value, list | tuple):
        return tuple(_plain(entry) for entry in value)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _equal(wanted: object, got: object) -> bool:
    if isinstance(wanted, bool) or isinstance(got, bool):
        return wanted is got
    if isinstance(wanted, int | float) and isinstance(got, int | float):
        return abs(wanted - got) <= _TOLERANCE
    if isinstance(wanted, list | tuple) and isinstance(got, list | tuple):
        return len(wanted) == len(got) and all(map(_equal, wanted, got))
    return wanted == got


def _shown(value: object) -> str:
    return f"{value:.9g}" if isinstance(value, float) else "null" if value is None else str(value)
