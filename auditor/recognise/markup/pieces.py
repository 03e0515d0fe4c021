"""What a document is made of, whatever it was written in: headings, paragraphs, items, rows, each with its lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

PieceKind = Literal["heading", "paragraph", "item", "header", "row", "code"]

BOLD = 7
"""Level of a heading that is only a bold or a numbered short line; it ends at any other heading."""

MAX_CELL_CHARS = 2_000
"""Characters of a cell that is put together from several lines; more are passed over, so that time stays linear."""

MAX_COLUMNS = 64
"""Columns of a header row that count."""

_MAX_NAME_CHARS = 200

MAX_HEADING_WORDS = 14
"""Words of a line that can still be a heading; longer ones are a paragraph."""

# Every quantifier is bounded and no two neighbours match the same characters, so that each search is linear.
_LINK = re.compile(r"!?\[([^\[\]]{0,400})\](?:\([^()]{0,600}\)|\[[^\[\]]{0,200}\])")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,600}>|<!--[^<>]{0,600}-->")
_URL = re.compile(r"https?://[^\s|]{1,2000}")
_EMPHASIS = re.compile(r"\*{1,3}|_{2,3}|`{1,3}|\\(?=[^\w\s])")


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a document.

    Attributes:
        kind: what it is; `header` is the header row of a table, `row` any other row.
        text: its text, inline markup removed, white space collapsed; of a row its cells joined by ` | `.
        first, last: its lines in the original text, from 1, both included.
        level: of a heading: 1 (highest) to 6, or `BOLD`; else 0.
        cells: of a row: the texts of its cells.
        header: of a row: the cells of its table's header row; empty where it has none.
    """

    kind: PieceKind
    text: str
    first: int
    last: int
    level: int = 0
    cells: tuple[str, ...] = ()
    header: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the front matter: its texts (one, or the entries of a list) and its line."""

    values: tuple[str, ...]
    line: int


def plain(text: str) -> str:
    """Text without inline markup and addresses (links become their texts), white space collapsed."""
    if "[" in text:
        text = _LINK.sub(r"\1", text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "://" in text:
        text = _URL.sub(" ", text)
    return " ".join(_EMPHASIS.sub("", text).split())


@dataclass(slots=True)
class Builder:
    """Collects the pieces of one document while its lines go by."""

    pieces: list[Piece] = field(default_factory=list)
    front: dict[str, Field] = field(default_factory=dict)
    buffer: list[str] = field(default_factory=list)
    buffer_first: int = 0
    buffer_kind: Literal["paragraph", "item"] = "paragraph"
    header: tuple[str, ...] = ()

    def line(self, text: str, number: int) -> None:
        """Add a line to the paragraph or item that is open, or open a paragraph."""
        if not self.buffer:
            self.buffer_first = number
        self.buffer.append(text)

    def item(self, text: str, number: int) -> None:
        """Open an item of a list."""
        self.flush(number - 1)
        self.buffer_kind = "item"
        self.line(text, number)

    def flush(self, last: int) -> None:
        """Close the paragraph or item that is open; a short one that is bold as a whole is a heading."""
        if self.buffer:
            raw = " ".join(self.buffer).strip()
            text = plain(raw)
            if text and is_bold_line(raw):
                self.pieces.append(Piece("heading", text.rstrip(":").rstrip(), self.buffer_first, last, BOLD))
            elif text:
                self.pieces.append(Piece(self.buffer_kind, text, self.buffer_first, last))
        self.buffer = []
        self.buffer_kind = "paragraph"

    def heading(self, text: str, level: int, first: int, last: int) -> None:
        """Add a heading; an empty one is none."""
        if cleaned := plain(text)[:_MAX_NAME_CHARS]:
            self.pieces.append(Piece("heading", cleaned, first, last, level))

    def row(self, cells: Sequence[str], first: int, last: int, *, is_header: bool = False) -> None:
        """Add a row of a table; rows that follow a header row belong to it until `end_table`."""
        texts = tuple(plain(cell) for cell in cells)
        if not any(texts):
            return
        joined = " | ".join(texts)
        if is_header:
            self.header = tuple(text[:_MAX_NAME_CHARS] for text in texts[:MAX_COLUMNS])
            self.pieces.append(Piece("header", joined, first, last, cells=texts))
        else:
            self.pieces.append(Piece("row", joined, first, last, cells=texts, header=self.header))

    def end_table(self) -> None:
        """The rows that follow belong to no header."""
        self.header = ()

    def put_front(self, key: str, values: Sequence[str], line: int) -> None:
        """Add a field of the front matter; the first one of a name counts."""
        name = key.strip().casefold().replace("-", "_").replace(" ", "_")
        kept = tuple(value for value in values if value)
        if name and kept:
            self.front.setdefault(name, Field(kept, line))


def is_bold_line(raw: str) -> bool:
    """Whether a line is bold as a whole, and short enough to be a heading."""
    text = raw.rstrip(": ").strip()
    for mark in ("**", "__", "*"):
        inner = text[len(mark) : -len(mark)].strip(": ")
        if text.startswith(mark) and text.endswith(mark) and inner and mark not in inner:
            return mark != "*" and len(inner.split()) <= MAX_HEADING_WORDS
    return False


Front = Mapping[str, Field]
"""Front matter by name, in lower case, words joined by `_`."""
