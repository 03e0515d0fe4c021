"""The sandbox alone: statements that no lint has seen get nowhere."""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb
import pytest
from sql_attacks import ENDLESS, REFUSED, TOO_MUCH

from auditor.errors import QueryError
from auditor.sql.sandbox import Limits, Sandbox

secret_of_the_program = [("s3cr3t",)]
_ROWS = [("a", 1), ("b", 2)]


@pytest.mark.parametrize("name", REFUSED)
def test_the_sandbox_refuses_by_itself(name: str, sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "private.csv"
    file.write_text("word\ns3cr3t\n")
    with pytest.raises(QueryError) as refused:
        sandbox.query(REFUSED[name].format(file=file, folder=tmp_path))
    assert "\n" not in refused.value.what
    assert "s3cr3t" not in str(refused.value)
    assert sandbox.query("select * from evidence_row order by id").rows == _ROWS
    assert [entry.name for entry in tmp_path.iterdir()] == ["private.csv"]


@pytest.mark.parametrize("name", ENDLESS)
def test_a_statement_without_end_is_stopped_and_the_next_one_works(name: str) -> None:
    with Sandbox.in_memory(Limits(memory_mb=512, timeout_s=0.2)) as box:
        with pytest.raises(QueryError, match=r"stopped after 0\.2 s"):
            box.query(ENDLESS[name])
        assert box.query("select 1 as one").rows == [(1,)]


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_statement_that_wants_all_memory_ends_and_the_next_one_works(name: str) -> None:
    with Sandbox.in_memory(Limits(memory_mb=32, timeout_s=1)) as box:
        with pytest.raises(QueryError, match=r"Out of Memory|stopped after"):
            box.query(TOO_MUCH[name])
        assert box.query("select 1 as one").rows == [(1,)]


@pytest.mark.parametrize("name", TOO_MUCH)
def test_an_answer_by_columns_cannot_take_all_memory_either(name: str) -> None:
    with Sandbox.in_memory(Limits(memory_mb=32, timeout_s=1)) as box:
        with pytest.raises(QueryError, match=r"Out of Memory|stopped after"):
            box.columns(TOO_MUCH[name])
        assert box.columns("select 1 as one") == {"one": "[1]"}


@pytest.mark.parametrize("name", REFUSED)
def test_an_answer_by_columns_is_refused_what_one_by_rows_is(name: str, sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "private.csv"
    file.write_text("word\ns3cr3t\n")
    with pytest.raises(QueryError) as refused:
        sandbox.columns(REFUSED[name].format(file=file, folder=tmp_path))
    assert "s3cr3t" not in str(refused.value)


def test_an_answer_of_too_many_rows_is_an_error_and_not_a_short_answer() -> None:
    with Sandbox.in_memory(Limits(max_rows=100)) as box:
        assert len(box.query("select k from range(100) as r(k)").rows) == 100
        with pytest.raises(QueryError, match="more than 100 rows"):
            box.query("select k from range(101) as r(k)")


# What the refusals keep out must find a closed door behind them too: these run as trusted statements.
@pytest.mark.parametrize(
    "sql",
    [
        "create table stolen as select * from read_csv('{file}')",
        "create table stolen as select * from '{file}'",
        "copy evidence_row to '{folder}/stolen.csv'",
        "attach '{folder}/other.duckdb'",
        "export database '{folder}/stolen'",
        "install httpfs",
        "load httpfs",
        "create table stolen as select * from secret_of_the_program",
        "set enable_external_access = true",
        "set memory_limit = '8GB'",
        "set threads = 8",
        "set lock_configuration = false",
        "set timezone = 'Asia/Tokyo'",
    ],
)
def test_the_configuration_alone_closes_files_extensions_and_the_program(
    sql: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    file = tmp_path / "private.csv"
    file.write_text("word\ns3cr3t\n")
    with pytest.raises(QueryError):
        sandbox.setup(sql.format(file=file, folder=tmp_path))
    assert [entry.name for entry in tmp_path.iterdir()] == ["private.csv"]


def test_a_variable_of_the_program_is_not_even_looked_for(sandbox: Sandbox) -> None:
    secret = duckdb.sql("select 's3cr3t' as word")
    assert secret is not None
    for name in ("secret", "secret_of_the_program"):
        with pytest.raises(QueryError, match="does not exist"):
            sandbox.query(f"select * from {name}")
        with pytest.raises(QueryError, match="does not exist"):
            sandbox.setup(f"create table stolen as select * from {name}")


def test_nothing_is_spilled_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Sandbox.in_memory(Limits(memory_mb=32, timeout_s=2)) as box:
        with pytest.raises(QueryError):
            box.query("select a.range as v from range(100000000) as a order by a.range % 7, v")
        box.setup("create table setting as select current_setting('temp_directory') as value")
        assert box.query("select value from setting").rows == [("",)]
        assert list(tmp_path.iterdir()) == []


def test_a_file_opens_read_only_and_still_takes_temporary_tables(tmp_path: Path) -> None:
    path = tmp_path / "state.duckdb"
    with duckdb.connect(str(path)) as writer:
        writer.execute("create table evidence_row as select 'a' as id")
    before = path.read_bytes()
    with Sandbox.open_file(path) as box:
        box.lock()
        box.setup("create temp table mine as select * from evidence_row")
        assert box.query("select id from mine").rows == [("a",)]
        with pytest.raises(QueryError, match="read-only"):
            box.setup("create table other as select 1 as one")
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_named_in_the_error(tmp_path: Path) -> None:
    path = tmp_path / "state.duckdb"
    path.write_text("this is not a database, whatever its name says" * 100)
    with pytest.raises(QueryError) as refused:
        Sandbox.open_file(path)
    assert refused.value.where == str(path)


def test_what_is_kept_is_judged_like_what_is_asked(sandbox: Sandbox) -> None:
    with sandbox.session() as session:
        session.keep("kept", "select id from evidence_row where n = $n", {"n": 2})
        assert session.query("select * from kept").rows == [("b",)]
        for refused in (
            "select 1 as one; select 2 as two",
            "select 1 as one; delete from evidence_row",
            "select * from duckdb_settings()",
        ):
            with pytest.raises(QueryError):
                session.keep("stolen", refused)
    assert sandbox.query("select * from evidence_row order by id").rows == _ROWS


def test_a_closed_sandbox_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    for _ in range(5):
        with Sandbox.in_memory() as box, box.session() as session:
            assert session.query("select 1 as one").rows == [(1,)]
    for thread in threading.enumerate():
        if thread.name == "sql-watch":
            thread.join(timeout=0.1)
    assert threading.active_count() <= before
