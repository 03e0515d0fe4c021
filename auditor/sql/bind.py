"""Whether statements fit the tables they read: names, types and arguments, as DuckDB itself sees them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from auditor.errors import QueryError
from auditor.model.tables import quoted
from auditor.sql.faults import StatementError
from auditor.sql.sandbox import Limits, Parameters, Sandbox

_LINE = re.compile(r"^LINE (\d+):", re.MULTILINE)
_CANDIDATES = re.compile(r"^(?:Candidate (?:bindings|functions)|Did you mean).*$", re.MULTILINE)
_KIND = re.compile(r"^[A-Za-z ]*Error: ")


class Binder:
    """Empty tables to try statements on; nothing of a statement runs. A context manager.

    Args:
        tables: table -> column -> SQL type.
        macros: statements of our own that make the functions a statement may call beside DuckDB's.
    """

    def __init__(self, tables: Mapping[str, Mapping[str, str]], macros: Sequence[str] = ()) -> None:
        self.tables: dict[str, Mapping[str, str]] = {}
        self._sandbox = Sandbox.in_memory(Limits(memory_mb=256, timeout_s=10))
        self._create(tables)
        for macro in macros:
            self._sandbox.setup(macro)
        self._sandbox.lock()

    def add(self, name: str, columns: Mapping[str, str]) -> None:
        """Make another table known, such as a view of the pack.

        Raises:
            QueryError: there is a table of that name already, or a type that DuckDB does not know.
        """
        self._create({name: columns})

    def columns(self, text: str, params: Parameters) -> dict[str, str]:
        """Column -> SQL type of what a SELECT would answer with.

        Args:
            text: one SELECT that the lint has let pass.
            params: a value of the right type for exactly the parameters it uses.

        Raises:
            StatementError: a table, column, function or type in it is wrong, or two columns have one name.
        """
        try:
            described = self._sandbox.describe(text, params, judged=True)
        except QueryError as error:
            raise _does_not_fit(error) from error
        columns = dict(described)
        if len(columns) < len(described):
            names = [name for name, _ in described]
            twice = next(name for name in names if names.count(name) > 1)
            raise StatementError(f"it has two columns named {twice}", 1, "give each its own name with `as`")
        return columns

    def close(self) -> None:
        """Drop the tables."""
        self._sandbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _create(self, tables: Mapping[str, Mapping[str, str]]) -> None:
        statements = []
        for name, columns in tables.items():
            listed = ", ".join(f"{quoted(column)} {sql_type}" for column, sql_type in columns.items())
            statements.append(f"create table {quoted(name)} ({listed})")
        if statements:
            self._sandbox.setup("; ".join(statements))
        self.tables.update(tables)


def _does_not_fit(error: QueryError) -> StatementError:
    whole = str(error.__cause__ or error.what)
    line = _LINE.search(whole)
    advice = _CANDIDATES.search(whole)
    return StatementError(
        _KIND.sub("", error.what), int(line[1]) if line else 1, advice[0].strip() if advice else "mend the statement"
    )
