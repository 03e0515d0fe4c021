"""One indicator put to one set of rows: what its statements are asked with, and what an empty answer means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from auditor.assess.basis import Basis
from auditor.assess.guards import Finding, read_finding
from auditor.assess.items import Columns
from auditor.assess.population import Absence
from auditor.assess.relations import Relations, Setting
from auditor.assess.windows import Window, shortened, window_lengths, window_of
from auditor.errors import QueryError
from auditor.model.assessment import GuardOutcome, ItemCounts, ItemResult, Measured, Reason, ReasonNote
from auditor.model.rubric import EmptyResult, Indicator, Sql
from auditor.model.truth import FALSE, TRUE, UNKNOWN, Interval

Status: TypeAlias = Literal["measured", "unknown", "not-applicable"]

NOTHING = ItemCounts(0, 0, 0, 0, 0)
OPEN = Measured(None, None, None)
_DEGREE_OF_EMPTY = {EmptyResult.TRUE: TRUE, EmptyResult.FALSE: FALSE, EmptyResult.NOT_APPLICABLE: UNKNOWN}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one set of rows says about an indicator.

    Attributes:
        value: before the goal, in the indicator's unit.
        total: number of members, listed or not.
        cited: references that all members together rest on.
        flags: remarks beside those of guards.
        caps: limits of confidence by name.
    """

    status: Status
    degree: Interval
    reasons: tuple[ReasonNote, ...]
    value: Measured = OPEN
    n: int = 0
    counts: ItemCounts = NOTHING
    window: Window | None = None
    guards: tuple[GuardOutcome, ...] = ()
    items: tuple[ItemResult, ...] = ()
    total: int = 0
    cited: frozenset[str] = frozenset()
    flags: tuple[str, ...] = ()
    caps: Mapping[str, float] = field(default_factory=dict)


def unknown(reasons: tuple[ReasonNote, ...]) -> Evaluation:
    """Nothing can be said."""
    return Evaluation("unknown", UNKNOWN, reasons)


def status_of(degree: Interval) -> Status:
    """Unknown when the degree says nothing at all."""
    return "unknown" if degree.is_unknown and degree.point is None else "measured"


@dataclass(frozen=True, slots=True)
class Question:
    """An indicator, the rows it is put to, and the facts about their sources; `seed` decides the sample of items."""

    basis: Basis
    relations: Relations
    setting: Setting
    seed: str

    @property
    def indicator(self) -> Indicator:
        """The indicator that is asked."""
        return self.basis.indicator

    def windows(self) -> tuple[Window | None, ...]:
        """The windows to try in turn, as far as the sources reach back; () when not even the first is usable."""
        rule = self.indicator.window
        if rule is None:
            return (None,)
        usable: list[Window | None] = []
        retention = self.basis.retention_from
        for length in window_lengths(rule):
            window = window_of(rule, length, self.setting.as_of, self.setting.zone)
            cut = window if retention is None else shortened(window, rule, retention, self.setting.zone)
            if cut is None:
                break
            usable.append(cut)
        return tuple(usable)

    def columns(self, window: Window | None) -> Columns:
        """The answer of the items SELECT over a window."""
        return self.ask(self.indicator.items, window)

    def ask(self, sql: Sql, window: Window | None) -> Columns:
        """The answer of a SELECT over a window."""
        return self.relations.columns(sql, window, self.indicator.goal)

    def findings(self, window: Window | None) -> tuple[Finding, ...]:
        """The guards that hold.

        Raises:
            QueryError: a guard failed; a counter-check that cannot run proves nothing, so the indicator is unknown.
        """
        found = []
        for guard in self.indicator.guards:
            try:
                finding = read_finding(guard, self.ask(guard.sql, window))
            except QueryError as error:
                where = error.where or f"{guard.sql.file}:{guard.sql.line}"
                raise QueryError(f"guard {guard.id} failed: {error.what}", where=where, cure=error.cure) from error
            if finding is not None:
                found.append(finding)
        return tuple(found)

    def absence(self, window: Window | None) -> Absence:
        """Tells whether a stream's absence is proven for what the items ask about; each stream is looked up once."""
        since = self.basis.asks_since(window.starts if window else None, self.setting.as_of)
        known: dict[str, ReasonNote | None] = {}

        def proven(spec: str) -> ReasonNote | None:
            if spec not in known:
                known[spec] = self.basis.absence(spec, since)
            return known[spec]

        return proven

    def meaning_of_nothing(self, window: Window | None) -> Evaluation:
        """The result when there are no members at all."""
        rule = self.indicator.when_empty
        if self.basis.unseen != 0:
            return unknown(self.basis.partial())
        if rule.nothing_found is EmptyResult.UNKNOWN:
            return unknown((ReasonNote(Reason.UNDECIDED_ITEMS, "nothing was found, which decides nothing here"),))
        if rule.proof is not None:
            if not self.relations.holds(rule.proof, window, self.indicator.goal):
                detail = "nothing was found, and what would prove that there is nothing does not hold"
                streams = tuple(stream.stream for stream in self.basis.population)
                return unknown((ReasonNote(Reason.SCOPE_INCOMPLETE, detail, streams),))
        else:
            since = self.basis.asks_since(window.starts if window else None, self.setting.as_of)
            if doubts := self.basis.empty_is_not_proven(since):
                return unknown(doubts)
        status: Status = "not-applicable" if rule.nothing_found is EmptyResult.NOT_APPLICABLE else "measured"
        return Evaluation(status, _DEGREE_OF_EMPTY[rule.nothing_found], (), window=window)
