"""A writer that keeps what the runner writes, and a short way to run a collector."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from auditor.api import Settings
from auditor.collect.runner import CollectOutcome, SourceSpec, collect_source
from auditor.model.evidence import PayloadRef, Row
from auditor.ports import Envelope, SourcePull


@dataclass
class MemoryWriter:
    """Keeps rows, pulls and envelopes in lists."""

    rows: list[Row] = field(default_factory=list)
    pulls: list[SourcePull] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)

    def keep(self, data: bytes, envelope: Envelope) -> PayloadRef:
        self.envelopes.append(envelope)
        return PayloadRef(hashlib.sha256(data).hexdigest(), len(data))

    def keep_file(self, path: Path, envelope: Envelope) -> PayloadRef:
        return self.keep(path.read_bytes(), envelope)

    def add(self, row: Row) -> None:
        self.rows.append(row)

    def source_done(self, pull: SourcePull) -> None:
        self.pulls.append(pull)


@dataclass
class Ran:
    """What came of one pull."""

    writer: MemoryWriter
    outcome: CollectOutcome

    @property
    def details(self) -> list[str]:
        return [gap.detail for gap in self.outcome.gaps]


class NoSettings(Settings):
    """A collector without settings."""


@pytest.fixture
def run() -> Callable[..., Ran]:
    """Call it with a collector to run it as source `site`."""

    def run_collector(collector: Any, *, strict: bool = False, prefix_ids: bool = False) -> Ran:
        writer = MemoryWriter()
        outcome = collect_source(
            SourceSpec("site", collector, NoSettings()),
            writer,
            as_of=datetime(2026, 1, 2, tzinfo=UTC),
            started=datetime(2026, 1, 1, tzinfo=UTC),
            strict=strict,
            prefix_ids=prefix_ids,
            progress=lambda _: None,
        )
        return Ran(writer, outcome)

    return run_collector
