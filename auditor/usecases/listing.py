"""Stored things as JSON documents and as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

import orjson

from auditor.canonical import JsonValue
from auditor.model.assessment import GapView
from auditor.store.store import RowVersion, RunRecord

_REQUESTS, _REQUEST_CHARS = 3, 400
"""Requests shown for one payload (the same empty answer may come to hundreds), and characters of each."""


def _instant(value: datetime | None) -> str | None:
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")


def runs_document(runs: Sequence[RunRecord]) -> list[JsonValue]:
    """One JSON object a run."""
    return [
        {
            "run": run.number,
            "scope": run.scope,
            "command": run.command,
            "status": run.status.value,
            "started": _instant(run.started),
            "ended": _instant(run.ended),
            "as_of": _instant(run.as_of),
            "evidence_run": run.evidence_run,
            "assessment_sha256": run.assessment_sha256,
        }
        for run in runs
    ]


def runs_text(runs: Sequence[RunRecord]) -> str:
    """One line a run."""
    if not runs:
        return "no runs yet"
    lines = [f"{'run':>4}  {'scope':16} {'command':8} {'status':12} {'started':20} {'as of':20} assessment"]
    for run in runs:
        sha256 = (run.assessment_sha256 or "-")[:12]
        lines.append(
            f"{run.number:>4}  {run.scope:16} {run.command:8} {run.status.value:12} "
            f"{_instant(run.started) or '-':20} {_instant(run.as_of) or '-':20} {sha256}"
        )
    return "\n".join(lines)


def gaps_document(gaps: Sequence[GapView]) -> list[JsonValue]:
    """One JSON object a gap."""
    return [asdict(gap) for gap in gaps]


def gaps_text(gaps: Sequence[GapView]) -> str:
    """One or two lines a gap."""
    if not gaps:
        return "no gaps"
    lines = []
    for gap in gaps:
        times = f" ({gap.count} times)" if gap.count > 1 else ""
        lines.append(f"{gap.source_id} {gap.stream or '-'}: {gap.reason}{times}: {gap.detail}")
        if gap.place:
            lines.append(f"    such as {gap.place}")
    return "\n".join(lines)


def requests_text(requests: Sequence[str]) -> list[str]:
    """A line for each of the first requests that a payload is the answer to, and one for the others."""
    lines = [f"answer to {request[:_REQUEST_CHARS]}" for request in requests[:_REQUESTS]]
    more = len(requests) - _REQUESTS
    return [*lines, f"and to {more} more requests"] if more > 0 else lines


def history_document(versions: Sequence[RowVersion], requests: Mapping[str, list[str]]) -> list[JsonValue]:
    """One JSON object a version; `requests` are those that were made for a payload."""
    return [
        {
            "run": version.run,
            "scope": version.scope,
            "deleted": version.row.deleted,
            "reliability": version.row.reliability.name,
            "row_sha256": version.row.sha256,
            "payload_sha256": version.row.payload_sha256,
            "pointer": version.row.pointer,
            "requests": list(requests.get(version.row.payload_sha256, [])),
            "source_url": version.row.source_url,
            "values": version.row.values,
        }
        for version in versions
    ]


def history_text(versions: Sequence[RowVersion], requests: Mapping[str, list[str]]) -> str:
    """A block of lines a version; `requests` are those that were made for a payload."""
    blocks = []
    for version in versions:
        row = version.row
        gone = "  (gone)" if row.deleted else ""
        asked = "".join(f"  {line}\n" for line in requests_text(requests.get(row.payload_sha256, [])))
        blocks.append(
            f"run {version.run}, scope {version.scope}{gone}\n"
            f"  payload {row.payload_sha256} {row.pointer}\n{asked}"
            f"  row hash {row.sha256}, reliability {row.reliability.name}\n"
            + "\n".join(f"  {name} = {orjson.dumps(value).decode()}" for name, value in row.values.items())
        )
    return "\n\n".join(blocks)
