"""From items to degrees, cells and levels in plain Python: a second opinion on the engine and the rule pack."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import plain_doc
import plain_pm
import plain_tool
from plain_doc import Item
from plain_world import T, World

Z, THIN_FLOOR, GATE = 1.645, 0.55, 0.5


@dataclass(frozen=True)
class Degree:
    """What an indicator comes to; `n` is None where the size is left open, `applies` false for NA."""

    lo: float
    point: float | None
    hi: float
    n: int | None = None
    applies: bool = True


UNKNOWN = Degree(0.0, None, 1.0)


def degree(lo: float, point: float | None, hi: float, goal: float, n: int | None = None) -> Degree:
    low, high = (round(min(max(x / goal, 0.0), 1.0), 9) for x in (lo, hi))
    middle = None if point is None else round(min(max(point / goal, low), high), 9)
    return Degree(low, middle, high, n)


def wilson(k: float, n: float, sign: int) -> float:
    p = k / n
    middle = p + Z * Z / (2 * n)
    spread = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
    return (middle + sign * spread) / (1 + Z * Z / n)


@dataclass
class Tally:
    """Parts that count and how many of them are good, in each estimate; unsure members apart."""

    n: int
    decided: tuple[int, int]
    low: tuple[float, int]
    high: tuple[float, int]


def tally(items: Sequence[Item], unseen: int = 0) -> Tally:
    """A member that may not belong is in the low estimate where it lowers it, in the high one where it raises it.

    Unseen members fail in the low estimate and pass in the high one.
    """
    certain = [part for item in items if not item.unsure for part in item.parts]
    decided = [part[0] for part in certain if part[0] == part[1]]
    low = (float(sum(part[0] for part in certain)), len(certain) + unseen)
    high = (float(sum(part[1] for part in certain)) + unseen, len(certain) + unseen)
    unsure = [item.parts for item in items if item.unsure]
    for parts in sorted(unsure, key=lambda parts: sum(p[0] for p in parts)):
        if low[1] and sum(p[0] for p in parts) / len(parts) < low[0] / low[1]:
            low = (low[0] + sum(p[0] for p in parts), low[1] + len(parts))
    for parts in sorted(unsure, key=lambda parts: -sum(p[1] for p in parts)):
        if high[1] and sum(p[1] for p in parts) / len(parts) > high[0] / high[1]:
            high = (high[0] + sum(p[1] for p in parts), high[1] + len(parts))
    return Tally(len(certain), (sum(decided), len(decided)), low, high)


def _ready(world: World, drawn: Sequence[tuple[str, str | None]]) -> bool:
    return all(world.answers(stream) and not world.stale(stream) for stream, _ in drawn)


def census(world: World, items: Sequence[Item], goal: float, drawn: Sequence[tuple[str, str | None]]) -> Degree:
    """A population or checklist: the interval comes from undecided and unseen members.

    Members that may not belong are no proof that there are none: alone they leave everything open.
    """
    if not _ready(world, drawn):
        return UNKNOWN
    counts = tally(items, world.denied(stream for stream, _ in drawn))
    if not counts.n:
        proven = not items and all(world.proven(*entry) for entry in drawn)
        return Degree(0.0, 0.0, 0.0, 0) if proven else UNKNOWN
    (good_lo, n_lo), (good_hi, n_hi), (good, n) = counts.low, counts.high, counts.decided
    point = good / n if n else None
    return degree(good_lo / n_lo, point, good_hi / n_hi, goal, counts.n)


def sample(world: World, windows: Sequence[Sequence[Item]], goal: float, min_n: int, drawn: Sequence[str]) -> Degree:
    """An event share: Wilson limits, windows widened until enough events are there; few events have no point."""
    if not _ready(world, [(stream, None) for stream in drawn]):
        return UNKNOWN
    items = next((window for window in windows if tally(window).n >= min_n), windows[-1])
    proven = all(world.proven(stream) for stream in drawn)
    counts = tally(items, world.denied(drawn))
    if not counts.n:
        return Degree(0.0, 0.0, 0.0, 0) if proven and not items else UNKNOWN
    (good_lo, n_lo), (good_hi, n_hi), (good, n) = counts.low, counts.high, counts.decided
    lo = wilson(good_lo, n_lo, -1)
    if proven and all(item.parts == (T,) for window in (items, windows[-1]) for item in window):
        lo = max(lo, THIN_FLOOR)
    point = good / n if n and counts.n >= min_n else None
    return degree(lo, point, wilson(good_hi, n_hi, 1), goal, counts.n)


def pm_2_4(world: World) -> Degree:
    """Valid cycles, each worth the mean completeness; nothing at all is not applicable."""
    goal, drawn = 0.8, ("sla_cycle", "sli_result", "target", "service")
    windows = [plain_pm.pm_2_4(world, days) for days in (90, 180, 365)]
    if not any(windows):
        ready = _ready(world, [(stream, None) for stream in drawn])
        proven = ready and all(world.proven(stream) for stream in drawn)
        return Degree(0.0, None, 1.0, 0, applies=not proven)
    return sample(world, windows, goal, 25, drawn)


def doc_1_1(world: World) -> Degree:
    if not _ready(world, [("agreement", None)]):
        return UNKNOWN
    lo, hi = plain_doc.doc_1_1(world)
    return Degree(float(lo), float(lo) if lo == hi else None, float(hi))


def pm_1_1(world: World) -> Degree:
    drawn = [("sli_result", None)]
    if plain_pm.anything_is_measured(world):
        return Degree(0.0, 0.0, 0.0) if _ready(world, drawn) else UNKNOWN
    shown = _ready(world, drawn) and all(world.proven(*entry) for entry in drawn)
    return Degree(1.0, 1.0, 1.0) if shown else UNKNOWN


def tool_1_1(world: World) -> Degree:
    if not _ready(world, [("service", None)]):
        return UNKNOWN
    lo, hi = plain_tool.tool_1_1(world)
    unseen = world.denied(["service"])
    return Degree(lo / (1 + unseen), float(lo) if lo == hi else None, (hi + unseen) / (1 + unseen), 1)


def events_if_any(
    world: World, windows: Sequence[Sequence[Item]], goal: float, min_n: int, drawn: Sequence[str]
) -> Degree:
    """A sample of events that does not apply where it is proven that there are none."""
    ready = _ready(world, [(stream, None) for stream in drawn])
    if not any(windows) and ready and all(world.proven(stream) for stream in drawn):
        return Degree(0.0, None, 1.0, 0, applies=False)
    return sample(world, windows, goal, min_n, drawn)


POPULATION = [("agreement", "SLA"), ("document", "agreement"), ("document", "catalogue"), ("service", None)]
OUTPUTS = ("report_delivery", "report_schedule", "dashboard", "document", "document_revision")
READS = {
    "DOC": ("service", "agreement", "document", "document_revision", "target", "ticket", "person", "meeting"),
    "PM": ("service", "agreement", "target", "sli_result", "sla_cycle", "ticket", "source_run"),
    "TOOL": ("service", "target", "sli_result", "sla_cycle", "ticket", *OUTPUTS),
}


def indicators(zone: str) -> dict[str, Callable[[World], Degree]]:
    months, days = (3, 6, 12), (90, 180, 365)
    service = [("service", None)]
    return {
        "DOC-1.1": doc_1_1,
        "DOC-2.1": lambda w: census(w, plain_doc.doc_2_1(w), 1.0, service),
        "DOC-2.2": lambda w: census(w, plain_doc.doc_2_2(w), 1.0, POPULATION),
        "DOC-2.3": lambda w: census(w, plain_doc.doc_2_3(w), 0.9, POPULATION),
        "DOC-2.4": lambda w: census(w, plain_doc.doc_2_4(w), 0.9, POPULATION),
        "PM-1.1": pm_1_1,
        "PM-2.1": lambda w: census(w, plain_pm.pm_2_1(w, zone), 0.85, service),
        "PM-2.2": lambda w: census(w, plain_pm.pm_2_2(w), 0.85, service),
        "PM-2.3": lambda w: sample(
            w, [plain_pm.pm_2_3(w, zone, count) for count in months], 0.85, 3, ("target", "service")
        ),
        "PM-2.4": pm_2_4,
        "TOOL-1.1": tool_1_1,
        "TOOL-1.2": lambda w: events_if_any(
            w, [plain_tool.tool_1_2(w, back) for back in days], 1.0, 3, ["report_delivery"]
        ),
        "TOOL-2.1": lambda w: census(w, plain_tool.tool_2_1(w), 1.0, service),
        "TOOL-2.2": lambda w: census(w, plain_tool.tool_2_2(w), 0.8, service),
        "TOOL-2.3": lambda w: events_if_any(w, [plain_tool.tool_2_3(w, back) for back in days], 0.8, 25, ["sla_cycle"]),
    }


def judged(world: World, indicator: str, rule: Callable[[World], Degree]) -> Degree:
    """The rule with all rows, and what self-declared rows may add to it."""
    full = rule(world.with_observed_services())
    cap = world.weakest(READS[indicator.split("-")[0]])
    if cap == 1.0:
        return full
    alone = rule(world.strong().with_observed_services())
    if not full.applies:
        return alone
    if not alone.applies:
        capped = (None if x is None else min(x, cap) for x in (full.lo, full.point, full.hi))
        return Degree(*capped, full.n)
    points = [alone.point, None if full.point is None else min(cap, full.point)]
    known = [point for point in points if point is not None]
    lo, hi = max(alone.lo, min(cap, full.lo)), max(alone.hi, min(cap, full.hi))
    return Degree(lo, min(max(*known, lo), hi) if known else None, hi, full.n)


@dataclass(frozen=True)
class Cell:
    lo: float
    point: float | None
    hi: float


def cell(core: Sequence[Degree], supporting: Sequence[Degree]) -> Cell:
    """Weighted mean, core 4 and supporting 1, stopped by the gate."""
    entries = [(4, d) for d in core if d.applies] + [(1, d) for d in supporting if d.applies]
    cores = [d for d in core if d.applies]

    def mean(pairs: Sequence[tuple[int, float]], gates: Sequence[float]) -> float:
        value = round(sum(w * x for w, x in pairs) / sum(w for w, _ in pairs), 9)
        return min(value, GATE) if any(round(x, 9) <= GATE for x in gates) else value

    lo = mean([(w, d.lo) for w, d in entries], [d.lo for d in cores])
    hi = mean([(w, d.hi) for w, d in entries], [d.hi for d in cores])
    known = [d for d in cores if d.point is not None]
    usable = len(known) >= 0.7 * len(cores) and all(d.point is not None or d.lo > GATE for d in cores)
    pairs = [(w, d.point) for w, d in entries if d.point is not None]
    return Cell(lo, min(max(mean(pairs, [d.point for d in known]), lo), hi) if usable else None, hi)


def letter(value: float) -> str:
    return "N" if value <= 0.15 else "P" if value <= 0.5 else "L" if value <= 0.85 else "F"


def levels(second: Cell) -> tuple[int, int | None, int]:
    """confirmed, point and possible level when cells 3 to 5 are open; a wholly unknown cell 2 has no point level."""
    confirmed = 2 if letter(second.lo) in "LF" else 1
    possible = 5 if letter(second.hi) == "F" else 2 if letter(second.hi) == "L" else 1
    if second == Cell(0.0, None, 1.0):
        return 1, None, possible
    point = 2 if second.point is not None and letter(second.point) in "LF" else 1
    return confirmed, min(max(point, confirmed), possible), possible
