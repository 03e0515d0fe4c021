"""How far an observation can be relied on, and what limits that."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.model.evidence import Tier
from auditor.model.rubric import IndicatorType

FULL_SAMPLE = 16
"""Events at which a sample no longer limits confidence: sixteen good ones confirm a goal of 1 (rubric 3.1)."""

AGED = 0.5
"""Freshness of a value carried forward between the pull limit and twice it."""

TINY_CENSUS = 0.5
"""Cap where only the floor of a completely seen small population holds the low limit up."""

OBSERVED_SERVICES = 0.5
"""Cap where services are those that two sources name, because nobody lists them."""


def confidence(
    *, weakest: Tier | None, kind: IndicatorType, n: int, caps: Mapping[str, float]
) -> tuple[float, str | None]:
    """Confidence in 0..1 and the name of the factor that limits it (None: nothing does).

    Args:
        weakest: lowest tier among the rows it rests on; None when it rests on rows that were not found.
        kind: events are a sample, everything else is a census.
        n: number of members; 0 when the population is proven to be empty.
        caps: further limits by name.
    """
    sample = min(1.0, n / FULL_SAMPLE) if kind is IndicatorType.EVENT and n else 1.0
    factors = {
        **caps,
        "reliability": weakest.reliability if weakest is not None else 1.0,
        "sample": min(sample, caps.get("sample", 1.0)),
    }
    limit, value = min(factors.items(), key=lambda factor: factor[1])
    return value, limit if value < 1.0 else None
