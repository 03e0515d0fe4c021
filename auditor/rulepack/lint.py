"""What an author of a pack still owes: cases of every kind, a case for every counter-check, no unused parameter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from auditor.model.rubric import Indicator, RulePack
from auditor.rulepack.cases import CASE_KINDS, CaseFile, load_pack_cases
from auditor.rulepack.load import load_pack
from auditor.sql.parameters import pack_name


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend: where it is, and what it is."""

    where: str
    what: str


ENGINE_PARAMETERS = frozenset({"lower_cells_min"})
"""Parameters that the engine reads itself."""


def lint_pack(path: Path) -> list[Finding]:
    """Everything that is wrong with a pack that loads.

    Raises:
        RulePackError: it does not load.
    """
    pack = load_pack(path)
    files = load_pack_cases(path)
    return [*_cases(pack, files, path), *_parameters(pack, path)]


def _cases(pack: RulePack, files: tuple[CaseFile, ...], path: Path) -> Iterator[Finding]:
    by_subject = {file.subject: file for file in files}
    for indicator in pack.indicators.values():
        file = by_subject.get(indicator.id)
        if file is None or file.is_view:
            yield Finding(str(path / indicator.items.file), f"{indicator.id} has no cases beside it")
        else:
            yield from _indicator_cases(indicator, file, path)
    for view in pack.views:
        file = by_subject.get(view.name)
        if file is None or not file.cases:
            yield Finding(str(path / view.sql.file), f"the view {view.name} has no cases beside it")
    known = {*pack.indicators, *(view.name for view in pack.views)}
    for file in files:
        if file.subject not in known:
            yield Finding(str(file.path), f"cases of {file.subject}, which the pack does not have")


def _indicator_cases(indicator: Indicator, file: CaseFile, path: Path) -> Iterator[Finding]:
    shown = {case.kind for case in file.cases}
    for kind in CASE_KINDS:
        if kind not in shown and kind not in file.not_applicable:
            yield Finding(str(file.path), f"no case of kind {kind}, and no reason under not_applicable")
    checks = [guard.id for guard in indicator.guards] + [condition.id for condition in indicator.conditions]
    for check in checks:
        if f"gaming:{check}" not in shown:
            yield Finding(str(file.path), f"no case of kind gaming:{check} shows the counter-check")
    for kind in sorted(shown):
        if kind.startswith("gaming:") and kind.removeprefix("gaming:") not in checks:
            yield Finding(str(file.path), f"a case of kind {kind}, and no such guard or condition")
    if not (checks or indicator.limits):
        yield Finding(str(path / indicator.items.file), f"{indicator.id} has no guard, condition or limit")


def _parameters(pack: RulePack, path: Path) -> Iterator[Finding]:
    statements = [view.sql for view in pack.views]
    for indicator in pack.indicators.values():
        statements += [indicator.items, *(guard.sql for guard in indicator.guards)]
        if indicator.when_empty.proof is not None:
            statements.append(indicator.when_empty.proof)
    used = {pack_name(name) for sql in statements for name in sql.parameters}
    used |= {indicator.goal_parameter for indicator in pack.indicators.values()} | ENGINE_PARAMETERS
    for name in pack.parameters:
        if name not in used:
            yield Finding(str(path / "parameters.yaml"), f"nothing uses the parameter {name}")
