"""Segments: per run and stream one immutable Parquet file with the rows that changed.

A row's line is its canonical JSON with its provenance; the SHA-256 over the lines in the order of source and key is the
content hash, which is the same whatever program wrote the file.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import duckdb
import orjson

from auditor.canonical import JsonValue, sha256_hex
from auditor.errors import IntegrityError
from auditor.model.evidence import Gap, Row, Tier
from auditor.model.streams import StreamDef
from auditor.model.tables import META_COLUMNS, quoted, row_columns
from auditor.store.engine import literal, parquet, struct
from auditor.store.first_seen import keep_first_seen
from auditor.store.instants import instant_text, parse_instant

LOG_COLUMNS: Mapping[str, str] = {"_deleted": "BOOLEAN", "_run": "INTEGER"}
"""What a segment has beyond the columns of the evidence table."""

_BATCH = 5_000
_LINE_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z
_PLACE = "_source_id, _key"
_MIN_OBJECT_BYTES = 16 << 20
_PROVENANCE = (
    "_run",
    "_source_id",
    "_key",
    "_reliability",
    "_ref",
    "_row_sha256",
    "_payload_sha256",
    "_pointer",
    "_source_url",
    "_fetched_at",
    "_deleted",
)


def row_line(row: Row) -> dict[str, JsonValue]:
    """A row as the columns of its table."""
    return {
        **row.values,
        "_ref": row.ref,
        "_source_id": row.source_id,
        "_key": row.key,
        "_reliability": int(row.reliability),
        "_fetched_at": None if row.fetched_at is None else instant_text(row.fetched_at),
        "_source_url": row.source_url,
        "_row_sha256": row.sha256,
        "_payload_sha256": row.payload_sha256,
        "_pointer": row.pointer,
    }


class RowSpool:
    """Rows of a run on their way into segments, as one NDJSON file per stream in a private folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, IO[bytes]] = {}
        self._longest: Counter[str] = Counter()
        self._sequence = 0
        self.read: Counter[tuple[str, str]] = Counter()
        """Rows added, by source and stream."""

    @property
    def streams(self) -> frozenset[str]:
        """Streams that have rows."""
        return frozenset(self._files)

    def add(self, row: Row) -> None:
        """Write a row down; of several with one source and key the last one counts."""
        self._sequence += 1
        line = orjson.dumps(
            {**row_line(row), "_deleted": row.deleted, "_seq": self._sequence}, option=orjson.OPT_APPEND_NEWLINE
        )
        file = self._files.get(row.stream)
        if file is None:
            file = self._files[row.stream] = self._path(row.stream).open("wb", buffering=1 << 18)
        file.write(line)
        self._longest[row.stream] = max(self._longest[row.stream], len(line))
        self.read[row.source_id, row.stream] += 1

    def close(self) -> None:
        """End writing; the files stay."""
        for file in self._files.values():
            file.close()

    def table_sql(self, stream: StreamDef) -> str:
        """A SELECT over the rows of one stream."""
        columns = {**row_columns(stream), "_deleted": "BOOLEAN", "_seq": "BIGINT"}
        if stream.name not in self._files:
            nulls = ", ".join(f"null::{kind} as {quoted(name)}" for name, kind in columns.items())
            return f"select {nulls} limit 0"
        longest = max(_MIN_OBJECT_BYTES, 2 * self._longest[stream.name])
        return (
            f"select * from read_json({literal(self._path(stream.name))}, format = 'newline_delimited', "
            f"columns = {struct(columns)}, maximum_object_size = {longest})"
        )

    def _path(self, stream: str) -> Path:
        return self._folder / f"{stream}.ndjson"


