"""The assessment as Markdown for pull requests and wikis (tables of GitHub Flavored Markdown)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from auditor.model.assessment import Assessment, CellResult, DimensionResult, ItemResult, Observation, Seal
from auditor.report import overview, words
from auditor.report.text import SENTENCE_LIMIT, counted, instant, number, one_line, percent_range, quantity

_LISTED_ITEMS = 10
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&!@])")
_LINK_START = re.compile(r"(?i)(https?|ftp|mailto|www)([:.])")


def render(assessment: Assessment, seal: Seal | None) -> bytes:
    """The report as UTF-8 text that ends in a line end."""
    blocks = [
        *_head(assessment),
        *_profile(assessment),
        *_matrix(assessment),
        *(line for dimension in assessment.dimensions.values() for line in _dimension(assessment, dimension)),
        *_unknowns(assessment),
        *_gaps(assessment),
        *_sources(assessment),
        *_seal(assessment, seal),
    ]
    return ("\n\n".join(blocks) + "\n").encode()


def _escaped(text: str) -> str:
    """Text of a rule pack or of the engine on one line, in which nothing is markup, a link or a mention."""
    line = _SPECIAL.sub(r"\\\1", one_line(text, SENTENCE_LIMIT))
    line = _LINK_START.sub(r"\1\\\2", line)
    return re.sub(r"^(\d*)([-+=.)]) ", r"\1\\\2 ", line)


def _code(text: str) -> str:
    """A name from the evidence as a code span, in which no character is markup."""
    line = one_line(text).replace("|", "\\|") or " "
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _head(assessment: Assessment) -> list[str]:
    pack = assessment.rule_pack
    facts = (
        _code(assessment.organisation or "unnamed organisation"),
        f"scope {_code(assessment.scope)}",
        f"as of {instant(assessment.as_of)}",
        f"rule pack {_code(f'{pack.id} {pack.version}')}",
    )
    return [f"# {_escaped(pack.title)}", f"{', '.join(facts)}."]


def _profile(assessment: Assessment) -> list[str]:
    rows = [
        [
            _code(dimension.code),
            _escaped(dimension.title),
            _level(dimension),
            words.point(dimension),
            _escaped(words.first_blocker(dimension)),
        ]
        for dimension in assessment.dimensions.values()
    ]
    weakest = overview.weakest(assessment)
    missing = len(assessment.dimensions) - len(overview.assessed(assessment))
    text = (
        "No dimension could be assessed."
        if weakest is None
        else f"Weakest assessed level: **{weakest.confirmed}..{weakest.possible}**. "
        f"Lower end: {weakest.lower_end} ({', '.join(map(_code, weakest.confirmed_in))}). "
        f"Upper end: {weakest.upper_end} ({', '.join(map(_code, weakest.possible_in))})."
    )
    more = f" Not assessed: {counted(missing, 'dimension')}; that is not a low level." if missing else ""
    return [
        "## Profile",
        _table(["", "Dimension", "Level (confirmed..possible)", "Point", "First blocker"], rows),
        f"{text}{more} Levels are ordinal: they have no mean.",
    ]


def _level(dimension: DimensionResult) -> str:
    if not dimension.assessed:
        return f"*{words.NOT_ASSESSED}*"
    suffix = f" ({words.AT_LEAST_1})" if words.is_at_least_1(dimension) else ""
    return f"**{words.level(dimension)}**{suffix}"


def _matrix(assessment: Assessment) -> list[str]:
    rows = [
        [_code(dimension.code), *(_cell(_cell_at(dimension, level)) for level in range(1, 6))]
        for dimension in assessment.dimensions.values()
    ]
    return ["## Cells", _table(["", *(f"Level {level}" for level in range(1, 6))], rows)]


def _cell_at(dimension: DimensionResult, level: int) -> CellResult | None:
    return next((cell for cell in dimension.cells if cell.level == level), None)


def _cell(cell: CellResult | None) -> str:
    if cell is None:
        return ""
    rating = words.cell_rating(cell)
    return f"{rating}, {percent_range(cell.degree.lo, cell.degree.hi)}" if cell.status == "rated" else rating


def _dimension(assessment: Assessment, dimension: DimensionResult) -> list[str]:
    blocks = [f"## {_code(dimension.code)} {_escaped(dimension.title)}: {words.level(dimension)}"]
    if not dimension.assessed:
        blocks.append(f"Not assessed. {_escaped(words.why_not_assessed(dimension))}")
    elif words.is_at_least_1(dimension):
        blocks.append(f"At least 1: {words.AT_LEAST_1_WHY}.")
    blockers = [
        f"- Level {blocker.level}, {words.BLOCKER_KINDS[blocker.kind]}. {_escaped(words.sentence(blocker.text))}"
        for blocker in dimension.blockers
    ]
    if blockers:
        blocks.append("\n".join(["What keeps the confirmed level from being higher:", "", *blockers]))
    if dimension.unbanked:
        levels = ", ".join(map(str, dimension.unbanked))
        blocks.append(f"Achieved above a level that is not, and so not counted: {levels}.")
    observations = [
        entry for level in range(1, 6) for entry in overview.observations_of(assessment, dimension.code, level)
    ]
    if observations:
        head = ["Indicator", "Role", "Question", "Degree", "Point", "Value and goal", "Items", "Unsure because"]
        blocks.append(_table(head, map(_observation, observations)))
        blocks += [text for entry in observations for text in _open_items(entry)]
    return blocks


def _observation(observation: Observation) -> list[str]:
    card, degree = observation.card, observation.degree
    is_measured = observation.status == "measured"
    point = "" if degree.point is None or not is_measured else quantity(degree.point, "share")
    value = observation.value.point
    goal = f"goal {quantity(card.goal, card.unit)}"
    return [
        _code(card.id),
        _escaped(card.role),
        _escaped(card.question),
        percent_range(degree.lo, degree.hi) if is_measured else words.OBSERVATION_STATUS[observation.status],
        point,
        _escaped(goal if value is None else f"{quantity(value, card.unit)}, {goal}"),
        number(observation.n),
        " ".join(_escaped(f"{note.reason}: {words.reason(note)}") for note in observation.reasons),
    ]


def _open_items(observation: Observation) -> list[str]:
    """The items of an indicator that are not met, the first few of them."""
    entries = [item for item in observation.items if item.verdict in {"not met", "partly met", "undecided"}]
    if not entries:
        return []
    more = len(entries) - _LISTED_ITEMS
    lines = [f"{_code(observation.card.id)}: not met or undecided", "", *map(_item, entries[:_LISTED_ITEMS])]
    if more > 0:
        lines.append(f"- and {number(more)} more in the HTML report and the assessment JSON")
    return ["\n".join(lines)]


def _item(item: ItemResult) -> str:
    note = f": {_code(item.note)}" if item.note else ""
    return f"- {item.verdict}: {_code(item.item)}{note}"


def _unknowns(assessment: Assessment) -> list[str]:
    rows = [
        [
            _code(observation.card.id),
            _escaped(observation.card.role),
            _code(note.reason),
            _escaped(words.reason(note)),
            _escaped(words.REASONS[note.reason].settles),
        ]
        for observation in overview.unknown(assessment)
        for note in observation.reasons
    ]
    rows += [
        [_code(observation.card.id), _escaped(observation.card.role), "", "no reason was given", ""]
        for observation in overview.unknown_without_reason(overview.unknown(assessment))
    ]
    if not rows:
        return ["## Unknowns", "Every indicator could be measured."]
    return ["## Unknowns", _table(["Indicator", "Role", "Reason", "What it means", "What would settle it"], rows)]


def _gaps(assessment: Assessment) -> list[str]:
    if not assessment.gaps:
        return ["## Gaps", "Every source gave what it was asked for."]
    rows = [
        [
            _code(gap.source_id),
            _code(gap.stream) if gap.stream else "all",
            _escaped(words.gap_reason(gap.reason)),
            number(gap.count),
            _code(gap.detail),
            _code(gap.place) if gap.place else "",
        ]
        for gap in assessment.gaps
    ]
    return ["## Gaps", _table(["Source", "Stream", "Reason", "Number", "Detail", "For example at"], rows)]


def _sources(assessment: Assessment) -> list[str]:
    rows = [
        [
            _code(source.source_id),
            _escaped(source.kind),
            _escaped(str(source.run.get("status") or "unknown")),
            instant(source.last_ok_ended) if source.last_ok_ended else "never",
            number(sum(source.rows.values())),
        ]
        for source in assessment.sources
    ]
    return ["## Sources", _table(["Source", "Kind", "Latest pull", "Last sound pull", "Rows"], rows)]


def _seal(assessment: Assessment, seal: Seal | None) -> list[str]:
    pack = assessment.rule_pack
    lines = [
        f"- rule pack {_code(f'{pack.id} {pack.version}')}: {_code(pack.sha256)}",
        f"- evidence: {_code(assessment.evidence_sha256)}",
        f"- engine: {_code(assessment.engine_version)}",
    ]
    if seal is None:
        lines.append("- not sealed: this assessment is in no ledger")
    else:
        lines += [
            f"- assessment (run {seal.run}): {_code(seal.assessment_sha256)}",
            f"- head of the chain: {_code(seal.manifest_sha256)}",
            "- check: `auditor verify`",
        ]
    return ["## Where it comes from", "\n".join(lines)]
