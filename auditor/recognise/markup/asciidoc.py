"""AsciiDoc: `=` headings, attributes, `|===` tables, lists, delimited blocks."""

from __future__ import annotations

import re

from auditor.recognise.markup.front import read_front, values_of
from auditor.recognise.markup.pieces import MAX_CELL_CHARS, Builder, Piece

_ITEM = re.compile(r"[ \t]{0,40}(?:[*]{1,5}|-|[.]{1,5})[ \t]+(?=\S)")
_ATTRIBUTE = re.compile(r":([A-Za-z][\w-]{0,60}):(?:[ \t]|$)")
_SPAN = re.compile(r"[0-9.]{0,6}[+<^>.]{0,3}[a-z]?\|")
_VERBATIM = ("----", "....", "////", "++++")


class _Table:
    """Cells of the table that is open, until they make whole rows."""

    def __init__(self, attributes: str) -> None:
        self.columns = attributes.split("cols=", 1)[1].split('"')[1].count(",") + 1 if 'cols="' in attributes else 0
        self.has_header = "header" in attributes
        self.cells: list[str] = []
        self.first = 0
        self.rows = 0

    def add(self, text: str, number: int, following: str, builder: Builder) -> None:
        parts = [part.strip() for part in text.split("|")]
        if not text.startswith("|"):
            if self.cells and len(self.cells[-1]) < MAX_CELL_CHARS:
                self.cells[-1] = f"{self.cells[-1]} {parts[0]}"
            if len(parts) == 1:
                return
        parts = parts[1:]
        if not self.columns:
            self.columns = len(parts)
            self.has_header = self.has_header or not following.strip()
        if not self.cells:
            self.first = number
        self.cells += parts
        while len(self.cells) >= self.columns:
            row, self.cells = self.cells[: self.columns], self.cells[self.columns :]
            builder.row(row, self.first, number, is_header=self.has_header and self.rows == 0)
            self.rows += 1
            self.first = number


def read_asciidoc(lines: list[str], builder: Builder) -> None:
    """Read the lines of an AsciiDoc text into the builder."""
    start = read_front(lines, builder)
    verbatim, attributes = "", ""
    table: _Table | None = None
    for number in range(start + 1, len(lines) + 1):
        text = lines[number - 1].strip()
        if verbatim or (text[:4] in _VERBATIM and not text.strip(text[0])):
            builder.flush(number - 1)
            verbatim = "" if text == verbatim else verbatim or text
            builder.pieces.append(Piece("code", "", number, number))
        elif text.startswith("|==="):
            builder.flush(number - 1)
            builder.end_table()
            table = _Table(attributes) if table is None else None
            attributes = ""
        elif table is not None:
            if text:
                table.add(_SPAN.sub("|", text), number, lines[number] if number < len(lines) else "", builder)
        elif text.startswith("[") and text.endswith("]"):
            builder.flush(number - 1)
            attributes = text
        else:
            _line(builder, text, number)
    builder.flush(len(lines))


def _line(builder: Builder, text: str, number: int) -> None:
    level = len(text) - len(text.lstrip("="))
    if not text or text.startswith("//"):
        builder.flush(number - 1)
    elif 1 <= level <= 6 and text[level : level + 1] == " ":
        builder.flush(number - 1)
        builder.heading(text[level:], level, number, number)
    elif not builder.buffer and (match := _ATTRIBUTE.match(text)):
        builder.put_front(match[1], values_of(text[match.end() :]), number)
    elif match := _ITEM.match(text):
        builder.item(text[match.end() :], number)
    elif is_bold(text):
        builder.flush(number - 1)
        builder.line(f"**{text.strip('*')}**", number)
        builder.flush(number)
    else:
        builder.line(text, number)


def is_bold(text: str) -> bool:
    """Whether a line is bold as a whole: `*so*`."""
    return len(text) > 2 and text[0] == text[-1] == "*" and "*" not in text[1:-1]
