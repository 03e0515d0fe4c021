"""Removes what a run left that did not commit."""

from __future__ import annotations

from auditor.store.layout import Layout
from auditor.store.ledger import Ledger, Segment

_JUDGED = "select state_sha256 from run where status = 'complete' and state_sha256 is not null"


def sweep_orphans(layout: Layout, ledger: Ledger) -> None:
    """Remove payloads, segments and states that no complete run names. Needs the writer lock."""
    kept = {
        Segment(*row).file_name
        for row in ledger.rows("select run, scope, stream, record_count, content_sha256, file_sha256 from segment")
    }
    for path in list(layout.segments.iterdir()):
        if path.name not in kept:
            path.unlink(missing_ok=True)
    judged = {layout.state(digest).name for (digest,) in ledger.rows(_JUDGED)}
    for path in list(layout.states.iterdir()):
        if path.name not in judged:
            path.unlink(missing_ok=True)
    for folder in list(layout.payloads.iterdir()):
        rows = ledger.rows(
            "select sha256 from payload where sha256 >= ? and sha256 < ?", folder.name, f"{folder.name}g"
        )
        names = {layout.payload(sha256).name for (sha256,) in rows}
        for path in list(folder.iterdir()):
            if path.name not in names:
                path.unlink(missing_ok=True)
