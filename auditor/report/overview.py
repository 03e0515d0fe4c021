"""What several formats derive from an assessment: the weakest level, unknown indicators, gaps by reason, back-links."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from auditor.model.assessment import Assessment, Blocker, DimensionResult, Observation, Reason

_ASKS_NO_MORE = "the rule pack asks no more"
_EFFORT_ORDER = {"S": 0, "M": 1, "L": 2}


@dataclass(frozen=True, slots=True)
class Weakest:
    """The minimum over the assessed dimensions as an interval, with the dimensions at each end.

    Attributes:
        confirmed_in, possible_in: codes of the dimensions that have the smallest confirmed and possible level.
    """

    confirmed: int
    possible: int
    confirmed_in: tuple[str, ...]
    possible_in: tuple[str, ...]
    lower_end: str
    upper_end: str


@dataclass(frozen=True, slots=True)
class Step:
    """The first thing that holds a dimension's confirmed level down, with the indicator to act on (if there is one)."""

    dimension: DimensionResult
    blocker: Blocker
    observation: Observation | None


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a record is cited: item number `item` of an indicator, or one of its guards (`item` None)."""

    indicator: str
    item: int | None


def assessed(assessment: Assessment) -> tuple[DimensionResult, ...]:
    """The dimensions that have a level."""
    return tuple(dimension for dimension in assessment.dimensions.values() if dimension.assessed)


def weakest(assessment: Assessment) -> Weakest | None:
    """The weakest level, or None where no dimension could be assessed."""
    dimensions = assessed(assessment)
    if not dimensions:
        return None
    confirmed = min(dimension.confirmed for dimension in dimensions)
    possible = min(dimension.possible for dimension in dimensions)
    low = [dimension for dimension in dimensions if dimension.confirmed == confirmed]
    high = [dimension for dimension in dimensions if dimension.possible == possible]
    return Weakest(
        confirmed=confirmed,
        possible=possible,
        confirmed_in=tuple(dimension.code for dimension in low),
        possible_in=tuple(dimension.code for dimension in high),
        lower_end=_joined(_lower_limit(dimension) for dimension in low),
        upper_end=_joined(_upper_limit(dimension) for dimension in high),
    )


def steps(assessment: Assessment) -> tuple[Step, ...]:
    """The first blocker of each dimension where it is an indicator: what can be acted on first, then by effort."""
    found = [
        Step(dimension, dimension.blockers[0], assessment.observations.get(dimension.blockers[0].indicator))
        for dimension in assessment.dimensions.values()
        if dimension.blockers and dimension.blockers[0].indicator is not None
    ]
    return tuple(sorted(found, key=_urgency))


def out_of_questions(assessment: Assessment) -> tuple[Step, ...]:
    """The first blocker of each dimension that nothing is asked about any more."""
    return tuple(
        Step(dimension, dimension.blockers[0], None)
        for dimension in assessment.dimensions.values()
        if dimension.blockers and dimension.blockers[0].indicator is None
    )


def observations_of(assessment: Assessment, code: str, level: int) -> tuple[Observation, ...]:
    """The observations of one cell, diagnostics last, by the numbers in their ids."""
    found = [
        observation
        for observation in assessment.observations.values()
        if observation.card.dimension == code and observation.card.level == level
    ]
    return tuple(sorted(found, key=lambda entry: (entry.card.role == "diagnostic", natural(entry.card.id))))


def unknown(assessment: Assessment, *, role: str | None = None) -> tuple[Observation, ...]:
    """The observations that know nothing, in the order of the dimensions; of one role where it is given."""
    return tuple(
        observation
        for dimension in assessment.dimensions.values()
        for level in range(1, 6)
        for observation in observations_of(assessment, dimension.code, level)
        if observation.status == "unknown" and role in {None, observation.card.role}
    )


def unknown_by_reason(observations: Iterable[Observation]) -> dict[Reason, list[Observation]]:
    """Unknown observations under each of their reasons, in the order of the closed list."""
    found: dict[Reason, list[Observation]] = {}
    for observation in observations:
        for reason in {note.reason for note in observation.reasons}:
            found.setdefault(reason, []).append(observation)
    return {reason: found[reason] for reason in Reason if reason in found}


def unknown_without_reason(observations: Iterable[Observation]) -> tuple[Observation, ...]:
    """Unknown observations that carry no reason; the engine gives one always, and a report hides none that do not."""
    return tuple(observation for observation in observations if not observation.reasons)


def gaps_by_reason(assessment: Assessment) -> dict[str, int]:
    """Number of gaps by reason, most first."""
    counts: Counter[str] = Counter()
    for gap in assessment.gaps:
        counts[gap.reason] += gap.count
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))


def citations(assessment: Assessment) -> Mapping[str, tuple[Citation, ...]]:
    """By record reference, where listed items and guards cite it."""
    found: dict[str, dict[Citation, None]] = {}
    for id_, observation in sorted(assessment.observations.items(), key=lambda entry: natural(entry[0])):
        for position, item in enumerate(observation.items):
            for ref in item.evidence:
                found.setdefault(ref, {})[Citation(id_, position)] = None
        for guard in observation.guards:
            for ref in guard.evidence:
                found.setdefault(ref, {})[Citation(id_, None)] = None
    return {ref: tuple(places) for ref, places in found.items()}


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key in which `DOC-2.10` comes after `DOC-2.9`."""
    parts = re.split(r"(\d+)", text, maxsplit=20)
    return tuple((1, int(part), "") if re.fullmatch("[0-9]{1,18}", part) else (0, 0, part) for part in parts)


def _urgency(step: Step) -> tuple[int, int]:
    kinds = {"practice": 0, "evidence": 1, "sample": 2}
    effort = 3 if step.observation is None else _EFFORT_ORDER.get(step.observation.card.effort, 3)
    return kinds[step.blocker.kind], effort


def _lower_limit(dimension: DimensionResult) -> str:
    if not dimension.blockers:
        return "nothing holds it down"
    if dimension.blockers[0].indicator is None:
        return _ASKS_NO_MORE
    return {
        "practice": "measured practice",
        "evidence": "missing evidence",
        "sample": "too few cases",
    }[dimension.blockers[0].kind]


def _upper_limit(dimension: DimensionResult) -> str:
    """Why no higher level is possible: the lowest cell that stops the high estimate says it."""
    if dimension.possible == 5:
        return "no evidence excludes level 5"
    stop = next((cell.status for cell in dimension.cells if cell.level == dimension.possible + 1), None)
    return {
        "not-assessed": _ASKS_NO_MORE,
        "not-applicable": "levels that do not apply here",
    }.get(stop or "", "measured practice")


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(texts))
