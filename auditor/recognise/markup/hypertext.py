"""HTML: headings, paragraphs, items, tables, `meta` fields.

A scanner of its own instead of `html.parser`: that one takes quadratic time over some unclosed markup, and this text
may be hostile. What is not closed is text; tables inside tables end the outer row.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from auditor.recognise.markup.front import values_of
from auditor.recognise.markup.pieces import MAX_CELL_CHARS, Builder

_NAME = re.compile(r"/?[A-Za-z][A-Za-z0-9]{0,30}")
_META = re.compile(
    r"\b(name|property|content)\s{0,9}=\s{0,9}(\"[^\"]{0,600}\"|'[^']{0,600}'|[^\s\"'>]{1,600})", re.IGNORECASE
)
_SILENT = frozenset({"script", "style", "head", "template", "noscript", "svg"})
_BLOCKS = frozenset({"p", "div", "section", "article", "main", "header", "footer", "body", "html"}) | frozenset(
    {"ul", "ol", "dl", "dt", "dd", "br", "hr", "tbody", "thead"}
)
_MAX_TAG = 5_000


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """(`tag` or `text`, content, offset) in order; every character is looked at a bounded number of times."""
    position, close = 0, -1
    while (start := text.find("<", position)) >= 0:
        if start > position:
            yield "text", text[position:start], position
        if text.startswith("<!--", start):
            end = text.find("-->", start + 4)
            position = len(text) if end < 0 else end + 3
            continue
        if close < start:
            close = text.find(">", start)
        if close < 0:
            position = start
            break
        if text.startswith(("<!", "<?"), start):
            position = close + 1
        elif close - start > _MAX_TAG or _NAME.match(text, start + 1) is None:
            yield "text", "<", start
            position = start + 1
        else:
            yield "tag", text[start + 1 : close], start
            position = close + 1
    if position < len(text):
        yield "text", text[position:], position


class _Reader:
    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.text: list[str] = []
        self.is_blank = True
        self.first = 1
        self.kind = "paragraph"
        self.silent = ""
        self.cells: list[str] | None = None
        self.header_cells = 0
        self.row_first = 1

    def tag(self, content: str, line: int) -> None:
        match = _NAME.match(content)
        name = match[0].casefold() if match else ""
        bare = name.removeprefix("/")
        if bare in {"meta", "title"}:
            self.head(name, content, line)
        elif self.silent:
            # A browser ends a head that was left open at the first thing that belongs into the body.
            if name == f"/{self.silent}" or (self.silent == "head" and name in {"body", "h1", "p"}):
                self.silent = ""
        elif name in _SILENT:
            self.flush(line)
            self.silent = name
        elif len(bare) == 2 and bare[0] == "h" and bare[1] in "123456":
            self.flush(line)
            self.kind = "paragraph" if name[0] == "/" else bare
        elif bare in {"tr", "td", "th", "table", "caption"}:
            self.table(name, line)
        elif self.cells is None and (bare in _BLOCKS or bare == "li"):
            self.flush(line)
            self.kind = "item" if name == "li" else "paragraph"
        elif bare in {"b", "strong"} and self.cells is None:
            self.text.append("**")
        elif bare in _BLOCKS:
            self.text.append(" ")

    def head(self, name: str, content: str, line: int) -> None:
        if name == "title":
            self.take()
            self.kind = "title"
        elif name == "/title":
            self.builder.put_front("title", [" ".join(self.take().split())], self.first)
            self.kind = "paragraph"
        else:
            found = {match[1].casefold(): match[2].strip("\"'") for match in _META.finditer(content)}
            key = found.get("name") or found.get("property")
            if key and "content" in found:
                self.builder.put_front(key, values_of(html.unescape(found["content"])), line)

    def table(self, name: str, line: int) -> None:
        if name == "tr" or name in {"/tr", "table", "/table"}:
            self.end_row(line)
            self.flush(line)
            if name == "tr":
                self.cells, self.header_cells, self.row_first = [], 0, line
            elif name != "/tr":
                self.builder.end_table()
        elif name in {"td", "th"}:
            self.end_cell()
            self.cells = [] if self.cells is None else self.cells
            self.cells.append("")
            self.header_cells += name == "th"
        elif name in {"/td", "/th"}:
            self.end_cell()
        else:
            self.flush(line)

    def end_cell(self) -> None:
        text = self.take()
        if self.cells and len(self.cells[-1]) < MAX_CELL_CHARS:
            self.cells[-1] += text

    def end_row(self, line: int) -> None:
        if self.cells:
            self.end_cell()
            is_header = self.header_cells == len(self.cells)
            self.builder.row(self.cells, self.row_first, line, is_header=is_header)
        self.cells = None

    def add(self, text: str, line: int) -> None:
        if self.silent and self.kind != "title":
            return
        if self.is_blank and text.strip():
            self.first = line + text[: len(text) - len(text.lstrip())].count("\n")
            self.is_blank = False
        self.text.append(text)

    def take(self) -> str:
        """The text since the last piece, which begins anew."""
        text = html.unescape("".join(self.text))
        self.text, self.is_blank = [], True
        return text

    def flush(self, line: int) -> None:
        if self.cells is not None:
            return
        raw = self.take()
        if raw.strip("* \n\t\r"):
            if self.kind[1] in "123456":
                self.builder.heading(raw, int(self.kind[1]), self.first, line)
            else:
                self.builder.line(raw, self.first)
                self.builder.buffer_kind = "item" if self.kind == "item" else "paragraph"
                self.builder.flush(line)


def read_html(text: str, builder: Builder) -> None:
    """Read an HTML text into the builder."""
    reader = _Reader(builder)
    line = 1
    counted = 0
    for kind, content, offset in _tokens(text):
        line += text.count("\n", counted, offset)
        counted = offset
        if kind == "tag":
            reader.tag(content, line)
        else:
            reader.add(content, line)
    line += text.count("\n", counted)
    reader.end_row(line)
    reader.flush(line)
