"""The catalogue of a pack in Markdown: what is asked, why, how it is counted, and what it cannot see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from auditor.model.rubric import (
    LEVELS,
    Dimension,
    Direction,
    Indicator,
    IndicatorType,
    Need,
    Parameter,
    Role,
    RulePack,
    Sql,
    WindowRule,
)
from auditor.rulepack.cases import CaseFile
from auditor.sql.parameters import shown_text

_ROLE = {
    Role.CORE: "core (gates its cell, weight 4)",
    Role.SUPPORTING: "supporting (weight 1, never gates)",
    Role.DIAGNOSTIC: "diagnostic (tells about level 1, never raises a level)",
}
_TYPE = {
    IndicatorType.POPULATION: "share of a population",
    IndicatorType.EVENT: "share of events, with the uncertainty of a sample",
    IndicatorType.CHECKLIST: "share of required parts that were found",
    IndicatorType.MEASURE: "a measured value compared with a goal",
}


def catalogue(pack: RulePack, files: Sequence[CaseFile]) -> str:
    """The whole catalogue; the same pack gives the same text.

    Args:
        files: the pack's cases, whose names tell what an indicator does at its edges.
    """
    cases = {file.subject: file for file in files}
    count = sum(len(file.cases) for file in files)
    has = f"{len(pack.indicators)} indicators, {len(pack.views)} views, {count} cases"
    parts = [f"# {pack.title}", f"Rule pack `{pack.id}`, version {pack.version}: {has}."]
    for dimension in pack.dimensions.values():
        parts += _dimension(dimension, pack, cases)
    parts += ["## Views", "Vocabulary that indicators share.", *_views(pack, cases)]
    parts += ["## Parameters", "A scope may override each of them within its bounds.", _parameters(pack)]
    return "\n\n".join(parts) + "\n"


def _dimension(dimension: Dimension, pack: RulePack, cases: Mapping[str, CaseFile]) -> Iterator[str]:
    yield f"## {dimension.code}: {dimension.title}"
    yield dimension.summary.strip()
    for level in LEVELS:
        yield f"### {dimension.code} level {level}"
        yield dimension.statements[level - 1].strip()
        own = [entry for entry in pack.indicators.values() if (entry.dimension, entry.level) == (dimension.code, level)]
        if not own:
            yield "No indicators yet: the cell is not assessed (`not-in-pack`)."
        for indicator in own:
            yield from _indicator(indicator, cases.get(indicator.id))


def _indicator(indicator: Indicator, cases: CaseFile | None) -> Iterator[str]:
    yield f"#### {indicator.id}"
    yield f"**{_line(indicator.question)}**"
    yield indicator.why.strip()
    yield _list(f"{name}: {text}" for name, text in _facts(indicator))
    if checks := list(_checks(indicator)):
        yield "Counter-checks:"
        yield _list(checks)
    if cases is not None:
        yield "Cases:"
        yield _list(_shown_cases(cases))
    yield _sql(indicator.items)
    for guard in indicator.guards:
        yield f"Guard {guard.id}:"
        yield _sql(guard.sql)
    if indicator.when_empty.proof is not None:
        yield "Proof that there is nothing:"
        yield _sql(indicator.when_empty.proof)


def _facts(indicator: Indicator) -> Iterator[tuple[str, str]]:
    former = f", formerly {', '.join(indicator.aliases)}" if indicator.aliases else ""
    yield "version", f"{indicator.version} ({indicator.lifecycle}){former}"
    yield "role", _ROLE[indicator.role]
    yield "counts", _TYPE[indicator.type] + (", for each service too" if indicator.per_service else "")
    word = "at least" if indicator.direction is Direction.MORE else "at most"
    yield "goal", f"{word} {indicator.goal:g} {indicator.unit} (parameter `{indicator.goal_parameter}`)"
    yield "asks for", f"what is {indicator.asks.value}"
    yield "basis", _line(indicator.basis)
    yield "needs", ", ".join(_need(need) for need in indicator.needs)
    yield "window", _window(indicator.window)
    if indicator.reaction_window is not None:
        yield "reaction window", _line(indicator.reaction_window)
    yield "minimum number", str(indicator.min_n)
    age = (
        "as long as its kind of source allows"
        if indicator.max_pull_age_d is None
        else f"{indicator.max_pull_age_d} days"
    )
    yield "a pull stays fresh", age
    yield "nothing found means", indicator.when_empty.nothing_found.value
    yield "look at", _line(indicator.look_at)
    yield f"to improve (effort {indicator.remediation.effort.value})", _line(indicator.remediation.text)


def _checks(indicator: Indicator) -> Iterator[str]:
    for guard in indicator.guards:
        amount = "" if guard.amount is None else f" {guard.amount:g}"
        reason = "" if guard.reason is None else f" ({guard.reason})"
        yield f"{guard.id}, effect {guard.effect.value}{amount}{reason}: {_line(guard.says)}"
    for condition in indicator.conditions:
        yield f"{condition.id}, part of the items: {_line(condition.says)}"
    for limit in indicator.limits:
        yield f"{limit.id}, a limit that no stream can decide: {_line(limit.says)}"


def _shown_cases(file: CaseFile) -> Iterator[str]:
    for case in file.cases:
        yield _line(case.name) if file.is_view else f"{case.kind}: {_line(case.name)}"
    for kind, reason in file.not_applicable.items():
        yield f"no case of kind {kind}: {_line(reason)}"


def _need(need: Need) -> str:
    only = f" of kind {', '.join(need.kinds)}" if need.kinds else ""
    return f"`{need.stream}`{only} ({need.use.value})"


def _window(window: WindowRule | None) -> str:
    if window is None:
        return "none"
    wider = f", widened to {', '.join(str(length) for length in window.widen)}" if window.widen else ""
    return f"{window.length} {window.unit}{wider}"


def _views(pack: RulePack, cases: Mapping[str, CaseFile]) -> Iterator[str]:
    for view in pack.views:
        reads = ", ".join(f"`{stream}`" for stream in view.sql.reads) or "no stream"
        yield f"### {view.name}"
        yield f"{view.doc} Reads {reads}."
        if view.name in cases:
            yield "Cases:"
            yield _list(_shown_cases(cases[view.name]))
        yield _sql(view.sql)


def _parameters(pack: RulePack) -> str:
    rows = ["| parameter | value | unit | bounds | means | basis |", "| --- | --- | --- | --- | --- | --- |"]
    rows += [_row(pack.parameters[name]) for name in sorted(pack.parameters)]
    return "\n".join(rows)


def _row(parameter: Parameter) -> str:
    value = ", ".join(parameter.value) if isinstance(parameter.value, tuple) else str(parameter.value)
    low, high = ("" if bound is None else f"{bound:g}" for bound in (parameter.low, parameter.high))
    bounds = f"{low} to {high}".strip() if low or high else ""
    cells = (f"`{parameter.name}`", value, parameter.unit or "", bounds, parameter.doc, parameter.basis)
    return "| " + " | ".join(_line(cell).replace("|", "\\|") for cell in cells) + " |"


def _sql(sql: Sql) -> str:
    return f"```sql\n{shown_text(sql.text).strip()}\n```"


def _list(entries: Iterable[str]) -> str:
    return "\n".join(f"- {entry}" for entry in entries)


def _line(text: str) -> str:
    return " ".join(text.split())
