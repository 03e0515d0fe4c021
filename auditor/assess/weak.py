"""Self-declared rows and attestations: what they may support alone (rubric 3.5)."""

from __future__ import annotations

from dataclasses import replace

from auditor.assess.question import Evaluation, status_of
from auditor.model.evidence import Tier
from auditor.model.truth import Interval

STRONG = Tier.R2
"""Rows of this tier and above are not capped."""


def combine(strong: Evaluation, full: Evaluation, weakest: Tier) -> Evaluation:
    """max(strong rows alone, min(cap of the weakest row used, all rows)), for lo, point and hi.

    What the assessment shows of the members comes from all rows. Weak rows cannot make an indicator not applicable.
    """
    if full.status == "not-applicable":
        return full if strong.status == "not-applicable" else strong
    capped = full.degree.capped(weakest.cap)
    if strong.status == "not-applicable":
        return _marked(full, capped, weakest)
    points = [point for point in (strong.degree.point, capped.point) if point is not None]
    degree = Interval.of(max(strong.degree.lo, capped.lo), max(points, default=None), max(strong.degree.hi, capped.hi))
    reasons = full.reasons
    if strong.degree.hi > capped.hi:
        reasons = (*reasons, *(note for note in strong.reasons if note not in reasons))
    if degree == strong.degree:
        full = replace(full, cited=strong.cited, caps=strong.caps)
    return _marked(replace(full, reasons=reasons), degree, weakest)


def _marked(full: Evaluation, degree: Interval, weakest: Tier) -> Evaluation:
    """The evaluation with its final degree, and a remark where that is below what all rows say."""
    flags = full.flags
    if degree.lo < full.degree.lo or (degree.point or 0.0) < (full.degree.point or 0.0) or degree.hi < full.degree.hi:
        flags = (*flags, f"rests on rows of tier {weakest.name}, which alone support a degree of {weakest.cap:g}")
    return replace(full, status=status_of(degree), degree=degree, flags=flags)
