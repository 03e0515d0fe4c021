"""The catalogue of a pack in Markdown: what is asked, why, how it is counted, and what it cannot see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditor.model.rubric import LEVELS, Dimension, Indicator, Parameter, RulePack, WindowRule
from auditor.rulepack.cases import CaseFile
from auditor.sql.parameters import shown_text

_ROLE = {
    "core": "core (gates its cell, weight 4)",
    "supporting": "supporting (weight 1, never gates)",
    "diagnostic": "diagnostic (tells about level 1, never raises a level)",
}
_TYPE = {
    "population": "share of a population",
    "event": "share of events (with the uncertainty of a sample)",
    "checklist": "share of required parts that were found",
    "measure": "measured value compared with a goal",
}


def catalogue(pack: RulePack, files: Sequence[CaseFile]) -> str:
    """The whole catalogue; the same pack gives the same text."""
    cases = {file.subject: file for file in files}
    parts = [
        f"# {pack.title}",
        f"Rule pack `{pack.id}`, version {pack.version}. {len(pack.indicators)} indicators, {len(pack.views)} views, "
        f"{sum(len(file.cases) for file in files)} cases.",
    ]
    for dimension in pack.dimensions.values():
        parts += _dimension(dimension, pack, cases)
    parts += ["## Views", "Vocabulary that indicators share.", *(_view(pack)), "## Parameters", _parameters(pack)]
    return "\n\n".join(parts) + "\n"


def _dimension(dimension: Dimension, pack: RulePack, cases: dict[str, CaseFile]) -> Iterator[str]:
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
    yield f"**{indicator.question.strip()}**"
    yield indicator.why.strip()
    yield "\n".join(f"- {name}: {text}" for name, text in _facts(indicator))
    checks = [
        f"- {guard.id} ({guard.effect.value}{_amount(guard.amount)}): {guard.says.strip()}"
        for guard in indicator.guards
    ]
    checks += [f"- {condition.id} (condition): {condition.says.strip()}" for condition in indicator.conditions]
    checks += [f"- {limit.id} (limit, nothing here can decide it): {limit.says.strip()}" for limit in indicator.limits]
    if checks:
        yield "Counter-checks:\n\n" + "\n".join(checks)
    if cases is not None:
        yield "Cases:\n\n" + "\n".join(f"- {case.kind}: {case.name}" for case in cases.cases)
    yield f"```sql\n{shown_text(indicator.items.text).strip()}\n```"


def _facts(indicator: Indicator) -> Iterator[tuple[str, str]]:
    yield "role", _ROLE[indicator.role.value]
    yield "counts", _TYPE[indicator.type.value]
    word = "at least" if indicator.direction.value == "more" else "at most"
    yield "goal", f"{word} {indicator.goal:g} {indicator.unit} (parameter `{indicator.goal_parameter}`)"
    yield "asks for", f"what is {indicator.asks.value}"
    yield "basis", indicator.basis.strip()
    yield "needs", ", ".join(_need(need.stream, need.use.value, need.kinds) for need in indicator.needs)
    yield "window", _window(indicator.window)
    yield "minimum", f"{indicator.min_n}"
    age = "by kind of source" if indicator.max_pull_age_d is None else f"{indicator.max_pull_age_d} days"
    yield "evidence stays fresh", age
    yield "nothing found", indicator.when_empty.nothing_found.value
    yield "look at", indicator.look_at.strip()
    yield f"to improve (effort {indicator.remediation.effort.value})", indicator.remediation.text.strip()


def _need(stream: str, use: str, kinds: tuple[str, ...]) -> str:
    only = f" of kind {', '.join(kinds)}" if kinds else ""
    return f"`{stream}`{only} ({use})"


def _window(window: WindowRule | None) -> str:
    if window is None:
        return "none"
    wider = f", widened to {', '.join(str(length) for length in window.widen)}" if window.widen else ""
    return f"{window.length} {window.unit}{wider}"


def _amount(amount: float | None) -> str:
    return "" if amount is None else f" {amount:g}"


def _view(pack: RulePack) -> Iterator[str]:
    for view in pack.views:
        yield f"### {view.name}"
        yield f"{view.doc} Reads {', '.join(f'`{stream}`' for stream in view.sql.reads)}."
        yield f"```sql\n{shown_text(view.sql.text).strip()}\n```"


def _parameters(pack: RulePack) -> str:
    rows = ["| parameter | default | unit | bounds | means | basis |", "| --- | --- | --- | --- | --- | --- |"]
    rows += [_parameter(parameter) for parameter in sorted(pack.parameters.values(), key=lambda entry: entry.name)]
    return "\n".join(rows)


def _parameter(parameter: Parameter) -> str:
    value = ", ".join(parameter.value) if isinstance(parameter.value, tuple) else f"{parameter.value}"
    bounds = f"{'' if parameter.low is None else f'{parameter.low:g}'}..{'' if parameter.high is None else f'{parameter.high:g}'}"
    cells = (
        f"`{parameter.name}`",
        value,
        parameter.unit or "",
        bounds.strip(".") and bounds,
        parameter.doc,
        parameter.basis,
    )
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ").strip() for cell in cells) + " |"
