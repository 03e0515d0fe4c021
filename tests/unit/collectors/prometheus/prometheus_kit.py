"""One pull of the prometheus collector with everything around it but the store."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from auditor.api import Check
from auditor.collect.context import Context
from auditor.collect.pull import Pull
from auditor.collect.redact import Keyed
from auditor.model.evidence import Gap, GapReason, PayloadRef, Record, Row
from auditor.ports import Envelope, SourcePull
from auditor.recognise.hints import hints
from collectors.prometheus.collector import PrometheusCollector
from collectors.prometheus.settings import PrometheusSettings


@dataclass
class MemoryWriter:
    """Keeps rows, pulls, envelopes and payloads in memory."""

    rows: list[Row] = field(default_factory=list)
    pulls: list[SourcePull] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    payloads: dict[str, bytes] = field(default_factory=dict)

    def keep(self, data: bytes, envelope: Envelope) -> PayloadRef:
        self.envelopes.append(envelope)
        sha256 = hashlib.sha256(data).hexdigest()
        self.payloads[sha256] = data
        return PayloadRef(sha256, len(data))

    def keep_file(self, path: Path, envelope: Envelope) -> PayloadRef:
        return self.keep(path.read_bytes(), envelope)

    def add(self, row: Row) -> None:
        self.rows.append(row)

    def source_done(self, pull: SourcePull) -> None:
        self.pulls.append(pull)


@dataclass
class Pulled:
    """What a pull came to."""

    writer: MemoryWriter
    gaps: tuple[Gap, ...]

    @property
    def source_run(self) -> Mapping[str, Any]:
        (pull,) = self.writer.pulls
        return pull.values

    @property
    def cursors(self) -> Mapping[str, str]:
        (pull,) = self.writer.pulls
        return pull.cursors

    @property
    def requests(self) -> list[Mapping[str, Any]]:
        """What was asked of the servers."""
        return [envelope.request for envelope in self.writer.envelopes if "method" in envelope.request]

    def rows(self, stream: str) -> list[dict[str, Any]]:
        return [dict(row.values) for row in self.writer.rows if row.stream == stream]

    def gaps_of(self, stream: str | None, reason: GapReason | None = None) -> list[Gap]:
        return [gap for gap in self.gaps if gap.stream == stream and reason in (None, gap.reason)]

    def hashes(self) -> set[tuple[str, str, str]]:
        return {(row.stream, row.key, row.sha256) for row in self.writer.rows}


def settings(url: str, **more: Any) -> PrometheusSettings:
    return PrometheusSettings.model_validate({"url": url, **more})


def pull(
    given: PrometheusSettings, *, started: datetime, as_of: datetime | None = None, cursors: Mapping[str, str] = {}
) -> Pulled:
    """Read a source as the runner does."""
    writer, collector = MemoryWriter(), PrometheusCollector()
    context = _context(given, writer, started, as_of or started, cursors)
    books = Pull("metrics", collector, writer, context.kept, started=started, prefix_ids=False, resumed=cursors.keys())
    try:
        for thing in collector.collect(context):
            if isinstance(thing, Record):
                books.record(thing)
            elif isinstance(thing, Gap):
                books.gap(thing)
            elif hasattr(thing, "whole"):
                books.source_run(thing)
            else:
                books.mark(thing)
    finally:
        context.close()
    books.look_up_references()
    return Pulled(writer, books.close().gaps)


def checks(given: PrometheusSettings, *, started: datetime) -> Sequence[Check]:
    """What doctor would see."""
    context = _context(given, MemoryWriter(), started, started, {})
    try:
        return list(PrometheusCollector().check(context))
    finally:
        context.close()


def _context(
    given: PrometheusSettings, writer: MemoryWriter, started: datetime, as_of: datetime, cursors: Mapping[str, str]
) -> Context:
    return Context(
        "metrics",
        given,
        as_of,
        started,
        False,
        "prometheus 1",
        writer,
        lambda _: None,
        cursors=cursors,
        keyed=lambda: Keyed(b"k" * 32),
        recognised=hints,
        now=lambda: datetime.now(UTC),  # whenever a test says that it started, its server has the time of today
    )
