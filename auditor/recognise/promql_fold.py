"""Constants of an expression: folded to one number, and split into what was multiplied to make them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass

from auditor.recognise.promql_tree import Aggregate, Binary, Call, Negated, Node, Number, Recorded

_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": math.fmod,
    "^": operator.pow,
}


@dataclass(frozen=True, slots=True)
class Factor:
    """One number of a product.

    Attributes:
        value: the number.
        is_budget: it is written as one minus an objective, such as `(1 - 0.999)`.
    """

    value: float
    is_budget: bool = False


def constant(node: Node) -> float | None:
    """The number an expression always has; None when it has none, is not finite, or depends on series or time."""
    value = _fold(node)
    return value if value is not None and math.isfinite(value) else None


def factors(node: Node) -> tuple[Factor, ...]:
    """The numbers whose product a constant expression is, as far as it is written as a product."""
    match node:
        case Binary(op="*", left=left, right=right):
            return (*factors(left), *factors(right))
        case Call(name="vector" | "scalar", args=(inner,)):
            return factors(inner)
        case Binary(op="-", left=Number(value=1.0), right=right) if _is_objective(right):
            value = constant(node)
            return () if value is None else (Factor(value, is_budget=True),)
        case _:
            value = constant(node)
            return () if value is None else (Factor(value),)


@dataclass(frozen=True, slots=True)
class Product:
    """An expression as `numbers x rest`; `rest` None when it is a constant as a whole."""

    numbers: tuple[Factor, ...]
    divisors: tuple[Factor, ...]
    rest: Node | None

    @property
    def value(self) -> float | None:
        """The numbers multiplied and divided; None when that is no finite number."""
        over = math.prod(number.value for number in self.divisors)
        if over == 0:
            return None
        value = math.prod(number.value for number in self.numbers) / over
        return value if math.isfinite(value) else None


def product(node: Node) -> Product:
    """Split the constant factors off an expression; sums and aggregations that pass a factor on are looked through."""
    if constant(node) is not None:
        return Product(factors(node), (), None)
    match node:
        case Binary(op="*", left=left, right=right):
            one, other = product(left), product(right)
            rest = _multiplied(one.rest, other.rest, node)
            return Product(one.numbers + other.numbers, one.divisors + other.divisors, rest)
        case Binary(op="/", left=left, right=right) if constant(right) is not None:
            inner = product(left)
            return Product(inner.numbers, inner.divisors + factors(right), inner.rest)
        case Negated(of=of):
            inner = product(of)
            return Product((*inner.numbers, Factor(-1.0)), inner.divisors, inner.rest)
        case Recorded(series=series, body=body):
            inner = product(body)
            return Product((), (), node) if inner.rest is None else _replaced(inner, Recorded(series, inner.rest))
        case Aggregate(op="sum" | "avg" | "max" | "min", of=of):
            inner = product(of)
            if inner.rest is None or (value := inner.value) is None or value <= 0:
                return Product((), (), node)
            return _replaced(inner, Aggregate(node.op, inner.rest, node.param, node.grouping))
        case _:
            return Product((), (), node)


def _replaced(split: Product, rest: Node) -> Product:
    return Product(split.numbers, split.divisors, rest)


def _multiplied(one: Node | None, other: Node | None, whole: Binary) -> Node | None:
    if one is None or other is None:
        return other if one is None else one
    return Binary("*", one, other, whole.matching)


def _is_objective(node: Node) -> bool:
    value = constant(node)
    return value is not None and 0.5 <= value < 1


def _fold(node: Node) -> float | None:
    match node:
        case Number(value=value):
            return value
        case Negated(of=of):
            inner = _fold(of)
            return None if inner is None else -inner
        case Call(name="vector" | "scalar", args=(inner_node,)):
            return _fold(inner_node)
        case Binary(op=op, left=left, right=right) if op in _ARITHMETIC:
            one, other = _fold(left), _fold(right)
            return None if one is None or other is None else _computed(op, one, other)
        case _:
            return None


def _computed(op: str, one: float, other: float) -> float | None:
    try:
        value = _ARITHMETIC[op](one, other)
    except (ArithmeticError, ValueError):
        return None  # divided by zero, or too large
    return None if isinstance(value, complex) else value
