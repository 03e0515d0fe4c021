"""Counter-checks: what a guard's answer says, and what its effect does to members and to the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from auditor.assess.items import Columns, number, refs
from auditor.assess.population import Members
from auditor.errors import QueryError
from auditor.model.assessment import GuardOutcome, Reason, ReasonNote
from auditor.model.rubric import Direction, Effect, Guard, Indicator, IndicatorType
from auditor.model.truth import UNKNOWN, Interval

_MAX_EVIDENCE = 25
_SHARES = frozenset({IndicatorType.POPULATION, IndicatorType.EVENT, IndicatorType.CHECKLIST})


@dataclass(frozen=True, slots=True)
class Finding:
    """A guard that holds, as its SELECT answered.

    Attributes:
        items: member -> whether it certainly holds for it.
        whole: whether it certainly holds for the indicator as a whole; None when it does not hold for it.
    """

    guard: Guard
    items: Mapping[str, bool]
    whole: bool | None
    notes: tuple[str, ...]
    evidence: tuple[str, ...]


def read_finding(guard: Guard, columns: Columns) -> Finding | None:
    """A guard's answer; None when it does not hold.

    Raises:
        QueryError: no column `item`, or a column of the wrong type.
    """
    if "item" not in columns:
        raise QueryError(
            f"the answer of guard {guard.id} has no column item", where=f"{guard.sql.file}:{guard.sql.line}"
        )
    names = columns["item"]
    if not names:
        return None
    # Null is not sure.
    sure = [number(value, "sure") not in (None, 0.0) for value in columns.get("sure", [True] * len(names))]
    items: dict[str, bool] = {}
    whole: bool | None = None
    for name, certain in zip(names, sure, strict=True):
        if name is None:
            whole = certain or bool(whole)
        else:
            items[str(name)] = certain or items.get(str(name), False)
    notes = sorted({str(note) for note in columns.get("note", ()) if note is not None})
    cited = {ref for value in columns.get("evidence", ()) for ref in refs(value)}
    return Finding(guard, items, whole, tuple(notes), tuple(sorted(cited)))


def apply_to_items(finding: Finding, members: Members, indicator: Indicator) -> int:
    """Let a guard act on the members it names; the number of them that are in the population.

    Raises:
        QueryError: a factor or cap on the members of an indicator whose direction it would help.
    """
    guard = finding.guard
    if guard.effect in (Effect.FACTOR, Effect.CAP) and indicator.direction is Direction.LESS and finding.items:
        raise QueryError(
            f"guard {guard.id} lowers members of an indicator of which less is better, and so would help it",
            where=f"{guard.sql.file}:{guard.sql.line}",
            cure="answer with one row whose item is null: it then lowers the degree",
        )
    hit = 0
    places = {name: index for index, name in enumerate(members.items.ids)} if finding.items else {}
    for name, certain in sorted(finding.items.items()):
        index = places.get(name)
        if index is None:
            continue
        hit += 1
        members.guards.setdefault(index, []).append(guard.id)
        _act(guard, members, index, indicator, certain=certain)
    return hit


def _act(guard: Guard, members: Members, index: int, indicator: Indicator, *, certain: bool) -> None:
    if guard.effect is Effect.FLAG:
        return
    if guard.effect in (Effect.UNDECIDED, Effect.UNKNOWN):
        reason = ReasonNote(_reason(guard), guard.says)
        (members.undecide if certain else members.doubt)(index, reason)
        return
    amount = _counts_as(guard, indicator)
    low, high = members.lo[index], members.hi[index]
    members.lo[index] = low * amount if guard.effect is Effect.FACTOR else min(low, amount)
    if certain:
        members.hi[index] = high * amount if guard.effect is Effect.FACTOR else min(high, amount)
    elif members.lo[index] < high:
        members.reasons.setdefault(index, []).append(ReasonNote(Reason.UNDECIDED_ITEMS, guard.says))


def _counts_as(guard: Guard, indicator: Indicator) -> float:
    """What a member counts: the amount times the goal, so that nothing but such members ends at the amount itself."""
    amount = amount_of(guard)
    return amount * indicator.goal if indicator.type in _SHARES and 0.0 < indicator.goal <= 1.0 else amount


def amount_of(guard: Guard) -> float:
    """The factor or cap of a guard.

    Raises:
        QueryError: the guard has none.
    """
    if guard.amount is None:
        raise QueryError(f"guard {guard.id} has the effect {guard.effect.value} and no amount")
    return guard.amount


def apply_to_whole(finding: Finding, degree: Interval) -> Interval:
    """Let a guard act on the degree when it holds for the indicator as a whole."""
    guard, certain = finding.guard, finding.whole
    if certain is None or guard.effect is Effect.FLAG:
        return degree
    if guard.effect is Effect.FACTOR:
        return degree.scaled(amount_of(guard), lo_only=not certain)
    if guard.effect is Effect.CAP:
        return degree.capped(amount_of(guard), lo_only=not certain)
    return UNKNOWN if certain else Interval.of(0.0, degree.point, degree.hi)


def reasons_of(findings: Sequence[Finding]) -> tuple[ReasonNote, ...]:
    """Reasons of the guards that made the indicator as a whole unknown or wider."""
    widening = (Effect.UNDECIDED, Effect.UNKNOWN)
    return tuple(
        ReasonNote(_reason(finding.guard), finding.guard.says)
        for finding in findings
        if finding.whole is not None
        and (finding.guard.effect in widening or not finding.whole)
        and finding.guard.effect is not Effect.FLAG
    )


def outcome_of(finding: Finding, items: int) -> GuardOutcome:
    """The guard as the assessment shows it; `items` of the population are concerned."""
    guard = finding.guard
    note = finding.notes[0] if finding.notes else None
    if len(finding.notes) > 1:
        note = f"{note} (and {len(finding.notes) - 1} more)"
    certain = all(finding.items.values()) and finding.whole is not False
    return GuardOutcome(
        guard.id,
        guard.effect.value,
        guard.amount,
        certain,
        items,
        guard.says,
        note,
        finding.evidence[:_MAX_EVIDENCE],
    )


def _reason(guard: Guard) -> Reason:
    return Reason(guard.reason) if guard.reason else Reason.UNDECIDED_ITEMS
