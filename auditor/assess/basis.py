"""What an indicator stands on: the facts about the streams it needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from auditor.assess.completeness import Completeness, Freshness, StreamFacts
from auditor.errors import QueryError
from auditor.model.assessment import ReasonNote
from auditor.model.evidence import encode_part
from auditor.model.rubric import Indicator, Need, Use
from auditor.model.streams import STREAMS
from auditor.sql.parameters import FIXED_WINDOWS_D


@dataclass(frozen=True, slots=True)
class Basis:
    """The streams of one indicator.

    Attributes:
        population: those that its items are drawn from.
        optional: those that its items only refer to.
    """

    indicator: Indicator
    facts: Completeness
    population: tuple[StreamFacts, ...]
    optional: tuple[StreamFacts, ...]

    @classmethod
    def of(cls, indicator: Indicator, facts: Completeness) -> Basis:
        """Gather the facts."""

        def stream(need: Need) -> StreamFacts:
            return facts.stream(need.stream, need.kinds, indicator.max_pull_age_d)

        population = tuple(stream(need) for need in indicator.needs if need.use is Use.POPULATION)
        optional = tuple(stream(need) for need in indicator.needs if need.use is Use.OPTIONAL)
        return cls(indicator, facts, population, optional)

    def without_source(self) -> tuple[ReasonNote, ...]:
        """A reason for each stream of the population that nobody answers for."""
        return tuple(stream.no_source() for stream in self.population if not stream.answered)

    def aged(self) -> tuple[ReasonNote, ...]:
        """A reason for each stream of the population whose pull is beyond its limit."""
        return tuple(stream.stale() for stream in self.population if stream.aged)

    @property
    def freshness(self) -> Freshness:
        """Age of the oldest pull among all streams of the indicator."""
        return max((stream.freshness for stream in (*self.population, *self.optional)), default=Freshness.FRESH)

    def aged_rows(self) -> Mapping[str, ReasonNote]:
        """Prefix of references to rows of an aged pull of an optional stream -> the reason."""
        return {
            f"{stream.stream}:{encode_part(source.source_id)}:": stream.stale()
            for stream in self.optional
            for source in stream.aged
        }

    @property
    def unseen(self) -> int | None:
        """Rows of the population that were not seen; None when their number is not known."""
        counts = [stream.unseen for stream in self.population]
        if None in counts:
            return None
        floating = [(source.source_id, source.floating) for stream in self.population for source in stream.sources]
        # What may belong to any stream of a source is one number of rows, however many streams are asked for.
        repeated = sum(rows for _, rows in floating) - sum(dict(floating).values())
        return sum(count for count in counts if count is not None) - repeated

    def partial(self) -> tuple[ReasonNote, ...]:
        """A reason for each stream of the population with unseen rows."""
        return tuple(stream.partial() for stream in self.population if stream.unseen != 0)

    @property
    def retention_from(self) -> datetime | None:
        """Instant since which all streams of the population are complete; None when none is limited."""
        return max((s.retention_from for s in self.population if s.retention_from is not None), default=None)

    def retention(self) -> tuple[ReasonNote, ...]:
        """A reason for each stream of the population that does not reach back far enough."""
        return tuple(s.retention(s.retention_from) for s in self.population if s.retention_from is not None)

    def empty_is_not_proven(self, since: datetime | None) -> tuple[ReasonNote, ...]:
        """Why an empty population does not mean that there is none; () when it does."""
        notes = (stream.why_absence_is_not_proven(since) for stream in self.population)
        return tuple(note for note in notes if note is not None)

    def absence(self, spec: str, since: datetime | None) -> ReasonNote | None:
        """Why the absence of `stream` or `stream:kind` is not proven; None when it is.

        Of alternatives (`target|agreement:SLA`) one is enough: what asks for two things fails when one of them is
        surely missing. A stream without a kind stands for the kinds that the indicator needs of it.

        Raises:
            QueryError: there is no such stream.
        """
        notes = [self._absence_of(stream, since) for stream in spec.split("|")]
        return None if None in notes else notes[0]

    def _absence_of(self, spec: str, since: datetime | None) -> ReasonNote | None:
        stream, _, kind = spec.partition(":")
        if stream not in STREAMS:
            raise QueryError(f"the column absent names {spec!r}, which is no stream")
        needed = next((need.kinds for need in self.indicator.needs if need.stream == stream), ())
        facts = self.facts.stream(stream, (kind,) if kind else needed, self.indicator.max_pull_age_d)
        return facts.why_absence_is_not_proven(since)

    def asks_since(self, starts: datetime | None, as_of: datetime) -> datetime | None:
        """The earliest instant the items ask about; None when they name no window.

        Args:
            starts: start of the evaluated window.
            as_of: the audit instant T.
        """
        named: Collection[str] = self.indicator.items.parameters
        fixed = [as_of - timedelta(days=days) for name, days in FIXED_WINDOWS_D.items() if name in named]
        return min([*fixed, *([starts] if starts else [])], default=None)
