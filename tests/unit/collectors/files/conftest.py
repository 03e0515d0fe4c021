"""Evidence folders and exports made in a moment, and a short way to read them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from auditor.collect.runner import CollectOutcome, SourceSpec, collect_source
from auditor.model.evidence import Gap, PayloadRef, Row
from auditor.ports import Envelope, SourcePull
from auditor.store.payloads import content_chunks
from collectors.files.collector import FilesCollector
from collectors.files.settings import FilesSettings

MANIFEST = """\
format: 1
organisation: Example
as_of: 2026-01-01T00:00:00Z
sources:
  - source_id: wiki
    kind: docs
    started: 2025-12-31T22:00:00Z
    ended: 2025-12-31T23:00:00Z
    status: ok
    streams: [document, person]
  - source_id: desk
    kind: ticketing
    started: 2025-12-31T22:00:00Z
    ended: 2025-12-31T23:00:00Z
    status: ok
    streams: [service, ticket, ticket_event, sla_cycle, person]
"""


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
        return self.keep(b"".join(content_chunks(path)), envelope)

    def add(self, row: Row) -> None:
        self.rows.append(row)

    def source_done(self, pull: SourcePull) -> None:
        self.pulls.append(pull)


@dataclass
class Read:
    """What came of reading a folder."""

    writer: MemoryWriter
    outcome: CollectOutcome

    @property
    def rows(self) -> list[Row]:
        return self.writer.rows

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return self.outcome.gaps

    @property
    def only_gap(self) -> Gap:
        (gap,) = self.outcome.gaps
        return gap

    def values(self, stream: str) -> list[Mapping[str, Any]]:
        return [row.values for row in self.writer.rows if row.stream == stream]

    def line_of(self, row: Row) -> str:
        """The payload line that a row points to."""
        kind, _, number = row.pointer.partition(":")
        assert kind == "line"
        return self.writer.payloads[row.payload_sha256].split(b"\n")[int(number) - 1].decode()


def as_lines(*rows: Mapping[str, Any]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Call it with file name -> content to get an evidence folder with a manifest."""

    def make(files: Mapping[str, str | bytes] | None = None, manifest: str | None = MANIFEST) -> Path:
        root = tmp_path / "evidence"
        root.mkdir(exist_ok=True)
        if manifest is not None:
            (root / "manifest.yaml").write_text(manifest, encoding="utf-8")
        for name, content in (files or {}).items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return root

    return make


@pytest.fixture(scope="session")
def read() -> Callable[..., Read]:
    """Call it with a folder (and a mapping) to read it."""

    def read_folder(path: Path, mapping: Path | None = None, *, strict: bool = False, prefix_ids: bool = False) -> Read:
        writer = MemoryWriter()
        outcome = collect_source(
            SourceSpec("evidence", FilesCollector(), FilesSettings(path=path, mapping=mapping)),
            writer,
            as_of=datetime(2026, 1, 1, tzinfo=UTC),
            started=datetime(2026, 1, 5, tzinfo=UTC),
            strict=strict,
            prefix_ids=prefix_ids,
            progress=lambda _: None,
        )
        return Read(writer, outcome)

    return read_folder


@pytest.fixture
def lines() -> Callable[..., str]:
    """Call it with rows to get JSON Lines."""
    return as_lines
