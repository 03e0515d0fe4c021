"""Which expressions are small enough for the parser: a deeply nested one would end the whole process."""

from __future__ import annotations

import re

MAX_CHARS = 50_000
"""Longest expression that is parsed (chosen)."""
MAX_OPERATORS = 800
"""Most operators, brackets and calls: the parser descends into each, and 20,000 overflow its stack."""

_OPERATOR = re.compile(r"[-+*/%^<>=(]|\b(?:and|or|unless)\b", re.IGNORECASE)


def can_parse(expr: str) -> bool:
    """Whether an expression may be given to the parser; those in texts of it count as well."""
    return len(expr) <= MAX_CHARS and len(_OPERATOR.findall(expr)) <= MAX_OPERATORS
