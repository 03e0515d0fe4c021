"""What a statement may not contain, decided on DuckDB's own parse of it.

The second of two layers: `auditor.sql.lint` reads pack SQL with SQLGlot before anything runs; this module reads what
DuckDB itself understood, just before it runs, so that text which the two parsers see differently gains nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})
"""Table functions that make rows from their arguments alone."""

SYSTEM_PREFIXES = ("duckdb_", "pragma_", "sqlite_", "pg_", "read_")
"""Beginnings of the names of tables and functions that show the engine or read files."""

_QUERY_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_TABLE_REFERENCES = frozenset({"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY"})
_SYSTEM_SCHEMAS = frozenset({"information_schema", "pg_catalog", "system"})
_REACHING_OUT = frozenset(
    {"getvariable", "getenv", "current_setting", "query", "query_table", "glob", "nextval", "currval", "write_log"}
)
# DuckDB builds the results of these inside one vector, where neither the memory limit nor an interrupt reaches
# (1.5.6 and 2.0.1: `select range(100000000)` ran on for 7 s after its interrupt; `repeat` took 1 GB past the limit).
UNBOUNDED = frozenset(
    {"repeat", "lpad", "rpad", "format", "printf", "bar", "range", "generate_series", "list_resize", "array_resize"}
)
"""Scalar functions that make a result of any size from a small argument."""


def refusal(serialized: str) -> str | None:
    """Why a statement may not run, or None when it may.

    Args:
        serialized: what DuckDB's `json_serialize_sql` says about the statement.
    """
    parsed = orjson.loads(serialized)
    if parsed["error"]:
        if parsed["error_type"] == "not implemented":
            return "only one SELECT may run here"
        return str(parsed["error_message"]).splitlines()[0]
    statements = parsed["statements"]
    if len(statements) != 1:
        return f"only one SELECT may run here, these are {len(statements)} statements"
    return next(filter(None, map(_node_refusal, _nodes(statements[0]["node"]))), None)


def _nodes(root: Any) -> Iterator[Mapping[str, Any]]:
    """Every object of a parse tree; without recursion, because a hostile statement may be nested deeply."""
    pending = [root]
    while pending:
        current = pending.pop()
        if isinstance(current, dict):
            yield current
            if current.get("type") == "TABLE_FUNCTION":
                # Its call is judged as a table function; only what the call is given is judged like any expression.
                call = current["function"]
                pending.extend((call.get("children"), call.get("arguments")))
            else:
                pending.extend(current.values())
        elif isinstance(current, list):
            pending.extend(current)


def _node_refusal(node: Mapping[str, Any]) -> str | None:
    kind = node.get("type")
    if "function_name" in node:
        return _function_refusal(str(node["function_name"]).lower())
    if kind == "TABLE_FUNCTION":
        name = str(node["function"].get("function_name", "")).lower()
        return None if name in TABLE_FUNCTIONS else f"the table function {name} may not be called here"
    if kind == "BASE_TABLE":
        return _table_refusal(node)
    if isinstance(kind, str) and kind.endswith("_NODE"):
        return None if kind in _QUERY_NODES else "a statement that changes data may not run here"
    if "sample" in node and "class" not in node and kind not in _TABLE_REFERENCES:
        return f"a table reference of kind {kind} may not stand here"
    return None


def _function_refusal(name: str) -> str | None:
    if name in _REACHING_OUT or name.startswith(SYSTEM_PREFIXES):
        return f"the function {name} may not be called here"
    if name in UNBOUNDED:
        return f"the function {name} may not be called here, its result can have any size"
    return None


def _table_refusal(node: Mapping[str, Any]) -> str | None:
    parts = [str(node[key]).lower() for key in ("catalog_name", "schema_name", "table_name")]
    if parts[-1].startswith(SYSTEM_PREFIXES) or _SYSTEM_SCHEMAS & set(parts[:2]):
        return f"the table {'.'.join(filter(None, parts))} may not be read here"
    return None
