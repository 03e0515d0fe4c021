"""Derived rows: what the recognisers make of a state, written into its tables before it is sealed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import orjson

from auditor.model.evidence import Row
from auditor.model.streams import STREAMS
from auditor.model.tables import SCHEMA, all_columns, quoted
from auditor.ports import Derived, Deriver
from auditor.store.engine import literal, struct
from auditor.store.excerpts import Excerpts
from auditor.store.segments import row_line, row_of, table_entries

_MIN_OBJECT_BYTES = 16 << 20


def derive_rows(
    connection: duckdb.DuckDBPyConnection, folder: Path, excerpts: Excerpts, deriver: Deriver
) -> Sequence[str]:
    """Write what a deriver makes of the tables of a state.

    Args:
        connection: the state that is being built, nothing of it pending.
        folder: a private folder.
        excerpts: the payloads.
        deriver: a row of it takes the place of the one with its stream, source and key, or is new.

    Returns:
        The streams that were written to.

    Raises:
        ValueError: a row is of no table of the state.
        IntegrityError: a payload is missing or damaged.
    """
    by_stream: dict[str, dict[tuple[str, str], Derived]] = {}
    for derived in deriver.derive(_Reader(connection, excerpts)):
        row = derived.row
        if row.stream not in STREAMS or row.stream == "source_run":
            raise ValueError(f"{row.stream} is not a stream that rows are derived for")
        by_stream.setdefault(row.stream, {})[row.source_id, row.key] = derived
    for name, rows in sorted(by_stream.items()):
        _write(connection, folder / f"derived-{name}.ndjson", name, [rows[place] for place in sorted(rows)])
    return sorted(by_stream)


class _Reader:
    """The `StateReader` of a state whose tables are filled; each iteration has a cursor of its own."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, excerpts: Excerpts) -> None:
        self._connection = connection
        self._excerpts = excerpts

    def rows(self, stream: str) -> Iterator[Row]:
        """See `StateReader.rows`."""
        with self._connection.cursor() as cursor:
            for entry in table_entries(cursor, stream, f"{SCHEMA}.{quoted(stream)}"):
                yield row_of(entry.line)

    def text(self, payload_sha256: str, pointer: str) -> str | None:
        """See `StateReader.text`."""
        return self._excerpts.whole(payload_sha256, pointer)


def _write(connection: duckdb.DuckDBPyConnection, path: Path, stream: str, rows: Sequence[Derived]) -> None:
    longest = _MIN_OBJECT_BYTES
    with path.open("wb") as file:
        for derived in rows:
            line = orjson.dumps(
                {**row_line(derived.row), "_derived": derived.recogniser}, option=orjson.OPT_APPEND_NEWLINE
            )
            longest = max(longest, 2 * len(line))
            file.write(line)
    columns = all_columns(STREAMS[stream])
    source = (
        f"read_json({literal(path)}, format = 'newline_delimited', columns = {struct(columns)}, "
        f"maximum_object_size = {longest})"
    )
    table = f"{SCHEMA}.{quoted(stream)}"
    connection.execute("begin")
    connection.execute(f"create or replace temp table derived as from {source}")
    connection.execute(f"delete from {table} t using derived d where t._source_id = d._source_id and t._key = d._key")
    connection.execute(f"insert into {table} by name from derived")
    connection.execute("commit")
