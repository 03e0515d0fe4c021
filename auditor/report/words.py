"""The closed vocabulary of an assessment in plain sentences; every format says the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from auditor.model.assessment import CellResult, DimensionResult, GuardOutcome, Reason, ReasonNote
from auditor.model.evidence import GapReason
from auditor.report.text import number, quantity

NOT_ASSESSED = "not assessed"
AT_LEAST_1 = "at least 1"
AT_LEAST_1_WHY = "no evidence excludes level 2, so level 1 is a lower bound and not a finding"


@dataclass(frozen=True, slots=True)
class ReasonWords:
    """A reason for a person: what it means, and what would settle it."""

    means: str
    settles: str


REASONS: Mapping[Reason, ReasonWords] = {
    Reason.NO_SOURCE: ReasonWords(
        "No source was asked that could answer this.",
        "Connect a source that holds this evidence, or add it to the evidence folder.",
    ),
    Reason.STALE_PULL: ReasonWords(
        "The evidence was collected too long ago for this question.",
        "Collect from the source again.",
    ),
    Reason.SCOPE_INCOMPLETE: ReasonWords(
        "Something was not found, and nobody vouches that the source shows everything: it may exist out of sight.",
        "Widen the pull to everything there is and have its completeness declared by name and date.",
    ),
    Reason.PARTIAL_SOURCE: ReasonWords(
        "The source showed only a part: access was denied, rows could not be read, or the answer was cut off.",
        "Grant read access or repair the rows listed under the gaps, then collect again.",
    ),
    Reason.RETENTION: ReasonWords(
        "The source keeps less history than the question looks back.",
        "Keep history longer at the source, or collect regularly so that it builds up here.",
    ),
    Reason.UNDECIDED_ITEMS: ReasonWords(
        "Some items cannot be judged either way, because a fact that decides them is missing.",
        "Supply the missing facts of the items marked undecided.",
    ),
    Reason.THIN_SAMPLE: ReasonWords(
        "There are too few cases to say more.",
        "Nothing needs doing: more cases, as time passes, will settle it.",
    ),
    Reason.CONFLICT: ReasonWords(
        "Two sources contradict each other.",
        "Find out which of them is right, and correct the other.",
    ),
    Reason.AMBIGUOUS_SERVICE: ReasonWords(
        "Evidence could not be tied to one service without doubt.",
        "Give the services unique names or ids, and use them in every system.",
    ),
    Reason.RULE_FAILED: ReasonWords(
        "The rule itself could not be evaluated; this says nothing about the organisation.",
        "Repair the rule pack (the command auditor rules test shows the fault) and assess the stored evidence again.",
    ),
    Reason.NOT_IN_PACK: ReasonWords(
        "The rule pack has no indicators for this, so nothing was asked.",
        "Use a rule pack that covers it.",
    ),
}

GAP_REASONS: Mapping[str, str] = {
    GapReason.NOT_CONFIGURED: "no source is configured",
    GapReason.UNREACHABLE: "the source could not be reached",
    GapReason.UNAUTHORISED: "the source did not accept the credentials",
    GapReason.FORBIDDEN: "the source refused access",
    GapReason.NOT_SUPPORTED: "the source does not offer this",
    GapReason.RATE_LIMITED: "the source limited the number of requests",
    GapReason.TIMED_OUT: "the source did not answer in time",
    GapReason.TRUNCATED: "the answer was cut off",
    GapReason.MALFORMED: "what was read was not as it should be",
    GapReason.SERVER_ERROR: "the source answered with an error",
    GapReason.RETENTION: "the source no longer keeps data that old",
    GapReason.REDACTED: "content was withheld on purpose",
    GapReason.CRASHED: "the collector failed",
}

BLOCKER_KINDS: Mapping[str, str] = {
    "practice": "practice: measured, and not good enough",
    "evidence": "evidence: cannot be known yet",
    "sample": "sample: good so far, too few cases to confirm",
}

TIERS: Mapping[str, str] = {
    "R0": "bare statement",
    "R1": "attested by a person",
    "R2": "written by people, with history",
    "R3": "configuration or definition",
    "R4": "recorded by a system, with actor and time",
    "R5": "pulled from the system of record",
}

EFFORTS: Mapping[str, str] = {"S": "small", "M": "medium", "L": "large"}

CELL_STATUS: Mapping[str, str] = {
    "rated": "rated",
    "unknown": "unknown",
    "not-applicable": "not applicable here",
    "not-assessed": NOT_ASSESSED,
    "floor": "floor: always reached",
}

OBSERVATION_STATUS: Mapping[str, str] = {
    "measured": "measured",
    "unknown": "unknown",
    "not-applicable": "not applicable",
}

CONFIDENCE_LIMITS: Mapping[str, str] = {
    "reliability": "how reliable the weakest evidence is",
    "sample": "the number of cases",
    "freshness": "the age of the evidence",
    "binding": "how surely evidence is tied to services",
    "independence": "the evidence being produced by the owner of the result",
}


def level(dimension: DimensionResult) -> str:
    """A dimension's level as `confirmed..possible`, or `not assessed`."""
    return f"{dimension.confirmed}..{dimension.possible}" if dimension.assessed else NOT_ASSESSED


