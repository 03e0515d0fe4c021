"""What keeps a dimension from its next confirmed level, in words with numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from auditor.assess.intervals import FULLY, LARGELY, degree_of, rounded, wilson_low
from auditor.model.assessment import Blocker, CellResult, Observation, Reason
from auditor.model.rubric import Direction, IndicatorType, Role
from auditor.model.truth import Rating

Kind: TypeAlias = Literal["practice", "evidence", "sample"]

_NAMES_SHOWN = 5
_MOST_EVENTS = 10_000
_NO_VERDICT = frozenset({Reason.THIN_SAMPLE})
_SHARES = frozenset({IndicatorType.POPULATION.value, IndicatorType.EVENT.value, IndicatorType.CHECKLIST.value})


def blockers_of(
    cells: Sequence[CellResult], stops_at: int | None, observations: Mapping[str, Observation]
) -> tuple[Blocker, ...]:
    """The indicators of the first cell that stops the confirmed level: core ones, or all when no core one does.

    Args:
        cells: of levels 1 to 5.
        stops_at: level of that cell; None when nothing stops it.
        observations: by indicator id.
    """
    if stops_at is None:
        return ()
    cell = cells[stops_at - 1]
    if cell.status == "not-assessed":
        text = f"the rule pack has no indicators for level {stops_at}, so nothing was asked"
        return (Blocker(stops_at, None, "evidence", text),)
    if cell.status == "not-applicable":
        text = f"two levels in a row ask about nothing that is here; level {stops_at} cannot be shown"
        return (Blocker(stops_at, None, "evidence", text),)
    needed = FULLY if cell.rating_lo in (Rating.L_MINUS, Rating.L_PLUS) else LARGELY
    candidates = [observations[indicator] for indicator in cell.indicators]
    candidates = [o for o in candidates if o.status != "not-applicable" and o.card.role != Role.DIAGNOSTIC.value]
    core = [o for o in candidates if o.card.role == Role.CORE.value and rounded(o.degree.lo) <= needed]
    chosen = core or [o for o in candidates if o.degree.lo < 1.0]
    chosen.sort(key=lambda o: (o.degree.lo, o.degree.hi, o.card.id))
    return tuple(_blocker(stops_at, observation, needed) for observation in chosen)


def _blocker(level: int, observation: Observation, needed: float) -> Blocker:
    kind = _kind(observation, needed)
    text = f"{observation.card.id}: {observation.card.question.rstrip('?')}? {_found(observation, kind)}"
    if kind == "sample":
        more = _good_events_needed(observation, needed)
        text += f"; {more} more good ones would confirm it" if more else "; more good ones would confirm it"
    return Blocker(level, observation.card.id, kind, text)


def _kind(observation: Observation, needed: float) -> Kind:
    degree = observation.degree
    if observation.status == "unknown":
        return "evidence"
    if _is_thin(observation) and _best_guess(observation) > needed:
        return "sample"
    if degree.hi <= needed or (degree.point is not None and degree.point <= needed):
        return "practice"
    return "evidence"


def _is_thin(observation: Observation) -> bool:
    """Only the number of events keeps the low limit down: nothing is undecided, unseen, old or penalised."""
    reasons = {note.reason for note in observation.reasons}
    is_event = observation.card.type == IndicatorType.EVENT.value
    penalised = any(guard.effect != "flag" for guard in observation.guards)
    return is_event and reasons <= _NO_VERDICT and not penalised and observation.counts.undecided == 0


def _best_guess(observation: Observation) -> float:
    share = observation.value.point
    card = observation.card
    return 0.0 if share is None else degree_of(share, card.goal, Direction(card.direction))


def _good_events_needed(observation: Observation, needed: float) -> int | None:
    """How many more events, all good, lift the low limit above what is needed."""
    if observation.card.direction != Direction.MORE.value or observation.value.point is None:
        return None
    n = observation.n
    good = observation.value.point * n
    for more in range(1, _MOST_EVENTS):
        share = wilson_low(good + more, n + more)
        if rounded(degree_of(share, observation.card.goal, Direction.MORE)) > needed:
            return more
    return None


def _found(observation: Observation, kind: Kind) -> str:
    if observation.status == "unknown":
        return f"Unknown: {'; '.join(note.detail for note in observation.reasons) or 'no evidence decides it'}"
    card, counts = observation.card, observation.counts
    goal = _value(card.goal, card.type, card.unit)
    sign = "at least" if card.direction == Direction.MORE.value else "at most"
    if card.type not in _SHARES:
        value = _range(observation)
        return f"Measured {value}, goal {sign} {goal}"
    met = f"{counts.met} of {observation.n} are met"
    misses = [item.item for item in observation.items if item.verdict in ("not met", "partly met")]
    parts = [f"{met}, goal {sign} {goal}"]
    missing = counts.not_met + counts.partly_met
    if missing:
        parts.append(f"{missing} {'is' if missing == 1 else 'are'} not: {_names(misses, missing)}")
    if counts.undecided:
        undecided = [item.item for item in observation.items if item.verdict == "undecided"]
        parts.append(f"{counts.undecided} undecided: {_names(undecided, counts.undecided)}")
    guards = [guard.says for guard in observation.guards if guard.effect != "flag"]
    parts.extend(guards)
    if kind == "evidence":
        parts.extend(note.detail for note in observation.reasons if note.reason is not Reason.UNDECIDED_ITEMS)
    return "; ".join(parts)


def _names(names: Sequence[str], total: int) -> str:
    shown = ", ".join(names[:_NAMES_SHOWN])
    return f"{shown} and {total - _NAMES_SHOWN} more" if total > _NAMES_SHOWN else shown


def _range(observation: Observation) -> str:
    value, unit = observation.value, observation.card.unit
    if value.point is not None:
        return f"{value.point:g} {unit}"
    low = "?" if value.lo is None else f"{value.lo:g}"
    high = "?" if value.hi is None else f"{value.hi:g}"
    return f"{low} to {high} {unit}"


def _value(number: float, kind: str, unit: str) -> str:
    return f"{number * 100:g}%" if kind in _SHARES else f"{number:g} {unit}"
