"""Markdown: ATX and setext headings, pipe tables, lists, fences, bold and numbered lines as headings."""

from __future__ import annotations

import re

from auditor.recognise.markup.front import read_front
from auditor.recognise.markup.pieces import BOLD, Builder, Piece

_ITEM = re.compile(r"[ \t]{0,40}(?:[-*+]|[0-9]{1,3}[.)])[ \t]+")
_NUMBERED = re.compile(r"[ ]{0,3}[0-9]{1,2}(?:\.[0-9]{1,2}){0,2}[.)]?[ \t]+(?=[A-Z])")
_FENCE = ("```", "~~~")
_MAX_NUMBERED_WORDS = 6


def read_markdown(lines: list[str], builder: Builder) -> None:
    """Read the lines of a Markdown text into the builder."""
    start = read_front(lines, builder)
    fence, comment, in_table = "", False, False
    for number in range(start + 1, len(lines) + 1):
        line = lines[number - 1]
        text = line.strip()
        if fence or text.startswith(_FENCE):
            builder.flush(number - 1)
            fence = _next_fence(fence, text)
            builder.pieces.append(Piece("code", "", number, number))
        elif comment or text.startswith("<!--"):
            comment = "-->" not in text
        elif not text:
            builder.flush(number - 1)
            builder.end_table()
            in_table = False
        elif in_table and "|" in text:
            builder.row(split_row(text), number, number)
        elif _is_delimiter(text) and builder.buffer and "|" in builder.buffer[-1]:
            in_table = _open_table(builder, number)
        else:
            in_table = False
            _line(builder, line, text, number, lines[number] if number < len(lines) else "")
    builder.flush(len(lines))


def _line(builder: Builder, line: str, text: str, number: int, following: str) -> None:
    hashes = len(text) - len(text.lstrip("#"))
    if 1 <= hashes <= 6 and text[hashes : hashes + 1] in {" ", "\t", ""}:
        builder.flush(number - 1)
        builder.heading(text[hashes:].strip().rstrip("#"), hashes, number, number)
    elif len(builder.buffer) == 1 and _is_underline(text):
        heading, first = builder.buffer[0], builder.buffer_first
        builder.buffer = []
        builder.heading(heading, 1 if text[0] == "=" else 2, first, number)
    elif _is_rule(text):
        builder.flush(number - 1)
    elif _is_numbered_heading(line, text, following) and not builder.buffer:
        builder.heading(_NUMBERED.sub("", line, count=1), BOLD, number, number)
    elif match := _ITEM.match(line):
        builder.item(line[match.end() :], number)
    else:
        builder.line(text.lstrip("> "), number)


def _is_numbered_heading(line: str, text: str, following: str) -> bool:
    """A numbered short line that stands alone: contracts number their headings so."""
    is_short = len(text) <= 80 and len(text.split()) <= _MAX_NUMBERED_WORDS + 1
    return is_short and not following.strip() and text[-1] not in ".;,:" and _NUMBERED.match(line) is not None


def _open_table(builder: Builder, number: int) -> bool:
    header = builder.buffer.pop()
    builder.flush(number - 2)
    builder.row(split_row(header), number - 1, number - 1, is_header=True)
    return True


def split_row(text: str) -> list[str]:
    """The cells of a row between pipes; an escaped pipe is none."""
    text = text.strip().removeprefix("|")
    text = text.removesuffix("|") if not text.endswith("\\|") else text
    return [cell.replace("\0", "|") for cell in text.replace("\\|", "\0").split("|")]


def _next_fence(fence: str, text: str) -> str:
    if not fence:
        return text[:3]
    return "" if text.startswith(fence) and not text.strip(fence[0]) else fence


def _is_delimiter(text: str) -> bool:
    return "-" in text and not text.strip("|:- \t")


def _is_underline(text: str) -> bool:
    return len(text) >= 3 and text[0] in "=-" and not text.strip(text[0])


def _is_rule(text: str) -> bool:
    return len(text) >= 3 and text[0] in "-*_" and not text.strip(text[0] + " ")
