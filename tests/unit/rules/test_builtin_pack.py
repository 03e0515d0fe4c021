"""The built-in rule pack: it loads, owes nothing, and all of its cases come out."""

from __future__ import annotations

from auditor.model.rubric import DEFAULT_PACK, LEVELS, Role
from auditor.rulepack.lint import lint_pack
from auditor.rulepack.load import load_pack
from auditor.rulepack.locate import locate_pack
from auditor.testing.cases import run_cases

DIMENSIONS = ("DOC", "TOOL", "INT", "TRN", "PM", "COM", "CI")


def test_it_has_seven_dimensions_with_five_statements_each() -> None:
    pack = load_pack(locate_pack(DEFAULT_PACK))
    assert tuple(pack.dimensions) == DIMENSIONS
    statements = [text for dimension in pack.dimensions.values() for text in dimension.statements]
    assert len(set(statements)) == len(DIMENSIONS) * len(LEVELS)
    assert all(len(text) > 20 for text in statements)


def test_levels_one_and_two_of_documentation_tools_and_performance_measurement_are_in_force() -> None:
    pack = load_pack(locate_pack(DEFAULT_PACK))
    cells = {(indicator.dimension, indicator.level) for indicator in pack.indicators.values()}
    assert cells == {(code, level) for code in ("DOC", "TOOL", "PM") for level in (1, 2)}
    for indicator in pack.indicators.values():
        assert (indicator.role is Role.DIAGNOSTIC) == (indicator.level == 1)
        assert indicator.remediation.text
        assert indicator.basis


def test_nothing_is_owed() -> None:
    assert lint_pack(locate_pack(DEFAULT_PACK)) == []


def test_every_case_comes_out() -> None:
    results = run_cases(locate_pack(DEFAULT_PACK))
    failed = [f"{result.place}: {result.name}\n{result.difference}" for result in results if not result.passed]
    assert failed == []
    assert len(results) > 200
