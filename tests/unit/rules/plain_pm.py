"""PM levels 1 and 2 in plain Python: target-months, covers, cycles, data quality."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from plain_doc import Item
from plain_terms import major_services, months_before, target_of_cycle, valid
from plain_world import F, Row, T, Truth, U, World, both, compared, either, instant, sure

COVER_MIN, COMPLETE_MIN, CYCLES_MIN, TIMELY_MIN, LATE_D = 0.9, 0.8, 5, 0.8, 15
TOOL_ORIGINS = ("jsm", "slo", "zabbix_sla", "config")
Span = tuple[datetime, datetime]


def anything_is_measured(world: World) -> bool:
    """Some target, known or not, has a result of the last 90 days."""
    return any(_ends_in(world, row, 90) for row in world.of("sli_result"))


def _results(world: World, target: Row) -> list[Row]:
    return [row for row in world.of("sli_result") if row["target_id"] == target["target_id"]]


def periods(world: World) -> list[Row]:
    """Results, one per target and period: the auditor's own computation before the system's.

    It was computed when the first of them was.
    """
    if "periods" not in world.known:
        world.known["periods"] = _merged(world)
    merged: list[Row] = world.known["periods"]
    return merged


def _merged(world: World) -> list[Row]:
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in world.of("sli_result"):
        found.setdefault((row["target_id"], row["period_start"], row["period_end"]), []).append(row)
    merged = []
    for rows in found.values():
        first = min((row["computed_at"] for row in rows if row["computed_at"]), key=instant, default=None)
        chosen = next((row for row in rows if row["computed_by"] == "auditor"), rows[0])
        merged.append({**chosen, "computed_at": first})
    return merged


def _periods_of(world: World, target: Row) -> list[Row]:
    return [row for row in periods(world) if row["target_id"] == target["target_id"]]


def _ends_in(world: World, row: Row, days: float) -> bool:
    return world.ago(days) < instant(row["period_end"]) <= world.now


def _span(row: Row) -> Span:
    return instant(row["period_start"]), instant(row["period_end"])


def cover(rows: list[Row], starts: datetime, ends: datetime, unknown: float) -> float:
    """Share of the time that rows cover, each instant with its highest completeness."""
    edges = sorted({starts, ends, *(edge for row in rows for edge in _span(row) if starts < edge < ends)})
    covered = 0.0
    for left, right in pairwise(edges):
        there = [row for row in rows if _span(row)[0] <= left and right <= _span(row)[1]]
        best = max((unknown if row["completeness"] is None else row["completeness"] for row in there), default=0.0)
        covered += best * (right - left).total_seconds()
    return covered / (ends - starts).total_seconds()


def pm_2_1(world: World, zone: str) -> list[Item]:
    months = months_before(world.now, 3, zone)
    starts, ends = months[-1][0], months[0][1]
    items = []
    for service_id, member in major_services(world).items():
        found = []
        for target in world.of("target"):
            if target["service_id"] == service_id:
                rows = [row for row in _results(world, target) if row["met"] is not None]
                measured = (
                    int(cover(rows, starts, ends, 0.0) >= COVER_MIN - 1e-12),
                    int(cover(rows, starts, ends, 1.0) >= COVER_MIN - 1e-12),
                )
                asked = compared(target["metric"], lambda metric: metric == "availability")
                found.append(both(asked, world.unless_hidden(measured, ("sli_result", None))))
        met = world.unless_hidden(either(*found), ("target", None))
        items.append(Item(service_id, (U if member == U else met,)))
    return items


def _enough_cycles(world: World, target: Row) -> Truth:
    good = bad = doubtful = 0
    for cycle in world.of("sla_cycle"):
        counts = target_of_cycle(world, cycle).get(target["target_id"], F)
        counts = both(counts, world.in_window(instant(cycle["started"]), 90))
        verdict = valid(cycle)
        if counts == F or (counts == U and verdict == F):
            continue
        if counts == U or verdict == U:
            doubtful += 1
        elif verdict == T:
            good += 1
        else:
            bad += 1
    surely = good >= CYCLES_MIN and 2 * good >= good + bad
    best = good + doubtful
    possibly = surely or (best >= CYCLES_MIN and 2 * best >= best + bad)
    return world.unless_hidden((int(surely), int(possibly)), ("sla_cycle", None))


def pm_2_2(world: World) -> list[Item]:
    items = []
    for service_id, member in major_services(world).items():
        found = []
        for target in world.of("target"):
            if target["service_id"] == service_id:
                rows = [row for row in _results(world, target) if _ends_in(world, row, 90) and row["met"] is not None]
                measured = either(*(compared(row["completeness"], lambda part: part >= COMPLETE_MIN) for row in rows))
                measured = world.unless_hidden(measured, ("sli_result", None))
                wanted = ("incident_response", "resolution", "latency")
                asked = compared(target["metric"], lambda metric, wanted=wanted: metric in wanted)
                found.append(both(asked, either(measured, _enough_cycles(world, target))))
        met = world.unless_hidden(either(*found), ("target", None))
        items.append(Item(service_id, (U if member == U else met,)))
    return items


def counted_targets(world: World) -> list[tuple[Row, Truth]]:
    """Targets whose months count, with how sure that is."""
    major = major_services(world)
    found = []
    for target in world.of("target"):
        if major.get(target["service_id"]) != T:
            continue
        measurable = sure(target["tool_measurable"])
        if target["tool_measurable"] is None:
            unmeasured = ("satisfaction", "workload_limit", "other")
            measurable = compared(target["metric"], lambda metric, no=unmeasured: metric not in no)
        doc = both(sure(target["origin"] == "doc"), measurable, sure(not target["bound_to"]))
        counts = U if target["origin"] is None else either(sure(target["origin"] in TOOL_ORIGINS), doc)
        if counts != F:
            found.append((target, counts))
    return found


def approval(world: World, target: Row) -> tuple[datetime | None, bool]:
    """approved_at of the target's agreement, else of the agreement of a document target that is bound to it.

    Without either also whether an agreement is named that is not among the evidence.
    """
    bound_from = [
        row["agreement_id"]
        for row in world.of("target")
        if row["origin"] == "doc" and target["target_id"] in (row["bound_to"] or [])
    ]
    unseen = False
    for names in ([target["agreement_id"]], bound_from):
        rows = [(name, world.by_id("agreement", "agreement_id", name)) for name in names if name is not None]
        approved = [instant(row["approved_at"]) for _, row in rows if row is not None and row["approved_at"]]
        if approved:
            return min(approved), False
        unseen = unseen or any(row is None for _, row in rows)
    return None, unseen


def _belongs(row: Row, month: Span) -> bool:
    """The month contains the period, or its midpoint."""
    starts, ends = _span(row)
    middle = starts + (ends - starts) / 2
    return month[0] <= middle < month[1]


def _counts_from(world: World, target: Row, month: Span) -> Truth:
    """From the first full month after the approval; without one from the month of the first result."""
    approved, unseen = approval(world, target)
    if approved is not None:
        return sure(month[0] >= approved)
    spans = [_span(row) for row in _periods_of(world, target)]
    measured = any(starts + (ends - starts) / 2 < month[1] for starts, ends in spans)
    return T if measured else U if unseen else F


def _has_result(rows: list[Row], month: Span) -> bool:
    spans = sorted(_span(row) for row in rows)
    if any(ends - starts >= timedelta(days=27) for starts, ends in spans):
        return True
    lasting, reached = timedelta(), None
    for starts, ends in spans:
        first = starts if reached is None or starts > reached else reached
        if ends > first:
            lasting += ends - first
            reached = ends
    return lasting >= COVER_MIN * (month[1] - month[0])


def _on_time(row: Row) -> bool:
    computed = instant(row["computed_at"])
    return computed is not None and computed <= _span(row)[1] + timedelta(days=LATE_D)


def pm_2_3(world: World, zone: str, count: int) -> list[Item]:
    """Target-months of the last full months."""
    months = months_before(world.now, count, zone)
    cells: list[tuple[str, Truth, list[Row], Span]] = []
    for target, counts in counted_targets(world):
        usable = [row for row in _periods_of(world, target) if row["actual"] is not None and row["met"] is not None]
        for number, month in enumerate(months):
            expected = both(counts, _counts_from(world, target, month))
            if expected != F:
                rows = [row for row in usable if _belongs(row, month)]
                cells.append((f"{target['target_id']}/{number}", expected, rows, month))
    every = [row for *_, rows, _ in cells for row in rows]
    timely = [row for row in every if _on_time(row)]
    strict = len(timely) < TIMELY_MIN * len(every)
    items = []
    for name, counts, rows, month in cells:
        kept = [row for row in rows if _on_time(row)] if strict else rows
        met = world.unless_hidden(sure(_has_result(kept, month)), ("sli_result", None))
        items.append(Item(name, (met,), unsure=counts == U))
    return items


def pm_2_4(world: World, days: float) -> list[Item]:
    """Cycles that started in the window, valid ones worth the mean completeness; without cycles the results.

    Of the valid cycles as large a part is open as of the results is silent; the others are worth the mean of the rest.
    """
    major = major_services(world)
    targets = {row["target_id"] for row in world.of("target") if major.get(row["service_id"]) == T}
    shares = [
        row["completeness"] for row in periods(world) if row["target_id"] in targets and _ends_in(world, row, days)
    ]
    cycles = [row for row in world.of("sla_cycle") if world.in_window(instant(row["started"]), days) == T]
    if not cycles:
        proven = world.proven("sla_cycle")
        bounds = [(share, share) if proven and share is not None else U for share in shares]
        return [Item(f"result {n}", (bound,)) for n, bound in enumerate(bounds)]
    known = [share for share in shares if share is not None]
    mean = sum(known) / len(known) if known else 0.0
    verdicts = [valid(row) for row in cycles]
    if all(verdict == U for verdict in verdicts):
        best = (sum(known) + len(shares) - len(known)) / len(shares) if shares else 1
        return [Item(f"cycle {n}", ((0, best),)) for n in range(len(verdicts))]
    good, bad = verdicts.count(T), verdicts.count(F)
    silent = good * (len(shares) - len(known)) / len(shares) if shares else float(good)
    items = [Item(f"bad {n}", (F,)) for n in range(bad)]
    for n in range(good):
        part = round(min(1.0, max(0.0, silent - n)), 9)
        items.append(Item(f"good {n}", (((1 - part) * mean, (1 - part) * mean + part),)))
    return items
