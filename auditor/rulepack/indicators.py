"""From an indicator's file to the indicator: its statements linted, its goal found, its needs compared with its reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

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
from auditor.rulepack.files import GoalForm, GuardForm, IndicatorForm, WindowForm
from auditor.rulepack.parameters import GOAL_PREFIX
from auditor.rulepack.views import Tables
from auditor.sql.lint import lint_select
from auditor.yamlfile import YamlDocument

_ITEM_COLUMNS = ("item", "met_lo", "met_hi", "evidence")
_MEASURE_COLUMNS = ("item", "value_lo", "value_point", "value_hi", "evidence")
_OPTIONAL_COLUMNS = ("service_id", "note", "absent", "undecided", "unsure", "react_by")
_OPTIONAL_MEASURE_COLUMNS = ("n", "note", "absent", "undecided")
_GUARD_COLUMNS = ("item",)
_OPTIONAL_GUARD_COLUMNS = ("sure", "note", "evidence")
_WITH_AMOUNT = ("factor", "cap")


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


def build_indicator(form: IndicatorForm, context: Context, faults: Faults) -> Indicator | None:
    """The indicator, or None where a fault was noted that leaves nothing to build."""
    _check_form(form, context, faults)
    indicator: Indicator | None = None
    with faults.caught():
        indicator = _indicator(form, context, faults)
        _compare_needs(indicator, context, faults)
    return indicator


def _indicator(form: IndicatorForm, context: Context, faults: Faults) -> Indicator:
    goal_parameter, goal = _goal(form, context, faults)
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
        when_empty=_when_empty(form, context),
        per_service=form.per_service,
        items=_items(form, context),
        guards=tuple(_guard(guard, position, context) for position, guard in enumerate(form.guards)),
        conditions=tuple(Condition(note.id, note.says) for note in form.conditions),
        limits=tuple(Limit(note.id, note.says) for note in form.limits),
        look_at=form.look_at,
        remediation=Remediation(Effort(form.remediation.effort), form.remediation.text),
        aliases=tuple(form.aliases),
    )


def _check_form(form: IndicatorForm, context: Context, faults: Faults) -> None:
    document = context.document
    if form.id != f"{form.dimension}-{form.id.split('-')[1]}" or int(form.id.split("-")[1][0]) != form.level:
        what = f"the id {form.id} does not fit dimension {form.dimension} and level {form.level}"
        faults.add(what, document.place(("id",)), "an id is <dimension>-<level>.<number>")
    if document.path.stem != form.id:
        faults.add(f"the file of {form.id} is called {document.path.name}", document.place(("id",)), "rename it")
    for stream in form.needs:
        if stream not in STREAMS or STREAMS[stream].control:
            faults.add(f"there is no stream {stream}", document.place(("needs", stream)), "`auditor schema` lists them")
    if isinstance(form.window, WindowForm):
        lengths = [length for length in (form.window.days, form.window.months, form.window.quarters) if length]
        if (
            len(lengths) != 1
            or sorted(form.window.widen) != form.window.widen
            or min([9999, *form.window.widen]) <= lengths[0]
        ):
            what = "a window has one of days, months and quarters, and widens to longer ones in turn"
            faults.add(what, document.place(("window",)), "such as {days: 90, widen: [180, 365]}")
    noted = [guard.id for guard in form.guards] + [note.id for note in (*form.conditions, *form.limits)]
    for name in sorted({name for name in noted if noted.count(name) > 1}):
        faults.add(f"two counter-checks are called {name}", document.place(("guards",)), "give each its own id")
    for position, guard in enumerate(form.guards):
        _check_guard(guard, position, document, faults)


def _check_guard(guard: GuardForm, position: int, document: YamlDocument, faults: Faults) -> None:
    place = document.place(("guards", position))
    if (guard.effect in _WITH_AMOUNT) != (guard.amount is not None):
        faults.add(f"guard {guard.id}: exactly the effects factor and cap have an amount", place, "mend the guard")
    if (guard.effect == "unknown") != (guard.reason is not None):
        faults.add(f"guard {guard.id}: exactly the effect unknown has a reason", place, "mend the guard")
    if guard.reason is not None and guard.reason not in [reason.value for reason in Reason]:
        known = ", ".join(Reason)
        faults.add(f"guard {guard.id}: there is no reason {guard.reason}", place, f"reasons are: {known}")


def _goal(form: IndicatorForm, context: Context, faults: Faults) -> tuple[str, float]:
    name = form.goal.parameter if isinstance(form.goal, GoalForm) else GOAL_PREFIX + form.id
    parameter = context.parameters.get(name)
    if parameter is None or not isinstance(parameter.value, int | float):
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


def _when_empty(form: IndicatorForm, context: Context) -> WhenEmpty:
    proof = form.when_empty.proof
    sql = None if proof is None else _sql(proof, ("when_empty", "proof"), context, (), None)
    return WhenEmpty(EmptyResult(form.when_empty.nothing_found), sql)


def _items(form: IndicatorForm, context: Context) -> Sql:
    if form.type == "measure":
        return _sql(form.items, ("items",), context, _MEASURE_COLUMNS, _OPTIONAL_MEASURE_COLUMNS)
    return _sql(form.items, ("items",), context, _ITEM_COLUMNS, _OPTIONAL_COLUMNS)


def _guard(form: GuardForm, position: int, context: Context) -> Guard:
    sql = _sql(form.sql, ("guards", position, "sql"), context, _GUARD_COLUMNS, _OPTIONAL_GUARD_COLUMNS)
    amount = None if form.amount is None else float(form.amount)
    return Guard(form.id, sql, Effect(form.effect), amount, form.says, form.reason)


def _sql(
    text: str,
    at: tuple[str | int, ...],
    context: Context,
    required: Collection[str],
    optional: Collection[str] | None,
) -> Sql:
    line = context.document.line(at)
    linted = lint_select(
        text,
        tables=context.tables.binder,
        file=str(context.document.path),
        line=line,
        parameters=context.samples,
        required_columns=required,
        optional_columns=optional,
    )
    streams = context.tables.behind(linted.tables)
    return Sql(linted.text, context.file, line, streams, tuple(sorted(linted.parameters)))


def _compare_needs(indicator: Indicator, context: Context, faults: Faults) -> None:
    statements = [indicator.items, *(guard.sql for guard in indicator.guards)]
    if indicator.when_empty.proof is not None:
        statements.append(indicator.when_empty.proof)
    reached = {stream for sql in statements for stream in sql.reads} - {"source_run"}
    declared = {need.stream for need in indicator.needs}
    place = context.document.place(("needs",))
    for stream in sorted(reached - declared):
        faults.add(f"{indicator.id} reads {stream}, which its needs do not name", place, f"add `{stream}: optional`")
    for stream in sorted(declared - reached - {"source_run"}):
        faults.add(f"{indicator.id} needs {stream} and never reads it", place, "take it out, or read it")
