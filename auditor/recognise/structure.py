"""The structure of a document: headings, tables, lists and front matter, each with its lines in the original text.

Markdown, AsciiDoc, reStructuredText and HTML. Linear in the length of the text, without recursion; what is no text
(binary content) has no structure and decides nothing.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Literal

from auditor.recognise.markup.asciidoc import read_asciidoc
from auditor.recognise.markup.hypertext import read_html
from auditor.recognise.markup.markdown import read_markdown
from auditor.recognise.markup.pieces import BOLD, MAX_HEADING_WORDS, Builder, Field, Front, Piece
from auditor.recognise.markup.rst import read_rst

__all__ = [
    "BOLD",
    "VERSION",
    "Field",
    "Form",
    "Front",
    "LineBytes",
    "Piece",
    "Section",
    "Structure",
    "form_of",
    "parse",
]

VERSION = "structure 1"
"""Raised whenever the same text gives other pieces."""

Form = Literal["markdown", "asciidoc", "rst", "html"]
"""Markup of a text; plain text is read as Markdown."""

MAX_PIECES = 20_000
"""Pieces of a document that are looked at."""

MAX_CHARS = 600_000
"""Characters of its pieces that are looked at, some 200 pages."""

MAX_TEXT = 4_000_000
"""Characters of a text that is taken apart at all."""

_FORMS: dict[str, Form] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdx": "markdown",
    ".txt": "markdown",
    ".adoc": "asciidoc",
    ".asciidoc": "asciidoc",
    ".asc": "asciidoc",
    ".rst": "rst",
    ".rest": "rst",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
}
_MEDIA: dict[str, Form] = {
    "text/markdown": "markdown",
    "text/plain": "markdown",
    "text/asciidoc": "asciidoc",
    "text/x-rst": "rst",
    "text/prs.fallenstein.rst": "rst",
    "text/html": "html",
    "application/xhtml+xml": "html",
}
_PLACEHOLDER = re.compile(
    r"\[(?![ xX]\]|\^)[^\[\]\n]{1,80}\](?![\[(:])|(?<![\w`])<[a-z][a-z]{0,30}(?:[ _-][a-z]{1,30}){1,6}>(?!`)"
    r"|\b(?:TBD|TBC|X{3,9}|YYYY[-/]MM[-/]DD)\b|\bnn/nn/nn|\bXX ?%|\{\{[^{}\n]{1,80}\}\}"
)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it, up to the next heading of its level or a higher one.

    Attributes:
        heading: index of the heading in `Structure.pieces`.
        end: index of the first piece after the section.
        words: words under the heading, those of the headings below it not counted.
    """

    heading: int
    end: int
    words: int


@dataclass(frozen=True)
class Structure:
    """A document taken apart.

    Attributes:
        pieces: in order; of a document longer than any agreement (`MAX_PIECES`, `MAX_CHARS`) the first ones.
        front: the front matter (of HTML its `meta` fields).
        placeholder_ratio: part of the words that is unfilled template, 0 to 1.
        line_count: lines of the text.
        is_text: False where the content is binary: nothing can be decided then.
        is_whole: False where pieces are missing because there are too many: nothing can be decided then.
    """

    pieces: tuple[Piece, ...]
    front: Front
    placeholder_ratio: float
    line_count: int
    is_text: bool = True
    is_whole: bool = True

    @cached_property
    def words(self) -> int:
        """Words of the text, code and front matter not counted."""
        return sum(len(piece.text.split()) for piece in self.pieces)

    @cached_property
    def title(self) -> tuple[str, int] | None:
        """The title with its line: front matter, else the first heading, else a short first line; None: no title."""
        if stated := self.front.get("title"):
            return stated.values[0], stated.line
        first = next((piece for piece in self.pieces if piece.text), None)
        if first is None:
            return None
        heading = next((piece for piece in self.pieces[:40] if piece.kind == "heading" and piece.level < BOLD), None)
        is_short = first.kind == "paragraph" and len(first.text.split()) <= MAX_HEADING_WORDS
        picked = first if is_short or (heading is None and first.kind == "heading") else heading
        return None if picked is None else (picked.text, picked.first)

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """Every heading with its extent, in order."""
        counts = array("Q", [0])
        for piece in self.pieces:
            counts.append(counts[-1] + (0 if piece.kind == "heading" else len(piece.text.split())))
        done: list[Section] = []
        waiting: list[tuple[int, int]] = []
        for index, piece in enumerate(self.pieces):
            if piece.kind == "heading":
                while waiting and waiting[-1][1] >= piece.level:
                    start, _ = waiting.pop()
                    done.append(Section(start, index, counts[index] - counts[start]))
                waiting.append((index, piece.level))
        end = len(self.pieces)
        done += [Section(start, end, counts[end] - counts[start]) for start, _ in waiting]
        return tuple(sorted(done, key=lambda section: section.heading))


