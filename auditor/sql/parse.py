"""One SELECT as SQLGlot reads it."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import lru_cache

import sqlglot.errors
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

from auditor.sql.faults import StatementError

MAX_CHARACTERS = 100_000
"""Length of a statement; nobody can review a longer one."""

# SQLGlot warns about text it takes for a command; such text is refused here with a message of our own.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

_CLOSED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_OPENED = re.compile(r"['\"]|/\*")
_DIALECT = DuckDB()


@dataclass(frozen=True, slots=True)
class Parsed:
    """A parsed SELECT; `arrow_line` is the line of the first `->`, which may be a lambda of DuckDB 1."""

    query: exp.Query
    arrow_line: int | None


@lru_cache(maxsize=4096)
def parse_select(text: str) -> Parsed:
    """Parse a text that must be exactly one SELECT; its result is not to be changed.

    Raises:
        StatementError: it is not.
    """
    if len(text) > MAX_CHARACTERS:
        raise StatementError(f"the statement is longer than {MAX_CHARACTERS:,} characters", 1, "split it into views")
    try:
        tokens = _DIALECT.tokenize(text)
        statements = _DIALECT.parser().parse(tokens, text)
    except sqlglot.errors.SqlglotError as error:
        raise _syntax_error(error, text) from error
    except RecursionError as error:
        raise StatementError("the statement is nested too deeply", 1, "split it into views") from error
    for token in tokens:
        if token.token_type is sqlglot.TokenType.SEMICOLON:
            raise StatementError(
                "only one SELECT may stand here", token.line, "leave out the semicolon and what follows"
            )
        for comment in token.comments:
            if "/*" in comment:
                line = text.count("\n", 0, text.find(comment)) + 1
                raise StatementError("a comment begins inside a comment", line, "end each comment where it ends")
    query = statements[0] if len(statements) == 1 else None
    if not isinstance(query, exp.Select | exp.SetOperation):
        raise StatementError("only one SELECT may stand here", tokens[0].line if tokens else 1, "write one SELECT")
    arrow = next((token.line for token in tokens if token.token_type is sqlglot.TokenType.ARROW), None)
    return Parsed(query, arrow)


def called_function(node: exp.Expr, text: str) -> str | None:
    """Name of the function a node calls, as the text spells it, in lower case; None where the node is no call.

    SQLGlot gives one class to functions of several names and has classes for operators too; what the author wrote is
    found through the position it keeps of a call's name. Calls with a syntax of their own have no position; they are
    known by their class (`auditor.sql.syntax`).
    """
    if isinstance(node, exp.Identifier) or "start" not in node.meta:
        return None
    start, end = node.meta["start"], node.meta["end"] + 1
    if not isinstance(node, exp.Func) and not text[end:].lstrip().startswith("("):
        return None
    return text[start:end].strip('"').lower()


def _syntax_error(error: sqlglot.errors.SqlglotError, text: str) -> StatementError:
    details = getattr(error, "errors", None)
    if not details:
        what = "a string, a quoted name or a comment does not end"
        return StatementError(what, _line_of_open_end(text), "close it")
    found = details[0]
    what = str(found["description"]).rstrip(".").lower()
    if what.startswith("required keyword"):
        what = "something is missing"
    near = f" near {found['highlight']!r}" if found.get("highlight") else ""
    return StatementError(f"SQL syntax{near}: {what}", int(found.get("line") or 1), "write a SELECT of DuckDB's SQL")


def _line_of_open_end(text: str) -> int:
    rest = _CLOSED.sub(lambda found: "\n" * found[0].count("\n"), text)
    opened = _OPENED.search(rest)
    return rest.count("\n", 0, opened.start() if opened else 0) + 1
