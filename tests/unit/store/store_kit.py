"""Small evidence for the tests of the store: a folder-like pull of services and tickets, and its audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import orjson

from auditor.canonical import canonical_bytes
from auditor.model.assessment import Seal
from auditor.model.evidence import Gap, GapReason, PayloadRef, Row, SourceKind, Tier
from auditor.model.streams import STREAMS
from auditor.model.validate import check_row, make_row
from auditor.ports import Envelope, EvidenceWriter, SourcePull
from auditor.store.store import OpenRun, Store

T = datetime(2026, 1, 1, tzinfo=UTC)
SCOPE = "whole"
ORDER = ("desk", "catalogue")


def envelope(source_id: str = "desk", **changes: Any) -> Envelope:
    facts: dict[str, Any] = {
        "source_id": source_id,
        "request": {"file": f"{source_id}.jsonl"},
        "media_type": "application/jsonl",
        "fetched_at": T,
        "collector": "files 1",
    }
    return Envelope(**{**facts, **changes})


def make(stream: str, payload: PayloadRef, pointer: str, source: str = "desk", /, **values: Any) -> Row:
    """A row whose values passed validation."""
    checked = check_row(STREAMS[stream], values)
    assert not checked.faults, checked.faults
    return make_row(STREAMS[stream], source, checked.values, Tier.R4, payload.sha256, pointer)


def pull(
    source_id: str = "desk",
    streams: Sequence[str] = ("ticket",),
    *,
    gaps: Sequence[Gap] = (),
    status: str = "ok",
    ended: datetime = T,
    whole: bool = True,
    collector: str | None = "desk 1",
    **changes: Any,
) -> SourcePull:
    values = check_row(
        STREAMS["source_run"],
        {
            "source_id": source_id,
            "kind": "ticketing",
            "started": (ended - timedelta(minutes=1)).isoformat(),
            "ended": ended.isoformat(),
            "status": status,
            "streams": list(streams),
        },
    ).values
    facts: dict[str, Any] = {
        "gaps": tuple(gaps),
        "snapshot_streams": frozenset(streams) if whole else frozenset(),
        "cursors": {name: ended.isoformat() for name in streams},
        "collector": collector,
    }
    return SourcePull(source_id, SourceKind.TICKETING, values, **{**facts, **changes})


def a_gap(detail: str = "line 3 is no JSON") -> Gap:
    return Gap("ticket", GapReason.MALFORMED, detail, place="ticket.jsonl:3")


Tickets = Mapping[str, Mapping[str, Any]]
TICKETS: Tickets = {f"t-{number}": {"priority": f"sha-{number}"} for number in range(3)}


def ticket_values(tickets: Tickets) -> list[dict[str, Any]]:
    return [
        {"ticket_id": key, "created": "2025-12-01T08:00:00Z", "kind": "incident"} | dict(tickets[key])
        for key in tickets
    ]


def collect(
    run: EvidenceWriter, stream: str, values: Sequence[Mapping[str, Any]], source_id: str = "desk", **pull_changes: Any
) -> PayloadRef:
    """Keep the values as a JSON Lines payload, add a row for each, and close the pull."""
    data = b"".join(orjson.dumps(entry) + b"\n" for entry in values)
    payload = run.keep(data, envelope(source_id))
    for number, entry in enumerate(values, start=1):
        run.add(make(stream, payload, f"line:{number}", source_id, **entry))
    run.source_done(pull(source_id, (stream,), **pull_changes))
    return payload


def assessment_of(run: OpenRun, as_of: datetime = T) -> bytes:
    """Stands for the engine: a document that depends on the evidence and the instant alone."""
    return canonical_bytes({"evidence_sha256": run.digest, "as_of": as_of.isoformat()})


def commit(run: OpenRun, **changes: Any) -> Seal:
    facts: dict[str, Any] = {
        "as_of": T,
        "engine_version": "0.1",
        "config_sha256": "c" * 64,
        "rule_pack": {"id": "slm-maturity", "version": "1.0", "sha256": "d" * 64, "parameters": {}},
        "ended": T + timedelta(minutes=5),
    }
    if "assessment" not in changes:
        changes["assessment"] = assessment_of(run)
        changes.setdefault("observations", [{"indicator": "DOC-2.1", "lo": 0.5, "hi": 1.0}])
    return run.commit(**{**facts, **changes})


def audit(store: Store, tickets: Tickets = TICKETS, *, scope: str = SCOPE, **pull_changes: Any) -> Seal:
    """One whole audit of a source with tickets and one with services."""
    with store.begin(scope, "audit", T) as run:
        collect(run, "ticket", ticket_values(tickets), **pull_changes)
        collect(run, "service", [{"service_id": "mail", "name": "Mail"}], "catalogue")
        run.state(ORDER)
        return commit(run)


def quick_run(store: Store, tickets: Tickets = TICKETS, *, scope: str = SCOPE, **pull_changes: Any) -> Seal:
    """A run that judges without looking at a state, which is most of an audit's time."""
    with store.begin(scope, "audit", T) as run:
        collect(run, "ticket", ticket_values(tickets), **pull_changes)
        return commit(run, assessment=b'{"levels": 1}')


def rows_of(state: Path, stream: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """Rows of a state in the order of source and key."""
    with duckdb.connect(str(state), read_only=True) as connection:
        found = connection.execute(f"select {columns} from evidence.{stream} order by _source_id, _key")
        return found.fetchall()


def disk_use(root: Path) -> int:
    """Bytes of all files under a folder."""
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