def point(dimension: DimensionResult) -> str:
    """A dimension's point level, or a dash where there is none to show."""
    return str(dimension.point) if dimension.assessed and dimension.point is not None else "-"


def level_in_words(dimension: DimensionResult) -> str:
    """What a dimension's interval says, or why there is none."""
    if not dimension.assessed:
        return why_not_assessed(dimension)
    if dimension.confirmed == dimension.possible:
        return f"{dimension.confirmed} and no higher"
    unasked = [cell.level for cell in dimension.cells if cell.status == "not-assessed"]
    above = [level for level in unasked if dimension.confirmed < level <= dimension.possible]
    highest = f"At least {dimension.confirmed}, and {dimension.possible} at most"
    levels = f"level{'s' if len(above) > 1 else ''} {', '.join(map(str, above))}"
    return f"{highest}; nothing was asked about {levels}" if above else highest


def is_at_least_1(dimension: DimensionResult) -> bool:
    """True when a confirmed 1 is only a lower bound."""
    return dimension.assessed and dimension.confirmed == 1 and not dimension.level_1_is_proven


def why_not_assessed(dimension: DimensionResult) -> str:
    """Why no level is shown."""
    return sentence(dimension.why_not_assessed or "nothing is known about level 2")


def first_blocker(dimension: DimensionResult) -> str:
    """What keeps the confirmed level from being higher, in a sentence."""
    if not dimension.assessed:
        return why_not_assessed(dimension)
    return sentence(dimension.blockers[0].text) if dimension.blockers else "none"


def cell_rating(cell: CellResult) -> str:
    """A rated cell as `L-` or `P+..F`; other cells by their status."""
    if cell.status != "rated" or cell.rating_lo is None or cell.rating_hi is None:
        return CELL_STATUS[cell.status]
    return cell.rating_lo if cell.rating_lo == cell.rating_hi else f"{cell.rating_lo}..{cell.rating_hi}"


def reason(note: ReasonNote) -> str:
    """A reason in words: what it means, what it is about here, and which streams it concerns."""
    streams = f" (about {', '.join(note.streams)})" if note.streams else ""
    detail = f" {sentence(note.detail)}" if note.detail else ""
    return f"{REASONS[note.reason].means}{detail}{streams}"


def item_reason(note: ReasonNote) -> str:
    """Why one item is undecided: what it is about here, or the general meaning where nothing more is said."""
    return sentence(note.detail) or REASONS[note.reason].means


def sentence(text: str) -> str:
    """Text of the engine or of a rule pack with a capital and a full stop, unless it begins with an id."""
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    begun = text[0].upper() + text[1:] if first.isalpha() and first.islower() else text
    return begun if not begun or begun.endswith((".", "?", "!", ":")) else f"{begun}."


def gap_reason(code: str) -> str:
    """The reason of a gap in words; a code this version does not know as it is."""
    return GAP_REASONS.get(code, code)


def guard_effect(guard: GuardOutcome) -> str:
    """What a guard that holds does."""
    amount = "" if guard.amount is None else number(guard.amount)
    cap = "" if guard.amount is None else quantity(guard.amount, "share")
    effects = {
        "factor": f"multiplies by {amount}",
        "cap": f"limits to {cap}",
        "undecided": "leaves undecided",
        "unknown": "makes the answer unknown",
        "flag": "is only reported",
    }
    return effects.get(guard.effect, guard.effect)


def confidence(value: float) -> str:
    """A confidence in 0..1 as high (from 0.8), medium (from 0.5) or low."""
    if value >= 0.8:
        return "high"
    return "medium" if value >= 0.5 else "low"
