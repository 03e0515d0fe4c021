"""Envelopes of a run's payloads: new ones are written down, those that came again unchanged are only counted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from auditor.canonical import JsonValue, canonical_bytes, sha256_hex
from auditor.ports import Envelope
from auditor.store.instants import instant_text

NO_HASHES = hashlib.sha256(b"").hexdigest()
"""The digest of an empty list of hashes."""


@dataclass(frozen=True, slots=True)
class EnvelopeRow:
    """One envelope as the ledger keeps it.

    Attributes:
        sha256: hash of the body: request, time, collector, completeness and the hash of the payload.
        identity: the same without the time, so that reading the same answer again can be told.
        body: canonical JSON.
    """

    source_id: str
    sha256: str
    identity: str
    payload_sha256: str
    body: str


def envelope_row(envelope: Envelope, payload_sha256: str) -> EnvelopeRow:
    """The ledger's row of an envelope."""
    facts: dict[str, JsonValue] = {
        "source_id": envelope.source_id,
        "request": envelope.request,
        "media_type": envelope.media_type,
        "collector": envelope.collector,
        "complete": envelope.complete,
        "payload_sha256": payload_sha256,
    }
    identity = sha256_hex(canonical_bytes(facts))
    body = canonical_bytes({**facts, "fetched_at": instant_text(envelope.fetched_at)})
    return EnvelopeRow(envelope.source_id, sha256_hex(body), identity, payload_sha256, body.decode())


def envelope_from_body(body: str) -> EnvelopeRow:
    """The row that belongs to a body, everything computed from it.

    Raises:
        ValueError, KeyError, TypeError: the body is no envelope.
    """
    facts: Any = orjson.loads(body)
    if not isinstance(facts, dict):
        raise TypeError("an envelope is a JSON object")
    row = {name: value for name, value in facts.items() if name != "fetched_at"}
    return EnvelopeRow(
        row["source_id"],
        sha256_hex(body.encode()),
        sha256_hex(canonical_bytes(row)),
        row["payload_sha256"],
        body,
    )


def list_digest(hashes: Iterable[str], before: str = NO_HASHES) -> str:
    """Digest of a list of hashes that continues another; an empty list leaves `before` as it is."""
    digest, is_empty = hashlib.sha256(before.encode()), True
    for entry in hashes:
        digest.update(entry.encode())
        is_empty = False
    return before if is_empty else digest.hexdigest()


class EnvelopeLog:
    """The envelopes of one run, in a private file until the run commits.

    Args:
        path: the file.
        earlier: gives the hash of the envelope under which an identity stands in the ledger, or None.
    """

    def __init__(self, path: Path, earlier: Callable[[str], str | None]) -> None:
        self._path = path
        self._file = path.open("wb", buffering=1 << 18)
        self._earlier = earlier
        self._new: set[str] = set()
        self._again: dict[str, set[str]] = {}
        self.sources: set[str] = set()

    def note(self, envelope: Envelope, payload_sha256: str) -> None:
        """Write an envelope down, or count it."""
        row = envelope_row(envelope, payload_sha256)
        self.sources.add(row.source_id)
        if row.identity in self._new:
            return
        known = self._earlier(row.identity)
        if known is not None:
            self._again.setdefault(row.source_id, set()).add(known)
            return
        self._new.add(row.identity)
        line = [row.source_id, row.sha256, row.identity, row.payload_sha256, row.body]
        self._file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    def new(self) -> Iterator[EnvelopeRow]:
        """Every envelope that no earlier run has."""
        self._file.flush()
        with self._path.open("rb") as lines:
            for line in lines:
                yield EnvelopeRow(*orjson.loads(line))

    def again(self, source_id: str) -> tuple[int, str]:
        """Number and digest of a source's envelopes that stood in the ledger already."""
        hashes = self._again.get(source_id, set())
        return len(hashes), list_digest(sorted(hashes))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
