"""What the left side of an alert's comparison really came to: a threshold that was never near proves nothing.

Only rules that foretell are looked at, and only so many of them: each costs the server a month of evaluations.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import promql_parser as promql

from auditor.api import Refused
from collectors.prometheus.calls import Calls
from collectors.prometheus.expressions import can_parse
from collectors.prometheus.instants import DAY_S
from collectors.prometheus.rules import Rule
from collectors.prometheus.slis import MARK

MAX_RULES = 50
"""Rules per pull (chosen: a few seconds of a server's time)."""

_AGAIN_AFTER_S = 7 * DAY_S
_BATCH = 10
_COMPARISONS = frozenset({">", "<", ">=", "<=", "==", "!="})
_FORETELLS = re.compile(r"\b(predict_linear|deriv|holt_winters|double_exponential_smoothing|delta)\s*\(")

Seen = dict[str, list[Any]]
"""Rule -> mark of its expression, when it was looked at (seconds since 1970), least and greatest value or None."""


def left_side(expr: str) -> str | None:
    """The side of a comparison with a constant that is none; None where an expression is no such comparison."""
    if not can_parse(expr):
        return None
    try:
        tree = _bare(promql.parse(expr))
    except ValueError:
        return None  # of another dialect
    if not isinstance(tree, promql.BinaryExpr) or str(tree.op) not in _COMPARISONS:
        return None
    sides = [side for side in (tree.lhs, tree.rhs) if not _is_constant(side)]
    return str(sides[0].prettify()) if len(sides) == 1 else None


def look(calls: Calls, rules: Sequence[Rule], seen: Seen, now: int) -> Seen:
    """Bring what was seen up to date: rules that are new, were changed, or were looked at a week ago.

    Args:
        now: seconds since 1970.
    """
    kept: Seen = {}
    due: list[tuple[Rule, str]] = []
    for rule in rules:
        if rule.kind != "alert" or not _FORETELLS.search(rule.expr):
            continue
        known = seen.get(rule.rule_id)
        if known is not None and known[0] == _mark(rule.expr) and now - known[1] < _AGAIN_AFTER_S:
            kept[rule.rule_id] = known
        elif len(due) < MAX_RULES and (side := left_side(rule.expr)) is not None:
            due.append((rule, side))
    for batch in _batches(due):
        ranges = _ranges(calls, [side for _, side in batch], now)
        if ranges is not None:
            for position, (rule, _) in enumerate(batch):
                kept[rule.rule_id] = [_mark(rule.expr), now, *ranges.get(position, (None, None))]
    return kept


def _ranges(calls: Calls, sides: Sequence[str], now: int) -> dict[int, tuple[float, float]] | None:
    """Least and greatest value of each expression in 30 days, to the hour; None where the server refuses."""
    query = " or ".join(
        f'label_replace({over}({over}_over_time(({side})[30d:1h])), "{MARK}", "{position}.{over}", "", "")'
        for position, side in enumerate(sides)
        for over in ("min", "max")
    )
    try:
        result = calls.query_range(query, now, now, 60).data["result"]
    except Refused:
        return None  # too much for this server: the range stays unknown
    found: dict[int, dict[str, float]] = {}
    for series in result:
        position, _, over = str(series["metric"].get(MARK, "")).partition(".")
        values = series.get("values")
        value = float(values[-1][1]) if isinstance(values, list) and values else math.nan
        if position.isdecimal() and math.isfinite(value):
            found.setdefault(int(position), {})[over] = value
    return {at: (both["min"], both["max"]) for at, both in found.items() if both.keys() == {"min", "max"}}


def range_of(seen: Mapping[str, Sequence[Any]], rule_id: str) -> tuple[float | None, float | None]:
    """Least and greatest value of a rule's left side; None where it was not looked at, or had no value."""
    known = seen.get(rule_id)
    return (known[2], known[3]) if known is not None else (None, None)


def _batches(due: Sequence[tuple[Rule, str]]) -> Iterator[Sequence[tuple[Rule, str]]]:
    return (due[start : start + _BATCH] for start in range(0, len(due), _BATCH))


def _mark(expr: str) -> str:
    return hashlib.sha256(expr.encode()).hexdigest()[:8]


def _bare(node: Any) -> Any:
    while isinstance(node, promql.ParenExpr):
        node = node.expr
    return node


def _is_constant(node: Any) -> bool:
    node = _bare(node)
    if isinstance(node, promql.UnaryExpr):
        return _is_constant(node.expr)
    if isinstance(node, promql.BinaryExpr):
        return _is_constant(node.lhs) and _is_constant(node.rhs)
    return isinstance(node, promql.NumberLiteral)
