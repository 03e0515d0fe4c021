"""The sandbox as a tool: sessions, parameters, rows in and answers out."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import QueryError
from auditor.model.streams.base import FieldType
from auditor.sql.sandbox import Limits, Sandbox


def test_a_session_has_temporary_tables_of_its_own_over_the_same_rows(sandbox: Sandbox) -> None:
    with sandbox.session() as one, sandbox.session() as other:
        one.setup("create temp view mine as select id from evidence_row where n = 1")
        other.setup("create temp table mine as select id from evidence_row where n = 2")
        assert one.query("select * from mine").rows == [("a",)]
        assert other.query("select * from mine").rows == [("b",)]
        with pytest.raises(QueryError, match="mine"):
            sandbox.query("select * from mine")


def test_every_session_counts_time_in_utc(sandbox: Sandbox) -> None:
    with sandbox.session() as session:
        rows = session.query(
            "select timestamptz '2026-07-01 12:00:00+02:00' = timestamp '2026-07-01 10:00:00' as same"
        ).rows
    assert rows == [(True,)]


def test_instants_are_handed_over_as_utc_whatever_zone_they_are_in(sandbox: Sandbox) -> None:
    instant = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    answer = sandbox.query("select $T as t, typeof($T) as type", {"T": instant})
    assert answer.rows == [(datetime(2026, 7, 1, 10), "TIMESTAMP")]  # noqa: DTZ001
    assert answer.columns == ("t", "type")


def test_a_list_parameter_is_a_list(sandbox: Sandbox) -> None:
    answer = sandbox.query("select id from evidence_row where list_contains($p_ids, id)", {"p_ids": ("b", "c")})
    assert answer.rows == [("b",)]


def test_the_order_of_an_answer_is_that_of_the_statement(sandbox: Sandbox) -> None:
    answer = sandbox.query("select k from range(50000) as r(k) order by k desc")
    assert [row[0] for row in answer.rows] == list(range(49999, -1, -1))


@pytest.mark.parametrize(
    "sql", ["select 1 as one -- a remark", "select 1 as one /* a remark */", "from range(1) as r(one)"]
)
def test_remarks_and_short_forms_do_no_harm(sql: str, sandbox: Sandbox) -> None:
    assert len(sandbox.query(sql).rows) == 1


def test_an_error_is_one_line(sandbox: Sandbox) -> None:
    with pytest.raises(QueryError) as failed:
        sandbox.query("select nowhere\nfrom evidence_row")
    assert "nowhere" in failed.value.what
    assert "\n" not in failed.value.what


def test_arithmetic_that_does_not_fit_fails_and_does_not_wrap(sandbox: Sandbox) -> None:
    with pytest.raises(QueryError, match="Overflow"):
        sandbox.query("select 30 * 86400000 as ms")
    assert sandbox.query("select 30 * 86400000::bigint as ms").rows == [(2592000000,)]


def test_statements_judged_together_are_refused_one_by_one(sandbox: Sandbox) -> None:
    statements = ["select id from evidence_row", "delete from evidence_row", "select getvariable('a') as v"]
    sandbox.admit(statements)
    assert len(sandbox.query(statements[0]).rows) == 2
    for refused in statements[1:]:
        with pytest.raises(QueryError):
            sandbox.query(refused)


def test_describing_tells_columns_and_runs_nothing() -> None:
    with Sandbox.in_memory(Limits(timeout_s=5)) as box:
        endless = (
            "with recursive n as (select 0 as i union all select i + 1 from n) select max(i) as top, 'x' as text from n"
        )
        assert box.describe(endless) == [("top", "INTEGER"), ("text", "VARCHAR")]
        with pytest.raises(QueryError, match="only one SELECT"):
            box.describe("delete from n")


def test_an_interrupt_never_hits_the_statement_after_the_one_that_was_too_slow() -> None:
    with Sandbox.in_memory(Limits(timeout_s=0.02)) as box:
        for _ in range(10):
            with pytest.raises(QueryError, match="stopped"):
                box.query("select count(*) as n from range(100000000) as a cross join range(100000000) as b")
            assert box.query("select 1 as one").rows == [(1,)]


def test_ctrl_c_during_a_statement_is_ctrl_c() -> None:
    program = """
        import _thread, threading
        from auditor.sql.sandbox import Limits, Sandbox
        threading.Timer(0.3, _thread.interrupt_main).start()
        try:
            Sandbox.in_memory(Limits(timeout_s=3)).query(
                "select count(*) as n from range(100000000) as a cross join range(100000000) as b")
        except KeyboardInterrupt:
            print("interrupted")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "interrupted\n", done.stderr


_TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
_INSTANT = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1))  # noqa: DTZ001
_REAL = st.floats(allow_nan=False, allow_infinity=False)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=5,
)
_VALUES: dict[FieldType, st.SearchStrategy[Any]] = {
    FieldType.TEXT: _TEXT,
    FieldType.INT: st.integers(-(2**63), 2**63 - 1),
    FieldType.REAL: _REAL,
    FieldType.BOOL: st.booleans(),
    FieldType.INSTANT: _INSTANT.map(lambda value: value.isoformat() + "Z"),
    FieldType.DATE: st.dates(date(1900, 1, 1), date(2200, 1, 1)).map(date.isoformat),
    FieldType.TEXT_LIST: st.lists(_TEXT, max_size=3),
    FieldType.BOOL_MAP: st.dictionaries(_TEXT, st.none() | st.booleans(), max_size=3),
    FieldType.REAL_MAP: st.dictionaries(_TEXT, st.none() | _REAL, max_size=3),
    FieldType.TEXT_MAP: st.dictionaries(_TEXT, st.none() | _TEXT, max_size=3),
    FieldType.JSON: st.dictionaries(_TEXT, _JSON, max_size=3),
}
_COLUMNS = {kind.name.lower(): kind.value for kind in FieldType}


def test_there_are_values_for_every_type_a_field_can_have() -> None:
    assert set(_VALUES) == set(FieldType)


def _as_given(column: str, value: Any) -> Any:
    if column == "instant":
        return value if value is None else value.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
    if column == "date":
        return value if value is None else value.isoformat()
    if column == "json":
        return value if value is None else orjson.loads(value)
    return value


@pytest.fixture(scope="module")
def table() -> Iterator[Sandbox]:
    """A table `t` with a column of every type."""
    with Sandbox.in_memory() as box:
        listed = ", ".join(f'"{name}" {sql_type}' for name, sql_type in _COLUMNS.items())
        box.setup(f"create table t (position bigint, {listed})")
        yield box


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.fixed_dictionaries({kind.name.lower(): st.none() | _VALUES[kind] for kind in FieldType}), max_size=4
    )
)
def test_rows_come_out_as_they_were_loaded(table: Sandbox, rows: list[dict[str, Any]]) -> None:
    table.setup("delete from t")
    table.load_rows("t", {"position": "BIGINT", **_COLUMNS}, [{"position": at, **row} for at, row in enumerate(rows)])
    answer = table.query("select * exclude (position) from t order by position")
    assert answer.columns == tuple(_COLUMNS)
    found = [
        {name: _as_given(name, value) for name, value in zip(answer.columns, row, strict=True)} for row in answer.rows
    ]
    assert found == rows


def test_null_and_an_empty_list_are_kept_apart(sandbox: Sandbox) -> None:
    session = sandbox.session()
    session.setup("create temp table lists (id varchar, items varchar[], marks map(varchar, boolean))")
    columns = {"id": "VARCHAR", "items": "VARCHAR[]", "marks": "MAP(VARCHAR, BOOLEAN)"}
    rows = [
        {"id": "empty", "items": [], "marks": {}},
        {"id": "null"},
        {"id": "inside", "items": [None], "marks": {"k": None}},
    ]
    session.load_rows("lists", columns, rows)
    answer = session.query(
        "select id, items is null as a, len(items) as b, marks is null as c, cardinality(marks) as d from lists"
    )
    assert answer.rows == [
        ("empty", False, 0, False, 0),
        ("null", True, None, True, None),
        ("inside", False, 1, False, 1),
    ]


def test_a_value_that_does_not_fit_its_column_is_an_error_and_no_null(sandbox: Sandbox) -> None:
    with pytest.raises(QueryError):
        sandbox.load_rows("evidence_row", {"id": "VARCHAR", "n": "BIGINT"}, [{"id": "c", "n": "three"}])
    assert len(sandbox.query("select * from evidence_row").rows) == 2


def test_many_batches_are_all_loaded(sandbox: Sandbox) -> None:
    session = sandbox.session()
    session.setup("create temp table many (n bigint)")
    session.load_rows("many", {"n": "BIGINT"}, [{"n": n} for n in range(12_345)])
    assert session.query("select count(*) as c, sum(n) as s from many").rows == [(12_345, 12_345 * 12_344 // 2)]
