"""DuckDB as the store uses it: our own statements, one thread (so that same rows give same bytes), spilling to disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

_MEMORY_LIMIT = "1GB"


@contextmanager
def engine(folder: Path, database: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a database file, or to memory, that spills into a private folder."""
    connection = duckdb.connect(
        ":memory:" if database is None else str(database),
        config={
            "threads": 1,
            "memory_limit": _MEMORY_LIMIT,
            "temp_directory": str(folder / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        },
    )
    try:
        yield connection
    finally:
        connection.close()


def literal(value: str | Path) -> str:
    """An SQL text literal."""
    text = str(value).replace("'", "''")
    return f"'{text}'"


def parquet(files: Iterable[Path]) -> str:
    """The table function that reads Parquet files of one stream, also when earlier ones lack newer columns."""
    names = ", ".join(literal(file) for file in files)
    return f"read_parquet([{names}], union_by_name = true)"


def struct(columns: Mapping[str, str]) -> str:
    """Column names and types as `read_json` takes them."""
    entries = ", ".join(f"{literal(name)}: {literal(sql_type)}" for name, sql_type in columns.items())
    return f"{{{entries}}}"
