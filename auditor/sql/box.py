"""What a collector may do with SQL: tables of its own, and SELECTs of somebody else's over them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from auditor.canonical import JsonValue
from auditor.errors import EvidenceError
from auditor.model.tables import quoted
from auditor.sql.bind import Binder
from auditor.sql.lint import lint_select
from auditor.sql.sandbox import Limits, Sandbox


@dataclass(frozen=True, slots=True)
class SqlSelect:
    """A SELECT that may run in a `SqlBox`: its text, its columns in order, and the tables it reads."""

    text: str
    columns: tuple[str, ...]
    tables: frozenset[str]
    parameters: Mapping[str, object]


class SqlBox:
    """Tables of a collector's own, and SELECTs that somebody else wrote over them: linted first, then run contained.

    Nothing that runs here reaches files, the network, the clock or the program. A context manager.

    Args:
        tables: table -> column -> SQL type.
        macros: statements that create functions the SELECTs may call beside those of SQL.
        functions: names of these functions.
        parameters: name -> value of what a SELECT may use as `$name`.
    """

    _MEMORY_MB = 2048
    _TIMEOUT_S = 120.0
    _PAGE_ROWS = 5000

    def __init__(
        self,
        tables: Mapping[str, Mapping[str, str]],
        *,
        macros: Sequence[str] = (),
        functions: Collection[str] = (),
        parameters: Mapping[str, object] | None = None,
    ) -> None:
        self._tables = tables
        self._functions = functions
        self._parameters = parameters or {}
        self._binder = Binder(tables, macros)
        self._sandbox = Sandbox.in_memory(Limits(memory_mb=self._MEMORY_MB, timeout_s=self._TIMEOUT_S))
        for name, columns in tables.items():
            listed = ", ".join(f"{quoted(column)} {sql_type}" for column, sql_type in columns.items())
            self._sandbox.setup(f"create table {quoted(name)} ({listed})")
        for macro in macros:
            self._sandbox.setup(macro)
        self._sandbox.lock()

    def lint(
        self, text: str, *, file: str, line: int, required: Collection[str], optional: Collection[str]
    ) -> SqlSelect:
        """Check a SELECT before anything runs.

        Args:
            text: the SELECT, which stands in `file` from `line` on.
            required: columns it must have.
            optional: columns it may have beside them.

        Raises:
            EvidenceError: it may not run or does not fit the tables; with file and line.
        """
        linted = lint_select(
            text,
            tables=self._binder,
            file=file,
            line=line,
            parameters=self._parameters,
            required_columns=required,
            optional_columns=optional,
            extra_functions=self._functions,
            error=EvidenceError,
        )
        parameters = {name: self._parameters[name] for name in linted.parameters}
        return SqlSelect(linted.text, linted.columns, linted.tables, parameters)

    def insert(self, table: str, rows: Sequence[Mapping[str, JsonValue]]) -> None:
        """Append rows to a table; absent columns are null.

        Raises:
            QueryError: a value does not fit its column, or memory ran out.
        """
        self._sandbox.load_rows(quoted(table), self._tables[table], rows)

    def answer(self, select: SqlSelect, order: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The rows of a SELECT by column, ordered by the given columns, in bounded memory.

        Raises:
            QueryError: it failed, or ran out of time or memory.
        """
        columns = ", ".join(map(quoted, select.columns))
        ordered = ", ".join(quoted(name) for name in order if name in select.columns)
        rows = f"select {columns} from (\n{select.text}\n) as answered order by {ordered}"
        self._sandbox.describe(rows, select.parameters)  # refuses what the lint let pass but may not run
        self._sandbox.setup(f"create or replace temp table answered as {rows}", select.parameters)
        start = 0
        while page := self._sandbox.query(
            f"select * from answered where rowid >= {start} and rowid < {start + self._PAGE_ROWS} order by rowid"
        ).rows:
            yield from (dict(zip(select.columns, row, strict=True)) for row in page)
            start += self._PAGE_ROWS

    def close(self) -> None:
        """Drop everything."""
        self._binder.close()
        self._sandbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
