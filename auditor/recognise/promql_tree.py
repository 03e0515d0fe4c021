"""PromQL expressions as small frozen trees of our own, made from the parser's: comparable, hashable, typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import promql_parser

from auditor.recognise.promql_text import Unreadable, prepare, why_not

MAX_DEPTH = 120
"""Deepest nesting that is read: far beyond real rules, and safe for recursion."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number, or a duration in seconds."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A text, as `label_replace` takes them."""

    value: str


@dataclass(frozen=True, slots=True)
class Series:
    """A selector.

    Attributes:
        name: metric name; None where only matchers say it.
        matchers: (label, operator, value), sorted; operators `=`, `!=`, `=~`, `!~`.
        offset_s: how far back it looks (negative: ahead).
        at: fixed instant (`@`), as text; empty when there is none.
    """

    name: str | None
    matchers: tuple[tuple[str, str, str], ...]
    offset_s: float = 0.0
    at: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A series of a recording rule together with what the rule records."""

    series: Series
    body: Node


@dataclass(frozen=True, slots=True)
class Window:
    """A range: the last `range_s` seconds of a selector or, in a subquery, of an expression."""

    of: Node
    range_s: float
    offset_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Call:
    """A function."""

    name: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregation; `grouping` is empty or `by a,b` or `without a,b`."""

    op: str
    of: Node
    param: Node | None
    grouping: str


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands; `matching` is empty or `on a,b` or `ignoring a,b`."""

    op: str
    left: Node
    right: Node
    matching: str = ""


@dataclass(frozen=True, slots=True)
class Negated:
    """A minus sign."""

    of: Node


Node = Number | Text | Series | Recorded | Window | Call | Aggregate | Binary | Negated

_MATCH_OPS = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


@dataclass(frozen=True, slots=True)
class Read:
    """An expression that was read; `variable_windows` as in `Prepared`."""

    tree: Node
    variable_windows: bool


def read(text: str) -> Read:
    """Parse an expression.

    Raises:
        Unreadable: it is no PromQL, too large or nested too deeply.
    """
    prepared = prepare(text)
    try:
        parsed = promql_parser.parse(prepared.text)
    except ValueError as error:
        raise Unreadable(why_not(text, str(error))) from error
    try:
        tree = _node(parsed, 0)
    except (ValueError, OverflowError) as error:
        # What the parser took for a duration or an instant may be beyond what Python has one for.
        raise error if isinstance(error, Unreadable) else Unreadable(f"it cannot be read ({error})") from error
    return Read(tree, prepared.variable_windows)


def children(node: Node) -> tuple[Node, ...]:
    """The operands of a node; what a recording rule records counts as one."""
    match node:
        case Recorded(body=body):
            return (body,)
        case Window(of=of) | Negated(of=of):
            return (of,)
        case Aggregate(of=of, param=param):
            return (of,) if param is None else (of, param)
        case Call(args=args):
            return args
        case Binary(left=left, right=right):
            return (left, right)
        case _:
            return ()


def every(node: Node) -> Iterator[Node]:
    """The node and all below it, left to right."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(children(current)))


def expanded(node: Node, definition: Callable[[Series], Node | None]) -> Node:
    """The tree with each series that `definition` knows made `Recorded`; what it records is not looked into again."""
    match node:
        case Series():
            body = definition(node)
            return node if body is None else Recorded(node, body)
        case Window(of=of):
            return Window(expanded(of, definition), node.range_s, node.offset_s)
        case Negated(of=of):
            return Negated(expanded(of, definition))
        case Aggregate(of=of):
            return Aggregate(node.op, expanded(of, definition), node.param, node.grouping)
        case Call(args=args):
            return Call(node.name, tuple(expanded(arg, definition) for arg in args))
        case Binary(left=left, right=right):
            return Binary(node.op, expanded(left, definition), expanded(right, definition), node.matching)
        case _:
            return node


def _node(parsed: Any, depth: int) -> Node:
    """Our node for one of the parser's; brackets leave no trace."""
    if depth > MAX_DEPTH:
        raise Unreadable(f"the expression is nested deeper than {MAX_DEPTH} levels")
    convert = _CONVERTERS.get(type(parsed).__name__)
    if convert is None:
        raise Unreadable(f"the expression holds {type(parsed).__name__}, which is not known here")
    return convert(parsed, depth + 1)


def _series(parsed: Any, _depth: int) -> Series:
    name = parsed.name
    matchers = []
    for matcher in parsed.matchers.matchers:
        op = _MATCH_OPS[str(matcher.op).rpartition(".")[2]]
        if matcher.name == "__name__" and op == "=":
            name = matcher.value
        else:
            matchers.append((matcher.name, op, matcher.value))
    for alternative in parsed.matchers.or_matchers:
        matchers += [("or", "=~", ",".join(str(matcher) for matcher in alternative))]
    return Series(name, tuple(sorted(matchers)), _seconds(parsed.offset), _at(parsed.at))


def _window(parsed: Any, depth: int) -> Window:
    return Window(_series(parsed.vector_selector, depth), _seconds(parsed.range))


def _subquery(parsed: Any, depth: int) -> Window:
    return Window(_node(parsed.expr, depth), _seconds(parsed.range), _seconds(parsed.offset))


def _call(parsed: Any, depth: int) -> Call:
    return Call(parsed.func.name, tuple(_node(arg, depth) for arg in parsed.args))


def _aggregate(parsed: Any, depth: int) -> Aggregate:
    grouping = ""
    if parsed.modifier is not None:
        kind = "by" if str(parsed.modifier.type).endswith("By") else "without"
        grouping = f"{kind} {','.join(sorted(parsed.modifier.labels))}"
    param = None if parsed.param is None else _node(parsed.param, depth)
    return Aggregate(str(parsed.op), _node(parsed.expr, depth), param, grouping)


def _binary(parsed: Any, depth: int) -> Binary:
    matching = ""
    if parsed.modifier is not None and parsed.modifier.matching is not None:
        kind = "on" if str(parsed.modifier.matching.type).endswith("Include") else "ignoring"
        matching = f"{kind} {','.join(sorted(parsed.modifier.matching.labels))}"
    return Binary(str(parsed.op).lower(), _node(parsed.lhs, depth), _node(parsed.rhs, depth), matching)


_CONVERTERS: dict[str, Callable[[Any, int], Node]] = {
    "NumberLiteral": lambda parsed, _: Number(parsed.val),
    "StringLiteral": lambda parsed, _: Text(parsed.val),
    "VectorSelector": _series,
    "MatrixSelector": _window,
    "SubqueryExpr": _subquery,
    "Call": _call,
    "AggregateExpr": _aggregate,
    "BinaryExpr": _binary,
    "UnaryExpr": lambda parsed, depth: Negated(_node(parsed.expr, depth)),
    "ParenExpr": lambda parsed, depth: _node(parsed.expr, depth),
}


def _seconds(span: timedelta | None) -> float:
    return 0.0 if span is None else span.total_seconds()


def _at(modifier: Any) -> str:
    if modifier is None:
        return ""
    return str(modifier.type).rpartition(".")[2] if modifier.at is None else modifier.at.isoformat()
