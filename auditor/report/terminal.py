"""The assessment as a table for a terminal or a pipe: pure text, colour only when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.model.assessment import Assessment, Seal
from auditor.report import overview, words
from auditor.report.text import counted, display_width, fitting, instant, one_line, visible, wrapped

_LEVEL_WIDTH = len(words.NOT_ASSESSED)
_POINT_WIDTH = len("Point")
_MIN_BLOCKER_WIDTH = 26
_MIN_WIDTH = 40
_BLOCKER_LIMIT = 240
_CODES = {"bold": "1", "dim": "2", "yellow": "33"}


@dataclass(frozen=True, slots=True)
class _Paint:
    """Wraps text in colour codes, or not."""

    colour: bool

    def __call__(self, text: str, style: str) -> str:
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.colour else text


def render(
    assessment: Assessment,
    seal: Seal | None,
    *,
    width: int = 80,
    colour: bool = False,
    files: Sequence[tuple[str, str]] = (),
) -> str:
    """The table with its footers, ending in a line end.

    Args:
        width: columns to fill, at least 40.
        colour: whether to use ANSI colours.
        files: label and path of each report that was written, printed last.
    """
    columns = max(width, _MIN_WIDTH)
    paint = _Paint(colour)
    blocks = (
        _head(assessment, columns, paint),
        _table(assessment, columns, paint),
        _weakest(assessment, columns),
        _unknown(assessment, columns, paint),
        _gaps(assessment, columns, paint),
        _seal(assessment, seal, columns),
        _files(files, paint),
    )
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _head(assessment: Assessment, width: int, paint: _Paint) -> list[str]:
    pack = assessment.rule_pack
    name = assessment.organisation or "unnamed organisation"
    lines = wrapped(f"{one_line(pack.title)}: {one_line(name)}, scope {one_line(assessment.scope)}", width)
    facts = f"as of {instant(assessment.as_of)}, rule pack {one_line(pack.id)} {one_line(pack.version)}"
    return [*(paint(line, "bold") for line in lines), *wrapped(facts, width)]


def _table(assessment: Assessment, width: int, paint: _Paint) -> list[str]:
    dimensions = tuple(assessment.dimensions.values())
    names = {entry.code: f"{one_line(entry.code, 12):<5}{one_line(entry.title, 40)}" for entry in dimensions}
    level_width = _LEVEL_WIDTH + 2 + _POINT_WIDTH + 2
    widest = max((display_width(name) for name in names.values()), default=0)
    name_width = min(max(widest, len("Dimension")), max(width - level_width - 2 - _MIN_BLOCKER_WIDTH, 16))
    rest = width - name_width - 2 - level_width
    is_narrow = rest < _MIN_BLOCKER_WIDTH
    head = f"{'Dimension':<{name_width}}  {'Level':<{_LEVEL_WIDTH}}  {'Point':<{_POINT_WIDTH}}"
    lines = [paint(head.rstrip() if is_narrow else f"{head}  First blocker", "bold")]
    for dimension in dimensions:
        name = _fitted(names[dimension.code], name_width)
        level = words.level(dimension) + (" *" if words.is_at_least_1(dimension) else "")
        style = "bold" if dimension.assessed else "dim"
        row = f"{name}  {paint(f'{level:<{_LEVEL_WIDTH}}', style)}  {words.point(dimension):<{_POINT_WIDTH}}"
        blocker = one_line(words.first_blocker(dimension), _BLOCKER_LIMIT)
        if is_narrow:
            lines += [row.rstrip(), *wrapped(blocker, width, "  ")]
            continue
        first, *more = wrapped(blocker, rest) or [""]
        lines += [f"{row}  {first}".rstrip(), *(f"{'':<{width - rest}}{line}" for line in more)]
    return lines


def _weakest(assessment: Assessment, width: int) -> list[str]:
    weakest = overview.weakest(assessment)
    total = len(assessment.dimensions)
    missing = total - len(overview.assessed(assessment))
    lines: list[str] = []
    if weakest is None:
        lines += wrapped(f"None of the {total} dimensions could be assessed.", width)
    else:
        lines += wrapped(
            f"Weakest of {counted(total - missing, 'assessed dimension')}: {weakest.confirmed}..{weakest.possible}. "
            f"Lower end: {weakest.lower_end} ({', '.join(weakest.confirmed_in)}). "
            f"Upper end: {weakest.upper_end} ({', '.join(weakest.possible_in)}).",
            width,
        )
    if weakest is not None and missing:
        lines += wrapped(f"Not assessed: {missing} of {counted(total, 'dimension')}; that is not a low level.", width)
    if any(map(words.is_at_least_1, assessment.dimensions.values())):
        lines += wrapped(f"* {words.AT_LEAST_1}: {words.AT_LEAST_1_WHY}.", width, "", "  ")
    return lines


def _unknown(assessment: Assessment, width: int, paint: _Paint) -> list[str]:
    observations = overview.unknown(assessment, role="core")
    if not observations:
        return []
    lines = [paint(f"Unknown core indicators: {len(observations)}", "bold")]
    for reason, entries in overview.unknown_by_reason(observations).items():
        ids = ", ".join(one_line(entry.card.id) for entry in entries)
        lines += _painted_label(reason, f"{ids}. {words.REASONS[reason].means}", width, paint)
    rest = overview.unknown_without_reason(observations)
    if rest:
        lines += wrapped(f"no reason given: {', '.join(one_line(entry.card.id) for entry in rest)}", width, "  ")
    return lines


def _gaps(assessment: Assessment, width: int, paint: _Paint) -> list[str]:
    counts = overview.gaps_by_reason(assessment)
    if not counts:
        return [*wrapped("No gaps: every source gave what it was asked for.", width)]
    lines = [paint(f"Gaps in the evidence: {sum(counts.values()):,}", "bold")]
    for reason, count in counts.items():
        lines += _painted_label(one_line(reason), f"{count:,}, {one_line(words.gap_reason(reason))}", width, paint)
    return lines


def _seal(assessment: Assessment, seal: Seal | None, width: int) -> list[str]:
    omitted = f", {assessment.records_omitted:,} more counted" if assessment.records_omitted else ""
    lines = wrapped(
        f"{counted(len(assessment.sources), 'source')}, {counted(len(assessment.records), 'cited record')}{omitted}.",
        width,
    )
    if seal is None:
        return [*lines, *wrapped("Not sealed: this assessment is in no ledger.", width)]
    return [
        *lines,
        *wrapped(f"Sealed as run {seal.run}; `auditor verify` checks it.", width),
        *wrapped(f"assessment {seal.assessment_sha256}", width, "  "),
        *wrapped(f"chain head {seal.manifest_sha256}", width, "  "),
    ]


def _files(files: Sequence[tuple[str, str]], paint: _Paint) -> list[str]:
    if not files:
        return []
    label_width = max(len(label) for label, _ in files)
    # A path is never wrapped: it is there to be copied.
    paths = ((label, visible(path).replace("\n", "<U+000A>")) for label, path in files)
    return [paint("Files", "bold"), *(f"  {label:<{label_width}}  {path}" for label, path in paths)]


def _painted_label(label: str, text: str, width: int, paint: _Paint) -> list[str]:
    first, *more = wrapped(f"{label}: {text}", width, "  ", "    ")
    return [first.replace(label, paint(label, "yellow"), 1), *more]


def _fitted(text: str, width: int) -> str:
    """Text cut or padded to exactly `width` columns."""
    kept = text if display_width(text) <= width else f"{fitting(text, width - 1)}\u2026"
    return kept + " " * (width - display_width(kept))
