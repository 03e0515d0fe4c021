"""References in a document: ids of other rows in its text and front matter, and links to other documents.

An id counts only where a row of that id is known, since any pair of letters and a number looks like one.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from auditor.recognise.structure import Structure

VERSION = "links 1"
"""Raised whenever the same document gives other references."""

_TOKEN = re.compile(r"[A-Za-z0-9](?:[\w.@-]{0,78}[A-Za-z0-9])?")
_MARKDOWN = re.compile(r"\[[^\[\]\n]{0,300}\]\(<?([^()\s<>]{1,600})")
_HTML = re.compile(r"\bhref\s{0,5}=\s{0,5}[\"']([^\"']{1,600})", re.IGNORECASE)
_ASCIIDOC = re.compile(r"\b(?:link|xref):([^\[\]\s]{1,600})\[")
_RST = re.compile(r"`[^`<>\n]{0,300}<([^<>`\s]{1,600})>`|:doc:`([^`<>\n]{1,600})`")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,20}:", re.IGNORECASE)
_MIN_ID = 4


@dataclass(frozen=True, slots=True)
class Reference:
    """A row that a document names.

    Attributes:
        stream, row_id: the row.
        rel: `mentions` for an id in the text, `links` for a hyperlink, else the field of the front matter.
        how: `parsed` where it names the row itself.
        first, last: lines of the piece it stands in.
    """

    stream: str
    row_id: str
    rel: str
    how: Literal["parsed", "inferred"]
    first: int
    last: int


def find_references(structure: Structure, ids: Mapping[str, str]) -> Iterator[Reference]:
    """The rows that a document names by id, in order; each once per relation.

    Args:
        structure: the document.
        ids: id -> stream of the rows that are known. Ids without a digit, or of fewer than four characters, count only
            where a field of the front matter is nothing but the id.
    """
    seen: set[tuple[str, str]] = set()
    for key, entry in structure.front.items():
        for value in entry.values:
            if value in ids and (value, key) not in seen:
                seen.add((value, key))
                yield Reference(ids[value], value, key, "parsed", entry.line, entry.line)
    for piece in structure.pieces:
        for match in _TOKEN.finditer(piece.text):
            token = match[0]
            if token in ids and (token, "") not in seen and _is_distinct(token):
                seen.add((token, ""))
                yield Reference(ids[token], token, "mentions", "parsed", piece.first, piece.last)


def linked_paths(text: str, path: str) -> Iterator[tuple[str, int]]:
    """(path, line) of every file that a document links to relatively, the document's own path being `path`.

    Paths are as `path` is, without a leading slash; what leads out of the tree is passed over.
    """
    folder = posixpath.dirname(path)
    for number, line in enumerate(text.split("\n"), 1):
        for pattern in (_MARKDOWN, _HTML, _ASCIIDOC, _RST):
            for match in pattern.finditer(line):
                target = next(group for group in match.groups() if group)
                if resolved := _resolved(folder, target):
                    yield resolved, number


def _resolved(folder: str, target: str) -> str | None:
    target = unquote(target.split("#", 1)[0].split("?", 1)[0])
    if not target or _SCHEME.match(target) or target.startswith("//"):
        return None
    joined = target[1:] if target.startswith("/") else posixpath.join(folder, target)
    resolved = posixpath.normpath(joined)
    return None if resolved.startswith("..") or resolved == "." else resolved


def _is_distinct(token: str) -> bool:
    return len(token) >= _MIN_ID and any(char.isdigit() for char in token)
