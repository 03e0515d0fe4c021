"""States: the evidence of a scope as of a run, as one DuckDB file that judging reads. A cache, named by its content."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from pathlib import Path

import duckdb

from auditor.canonical import JsonValue, canonical_sha256
from auditor.errors import IntegrityError
from auditor.model.streams import STREAMS, FieldType, StreamDef
from auditor.model.tables import ROW_META_COLUMNS, SCHEMA, all_columns, create_table_sql, quoted
from auditor.ports import Deriver
from auditor.store.derive import derive_rows
from auditor.store.disk import disk_faults, file_sha256, fsync_path, move_durably
from auditor.store.engine import engine, literal, parquet
from auditor.store.excerpts import Excerpts
from auditor.store.layout import Layout
from auditor.store.ledger import Segment
from auditor.store.workplace import workplace

KEEP_STATES = 2
"""States that stay on disk; any other is built again when it is asked for."""

JOINED = frozenset({"service", "party", "person", "agreement"})
"""Entities of which rows with one id, from whatever source, speak of one thing."""

_STATE_FORMAT = 1
_INFO = "state_info"


def state_streams() -> tuple[StreamDef, ...]:
    """The streams a state has a table for: all but `source_run`, which the ledger knows."""
    return tuple(stream for stream in STREAMS.values() if stream.name != "source_run")


@cache
def schema_sha256() -> str:
    """Hash of everything about a state's tables; a change of the model changes every digest."""
    tables = {stream.name: create_table_sql(stream) for stream in state_streams()}
    return canonical_sha256({"format": _STATE_FORMAT, "tables": tables, "joined": sorted(JOINED)})


def state_digest(segments: Sequence[Segment], source_order: Sequence[str], deriver: Deriver | None = None) -> str:
    """Digest of the evidence: what it is made of, in order, and what shapes the state made from it."""
    contents: list[JsonValue] = [segment.content_sha256 for segment in segments]
    return canonical_sha256(
        {
            "segments": contents,
            "schema": schema_sha256(),
            "source_order": list(source_order),
            "deriver": None if deriver is None else deriver.version,
        }
    )


