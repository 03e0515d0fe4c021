"""Statements that try to get out of the box, or to hang it; both layers must refuse each of them alone."""

from __future__ import annotations

READ_FILES = {
    "read_csv": "select * from read_csv('{file}')",
    "read_csv_auto": "select * from read_csv_auto('{file}')",
    "read_parquet": "select * from read_parquet('{file}')",
    "read_json": "select * from read_json('{file}')",
    "read_text": "select content from read_text('{file}')",
    "read_blob": "select * from read_blob('{file}')",
    "glob": "select * from glob('{folder}/*')",
    "file as a table": "select * from '{file}'",
    "file as a quoted name": 'select * from "{file}"',
    "file in a subquery": "select 1 where exists (select 1 from '{file}')",
    "file through query": "from query('select * from read_text(''{file}'')')",
    "file through query_table": "from query_table('{file}')",
}
WRITE = {
    "copy to": "copy (select 1) to '{folder}/stolen.csv'",
    "copy from": "copy evidence_row from '{file}'",
    "export": "export database '{folder}/stolen'",
    "attach": "attach '{folder}/other.duckdb'",
    "install": "install httpfs",
    "load": "load httpfs",
    "create": "create table other as select 1",
    "insert": "insert into evidence_row values ('x', 1)",
    "update": "update evidence_row set n = 2",
    "delete": "delete from evidence_row",
    "drop": "drop table evidence_row",
    "delete in a CTE": "with gone as (delete from evidence_row returning id) select * from gone",
    "insert in a CTE": "with new as (insert into evidence_row values ('x', 1) returning id) select * from new",
    "two statements": "select 1; delete from evidence_row",
    "out of the brackets": "select 1) ; delete from evidence_row; select * from (select 1",
    "checkpoint": "checkpoint",
    "vacuum": "vacuum",
}
SETTINGS = {
    "set": "set threads = 4",
    "reset": "reset threads",
    "set variable": "set variable a = 1",
    "pragma": "pragma database_list",
    "external access again": "set enable_external_access = true",
    "use": "use memory",
    "call": "call pragma_version()",
    "prepare": "prepare p as select 1",
    "explain": "explain select 1",
}
LOOK_AROUND = {
    "getvariable": "select getvariable('secret') as v",
    "getenv": "select getenv('HOME') as v",
    "current_setting": "select current_setting('temp_directory') as v",
    "Python variable": "select * from secret_of_the_program",
    "duckdb_settings()": "select * from duckdb_settings()",
    "duckdb_tables()": "select * from duckdb_tables()",
    "duckdb_databases": "select * from duckdb_databases",
    "information_schema": "select * from information_schema.tables",
    "pg_catalog": "select * from pg_catalog.pg_tables",
    "pg_tables": "select * from pg_tables",
    "sqlite_master": "select * from sqlite_master",
    "pragma function": "select * from pragma_table_info('evidence_row')",
    "show": "select * from (show tables)",
    "describe": "select * from (describe evidence_row)",
    "summarize": "summarize evidence_row",
}
BOMBS = {
    "repeat": "select repeat('x', 4000000000) as v",
    "repeat, quoted": "select \"repeat\"('x', 4000000000) as v",
    "repeat, qualified": "select system.main.repeat('x', 4000000000) as v",
    "repeat, remarked": "select repeat /* a remark */ ('x', 4000000000) as v",
    "lpad": "select lpad('x', 2000000000, 'y') as v",
    "format": "select format('{{:>2000000000}}', 'x') as v",
    "range as a list": "select range(10000000000) as v",
    "generate_series as a list": "select generate_series(1, 10000000000) as v",
    "list_resize": "select list_resize([1], 10000000000) as v",
}
REFUSED = {**READ_FILES, **WRITE, **SETTINGS, **LOOK_AROUND, **BOMBS}
"""Name -> statement; `{file}` is a file that exists, `{folder}` one that can be written to."""

ENDLESS = {
    "recursive CTE": "with recursive n as (select 0 as i union all select i + 1 from n) select max(i) as v from n",
    "cross join": "select count(*) as v from range(100000000) as a cross join range(100000000) as b",
    "rows without end": "select count(a.range) as v from range(9000000000000000000) as a",
}
"""Allowed in form; only the time limit ends them."""

TOO_MUCH = {
    "a list": "select list(a.range) as v from range(1000000000000) as a",
    "a string": "select string_agg(a.range::varchar, ',') as v from range(1000000000000) as a",
    "rows": "select a.range as v from range(1000000000000) as a",
    "a sort": "select a.range as v from range(1000000000000) as a order by a.range % 7 limit 1000000000",
}
"""Allowed in form; only the limit of memory, or of time, ends them."""