@dataclass(frozen=True, slots=True)
class Pulled:
    """What is known of the pulls that a stream's rows came with.

    Attributes:
        whole: sources that were read completely, so that rows that did not come are gone.
        swept: source -> keys of all rows it still has; other rows that did not come are gone.
        new_collectors: sources that another collector, or another version of it, read before.
    """

    whole: Collection[str] = ()
    swept: Mapping[str, Collection[str]] = field(default_factory=dict)
    new_collectors: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A segment file that was just written.

    Attributes:
        changed, gone: number of its rows by source.
        payloads: hashes of the payloads its rows were read from.
    """

    content_sha256: str
    record_count: int
    changed: Mapping[str, int]
    gone: Mapping[str, int]
    payloads: frozenset[str]


def write_segment(
    connection: duckdb.DuckDBPyConnection,
    stream: StreamDef,
    spool: RowSpool,
    *,
    earlier: Sequence[Path],
    pulled: Pulled,
    run: int,
    target: Path,
) -> tuple[Written | None, tuple[Gap, ...]]:
    """Write the rows of a stream that differ from the latest known ones.

    Args:
        connection: an in-memory database.
        stream: definition of the stream.
        spool: rows of this run, closed.
        earlier: segments of earlier runs.
        pulled: what the pulls say of rows that did not come.
        run: number of this run.
        target: the file to write.

    Returns:
        What was written, None where nothing differs; and the rows that contradict what was final.

    Raises:
        IntegrityError: the file does not hold what was validated.
    """
    for name, rows in (
        ("incoming", spool.table_sql(stream)),
        ("known", _known_sql(earlier)),
        ("changed", _changed_sql(run)),
    ):
        connection.execute(f"create or replace temp table {name} as {rows}")
    findings = keep_first_seen(connection, stream, earlier, run=run, new_collectors=pulled.new_collectors)
    _add_gone(connection, earlier, pulled, run, target.with_suffix(".keys"))
    counts = connection.execute("select _source_id, _deleted, count(*) from changed group by all").fetchall()
    if not counts:
        return None, findings
    columns = ", ".join(quoted(name) for name in (*row_columns(stream), *LOG_COLUMNS))
    connection.execute(
        f"copy (select {columns} from changed order by {_PLACE}) to {literal(target)} "
        "(format parquet, compression zstd)"
    )
    payloads = connection.execute("select distinct _payload_sha256 from changed").fetchall()
    content_sha256, record_count = content_of(connection, stream.name, target)
    written = Written(
        content_sha256,
        record_count,
        {source: number for source, is_gone, number in counts if not is_gone},
        {source: number for source, is_gone, number in counts if is_gone},
        frozenset(sha256 for (sha256,) in payloads),
    )
    return written, findings


def _known_sql(earlier: Sequence[Path]) -> str:
    if not earlier:
        return (
            "select null::varchar as _source_id, null::varchar as _key, null::varchar as sha256, "
            "null::boolean as gone, null::integer as run limit 0"
        )
    return (
        "select _source_id, _key, max_by(_row_sha256, _run) as sha256, max_by(_deleted, _run) as gone, "
        f"max(_run) as run from {parquet(earlier)} group by {_PLACE}"
    )


def _changed_sql(run: int) -> str:
    return f"""
        select i.* exclude (_seq), {run}::integer as _run
        from incoming i
        join (select {_PLACE}, max(_seq) as _seq from incoming group by {_PLACE}) last
          on last._source_id = i._source_id and last._key = i._key and last._seq = i._seq
        left join known k on k._source_id = i._source_id and k._key = i._key
        where case when i._deleted then k.sha256 is not null and not k.gone
                   else k.sha256 is null or k.gone or k.sha256 <> i._row_sha256 end"""


def _add_gone(
    connection: duckdb.DuckDBPyConnection, earlier: Sequence[Path], pulled: Pulled, run: int, keys_file: Path
) -> None:
    """Add a tombstone for every row that was seen before and is gone."""
    whole, swept = sorted(pulled.whole), sorted(set(pulled.swept) - set(pulled.whole))
    if not earlier or not (whole or swept):
        return
    with keys_file.open("wb") as file:
        for source_id in swept:
            file.writelines(
                orjson.dumps({"_source_id": source_id, "_key": key}, option=orjson.OPT_APPEND_NEWLINE)
                for key in pulled.swept[source_id]
            )
    columns = struct({"_source_id": "VARCHAR", "_key": "VARCHAR"})
    connection.execute(
        "create or replace temp table still_there as "
        f"from read_json({literal(keys_file)}, format = 'newline_delimited', columns = {columns})"
    )
    connection.execute(
        f"""
        insert into changed by name
        select p.* replace (true as _deleted, {run}::integer as _run)
        from {parquet(earlier)} p
        join known k on k._source_id = p._source_id and k._key = p._key and k.run = p._run
        where not k.gone
          and (list_contains($1, p._source_id) or list_contains($2, p._source_id))
          and not exists (select 1 from still_there s where s._source_id = p._source_id and s._key = p._key)
          and not exists (select 1 from incoming i where i._source_id = p._source_id and i._key = p._key)""",
        [whole, swept],
    )


def content_of(connection: duckdb.DuckDBPyConnection, stream: str, path: Path) -> tuple[str, int]:
    """Content hash and number of rows of a segment file, every row checked against its own hash.

    Raises:
        IntegrityError: a row is not what its hash says; the message names it.
        duckdb.Error: the file cannot be read as Parquet.
    """
    digest, count = hashlib.sha256(), 0
    for entry in read_entries(connection, stream, path):
        if entry.computed_sha256 != entry.row_sha256:
            raise IntegrityError(f"row {entry.ref} is not what its hash says", where=str(path))
        digest.update(entry.line)
        count += 1
    return digest.hexdigest(), count


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a segment.

    Attributes:
        line: its canonical JSON line, with provenance.
        row_sha256: hash the row carries.
        computed_sha256: hash over what the row holds.
    """

    ref: str
    run: int
    line: bytes
    row_sha256: str
    computed_sha256: str


