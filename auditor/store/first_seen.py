"""What was final when it was first seen: another value that comes later is a finding, and the first one counts.

A completed clock, a revision or a delivery says what has happened. A source that tells it otherwise later has rewritten
its history (an SLA reconstruction, a bulk edit, an export mended by hand); the row keeps what it said at first sight,
with the bytes that prove it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from auditor.canonical import JsonValue
from auditor.model.evidence import Gap, GapReason
from auditor.model.streams import FieldType, Final, StreamDef
from auditor.model.tables import quoted, row_columns
from auditor.store.engine import literal, parquet

LISTED = 20
"""Rows named per source and stream; the others are counted in one more gap (chosen: more than a person reads)."""

_FIRST_COUNTS = "what was seen first counts"
_NOW_COUNTS = "what it says now counts"
_SHOWN_CHARS = 40
_MAPS = frozenset({FieldType.BOOL_MAP, FieldType.REAL_MAP, FieldType.TEXT_MAP})


def keep_first_seen(
    connection: duckdb.DuckDBPyConnection,
    stream: StreamDef,
    earlier: Sequence[Path],
    *,
    run: int,
    new_collectors: Collection[str],
) -> tuple[Gap, ...]:
    """Take out of the temporary table `changed` every row that contradicts a final one of an earlier run.

    A row that was deleted in between comes back with the values it was first seen with.

    Args:
        connection: has `known` and `changed` of `write_segment`.
        stream: definition of the stream.
        earlier: segments of earlier runs.
        run: number of this run.
        new_collectors: sources that another collector, or another version of it, read before: it may read the same
            thing otherwise, so what it says now counts from here on.

    Returns:
        The findings: at most 20 rows per source, and the number of the others.
    """
    if stream.final is None or not earlier:
        return ()
    contradicted = _contradicted_sql(connection, stream, stream.final, earlier)
    connection.execute(f"create or replace temp table contradicted as {contradicted}")
    renewed = sorted(new_collectors)
    gaps = (*_findings(connection, stream.name, renewed), *_renewals(connection, stream.name, renewed))
    connection.execute("delete from contradicted where list_contains($1, _source_id)", [renewed])
    connection.execute(
        "delete from changed using contradicted c where changed._source_id = c._source_id and changed._key = c._key"
    )
    connection.execute(
        "insert into changed by name select * exclude (differences) replace (false as _deleted), "
        f"{run}::integer as _run from contradicted where _deleted"
    )
    return gaps


def is_store_gap(gap: Gap) -> bool:
    """Whether `keep_first_seen` found it, and no collector."""
    return gap.detail.endswith((_FIRST_COUNTS, _NOW_COUNTS))


def is_finding(gap: Gap) -> bool:
    """Whether it says that a row was kept as it was first seen."""
    return gap.detail.endswith(_FIRST_COUNTS)


def contradicts(stream: StreamDef, first: Mapping[str, JsonValue], later: Mapping[str, JsonValue]) -> bool:
    """Whether a row was final when it was seen first, and says otherwise later; as `keep_first_seen` decides it."""
    final = stream.final
    if final is None or not final.is_final(first):
        return False
    return any(first.get(name) is not None and first[name] != later.get(name) for name in final.fields)


def _contradicted_sql(
    connection: duckdb.DuckDBPyConnection, stream: StreamDef, final: Final, earlier: Sequence[Path]
) -> str:
    """The latest known rows that are final and that a changed row contradicts, with the differences as text."""
    log = parquet(earlier)
    found = {name for name, *_ in connection.execute(f"describe select * from {log}").fetchall()}
    names = [name for name in final.fields if name in found]
    fields = [field for name in names if (field := stream.field(name)) is not None]
    differing = {
        field.name: f"(p.{quoted(field.name)} is not null and {_value('p', field.name, field.type)} "
        f"is distinct from {_value('c', field.name, field.type)})"
        for field in fields
    }
    told = ", ".join(f"case when {differs} then {_told(name)} end" for name, differs in differing.items())
    is_final = "true" if final.when is None else f"p.{quoted(final.when)} is not null"
    if final.when is not None and final.equals is not None:
        is_final = f"p.{quoted(final.when)} = {literal(final.equals)}"
    columns = ", ".join(
        f"{f'p.{quoted(name)}' if name in found else f'null::{kind}'} as {quoted(name)}"
        for name, kind in row_columns(stream).items()
    )
    return f"""
        select {columns}, p._deleted,
               array_to_string(list_filter([{told}], lambda text: text is not null), '; ') as differences
        from {log} p
        join known k on k._source_id = p._source_id and k._key = p._key and k.run = p._run
        join changed c on c._source_id = p._source_id and c._key = p._key and not c._deleted
        where {is_final} and ({" or ".join(differing.values())})"""


def _value(row: str, name: str, kind: FieldType) -> str:
    """A value to compare; the entries of a map have no order."""
    column = f"{row}.{quoted(name)}"
    return f"list_sort(map_entries({column}))" if kind in _MAPS else column


def _told(name: str) -> str:
    return f"{literal(f'{name} was ')} || {_shown('p', name)} || ', is ' || {_shown('c', name)}"


def _shown(row: str, name: str) -> str:
    text = f"coalesce({row}.{quoted(name)}::varchar, 'unknown')"
    return f"case when length({text}) > {_SHOWN_CHARS} then left({text}, {_SHOWN_CHARS - 3}) || '...' else {text} end"


def _findings(connection: duckdb.DuckDBPyConnection, stream: str, renewed: list[str]) -> Iterator[Gap]:
    rows = connection.execute(
        "select _source_id, _ref, differences, count(*) over (partition by _source_id) from contradicted "
        "where not list_contains($1, _source_id) "
        f"qualify row_number() over (partition by _source_id order by _key) <= {LISTED} order by _source_id, _key",
        [renewed],
    ).fetchall()
    totals: dict[str, int] = {}
    for source_id, ref, differences, total in rows:
        totals[source_id] = total
        detail = f"a row that was final came with other values ({differences}); {_FIRST_COUNTS}"
        yield Gap(stream, GapReason.MALFORMED, detail, ref, source_id, 0)
    for source_id, total in totals.items():
        if total > LISTED:
            detail = f"and {total - LISTED} more rows that were final came with other values; {_FIRST_COUNTS}"
            yield Gap(stream, GapReason.MALFORMED, detail, None, source_id, 0)


def _renewals(connection: duckdb.DuckDBPyConnection, stream: str, renewed: list[str]) -> Iterator[Gap]:
    rows = connection.execute(
        "select _source_id, count(*) from contradicted where list_contains($1, _source_id) "
        "group by _source_id order by _source_id",
        [renewed],
    ).fetchall()
    for source_id, count in rows:
        detail = f"another version of the collector reads {count} final rows otherwise; {_NOW_COUNTS}"
        yield Gap(stream, GapReason.MALFORMED, detail, None, source_id, 0)
