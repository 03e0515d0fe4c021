"""Manifests: what a run rests on and what it found, in canonical JSON, each naming the hash of the one before.

A manifest is composed from the ledger's rows, when a run commits and when `verify` looks: an edited row gives another
manifest than the one that was sealed.
"""

from __future__ import annotations

from typing import Any

import orjson

from auditor.canonical import JsonValue, canonical_bytes, sha256_hex
from auditor.store.ledger import Ledger

MANIFEST_FORMAT = 1

_RUN_COLUMNS = (
    "scope",
    "command",
    "started",
    "ended",
    "as_of",
    "evidence_run",
    "engine_version",
    "config_sha256",
    "state_sha256",
    "schema_sha256",
    "assessment_sha256",
    "observations_sha256",
)


def compose(ledger: Ledger, run: int, sequence: int, previous_sha256: str | None) -> dict[str, JsonValue]:
    """The manifest of a run as its rows give it.

    Args:
        ledger: the ledger.
        run: number of the run; its row must be there.
        sequence: place in the chain, from 1.
        previous_sha256: hash of the manifest before it; None for the first.
    """
    return {
        "format": MANIFEST_FORMAT,
        "sequence": sequence,
        "previous_sha256": previous_sha256,
        "run": _run(ledger, run),
        "sources": _sources(ledger, run),
        "envelopes": _envelopes(ledger, run),
        "segments": _segments(ledger, run),
    }


def seal_run(ledger: Ledger, run: int) -> str:
    """Write the manifest of a run at the end of the chain; part of the transaction that completes the run.

    Returns:
        Its hash, the new head of the chain.
    """
    last = ledger.row("select sequence, sha256 from manifest order by sequence desc limit 1")
    sequence, previous_sha256 = (1, None) if last is None else (last[0] + 1, last[1])
    body = canonical_bytes(compose(ledger, run, sequence, previous_sha256))
    sha256 = sha256_hex(body)
    ledger.connection.execute(
        "insert into manifest (sequence, run, sha256, previous_sha256, body) values (?, ?, ?, ?, ?)",
        (sequence, run, sha256, previous_sha256, body.decode()),
    )
    return sha256


def _run(ledger: Ledger, run: int) -> dict[str, JsonValue]:
    row = ledger.row(f"select {', '.join(_RUN_COLUMNS)}, source_order, rule_pack from run where number = ?", run)
    if row is None:
        return {}
    *plain, source_order, rule_pack = row
    return {
        "number": run,
        **dict(zip(_RUN_COLUMNS, plain, strict=True)),
        "source_order": _json(source_order),
        "rule_pack": _json(rule_pack),
    }


def _sources(ledger: Ledger, run: int) -> dict[str, JsonValue]:
    rows = ledger.rows(
        "select source_id, kind, body, cursors, snapshot_streams, records, gap_count, gaps_sha256, collector "
        "from source_run where run = ?",
        run,
    )
    return {
        source_id: {
            "kind": kind,
            "source_run": _json(body),
            "cursors": _json(cursors),
            "snapshot_streams": _json(streams),
            "records": _json(records),
            "gaps": {"count": gap_count, "sha256": gaps_sha256},
            # Manifests that were sealed before pulls named their collector do not have it.
            **({} if collector is None else {"collector": collector}),
        }
        for source_id, kind, body, cursors, streams, records, gap_count, gaps_sha256, collector in rows
    }


def _envelopes(ledger: Ledger, run: int) -> dict[str, JsonValue]:
    rows = ledger.rows(
        "select source_id, again_count, again_sha256, total_count, total_sha256 from envelope_set where run = ?", run
    )
    result: dict[str, JsonValue] = {}
    for source_id, again_count, again_sha256, total_count, total_sha256 in rows:
        result[source_id] = {
            "new": new_envelopes(ledger, run, source_id),
            "again": {"count": again_count, "sha256": again_sha256},
            "total": {"count": total_count, "sha256": total_sha256},
        }
    return result


def new_envelopes(ledger: Ledger, run: int, source_id: str) -> list[str]:
    """Hashes of the envelopes that a run brought for a source, sorted."""
    rows = ledger.rows("select sha256 from envelope where run = ? and source_id = ? order by sha256", run, source_id)
    return [sha256 for (sha256,) in rows]


def _segments(ledger: Ledger, run: int) -> dict[str, JsonValue]:
    rows = ledger.rows("select stream, content_sha256, record_count from segment where run = ?", run)
    return {stream: {"content_sha256": content, "record_count": count} for stream, content, count in rows}


def _json(text: str | None) -> Any:
    """A JSON cell; text that is no JSON (somebody edited it) stays text, so that the comparison shows it."""
    try:
        return None if text is None else orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
