"""A rule pack in memory: dimensions, indicators, views and parameters, as loading has checked them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LEVELS = (1, 2, 3, 4, 5)

DEFAULT_PACK = "slm-maturity"
"""The rule pack that judges when nobody names another."""


class IndicatorType(StrEnum):
    """How the engine counts an indicator's items."""

    POPULATION = "population"
    EVENT = "event"
    CHECKLIST = "checklist"
    MEASURE = "measure"


class Role(StrEnum):
    """What an indicator does in its cell: core gates it (weight 4), supporting never (1), diagnostic only tells."""

    CORE = "core"
    SUPPORTING = "supporting"
    DIAGNOSTIC = "diagnostic"


class Asks(StrEnum):
    """Grade of evidence a question asks for, weakest first."""

    DOCUMENTED = "documented"
    CONFIGURED = "configured"
    OPERATING = "operating"
    OUTCOME = "outcome"


class Direction(StrEnum):
    """Whether a measured value is better when larger or smaller."""

    MORE = "more"
    LESS = "less"


class Use(StrEnum):
    """What an indicator reads a stream for: its items are drawn from it, or items only refer to it."""

    POPULATION = "population"
    OPTIONAL = "optional"


class Effect(StrEnum):
    """What a guard that holds does to an item or to the indicator."""

    FACTOR = "factor"
    CAP = "cap"
    UNDECIDED = "undecided"
    UNKNOWN = "unknown"
    FLAG = "flag"


class EmptyResult(StrEnum):
    """What an empty population means once absence is proven."""

    UNKNOWN = "unknown"
    FALSE = "not-met"
    TRUE = "met"
    NOT_APPLICABLE = "not-applicable"


class Effort(StrEnum):
    """Effort of a remediation: small, medium, large."""

    SMALL = "S"
    MEDIUM = "M"
    LARGE = "L"


@dataclass(frozen=True, slots=True)
class Sql:
    """One SELECT of a pack and where it stands, for messages.

    Attributes:
        text: DuckDB SQL; `$T`, `$W`, `$goal`, `$p.<parameter>` and the like are parameters.
        file: path of the file inside the pack.
        line: line of the file the text begins at.
        reads: streams it reads, through views as well.
        parameters: names of the parameters it uses, without `$`.
    """

    text: str
    file: str
    line: int
    reads: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    """A stream an indicator reads; `kinds` narrows completeness to values of the stream's `kind`."""

    stream: str
    use: Use
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WindowRule:
    """The look-back window of an indicator.

    Attributes:
        unit: `days` (counted back from T), `months` or `quarters` (full calendar ones in the scope's zone).
        length: first length tried.
        widen: longer lengths tried in turn while fewer than the minimum number of events were found.
    """

    unit: str
    length: int
    widen: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WhenEmpty:
    """Result when nothing was found: `nothing_found` counts when absence is proven.

    Absence is proven by complete sources; with `proof` (a SELECT of one boolean) only by that.
    """

    nothing_found: EmptyResult
    proof: Sql | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """A counter-check against a false positive.

    Attributes:
        sql: SELECT that returns one row per item it holds for (`item` not null), or one row with `item` null when it
            holds for the indicator as a whole; no row: it does not hold. Column `sure` false: it may hold (lowers
            only lo). Column `note` says what was seen, `evidence` lists refs.
        amount: the factor or cap, a parameter name or a number in 0..1; None for other effects.
        reason: reason of the unknown for effect `unknown` (a value of `Reason`).
    """

    id: str
    sql: Sql
    effect: Effect
    amount: float | None
    says: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A counter-check that no stream can decide, and why."""

    id: str
    says: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A counter-check that the items SELECT itself applies; one case shows it."""

    id: str
    says: str


@dataclass(frozen=True, slots=True)
class Remediation:
    """What to do when the indicator is not met."""

    effort: Effort
    text: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named number, text or list that a scope may override within its bounds."""

    name: str
    value: float | int | str | tuple[str, ...]
    unit: str | None
    low: float | None
    high: float | None
    doc: str
    basis: str


@dataclass(frozen=True, slots=True)
class Indicator:
    """A question asked of evidence; see the pack's reference for the meaning of each field."""

    id: str
    version: int
    lifecycle: str
    dimension: str
    level: int
    role: Role
    type: IndicatorType
    question: str
    why: str
    basis: str
    asks: Asks
    needs: tuple[Need, ...]
    unit: str
    direction: Direction
    goal: float
    goal_parameter: str
    min_n: int
    max_pull_age_d: int | None
    window: WindowRule | None
    reaction_window: str | None
    when_empty: WhenEmpty
    per_service: bool
    items: Sql
    guards: tuple[Guard, ...]
    conditions: tuple[Condition, ...]
    limits: tuple[Limit, ...]
    look_at: str
    remediation: Remediation
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """Vocabulary that indicators share: a named SELECT over streams and earlier views."""

    name: str
    doc: str
    sql: Sql


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension of the rubric with its five level statements (index 0 is level 1)."""

    code: str
    title: str
    summary: str
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RulePack:
    """A loaded and linted rule pack.

    Attributes:
        sha256: hash over every file of the pack that can change a result (indicators, views, parameters, dimensions).
        indicators: by id, in the order of dimensions, levels and ids.
        views: in an order in which each reads only earlier ones.
    """

    id: str
    version: str
    title: str
    sha256: str
    dimensions: Mapping[str, Dimension]
    indicators: Mapping[str, Indicator]
    views: tuple[View, ...]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
