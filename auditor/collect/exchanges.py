"""The exchange log of one pull: everything that was asked, in order, and what came of it.

It is kept as one payload, one line of JSON per entry, so that the manifest covers it and a replay can read it. An entry
is an exchange with the source, a file that was kept, what else lay in a folder, or a cursor that was asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from auditor.canonical import JsonValue, canonical_bytes
from auditor.model.evidence import GapReason, PayloadRef

MEDIA_TYPE = "application/x-ndjson"
REQUEST: Mapping[str, JsonValue] = {"kind": "exchange-log"}
"""What the envelope of an exchange log says was asked."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a source.

    Attributes:
        request: as it is recorded, without credentials; equal requests are equal here.
        place: URL or command line for a person, without credentials.
    """

    request: Mapping[str, JsonValue]
    place: str

    @property
    def key(self) -> bytes:
        """Equal for equal requests."""
        return canonical_bytes(self.request)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came of one request, retries included.

    Attributes:
        status: HTTP status or exit code; None where there was no answer.
        headers: those that matter to a collector, names in lower case.
        payload: the bytes that were kept; None where there was no answer.
        facts: what the envelope of the payload says beside the request.
        fetched_at: when the answer, or the last failure, came (UTC).
        reason: why there was no answer; None where there was one.
        detail: the same in one sentence.
    """

    ask: Ask
    fetched_at: datetime
    status: int | None = None
    headers: Mapping[str, str] | None = None
    payload: PayloadRef | None = None
    media_type: str = ""
    facts: Mapping[str, JsonValue] | None = None
    reason: GapReason | None = None
    detail: str = ""

    def entry(self) -> dict[str, JsonValue]:
        """The entry in the log."""
        entry: dict[str, JsonValue] = {"request": self.ask.request, "fetched_at": self.fetched_at.isoformat()}
        if self.reason is not None:
            return {**entry, "error": {"reason": self.reason.value, "detail": self.detail}}
        payload = self.payload or PayloadRef("", 0)
        return {
            **entry,
            "status": self.status,
            "headers": dict(self.headers or {}),
            "payload": {"sha256": payload.sha256, "size": payload.size},
            "media_type": self.media_type,
            "facts": dict(self.facts or {}),
        }

    @classmethod
    def of_entry(cls, entry: Mapping[str, Any], ask: Ask) -> Exchange:
        """The exchange of an entry.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        fetched_at = datetime.fromisoformat(entry["fetched_at"])
        if "error" in entry:
            error = entry["error"]
            return cls(ask, fetched_at, reason=GapReason(error["reason"]), detail=error["detail"])
        payload = PayloadRef(entry["payload"]["sha256"], entry["payload"]["size"])
        return cls(ask, fetched_at, entry["status"], entry["headers"], payload, entry["media_type"], entry["facts"])


class ExchangeLog:
    """Takes entries in the order they come, from any thread, into a private file.

    Args:
        path: the file; made with the first entry.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: Any = None
        self._lock = threading.Lock()

    def add(self, entry: Mapping[str, JsonValue]) -> None:
        """Write an entry down."""
        with self._lock:
            if self._file is None:
                self._file = self.path.open("xb")
            self.count += 1
            self._file.write(orjson.dumps({"n": self.count, **entry}, option=orjson.OPT_APPEND_NEWLINE))

    def close(self) -> None:
        """Bring everything to the file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
