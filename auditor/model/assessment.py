"""One evaluation of a scope at an instant with one rule pack, complete: every format is rendered from it alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from auditor.canonical import JsonValue
from auditor.model.truth import Interval, Rating

ASSESSMENT_FORMAT = 1


class Reason(StrEnum):
    """Why an observation is unknown or wider than a number (closed list)."""

    NO_SOURCE = "no-source"
    STALE_PULL = "stale-pull"
    SCOPE_INCOMPLETE = "scope-incomplete"
    PARTIAL_SOURCE = "partial-source"
    RETENTION = "retention"
    UNDECIDED_ITEMS = "undecided-items"
    THIN_SAMPLE = "thin-sample"
    CONFLICT = "conflict"
    AMBIGUOUS_SERVICE = "ambiguous-service"
    RULE_FAILED = "rule-failed"
    NOT_IN_PACK = "not-in-pack"


@dataclass(frozen=True, slots=True)
class ReasonNote:
    """A reason with what it is about; `gaps` are positions in `Assessment.gaps`."""

    reason: Reason
    detail: str
    streams: tuple[str, ...] = ()
    gaps: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One member of an indicator's population.

    Attributes:
        item: id of the member.
        lo, hi: how far it is met in 0..1; equal when decided.
        counted: `both`; `lo` or `hi` when it is a member in one estimate only; `no` when it was left out.
        evidence: references of records in `Assessment.records` (some may be omitted beyond the cap).
        reasons: why it is undecided.
        guards: ids of the guards that hold for it.
    """

    item: str
    service_id: str | None
    lo: float
    hi: float
    counted: Literal["both", "lo", "hi", "no"]
    evidence: tuple[str, ...]
    note: str | None
    reasons: tuple[ReasonNote, ...]
    guards: tuple[str, ...]

    @property
    def verdict(self) -> Literal["met", "not met", "partly met", "undecided", "left out"]:
        """The item's result in a word or two."""
        if self.counted == "no":
            return "left out"
        if self.lo != self.hi or self.counted != "both":
            return "undecided"
        if self.lo == 1.0:
            return "met"
        return "not met" if self.lo == 0.0 else "partly met"


@dataclass(frozen=True, slots=True)
class ItemCounts:
    """Complete counts over the population, whatever part of its items is listed."""

    met: int
    not_met: int
    partly_met: int
    undecided: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Measured:
    """The raw value in the indicator's unit (a share, a count, days) before it is compared with the goal."""

    lo: float | None
    point: float | None
    hi: float | None


@dataclass(frozen=True, slots=True)
class WindowUsed:
    """The look-back window that was evaluated; `note` says when it was widened or shortened, and why."""

    starts: datetime
    ends: datetime
    label: str
    note: str | None


@dataclass(frozen=True, slots=True)
class GuardOutcome:
    """One guard that holds (`certain` false: may hold); `items` counts the items it holds for, 0 for the whole."""

    guard: str
    effect: str
    amount: float | None
    certain: bool
    items: int
    says: str
    note: str | None
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IndicatorCard:
    """The indicator's definition as it was evaluated, so that the answer can be read beside the question."""

    id: str
    version: int
    dimension: str
    level: int
    role: str
    type: str
    question: str
    why: str
    basis: str
    asks: str
    unit: str
    direction: str
    goal: float
    min_n: int
    look_at: str
    sql: str
    sql_place: str
    limits: tuple[str, ...]
    remediation: str
    effort: str


@dataclass(frozen=True, slots=True)
class Observation:
    """What one indicator found.

    Attributes:
        status: `measured` (also when wide), `unknown` ([0, 1]) or `not-applicable` (dropped from its cell).
        degree: degree of fulfilment in 0..1.
        value: raw value before the goal.
        n: number of items or events that were counted.
        carried_from: hash of the earlier assessment whose value was carried forward; None otherwise.
        confidence: 0..1; None when unknown or not applicable; `confidence_limit` names the limiting factor.
        items: every exception up to the cap and a seeded sample of met items.
        items_omitted: number of items that are counted and not listed.
    """

    card: IndicatorCard
    status: Literal["measured", "unknown", "not-applicable"]
    degree: Interval
    value: Measured
    n: int
    counts: ItemCounts
    window: WindowUsed | None
    reasons: tuple[ReasonNote, ...]
    guards: tuple[GuardOutcome, ...]
    flags: tuple[str, ...]
    carried_from: str | None
    confidence: float | None
    confidence_limit: str | None
    items: tuple[ItemResult, ...]
    items_omitted: int


