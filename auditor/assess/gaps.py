"""Gaps as an assessment lists them: equal ones together, each with a position that reasons can point at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.model.assessment import GapView
from auditor.model.evidence import Gap, SourceState

NO_SOURCE_ID = ""
"""Source of a gap that belongs to no source, in views."""


@dataclass(frozen=True, slots=True)
class LocatedGap:
    """A gap with the source it belongs to (None: to none of them) and its position among the views.

    Attributes:
        earlier: it is of the sound pull before a latest one that failed.
    """

    source_id: str | None
    gap: Gap
    position: int
    earlier: bool = False


def locate(sources: Sequence[SourceState], gaps: Sequence[Gap]) -> tuple[tuple[LocatedGap, ...], tuple[GapView, ...]]:
    """Every gap once, and the views of them.

    Args:
        sources: their own gaps belong to them, also where these name no source; those of the sound pull before a
            failed one are among them.
        gaps: gaps given beside the sources; one that a source has as well is not counted twice.
    """
    owned = [(gap.source_id or state.source_id, gap) for state in sources for gap in state.gaps]
    known = {(source, _identity(gap)) for source, gap in owned}
    anonymous = {_identity(gap) for _, gap in owned}
    for gap in gaps:
        seen = (gap.source_id, _identity(gap)) in known if gap.source_id else _identity(gap) in anonymous
        if not seen:
            owned.append((gap.source_id or NO_SOURCE_ID, gap))
    before = [(gap.source_id or state.source_id, gap) for state in sources for gap in state.last_ok_gaps]
    groups: dict[tuple[str, str, str, str], list[Gap]] = defaultdict(list)
    for source, gap in (*owned, *before):
        groups[_group(source, gap)].append(gap)
    position = {key: index for index, key in enumerate(sorted(groups))}
    located = [LocatedGap(source or None, gap, position[_group(source, gap)]) for source, gap in owned]
    located += [LocatedGap(source, gap, position[_group(source, gap)], earlier=True) for source, gap in before]
    return tuple(located), tuple(_view(key[0], groups[key]) for key in sorted(groups))


def _identity(gap: Gap) -> tuple[object, ...]:
    return (gap.stream, gap.reason, gap.detail, gap.place, gap.hides_rows, gap.row_kind)


def _group(source: str, gap: Gap) -> tuple[str, str, str, str]:
    return (source, gap.stream or "", gap.reason.value, gap.detail)


def _view(source: str, gaps: Sequence[Gap]) -> GapView:
    first = gaps[0]
    hidden = [gap.hides_rows for gap in gaps]
    places = sorted(gap.place for gap in gaps if gap.place is not None)
    return GapView(
        source_id=source,
        stream=first.stream,
        reason=first.reason.value,
        detail=first.detail,
        place=places[0] if places else None,
        count=len(gaps),
        hides_rows=None if None in hidden else sum(rows for rows in hidden if rows is not None),
    )
