"""Expressions that would overflow the parser's stack never reach it."""

from __future__ import annotations

import pytest

from collectors.prometheus import rulefiles
from collectors.prometheus.observe import left_side

DEEP = ("(" * 30_000 + "up" + ")" * 30_000 + " > 1", "-" * 30_000 + "up > 1", " or ".join(["a"] * 9_000) + " > 1")


@pytest.mark.parametrize("expr", DEEP, ids=["brackets", "signs", "alternatives"])
def test_a_deeply_nested_expression_is_compared_as_text_and_has_no_left_side(expr: str) -> None:
    group = {"groups": [{"name": "g", "rules": [{"alert": "a", "expr": expr}]}]}
    rules = [rule for entry in group["groups"] for rule in rulefiles._rules_of(entry, "a.yaml")]
    assert [rule.content[0] for rule in rules] == ["".join(expr.split())]
    assert left_side(expr) is None


def test_expressions_that_people_write_are_still_parsed() -> None:
    assert left_side("sum(rate(errors_total[5m])) > 0.1") == "sum(rate(errors_total[5m]))"