@dataclass(frozen=True, slots=True)
class CellResult:
    """Dimension x level: its degree and its ratings N, P, L, F for the low, point and high estimate.

    `status` `not-assessed` comes with a reason (`not-in-pack`) and never with a level; `floor` is level 1.
    """

    level: int
    statement: str
    status: Literal["rated", "unknown", "not-applicable", "not-assessed", "floor"]
    reason: Reason | None
    degree: Interval
    rating_lo: Rating | None
    rating_point: Rating | None
    rating_hi: Rating | None
    gated_lo: bool
    gated_hi: bool
    indicators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Blocker:
    """What keeps the confirmed level from being one higher.

    `kind`: `practice` (measured and not met), `evidence` (unknown), `sample` (met so far, too few to confirm).
    `indicator` is None when the pack has no indicators for the level.
    """

    level: int
    indicator: str | None
    kind: Literal["practice", "evidence", "sample"]
    text: str


@dataclass(frozen=True, slots=True)
class DimensionResult:
    """The level of one dimension as `confirmed..possible` with a point.

    Attributes:
        assessed: False when cell 2 is wholly unknown; then no level may be shown, only `why_not_assessed`
            (confirmed stays 1, possible the highest that is not excluded).
        level_1_is_proven: True when evidence excludes level 2; otherwise a confirmed 1 means "at least 1".
        unbanked: achieved cells above the one that stops the dimension, as levels.
    """

    code: str
    title: str
    assessed: bool
    why_not_assessed: str | None
    confirmed: int
    point: int | None
    possible: int
    level_1_is_proven: bool
    cells: tuple[CellResult, ...]
    blockers: tuple[Blocker, ...]
    unbanked: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RecordView:
    """A cited row with the bytes it was read from.

    Attributes:
        excerpt: text of the payload at the pointer, cut at the excerpt limit; None when the bytes are not text.
        payload_sha256: hash of the whole payload; `auditor show payload` prints it and `auditor verify` checks it.
        derived_by: recogniser and version that made or completed the row; None: it is as it was read.
    """

    ref: str
    stream: str
    source_id: str
    key: str
    values: Mapping[str, JsonValue]
    reliability: str
    fetched_at: str | None
    source_url: str | None
    row_sha256: str
    payload_sha256: str
    pointer: str
    excerpt: str | None
    excerpt_cut: bool
    derived_by: str | None


@dataclass(frozen=True, slots=True)
class SourceView:
    """One source as it was at the audit, with the number of rows per stream."""

    source_id: str
    kind: str
    run: Mapping[str, JsonValue]
    last_ok_ended: str | None
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class GapView:
    """Equal gaps (source, stream, reason, cause) with one example place and their number."""

    source_id: str
    stream: str | None
    reason: str
    detail: str
    place: str | None
    count: int
    hides_rows: int | None


@dataclass(frozen=True, slots=True)
class PackView:
    """The rule pack that judged, and the parameters that differ from its defaults (name -> [default, used])."""

    id: str
    version: str
    title: str
    sha256: str
    parameters_changed: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Assessment:
    """The whole result. Same evidence, same rule pack, same instant: same bytes.

    Attributes:
        as_of: the audit instant T (UTC, whole seconds), ISO 8601 ending in Z.
        evidence_sha256: digest of the evidence it was computed from; also the seed of the item samples.
        dimensions: by code, in the order of the pack.
        observations: by indicator id.
        records: cited records by reference.
        records_omitted: cited records that are counted and not listed (beyond the item cap).
    """

    format: int
    engine_version: str
    organisation: str | None
    scope: str
    time_zone: str
    as_of: str
    evidence_sha256: str
    rule_pack: PackView
    sources: tuple[SourceView, ...]
    gaps: tuple[GapView, ...]
    dimensions: Mapping[str, DimensionResult]
    observations: Mapping[str, Observation]
    records: Mapping[str, RecordView]
    records_omitted: int


@dataclass(frozen=True, slots=True)
class Seal:
    """Where an assessment stands in the ledger; printed in reports, outside of the hashed bytes.

    Attributes:
        run: number of the run in its data directory.
        assessment_sha256: hash of the canonical assessment.
        manifest_sha256: head digest of the manifest chain after the run.
    """

    run: int
    assessment_sha256: str
    manifest_sha256: str
