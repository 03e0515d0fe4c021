"""The ledger: runs and all that belongs to them, in SQLite."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson

from auditor.canonical import JsonValue
from auditor.errors import IntegrityError, StoreError
from auditor.model.evidence import Gap, GapReason, SourceKind, SourceState
from auditor.store.disk import disk_faults
from auditor.store.instants import parse_instant
from auditor.store.layout import Layout
from auditor.store.migrate import check_version, known_migrations, migrate, schema_version, transaction
from auditor.store.workplace import writer_lock

_BUSY_TIMEOUT_S = 30.0
_WAL_BYTES = 4 << 20


class RunStatus(StrEnum):
    """How far a run came."""

    RUNNING = "running"
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run of the ledger; only a complete one has what follows `evidence_run`.

    Attributes:
        evidence_run: the run up to which evidence was read; its own number unless an earlier instant was asked for.
        source_order: sources in order of trust, as the state was built with.
        digest: of the state that was judged.
        rule_pack: id, version, hash and parameters of the rule pack; empty where nothing was judged.
    """

    number: int
    scope: str
    command: str
    status: RunStatus
    started: datetime
    evidence_run: int
    ended: datetime | None
    as_of: datetime | None
    source_order: tuple[str, ...]
    digest: str | None
    engine_version: str | None
    config_sha256: str | None
    rule_pack: Mapping[str, JsonValue]
    assessment_sha256: str | None


@dataclass(frozen=True, slots=True)
class Segment:
    """One immutable Parquet file: the rows of one stream that changed in one run."""

    run: int
    scope: str
    stream: str
    record_count: int
    content_sha256: str
    file_sha256: str

    @property
    def file_name(self) -> str:
        """Name of its file; the run is part of it because the file carries the run of its rows."""
        return f"{self.content_sha256}-{self.run}.parquet"


class Ledger:
    """The open ledger of a data directory; one connection, to be used by one thread at a time.

    Raises:
        StoreError: it is newer than this auditor, in use, or cannot be opened.
        IntegrityError: it is damaged.
    """

    def __init__(self, layout: Layout) -> None:
        self.place = layout.ledger
        with disk_faults(layout.ledger):
            self.connection = sqlite3.connect(
                layout.ledger, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare(layout)
            except BaseException:
                self.connection.close()
                raise

    def _prepare(self, layout: Layout) -> None:
        check_version(self.connection, str(layout.ledger))
        for pragma in (
            "journal_mode = wal",
            "synchronous = full",
            "foreign_keys = on",
            f"journal_size_limit = {_WAL_BYTES}",
        ):
            self.connection.execute(f"pragma {pragma}")
        version, migrations = schema_version(self.connection), known_migrations()
        if version == 0:
            migrate(self.connection, migrations)
        elif version < migrations[-1].version:
            with writer_lock(layout.lock, command="migration of the ledger", started="just now"):
                migrate(self.connection, migrations)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block's statements, durably, or none of them."""
        with transaction(self.connection):
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """A block that reads one state of the ledger, whatever a run commits meanwhile."""
        self.connection.execute("begin")
        try:
            yield
        finally:
            self.connection.execute("rollback")

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """All rows of a SELECT."""
        return self.connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, *parameters: object) -> tuple[Any, ...] | None:
        """The first row of a SELECT, or None."""
        found: tuple[Any, ...] | None = self.connection.execute(sql, parameters).fetchone()
        return found

    def begin_run(self, scope: str, command: str, started: str, evidence_run: int | None) -> int:
        """Add a run; runs that were left running are interrupted. Needs the writer lock."""
        with self.transaction():
            self.connection.execute("update run set status = 'interrupted' where status = 'running'")
            cursor = self.connection.execute(
                "insert into run (scope, command, status, started, evidence_run) values (?, ?, 'running', ?, 0)",
                (scope, command, started),
            )
            number = int(cursor.lastrowid or 0)
            self.connection.execute(
                "update run set evidence_run = ? where number = ?", (evidence_run or number, number)
            )
        return number

    def interrupt_run(self, number: int) -> None:
        """Mark a run that ended without a commit."""
        with self.transaction():
            self.connection.execute(
                "update run set status = 'interrupted' where number = ? and status = 'running'", (number,)
            )

    def has_running(self) -> bool:
        """Whether a run did not come to its end; with the writer lock held, that it died."""
        return self.row("select 1 from run where status = 'running'") is not None

    def runs(self) -> tuple[RunRecord, ...]:
        """Every run, oldest first."""
        return tuple(_run_record(entry) for entry in self.rows(f"{_SELECT_RUN} order by number"))

    def run(self, number: int) -> RunRecord:
        """One run.

        Raises:
            StoreError: there is none of that number.
        """
        found = self.row(f"{_SELECT_RUN} where number = ?", number)
        if found is None:
            raise StoreError(f"there is no run {number}", where=str(self.place), cure="see the list of runs")
        return _run_record(found)

    def has_payload(self, sha256: str) -> bool:
        """Whether a committed run keeps the payload."""
        return self.row("select 1 from payload where sha256 = ?", sha256) is not None

    def envelope_of(self, scope: str, identity: str) -> str | None:
        """Hash of the envelope under which a request with that answer stands already."""
        found = self.row("select sha256 from envelope where scope = ? and identity = ?", scope, identity)
        return None if found is None else str(found[0])

    def latest_pull(self, scope: str, source_id: str, before: int) -> tuple[str | None, dict[str, str]]:
        """Collector and cursors of the latest committed pull of a source; (None, none) where there is none.

        A pull of which no collector is known (it could not be loaded) is none.
        """
        found = self.row(
            "select p.collector, p.cursors from source_run p join run r on r.number = p.run "
            "where p.scope = ? and p.source_id = ? and p.run < ? and r.status = 'complete' "
            "and p.collector is not null order by p.run desc limit 1",
            scope,
            source_id,
            before,
        )
        if found is None:
            return None, {}
        with _sound_row(f"the cursors of source {source_id}"):
            return found[0], {str(stream): str(value) for stream, value in orjson.loads(found[1]).items()}

    def latest_reader(self, scope: str, source_id: str, before: int) -> str | None:
        """Collector of the latest committed pull of a source that did not fail; None where it is not known."""
        found = self.row(
            "select p.collector from source_run p join run r on r.number = p.run "
            "where p.scope = ? and p.source_id = ? and p.run < ? and r.status = 'complete' "
            "and p.collector is not null and json_extract(p.body, '$.status') <> 'failed' order by p.run desc limit 1",
            scope,
            source_id,
            before,
        )
        return None if found is None else str(found[0])

    def segments(self, scope: str, upto: int) -> tuple[Segment, ...]:
        """The segments of a scope's complete runs up to a run, in the order of runs and streams."""
        return tuple(
            Segment(*entry)
            for entry in self.rows(
                f"{_SELECT_SEGMENT} where s.scope = ? and s.run <= ? and r.status = 'complete' "
                "order by s.run, s.stream",
                scope,
                upto,
            )
        )

    def stream_segments(self, stream: str) -> tuple[Segment, ...]:
        """The segments of one stream in every scope, oldest first."""
        return tuple(
            Segment(*entry)
            for entry in self.rows(
                f"{_SELECT_SEGMENT} where s.stream = ? and r.status = 'complete' order by s.run", stream
            )
        )

    def sources(self, scope: str, upto: int) -> dict[str, SourceState]:
        """The sources of a scope as of a run, by id: the latest pull of each, with its gaps."""
        pulls = self.rows(
            "select p.source_id, p.kind, p.body, p.gaps_sha256 from source_run p join run r on r.number = p.run "
            "where p.scope = ? and p.run <= ? and r.status = 'complete' order by p.source_id, p.run desc",
            scope,
            upto,
        )
        states: dict[str, SourceState] = {}
        for source_id, latest_first in groupby(pulls, key=itemgetter(0)):
            with _sound_row(f"a pull of source {source_id}"):
                values = [(kind, orjson.loads(body), gaps) for _, kind, body, gaps in latest_first]
                sound = next((entry for entry in values if sound_end(entry[1]) is not None), None)
                kind, latest, gaps_sha256 = values[0]
                states[source_id] = SourceState(
                    source_id,
                    SourceKind(kind),
                    latest,
                    sound_end(sound[1]) if sound else None,
                    self._gaps(gaps_sha256),
                    sound[1] if sound else None,
                    self._gaps(sound[2]) if sound and sound is not values[0] else (),
                )
        return states

    def _gaps(self, list_sha256: str) -> tuple[Gap, ...]:
        bodies = self.rows("select body from gap where list_sha256 = ? order by position", list_sha256)
        return tuple(gap_of(orjson.loads(body)) for (body,) in bodies)


