"""The gaps of one source, kept small: a file with a million bad lines must not become a million gaps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from auditor.model.evidence import Gap, GapReason

MAX_PER_CAUSE = 100
"""Gaps kept in full per stream and cause; the rest are counted in one final gap (chosen: more than a person reads)."""

_MAX_CAUSES = 50
# What differs between two faults of one cause: quoted values and numbers.
_PARTICULARS = re.compile(r"'[^']*'?|\"[^\"]*\"?|`[^`]*`?|\d+")

_Cause = tuple[str | None, GapReason, str | None, bool, str]


@dataclass(slots=True)
class _More:
    """What was left out of one cause."""

    gaps: int = 0
    hides_rows: int | None = 0

    def add(self, gap: Gap) -> None:
        self.gaps += 1
        known = self.hides_rows is not None and gap.hides_rows is not None
        self.hides_rows = (self.hides_rows or 0) + (gap.hides_rows or 0) if known else None


class GapLog:
    """Collects the gaps of one source; of each stream and cause at most 100 are kept, the rest as one sum.

    Two gaps have one cause when stream, reason, row kind and detail without its quoted values and numbers are equal.
    A stream has at most 50 causes; those beyond count as one.
    """

    def __init__(self) -> None:
        self._kept: dict[_Cause, list[Gap]] = {}
        self._more: dict[_Cause, _More] = {}
        self._causes: dict[str | None, int] = {}
        self.streams: set[str | None] = set()
        """Streams with a gap."""
        self.hiding_streams: set[str | None] = set()
        """Streams of which rows are missing; None in it: rows of any stream may be."""

    def add(self, gap: Gap, *, hides: bool | None = None) -> None:
        """Record one gap.

        Args:
            hides: rows are missing through it; None: as it says. A row that may be of several sources is counted at
                one of them, and may be missing in any.
        """
        self.streams.add(gap.stream)
        if gap.hides_rows != 0 if hides is None else hides:
            self.hiding_streams.add(gap.stream)
        cause = self._cause(gap)
        kept = self._kept.setdefault(cause, [])
        if len(kept) < MAX_PER_CAUSE:
            kept.append(gap)
        else:
            self._more.setdefault(cause, _More()).add(gap)

    def __iter__(self) -> Iterator[Gap]:
        """The kept gaps in order of their causes, each cause's sum behind it."""
        for cause, kept in self._kept.items():
            yield from kept
            more = self._more.get(cause)
            if more is not None:
                detail = f"and {more.gaps} more like the one before"
                yield replace(kept[-1], detail=detail, place=None, hides_rows=more.hides_rows)

    def _cause(self, gap: Gap) -> _Cause:
        likeness = _PARTICULARS.sub("", gap.detail)
        cause = (gap.stream, gap.reason, gap.row_kind, gap.hides_rows == 0, likeness)
        if cause in self._kept:
            return cause
        if self._causes.get(gap.stream, 0) >= _MAX_CAUSES:
            return (gap.stream, gap.reason, None, gap.hides_rows == 0, "")
        self._causes[gap.stream] = self._causes.get(gap.stream, 0) + 1
        return cause
