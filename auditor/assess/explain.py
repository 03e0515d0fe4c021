"""Why a result is what it is: the way from a level down to the bytes, as a tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from auditor.errors import UsageError
from auditor.model.assessment import (
    Assessment,
    CellResult,
    DimensionResult,
    ItemResult,
    Observation,
    RecordView,
)
from auditor.model.truth import Interval
from auditor.model.values import suggestion


@dataclass(frozen=True, slots=True)
class Why:
    """One step of an explanation.

    Attributes:
        kind: `dimension`, `blocker`, `cell`, `indicator`, `reason`, `guard`, `item`, `record` or `payload`.
        target: what `explain` finds it by; the SHA-256 for a payload, the code for a reason or guard.
        says: the step in one line.
        because: what it follows from.
        excerpt: for a payload: its text at the pointer, None when it is not text.
    """

    kind: str
    target: str
    says: str
    because: tuple[Why, ...] = ()
    excerpt: str | None = None

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Why]]:
        """Every step with its depth, from the top."""
        yield depth, self
        for step in self.because:
            yield from step.walk(depth + 1)


def explain(assessment: Assessment, target: str) -> Why:
    """The explanation of one result.

    Args:
        assessment: the assessment.
        target: `DOC` (a dimension), `DOC/2` (a cell), `DOC-2.1` (an indicator), `DOC-2.1/mail` (an item) or the
            reference of a record.

    Raises:
        UsageError: the assessment has nothing of that name.
    """
    if target in assessment.dimensions:
        return _dimension(assessment, assessment.dimensions[target])
    if target in assessment.observations:
        return _indicator(assessment, assessment.observations[target])
    if target in assessment.records:
        return _record(assessment.records[target])
    head, _, tail = target.partition("/")
    if head in assessment.dimensions:
        for cell in assessment.dimensions[head].cells:
            if str(cell.level) == tail:
                return _cell(assessment, head, cell)
    elif head in assessment.observations:
        for item in assessment.observations[head].items:
            if item.item == tail:
                return _item(assessment, head, item)
    raise _not_found(assessment, target, head, tail)


def _not_found(assessment: Assessment, target: str, head: str, tail: str) -> UsageError:
    if tail and head in assessment.observations:
        names = [f"{head}/{item.item}" for item in assessment.observations[head].items]
        omitted = assessment.observations[head].items_omitted
        more = f" ({omitted} of its items are counted and not listed)" if omitted else ""
    else:
        names, more = [*assessment.dimensions, *assessment.observations, *assessment.records], ""
    cure = "name a dimension (DOC), a cell (DOC/2), an indicator (DOC-2.1), an item (DOC-2.1/<item>) or a record"
    return UsageError(f"the assessment has no {target!r}{more}{suggestion(target, names)}", cure=cure)


def _dimension(assessment: Assessment, dimension: DimensionResult) -> Why:
    if dimension.assessed:
        point = "none" if dimension.point is None else str(dimension.point)
        says = f"level {dimension.confirmed}..{dimension.possible}, point {point}"
        if dimension.confirmed == 1 and not dimension.level_1_is_proven:
            says += " (at least 1: nothing excludes level 2)"
    else:
        says = f"not assessed: {dimension.why_not_assessed}"
    blockers = tuple(
        Why("blocker", blocker.indicator or f"{dimension.code}/{blocker.level}", f"{blocker.kind}: {blocker.text}")
        for blocker in dimension.blockers
    )
    cells = tuple(_cell(assessment, dimension.code, cell) for cell in dimension.cells)
    return Why("dimension", dimension.code, f"{dimension.title}: {says}", (*blockers, *cells))


def _cell(assessment: Assessment, code: str, cell: CellResult) -> Why:
    says = f"{cell.status}"
    if cell.rating_lo is not None and cell.rating_hi is not None:
        says = f"{cell.status} {cell.rating_lo.value}..{cell.rating_hi.value}, degree {_degree(cell.degree)}"
    if cell.reason is not None:
        says += f" ({cell.reason.value})"
    if cell.gated_lo or cell.gated_hi:
        says += ", capped at 0.5 by a core indicator"
    indicators = tuple(_indicator(assessment, assessment.observations[indicator]) for indicator in cell.indicators)
    return Why("cell", f"{code}/{cell.level}", f"{cell.statement}: {says}", indicators)


def _indicator(assessment: Assessment, observation: Observation) -> Why:
    card, counts = observation.card, observation.counts
    says = f"{card.question} {observation.status}, degree {_degree(observation.degree)} of goal {card.goal:g}"
    says += (
        f"; {counts.met} met, {counts.not_met} not met, {counts.partly_met} partly met, "
        f"{counts.undecided} undecided, {counts.left_out} left out"
    )
    if observation.window is not None:
        note = f" ({observation.window.note})" if observation.window.note else ""
        says += f"; {observation.window.label}{note}"
    if observation.carried_from is not None:
        says += f"; carried forward from assessment {observation.carried_from[:12]}"
    reasons = tuple(Why("reason", note.reason.value, note.detail) for note in observation.reasons)
    guards = tuple(
        Why("guard", guard.guard, f"{guard.effect}: {guard.says}", _records(assessment, guard.evidence))
        for guard in observation.guards
    )
    items = tuple(_item(assessment, card.id, item) for item in observation.items)
    return Why("indicator", card.id, says, (*reasons, *guards, *items))


def _item(assessment: Assessment, indicator: str, item: ItemResult) -> Why:
    says = item.verdict if item.lo == item.hi else f"{item.verdict} ({item.lo:g} to {item.hi:g})"
    if item.note:
        says += f": {item.note}"
    reasons = tuple(Why("reason", note.reason.value, note.detail) for note in item.reasons)
    records = _records(assessment, item.evidence)
    return Why("item", f"{indicator}/{item.item}", says, (*reasons, *records))


def _records(assessment: Assessment, refs: tuple[str, ...]) -> tuple[Why, ...]:
    return tuple(
        _record(assessment.records[ref])
        if ref in assessment.records
        else Why("record", ref, "cited, and not listed in this assessment")
        for ref in refs
    )


def _record(record: RecordView) -> Why:
    fetched = f", fetched {record.fetched_at}" if record.fetched_at else ""
    link = f", {record.source_url}" if record.source_url else ""
    derived = f", given meaning by {record.derived_by}" if record.derived_by else ""
    says = f"row of {record.stream} from {record.source_id}, tier {record.reliability}{fetched}{link}{derived}"
    payload = Why("payload", record.payload_sha256, f"bytes at {record.pointer}", excerpt=record.excerpt)
    return Why("record", record.ref, says, (payload,))


def _degree(degree: Interval) -> str:
    point = "?" if degree.point is None else f"{degree.point:.3g}"
    return f"[{degree.lo:.3g}, {point}, {degree.hi:.3g}]"
