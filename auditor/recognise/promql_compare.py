"""Comparisons of an alert expression, brought to one form and sorted into the groups that fire together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from auditor.recognise.promql_fold import Factor, Product, constant, product
from auditor.recognise.promql_text import Unreadable
from auditor.recognise.promql_tree import Aggregate, Binary, Call, Negated, Node, Recorded
from auditor.recognise.promql_windows import window_s

MAX_GROUPS = 64
"""Most alternatives an expression may have: `and` over `or` multiplies them."""

_FLIPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}
_PASSING = frozenset({"label_replace", "label_join", "sort", "sort_desc", "sort_by_label", "sort_by_label_desc"})


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison as `measured op limit`.

    Attributes:
        measured: what is measured: the side that is no constant, constant factors moved to the limit; where both sides
            vary, left divided by right without its constant factor.
        op: `>`, `>=`, `<`, `<=`, `==` or `!=`.
        limit: the folded constant; None where both sides vary and no constant factor stands between them.
        factors: the numbers written on the side of the limit, multiplied (`14.4 * 0.001`).
        divisors: numbers that `measured` was divided by.
        left: left side as written.
        right: right side as written.
        bound: operator and constant as they are written, the constant on the right; None where both sides vary.
        negated: it stands behind `unless`: its being true keeps the alert silent.
    """

    measured: Node
    op: str
    limit: float | None
    factors: tuple[Factor, ...]
    divisors: tuple[Factor, ...]
    left: Node
    right: Node
    bound: tuple[str, float] | None = None
    negated: bool = False

    @property
    def window_s(self) -> float | None:
        """The longest window it looks back over (seconds)."""
        return window_s(self.measured)

    @property
    def is_self(self) -> bool:
        """Whether it compares something with itself; `x != x` is not counted, it finds what is no number."""
        return self.left == self.right and self.op != "!=" and constant(self.left) is None

    @property
    def ordered(self) -> bool:
        """Whether it asks for more or less, not for equal."""
        return self.op in {">", ">=", "<", "<="}


Group = tuple[Comparison, ...]
"""Comparisons that must all be true at once (joined by `and`, `unless`, or one around the other)."""


_NOTHING: tuple[Group, ...] = ((),)


def groups(node: Node) -> tuple[Group, ...]:
    """The alternatives (joined by `or`) of an expression, each with its comparisons.

    Seen through: brackets, aggregations, functions that only rename or sort, recorded series, and products (where 0 and
    1 of `bool` comparisons make an `and`, or labels are joined on). A group without comparisons fires whenever its
    expression has data.

    Raises:
        Unreadable: there are more than `MAX_GROUPS` alternatives.
    """
    match node:
        case Binary(op="or", left=left, right=right):
            return _few((*groups(left), *groups(right)))
        case Binary(op="and" | "*", left=left, right=right):
            return _both(groups(left), groups(right))
        case Binary(op="unless", left=left, right=right):
            silencing = tuple(_behind_unless(one) for group in groups(right) for one in group)
            return _both(groups(left), (silencing,))
        case Binary(op=op, left=left, right=right) if op in _FLIPPED:
            return _both(_both(groups(left), groups(right)), ((_comparison(node),),))
        case Aggregate(of=of) | Negated(of=of) | Recorded(body=of):
            return groups(of)
        case Call(name=name, args=args) if name in _PASSING:
            return groups(args[0])
        case _:
            return _NOTHING


def _few(alternatives: Iterable[Group]) -> tuple[Group, ...]:
    distinct = tuple(alternatives)
    if len(distinct) > 1:
        # The same alternative twice is one; that also keeps nested `or`s of one rule from multiplying.
        distinct = tuple(dict.fromkeys(distinct))
    if len(distinct) > MAX_GROUPS:
        raise Unreadable(f"the expression has more than {MAX_GROUPS} alternatives")
    return distinct


def _both(left: tuple[Group, ...], right: tuple[Group, ...]) -> tuple[Group, ...]:
    if _NOTHING in (left, right):
        return right if left == _NOTHING else left
    if len(left) * len(right) > MAX_GROUPS:
        raise Unreadable(f"the expression has more than {MAX_GROUPS} alternatives")
    return _few(one + other for one in left for other in right)


def _behind_unless(one: Comparison) -> Comparison:
    return replace(one, negated=True)


def _comparison(node: Binary) -> Comparison:
    left, right, op, bound = product(node.left), product(node.right), node.op, _bound(node)
    if left.rest is None and right.rest is not None:
        left, right, op = right, left, _FLIPPED[op]
    measured = left.rest if left.rest is not None else node.left
    if right.rest is not None:
        measured = Binary("/", measured, right.rest)
    limit, op = _limit(left, right, op)
    if right.rest is not None and not right.numbers and not right.divisors:
        limit = None
    return Comparison(measured, op, limit, right.numbers, left.divisors, node.left, node.right, bound)


def _bound(node: Binary) -> tuple[str, float] | None:
    left, right = constant(node.left), constant(node.right)
    if right is not None:
        return (node.op, right) if left is None else None
    return None if left is None else (_FLIPPED[node.op], left)


def _limit(left: Product, right: Product, op: str) -> tuple[float | None, str]:
    """The constant after the factors of the left side moved over; a negative factor turns the comparison round."""
    above, below = right.value, left.value if left.rest is not None else 1.0
    if above is None or below is None or below == 0:
        return None, op
    return above / below, op if below > 0 else _FLIPPED[op]
