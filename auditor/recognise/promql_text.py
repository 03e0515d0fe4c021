"""The text of an expression before it is parsed: how large it is, names of other versions, variables of dashboards."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_CHARS = 50_000
"""Longest expression that is read; the longest real one we saw has 4,000 characters (chosen)."""
MAX_OPERATORS = 800
"""Most operators, brackets and calls: the parser's time grows with their square, here to about a quarter second."""

_PIECES = re.compile(
    r'"(?:\\.|[^"\\])*+(?:"|\\?\Z)' r"|'(?:\\.|[^'\\])*+(?:'|\\?\Z)" r"|`[^`]*+(?:`|\Z)" r"|#[^\n]*" r"""|[^"'`#]+""",
    re.DOTALL,
)
"""Texts, comments and code; a text without an end goes to the end of the expression, so that the time stays linear."""
_OPERATOR = re.compile(r"[-+*/%^<>=(]|\b(?:and|or|unless)\b", re.IGNORECASE)
_OLD_NAME = re.compile(r"\bholt_winters\b(?=\s*\()")
_RANGE = re.compile(r"\[(?!\[)[^\[\]]*\]")
_BEFORE_1970 = re.compile(r"@\s*-")
_VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)|\[\[(\w+)(?::\w+)?\]\]")
_FOREIGN = (
    ("LogQL", re.compile(r'\|[=~]|![=~]\s*"[^"]*"\s*\||\}\s*\|')),
    (
        "MetricsQL",
        re.compile(r"\bWITH\s*\(|\bkeep_metric_names\b|\b(?:rollup|running|range|histogram_share)_?\w*\s*\("),
    ),
    ("a template", re.compile(r"\{\{")),
)


class Unreadable(ValueError):
    """An expression that cannot be read; the message says why, in words for the report."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An expression ready for the parser.

    Attributes:
        text: what the parser is given.
        variable_windows: a variable of a dashboard stood where a range stands, so that no window can be trusted.
    """

    text: str
    variable_windows: bool


def prepare(text: str) -> Prepared:
    """Make an expression readable without changing its meaning.

    `holt_winters` gets the name it has had since Prometheus 3.0, which the parser knows. A variable of Grafana becomes
    a series named `variable_<name>`, in a range five minutes; inside quotes it stays text.

    Raises:
        Unreadable: the expression is empty or too large, or asks for an instant before 1970, which the parser accepts
            and then breaks off at with more than an exception.
    """
    if len(text) > MAX_CHARS:
        raise Unreadable(f"the expression has {len(text)} characters, more than {MAX_CHARS}")
    code: list[str] = []
    unquoted: list[str] = []
    operators = 0
    variable_windows = False
    for piece in _PIECES.findall(text):
        if piece[0] in "\"'`":
            code.append(piece)
        elif piece[0] != "#":
            operators += len(_OPERATOR.findall(piece))
            if operators > MAX_OPERATORS:
                raise Unreadable(f"the expression has more than {MAX_OPERATORS} operators")
            replaced = _RANGE.sub(_in_range, _OLD_NAME.sub("double_exponential_smoothing", piece))
            variable_windows |= replaced.count("$") < piece.count("$")
            code.append(_VARIABLE.sub(_as_series, replaced))
            unquoted.append(piece)
        else:
            code.append(" ")
    if _BEFORE_1970.search("".join(unquoted)):
        raise Unreadable("the expression asks for an instant before 1970")
    whole = "".join(code)
    if not whole.strip():
        raise Unreadable("the expression is empty")
    return Prepared(whole, variable_windows)


def why_not(text: str, message: str) -> str:
    """Words for an expression that the parser refused: the language it looks like, and what the parser said."""
    dialect = next((name for name, pattern in _FOREIGN if pattern.search(text)), None)
    said = " ".join(message.split())[:160]
    return f"not PromQL ({said})" if dialect is None else f"not PromQL but {dialect}, it seems ({said})"


def _in_range(match: re.Match[str]) -> str:
    return _VARIABLE.sub("5m", match[0])


def _as_series(match: re.Match[str]) -> str:
    return "variable_" + next(group for group in match.groups() if group)
