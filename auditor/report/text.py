"""Text that came with the evidence, made safe to print, and numbers in the form people read.

Names and notes come from other people's systems. Whatever they hold, a reader must see it as what it is: characters
that do not print, or that turn the order of the line around, appear as their code point.
"""

from __future__ import annotations

import math
import re
import unicodedata

NAME_LIMIT = 160
SENTENCE_LIMIT = 600
"""Characters of a name and of a sentence that a report shows; the length is printed when one is cut."""

NBSP = "\u00a0"
"""A space at which no line breaks."""

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, but for tab and line feed
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"  # direction and zero width
    "\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e007f]"  # separators, surrogates, tags
)
_RATING_CUTS = (15.0, 32.5, 50.0, 67.5, 85.0)


def visible(text: str) -> str:
    """Text whose every character shows: controls and direction marks as `<U+202E>`; tabs and line feeds stay."""
    return _INVISIBLE.sub(lambda found: f"<U+{ord(found[0]):04X}>", text.replace("\r\n", "\n"))


def one_line(text: str, limit: int | None = NAME_LIMIT) -> str:
    """Visible text on one line, cut at a number of characters (None: never)."""
    line = visible(" ".join(text.split()))
    return line if limit is None else clip(line, limit)


def clip(text: str, limit: int) -> str:
    """Text cut at a number of characters, with its whole length when it was cut."""
    return text if len(text) <= limit else f"{text[:limit]}\u2026 ({len(text):,} characters)"


def percent(share: float) -> str:
    """A share in 0..1 in percent without the sign.

    One decimal, but as many as it takes not to round onto a rating cut or to 0 or 100: what is rated L never shows 50.
    """
    exact = share * 100
    shown = ""
    for digits in range(1, 7):
        shown = f"{exact:.{digits}f}".rstrip("0").rstrip(".")
        rounded = float(shown)
        if math.isclose(rounded, exact, abs_tol=1e-9) or rounded not in {0.0, 100.0, *_RATING_CUTS}:
            break
    return shown


def percent_range(lo: float, hi: float) -> str:
    """Two shares as `lo..hi` in percent, or one number when they are equal; with the sign."""
    return f"{percent(lo)}{NBSP}%" if lo == hi else f"{percent(lo)}..{percent(hi)}{NBSP}%"


def number(value: float) -> str:
    """A number with separators between thousands; at most four significant decimals."""
    if float(value).is_integer():
        return f"{int(value):,}"
    if abs(value) < 1:
        return f"{value:.4g}"
    return f"{value:,.4f}".rstrip("0")


def quantity(value: float, unit: str) -> str:
    """A value with its unit; shares in percent."""
    return f"{percent(value)}{NBSP}%" if unit == "share" else f"{number(value)} {unit}"


def instant(text: str) -> str:
    """An ISO 8601 instant ending in Z as people read it; other text on one line."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?(?:\.\d+)?Z", text)
    if found is None:
        return one_line(text)
    seconds = found[3] or ""
    return f"{found[1]} {found[2]}{'' if seconds == ':00' else seconds} UTC"


def display_width(text: str) -> int:
    """Columns that text takes in a terminal: wide characters two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def counted(number_of: int, noun: str) -> str:
    """A number with its noun: `1 gap`, `2,000 gaps`."""
    return f"{number_of:,} {noun}" if number_of == 1 else f"{number_of:,} {noun}s"


def wrapped(text: str, width: int, indent: str = "", hanging: str | None = None) -> list[str]:
    """Lines of at most `width` terminal columns; a word longer than a line is broken, and no text is no line."""
    later = indent if hanging is None else hanging
    lines: list[str] = []
    line, is_empty = indent, True
    words = text.split()[::-1]
    while words:
        word = words.pop()
        room = width - display_width(line) - (0 if is_empty else 1)
        if display_width(word) <= room:
            line, is_empty = f"{line}{'' if is_empty else ' '}{word}", False
            continue
        if is_empty:
            taken = fitting(word, max(room, 2))
            lines.append(line + taken)
            words.append(word[len(taken) :])
        else:
            lines.append(line)
            words.append(word)
        line, is_empty = later, True
    return lines if is_empty else [*lines, line]


def fitting(text: str, width: int) -> str:
    """The longest beginning of a text that takes at most `width` terminal columns."""
    taken = 0
    for position, char in enumerate(text):
        taken += display_width(char)
        if taken > width:
            return text[:position]
    return text
