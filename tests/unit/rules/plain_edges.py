"""Organisations in which everything is sound but one thing per service, and that one thing lies on an edge.

At random a fault hides behind others: here each service has one agreement or catalogue entry, one measured target and
one clock, each with at most one oddity, so that the oddity alone decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from types import MappingProxyType
from typing import Any

from plain_generator import STREAMS_OF, Mess, Organisation, _Maker, text
from plain_world import World

SECOND = timedelta(seconds=1)
Change = tuple[str, Mapping[str, Any]]
"""Fields of the row of a part (`agreement`, `document`, `revision`, ...) that are not as usual."""


SERVICES = 9


def generate_edges(seed: int) -> Organisation:
    """One of the organisations; about six with seeds one after the other have every oddity once."""
    maker = _Edges(Random(seed), Mess(null=0, incomplete=0, absent=0, denied=0, stale=0, dangling=0))
    maker.first = seed * SERVICES
    return maker.make()


class _Edges(_Maker):
    first = 0

    def make(self) -> Organisation:
        zone = self.pick("UTC", "Europe/Berlin")
        sources = [self.sound_source(name) for name in STREAMS_OF]
        self.owner = {stream: source["source_id"] for source in sources for stream in source["streams"]}
        self.services = [f"s{number}" for number in range(SERVICES)]
        self.people_and_meetings()
        late = self.chance(0.5)
        for number, name in enumerate(self.services):
            self.service(name)
            self.documented(number)
            self.measured(number, late=late)
            self.clocked(number)
        self.tickets()
        self.targets_made = [row["target_id"] for row in self.rows["target"]]
        self.outputs()
        return Organisation(World(self.now, sources, self.rows), zone)

    def sound_source(self, name: str) -> dict[str, Any]:
        kind, streams = STREAMS_OF[name]
        if name == "wiki" and self.chance(0.1):
            streams = [stream for stream in streams if stream != "document_revision"]
        return {
            "source_id": name,
            "kind": kind,
            "started": text(self.now),
            "ended": text(self.now),
            "status": "ok",
            "denied": 0,
            "streams": streams,
            "scope_complete": dict.fromkeys(streams, True),
        }

    def ago(self, days: float, beside: timedelta = timedelta()) -> str:
        return text(self.now - timedelta(days=days) + beside)

    def today(self, days: int = 0) -> str:
        return (self.now.date() + timedelta(days=days)).isoformat()

    def people_and_meetings(self) -> None:
        for name, more in {"p0": {}, "bot": {"is_bot": True}, "gone": {"left": self.today()}, "new": {}}.items():
            joined = self.today(1) if name == "new" else self.today() if name == "p0" else None
            self.add("person", **{"person_id": name, "is_bot": False, "joined": joined, "left": None, **more})
        self.add("meeting", meeting_id="m0", kind="service_review", held=True)

    def service(self, name: str) -> None:
        odd = self.pick({"major": None, "tier": 2}, {"major": None, "tier": 3}, {"major": None})
        odd = odd if self.chance(0.2) else {}
        self.add("service", **{"service_id": name, "status": "live", "major": True, "in_scope": True, **odd})

    def documented(self, number: int) -> None:
        """A service with one document, odd in one thing; every oddity comes up in turn."""
        oddities = self.oddities(number)
        Random(0).shuffle(oddities)
        part, odd = oddities[(self.first + number) % len(oddities)]
        if part == "catalogue":
            self.listed(number, odd)
        else:
            self.agreed(number, part, odd)

    def agreed(self, number: int, part: str = "", odd: Mapping[str, Any] = MappingProxyType({})) -> None:
        """A service with one SLA, and its document with one revision."""
        base = {"agreement_id": f"a{number}", "doc_id": f"d{number}", "kind": "SLA", "kind_conf": 1.0}
        base |= {"scope": "service", "service_ids": [f"s{number}"], "provider": "it", "consumer": "shop"}
        base |= {"approved_at": self.ago(400)}
        self.add("agreement", **(base | (odd if part == "agreement" else {})))
        document = {"doc_id": f"d{number}", "kind": "agreement", "kind_conf": 1.0, "status": "current"}
        document |= {"owner": "p0", "placeholder_ratio": 0, "sections_found": {}}
        self.add("document", **(document | (odd if part == "document" else {})))
        self.revision_of(
            f"d{number}", odd if part == "revision" else {"at": self.ago(999)} if part == "agreement" else {}
        )

    def oddities(self, number: int) -> list[Change]:
        review = {"last_review_at": self.ago(100), "last_review_by": "p0", "last_review_ref": "m0"}
        agreement: list[Mapping[str, Any]] = [
            *({"kind_conf": value} for value in (0.6, 0.59, 0.4, 0.39)),
            *({"approved_at": self.ago(0, beside)} for beside in (timedelta(), SECOND, -SECOND)),
            *({name: self.today(day)} for name in ("effective_from", "effective_to") for day in (-1, 0, 1)),
            *({name: None} for name in ("provider", "consumer", "doc_id")),
            {"approved_at": self.ago(40)},
            {"kind": "OLA"},
            {"service_ids": [], "scope": "corporate"},
            *(review | {"last_review_at": self.ago(730, beside)} for beside in (timedelta(), -SECOND)),
            *(review | {"last_review_at": self.ago(0, beside)} for beside in (timedelta(), SECOND)),
            *(review | {"last_review_by": name} for name in ("bot", "nobody", None)),
            *(review | {"last_review_ref": ref} for ref in ("no change: ", "no change: no demand", "nowhere", None)),
            review | {"last_review_ref": f"d{(number + 1) % SERVICES}@0"},
        ]
        document: list[Mapping[str, Any]] = [
            *({"status": value} for value in ("draft", "archived")),
            *({"placeholder_ratio": value} for value in (0.05, 0.06)),
            *({"owner": name} for name in ("bot", "gone", "new", "nobody", None)),
        ]
        parts = {"agreement": agreement, "document": document, "revision": self.odd_revisions()}
        parts["catalogue"] = self.odd_entries()
        return [(part, change) for part, changes in parts.items() for change in changes]

    def odd_revisions(self) -> list[Mapping[str, Any]]:
        little = {"targets_changed": 0, "sections_changed": ["targets"]}
        bot = {"is_bot": True, "decision": "approved"}
        return [
            *({"at": self.ago(730, beside)} for beside in (timedelta(), -SECOND)),
            *({"at": self.ago(0, beside)} for beside in (timedelta(), SECOND)),
            *(little | {"chars_changed": size} for size in (19, 20)),
            little | {"sections_changed": ["hours"], "chars_changed": 500},
            {"is_bot": True},
            *(bot | {"decided_by": name} for name in ("p0", "bot", "nobody", None)),
            {"decision": "rejected"},
        ]

    def revision_of(self, doc_id: str, odd: Mapping[str, Any]) -> None:
        base = {"doc_id": doc_id, "version": "0", "at": self.ago(100), "is_bot": False, "chars_changed": 500}
        base |= {"sections_changed": ["targets"], "targets_changed": 1}
        self.add("document_revision", **(base | odd))

    def odd_entries(self) -> list[Mapping[str, Any]]:
        return [
            {},
            {},
            *({"status": value} for value in ("draft", "archived")),
            *({"placeholder_ratio": value} for value in (0.05, 0.06)),
            *({"kind_conf": value} for value in (None, 0.6, 0.59, 0.39)),
            *({"sections_found": {"service_levels": True, "owner": True, "users": value}} for value in (False, None)),
            {"sections_found": {"owner": True, "users": True}},
            {"service_ids": []},
        ]

    def listed(self, number: int, odd: Mapping[str, Any]) -> None:
        """A service that a catalogue document describes, at times beside an SLA that does."""
        base = {"doc_id": f"c{number}", "kind": "catalogue", "status": "current", "service_ids": [f"s{number}"]}
        base |= {"owner": "p0", "placeholder_ratio": 0, "kind_conf": 1.0}
        base |= {"sections_found": {"service_levels": True, "owner": True, "users": True}}
        self.add("document", **(base | odd))
        self.revision_of(f"c{number}", {} if odd else self.pick(*self.odd_revisions()))
        if self.chance(0.3):
            self.agreed(number)

    def target(self, name: str, number: int, **more: Any) -> None:
        base = {"target_id": name, "service_id": f"s{number}", "agreement_id": f"a{number}", "value": 99.5, "unit": "%"}
        self.add("target", **(base | {"metric": "availability", "origin": "slo"} | more))

    def measured(self, number: int, *, late: bool) -> None:
        """A target with a year of monthly results, the last of which is odd."""
        name = f"t{number}"
        self.target(
            name,
            number,
            **(self.pick({"unit": None}, {"value": None}, {"agreement_id": None}) if self.chance(0.2) else {}),
        )
        if self.chance(0.3):
            self.target(f"doc-{name}", number, origin="doc", bound_to=self.pick([name], []), tool_measurable=True)
        odd = self.pick(
            {},
            {"actual": None},
            {"met": None},
            {"completeness": None},
            *({"completeness": value, "always": True} for value in (0.89, 0.9, 0.8, 0.79)),
            {"skip": True},
            {"twice": True},
        )
        for back in range(1, 5):
            self.month(name, back, odd if back == 1 or odd.get("always") else {}, late=late and self.chance(0.22))

    def month(self, target: str, back: int, odd: Mapping[str, Any], *, late: bool) -> None:
        months = self.now.year * 12 + self.now.month - 1 - back
        starts = datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
        ends = (starts + timedelta(days=32)).replace(day=1)
        if odd.get("skip"):
            return
        computed = ends + timedelta(days=15) + (SECOND if late else timedelta())
        base = {
            "target_id": target,
            "period_start": text(starts),
            "period_end": text(ends),
            "actual": 99.9,
            "met": True,
        }
        base |= {"computed_by": "system", "computed_at": text(computed), "completeness": 1.0}
        if odd.get("twice"):
            self.add("sli_result", **(base | {"computed_by": "auditor", "completeness": 0.2, "met": None}))
            odd = {}
        self.add("sli_result", **(base | {field: value for field, value in odd.items() if field != "always"}))

    def clocked(self, number: int) -> None:
        """A response clock with about as many cycles as are needed, about half of them valid."""
        self.target(f"r{number}", number, metric="incident_response", origin="jsm", agreement_id=None)
        if self.chance(0.2):
            self.target(f"q{number}", number, metric="resolution", origin="jsm", agreement_id=None)
        ids = [f"s{number}", *([f"s{number - 1}"] if number and self.chance(0.2) else [])]
        self.add("ticket", ticket_id=f"k{number}", kind="incident", service_ids=ids, created=self.ago(10))
        good, bad = self.pick((4, 0), (5, 0), (5, 5), (5, 6), (6, 5))
        clock = self.pick(
            "Time to first response", "Time to first response", "Waiting", "First response and resolution"
        )
        for place in range(good + bad):
            odd: Mapping[str, Any] = (
                {} if place < good else self.pick({"elapsed_ms": 0}, {"elapsed_ms": 0}, self.paused())
            )
            if place == 0:
                odd = self.pick(
                    {}, {"started": self.ago(90)}, {"started": self.ago(90, -SECOND)}, {"target_id": f"r{number}"}
                )
            base = {"ticket_id": f"k{number}", "metric_name": clock, "cycle_no": place, "state": "completed"}
            self.add("sla_cycle", **(base | {"started": self.ago(5), "elapsed_ms": 1000} | odd))

    def paused(self) -> Mapping[str, Any]:
        return {"state": "ongoing", "elapsed_ms": None, "paused_now": True, "in_calendar_now": self.chance(0.7)}

    def tickets(self) -> None:
        """A shadow service on exactly a twentieth of the tickets, or on one more."""
        created = self.pick(self.ago(90), self.ago(90, -SECOND), self.ago(10))
        shadows = self.pick(1, 2)
        for number in range(shadows):
            made = created if number == 0 else self.ago(10)
            self.add("ticket", ticket_id=f"x{number}", kind="incident", service_ids=["shadow"], created=made)
        for number in range(self.pick(20, 21) - SERVICES - shadows):
            self.add("ticket", ticket_id=f"y{number}", kind="incident", service_ids=[], created=self.ago(20))
