"""The terms that the indicators share, read off the rubric: major services, agreements in force, reviews, cycles."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from plain_world import F, Row, T, Truth, U, World, both, compared, day, either, instant, negated, sure

CLASSIFY_MIN, CLASSIFY_DOUBT, TIER_MAX = 0.6, 0.4, 2
MUST_HAVE = {
    "agreement": {"targets", "workload_limits", "exceptions"},
}


def in_scope(service: Row) -> Truth:
    return both(compared(service["status"], lambda value: value == "live"), sure(service["in_scope"] is not False))


def major_services(world: World) -> dict[str, Truth]:
    """service_id -> member of M (unknown: one undecided item)."""
    scope = {row["service_id"]: row for row in world.of("service") if in_scope(row) != F}
    rated = any(row["major"] is not None or row["tier"] is not None for row in scope.values())
    members = {}
    for name, row in scope.items():
        member = both(in_scope(row), _major(row) if rated else T)
        if member != F:
            members[name] = member
    return members


def _major(row: Row) -> Truth:
    if row["major"] is not None:
        return sure(row["major"])
    return compared(row["tier"], lambda tier: tier <= TIER_MAX)


def classified(confidence: float | None) -> Truth:
    if confidence is None:
        return U
    return T if confidence >= CLASSIFY_MIN else U if confidence >= CLASSIFY_DOUBT else F


def document_of(world: World, agreement: Row) -> tuple[Row | None, Truth]:
    """The document of an agreement, and whether it is current (no document asked for: true)."""
    if agreement["doc_id"] is None:
        return None, T
    row = world.by_id("document", "doc_id", agreement["doc_id"])
    if row is None:
        return None, world.unless_hidden(F, ("document", "agreement"))
    return row, compared(row["status"], lambda value: value == "current")


def document_is_unseen(world: World, agreement: Row) -> bool:
    """It names a document that is not among the evidence."""
    return agreement["doc_id"] is not None and world.by_id("document", "doc_id", agreement["doc_id"]) is None


def in_force(world: World, agreement: Row, current: Truth) -> Truth:
    """An active agreement but for its classification; `current`: its document is."""
    approved, today = instant(agreement["approved_at"]), world.now.date()
    starts, ends = day(agreement["effective_from"]), day(agreement["effective_to"])
    return both(
        current,
        sure(approved is not None and approved <= world.now),
        sure(starts is None or starts <= today),
        sure(ends is None or ends >= today),
    )


def names(row: Row, service_id: str) -> Truth:
    return compared(row["service_ids"], lambda ids: service_id in ids)


def active_person(world: World, person_id: str | None) -> Truth:
    if person_id is None:
        return F
    row = world.by_id("person", "person_id", person_id)
    if row is None:
        return world.unless_hidden(F, ("person", None))
    today = world.now.date()
    joined, left = day(row["joined"]), day(row["left"])
    there = both(sure(joined is None or joined <= today), sure(left is None or left > today))
    return world.aged(both(negated(sure(row["is_bot"])), there), "person")


def human(world: World, person_id: str | None) -> Truth:
    if person_id is None:
        return F
    row = world.by_id("person", "person_id", person_id)
    return (
        world.unless_hidden(F, ("person", None)) if row is None else world.aged(negated(sure(row["is_bot"])), "person")
    )


def substantive(world: World, revision: Row) -> Truth:
    """A human substantive revision of an agreement's document."""
    approved = both(sure(revision["decision"] == "approved"), human(world, revision["decided_by"]))
    sections = compared(revision["sections_changed"], lambda keys: bool(MUST_HAVE["agreement"] & set(keys)))
    changed = either(
        compared(revision["targets_changed"], lambda count: count > 0),
        both(compared(revision["chars_changed"], lambda size: size >= 20), sections),
    )
    by_human = either(negated(sure(revision["is_bot"])), approved)
    return both(by_human, sure(revision["decision"] != "rejected"), changed)


def recent(world: World, text: str | None, days: float) -> Truth:
    return world.in_window(instant(text), days)


def review_is_shown(world: World, agreement: Row) -> Truth:
    """What `last_review_ref` proves."""
    ref = agreement["last_review_ref"]
    if ref is None:
        return F
    if ref.startswith("no change:"):
        return sure(ref.removeprefix("no change:").strip())
    if world.by_id("meeting", "meeting_id", ref) is not None:
        return world.aged(T, "meeting")
    for row in world.of("document_revision"):
        if ref == f"{row['doc_id']}@{row['version']}":
            return substantive(world, row) if row["doc_id"] == agreement["doc_id"] else F
    return world.unless_hidden(F, ("meeting", None), ("document_revision", None))


def reviewed(world: World, agreement: Row, days: float) -> Truth:
    stated = both(
        recent(world, agreement["last_review_at"], days),
        human(world, agreement["last_review_by"]),
        review_is_shown(world, agreement),
    )
    if agreement["doc_id"] is None:
        return stated
    revisions = [
        both(recent(world, row["at"], days), substantive(world, row))
        for row in world.of("document_revision")
        if row["doc_id"] == agreement["doc_id"]
    ]
    return either(stated, world.unless_hidden(either(*revisions), ("document_revision", None)))


def valid(cycle: Row) -> Truth:
    """A valid SLA cycle; unknown is the rubric's `undecided`."""
    if cycle["state"] is None:
        return U
    if cycle["state"] == "completed":
        return compared(cycle["elapsed_ms"], lambda elapsed: elapsed > 0)
    if cycle["in_calendar_now"] is not True or cycle["paused_now"] is None:
        return U
    return sure(not cycle["paused_now"])


ANSWERS_TO = {
    "first response": "incident_response",
    "respond": "incident_response",
    "resol": "resolution",
    "fulfil": "request_fulfilment",
    "change": "change_success",
}


def target_of_cycle(world: World, cycle: Row) -> dict[str, Truth]:
    """target_id -> the cycle counts for it; several candidates are undecided."""
    if cycle["target_id"] is not None:
        return {cycle["target_id"]: T}
    ticket = world.by_id("ticket", "ticket_id", cycle["ticket_id"])
    metrics = {metric for text, metric in ANSWERS_TO.items() if text in cycle["metric_name"].casefold()}
    services = None if ticket is None else ticket["service_ids"]
    candidates = [
        row["target_id"]
        for row in world.of("target")
        if row["origin"] in ("jsm", None)
        and (services is None or row["service_id"] in services)
        and (len(metrics) != 1 or row["metric"] is None or row["metric"] in metrics)
    ]
    only = next((row for row in world.of("target") if [row["target_id"]] == candidates), None)
    certain = services is not None and len(metrics) == 1 and only is not None
    certain = certain and None not in (only["origin"], only["metric"])
    return dict.fromkeys(candidates, T if certain else U)


def months_before(now: datetime, count: int, zone: str) -> list[tuple[datetime, datetime]]:
    """The last full calendar months, the latest first, as instants."""
    local = now.astimezone(ZoneInfo(zone))
    end = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = []
    for _ in range(count):
        start = (end - timedelta(days=1)).replace(day=1)
        found.append((start.astimezone(now.tzinfo), end.astimezone(now.tzinfo)))
        end = start
    return found
