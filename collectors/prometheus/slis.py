"""Indicators to measure: from the configuration, and as the recogniser found them in the rules; asked in batches."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collectors.prometheus.settings import WINDOW, SliSettings

BATCH = 50
"""Indicators that are asked together for several days."""

PORTION = 200
"""Indicators times days per query (chosen): of steps of five minutes about 60,000 values, which are 1.5 MB. Each query
costs both sides a part that does not depend on its length, and a server that finds one too long is asked for less."""

_WEIGHT_OF_MANY = 5
"""As how many an indicator counts that has a series for each service; how many these are is not known before."""

_LONGEST = 16_000
"""Characters of a query: VictoriaMetrics refuses more than 16,384 bytes by default."""

_JOINT = 8
"""Characters that one part adds beside its own: what joins it, brackets, a longer position."""

MARK = "auditor_sli"
"""Label that tells the indicators of a batch apart."""

_IN_A_ROW = 8
"""Parts of a query between two brackets (chosen: brackets for each would make it longer)."""

RATIO, GOOD, TOTAL = "r", "g", "t"


@dataclass(frozen=True, slots=True)
class Sli:
    """One indicator.

    Attributes:
        service_label: label that names the service of each series; None: there is one series.
        parts: part -> query: either the share of good (`r`), or the good (`g`) and all (`t`) events of a step.
    """

    sli_id: str
    service: str | None
    service_label: str | None
    objective: float
    metric: str
    window_d: float
    parts: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Changes when what is measured does; the objective is not part of it."""
        said = json.dumps([dict(self.parts), self.service_label], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    @property
    def counts_events(self) -> bool:
        """Whether it counts events; else it is a share of time."""
        return RATIO not in self.parts

    def target_id(self, value: str) -> str:
        """Id of the target of one series; value of `service_label`, empty where there is none."""
        return f"{self.sli_id}/{value}" if self.service_label else self.sli_id


def configured(settings: Iterable[SliSettings], step_s: int) -> Iterator[Sli]:
    """The indicators of the configuration."""
    for sli in settings:
        parts = {RATIO: sli.query} if sli.query is not None else {GOOD: sli.good, TOTAL: sli.total}
        texts = {part: windowed(str(query), step_s) for part, query in parts.items()}
        yield Sli(sli.id, sli.service, sli.service_label, sli.objective, sli.metric, sli.window_d, texts)


def recognised(hints: Any) -> Iterator[Sli]:
    """The indicators that the recogniser found in the rules and whose objective is known.

    Args:
        hints: `{"slis": [...]}` of the recogniser.
    """
    found = hints.get("slis") if isinstance(hints, Mapping) else None
    for entry in found if isinstance(found, list) else ():
        sli = _from_hint(entry) if isinstance(entry, Mapping) else None
        if sli is not None:
            yield sli


def windowed(query: str, step_s: int) -> str:
    """A query with the time of one step in the place of its window."""
    return query.replace(WINDOW, f"{step_s}s")


def batches(slis: Iterable[Sli], most: int = BATCH) -> Iterator[tuple[Sli, ...]]:
    """Indicators that are asked together.

    Args:
        most: how many; one that has a series for each service counts as several.
    """
    batch: list[Sli] = []
    weight = length = 0
    for sli in slis:
        own = _WEIGHT_OF_MANY if sli.service_label else 1
        own_length = sum(len(text) + _JOINT for text in _marked(0, sli))
        if batch and (weight + own > most or length + own_length > _LONGEST):
            yield tuple(batch)
            batch, weight, length = [], 0, 0
        batch.append(sli)
        weight += own
        length += own_length
    if batch:
        yield tuple(batch)


def batch_query(batch: Iterable[Sli]) -> str:
    """One query for several indicators: their series bear the position and the part as a label."""
    return _union([text for position, sli in enumerate(batch) for text in _marked(position, sli)])


def _marked(position: int, sli: Sli) -> list[str]:
    # A line end before the closing bracket, because a query may end with a comment.
    return [f'label_replace((\n{query}\n), "{MARK}", "{position}.{part}", "", "")' for part, query in sli.parts.items()]


def _union(texts: Sequence[str]) -> str:
    """All of them; halves of halves, because a server looks at the whole left side of each union once more."""
    if len(texts) <= _IN_A_ROW:
        return " or ".join(texts)
    middle = len(texts) // 2
    return f"({_union(texts[:middle])}) or ({_union(texts[middle:])})"


def _from_hint(entry: Mapping[str, Any]) -> Sli | None:
    objective, sli_id, query = entry.get("objective"), entry.get("sli_id"), entry.get("good_ratio_expr")
    if not sli_id or not query or not isinstance(objective, int | float) or not 0 < objective < 1:
        return None
    service, label = entry.get("service"), entry.get("series_label")
    return Sli(
        str(sli_id),
        str(service) if service else None,
        str(label) if label else None,
        float(objective),
        str(entry.get("metric") or "availability"),
        float(entry.get("period_d") or 30),
        {RATIO: str(query)},
    )
