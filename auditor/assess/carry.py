"""Carrying the last measured value forward while a pull is late."""

from __future__ import annotations

from dataclasses import replace

from auditor.assess.confidence import AGED
from auditor.assess.request import AssessmentRequest
from auditor.model.assessment import Observation, ReasonNote
from auditor.model.rubric import Indicator


def carried(
    indicator: Indicator, request: AssessmentRequest, pack_id: str, reasons: tuple[ReasonNote, ...]
) -> Observation | None:
    """The previous observation of the same question in the same scope; None when there is none that was measured.

    Confidence is halved once, however often the value is carried.

    Args:
        indicator: must have the same id, version and goal.
        request: names the previous assessment.
        pack_id: the rule pack must be the same one.
        reasons: why the value is not measured anew.
    """
    before = request.previous
    if before is None or before.scope != request.scope or before.rule_pack.id != pack_id:
        return None
    last = before.observations.get(indicator.id)
    if last is None or last.status != "measured":
        return None
    if (last.card.version, last.card.goal) != (indicator.version, indicator.goal):
        return None
    # Positions of gaps speak about the list of another assessment.
    kept = tuple(replace(note, gaps=()) for note in last.reasons if note.reason is not reasons[0].reason)
    again = last.carried_from is not None
    confidence = last.confidence if again or last.confidence is None else last.confidence * AGED
    return replace(
        last,
        reasons=(*reasons, *kept),
        items=tuple(
            replace(item, reasons=tuple(replace(note, gaps=()) for note in item.reasons)) for item in last.items
        ),
        carried_from=last.carried_from or request.previous_sha256,
        confidence=confidence,
        confidence_limit="freshness",
    )
