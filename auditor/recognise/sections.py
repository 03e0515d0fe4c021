"""Which sections a document has: a heading, a label or a table header that stands for a key, and content under it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from auditor.model.sections import SECTION_KEYS
from auditor.recognise.structure import Piece, Structure
from auditor.recognise.targets import ParsedTarget
from auditor.recognise.vocabulary import FACT_KEYS, SECTIONS

VERSION = "sections 1"
"""Raised whenever the same document gives other sections."""

MIN_WORDS = 15
"""Words under a heading that make it a section (rubric 4.5)."""

_MAX_LABEL_WORDS = 6


@dataclass(frozen=True, slots=True)
class FoundSection:
    """The piece that shows a section: its lines in the original text."""

    first: int
    last: int


def find_sections(
    structure: Structure, kind: str, targets: Sequence[ParsedTarget]
) -> Mapping[str, FoundSection | None]:
    """The sections of a document of a kind.

    Args:
        structure: the document.
        kind: a key of `SECTION_KEYS`.
        targets: its targets; a heading with a target under it is a section, however short.

    Returns:
        Every key of the kind: where the section is, or None where it was not found.
    """
    keys = SECTION_KEYS[kind].all
    found: dict[str, FoundSection | None] = dict.fromkeys(keys)
    if not structure.is_text:
        return found
    lines = sorted(target.first for target in targets)
    for text, first, last, words, is_filled in _candidates(structure, lines):
        for key in keys:
            if found[key] is None and SECTIONS[key].search(text) and (is_filled or _is_enough(key, words)):
                found[key] = FoundSection(first, last)
    return found


def _is_enough(key: str, words: int) -> bool:
    return words >= (1 if key in FACT_KEYS else MIN_WORDS)


def _candidates(structure: Structure, target_lines: Sequence[int]) -> Iterator[tuple[str, int, int, int, bool]]:
    """(heading or label, first line, last line, words under it, whether a target stands under it)."""
    pieces = structure.pieces
    title = structure.title
    for section in structure.sections:
        heading = pieces[section.heading]
        if title is not None and (heading.text, heading.first) == title:
            continue  # the title names the document, not a section of it
        last = pieces[section.end - 1].last
        yield heading.text, heading.first, last, section.words, _any_between(target_lines, heading.first, last)
    for piece in pieces:
        if piece.kind == "row":
            yield from _of_row(piece, target_lines)
        elif piece.kind in {"paragraph", "item"}:
            label, colon, rest = piece.text.partition(":")
            if colon and len(label.split()) <= _MAX_LABEL_WORDS:
                has_target = _any_between(target_lines, piece.first, piece.last)
                yield label, piece.first, piece.last, len(rest.split()), has_target


def _of_row(piece: Piece, target_lines: Sequence[int]) -> Iterator[tuple[str, int, int, int, bool]]:
    has_target = _any_between(target_lines, piece.first, piece.last)
    label, rest = piece.cells[0], piece.cells[1:]
    if len(label.split()) <= _MAX_LABEL_WORDS:
        yield label, piece.first, piece.last, sum(len(cell.split()) for cell in rest), has_target
    for column, cell in zip(piece.header, piece.cells, strict=False):
        if column and cell:
            yield column, piece.first, piece.last, len(cell.split()), has_target


def _any_between(lines: Sequence[int], first: int, last: int) -> bool:
    place = bisect_left(lines, first)
    return place < len(lines) and lines[place] <= last