def read_entries(
    connection: duckdb.DuckDBPyConnection, stream: str, path: Path, where: str = "", parameters: Sequence[str] = ()
) -> Iterator[Entry]:
    """The rows of a segment in the order of source and key; `where` is an SQL condition with `?` parameters."""
    condition = f"where {where}" if where else ""
    return _entries(connection, stream, f"(from {parquet([path])} {condition})", parameters, _PLACE)


def latest_entries(
    connection: duckdb.DuckDBPyConnection, stream: str, files: Sequence[Path], source_id: str
) -> Iterator[Entry]:
    """The latest version of every row of a source in the order of keys, those that are gone left out."""
    latest = (
        f"(from {parquet(files)} where _source_id = ? "
        f"qualify row_number() over (partition by {_PLACE} order by _run desc) = 1)"
    )
    return _entries(connection, stream, f"(from {latest} where not _deleted)", [source_id], _PLACE)


def table_entries(connection: duckdb.DuckDBPyConnection, stream: str, table: str) -> Iterator[Entry]:
    """The rows of a table of a state, in the order of their references."""
    rows = f"(select *, false as _deleted, 0 as _run from {table})"
    return _entries(connection, stream, rows, (), "_ref")


def _entries(
    connection: duckdb.DuckDBPyConnection, stream: str, rows: str, parameters: Sequence[str], order: str
) -> Iterator[Entry]:
    described = connection.execute(f"from {rows} limit 0", list(parameters)).description or ()
    fields = {name: str(kind) for name, kind, *_ in described if name not in META_COLUMNS and name not in LOG_COLUMNS}
    json_fields = [name for name, kind in fields.items() if kind == "JSON"]
    columns = ", ".join([*(quoted(name) for name in fields), *_PROVENANCE])
    cursor = connection.execute(f"select {columns} from {rows} order by {order}", list(parameters))
    while batch := cursor.fetchmany(_BATCH):
        for cells in batch:
            values = dict(zip(fields, cells, strict=False))
            for name in json_fields:
                values[name] = None if values[name] is None else orjson.loads(values[name])
            yield _entry(stream, values, cells[len(fields) :])


def _entry(stream: str, values: dict[str, Any], provenance: tuple[Any, ...]) -> Entry:
    run, source_id, key, reliability, ref, row_sha256, payload_sha256, pointer, url, fetched_at, deleted = provenance
    identity = {"stream": stream, "source_id": source_id, "key": key, "values": values, "reliability": reliability}
    computed_sha256 = sha256_hex(orjson.dumps(identity, option=_LINE_OPTIONS))
    line = {
        **identity,
        "ref": ref,
        "row_sha256": row_sha256,
        "payload_sha256": payload_sha256,
        "pointer": pointer,
        "source_url": url,
        "fetched_at": fetched_at,
        "deleted": deleted,
    }
    return Entry(
        ref, run, orjson.dumps(line, option=_LINE_OPTIONS | orjson.OPT_APPEND_NEWLINE), row_sha256, computed_sha256
    )


def row_of(line: bytes) -> Row:
    """The row that a segment's line describes."""
    body: dict[str, Any] = orjson.loads(line)
    values: dict[str, JsonValue] = body["values"]
    return Row(
        stream=body["stream"],
        source_id=body["source_id"],
        key=body["key"],
        values=values,
        reliability=Tier(body["reliability"]),
        sha256=body["row_sha256"],
        payload_sha256=body["payload_sha256"],
        pointer=body["pointer"],
        source_url=body["source_url"],
        fetched_at=None if body["fetched_at"] is None else parse_instant(body["fetched_at"]),
        deleted=body["deleted"],
    )
