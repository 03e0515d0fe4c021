"""Generate the evidence folder of the reference organisation, a regional ferry line that does not exist.

The same program gives the same bytes: the only randomness is a seeded generator read through `random()`, whose
sequence Python guarantees. Run it as

    python examples/reference-organisation/generate.py OUT_FOLDER

The story it tells is in the README beside it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import operation
import paper
from clock import AS_OF, at, utc

Row = dict[str, Any]

SOURCES: list[Row] = [
    {
        "source_id": "catalogue",
        "kind": "hr",
        "streams": ["service", "party", "person"],
        "scope": "service catalogue and staff directory",
    },
    {
        "source_id": "desk",
        "kind": "ticketing",
        "streams": ["ticket", "ticket_event", "sla_cycle", "feedback", "improvement", "target"],
        "scope": "service desk project, all tickets of the last 200 days",
    },
    {
        "source_id": "metrics",
        "kind": "monitoring",
        "streams": ["monitoring_rule", "alert_event", "sli_result", "dashboard", "target"],
        "scope": "the one monitoring server",
    },
    {
        "source_id": "pages",
        "kind": "docs",
        "streams": ["document", "document_revision", "agreement", "target", "link", "kpi"],
        "scope": "spaces SLM and OPS of the wiki",
    },
    {
        "source_id": "mail",
        "kind": "comms",
        "streams": ["report_schedule", "report_delivery", "communication"],
        "scope": "outgoing mail log and status page",
    },
    {"source_id": "calendar", "kind": "calendar", "streams": ["meeting"], "scope": "shared calendars"},
]


def rows() -> dict[str, list[Row]]:
    """Every stream's rows, in the order they are written."""
    return {**paper.rows(), **operation.rows()}


def manifest(streams: Mapping[str, list[Row]]) -> str:
    """The manifest, as YAML text."""
    lines = ["format: 1", "organisation: Reference ferry line", f"as_of: {utc(AS_OF)}", "sources:"]
    for source in SOURCES:
        count = sum(
            1
            for name in source["streams"]
            for row in streams.get(name, ())
            if row.get("source_id") in (None, source["source_id"])
        )
        lines += [
            f"  - source_id: {source['source_id']}",
            f"    kind: {source['kind']}",
            "    status: ok",
            f"    scope: {source['scope']}",
            f"    window_from: {utc(at(days=-400))}",
            f"    window_to: {utc(AS_OF)}",
            f"    started: {utc(at(hours=-2))}",
            f"    ended: {utc(at(hours=-1))}",
            f"    items: {count}",
            "    denied: 0",
            f"    streams: [{', '.join(source['streams'])}]",
            f"    scope_complete: {{{', '.join(f'{name}: true' for name in source['streams'])}}}",
            "    declared_by: p-01",
            "    declared_at: 2026-10-30T09:00:00Z",
        ]
    return "\n".join(lines) + "\n"


def write(folder: Path) -> None:
    """Write the folder; files of streams without rows are not written."""
    folder.mkdir(parents=True, exist_ok=True)
    streams = rows()
    (folder / "manifest.yaml").write_text(manifest(streams), encoding="utf-8")
    for name, entries in streams.items():
        text = "".join(f"{line}\n" for line in _lines(entries))
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")


def _lines(entries: list[Row]) -> Iterator[str]:
    for entry in entries:
        yield json.dumps(entry, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python generate.py OUT_FOLDER")
    write(Path(sys.argv[1]))
