"""TOOL levels 1 and 2 in plain Python: results and clocks, reports and views of services."""

from __future__ import annotations

from datetime import datetime, timedelta

from plain_doc import Item
from plain_terms import classified, in_scope, major_services, target_of_cycle, valid
from plain_world import F, Row, T, Truth, U, World, both, compared, either, instant, negated, sure

COMPLETE_MIN, CYCLES_MIN = 0.8, 5


def _ended(world: World, row: Row, days: float) -> Truth:
    return sure(world.ago(days) < instant(row["period_end"]) <= world.now)


def _by_system(row: Row) -> Truth:
    return compared(row["computed_by"], lambda maker: maker == "system")


def _is_of(service_id: str | None, wanted: str) -> Truth:
    return U if service_id is None else sure(service_id == wanted)


def _service_of(world: World, row: Row) -> str | None:
    """Service of the target of a result; None: not known."""
    target = world.by_id("target", "target_id", row["target_id"])
    return None if target is None else target["service_id"]


def _services_of(world: World, cycle: Row) -> list[str] | None:
    ticket = world.by_id("ticket", "ticket_id", cycle["ticket_id"])
    return None if ticket is None else ticket["service_ids"]


def _live(world: World, service_id: str | None) -> Truth:
    """Whether an id names a live service; one that nobody lists may, while the list is not complete."""
    if service_id is None:
        return U
    row = world.by_id("service", "service_id", service_id)
    return world.unless_hidden(F, ("service", None)) if row is None else in_scope(row)


def tool_1_1(world: World) -> Truth:
    """Shown that no service of S has a result that a system computed, or a valid clock."""
    found = []
    for row in world.of("sli_result"):
        service = _service_of(world, row)
        measured = both(_ended(world, row, 90), _by_system(row), _live(world, service))
        found.append(world.aged(measured, "sli_result"))
    for cycle in world.of("sla_cycle"):
        # A clock of a ticket that names no service is shown before it is concluded that nothing is measured.
        named = [_live(world, name) for name in _services_of(world, cycle) or [None]]
        started = world.in_window(instant(cycle["started"]), 90)
        found.append(both(started, valid(cycle), either(*named)))
    measured = world.unless_hidden(either(*found), ("sli_result", None), ("sla_cycle", None))
    return negated(measured)


def _may_be_of(world: World, cycle: Row, target_id: str) -> Truth:
    """A clock of nobody knows which service may be of any target that ticket clocks stand for."""
    if cycle["target_id"] is None and _services_of(world, cycle) is None:
        target = world.by_id("target", "target_id", target_id)
        return U if target is not None and target["origin"] in ("jsm", None) else F
    return target_of_cycle(world, cycle).get(target_id, F)


def tool_1_2(world: World, days: float) -> list[Item]:
    """Reported figures, by hand where people alone report them and no tool measures the target."""
    reported: dict[str, list[Row]] = {}
    for row in world.of("report_delivery"):
        moment = instant(row["delivered_at"] or row["due_at"])
        if world.ago(days) <= moment <= world.now:
            for target in row["values"] or {}:
                reported.setdefault(target, []).append(row)
    items = []
    for target, rows in reported.items():
        by_hand = both(*(compared(row["generated_by"], lambda maker: maker == "human") for row in rows))
        by_tool = sure(any(row["generated_by"] == "system" for row in rows))
        measured = [
            both(_ended(world, row, days), _by_system(row))
            for row in world.of("sli_result")
            if row["target_id"] == target
        ]
        clocks = [
            both(
                _may_be_of(world, cycle, target),
                world.in_window(instant(cycle["started"]), days),
                valid(cycle),
            )
            for cycle in world.of("sla_cycle")
        ]
        tool = world.unless_hidden(either(*measured, *clocks), ("sli_result", None), ("sla_cycle", None))
        items.append(Item(target, (both(by_hand, negated(either(by_tool, tool))),)))
    return items