class SegmentFiles:
    """The segment files of a data directory; one that is not what the ledger says is never used."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._checked: set[str] = set()

    def path(self, segment: Segment) -> Path:
        """The file of a segment, its hash compared once.

        Raises:
            IntegrityError: it is missing, or holds other bytes than were written.
            StoreError: it cannot be read.
        """
        path = self._layout.segments / segment.file_name
        if segment.file_name not in self._checked:
            if not path.is_file():
                raise _segment_fault(segment, path, "is missing")
            with disk_faults(path):
                found = file_sha256(path)
            if found != segment.file_sha256:
                raise _segment_fault(segment, path, "holds other bytes than were written")
            self._checked.add(segment.file_name)
        return path


def provide_state(
    layout: Layout,
    files: SegmentFiles,
    segments: Sequence[Segment],
    source_order: Sequence[str],
    deriver: Deriver | None = None,
) -> Path:
    """The state file of the given segments: the one that is there, or a new one.

    Args:
        layout: the data directory.
        files: its segment files.
        segments: in the order of runs and streams.
        source_order: configured sources, the most trusted first.
        deriver: gives the rows meaning; None: the state holds what was read and nothing else.

    Raises:
        IntegrityError: a segment or a payload is missing or damaged.
        StoreError: the disk is full.
    """
    digest = state_digest(segments, source_order, deriver)
    path = layout.state(digest)
    if _is_sound(path, digest):
        os.utime(path)  # the least recently used go first
    else:
        with disk_faults(layout.states), workplace(layout.tmp) as folder:
            target = folder / path.name
            build_state(target, folder, layout, files, segments, source_order, deriver)
            move_durably(target, path)
            fsync_path(layout.states)
    _drop_old(layout, path)
    return path


def build_state(
    target: Path,
    folder: Path,
    layout: Layout,
    files: SegmentFiles,
    segments: Sequence[Segment],
    source_order: Sequence[str],
    deriver: Deriver | None = None,
) -> None:
    """Write a new state file, whole and closed.

    Raises:
        IntegrityError: a segment is missing or damaged.
        duckdb.Error: the disk is full, or there is too little memory.
    """
    by_stream: dict[str, list[Path]] = {}
    for segment in segments:
        by_stream.setdefault(segment.stream, []).append(files.path(segment))
    with engine(folder, target) as connection:
        connection.execute("begin")
        connection.execute(f"create schema {SCHEMA}")
        for stream in state_streams():
            connection.execute(create_table_sql(stream))
            if parts := by_stream.get(stream.name):
                _fill(connection, stream, parts, source_order)
        connection.execute("commit")
        if deriver is not None:
            with closing(Excerpts(layout)) as excerpts:
                for name in derive_rows(connection, folder, excerpts, deriver):
                    if name in JOINED:
                        _join_again(connection, STREAMS[name], source_order)
        digest = state_digest(segments, source_order, deriver)
        connection.execute(f"create table {_INFO} as select {literal(digest)} as digest")
        connection.execute("checkpoint")


def _fill(
    connection: duckdb.DuckDBPyConnection, stream: StreamDef, parts: Sequence[Path], source_order: Sequence[str]
) -> None:
    log = parquet(parts)
    found = {name for name, *_ in connection.execute(f"describe select * from {log}").fetchall()}
    columns = all_columns(stream)
    known = ", ".join(
        f"{quoted(name) if name in found else 'null'}::{kind} as {quoted(name)}" for name, kind in columns.items()
    )
    sources = _sources_in_order(connection, log, source_order)
    latest = f"""
        select {known}, list_position($1, _source_id) as _rank
        from (select *, row_number() over (partition by _source_id, _key order by _run desc) as _age from {log})
        where _age = 1 and not _deleted"""
    names = ", ".join(quoted(name) for name in columns)
    picked = _joined_sql(stream, latest) if stream.name in JOINED else f"select {names}, _rank from ({latest})"
    connection.execute(
        f"insert into {SCHEMA}.{quoted(stream.name)} select {names} from ({picked}) order by _rank, _key", [sources]
    )


def _join_again(connection: duckdb.DuckDBPyConnection, stream: StreamDef, source_order: Sequence[str]) -> None:
    """Join the rows of keys that have several since rows were derived."""
    table = f"{SCHEMA}.{quoted(stream.name)}"
    several = f"select _key from {table} group by _key having count(*) > 1"
    sources = _sources_in_order(connection, table, source_order)
    rows = f"select *, list_position($1, _source_id) as _rank from {table} where _key in ({several})"
    connection.execute("begin")
    connection.execute(f"create or replace temp table joined as {_joined_sql(stream, rows)}", [sources])
    connection.execute(f"delete from {table} where _key in (select _key from joined)")
    connection.execute(f"insert into {table} by name select * exclude (_rank) from joined order by _rank, _key")
    connection.execute("commit")


def _sources_in_order(connection: duckdb.DuckDBPyConnection, rows: str, source_order: Sequence[str]) -> list[str]:
    """The sources that rows come from, the most trusted first."""
    sources = [name for (name,) in connection.execute(f"select distinct _source_id from {rows}").fetchall()]
    return sorted(sources, key=lambda source_id: (_rank(source_id, source_order), source_id))


def _rank(source_id: str, source_order: Sequence[str]) -> int:
    """Place in the order of trust; a source inside a folder (`folder/source`) stands where its folder does."""
    for name in (source_id, source_id.split("/", 1)[0]):
        if name in source_order:
            return list(source_order).index(name)
    return len(source_order)


def _joined_sql(stream: StreamDef, latest: str) -> str:
    """One row per key: scalars of the first source that has a value, lists united, provenance of the first source."""
    cells = [f"{_united(quoted(field.name), field.type)} as {quoted(field.name)}" for field in stream.fields]
    cells += [f"first({name} order by _rank) as {name}" for name in ROW_META_COLUMNS if name != "_key"]
    # What a recogniser made of any of them is said of the whole.
    cells.append("first(_derived order by _rank) filter (where _derived is not null) as _derived")
    return f"select {', '.join(cells)}, _key, min(_rank) as _rank from ({latest}) group by _key"


def _united(column: str, kind: FieldType) -> str:
    if kind is not FieldType.TEXT_LIST:
        return f"first({column} order by _rank) filter (where {column} is not null)"
    # A null list is unknown, an empty one is not: nothing is united only where every source leaves it null.
    every = f"flatten(list({column} order by _rank) filter (where {column} is not null))"
    return f"list_filter({every}, lambda entry, place: list_position({every}, entry) = place)"


def _is_sound(path: Path, digest: str) -> bool:
    """Whether a state file can be used: another DuckDB version may have written it, or a disk eaten it."""
    if not path.is_file():
        return False
    with duckdb.connect(":memory:") as connection:
        try:
            # Attached, not connected to: somebody in this process may have it open with other settings.
            connection.execute(f"attach {literal(path)} as state (read_only)")
            return connection.execute(f"select digest from state.{_INFO}").fetchall() == [(digest,)]
        except duckdb.Error:
            return False


def _drop_old(layout: Layout, current: Path) -> None:
    others = [path for path in layout.states.iterdir() if path != current]
    others.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in others[KEEP_STATES - 1 :]:
        path.unlink(missing_ok=True)


def _segment_fault(segment: Segment, path: Path, problem: str) -> IntegrityError:
    return IntegrityError(
        f"segment of stream {segment.stream} of run {segment.run} {problem}",
        where=str(path),
        cure="restore the file from a copy of the data directory",
    )
