"""Small random organisations: the evidence a differential test needs, full of nulls, edges and half-answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from plain_world import Row, World

from auditor.model.streams import STREAMS

STREAMS_OF = {
    "cat": ("docs", ["service"]),
    "wiki": ("docs", ["agreement", "document", "document_revision"]),
    "mon": ("monitoring", ["target", "sli_result", "dashboard"]),
    "desk": ("ticketing", ["ticket", "sla_cycle"]),
    "hr": ("hr", ["person"]),
    "cal": ("calendar", ["meeting"]),
    "mail": ("comms", ["report_schedule", "report_delivery"]),
}
ZONES = ("UTC", "UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland")
METRICS = ("availability", "availability", "incident_response", "resolution", "latency", "other", "satisfaction")
CLOCKS = ("Time to first response", "Time to resolution", "Time to RESPOND", "Waiting", "First response and resolution")
KEYS = ("targets", "workload_limits", "exceptions", "review", "hours")


@dataclass(frozen=True)
class Mess:
    """How much of everything goes wrong: chances in 0..1."""

    null: float = 0.08
    weak: float = 0.0
    incomplete: float = 0.3
    absent: float = 0.04
    denied: float = 0.06
    stale: float = 0.06
    dangling: float = 0.05
    odd: float = 0.33


@dataclass(frozen=True)
class Organisation:
    world: World
    zone: str


def generate(seed: int, mess: Mess | None = None) -> Organisation:
    return _Maker(Random(seed), mess or Mess()).make()


def text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


class _Maker:
    def __init__(self, random: Random, mess: Mess) -> None:
        self.r, self.mess = random, mess
        self.weak_tier = random.choice(("R0", "R1"))
        self.now = random.choice([datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 17, 12, 30, tzinfo=UTC)])
        self.rows: dict[str, list[Row]] = {}

    def make(self) -> Organisation:
        zone = self.r.choice(ZONES)
        sources = [source for name in STREAMS_OF if (source := self.source(name)) is not None]
        self.owner = {stream: s["source_id"] for s in sources for stream in s["streams"]}
        self.services = [f"s{number}" for number in range(self.r.randint(0 if self.chance(0.1) else 2, 8))]
        self.people = [f"p{number}" for number in range(3)]
        for part in (self.organisation, self.documents, self.agreements, self.targets, self.results, self.desk):
            part()
        self.outputs()
        return Organisation(World(self.now, sources, self.rows), zone)

    def chance(self, share: float) -> bool:
        return self.r.random() < share

    def maybe(self, value: Any) -> Any:
        return None if self.chance(self.mess.null) else value

    def pick(self, *values: Any) -> Any:
        return self.r.choice(values)

    def usually(self, value: Any, *others: Any) -> Any:
        """The value in most cases, so that one oddity at a time decides."""
        return self.r.choice(others) if self.chance(self.mess.odd) else value

    def moment(self, *days: float) -> str:
        """One of the given days ago, at times a microsecond or a second beside it."""
        beside = self.pick(timedelta(), timedelta(), timedelta(seconds=1), timedelta(seconds=-1))
        return text(self.now - timedelta(days=self.r.choice(days)) + beside)

    def day(self, *days: int) -> str:
        return (self.now - timedelta(days=self.r.choice(days))).date().isoformat()

    def source(self, name: str) -> Row | None:
        if self.chance(self.mess.absent):
            return None
        kind, streams = STREAMS_OF[name]
        streams = [s for s in streams if s != "document_revision" or not self.chance(0.1)]
        denied = self.r.randint(1, 3) if self.chance(self.mess.denied) else 0
        ended = self.now - timedelta(days=400 if self.chance(self.mess.stale) else self.pick(0, 1, 3))
        complete = {s: not self.chance(self.mess.incomplete) for s in streams}
        for stream, kinds in (("agreement", ["SLA", "OLA"]), ("document", ["catalogue", "agreement", "report"])):
            if stream in complete and self.chance(0.2):
                complete[stream] = self.r.sample(kinds, self.r.randint(0, 2))
        return {
            "source_id": name,
            "kind": kind,
            "started": text(ended),
            "ended": text(ended),
            "status": "partial" if denied else "ok",
            "denied": denied,
            "streams": streams,
            "scope_complete": complete,
        }

    def add(self, stream: str, **values: Any) -> None:
        if stream not in self.owner:
            return
        row = {field.name: None for field in STREAMS[stream].fields}
        row.update(values)
        row["_source"] = self.owner[stream]
        if self.chance(self.mess.weak):
            row["_reliability"] = self.weak_tier
        self.rows.setdefault(stream, []).append(row)

    def some(self, names: Sequence[str], most: int = 2) -> list[str] | None:
        if self.chance(self.mess.null):
            return None
        found = self.r.sample(list(names), min(len(names), self.r.randint(0, most)))
        return [*found, "ghost"] if self.chance(self.mess.dangling) else found

    def one(self, names: Sequence[str]) -> str | None:
        if self.chance(self.mess.null) or not names:
            return None
        return "ghost" if self.chance(self.mess.dangling) else self.r.choice(names)

    def organisation(self) -> None:
        rated = self.chance(0.85)
        for name in self.services:
            self.add(
                "service",
                service_id=name,
                tier=self.pick(1, 2, 2, 3, None) if rated else None,
                major=self.usually(None, True, True, False) if rated else None,
                status=self.maybe(self.pick("live", "live", "live", "live", "pipeline", "retired")),
                in_scope=not self.chance(0.07),
            )
        for name in self.people:
            joined = None if self.chance(0.6) else self.day(0, 1, -1, 900)
            left = None if self.chance(0.6) else self.day(0, 1, -1, -30)
            bot = self.maybe(self.chance(0.15))
            self.add("person", person_id=name, is_bot=bot, joined=joined, left=left)
        for name in ("m0", "m1"):
            self.add("meeting", meeting_id=name, kind="service_review", held=self.pick(True, False, None))

    def sections(self, keys: Sequence[str]) -> Mapping[str, bool | None] | None:
        if self.chance(self.mess.null):
            return None
        return {key: self.maybe(self.chance(0.8)) for key in keys if not self.chance(0.1)}

    def documents(self) -> None:
        for number in range(self.r.randint(2, 8)):
            self.add(
                "document",
                doc_id=f"d{number}",
                kind=self.pick("agreement", "catalogue", "catalogue", "other"),
                kind_conf=self.maybe(self.usually(1.0, 0.39, 0.4, 0.5, 0.6)),
                status=self.maybe(self.usually("current", "draft", "archived")),
                service_ids=self.some(self.services, 3),
                owner=self.one(self.people),
                sections_found=self.sections(("service_levels", "owner", "users", "name")),
                placeholder_ratio=self.maybe(self.usually(0, 0.05, 0.06)),
            )
            for version in range(self.r.randint(0, 3)):
                self.revision(f"d{number}", str(version))
        if self.chance(0.1):
            for number in range(50):
                self.add("document", doc_id=f"x{number}", kind="other", kind_conf=1.0, status="current")

    def revision(self, doc_id: str, version: str) -> None:
        self.add(
            "document_revision",
            doc_id=doc_id,
            version=version,
            at=self.maybe(self.moment(0, 100, 730, 730, 800, -1)),
            is_bot=self.maybe(self.chance(0.3)),
            chars_changed=self.maybe(self.pick(19, 20, 20, 500)),
            sections_changed=self.some(KEYS),
            targets_changed=self.maybe(self.pick(0, 0, 1)),
            decision=self.pick(None, None, "approved", "rejected"),
            decided_by=self.one(self.people),
        )

    def agreements(self) -> None:
        for number in range(0 if self.chance(0.15) else self.r.randint(1, 7)):
            doc = self.one([f"d{n}" for n in range(6)])
            own, foreign = f"{doc}@0", f"d{self.r.randint(0, 5)}@0"
            ref = self.pick(None, "m0", "ghost", own, own, f"{doc}@7", foreign, "no change: no demand", "no change: ")
            self.add(
                "agreement",
                agreement_id=f"a{number}",
                doc_id=doc,
                kind=self.usually("SLA", "OLA", "SLR"),
                kind_conf=self.maybe(self.usually(1.0, 0.39, 0.4, 0.5, 0.6)),
                scope=self.pick("service", "corporate", "customer"),
                service_ids=self.some(self.services, 3),
                provider=self.one(["it"]),
                consumer=self.one(["customer"]),
                approved_at=self.maybe(self.usually(self.moment(200, 400), self.moment(0, 0, 50, -5))),
                effective_from=self.usually(None, self.day(0, 1, -1, 300)),
                effective_to=self.usually(None, self.day(0, 0, 1, -1, -300)),
                last_review_at=self.maybe(self.moment(0, 100, 730, 730, 731, -1)),
                last_review_by=self.one(self.people),
                last_review_ref=ref,
            )

    def targets(self) -> None:
        self.targets_made = [f"t{number}" for number in range(self.r.randint(0 if self.chance(0.1) else 3, 12))]
        for name in self.targets_made:
            bound = self.some([t for t in self.targets_made if t != name], 1) if self.chance(0.4) else None
            self.add(
                "target",
                target_id=name,
                service_id=self.one(self.services),
                agreement_id=self.one([f"a{n}" for n in range(7)]) if self.chance(0.7) else None,
                metric=self.maybe(self.r.choice(METRICS)),
                value=self.maybe(99.5),
                unit=self.maybe("%"),
                origin=self.maybe(self.pick("doc", "doc", "slo", "jsm", "jsm", "config")),
                bound_to=bound,
                tool_measurable=self.usually(None, True, False),
            )

    def results(self) -> None:
        for target in self.targets_made:
            style = self.pick("none", "months", "months", "months", "weeks")
            step = 30 if style == "months" else 7
            good = self.chance(0.7)
            for number in range(0 if style == "none" else self.r.randint(1, 400 // step)):
                self.result(target, number, step, good)

    def result(self, target: str, number: int, step: int, good: bool) -> None:
        if self.chance(0.0 if good else 0.1):
            return
        if step == 30:
            first = datetime(self.now.year, self.now.month, 1, tzinfo=UTC)
            months = self.now.year * 12 + self.now.month - 2 - number
            starts = first.replace(year=months // 12, month=months % 12 + 1)
            ends = (starts + timedelta(days=32)).replace(day=1)
        else:
            ends = self.now - timedelta(days=7 * number + self.r.choice([0, 0, 1]))
            starts = ends - timedelta(days=7)
        late = self.chance(0.05 if good else 0.3)
        self.add(
            "sli_result",
            target_id=target,
            period_start=text(starts),
            period_end=text(ends),
            computed_by=self.pick("system", "system", "auditor"),
            computed_at=self.maybe(text(ends + timedelta(days=16 if late else self.pick(0, 15)))),
            completeness=self.maybe(1.0 if good else self.pick(0.79, 0.8, 0.9, 1.0)),
            actual=99.9 if good else self.maybe(99.0),
            met=True if good else self.maybe(self.chance(0.5)),
        )

    def outputs(self) -> None:
        """What shows service levels: schedules with deliveries, pages of pipelines, dashboards."""
        for number in range(self.r.randint(0, 4)):
            if not self.chance(self.mess.dangling):
                self.add("report_schedule", report_id=f"r{number}", service_ids=self.some(self.services))
            for back in range(self.r.randint(0, 3)):
                self.delivery(f"r{number}", back)
        for number in range(self.r.randint(0, 3)):
            self.page(f"w{number}")
        for number in range(self.r.randint(0, 3)):
            shown = self.some(self.targets_made)
            live, updated = self.maybe(self.chance(0.5)), self.maybe(self.moment(0, 10, 90, 90, 91, -1))
            self.add("dashboard", dash_id=f"b{number}", target_ids=shown, live=live, updated=updated)

    def delivery(self, report: str, back: int) -> None:
        days = self.pick(0, 10, 80, 90, 91, 180)
        due = self.now - timedelta(days=days + back / 24)
        arrived = due + timedelta(hours=self.pick(0, 0, 1, 30))
        names = self.some(self.targets_made)
        self.add(
            "report_delivery",
            report_id=report,
            due_at=text(due),
            delivered_at=self.maybe(text(arrived)),
            status=self.maybe(self.usually("delivered", "late", "failed", "unknown")),
            generated_by=self.maybe(self.pick("system", "system", "human")),
            values=None if names is None else dict.fromkeys(names, 99.0),
        )

    def page(self, doc_id: str) -> None:
        self.add(
            "document",
            doc_id=doc_id,
            kind="report",
            kind_conf=self.usually(None, 0.39, 0.4, 0.5, 0.6),
            status=self.maybe(self.usually("current", "archived")),
            service_ids=self.some(self.services),
            placeholder_ratio=0,
        )
        for version in range(self.r.randint(0, 3)):
            at = self.maybe(self.moment(0, 10, 10, 90, 90, 91, -1))
            self.add(
                "document_revision",
                doc_id=doc_id,
                version=str(version),
                at=at,
                is_bot=self.maybe(self.chance(0.8)),
                chars_changed=500,
                sections_changed=[],
                targets_changed=0,
            )

    def desk(self) -> None:
        for number in range(self.r.randint(0, 25)):
            ids = self.some([*self.services, "shadow1"] if self.chance(0.15) else self.services)
            created = self.moment(0, 10, 30, 89, 90, 91, -1)
            self.add("ticket", ticket_id=f"k{number}", kind="incident", service_ids=ids, created=created)
        quality = self.pick(0.4, 0.5, 0.7, 1.0)
        for number in range(self.pick(0, self.r.randint(1, 40), self.r.randint(40, 120))):
            self.cycle(number, quality)

    def cycle(self, number: int, quality: float) -> None:
        fine = self.chance(quality)
        state = self.pick("completed", "completed", "ongoing")
        self.add(
            "sla_cycle",
            ticket_id=f"k{self.r.randint(0, 25)}",
            metric_name=self.r.choice(CLOCKS),
            target_id=self.one(self.targets_made) if self.chance(0.6) else None,
            cycle_no=number,
            state="completed" if fine else self.maybe(state),
            started=self.maybe(self.moment(0, 5, 10, 30, 60, 89, 90, 180, 365, -1)),
            elapsed_ms=1000 if fine else self.maybe(self.pick(0, 0, -5, 1)),
            paused_now=self.maybe(self.chance(0.5)),
            in_calendar_now=self.maybe(self.chance(0.8)),
        )
