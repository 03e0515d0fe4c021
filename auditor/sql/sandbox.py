"""A DuckDB connection that can do nothing but answer SELECTs about the tables it was given.

From the moment it opens: no files, no network, no extensions, no Python variables, nothing spilled to disk; memory,
threads and time are limited. What stays outside of the memory limit is what DuckDB builds inside one vector; functions
that make much out of little are therefore refused (`auditor.sql.refusals`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import orjson

from auditor.canonical import JsonValue
from auditor.errors import QueryError
from auditor.model.tables import quoted
from auditor.sql.refusals import refusal
from auditor.sql.watch import Watch

Parameters = Mapping[str, Any]
"""Values of the parameters of a statement by name, without `$`; aware instants are handed over as naive UTC."""

_BATCH_ROWS = 5_000
_FETCH_ROWS = 10_000
# Materialised, because only then does what it holds count against the memory limit (1.5.6 takes the rows of a plain
# SELECT outside of it).
_ANSWER = "with _answer as materialized (\n{sql}\n) select * from _answer"
# What an aggregate gathers counts against the memory limit without being materialised. Values go through `to_json` one
# by one, and are joined as text, because a list of them, turned into JSON as a whole, costs twice as much.
_COLUMNS = "select string_agg(coalesce(to_json(columns('(.*)')), 'null'), ',') as \"\\1\" from (\n{sql}\n) as _answer"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a statement may use.

    Attributes:
        memory_mb: memory of the database and of all its statements together, in MB.
        threads: one by default, so that sums of reals come out the same in every run.
        timeout_s: seconds after which a statement is stopped.
        max_rows: rows that one answer may have; they become Python objects, which no database limit covers.
    """

    memory_mb: int = 1024
    threads: int = 1
    timeout_s: float = 30.0
    max_rows: int = 5_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a SELECT, in its order, and the names of its columns."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class Sandbox:
    """A contained database, or one session of it; see the module.

    Not safe for several threads at once: one statement runs at a time in each session.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, limits: Limits, admitted: set[str]) -> None:
        self._connection = connection
        self._limits = limits
        self._admitted = admitted
        self._watch = Watch(connection.interrupt, limits.timeout_s)

    @classmethod
    def in_memory(cls, limits: Limits | None = None) -> Sandbox:
        """An empty database in memory."""
        return cls._open(":memory:", limits or Limits(), read_only=False)

    @classmethod
    def open_file(cls, path: Path, limits: Limits | None = None) -> Sandbox:
        """A database file, read-only; temporary tables and views can still be made.

        Raises:
            QueryError: the file is missing, damaged, of a newer format, or open for writing elsewhere.
        """
        return cls._open(str(path), limits or Limits(), read_only=True)

    @classmethod
    def _open(cls, database: str, limits: Limits, *, read_only: bool) -> Sandbox:
        config: dict[str, str | bool | int | float | list[str]] = {
            "enable_external_access": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
            "memory_limit": f"{limits.memory_mb}MB",
            "threads": str(limits.threads),
            # Not max_temp_directory_size = 0, with which 1.5.6 leaves files in .tmp of the working directory.
            "temp_directory": "",
        }
        try:
            connection = duckdb.connect(database, read_only=read_only, config=config)
            connection.execute("set global TimeZone = 'UTC'")
        except duckdb.Error as error:
            raise QueryError(_one_line(error), where=None if database == ":memory:" else database) from error
        return cls(connection, limits, set())

    def session(self) -> Sandbox:
        """Another session of the same database: it has temporary tables and views of its own."""
        return Sandbox(self._connection.cursor(), self._limits, self._admitted)

    def setup(self, sql: str, params: Parameters | None = None) -> None:
        """Run statements of our own making; what they may contain is not checked.

        Raises:
            QueryError: they failed or ran out of time.
        """
        with self._guarded():
            self._execute(sql, params)

    def load_rows(self, table: str, columns: Mapping[str, str], rows: Sequence[Mapping[str, JsonValue]]) -> None:
        """Append rows to a table without going through a file.

        Args:
            table: the table's name as it stands in SQL, with its schema, quoted where that is needed.
            columns: column name -> SQL type; columns of the table that are not named become null.
            rows: column name -> value in canonical JSON form; absent keys are null, keys that are no columns left out.

        Raises:
            QueryError: a value does not fit its column.
        """
        structure = orjson.dumps([dict(columns)]).decode().replace("'", "''")
        names = ", ".join(map(quoted, columns))
        sql = (
            f"insert into {table} ({names}) select entry.* from "
            f"(select unnest(from_json_strict($rows, '{structure}')) as entry)"
        )
        for start in range(0, len(rows), _BATCH_ROWS):
            batch = [{name: row.get(name) for name in columns} for row in rows[start : start + _BATCH_ROWS]]
            self.setup(sql, {"rows": orjson.dumps(batch).decode()})

    def lock(self) -> None:
        """Make the configuration of the whole database final."""
        self.setup("set global lock_configuration = true")

    def admit(self, statements: Sequence[str]) -> None:
        """Judge many statements at once, which is much faster than one by one when they are asked.

        Those that are refused are refused again, with the reason, by `query`.

        Raises:
            QueryError: judging ran out of time.
        """
        for statement, serialized in zip(statements, self._serialized(statements), strict=True):
            if refusal(serialized) is None:
                self._admitted.add(statement)

    def describe(self, sql: str, params: Parameters | None = None, *, judged: bool = False) -> list[tuple[str, str]]:
        """Name and SQL type of each column that a SELECT would answer with; it does not run.

        Args:
            judged: the statement need not be judged here, because the lint has let it pass.

        Raises:
            QueryError: it was refused, or does not fit the tables.
        """
        if not judged:
            self._require_admitted(sql)
        with self._guarded():
            self._execute(f"describe {sql}", params)
            return [(str(row[0]), str(row[1])) for row in self._connection.fetchall()]

    def keep(self, table: str, sql: str, params: Parameters | None = None) -> None:
        """Keep the answer to one SELECT that somebody else wrote as a temporary table of this session.

        Raises:
            QueryError: it was refused, failed, or ran out of time or memory; or there is such a table.
        """
        self._require_admitted(sql)
        with self._guarded():
            self._execute(f"create temp table {quoted(table)} as\n{sql}", params)

    def query(self, sql: str, params: Parameters | None = None) -> Answer:
        """The answer to one SELECT that somebody else wrote.

        Args:
            sql: one SELECT without a semicolon.
            params: exactly the parameters it uses.

        Raises:
            QueryError: it was refused, failed, ran out of time or memory, or has more rows than `Limits.max_rows`.
        """
        self._require_admitted(sql)
        limit = self._limits.max_rows
        rows: list[tuple[Any, ...]] = []
        with self._guarded():
            self._execute(_ANSWER.format(sql=sql), params)
            columns = tuple(str(column[0]) for column in self._connection.description or ())
            while len(rows) <= limit and (batch := self._connection.fetchmany(_FETCH_ROWS)):
                rows.extend(batch)
        if len(rows) > limit:
            raise QueryError(f"the answer has more than {limit} rows", cure="select fewer rows, or count in SQL")
        return Answer(columns, rows)

    def columns(self, sql: str, params: Parameters | None = None) -> dict[str, str]:
        """The answer to one SELECT that somebody else wrote, by columns and as JSON.

        Turning its values into Python objects one by one would cost four times as much, and many readers need few.

        Args:
            sql: one SELECT without a semicolon.
            params: exactly the parameters it uses.

        Returns:
            Column name -> JSON text of the list of its values, in the order of the rows; lists are of equal length.

        Raises:
            QueryError: it was refused, failed, or ran out of time or memory.
        """
        self._require_admitted(sql)
        with self._guarded():
            self._execute(_COLUMNS.format(sql=sql), params)
            names = [str(column[0]) for column in self._connection.description or ()]
            (row,) = self._connection.fetchall()
        return {name: f"[{joined or ''}]" for name, joined in zip(names, row, strict=True)}

    def close(self) -> None:
        """Close this session; the database goes with its last one."""
        self._watch.close()
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _require_admitted(self, sql: str) -> None:
        if sql not in self._admitted:
            if reason := refusal(self._serialized([sql])[0]):
                raise QueryError(reason)
            self._admitted.add(sql)

    def _serialized(self, statements: Sequence[str]) -> list[str]:
        with self._guarded():
            if len(statements) == 1:
                self._connection.execute("select json_serialize_sql($1)", [statements[0]])
            else:
                # As one text: of a list, DuckDB looks for pandas once per entry.
                given = "select unnest(from_json($1, '[\"VARCHAR\"]')) as statement"
                sql = f"select json_serialize_sql(statement) from ({given})"
                self._connection.execute(sql, [orjson.dumps(list(statements)).decode()])
            return [str(row[0]) for row in self._connection.fetchall()]

    def _execute(self, sql: str, params: Parameters | None) -> None:
        if params is None:
            self._connection.execute(sql)
        else:
            self._connection.execute(sql, {name: _handed_over(value) for name, value in params.items()})

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Stop what runs inside when its time is up, and turn the errors of DuckDB into ours."""
        with self._watch.limited() as timed_out:
            try:
                yield
            except duckdb.InterruptException as error:
                if not timed_out():
                    raise
                said = f"stopped after {self._limits.timeout_s:g} s"
                raise QueryError(said, cure="make the statement cheaper") from error
            except (duckdb.Error, UnicodeError) as error:
                raise QueryError(_one_line(error)) from error
            except RuntimeError as error:
                # What DuckDB makes of Ctrl-C.
                if str(error) == "Query interrupted":
                    raise KeyboardInterrupt from error
                raise


def _handed_over(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return list(value) if isinstance(value, tuple) else value


def _one_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__
