"""Rating cells: weighted means of degrees, the core gate, and the ratings N, P, L, F (rubric 3.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Literal, TypeAlias

from auditor.assess.intervals import FULLY, GATE, LARGELY, PARTLY, rounded
from auditor.errors import AuditorError
from auditor.model.assessment import CellResult, Observation, Reason
from auditor.model.rubric import LEVELS, Dimension, Role, RulePack
from auditor.model.truth import UNKNOWN, Interval, Rating

WEIGHTS: Mapping[str, int] = {Role.CORE.value: 4, Role.SUPPORTING.value: 1}
"""Weights of roles in a cell; diagnostics have none."""

POINT_COVER = 0.7
"""Share of the applicable core weight whose point must be known for a cell to have a point."""

_Unrated: TypeAlias = Literal["floor", "not-assessed", "not-applicable"]

_CUTS = (
    (FULLY, Rating.F),
    (0.675, Rating.L_PLUS),
    (LARGELY, Rating.L_MINUS),
    (0.325, Rating.P_PLUS),
    (PARTLY, Rating.P_MINUS),
)


def rating_of(degree: float) -> Rating:
    """The rating of a degree: a degree above a cut has its rating."""
    exact = rounded(degree)
    return next((rating for cut, rating in _CUTS if exact > cut), Rating.N)


def every_indicator_once(pack: RulePack, observations: Sequence[Observation]) -> Mapping[str, Observation]:
    """The observations by indicator, in the order of the pack.

    Raises:
        AuditorError: an indicator was observed twice or not at all, or one that the pack does not have.
    """
    reported = [observation.card.id for observation in observations]
    if sorted(reported) != sorted(pack.indicators):
        differing = sorted({*reported} ^ {*pack.indicators}) or sorted({i for i in reported if reported.count(i) > 1})
        raise AuditorError(
            f"not every indicator was observed exactly once: {', '.join(differing)}",
            cure="this is a fault of the auditor; please report it",
        )
    by_id = {observation.card.id: observation for observation in observations}
    return {indicator: by_id[indicator] for indicator in pack.indicators}


def rate_dimension(dimension: Dimension, observations: Sequence[Observation]) -> tuple[CellResult, ...]:
    """The five cells of a dimension from the observations of its indicators."""
    return tuple(
        rate_cell(level, dimension.statements[level - 1], [o for o in observations if o.card.level == level])
        for level in LEVELS
    )


def rate_cell(level: int, statement: str, observations: Sequence[Observation]) -> CellResult:
    """One cell from the observations of all its indicators."""
    ids = tuple(observation.card.id for observation in observations)
    rated = [observation for observation in observations if observation.card.role in WEIGHTS]
    if level == LEVELS[0]:
        return _unrated(level, statement, "floor", None, ids)
    if not rated:
        return _unrated(level, statement, "not-assessed", Reason.NOT_IN_PACK, ids)
    applicable = [observation for observation in rated if observation.status != "not-applicable"]
    core = [observation for observation in rated if observation.card.role == Role.CORE.value]
    if not applicable or (core and not any(observation in applicable for observation in core)):
        return _unrated(level, statement, "not-applicable", None, ids)
    votes = [_Vote.of(observation) for observation in applicable]
    low, gated_lo = _mean([(vote, vote.degree.lo) for vote in votes])
    high, gated_hi = _mean([(vote, vote.degree.hi) for vote in votes])
    degree = Interval.of(low, _point(votes), high)
    return CellResult(
        level=level,
        statement=statement,
        status="unknown" if degree.is_unknown and degree.point is None else "rated",
        reason=None,
        degree=degree,
        rating_lo=rating_of(low),
        rating_point=None if degree.point is None else rating_of(degree.point),
        rating_hi=rating_of(high),
        gated_lo=gated_lo,
        gated_hi=gated_hi,
        indicators=ids,
    )


@dataclass(frozen=True, slots=True)
class _Vote:
    weight: int
    core: bool
    degree: Interval

    @classmethod
    def of(cls, observation: Observation) -> _Vote:
        role = observation.card.role
        return cls(WEIGHTS[role], role == Role.CORE.value, observation.degree)


def _mean(values: Sequence[tuple[_Vote, float]]) -> tuple[float, bool]:
    """The weighted mean, and whether a core degree at or below the gate capped it."""
    mean = fsum(vote.weight * value for vote, value in values) / sum(vote.weight for vote, _ in values)
    gated = any(vote.core and rounded(value) <= GATE for vote, value in values)
    return rounded(min(mean, GATE) if gated else mean), gated and mean > GATE


def _point(votes: Sequence[_Vote]) -> float | None:
    known = [(vote, vote.degree.point) for vote in votes if vote.degree.point is not None]
    core = [vote for vote in votes if vote.core]
    covered = sum(vote.weight for vote in core if vote.degree.point is not None)
    if not known or covered < POINT_COVER * sum(vote.weight for vote in core):
        return None
    if any(vote.degree.point is None and rounded(vote.degree.lo) <= GATE for vote in core):
        return None
    return _mean(known)[0]


def _unrated(level: int, statement: str, status: _Unrated, reason: Reason | None, ids: tuple[str, ...]) -> CellResult:
    return CellResult(
        level,
        statement,
        status,
        reason,
        UNKNOWN,
        None,
        None,
        None,
        gated_lo=False,
        gated_hi=False,
        indicators=ids,
    )
