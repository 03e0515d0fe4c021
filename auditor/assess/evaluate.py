"""From rows to the degree of one indicator: members, share or value, goal, guards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from auditor.assess.confidence import TINY_CENSUS
from auditor.assess.count import Tally, item_counts, share, tally
from auditor.assess.guards import Finding, apply_to_items, apply_to_whole, outcome_of, reasons_of
from auditor.assess.intervals import CENSUS_FLOOR, degree_interval, rounded_interval
from auditor.assess.items import read_items
from auditor.assess.listing import listed
from auditor.assess.measure import degree_of_reading, measure_counts, read_measure
from auditor.assess.population import Members, judge
from auditor.assess.question import Evaluation, Question, status_of, unknown
from auditor.assess.windows import Window, window_of
from auditor.model.assessment import GuardOutcome, Measured, Reason, ReasonNote
from auditor.model.rubric import Direction, Effect, EmptyResult, IndicatorType
from auditor.model.truth import UNKNOWN, Interval


@dataclass(frozen=True, slots=True)
class _Population:
    """The members of one window with what the guards made of them."""

    window: Window | None
    members: Members
    findings: tuple[Finding, ...]
    outcomes: tuple[GuardOutcome, ...]
    tally: Tally


def evaluate(question: Question) -> Evaluation:
    """Answer one indicator from one set of rows.

    Raises:
        QueryError: a statement failed, or its answer is not one.
    """
    windows = question.windows()
    if not windows:
        return unknown(question.basis.retention())
    if question.indicator.type is IndicatorType.MEASURE:
        return _evaluate_measure(question, windows[0])
    return _evaluate_share(question, windows)


def _evaluate_measure(question: Question, window: Window | None) -> Evaluation:
    indicator = question.indicator
    reading = read_measure(question.columns(window), question.absence(window))
    if reading is None:
        return _nothing(question, window)
    findings = tuple(_of_the_whole(finding) for finding in question.findings(window))
    outcomes = tuple(outcome_of(finding, 0) for finding in findings)
    degree = degree_of_reading(reading, indicator)
    reasons = list(reading.reasons)
    n = 1 if reading.n is None else reading.n
    if n < indicator.min_n:
        degree = Interval.of(degree.lo, None, degree.hi)
        reasons.append(_thin(n, indicator.min_n))
    degree = _guarded(degree, findings)
    if question.basis.unseen != 0:
        degree = UNKNOWN
        reasons.extend(question.basis.partial())
    guards = tuple(finding.guard.id for finding in findings)
    return Evaluation(
        status=status_of(degree),
        degree=degree,
        reasons=(*reasons, *reasons_of(findings)),
        value=reading.value,
        n=n,
        counts=measure_counts(degree),
        window=window,
        guards=outcomes,
        items=(reading.result(degree, guards),),
        total=1,
        cited=frozenset(reading.evidence),
    )


def _of_the_whole(finding: Finding) -> Finding:
    """A measure has one member: what holds for it holds for the whole."""
    if not finding.items:
        return finding
    return replace(finding, items={}, whole=bool(finding.whole) or any(finding.items.values()))


def _evaluate_share(question: Question, windows: Sequence[Window | None]) -> Evaluation:
    indicator = question.indicator
    members, window = Members.empty(), windows[0]
    for window in windows:
        members = _members(question, window)
        if indicator.type is not IndicatorType.EVENT or tally(members).n >= indicator.min_n:
            break
    population = _guard_members(question, window, members)
    if population.tally.n == 0:
        return _without_members(question, population)
    measured, floor = _measured(question, windows[-1], population)
    degree = degree_interval(measured, indicator.goal, indicator.direction)
    reasons = [*_item_reasons(population)]
    if population.tally.n < indicator.min_n:
        degree = Interval.of(degree.lo, None, degree.hi)
        reasons.append(_thin(population.tally.n, indicator.min_n))
    degree = _guarded(degree, population.findings)
    if question.basis.unseen is None:
        degree, measured = UNKNOWN, Measured(None, measured.point, None)
    evaluation = _with_members(question, population)
    return replace(
        evaluation,
        status=status_of(degree),
        degree=degree,
        reasons=(*question.basis.partial(), *reasons, *reasons_of(population.findings)),
        value=measured,
        caps={"sample": TINY_CENSUS} if floor else {},
    )


def _members(question: Question, window: Window | None) -> Members:
    items = read_items(question.columns(window))
    return judge(items, question.absence(window), question.basis.aged_rows(), question.setting.as_of)


def _guard_members(question: Question, window: Window | None, members: Members) -> _Population:
    findings = question.findings(window)
    outcomes = []
    for finding in findings:
        hit = apply_to_items(finding, members, question.indicator)
        if hit or finding.whole is not None:
            outcomes.append(outcome_of(finding, hit))
    return _Population(window, members, findings, tuple(outcomes), tally(members))


def _measured(question: Question, widest: Window | None, population: _Population) -> tuple[Measured, bool]:
    """The share, and whether the floor of a small census holds its low limit up."""
    kind = question.indicator.type
    measured = share(population.tally, kind, question.basis.unseen or 0)
    low = measured.lo if measured.lo is not None else 0.0
    if low >= CENSUS_FLOOR or kind is not IndicatorType.EVENT or not _small_and_all_good(question, widest, population):
        return measured, False
    return replace(measured, lo=CENSUS_FLOOR), True


def _small_and_all_good(question: Question, widest: Window | None, population: _Population) -> bool:
    """Every event of the widest window was seen, and every one was good."""
    indicator, setting = question.indicator, question.setting
    if indicator.direction is Direction.LESS or not population.tally.all_good:
        return False
    starts = None
    if (rule := indicator.window) is not None:
        starts = window_of(rule, (rule.length, *rule.widen)[-1], setting.as_of, setting.zone).starts
    if question.basis.empty_is_not_proven(question.basis.asks_since(starts, setting.as_of)):
        return False
    if widest == population.window:
        return True
    return _guard_members(question, widest, _members(question, widest)).tally.all_good


def _guarded(degree: Interval, findings: Sequence[Finding]) -> Interval:
    for finding in findings:
        degree = apply_to_whole(finding, degree)
    return rounded_interval(degree)


def _without_members(question: Question, population: _Population) -> Evaluation:
    """Nobody certainly counts: nothing was found, or what was found is not due yet or may not belong."""
    members = population.members
    if not members.items.ids:
        return _nothing(question, population.window)
    not_due = all(members.where(index) == "no" for index in range(len(members.items)))
    if not_due and question.indicator.when_empty.nothing_found is EmptyResult.NOT_APPLICABLE:
        evaluation = _nothing(question, population.window)
    else:
        detail = "the time to react has not run out for any member" if not_due else "no member certainly counts"
        evaluation = unknown((ReasonNote(Reason.UNDECIDED_ITEMS, detail),))
    return replace(
        _with_members(question, population),
        status=evaluation.status,
        degree=evaluation.degree,
        reasons=evaluation.reasons,
    )


def _nothing(question: Question, window: Window | None) -> Evaluation:
    """What nothing found means, unless a guard holds for the indicator as a whole."""
    evaluation = question.meaning_of_nothing(window)
    if evaluation.status == "unknown":
        return evaluation
    findings = tuple(finding for finding in question.findings(window) if finding.whole is not None)
    degree = _guarded(evaluation.degree, findings)
    widening = any(finding.guard.effect in (Effect.UNKNOWN, Effect.UNDECIDED) for finding in findings)
    status = "unknown" if widening else evaluation.status
    if status == "measured":
        status = status_of(degree)
    outcomes = tuple(outcome_of(finding, 0) for finding in findings)
    return replace(evaluation, status=status, degree=degree, guards=outcomes, reasons=reasons_of(findings))


def _with_members(question: Question, population: _Population) -> Evaluation:
    """The part of an evaluation that only shows the members."""
    members = population.members
    return Evaluation(
        status="unknown",
        degree=UNKNOWN,
        reasons=(),
        n=population.tally.n,
        counts=item_counts(members),
        window=population.window,
        guards=population.outcomes,
        items=listed(members, question.seed),
        total=len(members.items),
        cited=members.items.cited,
    )


def _item_reasons(population: _Population) -> list[ReasonNote]:
    """Why members are undecided, each reason once with the number of members."""
    members = population.members
    open_ones = [index for index in members.reasons if members.lo[index] < members.hi[index]]
    open_ones = [index for index in open_ones if members.where(index) != "no"]
    size = len(members.items)
    reasons: list[ReasonNote] = []
    notes = Counter(note for index in open_ones for note in members.reasons[index])
    named = [note for note in notes if note.reason is not Reason.UNDECIDED_ITEMS]
    for note in sorted(named, key=lambda note: (note.reason.value, note.detail)):
        detail = f"{notes[note]} of {size} items rest on it: {note.detail}"
        reasons.append(replace(note, detail=detail))
    plain = sum(any(n.reason is Reason.UNDECIDED_ITEMS for n in members.reasons[index]) for index in open_ones)
    if plain:
        reasons.append(ReasonNote(Reason.UNDECIDED_ITEMS, f"{plain} of {size} items are undecided"))
    if members.items.unsure:
        detail = f"{len(members.items.unsure)} of {size} items may not belong to the population"
        reasons.append(ReasonNote(Reason.UNDECIDED_ITEMS, detail))
    return reasons


def _thin(n: int, min_n: int) -> ReasonNote:
    return ReasonNote(Reason.THIN_SAMPLE, f"{n} of the {min_n} that a point value needs")
