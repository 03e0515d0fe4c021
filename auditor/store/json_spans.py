"""Where in a JSON text the value at a pointer stands, so that a reviewer sees the very characters."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, cast

Span = tuple[int, int]
"""First character of a value, and the one after its last."""

_BLANK = re.compile(r"[ \t\n\r]*")
_scan = cast("Callable[[str, int], tuple[Any, int]]", json.JSONDecoder(strict=False).raw_decode)


class JsonSpans:
    """Spans of the values of one JSON text; the children of a container are looked up once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._children: dict[int, dict[str, Span]] = {}

    def find(self, pointer: str) -> Span | None:
        """Span of the value at a JSON pointer (RFC 6901); None when there is none, or the text is no JSON."""
        if pointer and not pointer.startswith("/"):
            return None
        try:
            start = self._after_blank(0)
            span = (start, _scan(self._text, start)[1])
            for step in pointer.split("/")[1:]:
                span = self._children_of(span[0])[step.replace("~1", "/").replace("~0", "~")]
        except (KeyError, IndexError, ValueError, RecursionError):
            return None
        return span

    def _children_of(self, start: int) -> dict[str, Span]:
        known = self._children.get(start)
        if known is None:
            known = self._children[start] = self._read_children(start)
        return known

    def _read_children(self, start: int) -> dict[str, Span]:
        """Children by name, or by position in a list; of a repeated name the last, as JSON readers take it."""
        opening = self._text[start]
        children: dict[str, Span] = {}
        if opening not in "{[":
            return children
        position = self._after_blank(start + 1)
        while self._text[position] not in "}]":
            name = str(len(children))
            if opening == "{":
                name, position = _scan(self._text, position)
                position = self._after_blank(self._after_blank(position) + 1)
            end = _scan(self._text, position)[1]
            children[name] = (position, end)
            position = self._after_blank(end)
            if self._text[position] == ",":
                position = self._after_blank(position + 1)
        return children

    def _after_blank(self, position: int) -> int:
        return cast("re.Match[str]", _BLANK.match(self._text, position)).end()
