"""Checks of the files of a data directory: payloads, segments and cached states."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import duckdb

from auditor.errors import AuditorError, IntegrityError
from auditor.model.tables import SCHEMA, quoted
from auditor.store.disk import disk_faults, file_sha256
from auditor.store.engine import engine, literal, parquet
from auditor.store.ledger import Segment
from auditor.store.payloads import payload_chunks
from auditor.store.segments import read_entries
from auditor.store.state import SegmentFiles, build_state, state_digest, state_streams
from auditor.store.store import Store
from auditor.store.verify_ledger import Finding
from auditor.store.workplace import workplace

_SHOWN_ROWS = 5
_TELL_EVERY = 5_000


def check_payloads(store: Store, tell: Callable[[str], None]) -> Iterator[Finding]:
    """Every payload hashed again."""
    rows = store.ledger.rows("select sha256, size from payload order by sha256")
    for number, (sha256, size) in enumerate(rows):
        if number % _TELL_EVERY == 0 and number:
            tell(f"checking payloads: {number} of {len(rows)}")
        try:
            with disk_faults(store.layout.payload(sha256)):
                found = sum(len(chunk) for chunk in payload_chunks(store.layout, sha256))
        except AuditorError as error:
            yield f"payload {sha256}", f"{error.what} ({error.where})"
            continue
        if found != size:
            yield f"payload {sha256}", f"it has {found} bytes, the ledger says {size}"


def check_segments(store: Store) -> Iterator[Finding]:
    """Every segment's file, rows and content hashed again, and its payloads looked up."""
    with workplace(store.layout.tmp) as folder, engine(folder) as connection:
        for segment in _segments(store):
            path = store.layout.segments / segment.file_name
            where = f"run {segment.run}, segment of stream {segment.stream} ({path.name})"
            if not path.is_file():
                yield where, "the file is missing"
                continue
            if file_sha256(path) != segment.file_sha256:
                yield where, "the file holds other bytes than were written"
            try:
                for text in _check_content(store, connection, segment, path):
                    yield where, text
            except duckdb.Error as fault:
                yield where, f"the file cannot be read: {str(fault).splitlines()[0]}"


def check_states(store: Store) -> Iterator[Finding]:
    """Every cached state that a run judged, compared with what its segments give now."""
    checked: set[str] = set()
    for record in store.ledger.runs():
        digest = record.digest
        if digest is None or digest in checked or not store.layout.state(digest).is_file():
            continue
        checked.add(digest)
        segments = store.ledger.segments(record.scope, record.evidence_run)
        if state_digest(segments, record.source_order, store.deriver) != digest:
            continue  # an earlier version of the model or of the recognisers built it, and this one never uses it
        where = f"state of run {record.number} ({store.layout.state(digest).name})"
        try:
            for stream in _differing_tables(store, segments, record.source_order, digest):
                yield where, f"table {stream} is not what the segments give; delete the file, it is built again"
        except IntegrityError as error:
            yield where, f"it cannot be compared: {error.what}"
        except duckdb.Error as fault:
            yield where, f"the file cannot be read: {str(fault).splitlines()[0]}"


def _segments(store: Store) -> list[Segment]:
    rows = store.ledger.rows(
        "select run, scope, stream, record_count, content_sha256, file_sha256 from segment order by run, stream"
    )
    return [Segment(*row) for row in rows]


def _check_content(store: Store, connection: duckdb.DuckDBPyConnection, segment: Segment, path: Path) -> Iterator[str]:
    digest, count, bad = hashlib.sha256(), 0, 0
    for entry in read_entries(connection, segment.stream, path):
        digest.update(entry.line)
        count += 1
        if entry.computed_sha256 != entry.row_sha256 or entry.run != segment.run:
            bad += 1
            if bad <= _SHOWN_ROWS:
                yield f"row {entry.ref} is not what its hash says"
    if bad > _SHOWN_ROWS:
        yield f"{bad - _SHOWN_ROWS} more rows are not what their hashes say"
    if count != segment.record_count:
        yield f"it has {count} rows, the ledger says {segment.record_count}"
    if digest.hexdigest() != segment.content_sha256:
        yield f"the rows are not those that were written: their hash is {digest.hexdigest()}"
    for (sha256,) in connection.execute(f"select distinct _payload_sha256 from {parquet([path])}").fetchall():
        if not store.ledger.has_payload(sha256):
            yield f"its rows were read from payload {sha256}, which the ledger does not have"


def _differing_tables(
    store: Store, segments: Sequence[Segment], source_order: Sequence[str], digest: str
) -> Iterator[str]:
    with workplace(store.layout.tmp) as folder:
        fresh = folder / "state.duckdb"
        build_state(fresh, folder, store.layout, SegmentFiles(store.layout), segments, source_order, store.deriver)
        with engine(folder) as connection:
            connection.execute(f"attach {literal(fresh)} as fresh (read_only)")
            connection.execute(f"attach {literal(store.layout.state(digest))} as kept (read_only)")
            for stream in _filled_tables(connection):
                if _differ(connection, f"{SCHEMA}.{quoted(stream)}"):
                    yield stream


def _filled_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    counts = " union all ".join(
        f"select {literal(stream.name)} as stream, count(*) as rows from {database}.{SCHEMA}.{quoted(stream.name)}"
        for stream in state_streams()
        for database in ("fresh", "kept")
    )
    rows = connection.execute(f"select distinct stream from ({counts}) where rows > 0 order by stream").fetchall()
    return [stream for (stream,) in rows]


def _differ(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    differences = connection.execute(
        f"select count(*) from ((select * from fresh.{table} except all select * from kept.{table}) "
        f"union all (select * from kept.{table} except all select * from fresh.{table}))"
    )
    return differences.fetchall() != [(0,)]
