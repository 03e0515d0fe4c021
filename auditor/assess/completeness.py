"""What the sources can prove: who answers for a stream, how fresh, how complete, and what stayed unseen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from auditor.assess.gaps import LocatedGap
from auditor.canonical import JsonValue
from auditor.model.assessment import Reason, ReasonNote
from auditor.model.evidence import PULL_AGE_DAYS, GapReason, SourceState

SECONDS_PER_DAY = 86_400
AFTER_T = timedelta(minutes=5)
"""How far after the audit instant a pull may start and still count: clocks differ (chosen). T is the start of a run, so
that its own pulls end after it."""

_LATE_FACTOR = 2
_HIDES_NOTHING = frozenset({GapReason.NOT_CONFIGURED})
_DENIALS = frozenset({GapReason.FORBIDDEN, GapReason.UNAUTHORISED})
_OF_OUR_READING = frozenset({GapReason.MALFORMED, GapReason.RETENTION, GapReason.REDACTED, GapReason.NOT_CONFIGURED})


class Freshness(IntEnum):
    """Age of a pull against its limit: within it, within twice it, older."""

    FRESH = 0
    LATE = 1
    STALE = 2


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What one source says about one stream (and the kinds asked for).

    Attributes:
        age_d: days since its latest pull that was not a failure; None when there was none.
        after_t: that pull began after the audit instant, so that its age there is not known.
        limit_d: days such a pull stays fresh.
        complete: the pull was sound, and zero rows mean that there are none.
        unseen: number of rows that exist and were not seen; None when it is not known.
        floating: how many of them may belong to any stream of the source: denied items that nothing attributes.
        retention_from: oldest row the source can still give; None when nothing was said.
    """

    source_id: str
    status: str
    age_d: float | None
    limit_d: int
    complete: bool
    unseen: int | None
    retention_from: datetime | None
    gaps: tuple[int, ...]
    floating: int = 0
    after_t: bool = False

    @property
    def freshness(self) -> Freshness:
        """How old the pull is; a source that never answered counts as unseen, not as old."""
        if self.after_t:
            return Freshness.STALE
        if self.age_d is None or self.age_d <= self.limit_d:
            return Freshness.FRESH
        return Freshness.LATE if self.age_d <= _LATE_FACTOR * self.limit_d else Freshness.STALE

    @property
    def age(self) -> str:
        """The age of the pull in words."""
        if self.after_t or self.age_d is None:
            return f"{self.source_id} dated after the audit instant"
        return f"{self.source_id} {self.age_d:.1f} days old, limit {self.limit_d}"


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What all sources together say about one stream; `loose_unseen` are rows hidden by gaps of no source."""

    stream: str
    kinds: tuple[str, ...]
    sources: tuple[SourceFacts, ...]
    loose_unseen: int | None
    gaps: tuple[int, ...]

    @property
    def answered(self) -> bool:
        """Some source answers for the stream."""
        return bool(self.sources)

    @property
    def freshness(self) -> Freshness:
        """That of the oldest pull."""
        return max((source.freshness for source in self.sources), default=Freshness.FRESH)

    @property
    def aged(self) -> tuple[SourceFacts, ...]:
        """Sources whose pull is beyond its limit."""
        return tuple(source for source in self.sources if source.freshness is not Freshness.FRESH)

    @property
    def unseen(self) -> int | None:
        """Number of rows that were not seen; None when it is not known."""
        counts = [self.loose_unseen, *(source.unseen for source in self.sources)]
        return None if None in counts else sum(count for count in counts if count is not None)

    @property
    def retention_from(self) -> datetime | None:
        """Instant since which every source still has everything; None when none of them is limited."""
        return max((source.retention_from for source in self.sources if source.retention_from), default=None)

    def why_absence_is_not_proven(self, since: datetime | None) -> ReasonNote | None:
        """Why zero rows do not mean that there are none; None when they do.

        Args:
            since: start of the time that is asked about; None for all time.
        """
        if not self.answered:
            return self.no_source()
        if self.aged:
            return self.stale()
        if self.unseen != 0:
            return self.partial()
        incomplete = [source.source_id for source in self.sources if not source.complete]
        if incomplete:
            detail = f"{self.label}: {_named(incomplete)} did not pull all there is, so none found does not mean none"
            return self._note(Reason.SCOPE_INCOMPLETE, detail)
        retention = self.retention_from
        if retention is not None and (since is None or retention > since):
            return self.retention(retention)
        return None

    @property
    def label(self) -> str:
        """The stream, with its kinds where some were asked for."""
        return f"{self.stream} ({', '.join(self.kinds)})" if self.kinds else self.stream

    def no_source(self) -> ReasonNote:
        """Reason: nobody answers for the stream."""
        return self._note(Reason.NO_SOURCE, f"no source answers for {self.stream}")

    def stale(self) -> ReasonNote:
        """Reason: a pull is beyond its limit."""
        ages = "; ".join(source.age for source in self.aged)
        return self._note(Reason.STALE_PULL, f"{self.stream}: {ages}")

    def partial(self) -> ReasonNote:
        """Reason: rows exist that were not seen."""
        sources = [source.source_id for source in self.sources if source.unseen != 0]
        where = f" by {_named(sources)}" if sources else ""
        if self.unseen is not None:
            rows = "row was" if self.unseen == 1 else "rows were"
            return self._note(Reason.PARTIAL_SOURCE, f"{self.label}: {self.unseen} {rows} not seen{where}")
        if all(source.age_d is None for source in self.sources):
            return self._note(Reason.PARTIAL_SOURCE, f"{self.label}: no pull{where} has ever succeeded")
        detail = f"{self.label}: an unknown number of rows was not seen{where}"
        return self._note(Reason.PARTIAL_SOURCE, detail)

    def retention(self, since: datetime) -> ReasonNote:
        """Reason: the sources hold too little of the past."""
        return self._note(Reason.RETENTION, f"{self.stream}: nothing older than {since:%Y-%m-%d} can be had")

    def _note(self, reason: Reason, detail: str) -> ReasonNote:
        return ReasonNote(reason, detail, (self.stream,), self.gaps)


class Completeness:
    """The facts about every stream at one instant.

    Args:
        sources: the state of each source.
        gaps: every gap with the source it belongs to.
        as_of: the audit instant T.
        observed_services: services come from what other streams name, because nobody answers for `service`.
    """

    def __init__(
        self,
        sources: Sequence[SourceState],
        gaps: Sequence[LocatedGap],
        as_of: datetime,
        *,
        observed_services: bool = False,
    ) -> None:
        self._sources = tuple(sorted(sources, key=lambda state: state.source_id))
        self._gaps = tuple(gaps)
        self._as_of = as_of
        self.observed_services = observed_services
        self._known: dict[tuple[str, tuple[str, ...], int | None], StreamFacts] = {}

    def with_observed_services(self) -> Completeness:
        """The same facts, with services that were observed instead of listed."""
        return Completeness(self._sources, self._gaps, self._as_of, observed_services=True)

    def answers(self, stream: str) -> bool:
        """Some source answers for the stream."""
        return any(_streams(state, stream) for state in self._sources)

    def stream(self, stream: str, kinds: tuple[str, ...] = (), max_age_d: int | None = None) -> StreamFacts:
        """The facts about a stream.

        Args:
            stream: name of the stream.
            kinds: values of the row's `kind` that matter; () for all.
            max_age_d: days a pull stays fresh; None: by the kind of each source.
        """
        key = (stream, kinds, max_age_d)
        if key not in self._known:
            self._known[key] = self._facts(stream, kinds, max_age_d)
        return self._known[key]

    def _facts(self, stream: str, kinds: tuple[str, ...], max_age_d: int | None) -> StreamFacts:
        relevant = [gap for gap in self._gaps if _concerns(gap, stream, kinds)]
        answering = [state for state in self._sources if _streams(state, stream)]
        sources = tuple(self._source(state, stream, kinds, max_age_d) for state in answering)
        loose = [gap for gap in relevant if gap.source_id is None]
        if stream == "service" and self.observed_services:
            sources = (_own_facts("observed", complete=False),)
        elif stream == "source_run":
            sources = (_own_facts("auditor", complete=True),)
        ids = {state.source_id for state in answering}
        positions = sorted({gap.position for gap in relevant if gap.source_id is None or gap.source_id in ids})
        return StreamFacts(stream, kinds, sources, _hidden(loose, limited=False), tuple(positions))

    def _source(self, state: SourceState, stream: str, kinds: tuple[str, ...], max_age_d: int | None) -> SourceFacts:
        values = _counting(state)
        earlier = values is not state.values
        every = [gap for gap in self._gaps if gap.source_id == state.source_id]
        own = [gap for gap in every if gap.earlier == earlier]
        relevant = [gap for gap in own if _concerns(gap, stream, kinds)]
        status = str(values.get("status"))
        floating = _floating(values.get("denied"), own)
        retention = _instant(values.get("retention_from"))
        facts = SourceFacts(
            source_id=state.source_id,
            status=status,
            age_d=self._age_d(state),
            limit_d=PULL_AGE_DAYS[state.kind] if max_age_d is None else max_age_d,
            complete=status == "ok" and _declared_complete(values.get("scope_complete"), stream, kinds),
            unseen=_unseen(floating, own, relevant, partial=status == "partial", limited=bool(retention)),
            retention_from=retention,
            gaps=tuple(sorted({gap.position for gap in every if _concerns(gap, stream, kinds)})),
            floating=floating,
            after_t=_began_after(values, self._as_of),
        )
        if facts.age_d is None:
            return replace(facts, complete=False, unseen=None)
        if not _lists(values, stream):  # only a pull that failed says that the source answers for it
            return replace(facts, age_d=None, complete=False, unseen=None)
        # A failed pull hides nothing of the sound one before it, whose rows still count at their age.
        return replace(facts, unseen=0, floating=0) if status == "failed" else facts

    def _age_d(self, state: SourceState) -> float | None:
        ended = state.last_ok_ended
        if ended is None and state.values.get("status") != "failed":
            ended = _instant(state.values.get("ended"))
        return None if ended is None else (self._as_of - ended).total_seconds() / SECONDS_PER_DAY


def _own_facts(source_id: str, *, complete: bool) -> SourceFacts:
    """Facts about rows that the auditor makes itself: never old, nothing unseen."""
    return SourceFacts(source_id, "ok", 0.0, 0, complete=complete, unseen=0, retention_from=None, gaps=())


def _streams(state: SourceState, stream: str) -> bool:
    return _lists(state.values, stream) or _lists(_counting(state), stream)


def _lists(values: Mapping[str, JsonValue], stream: str) -> bool:
    streams = values.get("streams")
    return isinstance(streams, Sequence) and stream in streams


def _counting(state: SourceState) -> Mapping[str, JsonValue]:
    """What is known of the pull whose rows count: the latest one, or the sound one before it when that failed."""
    if state.values.get("status") == "failed" and state.last_ok_values is not None:
        return state.last_ok_values
    return state.values


def _began_after(values: Mapping[str, JsonValue], as_of: datetime) -> bool:
    """Whether a pull that did not fail began after the audit instant, beyond what clocks may differ."""
    began = _instant(values.get("started")) if values.get("status") != "failed" else None
    return began is not None and began > as_of + AFTER_T


def _concerns(located: LocatedGap, stream: str, kinds: tuple[str, ...]) -> bool:
    gap = located.gap
    if gap.reason in _HIDES_NOTHING:
        return gap.stream == stream
    if gap.stream not in (None, stream):
        return False
    return not (kinds and gap.row_kind is not None and gap.row_kind not in kinds)


def _hidden(gaps: Sequence[LocatedGap], *, limited: bool) -> int | None:
    """Rows that gaps hide; a gap of retention whose date is known (`limited`) shortens windows instead."""
    total = 0
    for located in gaps:
        gap = located.gap
        if gap.reason in _HIDES_NOTHING or (gap.reason is GapReason.RETENTION and limited):
            continue
        if gap.hides_rows is None:
            return None
        total += gap.hides_rows
    return total


def _denials(own: Sequence[LocatedGap]) -> int:
    """Denied rows that a gap attributes to a stream."""
    return sum(g.gap.hides_rows or 0 for g in own if g.gap.stream is not None and g.gap.reason in _DENIALS)


def _floating(denied: object, own: Sequence[LocatedGap]) -> int:
    """Denied rows that no gap attributes: they may belong to any stream."""
    return max(0, (denied if isinstance(denied, int) else 0) - _denials(own))


def _unseen(
    floating: int, own: Sequence[LocatedGap], relevant: Sequence[LocatedGap], *, partial: bool, limited: bool
) -> int | None:
    hidden = _hidden(relevant, limited=limited)
    if hidden is None:
        return None
    counted = hidden + floating
    explained = any(g.gap.reason not in _OF_OUR_READING and g.gap.stream is not None for g in own)
    return None if partial and counted == 0 and not _denials(own) and not explained else counted


def _declared_complete(declared: object, stream: str, kinds: tuple[str, ...]) -> bool:
    value = declared.get(stream) if isinstance(declared, dict) else None
    if isinstance(value, list | tuple):
        return bool(kinds) and set(kinds) <= set(value)
    return value is True


def _instant(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _named(source_ids: Sequence[str]) -> str:
    return ", ".join(sorted(source_ids))
