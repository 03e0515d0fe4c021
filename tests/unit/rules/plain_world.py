"""Evidence as plain dictionaries, and Kleene truth as pairs: what the plain reference computation stands on.

Nothing here knows the engine: the tests compare the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

Row = Mapping[str, Any]
Truth = tuple[int, int]
"""(surely, possibly): (1, 1) true, (0, 0) false, (0, 1) unknown."""

T, F, U = (1, 1), (0, 0), (0, 1)
PULL_AGE_D = {"ticketing": 3, "monitoring": 3, "docs": 7, "git": 7, "calendar": 7, "comms": 7}
SLOW_PULL_AGE_D = {"lms": 35, "hr": 35, "supplier": 35, "strategy": 100}
WEAK = ("R0", "R1")


def both(*parts: Truth) -> Truth:
    return min((p[0] for p in parts), default=1), min((p[1] for p in parts), default=1)


def either(*parts: Truth) -> Truth:
    return max((p[0] for p in parts), default=0), max((p[1] for p in parts), default=0)


def negated(part: Truth) -> Truth:
    return 1 - part[1], 1 - part[0]


def sure(value: object) -> Truth:
    """A boolean as a truth; None is unknown."""
    return U if value is None else T if value else F


def instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def compared(value: Any, test: Any) -> Truth:
    """Test of a field where null is unknown."""
    return U if value is None else sure(test(value))


@dataclass
class World:
    """One organisation: its rows by stream, its sources, and the audit instant."""

    now: datetime
    sources: list[Row]
    rows: Mapping[str, list[Row]] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict, init=False)
    """What was worked out once for these rows."""

    def of(self, stream: str) -> list[Row]:
        return list(self.rows.get(stream, []))

    def by_id(self, stream: str, name: str, key: str | None) -> Row | None:
        return next((row for row in self.of(stream) if row[name] == key), None)

    def answering(self, stream: str) -> list[Row]:
        return [source for source in self.sources if stream in source["streams"]]

    def answers(self, stream: str) -> bool:
        return bool(self.answering(stream))

    def stale(self, stream: str) -> bool:
        return any(self.is_stale(source) for source in self.answering(stream))

    def is_stale(self, source: Row) -> bool:
        ended = instant(source["ended"])
        limit = {**PULL_AGE_D, **SLOW_PULL_AGE_D}[source["kind"]]
        return source["status"] == "failed" or ended is None or self.now - ended > timedelta(days=limit)

    def denied(self, streams: Iterable[str]) -> int:
        wanted = set(streams)
        return sum(source["denied"] or 0 for source in self.sources if wanted & set(source["streams"]))

    def proven(self, stream: str, kind: str | None = None) -> bool:
        """No row means that there is none."""
        return self.answers(stream) and all(self._complete(source, stream, kind) for source in self.answering(stream))

    def _complete(self, source: Row, stream: str, kind: str | None) -> bool:
        if source["status"] != "ok" or source["denied"] or self.is_stale(source):
            return False
        complete = source["scope_complete"].get(stream, False)
        return kind in complete if isinstance(complete, list) else bool(complete)

    def unless_hidden(self, found: Truth, *streams: tuple[str, str | None]) -> Truth:
        """A verdict that nothing was found is unknown while one of the streams may hide rows.

        Rows of a pull that is too old prove nothing either way.
        """
        if any(self.stale(stream) for stream, _ in streams):
            return U
        return found if all(self.proven(*entry) for entry in streams) else (found[0], 1)

    def aged(self, verdict: Truth, stream: str) -> Truth:
        """What rows of a stream say, as long as their pull is not too old."""
        return U if self.stale(stream) else verdict

    def with_observed_services(self) -> World:
        """Where nobody lists services, those that at least two sources name stand in for them."""
        if self.answers("service") or len(self.sources) < 2:
            return self
        named: dict[str, set[str]] = {}
        for stream in ("ticket", "target", "agreement"):
            for row in self.of(stream):
                ids = [row["service_id"]] if stream == "target" else row["service_ids"] or []
                for name in ids:
                    named.setdefault(name, set()).add(row["_source"])
        found = [name for name, sources in named.items() if name is not None and len(sources) > 1]
        blank = {"tier": None, "major": None, "status": "live", "in_scope": True}
        services = [{"service_id": name, **blank} for name in sorted(found)]
        source = {"source_id": "observed", "kind": "docs", "ended": self.now.isoformat(), "status": "ok", "denied": 0}
        source.update(streams=["service"], scope_complete={})
        return (
            replace(self, sources=[*self.sources, source], rows={**self.rows, "service": services}) if found else self
        )

    def ago(self, days: float) -> datetime:
        return self.now - timedelta(days=days)

    def in_window(self, moment: datetime | None, days: float) -> Truth:
        return U if moment is None else sure(self.ago(days) <= moment <= self.now)

    def strong(self) -> World:
        kept = {
            stream: [row for row in rows if row.get("_reliability") not in WEAK] for stream, rows in self.rows.items()
        }
        return replace(self, rows=kept)

    def weakest(self, streams: Iterable[str]) -> float:
        """Cap of the weakest row in these streams."""
        tiers = {row.get("_reliability") for stream in streams for row in self.of(stream)}
        return 0.5 if "R0" in tiers else 0.85 if "R1" in tiers else 1.0
