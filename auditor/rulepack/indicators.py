"""From an indicator's file to the indicator: statements linted, goal found, needs compared with what is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise

from auditor.errors import RulePackError
from auditor.model.assessment import Reason
from auditor.model.rubric import (
    Asks,
    Condition,
    Direction,
    Effect,
    Effort,
    EmptyResult,
    Guard,
    Indicator,
    IndicatorType,
    Limit,
    Need,
    Parameter,
    Remediation,
    Role,
    Sql,
    Use,
    WhenEmpty,
    WindowRule,
)
from auditor.model.streams import STREAMS
from auditor.rulepack.faults import Faults
from auditor.rulepack.files import GoalForm, GuardForm, IndicatorForm, NeedForm, WindowForm
from auditor.rulepack.parameters import GOAL_PREFIX
from auditor.rulepack.shapes import GUARD, ITEMS, MEASURE, Shape, check_proof
from auditor.rulepack.views import Tables
from auditor.sql.lint import lint_select
from auditor.sql.nearest import nearest
from auditor.yamlfile import YamlDocument

_WITH_AMOUNT = ("factor", "cap")
_ALWAYS_THERE = frozenset({"source_run"})
"""What the engine knows of every source without being asked."""
_WINDOW_PARAMETERS = frozenset({"W", "WE"})


@dataclass(frozen=True, slots=True)
class Context:
    """What indicators are checked against.

    Attributes:
        samples: parameters that statements may use, without `$`, each with a value of its type.
        file: path of the indicator's file inside the pack.
    """

    tables: Tables
    parameters: Mapping[str, Parameter]
    samples: Mapping[str, object]
    file: str
    document: YamlDocument


@dataclass(frozen=True, slots=True)
class _Statements:
    items: Sql
    guards: tuple[Sql, ...]
    proof: Sql | None

    def all(self) -> tuple[Sql, ...]:
        return (self.items, *self.guards, *(() if self.proof is None else (self.proof,)))


def build_indicator(form: IndicatorForm, context: Context, faults: Faults) -> Indicator | None:
    """The indicator, or None where a fault was noted that leaves nothing to build."""
    _check_form(form, context, faults)
    goal_parameter, goal = _goal(form, context, faults)
    statements = _statements(form, context, faults)
    if statements is None:
        return None
    _compare_needs(form, statements, context, faults)
    return _indicator(form, statements, goal_parameter, goal)


def _indicator(form: IndicatorForm, statements: _Statements, goal_parameter: str, goal: float) -> Indicator:
    return Indicator(
        id=form.id,
        version=form.version,
        lifecycle=form.lifecycle,
        dimension=form.dimension,
        level=form.level,
        role=Role(form.role),
        type=IndicatorType(form.type),
        question=form.question,
        why=form.why,
        basis=form.basis,
        asks=Asks(form.asks),
        needs=_needs(form),
        unit=form.unit,
        direction=Direction(form.direction),
        goal=goal,
        goal_parameter=goal_parameter,
        min_n=form.min_n,
        max_pull_age_d=None if form.max_pull_age == "std" else form.max_pull_age,
        window=_window(form.window),
        reaction_window=None if form.reaction_window == "none" else form.reaction_window,
        when_empty=WhenEmpty(EmptyResult(form.when_empty.nothing_found), statements.proof),
        per_service=form.per_service,
        items=statements.items,
        guards=tuple(_guard(guard, sql) for guard, sql in zip(form.guards, statements.guards, strict=True)),
        conditions=tuple(Condition(note.id, note.says) for note in form.conditions),
        limits=tuple(Limit(note.id, note.says) for note in form.limits),
        look_at=form.look_at,
        remediation=Remediation(Effort(form.remediation.effort), form.remediation.text),
        aliases=tuple(form.aliases),
    )


def _check_form(form: IndicatorForm, context: Context, faults: Faults) -> None:
    document = context.document
    dimension, _, number = form.id.partition("-")
    if dimension != form.dimension or number[0] != str(form.level):
        what = f"the id {form.id} does not fit dimension {form.dimension} and level {form.level}"
        faults.add(what, document.place(("id",)), "an id is <dimension>-<level>.<number>")
    if (document.path.parent.name, document.path.stem) != (form.dimension, form.id):
        what = f"{form.id} stands in {document.path.parent.name}/{document.path.name}"
        faults.add(what, document.place(("id",)), f"call the file {form.dimension}/{form.id}.yaml")
    _check_needs(form, document, faults)
    _check_window(form, document, faults)
    noted = [guard.id for guard in form.guards] + [note.id for note in (*form.conditions, *form.limits)]
    for name in sorted({name for name in noted if noted.count(name) > 1}):
        faults.add(f"two counter-checks are called {name}", document.place(("guards",)), "give each its own id")
    for position, guard in enumerate(form.guards):
        _check_guard(guard, position, document, faults)


def _check_needs(form: IndicatorForm, document: YamlDocument, faults: Faults) -> None:
    streams = {name: stream for name, stream in STREAMS.items() if not stream.control}
    for name, need in form.needs.items():
        place = document.place(("needs", name))
        if name not in streams:
            faults.add(f"there is no stream {name!r}", place, nearest(name, streams))
        elif isinstance(need, NeedForm):
            field = streams[name].field("kind")
            known = () if field is None else field.enum or ()
            for kind in need.kinds:
                if kind not in known:
                    faults.add(f"the stream {name} has no kind {kind!r}", place, nearest(kind, known))


def _check_window(form: IndicatorForm, document: YamlDocument, faults: Faults) -> None:
    if isinstance(form.window, str):
        return
    lengths = [length for length in (form.window.days, form.window.months, form.window.quarters) if length is not None]
    tried = [*lengths, *form.window.widen]
    if len(lengths) != 1 or any(later <= earlier for earlier, later in pairwise(tried)):
        what = "a window has one of days, months and quarters, and widens to longer ones in turn"
        faults.add(what, document.place(("window",)), "such as {days: 90, widen: [180, 365]}")


def _check_guard(guard: GuardForm, position: int, document: YamlDocument, faults: Faults) -> None:
    place = document.place(("guards", position, "effect"))
    if (guard.effect in _WITH_AMOUNT) != (guard.amount is not None):
        what = f"guard {guard.id}: an amount belongs to the effects factor and cap, and to no other"
        faults.add(what, place, "give it, or take it out")
    if (guard.effect == "unknown") != (guard.reason is not None):
        what = f"guard {guard.id}: a reason belongs to the effect unknown, and to no other"
        faults.add(what, place, "give it, or take it out")
    reasons = [reason.value for reason in Reason]
    if guard.reason is not None and guard.reason not in reasons:
        place = document.place(("guards", position, "reason"))
        faults.add(f"guard {guard.id}: there is no reason {guard.reason!r}", place, nearest(guard.reason, reasons))


def _goal(form: IndicatorForm, context: Context, faults: Faults) -> tuple[str, float]:
    name = form.goal.parameter if isinstance(form.goal, GoalForm) else GOAL_PREFIX + form.id
    parameter = context.parameters.get(name)
    if parameter is None or isinstance(parameter.value, bool) or not isinstance(parameter.value, int | float):
        place = context.document.place(("goal",))
        faults.add(f"the goal {name} is no number of parameters.yaml", place, "declare it there, or give a number")
        return name, 1.0
    return name, float(parameter.value)


def _needs(form: IndicatorForm) -> tuple[Need, ...]:
    needs = []
    for stream, need in form.needs.items():
        if isinstance(need, str):
            needs.append(Need(stream, Use(need)))
        else:
            needs.append(Need(stream, Use(need.use), tuple(need.kinds)))
    return tuple(needs)


def _window(form: WindowForm | str) -> WindowRule | None:
    if isinstance(form, str):
        return None
    for unit, length in (("days", form.days), ("months", form.months), ("quarters", form.quarters)):
        if length is not None:
            return WindowRule(unit, length, tuple(form.widen))
    return None


def _statements(form: IndicatorForm, context: Context, faults: Faults) -> _Statements | None:
    """Every statement of an indicator, or None where one is wrong: each of them is looked at."""

    def linted(text: str, at: tuple[str | int, ...], shape: Shape | None) -> Sql | None:
        return faults.attempt(lambda: _sql(text, at, shape, form, context))

    items = linted(form.items, ("items",), MEASURE if form.type == "measure" else ITEMS)
    guards = [linted(guard.sql, ("guards", position, "sql"), GUARD) for position, guard in enumerate(form.guards)]
    sound = [guard for guard in guards if guard is not None]
    proof = form.when_empty.proof
    proving = None if proof is None else linted(proof, ("when_empty", "proof"), None)
    if items is None or len(sound) < len(guards) or (proof is not None and proving is None):
        return None
    return _Statements(items, tuple(sound), proving)


def _sql(text: str, at: tuple[str | int, ...], shape: Shape | None, form: IndicatorForm, context: Context) -> Sql:
    line = context.document.line(at)
    place = f"{context.document.path}:{line}"
    samples = context.samples
    if form.window == "none":
        samples = {name: value for name, value in samples.items() if name not in _WINDOW_PARAMETERS}
    linted = lint_select(
        text,
        tables=context.tables.binder,
        file=str(context.document.path),
        line=line,
        parameters=samples,
        required_columns=() if shape is None else shape.required,
        optional_columns=None if shape is None else shape.optional,
    )
    if shape is None:
        check_proof(linted.types, place)
    else:
        shape.check(linted.types, place)
    if at == ("items",):
        _check_items(form, linted.columns, place)
    streams = context.tables.behind(linted.tables)
    return Sql(linted.text, context.file, line, streams, tuple(sorted(linted.parameters)))


def _check_items(form: IndicatorForm, columns: Collection[str], place: str) -> None:
    if form.per_service and "service_id" not in columns:
        cure = "select it, or set per_service to false"
        raise RulePackError("per_service asks for the column service_id", where=place, cure=cure)
    if (form.reaction_window != "none") != ("react_by" in columns):
        cure = "name the window under reaction_window, and select the instant it runs out as react_by"
        raise RulePackError("a reaction window and the column react_by go together", where=place, cure=cure)


def _guard(form: GuardForm, sql: Sql) -> Guard:
    amount = None if form.amount is None else float(form.amount)
    return Guard(form.id, sql, Effect(form.effect), amount, form.says, form.reason)


def _compare_needs(form: IndicatorForm, statements: _Statements, context: Context, faults: Faults) -> None:
    reached = {stream for sql in statements.all() for stream in sql.reads}
    for stream in sorted(reached - {*form.needs} - _ALWAYS_THERE):
        place = context.document.place(("needs",))
        what = f"{form.id} reads the stream {stream}, which its needs do not name"
        faults.add(what, place, f"add `{stream}: optional`, or `population` where its rows are the items")
    for stream in sorted({*form.needs} & {*STREAMS} - reached - _ALWAYS_THERE):
        place = context.document.place(("needs", stream))
        faults.add(f"{form.id} needs the stream {stream} and never reads it", place, "take it out, or read it")
