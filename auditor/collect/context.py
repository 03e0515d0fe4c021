"""What a collector holds while it runs: its settings, and the door to the store for the bytes it read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel

from auditor.canonical import JsonValue
from auditor.model.evidence import PayloadRef
from auditor.ports import Envelope, EvidenceWriter


@dataclass(slots=True)
class Context:
    """The `CollectContext` of one pull.

    Attributes:
        collector: name and version, for the envelopes.
        kept: hashes of the bytes that were kept in this pull; a record may point into no others.
    """

    source_id: str
    settings: BaseModel
    as_of: datetime
    started: datetime
    strict: bool
    collector: str
    writer: EvidenceWriter
    told: Callable[[str], None]
    kept: set[str] = field(default_factory=set)

    def keep(
        self, data: bytes, *, request: Mapping[str, JsonValue], media_type: str, complete: bool = True
    ) -> PayloadRef:
        """See `CollectContext.keep`."""
        return self._noted(self.writer.keep(data, self._envelope(request, media_type, complete)))

    def keep_file(
        self, path: Path, *, request: Mapping[str, JsonValue], media_type: str, complete: bool = True
    ) -> PayloadRef:
        """See `CollectContext.keep_file`."""
        return self._noted(self.writer.keep_file(path, self._envelope(request, media_type, complete)))

    def progress(self, text: str) -> None:
        """See `CollectContext.progress`."""
        self.told(f"{self.source_id}: {text}")

    def _envelope(self, request: Mapping[str, JsonValue], media_type: str, complete: bool) -> Envelope:
        return Envelope(self.source_id, request, media_type, self.started, self.collector, complete)

    def _noted(self, payload: PayloadRef) -> PayloadRef:
        self.kept.add(payload.sha256)
        return payload
