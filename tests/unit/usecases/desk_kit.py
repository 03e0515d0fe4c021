"""A ticket system that gives its tickets page by page, and the plans that read it into a real data directory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from auditor.api import Check, CollectContext, Cursor, Keys, Record, Refused, Settings, SourceKind, SourceRun
from auditor.collect.runner import SourceSpec
from auditor.model.evidence import Row
from auditor.model.rubric import DEFAULT_PACK
from auditor.store.store import Store
from auditor.usecases.plan import AuditPlan

T = datetime(2026, 1, 1, tzinfo=UTC)
PAGE = 2


class NoSettings(Settings):
    """A collector without settings."""


@dataclass
class DeskCollector:
    """Reads what is newer than the cursor, oldest first, two tickets a page, with a cursor after each page.

    Attributes:
        tickets: (sequence number, values) in order.
        refuse_page: the request that the system refuses, counted from 0 in every pull; None: none.
        before: called before every page.
        asked: sequence numbers that were read, over all pulls.
    """

    tickets: list[tuple[int, dict[str, Any]]]
    refuse_page: int | None = None
    refusal: Exception = field(default_factory=lambda: Refused("timed-out", "too late"))  # type: ignore[arg-type]
    before: Callable[[CollectContext], None] = lambda _: None
    sweeps: bool = False
    version: str = "1"
    asked: list[int] = field(default_factory=list)
    name: ClassVar[str] = "desk"
    kinds: ClassVar[frozenset[SourceKind]] = frozenset({SourceKind.TICKETING})
    streams: ClassVar[frozenset[str]] = frozenset({"ticket", "sla_cycle"})
    settings: ClassVar[type[Settings]] = NoSettings

    def collect(self, ctx: CollectContext) -> Iterator[Any]:
        run = {"kind": "ticketing", "status": "ok", "streams": ["ticket", "sla_cycle"]}
        yield SourceRun(run)
        after = int(ctx.cursor("ticket") or 0)
        new = [entry for entry in self.tickets if entry[0] > after]
        for number, start in enumerate(range(0, len(new), PAGE)):
            self.before(ctx)
            if number == self.refuse_page:
                raise self.refusal
            page = new[start : start + PAGE]
            payload = ctx.keep(repr(page).encode(), request={"after": page[0][0] - 1}, media_type="text/plain")
            for position, (sequence, values) in enumerate(page):
                self.asked.append(sequence)
                yield Record(values.get("stream", "ticket"), without_stream(values), payload, f"line:{position + 1}")
            yield Cursor("ticket", str(page[-1][0]))
        if self.sweeps:
            yield Keys("ticket", frozenset(str(values["ticket_id"]) for _, values in self.tickets))

    def check(self, ctx: CollectContext) -> Iterator[Check]:
        yield from ()


def without_stream(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "stream"}


def tickets(*numbers: int, **values: Any) -> list[tuple[int, dict[str, Any]]]:
    return [(number, {"ticket_id": f"t-{number}", "kind": "incident"} | values) for number in numbers]


def plan(data_dir: Path, *collectors: Any, **changes: Any) -> AuditPlan:
    sources = tuple(
        SourceSpec(f"desk-{number}", collector, NoSettings()) for number, collector in enumerate(collectors)
    )
    facts: dict[str, Any] = {
        "scope": "whole",
        "organisation": None,
        "time_zone": "UTC",
        "rule_pack": DEFAULT_PACK,
        "parameters": {},
        "sources": sources,
        "data_dir": data_dir,
        "as_of": None,
        "strict": False,
        "config_sha256": "c" * 64,
    }
    return AuditPlan(**{**facts, **changes})


def rows_of(data_dir: Path, run: int, source_id: str = "desk-0") -> list[Row]:
    """What a source had after a run, without the place it was read at."""
    store = Store.open(data_dir, create=False)
    rows = list(store.rows_at(run, source_id))
    store.close()
    return rows