def tool_2_1(world: World) -> list[Item]:
    items = []
    for service_id, member in major_services(world).items():
        results = []
        for row in world.of("sli_result"):
            service = _service_of(world, row)
            complete = compared(row["completeness"], lambda part: part >= COMPLETE_MIN)
            ended = both(_ended(world, row, 30), complete)
            is_open = instant(row["period_start"]) < world.now < instant(row["period_end"])
            results.append(both(U if is_open else ended, _is_of(service, service_id)))
        good = possible = 0
        for cycle in world.of("sla_cycle"):
            names = _services_of(world, cycle)
            of_it = U if names is None else sure(service_id in names)
            runs = both(of_it, valid(cycle), world.in_window(instant(cycle["started"]), 30))
            good, possible = good + runs[0], possible + runs[1]
        clocks = (int(good >= CYCLES_MIN), int(possible >= CYCLES_MIN))
        met = either(
            world.unless_hidden(either(*results), ("sli_result", None)),
            world.unless_hidden(clocks, ("sla_cycle", None)),
        )
        items.append(Item(service_id, (U if member == U else met,)))
    return items


def _delivered(world: World, row: Row) -> Truth:
    """A system's report that was delivered in the window."""
    status = row["status"]
    if status in (None, "unknown"):
        arrived = U
    elif status == "delivered":
        arrived = U if row["delivered_at"] is None else T
    else:
        arrived = sure(status == "late" and row["delivered_at"] is not None)
    moment = row["due_at"] if status in (None, "unknown") else row["delivered_at"] or row["due_at"]
    made = compared(row["generated_by"], lambda maker: maker == "system")
    return both(arrived, made, world.in_window(instant(moment), 90))


def _names(ids: list[str] | None, service_id: str) -> Truth:
    return compared(ids, lambda names: service_id in names)


def _published(world: World, document: Row) -> Truth:
    """A current report page whose last revision is a pipeline's and of the window."""
    stated = T if document["kind_conf"] is None else classified(document["kind_conf"])
    current = compared(document["status"], lambda status: status == "current")
    revisions = [row for row in world.of("document_revision") if row["doc_id"] == document["doc_id"]]
    at = {id(row): instant(row["at"]) for row in revisions}
    seen = [row for row in revisions if at[id(row)] is None or at[id(row)] <= world.now]
    if not seen:
        return both(stated, current, world.unless_hidden(F, ("document_revision", None)))
    dated: list[datetime] = [moment for row in seen if (moment := at[id(row)]) is not None]
    last = [row for row in seen if at[id(row)] is None or at[id(row)] == max(dated)]
    each = [both(_bot(row), world.in_window(at[id(row)], 90)) for row in last]
    surely = bool(dated) and max(dated) >= world.now - timedelta(days=90) and all(row["is_bot"] for row in last)
    return both(stated, current, (int(surely), max(verdict[1] for verdict in each)))


def _bot(row: Row) -> Truth:
    return sure(row["is_bot"])


def _shows(world: World, board: Row, service_id: str) -> Truth:
    """A dashboard with a target of the service that is live or was changed in the window."""
    kept = either(sure(board["live"]), world.in_window(instant(board["updated"]), 90))
    if board["target_ids"] is None:
        return both(kept, U)
    shown = []
    for name in board["target_ids"]:
        target = world.by_id("target", "target_id", name)
        unseen = world.unless_hidden(F, ("target", None))
        shown.append(unseen if target is None else _is_of(target["service_id"], service_id))
    return both(kept, either(*shown))


def tool_2_2(world: World) -> list[Item]:
    items = []
    for service_id, member in major_services(world).items():
        deliveries = []
        for row in world.of("report_delivery"):
            schedule = world.by_id("report_schedule", "report_id", row["report_id"])
            ids = None if schedule is None else schedule["service_ids"]
            deliveries.append(both(_delivered(world, row), _names(ids, service_id)))
        pages = [
            both(_published(world, row), _names(row["service_ids"], service_id))
            for row in world.of("document")
            if row["kind"] == "report"
        ]
        boards = [_shows(world, board, service_id) for board in world.of("dashboard")]
        met = either(
            world.unless_hidden(either(*deliveries), ("report_delivery", None)),
            world.unless_hidden(either(*pages), ("document", "report")),
            world.unless_hidden(either(*boards), ("dashboard", None), ("target", None)),
        )
        items.append(Item(service_id, (U if member == U else met,)))
    return items


def tool_2_3(world: World, days: float) -> list[Item]:
    """Cycles of the window that can be decided; without one of them those that are there, which decide nothing."""
    cycles = [row for row in world.of("sla_cycle") if world.in_window(instant(row["started"]), days) != F]
    decided = [Item(f"{n}", (valid(row),), row["started"] is None) for n, row in enumerate(cycles) if valid(row) != U]
    return decided or [Item(f"{n}", (U,), unsure=True) for n in range(len(cycles))]
