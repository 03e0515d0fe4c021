"""reStructuredText: underlined headings, field lists, simple, grid and list tables, lists."""

from __future__ import annotations

import re

from auditor.recognise.markup.front import read_front, values_of
from auditor.recognise.markup.pieces import MAX_CELL_CHARS, MAX_COLUMNS, MAX_HEADING_WORDS, Builder

_PUNCTUATION = "=-`:.'\"~^_*+#<>"
_ITEM = re.compile(r"[ \t]{0,40}(?:[-*+•]|[0-9]{1,3}[.)]|#\.)[ \t]+")
_FIELD = re.compile(r":([A-Za-z][\w -]{0,60}):(?:[ \t]|$)")
_DIRECTIVE = re.compile(r"\.\. [\w:-]{1,60}::")
_REFERENCE = re.compile(r"`([^`<>]{1,300})<[^`<>]{1,600}>`_{1,2}|`([^`<>]{1,300})`_{1,2}")
_LIST_CELL = re.compile(r"[ \t]{1,40}(\* -|  -|-)(?:[ \t]|$)")


class _Reader:
    def __init__(self, lines: list[str], builder: Builder, start: int) -> None:
        self.lines, self.builder, self.number = lines, builder, start
        self.styles: list[tuple[str, bool]] = []
        self.overline = ""

    def read(self) -> None:
        while self.number < len(self.lines):
            self.number += 1
            self.line(self.lines[self.number - 1].rstrip())
        self.builder.flush(len(self.lines))

    def line(self, line: str) -> None:
        builder, text = self.builder, line.strip()
        if not text:
            builder.flush(self.number - 1)
        elif _is_simple_border(text) and not builder.buffer:
            self.simple_table(line)
        elif _is_grid_border(text) and not builder.buffer:
            self.grid_table()
        elif is_line_of_marks(text) and line[0] == text[0]:
            self.marks(text)
        elif text.startswith(".. "):
            self.directive(text)
        elif not builder.buffer and (match := _FIELD.match(text)):
            if not any(piece.kind != "heading" for piece in builder.pieces):
                builder.put_front(match[1], values_of(text[match.end() :]), self.number)
        elif match := _ITEM.match(line):
            builder.item(_inline(line[match.end() :]), self.number)
        else:
            builder.line(_inline(text), self.number)

    def marks(self, text: str) -> None:
        """A line of marks: it makes the one line before it a heading, or stands above one."""
        builder = self.builder
        is_title = len(builder.buffer) == 1 and len(builder.buffer[0].split()) <= MAX_HEADING_WORDS
        if is_title and builder.buffer_kind == "paragraph":
            style = (text[0], self.overline == text)
            if style not in self.styles:
                self.styles.append(style)
            first = builder.buffer_first - (1 if style[1] else 0)
            heading, builder.buffer = builder.buffer[0], []
            builder.heading(heading, min(self.styles.index(style) + 1, 6), first, self.number)
            self.overline = ""
        else:
            builder.flush(self.number - 1)
            self.overline = text

    def directive(self, text: str) -> None:
        self.builder.flush(self.number - 1)
        if text.startswith(".. list-table::"):
            self.list_table()
        elif not _DIRECTIVE.match(text):
            self.skip_block()

    def skip_block(self) -> None:
        """Pass over a comment or a target: its line and what is indented under it."""
        while self.number < len(self.lines) and self.lines[self.number][:1] in {" ", "\t"}:
            self.number += 1

    def list_table(self) -> None:
        rows: list[tuple[list[str], int, int]] = []
        header_rows = 0
        while self.number < len(self.lines) and self.lines[self.number][:1] in {" ", "\t", ""}:
            line = self.lines[self.number]
            self.number += 1
            if line.strip().startswith(":header-rows:"):
                header_rows = 1 if line.strip().endswith("1") else 0
            elif match := _LIST_CELL.match(line):
                if match[1] == "* -":
                    rows.append(([], self.number, self.number))
                if rows:
                    rows[-1][0].append(_inline(line[match.end() :]))
                    rows[-1] = (rows[-1][0], rows[-1][1], self.number)
            elif line.strip() and rows and rows[-1][0] and len(rows[-1][0][-1]) < MAX_CELL_CHARS:
                rows[-1][0][-1] += f" {_inline(line.strip())}"
                rows[-1] = (rows[-1][0], rows[-1][1], self.number)
        for index, (cells, first, last) in enumerate(rows):
            self.builder.row(cells, first, last, is_header=index < header_rows)
        self.builder.end_table()

    def simple_table(self, border: str) -> None:
        spans = [match.span() for match in re.finditer(r"=+", border)][:MAX_COLUMNS]
        rows: list[tuple[list[str], int]] = []
        borders = 1
        while self.number < len(self.lines) and borders < 3:
            line = self.lines[self.number]
            if not line.strip() and borders == 2:
                break
            self.number += 1
            if _is_simple_border(line.strip()):
                borders += 1
                if borders == 2 and rows:
                    self.builder.row(rows[-1][0], rows[-1][1], rows[-1][1], is_header=True)
                    rows = []
            elif line.strip():
                ends = [start for start, _ in spans[1:]] + [len(line)]
                cells = [line[start:end].strip() for (start, _), end in zip(spans, ends, strict=True)]
                rows.append((cells, self.number))
        for cells, number in rows:
            self.builder.row(cells, number, number)
        self.builder.end_table()

    def grid_table(self) -> None:
        cells: list[str] = []
        first = self.number + 1
        while self.number < len(self.lines):
            text = self.lines[self.number].strip()
            if _is_grid_border(text):
                if any(cells):
                    self.builder.row(cells, first, self.number, is_header="=" in text)
                cells, first = [], self.number + 2
            elif text.startswith("|"):
                parts = [part.strip() for part in text.strip("|").split("|")]
                if len(cells) == len(parts):
                    parts = [f"{a} {b}"[:MAX_CELL_CHARS] for a, b in zip(cells, parts, strict=True)]
                cells = parts
            else:
                break
            self.number += 1
        self.builder.end_table()


def read_rst(lines: list[str], builder: Builder) -> None:
    """Read the lines of a reStructuredText into the builder."""
    _Reader(lines, builder, read_front(lines, builder)).read()


def is_line_of_marks(text: str) -> bool:
    """Whether a line is nothing but one mark, repeated."""
    return len(text) >= 3 and text[0] in _PUNCTUATION and not text.strip(text[0])


def _is_simple_border(text: str) -> bool:
    return text.startswith("==") and " " in text and not text.strip("= ")


def _is_grid_border(text: str) -> bool:
    return text.startswith("+") and text.endswith("+") and ("--" in text or "==" in text) and not text.strip("+-=")


def _inline(text: str) -> str:
    return _REFERENCE.sub(lambda match: (match[1] or match[2]).strip(), text) if "`" in text else text
