"""The list of functions: what it holds exists, and what must not be in it is not."""

from __future__ import annotations

import duckdb
import pytest
from sqlglot import exp

from auditor.sql.faults import StatementError
from auditor.sql.functions import ALLOWED_FUNCTIONS, CURES
from auditor.sql.lint import Rules, names_used
from auditor.sql.parse import called_function, parse_select
from auditor.sql.refusals import SYSTEM_PREFIXES, UNBOUNDED

# Known to DuckDB's parser and not to its catalogue of functions.
_SYNTAX = frozenset(
    ["coalesce", "if", "ifnull", "unnest", "grouping", "extract", "position", "percentile_cont", "percentile_disc"]
)
_WINDOW = frozenset(
    [
        "row_number",
        "rank",
        "dense_rank",
        "percent_rank",
        "cume_dist",
        "ntile",
        "lag",
        "lead",
        "first_value",
        "last_value",
        "nth_value",
    ]
)
_OWN_SYNTAX = frozenset(
    [
        "arg_max",
        "arg_min",
        "max_by",
        "min_by",
        "ceil",
        "floor",
        "chr",
        "extract",
        "if",
        "map",
        "max",
        "min",
        "position",
        "quantile_cont",
        "quantile_disc",
        "string_agg",
        "substring",
        "trim",
    ]
)


def _catalogue() -> set[tuple[str, str | None]]:
    return set(duckdb.connect().execute("select lower(function_name), stability from duckdb_functions()").fetchall())


def _names() -> set[str]:
    return {name for name, _ in _catalogue()}


def test_every_allowed_function_exists() -> None:
    assert _names() | _SYNTAX | _WINDOW >= ALLOWED_FUNCTIONS


def test_no_allowed_function_gives_another_answer_the_next_time() -> None:
    changing = {name for name, stability in _catalogue() if stability == "VOLATILE"}
    assert {"random", "nextval"} <= changing
    assert ALLOWED_FUNCTIONS & changing <= {"unnest"}


def test_what_is_refused_while_running_is_not_allowed_before() -> None:
    assert not ALLOWED_FUNCTIONS & UNBOUNDED
    assert not ALLOWED_FUNCTIONS & set(CURES)
    assert not [name for name in ALLOWED_FUNCTIONS if name.startswith(SYSTEM_PREFIXES)]


@pytest.mark.parametrize("arguments", ["a", "a, b", "a, 'x', b", "a order by b", "distinct a", "a, lambda x: x"])
def test_a_call_is_known_by_the_name_it_was_written_with(arguments: str) -> None:
    for name in sorted(ALLOWED_FUNCTIONS - _OWN_SYNTAX):
        text = f"select coalesce(1, {name}({arguments})) as v from t"
        try:
            query = parse_select(text).query
        except StatementError:
            continue
        found = {called_function(node, text) for node in query.walk()}
        assert name in found, text
        assert names_used(text, ["t"], Rules({})).tables == {"t"}


def test_every_function_of_duckdb_that_is_not_on_the_list_is_refused() -> None:
    refused = set()
    others = {name for name in _names() if name.isidentifier() and "collate" not in name} - ALLOWED_FUNCTIONS
    # DuckDB's names for what has a syntax of its own, or other names of an allowed function.
    same = {"array_agg", "group_concat", "listagg", "argmax", "argmin", "max", "min", "quantile", "approx_quantile"}
    for name in sorted(others):
        text = f"select {name}(a, b) as v from t"
        try:
            names_used(text, ["t"], Rules({}))
        except StatementError:
            refused.add(name)
        else:
            assert name in same, text
    assert {"random", "uuid", "now", "today", "read_csv", "getvariable", "nextval", "current_setting"} <= refused


def test_the_tree_is_shared_and_never_changed_by_looking_at_it() -> None:
    text = "select list(a order by b) as v from t"
    before = repr(parse_select(text).query)
    names_used(text, ["t"], Rules({}))
    assert repr(parse_select(text).query) == before
    assert isinstance(parse_select(text).query, exp.Select)
