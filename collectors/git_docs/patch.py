"""How much a patch changes, counted in words that differ, sections they stand in, and figures with a unit.

Patches have no lines of context (`-U0`); git names the heading above each hunk, where it stands on one line.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

HEADING_PATTERN = r"^[ \t]*[#=]+[ \t].*|^[ \t]*<[hH][1-6][ \t>].*"
"""Headings on one line (Markdown, AsciiDoc, HTML), as an extended regular expression for git.

Without groups, which would cost a fifth of the time. It takes a few lines for headings that are none, such as indented
code; `heading` looks again.
"""

_HUNK = re.compile(r"(@*) -(\d+)(?:,\d+)? .*?@@\1(?: (.*))?")
_HUNK_START = "\n@@"
_MARK = re.compile(r"\n[-+]+[ \t]*[#=<]|\n[-+]+[=\-~^\"'#*+]")
_ONE_LINE = re.compile(r" {0,3}#{1,6}[ \t]+(.*?)[ \t#]*|={1,6}[ \t]+(.*?)[ \t=]*|[ \t]*<h[1-6][ >](.*)", re.IGNORECASE)
_UNDERLINE = re.compile(r"([=\-~^\"'#*+])\1{2,}[ \t]*")
_TAG = re.compile(r"<[^>]*>")
_NUMBERING = re.compile(r"^(?:\d+(?:\.\d+)*[.)]?|[ivx]+[.)])\s+")
_FIGURE = re.compile(
    # The digit first: what begins with a condition is tried at every place.
    r"\d(?<![\w.,]\d)\d*(?:[.,]\d+)*\s?(?:%|(?:percent|per cent|ms|milliseconds?|s|secs?|seconds?|min|mins|minutes?|h"
    r"|hrs?|hours?|d|days?|(?:business|working) (?:hours?|days?)|weeks?|months?|prozent|sekunden?|minuten?|stunden?"
    r"|tagen?|wochen?|monaten?)\b)",
    re.IGNORECASE,
)
_RULES = frozenset("=-~^\"'#*+")
_COMPARED_WORDS = 400
_HEADING_CHARS = 60


class Measured(NamedTuple):
    """What a patch changes.

    Attributes:
        chars: characters of the words that were removed or added; line breaks and other white space do not count.
        sections: headings, folded, of the sections in which a line changed; None: one of them is not known.
        figures: numbers with a unit that only one side has, the larger of removed and added.
    """

    chars: int
    sections: tuple[str, ...] | None
    figures: int


@dataclass(frozen=True, slots=True)
class Style:
    """How a document writes headings, as its current text shows.

    Attributes:
        before_first: lines before the first heading.
        underlined: whether a heading stands on a line of its own above a rule, which git cannot name for a hunk.
    """

    before_first: int
    underlined: bool


@dataclass(slots=True)
class _Tally:
    style: Style
    chars: int = 0
    figures: int = 0
    unknown: bool = False
    sections: dict[str, None] = field(default_factory=dict)

    def note(self, section: str | None, *, known: bool) -> None:
        """Note that a line changed in a section, or in none; `known`: whether it is sure that it is in none."""
        if section is not None:
            self.sections[section] = None
        elif not known:
            self.unknown = True


def measure(patch: bytes, style: Style) -> Measured | None:
    """What a patch changes; None where git could not compare the files as text.

    Args:
        patch: from its line `diff --git` (of a merge: `diff --cc`) to its end.
        style: how the document writes headings.
    """
    start = patch.find(b"\n@@")
    if start < 0:
        return None if b"\nBinary files " in patch else Measured(0, (), 0)
    tally = _Tally(style)
    # Within a hunk every line begins with a mark of its own: no line of a document can look like the next hunk.
    for hunk in patch[start + len(_HUNK_START) :].decode("utf-8", "replace").split(_HUNK_START):
        match = _HUNK.match(hunk)
        if match is not None:
            _count(tally, match, hunk)
    return Measured(tally.chars, None if tally.unknown else tuple(tally.sections), tally.figures)


def _count(tally: _Tally, match: re.Match[str], hunk: str) -> None:
    body = hunk[match.end() + 1 :].split("\n")
    parents = len(match[1]) + 1
    # Of a merge only lines count that none of its parents has, or that all of them had.
    minus, plus = "-" * parents, "+" * parents
    removed = [line[parents:] for line in body if line.startswith(minus)]
    added = [line[parents:] for line in body if line.startswith(plus)]
    before, after = " ".join(removed), " ".join(added)
    tally.chars += _differing(before.split(), after.split())
    tally.figures += _figures(before, after)
    above = heading(match[3]) if parents == 1 and match[3] else None
    starts_at = int(match[2])
    known = above is not None or starts_at <= tally.style.before_first
    known = known or (parents == 1 and not match[3] and not tally.style.underlined)
    if starts_at > 1 and _MARK.search(hunk) is None:
        # No line of it can be a heading or a part of one.
        if before.strip() or after.strip():
            tally.note(above, known=known)
        return
    for side in (removed, added):
        _note_sections(tally, side, above, known=known, from_top=starts_at <= 1)


def _note_sections(tally: _Tally, lines: Sequence[str], above: str | None, *, known: bool, from_top: bool) -> None:
    current = above
    first = front_matter_end(lines) if from_top else 0
    for number, line in enumerate(lines):
        if number < first or not line.strip():
            continue
        found = heading(line) or underlined(lines, number)
        if found is not None:
            current, known = found, True
        tally.note(current, known=known)


def heading(line: str) -> str | None:
    """The folded text of a heading on one line; None: it is none."""
    return _heading(line) if line.lstrip()[:1] in ("#", "=", "<") else None


@lru_cache(maxsize=4096)
def _heading(line: str) -> str | None:
    """Cached because most changes lie under a few headings."""
    match = _ONE_LINE.fullmatch(line)
    if match is None:
        return None
    text = next((text for text in match.groups() if text is not None), "")
    # What is left of an HTML tag, attributes and `>`, is no part of the heading; a `>` in Markdown is.
    return folded(text.partition(">")[2] or text if match[3] is not None else text)


def underlined(lines: Sequence[str], number: int) -> str | None:
    """The folded text of a heading that stands above a rule; None: the line is none."""
    below = lines[number + 1].rstrip() if number + 1 < len(lines) else ""
    if below[:1] not in _RULES:
        return None
    line = lines[number].strip()
    if not line or not _UNDERLINE.fullmatch(below) or len(below) + 3 < len(line):
        return None
    return None if _UNDERLINE.fullmatch(line) or line.startswith(("|", ">", ":")) else folded(line)


def folded(text: str) -> str | None:
    """A heading as it is compared: without marks, tags and numbering, lower case, at most 60 characters."""
    plain = _TAG.sub(" ", text) if ">" in text else text
    plain = " ".join(re.sub(r"[*_`#]+|\ufffd+$", " ", plain).split())
    return _NUMBERING.sub("", plain).casefold()[:_HEADING_CHARS].strip() or None


def front_matter_end(lines: Sequence[str]) -> int:
    """Number of lines that front matter takes at the top, its rules counted; 0: there is none."""
    if not lines or lines[0].rstrip() not in ("---", "+++"):
        return 0
    rule = lines[0].rstrip()
    return next((number + 1 for number, line in enumerate(lines[1:], 1) if line.rstrip() == rule), 0)


def style_of(text: str, name: str) -> Style:
    """How a document writes headings."""
    lines = text.splitlines()
    start = front_matter_end(lines)
    rules = not name.lower().endswith((".html", ".htm"))
    before, is_underlined = len(lines), False
    for number in range(start, len(lines)):
        above_rule = rules and underlined(lines, number) is not None
        if above_rule or heading(lines[number]) is not None:
            before = min(before, number)
        is_underlined = is_underlined or above_rule
    return Style(before, is_underlined)


def _differing(before: list[str], after: list[str]) -> int:
    """Characters of the words that are on one side only, in their order."""
    start, end = 0, 0
    shorter = min(len(before), len(after))
    while start < shorter and before[start] == after[start]:
        start += 1
    while end < shorter - start and before[-1 - end] == after[-1 - end]:
        end += 1
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    same = 0
    if len(old) == 1 and len(new) == 1:
        return len(old[0]) + len(new[0])
    if old and new and len(old) + len(new) <= _COMPARED_WORDS:
        blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
        same = sum(len(word) for block in blocks for word in old[block.a : block.a + block.size])
    return sum(map(len, old)) + sum(map(len, new)) - 2 * same


def _figures(before: str, after: str) -> int:
    found, found_after = _FIGURE.findall(before), _FIGURE.findall(after)
    if found == found_after:
        return 0
    if len(found) == 1 and len(found_after) == 1:
        return int(_plain(found[0]) != _plain(found_after[0]))
    old, new = _counted(found), _counted(found_after)
    return max((old - new).total(), (new - old).total())


def _counted(figures: Sequence[str]) -> Counter[str]:
    return Counter(map(_plain, figures))


def _plain(figure: str) -> str:
    return "".join(figure.split()).casefold()
