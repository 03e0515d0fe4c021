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
from auditor.ports import EXCHANGE_LOG, Deriver, Envelope, SourcePull
from auditor.store.commit import Collected, Verdict, write_run
from auditor.store.disk import disk_faults, file_sha256, fsync_path, move_durably
from auditor.store.engine import engine
from auditor.store.envelopes import EnvelopeLog
from auditor.store.layout import Layout
from auditor.store.ledger import Ledger, Segment, sound_end
from auditor.store.payloads import PayloadWriter
from auditor.store.segments import Pulled, RowSpool, Written, write_segment
from auditor.store.state import SegmentFiles, provide_state, state_digest
from auditor.store.sweep import sweep_orphans


class OpenRun:
    """Takes evidence, provides the state to judge, and commits. Made by `Store.begin`.

    `keep`, `keep_file`, `add` and `source_done` may be called from several threads.

    Attributes:
        folder: private, on the disk of the data directory; it is removed when the run ends.
        number: number of the run in its data directory.
        scope: what it speaks about.
    """

    def __init__(
        self,
        layout: Layout,
        ledger: Ledger,
        files: SegmentFiles,
        folder: Path,
        number: int,
        scope: str,
        deriver: Deriver | None = None,
    ) -> None:
        self.number = number
        self.scope = scope
        self._layout = layout
        self._ledger = ledger
        self._files = files
        self.folder = folder
        self._deriver = deriver
        self._evidence_run = ledger.run(number).evidence_run
        self._lock = threading.RLock()
        self._payloads = PayloadWriter(layout, folder, ledger.has_payload)
        self._envelopes = EnvelopeLog(folder / "envelopes.ndjson", partial(ledger.envelope_of, scope))
        self._rows = RowSpool(folder)
        self._pulls: dict[str, SourcePull] = {}
        self._records: dict[str, dict[str, dict[str, int]]] = {}
        self._segments: list[Segment] | None = None
        self._findings: list[Gap] = []
        self._source_order: tuple[str, ...] = ()
        self._is_committed = False
        self._is_closed = False

    def cursors(self, source_id: str, collector: str) -> Mapping[str, str]:
        """Where the next pull of a source begins, by stream: the cursors of its latest committed pull.

        Args:
            source_id: the configured source.
            collector: name and version; the cursors of another collector or version mean nothing to it.
        """
        with self._lock:
            reader, cursors = self._ledger.latest_pull(self.scope, source_id, self.number)
        return cursors if reader == collector else {}

    def keep(self, data: bytes, envelope: Envelope) -> PayloadRef:
        """Keep bytes under their hash; identical bytes once.

        Raises:
            StoreError: the disk is full.
        """
        with self._collecting():
            reference = self._payloads.keep(data)
            with disk_faults(self.folder):
                self._envelopes.note(self._own(envelope), reference.sha256)
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
            with disk_faults(self.folder):
                self._envelopes.note(self._own(envelope), reference.sha256)
        return reference

    def add(self, row: Row) -> None:
        """Add a validated row; equal to what is stored already: nothing is written.

        Raises:
            StoreError: the disk is full.
        """
        if row.stream == "source_run" or row.stream not in STREAMS:
            raise ValueError(f"{row.stream} is not a stream that rows are added to")
        with self._collecting(), disk_faults(self.folder):
            self._rows.add(row)

    def source_done(self, pull: SourcePull) -> None:
        """Close a source's pull; gaps without a source get the pull's, and streams without a cursor keep theirs."""
        gaps = tuple(replace(gap, source_id=gap.source_id or pull.source_id) for gap in pull.gaps)
        with self._collecting():
            if pull.source_id in self._pulls:
                raise ValueError(f"source {pull.source_id} was pulled in this run already")
            kept = {} if pull.collector is None else self.cursors(pull.source_id, pull.collector)
            self._pulls[pull.source_id] = replace(pull, gaps=gaps, cursors={**kept, **pull.cursors})

    def state(self, source_order: Sequence[str]) -> Path:
        """Make what was collected durable, and provide the state file that has it all; collecting ends here.

        Args:
            source_order: configured sources, the most trusted first.

        Raises:
            StoreError: the disk is full.
            IntegrityError: a segment of an earlier run is missing or damaged.
        """
        self.settle(source_order)
        return provide_state(self._layout, self._files, self._evidence(), self._source_order, self._deriver)

    def settle(self, source_order: Sequence[str]) -> tuple[Gap, ...]:
        """Make what was collected durable; collecting ends here.

        Args:
            source_order: configured sources, the most trusted first.

        Returns:
            What contradicts evidence that was final when it was first seen; it stands among the gaps of its source.

        Raises:
            StoreError: the disk is full.
            IntegrityError: a segment of an earlier run is missing or damaged.
        """
        self._settle()
        self._source_order = tuple(source_order)
        return tuple(self._findings)

    @property
    def digest(self) -> str:
        """Digest of the evidence, once `state` was called."""
        return state_digest(self._evidence(), self._source_order, self._deriver)

    def sources(self) -> tuple[SourceState, ...]:
        """Every source of the scope by id: its latest pull, of this run or an earlier one, with its gaps."""
        states = self._ledger.sources(self.scope, self._evidence_run)
        for pull in self._pulls.values():
            states[pull.source_id] = _state_after(pull, states.get(pull.source_id))
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
        """Let go of everything; what was not committed is removed, and nothing more is taken."""
        with self._lock:
            self._is_closed = True
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

    def _own(self, envelope: Envelope) -> Envelope:
        """An exchange log belongs to its run, also where an earlier one was asked and told the same."""
        if envelope.request.get("kind") != EXCHANGE_LOG:
            return envelope
        return replace(envelope, request={**envelope.request, "run": self.number})

    @contextmanager
    def _collecting(self) -> Iterator[None]:
        with self._lock:
            if self._is_closed:
                raise ValueError("the run takes no more evidence: it was given up")
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
        ending = {name for pull in self._pulls.values() for name in (*pull.snapshot_streams, *pull.swept)}
        earlier: dict[str, list[Path]] = {}
        for segment in self._ledger.segments(self.scope, self.number):
            if segment.stream in self._rows.streams or segment.stream in ending:
                earlier.setdefault(segment.stream, []).append(self._files.path(segment))
        self._count_read()
        names, segments = sorted(self._rows.streams | earlier.keys()), []
        if not names:
            return []
        with engine(self.folder) as connection:
            for name in names:
                target = self.folder / f"{name}.parquet"
                written, findings = write_segment(
                    connection,
                    STREAMS[name],
                    self._rows,
                    earlier=earlier.get(name, []),
                    pulled=self._pulled(name),
                    run=self.number,
                    target=target,
                )
                self._note_findings(findings)
                if written is not None:
                    segments.append(self._place(name, target, written))
        if segments:
            fsync_path(self._layout.segments)
        return segments

    def _pulled(self, stream: str) -> Pulled:
        pulls = self._pulls.values()
        return Pulled(
            whole={pull.source_id for pull in pulls if stream in pull.snapshot_streams},
            swept={pull.source_id: pull.swept[stream] for pull in pulls if stream in pull.swept},
            new_collectors={pull.source_id for pull in pulls if self._is_new_reader(pull)},
        )

    def _is_new_reader(self, pull: SourcePull) -> bool:
        if pull.collector is None:
            return False
        before = self._ledger.latest_reader(self.scope, pull.source_id, self.number)
        return before not in (None, pull.collector)

    def _note_findings(self, findings: Sequence[Gap]) -> None:
        """Book what contradicts final evidence on the pulls that brought it."""
        self._findings += findings
        for gap in findings:
            pull = self._pulls.get(gap.source_id or "")
            if pull is not None:
                self._pulls[pull.source_id] = replace(pull, gaps=(*pull.gaps, gap))

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


def _state_after(pull: SourcePull, before: SourceState | None) -> SourceState:
    """What is known about a source after a pull; one that failed leaves what the sound one before it said."""
    source_id, kind, values, gaps = pull.source_id, pull.kind, pull.values, pull.gaps
    if (ended := sound_end(values)) is not None:
        return SourceState(source_id, kind, values, ended, gaps, values)
    if before is None or before.last_ok_values is None:
        return SourceState(source_id, kind, values, None, gaps)
    sound_gaps = before.gaps if before.last_ok_values is before.values else before.last_ok_gaps
    return SourceState(source_id, kind, values, before.last_ok_ended, gaps, before.last_ok_values, sound_gaps)