class LineBytes:
    """Where the lines of a text lie in its bytes, for pointers."""

    def __init__(self, text: str, *, offset: int = 0) -> None:
        """Read the line ends.

        Args:
            text: the whole text.
            offset: byte of the payload its first byte is.
        """
        self._starts = array("Q", [offset])
        for line in text.split("\n"):
            self._starts.append(self._starts[-1] + len(line.encode("utf-8", "surrogatepass")) + 1)
        self._starts[-1] -= 1

    def pointer(self, first: int, last: int) -> str:
        """`bytes:A-B` of the lines from `first` to `last` (from 1, both included), without the last line end."""
        last = max(first, min(last, len(self._starts) - 1))
        is_end = last == len(self._starts) - 1
        return f"bytes:{self._starts[first - 1]}-{self._starts[last] - (0 if is_end else 1)}"


def form_of(name: str, media_type: str | None = None) -> Form | None:
    """The markup of a file by its name, else by its media type; None: no markup we read."""
    form = _FORMS.get(PurePosixPath(name).suffix.casefold())
    return form or _MEDIA.get((media_type or "").split(";")[0].strip().casefold())


def parse(text: str, form: Form) -> Structure:
    """Take a document apart; a text with NUL characters is binary and has no pieces, nor has one that is too long."""
    if "\0" in text:
        return Structure((), {}, 0.0, 0, is_text=False)
    if len(text) > MAX_TEXT:
        return Structure((), {}, 0.0, 0, is_whole=False)
    lines = text.removeprefix("\ufeff").split("\n")
    builder = Builder()
    if form == "html":
        read_html(text, builder)
    elif form == "asciidoc":
        read_asciidoc(lines, builder)
    elif form == "rst":
        read_rst(lines, builder)
    else:
        read_markdown(lines, builder)
    kept = 0
    chars = 0
    for piece in builder.pieces[:MAX_PIECES]:
        chars += len(piece.text)
        if chars > MAX_CHARS:
            break
        kept += 1
    pieces = tuple(builder.pieces[:kept])
    is_whole = kept == len(builder.pieces)
    ratio = _placeholder_ratio(lines, pieces, form) if is_whole else 0.0
    return Structure(pieces, builder.front, ratio, len(lines), is_whole=is_whole)


def _placeholder_ratio(lines: Sequence[str], pieces: Sequence[Piece], form: Form) -> float:
    words = sum(len(piece.text.split()) for piece in pieces)
    if not words:
        return 0.0
    code = {number for piece in pieces if piece.kind == "code" for number in range(piece.first, piece.last + 1)}
    unfilled = sum(
        len(found.split())
        for number, line in enumerate(lines, 1)
        if number not in code
        for found in _placeholders(line, form)
    )
    return min(1.0, unfilled / words)


def _placeholders(line: str, form: Form) -> Iterator[str]:
    for match in _PLACEHOLDER.finditer(line):
        # A block attribute of AsciiDoc and a footnote or citation of RST stand in brackets of their own.
        if not (form in {"asciidoc", "rst"} and match[0] == line.strip() and match[0][0] == "["):
            yield match[0]
