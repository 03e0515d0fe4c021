"""DOC levels 1 and 2 in plain Python."""

from __future__ import annotations

from dataclasses import dataclass

from plain_terms import (
    active_person,
    classified,
    document_is_unseen,
    document_of,
    in_force,
    major_services,
    names,
    recent,
    reviewed,
)
from plain_world import F, Row, T, Truth, U, World, both, compared, either, instant, negated, sure

SHADOW_SHARE, PLACEHOLDER_MAX, MAX_AGE_D, DOC_SCAN_MIN = 0.05, 0.05, 730, 50


@dataclass
class Item:
    """One member of a population with the parts it is checked for, and whether it is a member for sure."""

    name: str
    parts: tuple[Truth, ...]
    unsure: bool = False


def _clean(document: Row | None) -> Truth:
    return T if document is None else compared(document["placeholder_ratio"], lambda part: part <= PLACEHOLDER_MAX)


def found_sla(world: World, service_id: str, *, unseen: Truth | None = None) -> Truth:
    """Whether one of the SLAs that were found covers the service; `unseen`: what a missing document makes of one."""
    found = []
    for row in world.of("agreement"):
        if row["kind"] == "SLA":
            document, current = document_of(world, row)
            if unseen is not None and document_is_unseen(world, row):
                current = unseen
            clean = _clean(document)
            found.append(
                both(in_force(world, row, current), classified(row["kind_conf"]), names(row, service_id), clean)
            )
    return either(*found)


def covering_sla(world: World, service_id: str) -> Truth:
    return world.unless_hidden(found_sla(world, service_id), ("agreement", "SLA"))


def _section(document: Row, key: str) -> Truth:
    sections = document["sections_found"]
    return U if sections is None else sure(sections.get(key, False))


def is_catalogue_of(document: Row, service_id: str) -> Truth:
    """A document whose source states its kind without a confidence is taken at its word."""
    if document["kind"] != "catalogue":
        return F
    return both(
        compared(document["status"], lambda value: value == "current"),
        classified(1.0 if document["kind_conf"] is None else document["kind_conf"]),
        names(document, service_id),
        _section(document, "service_levels"),
        _clean(document),
    )


def covering_catalogue(world: World, service_id: str) -> Truth:
    found = either(*(is_catalogue_of(row, service_id) for row in world.of("document")))
    return world.unless_hidden(found, ("document", "catalogue"))


def _measurable(target: Row) -> bool:
    return target["value"] is not None and target["unit"] is not None


def has_target(world: World, service_id: str) -> Truth:
    found = sure(any(row["service_id"] == service_id and _measurable(row) for row in world.of("target")))
    return world.unless_hidden(found, ("target", None))


def shadow_services(world: World) -> list[Item]:
    known = {row["service_id"] for row in world.of("service")}
    tickets = [row for row in world.of("ticket") if world.in_window(instant(row["created"]), 90) == T]
    standing: dict[str, int] = {}
    for ticket in tickets:
        for name in set(ticket["service_ids"] or []) - known:
            standing[name] = standing.get(name, 0) + 1
    hi = 0 if world.proven("service") and not world.stale("ticket") else 1
    return [Item(name, ((0, hi),)) for name, count in standing.items() if count > SHADOW_SHARE * len(tickets)]


def _cites_aged_rows(world: World, service_id: str) -> bool:
    """A verdict that cites a row of a pull that is too old is open, even where another part decides it."""
    stated = any(row["service_id"] == service_id and _measurable(row) for row in world.of("target"))
    listed = either(*(is_catalogue_of(row, service_id) for row in world.of("document"))) != F
    agreed = found_sla(world, service_id, unseen=U) != F
    return (
        (stated and world.stale("target"))
        or (listed and world.stale("document"))
        or (agreed and world.stale("agreement"))
    )


def doc_2_1(world: World) -> list[Item]:
    items = []
    for service_id, member in major_services(world).items():
        cover = either(covering_sla(world, service_id), covering_catalogue(world, service_id))
        open_anyway = member == U or _cites_aged_rows(world, service_id)
        met = U if open_anyway else both(cover, has_target(world, service_id))
        items.append(Item(service_id, (met,)))
    return items + shadow_services(world)


