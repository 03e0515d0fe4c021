"""The same rows in another order give the same derived rows."""

from __future__ import annotations

import random
from collections.abc import Iterator

from auditor.model.evidence import Row
from auditor.model.streams import STREAMS
from auditor.model.validate import check_row, make_row
from auditor.recognise.deriver import make_deriver

TEXT = """# Service Level Agreement: web shop

| Provider | Port IT |
|---|---|
| Customer | Sales |

Approved on 2026-01-02.

## Targets

Availability: at least 99.9 % per month. The provider commits to it, and both sides have agreed and signed.
"""


class Shuffled:
    """A state that gives its rows in any order."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.found: list[Row] = [
            *(self.row("service", {"service_id": name, "name": "web shop"}, "cmdb") for name in ("shop", "store")),
            self.row("service", {"service_id": "mail", "name": "Mail"}, "cmdb"),
            *(
                self.row(
                    "document",
                    {"doc_id": doc, "kind": "other", "status": "current"},
                    source,
                    f"bytes:0-{len(TEXT)}",
                )
                for doc in ("a.md", "b.md")
                for source in ("git", "wiki")
            ),
            self.row(
                "agreement", {"agreement_id": "g", "doc_id": "b.md", "kind": "SLA", "service_ids": ["mail"]}, "reg"
            ),
            *(
                self.row(
                    "monitoring_rule",
                    {"rule_id": f"r{n}", "kind": kind, "system": "prometheus", "name": "x:y", "expr": expr},
                    "mon",
                )
                for n, (kind, expr) in enumerate(
                    [("recording", "rate(a[5m])"), ("recording", "rate(b[1h]) > 1"), ("alert", "x:y > 2")]
                )
            ),
        ]

    def row(self, stream: str, values: dict[str, object], source: str, pointer: str = "line:1") -> Row:
        definition = STREAMS[stream]
        checked = check_row(definition, values)
        assert not checked.faults
        return make_row(definition, source, checked.values, definition.default_tier(checked.values), "0" * 64, pointer)

    def rows(self, stream: str) -> Iterator[Row]:
        kept = [row for row in self.found if row.stream == stream]
        self.random.shuffle(kept)
        return iter(kept)

    def text(self, payload_sha256: str, pointer: str) -> str | None:
        start, end = (int(part) for part in pointer.removeprefix("bytes:").split("-"))
        return TEXT[start:end]


def derived(seed: int) -> dict[tuple[str, str, str], tuple[Row, str]]:
    """As the store keeps them: of one place the last one counts."""
    state = Shuffled(seed)
    return {
        (entry.row.stream, entry.row.source_id, entry.row.key): (entry.row, entry.recogniser)
        for entry in make_deriver().derive(state)
    }


def test_the_order_of_the_rows_changes_nothing() -> None:
    first = derived(0)
    assert {"document", "agreement", "target", "monitoring_rule"} <= {stream for stream, *_ in first}
    for seed in range(1, 12):
        assert derived(seed) == first
