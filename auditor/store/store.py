"""A data directory, open: what was committed can be read at any time, and one process at a time may write."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson

from auditor.canonical import sha256_hex
from auditor.errors import IntegrityError, StoreError
from auditor.model.assessment import Seal
from auditor.model.evidence import Gap, Row, SourceState
from auditor.ports import EXCHANGE_LOG, Deriver
from auditor.store.disk import disk_faults
from auditor.store.engine import engine
from auditor.store.excerpts import Excerpts
from auditor.store.instants import instant_text
from auditor.store.layout import Layout, check_directory, finish_directory, make_folders
from auditor.store.ledger import Ledger, RunRecord, RunStatus
from auditor.store.payloads import read_payload
from auditor.store.pieces import unpack
from auditor.store.run import OpenRun
from auditor.store.segments import latest_entries, read_entries, row_of
from auditor.store.state import SegmentFiles, provide_state, state_digest
from auditor.store.sweep import sweep_orphans
from auditor.store.workplace import clean, workplace, writer_lock

__all__ = ["OpenRun", "RowVersion", "RunRecord", "RunStatus", "Store"]

_DAMAGED_CURE = "restore the data directory from a copy, then run `auditor verify`"


@dataclass(frozen=True, slots=True)
class RowVersion:
    """A row as a run left it."""

    run: int
    scope: str
    row: Row


class Store:
    """An open data directory. Use `Store.open`; readers need no lock and see committed runs only.

    Attributes:
        layout: where everything lies.
        ledger: for `verify`; others use the methods below.
        deriver: gives evidence meaning when a state is built; None: states hold what was read and nothing else.
    """

    def __init__(self, layout: Layout, ledger: Ledger, deriver: Deriver | None = None) -> None:
        self.layout = layout
        self.ledger = ledger
        self.deriver = deriver
        self.segment_files = SegmentFiles(layout)
        self._excerpts = Excerpts(layout)

    @classmethod
    def open(cls, path: Path, *, create: bool = True, deriver: Deriver | None = None) -> Store:
        """Open a data directory, or make one of a new or empty directory.

        Args:
            path: the data directory.
            create: whether it may be made.
            deriver: see `Store`; readers that build no state need none.

        Raises:
            StoreError: it is no data directory, is of a newer format or ledger, or cannot be used.
            IntegrityError: its ledger is missing or damaged.
        """
        with disk_faults(path):
            layout = check_directory(path, create=create)
            make_folders(layout)
            ledger = Ledger(layout)
            if not layout.format_file.exists():
                finish_directory(layout)
        return cls(layout, ledger, deriver)

    def close(self) -> None:
        """Close the ledger and the payloads that are open for excerpts."""
        self._excerpts.close()
        self.ledger.close()

    @contextmanager
    def begin(
        self, scope: str, command: str, started: datetime, *, evidence_run: int | None = None
    ) -> Iterator[OpenRun]:
        """Begin a run; leaving the block without a commit leaves nothing that a reader sees.

        Args:
            scope: what the run speaks about.
            command: what was asked for, such as `audit`.
            started: start of the run.
            evidence_run: judge the evidence as it was after that run, instead of collecting; None: the latest.

        Raises:
            StoreError: another run writes, `evidence_run` is no complete run of the scope, or the disk is full.
        """
        if evidence_run is not None:
            self._complete(evidence_run, scope)
        with ExitStack() as stack:
            with disk_faults(self.layout.root):
                started_text = instant_text(started)
                stack.enter_context(writer_lock(self.layout.lock, command=command, started=started_text))
                ledger = stack.enter_context(closing(Ledger(self.layout)))
                clean(self.layout.tmp)
                if ledger.has_running():
                    sweep_orphans(self.layout, ledger)
                folder = stack.enter_context(workplace(self.layout.tmp))
                number = ledger.begin_run(scope, command, started_text, evidence_run)
                run = OpenRun(self.layout, ledger, self.segment_files, folder, number, scope, self.deriver)
            yield stack.enter_context(closing(run))

    def runs(self) -> tuple[RunRecord, ...]:
        """Every run, oldest first, those that did not come to an end too."""
        with disk_faults(self.layout.ledger):
            return self.ledger.runs()

    def run(self, number: int) -> RunRecord:
        """One run.

        Raises:
            StoreError: there is none of that number.
        """
        with disk_faults(self.layout.ledger):
            return self.ledger.run(number)

    def assessment(self, which: int | str) -> bytes:
        """The canonical bytes of an assessment, checked.

        Args:
            which: number of the run, or the hash of the assessment.

        Raises:
            StoreError: there is none.
            IntegrityError: it is damaged.
        """
        sha256 = self.run(which).assessment_sha256 if isinstance(which, int) else which
        with disk_faults(self.layout.ledger):
            found = self.ledger.row("select pieces from assessment where sha256 = ?", sha256)
            if sha256 is None or found is None:
                name = f"run {which}" if isinstance(which, int) else f"hash {which}"
                raise StoreError(f"there is no assessment of {name}", where=str(self.layout.ledger))
            try:
                document = b"".join(self._piece(piece) for piece in found[0].split())
            except (KeyError, zlib.error) as fault:
                raise _damaged_assessment(sha256, self.layout) from fault
        if sha256_hex(document) != sha256:
            raise _damaged_assessment(sha256, self.layout)
        return document

    def seal(self, run: int) -> Seal:
        """Where the assessment of a run stands in the ledger.

        Raises:
            StoreError: the run is not complete, or has no assessment.
        """
        assessment_sha256 = self.run(run).assessment_sha256
        with disk_faults(self.layout.ledger):
            found = self.ledger.row("select sha256 from manifest where run = ?", run)
        if assessment_sha256 is None or found is None:
            raise StoreError(f"run {run} has no assessment", where=str(self.layout.ledger))
        return Seal(run, assessment_sha256, found[0])

    def head(self) -> str | None:
        """Hash of the latest manifest, over which the whole chain stands; None of a store without complete runs."""
        with disk_faults(self.layout.ledger):
            found = self.ledger.row("select sha256 from manifest order by sequence desc limit 1")
        return None if found is None else str(found[0])

    def manifest(self, run: int) -> Mapping[str, Any]:
        """The manifest of a complete run, as it was sealed.

        Raises:
            StoreError: the run is not complete.
        """
        with disk_faults(self.layout.ledger):
            found = self.ledger.row("select body from manifest where run = ?", run)
        if found is None:
            raise StoreError(f"run {run} has no manifest", where=str(self.layout.ledger))
        body: Mapping[str, Any] = orjson.loads(found[0])
        return body

    def previous_assessment(self, scope: str, *, before: int | None = None) -> bytes | None:
        """The latest assessment of a scope, of the runs before a given one; None where there is none."""
        with disk_faults(self.layout.ledger):
            found = self.ledger.row(
                "select number from run where scope = ? and status = 'complete' and assessment_sha256 is not null "
                "and (?2 is null or number < ?2) order by number desc limit 1",
                scope,
                before,
            )
        return None if found is None else self.assessment(int(found[0]))

    def state_at(self, run: int) -> Path:
        """The state file that a run judged, built again where it is gone.

        Raises:
            StoreError: the run is not complete, or the disk is full.
            IntegrityError: a segment is missing or damaged.
        """
        record = self._complete(run)
        with disk_faults(self.layout.ledger):
            segments = self.ledger.segments(record.scope, record.evidence_run)
        return provide_state(self.layout, self.segment_files, segments, record.source_order, self.deriver)

    def digest_at(self, run: int) -> str:
        """Digest of the state that a run's evidence gives today; another model or deriver than then: another digest.

        Raises:
            StoreError: the run is not complete.
        """
        record = self._complete(run)
        with disk_faults(self.layout.ledger):
            segments = self.ledger.segments(record.scope, record.evidence_run)
        return state_digest(segments, record.source_order, self.deriver)

    def sources_at(self, run: int) -> tuple[SourceState, ...]:
        """The sources that a run judged, by id.

        Raises:
            StoreError: the run is not complete.
        """
        record = self._complete(run)
        with disk_faults(self.layout.ledger):
            states = self.ledger.sources(record.scope, record.evidence_run)
        return tuple(states[source_id] for source_id in sorted(states))

    def gaps_at(self, run: int) -> tuple[Gap, ...]:
        """The gaps of the sources that a run judged.

        Raises:
            StoreError: the run is not complete.
        """
        return tuple(gap for state in self.sources_at(run) for gap in state.gaps)

    def payload(self, sha256: str) -> bytes:
        """The bytes of a payload, checked.

        Raises:
            IntegrityError: it is missing, damaged, or not what its name says.
        """
        return read_payload(self.layout, sha256)

    def payloads_beginning(self, prefix: str) -> tuple[str, ...]:
        """Hashes of the payloads of complete runs that begin with some hexadecimal digits."""
        with disk_faults(self.layout.ledger):
            found = self.ledger.rows(
                "select sha256 from payload where substr(sha256, 1, ?2) = ?1 order by sha256", prefix, len(prefix)
            )
        return tuple(sha256 for (sha256,) in found)

    def excerpt(self, sha256: str, pointer: str) -> tuple[str | None, bool]:
        """The text at a pointer in a payload, cut at 2,000 characters, and whether it was cut.

        The text is None where the bytes are no UTF-8 text, or the pointer names nothing in them.

        Raises:
            IntegrityError: the payload is missing, damaged, or not what its name says.
        """
        return self._excerpts.text(sha256, pointer)

    def rows_at(self, run: int, source_id: str) -> Iterator[Row]:
        """The rows of a source as they were after a run, by stream and key; those that were gone left out.

        Raises:
            StoreError: the run is not complete.
            IntegrityError: a segment is missing or damaged.
        """
        record = self._complete(run)
        by_stream: dict[str, list[Path]] = {}
        with disk_faults(self.layout.segments), workplace(self.layout.tmp) as folder, engine(folder) as connection:
            for segment in self.ledger.segments(record.scope, record.evidence_run):
                by_stream.setdefault(segment.stream, []).append(self.segment_files.path(segment))
            for stream, files in sorted(by_stream.items()):
                for entry in latest_entries(connection, stream, files, source_id):
                    yield row_of(entry.line)

    def exchange_log(self, run: int, source_id: str) -> bytes | None:
        """What a source was asked in a run and how it answered; None where it was not recorded.

        Raises:
            IntegrityError: it is damaged.
        """
        with disk_faults(self.layout.ledger):
            found = self.ledger.row(
                "select payload_sha256 from envelope where run = ? and source_id = ? "
                "and json_extract(body, '$.request.kind') = ? order by rowid desc limit 1",
                run,
                source_id,
                EXCHANGE_LOG,
            )
        return None if found is None else self.payload(found[0])

    def requests_for(self, payloads: Iterable[str]) -> Mapping[str, tuple[Mapping[str, Any], ...]]:
        """What was asked for the bytes of payloads, without credentials: by payload, first time first, each once."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        with disk_faults(self.layout.ledger):
            # One statement for all of them: there is no index on the payload of an envelope.
            entries = self.ledger.rows(
                "select payload_sha256, json_extract(body, '$.request') as request from envelope "
                "where payload_sha256 in (select value from json_each(?)) group by 1, 2 order by min(rowid)",
                orjson.dumps(sorted(set(payloads))).decode(),
            )
        for sha256, request in entries:
            found.setdefault(sha256, []).append(orjson.loads(request))
        return {sha256: tuple(requests) for sha256, requests in found.items()}

    def row_history(self, ref: str) -> tuple[RowVersion, ...]:
        """Every version of a row, oldest first, over all scopes.

        Raises:
            StoreError: the reference is none.
            IntegrityError: a segment is missing or damaged.
        """
        parts = ref.split(":", 2)
        if len(parts) != 3:
            raise StoreError(f"{ref!r} is no reference of a row", cure="write it as stream:source:key")
        stream, source_id, key = parts[0], unquote(parts[1]), parts[2]
        versions = []
        with disk_faults(self.layout.segments), workplace(self.layout.tmp) as folder, engine(folder) as connection:
            for segment in self.ledger.stream_segments(stream):
                path = self.segment_files.path(segment)
                found = read_entries(connection, stream, path, "_source_id = ? and _key = ?", (source_id, key))
                versions += [RowVersion(segment.run, segment.scope, row_of(entry.line)) for entry in found]
        return tuple(versions)

    def _complete(self, run: int, scope: str | None = None) -> RunRecord:
        record = self.run(run)
        if record.status is not RunStatus.COMPLETE or scope not in (None, record.scope):
            what = f"run {run} is not a complete run" + ("" if scope is None else f" of scope {scope}")
            raise StoreError(what, where=str(self.layout.ledger))
        return record

    def _piece(self, sha256: str) -> bytes:
        found = self.ledger.row("select body from piece where sha256 = ?", sha256)
        if found is None:
            raise KeyError(sha256)
        return unpack(found[0])


def _damaged_assessment(sha256: str, layout: Layout) -> IntegrityError:
    return IntegrityError(f"assessment {sha256} is not what was written", where=str(layout.ledger), cure=_DAMAGED_CURE)
