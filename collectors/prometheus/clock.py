"""What time a server says it is: what it calls settled depends on its clock, not on ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from auditor.api import Answer, Gap, GapReason

SKEW_S = 60
"""Seconds that clocks may differ (chosen: the step that alerts are known to)."""


def date_of(answer: Answer) -> datetime | None:
    """When a server says that it answered (UTC); None where it does not say."""
    said = answer.headers.get("date")
    try:
        there = parsedate_to_datetime(said) if said else None
    except ValueError:
        return None
    if there is None:
        return None
    return there.replace(tzinfo=UTC) if there.tzinfo is None else there.astimezone(UTC)


@dataclass(slots=True)
class Clock:
    """The clock of a server, as its answers show it.

    Attributes:
        earliest: least instant an answer of this pull named, in seconds since 1970; None: none named any.
        behind_s, ahead_s: seconds it is behind ours and ahead of it, the most of all answers.
    """

    earliest: float | None = None
    behind_s: float = 0.0
    ahead_s: float = 0.0

    def note(self, answer: Answer) -> None:
        """Look at the date of an answer."""
        there = date_of(answer)
        if there is None:
            return
        at, skew_s = there.timestamp(), (there - answer.fetched_at).total_seconds()
        self.earliest = at if self.earliest is None else min(self.earliest, at)
        self.behind_s, self.ahead_s = max(self.behind_s, -skew_s), max(self.ahead_s, skew_s)

    @property
    def is_behind(self) -> bool:
        """Whether it is so far behind that the end of the time asked for is not there yet."""
        return self.behind_s > SKEW_S

    def bound(self, now: float) -> float:
        """The earlier of our time and that of the server, in seconds since 1970."""
        return now if self.earliest is None else min(now, self.earliest)

    def gaps(self, streams: Sequence[str]) -> Iterator[Gap]:
        """A gap per stream where the clocks differ; it hides nothing, because less was taken for settled."""
        if max(self.behind_s, self.ahead_s) <= SKEW_S:
            return
        apart_s, side = (self.behind_s, "behind") if self.is_behind else (self.ahead_s, "ahead of")
        apart = f"the clock of the server is {apart_s / 60:.0f} min {side} ours"
        detail = f"{apart}: only what is settled by both is kept"
        for stream in streams:
            yield Gap(stream, GapReason.MALFORMED, detail, None, None, 0)