@dataclass
class Member:
    """A document of the population of DOC-2.2: an SLA or a catalogue document."""

    row: Row
    is_sla: bool
    unsure: bool

    @property
    def name(self) -> str:
        return str(self.row["agreement_id" if self.is_sla else "doc_id"])

    def item(self, *parts: Truth) -> Item:
        return Item(self.name, parts, self.unsure)


def members(world: World) -> list[Member]:
    """Active SLAs that name a service of M, and catalogue documents that alone cover one.

    A field that is unknown or a document that is not there makes membership doubtful, as a doubtful kind does.
    """
    if "members" not in world.known:
        world.known["members"] = _members(world)
    found: list[Member] = world.known["members"]
    return found


def _members(world: World) -> list[Member]:
    major = major_services(world)
    found = []
    for row in world.of("agreement"):
        names_one = either(*(both(member, names(row, name)) for name, member in major.items()))
        current = U if document_is_unseen(world, row) else document_of(world, row)[1]
        belongs = both(in_force(world, row, current), names_one, classified(row["kind_conf"]))
        if row["kind"] == "SLA" and belongs != F:
            found.append(Member(row, True, belongs == U))
    for row in world.of("document"):
        alone = either(
            *(
                both(member, is_catalogue_of(row, name), negated(found_sla(world, name, unseen=U)))
                for name, member in major.items()
            )
        )
        if alone != F:
            found.append(Member(row, False, alone == U))
    return found


def doc_2_2(world: World) -> list[Item]:
    items = []
    for member in members(world):
        row = member.row
        if member.is_sla:
            own = sure(any(t["agreement_id"] == row["agreement_id"] and _measurable(t) for t in world.of("target")))
            parties = sure(row["provider"] is not None and row["consumer"] is not None)
        else:
            ids = row["service_ids"] or []
            own = sure(any(t["service_id"] in ids and _measurable(t) for t in world.of("target")))
            parties = both(_section(row, "owner"), _section(row, "users"))
        named = compared(row["service_ids"], bool)
        items.append(member.item(named, world.unless_hidden(own, ("target", None)), parties))
    return items


def doc_2_3(world: World) -> list[Item]:
    items = []
    for member in members(world):
        document: Row | None = member.row
        missing = F
        if member.is_sla:
            document, current = document_of(world, member.row)
            missing = current if document_is_unseen(world, member.row) else F
        if document is None:
            met = missing
        else:
            source = next(s for s in world.sources if s["source_id"] == document["_source"])
            versioned = sure("document_revision" in source["streams"])
            met = both(versioned, active_person(world, document["owner"]))
        items.append(member.item(met))
    return items


def _last_edit(world: World, doc_id: str) -> Truth:
    edits = [
        both(
            recent(world, row["at"], MAX_AGE_D),
            negated(sure(row["is_bot"])),
            sure(row["decision"] != "rejected"),
            compared(row["chars_changed"], lambda size: size >= 20),
        )
        for row in world.of("document_revision")
        if row["doc_id"] == doc_id
    ]
    return world.unless_hidden(either(*edits), ("document_revision", None))


def doc_2_4(world: World) -> list[Item]:
    return [
        member.item(
            reviewed(world, member.row, MAX_AGE_D) if member.is_sla else _last_edit(world, member.row["doc_id"])
        )
        for member in members(world)
    ]


def doc_1_1(world: World) -> Truth:
    """Shown that no agreement exists: true, false (there is one), or unknown."""
    found = []
    for row in world.of("agreement"):
        document = world.by_id("document", "doc_id", row["doc_id"])
        if row["doc_id"] is None:
            kept = T
        elif document is None:
            kept = U
        else:
            kept = compared(document["status"], lambda value: value != "archived")
        found.append(both(classified(row["kind_conf"]), kept))
    there_is_one = either(*found)
    sources = world.answering("agreement")
    sound = bool(sources) and all(
        source["status"] == "ok" and not source["denied"] and not world.is_stale(source) for source in sources
    )
    scanned = len(world.of("document")) >= DOC_SCAN_MIN or world.proven("agreement")
    return negated(there_is_one) if sound and scanned else (0, 1 - there_is_one[0])