def sound_end(values: Mapping[str, Any]) -> datetime | None:
    """End of a pull that did not fail; None where it failed, or does not say when it ended."""
    if values.get("status") == "failed" or values.get("ended") is None:
        return None
    return parse_instant(values["ended"])


def gap_body(gap: Gap) -> dict[str, JsonValue]:
    """A gap as canonical JSON holds it."""
    return {**dataclasses.asdict(gap), "reason": gap.reason.value}


def gap_of(body: Mapping[str, Any]) -> Gap:
    """The gap that `gap_body` wrote."""
    return Gap(**{**body, "reason": GapReason(body["reason"])})


@contextmanager
def _sound_row(what: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError) as fault:
        raise IntegrityError(
            f"the ledger's row of {what} is not what was written: {fault}", cure="run `auditor verify`"
        ) from fault


def _run_record(entry: tuple[Any, ...]) -> RunRecord:
    with _sound_row(f"run {entry[0]}"):
        return _parsed_run(entry)


def _parsed_run(entry: tuple[Any, ...]) -> RunRecord:
    number, scope, command, status, started, evidence_run, ended, as_of, order, digest, *rest = entry
    engine_version, config_sha256, rule_pack, assessment_sha256 = rest
    return RunRecord(
        number=number,
        scope=scope,
        command=command,
        status=RunStatus(status),
        started=parse_instant(started),
        evidence_run=evidence_run,
        ended=None if ended is None else parse_instant(ended),
        as_of=None if as_of is None else parse_instant(as_of),
        source_order=tuple(orjson.loads(order or "[]")),
        digest=digest,
        engine_version=engine_version,
        config_sha256=config_sha256,
        rule_pack=orjson.loads(rule_pack or "{}"),
        assessment_sha256=assessment_sha256,
    )


_SELECT_RUN = (
    "select number, scope, command, status, started, evidence_run, ended, as_of, source_order, state_sha256, "
    "engine_version, config_sha256, rule_pack, assessment_sha256 from run"
)
_SELECT_SEGMENT = (
    "select s.run, s.scope, s.stream, s.record_count, s.content_sha256, s.file_sha256 "
    "from segment s join run r on r.number = s.run"
)
