"""Evidence in memory: for checks and replays, which keep nothing."""

from __future__ import annotations

import gzip
from pathlib import Path

from auditor.canonical import sha256_hex
from auditor.collect.exchanges import REQUEST
from auditor.model.evidence import PayloadRef, Row
from auditor.ports import Envelope, SourcePull

_GZIP = b"\x1f\x8b"


class MemoryEvidence:
    """An `EvidenceWriter` that keeps everything in memory.

    Attributes:
        payloads: bytes by their SHA-256.
        envelopes: each with the hash of its payload, in order.
        rows: by reference.
        pulls: in order.
    """

    def __init__(self) -> None:
        self.payloads: dict[str, bytes] = {}
        self.envelopes: list[tuple[Envelope, str]] = []
        self.rows: dict[str, Row] = {}
        self.pulls: list[SourcePull] = []

    def keep(self, data: bytes, envelope: Envelope) -> PayloadRef:
        """See `EvidenceWriter.keep`."""
        sha256 = sha256_hex(data)
        self.payloads[sha256] = data
        self.envelopes.append((envelope, sha256))
        return PayloadRef(sha256, len(data))

    def keep_file(self, path: Path, envelope: Envelope) -> PayloadRef:
        """See `EvidenceWriter.keep_file`."""
        data = path.read_bytes()
        return self.keep(gzip.decompress(data) if data.startswith(_GZIP) else data, envelope)

    def add(self, row: Row) -> None:
        """See `EvidenceWriter.add`."""
        self.rows[row.ref] = row

    def source_done(self, pull: SourcePull) -> None:
        """See `EvidenceWriter.source_done`."""
        self.pulls.append(pull)

    def log(self) -> bytes:
        """The exchange log that was kept last; empty where nothing was exchanged."""
        logs = [sha256 for envelope, sha256 in self.envelopes if envelope.request == REQUEST]
        return self.payloads[logs[-1]] if logs else b""
