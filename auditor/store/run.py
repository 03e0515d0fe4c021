"""An open run: the one writer of a data directory, from its first payload to its seal."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import overload

from auditor.canonical import JsonValue
from auditor.model.assessment import Seal
from auditor.model.evidence import Gap, PayloadRef, Row, SourceState
from auditor.model.streams import STREAMS
from auditor.ports import Envelope, SourcePull
from auditor.store.commit import Collected, Verdict, write_run
from auditor.store.disk import disk_faults, file_sha256, fsync_path, move_durably
from auditor.store.engine import engine
from auditor.store.envelopes import EnvelopeLog
from auditor.store.layout import Layout
from auditor.store.ledger import Ledger, Segment, sound_end
from auditor.store.payloads import PayloadWriter
from auditor.store.segments import RowSpool, Written, write_segment
from auditor.store.state import SegmentFiles, provide_state, state_digest
from auditor.store.sweep import sweep_orphans


class OpenRun:
    """Takes evidence, provides the state to judge, and commits. Made by `Store.begin`.

    `keep`, `keep_file`, `add` and `source_done` may be called from several threads.

    Attributes:
        number: number of the run in its data directory.
        scope: what it speaks about.
    """

    def __init__(
        self, layout: Layout, ledger: Ledger, files: SegmentFiles, folder: Path, number: int, scope: str
    ) -> None:
        self.number = number
        self.scope = scope
        self._layout = layout
        self._ledger = ledger
        self._files = files
        self._folder = folder
        self._evidence_run = ledger.run(number).evidence_run
        self._lock = threading.RLock()
        self._payloads = PayloadWriter(layout, folder, ledger.has_payload)
        self._envelopes = EnvelopeLog(folder / "envelopes.ndjson", partial(ledger.envelope_of, scope))
        self._rows = RowSpool(folder)
        self._pulls: dict[str, SourcePull] = {}
        self._records: dict[str, dict[str, dict[str, int]]] = {}
        self._segments: list[Segment] | None = None
        self._source_order: tuple[str, ...] = ()
        self._is_committed = False

    def keep(self, data: bytes, envelope: Envelope) -> PayloadRef:
        """Keep bytes under their hash; identical bytes once.

        Raises:
            StoreError: the disk is full.
        """
        with self._collecting():
            reference = self._payloads.keep(data)
            with disk_faults(self._folder):
                self._envelopes.note(envelope, reference.sha256)
        return reference

    def keep_file(self, path: Path, envelope: Envelope) -> PayloadRef:
        """Keep the bytes of a file (of its content where it is gzip-compressed) without reading it into memory.

        Raises:
            StoreError: the disk is full.
            EvidenceError: it unpacks to more than a real export does.
            OSError, EOFError, zlib.error: the file cannot be read, or its compressed content is damaged.
        """
        with self._collecting():
            reference = self._payloads.keep_file(path)
            with disk_faults(self._folder):
                self._envelopes.note(envelope, reference.sha256)
        return reference

    def add(self, row: Row) -> None:
        """Add a validated row; equal to what is stored already: nothing is written.

        Raises:
            StoreError: the disk is full.
        """
        if row.stream == "source_run" or row.stream not in STREAMS:
            raise ValueError(f"{row.stream} is not a stream that rows are added to")
        with self._collecting(), disk_faults(self._folder):
            self._rows.add(row)

    def source_done(self, pull: SourcePull) -> None:
        """Close a source's pull; gaps without a source get the pull's."""
        gaps = tuple(replace(gap, source_id=gap.source_id or pull.source_id) for gap in pull.gaps)
        with self._collecting():
            if pull.source_id in self._pulls:
                raise ValueError(f"source {pull.source_id} was pulled in this run already")
            self._pulls[pull.source_id] = replace(pull, gaps=gaps)

    def state(self, source_order: Sequence[str]) -> Path:
        """Make what was collected durable, and provide the state file that has it all; collecting ends here.

        Args:
            source_order: configured sources, the most trusted first.

        Raises:
            StoreError: the disk is full.
            IntegrityError: a segment of an earlier run is missing or damaged.
        """
        self._settle()
        self._source_order = tuple(source_order)
        return provide_state(self._layout, self._files, self._evidence(), self._source_order)

    @property
    def digest(self) -> str:
        """Digest of the evidence, once `state` was called."""
        return state_digest(self._evidence(), self._source_order)

    def sources(self) -> tuple[SourceState, ...]:
        """Every source of the scope by id: its latest pull, of this run or an earlier one, with its gaps."""
        states = self._ledger.sources(self.scope, self._evidence_run)
        for pull in self._pulls.values():
            before = states.get(pull.source_id)
            ended = sound_end(pull.values) or (None if before is None else before.last_ok_ended)
            states[pull.source_id] = SourceState(pull.source_id, pull.kind, pull.values, ended, pull.gaps)
        return tuple(states[source_id] for source_id in sorted(states))

    def gaps(self) -> tuple[Gap, ...]:
        """The gaps of the latest pull of every source."""
        return tuple(gap for state in self.sources() for gap in state.gaps)

    @overload
    def commit(
        self,
        *,
        as_of: datetime,
        engine_version: str,
        config_sha256: str,
        rule_pack: Mapping[str, JsonValue],
        assessment: bytes,
        ended: datetime,
        observations: Sequence[Mapping[str, JsonValue]] = (),
    ) -> Seal: ...

    @overload
    def commit(
        self,
        *,
        as_of: datetime,
        engine_version: str,
        config_sha256: str,
        rule_pack: Mapping[str, JsonValue],
        assessment: None,
        ended: datetime,
        observations: Sequence[Mapping[str, JsonValue]] = (),
    ) -> None: ...

    def commit(
        self,
        *,
        as_of: datetime,
        engine_version: str,
        config_sha256: str,
        rule_pack: Mapping[str, JsonValue],
        assessment: bytes | None,
        ended: datetime,
        observations: Sequence[Mapping[str, JsonValue]] = (),
    ) -> Seal | None:
        """Make the run count: everything durable, then all rows and the manifest in one transaction.

        Args:
            as_of: the audit instant.
            engine_version: version of the auditor.
            config_sha256: hash of the configuration without secrets.
            rule_pack: id, version, hash and parameters; empty where nothing was judged.
            assessment: canonical bytes; None where nothing was judged.
            ended: end of the run.
            observations: one summary per indicator.

        Returns:
            Where the assessment stands in the ledger; None where there is none.

        Raises:
            StoreError: the disk is full; nothing of the run counts.
        """
        self._settle()
        verdict = Verdict(
            as_of=as_of,
            ended=ended,
            engine_version=engine_version,
            config_sha256=config_sha256,
            rule_pack=rule_pack,
            source_order=self._source_order,
            digest=self.digest,
            assessment=assessment,
            observations=observations,
        )
        pulls = [self._pulls[source_id] for source_id in sorted(self._pulls)]
        collected = Collected(pulls, self._payloads.new, self._envelopes, self._segments or [], self._records)
        with disk_faults(self._layout.ledger):
            manifest_sha256 = write_run(self._ledger, self.number, self.scope, collected, verdict)
        self._is_committed = True
        assessment_sha256 = self._ledger.run(self.number).assessment_sha256
        return None if assessment_sha256 is None else Seal(self.number, assessment_sha256, manifest_sha256)

    def close(self) -> None:
        """Let go of everything; what was not committed is removed."""
        self._payloads.close()
        with suppress(OSError):  # what could not be written is not needed any more
            self._rows.close()
        with suppress(OSError):
            self._envelopes.close()
        if not self._is_committed:
            # Where even this fails the run stays marked as running, and the next one tidies up.
            with suppress(OSError, sqlite3.Error):
                sweep_orphans(self._layout, self._ledger)
                self._ledger.interrupt_run(self.number)

    @contextmanager
    def _collecting(self) -> Iterator[None]:
        with self._lock:
            if self._segments is not None:
                raise ValueError("the run takes no more evidence: its state was built")
            if self._evidence_run != self.number:
                raise ValueError(f"the run judges the evidence of run {self._evidence_run} and takes none itself")
            yield

    def _evidence(self) -> list[Segment]:
        if self._segments is None:
            raise ValueError("the state of the run was not built yet")
        return [*self._ledger.segments(self.scope, self._evidence_run), *self._segments]

    def _settle(self) -> None:
        with self._lock:
            if self._segments is not None:
                return
            self._payloads.flush()
            with disk_faults(self._layout.segments):
                self._rows.close()
                self._segments = self._write_segments()

    def _write_segments(self) -> list[Segment]:
        whole: dict[str, set[str]] = {}
        for pull in self._pulls.values():
            for name in pull.snapshot_streams:
                whole.setdefault(name, set()).add(pull.source_id)
        earlier: dict[str, list[Path]] = {}
        for segment in self._ledger.segments(self.scope, self.number):
            if segment.stream in self._rows.streams or segment.stream in whole:
                earlier.setdefault(segment.stream, []).append(self._files.path(segment))
        self._count_read()
        names, segments = sorted(self._rows.streams | earlier.keys()), []
        if not names:
            return []
        with engine(self._folder) as connection:
            for name in names:
                target = self._folder / f"{name}.parquet"
                written = write_segment(
                    connection,
                    STREAMS[name],
                    self._rows,
                    earlier=earlier.get(name, []),
                    whole_sources=whole.get(name, set()),
                    run=self.number,
                    target=target,
                )
                if written is not None:
                    segments.append(self._place(name, target, written))
        if segments:
            fsync_path(self._layout.segments)
        return segments

    def _place(self, stream: str, target: Path, written: Written) -> Segment:
        unknown = next((sha256 for sha256 in written.payloads if not self._payloads.has(sha256)), None)
        if unknown is not None:
            raise ValueError(f"a row of stream {stream} was read from payload {unknown}, which was not kept")
        segment = Segment(
            self.number, self.scope, stream, written.record_count, written.content_sha256, file_sha256(target)
        )
        move_durably(target, self._layout.segments / segment.file_name)
        for source_id, count in written.changed.items():
            self._count(source_id, stream)["changed"] = count
        for source_id, count in written.gone.items():
            self._count(source_id, stream)["gone"] = count
        return segment

    def _count_read(self) -> None:
        for (source_id, stream), count in self._rows.read.items():
            self._count(source_id, stream)["read"] = count

    def _count(self, source_id: str, stream: str) -> dict[str, int]:
        counts = self._records.setdefault(source_id, {})
        return counts.setdefault(stream, {"read": 0, "changed": 0, "gone": 0})
