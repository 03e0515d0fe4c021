"""Staged levels: confirmed, point and possible, and what may be said of a dimension at all (rubric 3.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from auditor.assess.blockers import blockers_of
from auditor.assess.intervals import LARGELY, rounded
from auditor.model.assessment import CellResult, DimensionResult, Observation
from auditor.model.rubric import LEVELS, Dimension, RulePack
from auditor.model.truth import Rating

LOWER_CELLS = "lower_cells_min"
"""Parameter of a pack: the rating that every cell below a level needs, F (default) or L+."""

_ENOUGH: Mapping[str, frozenset[Rating]] = {
    "F": frozenset({Rating.F}),
    "L+": frozenset({Rating.L_PLUS, Rating.F}),
}
_ACHIEVED = frozenset("LF")


@dataclass(frozen=True, slots=True)
class Staged:
    """A level and the cell that has to become better before the next one; None when there is no next one."""

    level: int
    stops_at: int | None


def lower_cells_min(pack: RulePack) -> frozenset[Rating]:
    """The ratings that cells below a level may have."""
    parameter = pack.parameters.get(LOWER_CELLS)
    return _ENOUGH[str(parameter.value) if parameter else "F"]


def staged(
    cells: Sequence[CellResult], rating: Callable[[CellResult], Rating | None], enough: frozenset[Rating]
) -> Staged:
    """Climb from level 1 while cells carry.

    Level n is achieved when cell n is L or F and every cell below is good enough. A cell that is not applicable counts
    as good enough; two of them in a row stop the dimension at the last cell that was rated.

    Args:
        cells: of levels 1 to 5.
        rating: which of a cell's ratings counts.
        enough: ratings that carry the next level.
    """
    level, last_rated, idle = LEVELS[0], LEVELS[0], False
    for cell in cells[1:]:
        if cell.status == "not-applicable":
            if idle:
                return Staged(last_rated, cell.level)
            level, idle = cell.level, True
            continue
        idle, found = False, rating(cell)
        if found is None or found.letter not in _ACHIEVED:
            return Staged(level, cell.level)
        level = last_rated = cell.level
        if found not in enough and cell.level != LEVELS[-1]:
            return Staged(level, cell.level)
    return Staged(level, None)


def level_of(
    dimension: Dimension,
    cells: tuple[CellResult, ...],
    observations: Mapping[str, Observation],
    enough: frozenset[Rating],
) -> DimensionResult:
    """The level of one dimension from its five cells.

    Args:
        dimension: its definition.
        cells: of levels 1 to 5.
        observations: by indicator id.
        enough: see `staged`.
    """
    confirmed = staged(cells, lambda cell: cell.rating_lo, enough)
    possible = staged(cells, _rating_hi, enough)
    point = staged(cells, lambda cell: cell.rating_point, enough)
    why_not = _why_not_assessed(cells, observations)
    second = cells[1]
    proven = second.status == "rated" and rounded(second.degree.hi) <= LARGELY
    return DimensionResult(
        code=dimension.code,
        title=dimension.title,
        assessed=why_not is None,
        why_not_assessed=why_not,
        confirmed=LEVELS[0] if why_not else confirmed.level,
        point=None if why_not else min(max(point.level, confirmed.level), possible.level),
        possible=possible.level,
        level_1_is_proven=proven,
        cells=cells,
        blockers=blockers_of(cells, confirmed.stops_at, observations),
        unbanked=_unbanked(cells, confirmed.stops_at),
    )


def _rating_hi(cell: CellResult) -> Rating | None:
    """The best rating that is not excluded; nothing is excluded where nothing was asked."""
    return Rating.F if cell.status == "not-assessed" else cell.rating_hi


def _unbanked(cells: Sequence[CellResult], stops_at: int | None) -> tuple[int, ...]:
    if stops_at is None:
        return ()
    above = (cell for cell in cells if cell.level > stops_at and cell.rating_lo is not None)
    return tuple(cell.level for cell in above if cell.rating_lo is not None and cell.rating_lo.letter in _ACHIEVED)


def _why_not_assessed(cells: Sequence[CellResult], observations: Mapping[str, Observation]) -> str | None:
    """Why no level may be shown: nothing is known about the first cell that applies."""
    first = next((cell for cell in cells[1:] if cell.status != "not-applicable"), None)
    if first is None or first.level > LEVELS[2]:
        return "nothing that levels 2 and 3 ask about applies here"
    if first.status == "not-assessed":
        return f"the rule pack has no indicators for level {first.level}"
    if first.status != "unknown":
        return None
    found = (note.detail for indicator in first.indicators for note in observations[indicator].reasons)
    details = sorted(set(found))
    return f"nothing is known about level {first.level}" + (f": {'; '.join(details[:3])}" if details else "")
