"""The text a pointer names inside a payload, for a reviewer to read beside the row made from it.

Pointers: `line:N` (the N-th line, from 1), `row:N` (the N-th record of a CSV text, from 1, the header counted),
`bytes:A-B` (from byte A, counted from 0, up to and without byte B), and JSON pointers such as `/issues/0/key`.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import sys
import tempfile
from array import array
from collections import OrderedDict
from collections.abc import Iterator
from functools import cached_property
from typing import IO

import orjson

from auditor.store.disk import CHUNK, disk_faults
from auditor.store.json_spans import JsonSpans
from auditor.store.layout import Layout
from auditor.store.payloads import payload_chunks

LIMIT = 2_000
"""Characters of an excerpt before it is cut."""

_IN_MEMORY = 4 << 20
_OPEN_PAYLOADS = 8
_UTF8_MAX = 4
_POINTER = re.compile(r"(line|row):([1-9][0-9]*)|bytes:([0-9]+)-([0-9]+)", re.ASCII)


class Excerpts:
    """Excerpts of payloads; the last few payloads stay open with their indexes, large ones unpacked on disk."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._open: OrderedDict[str, _Content] = OrderedDict()

    def text(self, sha256: str, pointer: str) -> tuple[str | None, bool]:
        """The text at a pointer, cut at `LIMIT` characters, and whether it was cut.

        The text is None where the bytes are no UTF-8 text, or the pointer names nothing in them.

        Raises:
            IntegrityError: the payload is missing, damaged, or not what its name says.
            StoreError: it cannot be read.
        """
        with disk_faults(self._layout.payload(sha256)):
            return self._content(sha256).excerpt(pointer, LIMIT)

    def whole(self, sha256: str, pointer: str) -> str | None:
        """The whole text at a pointer, what a JSON string says without its quotes and escapes.

        None where the bytes are no UTF-8 text, or the pointer names nothing in them.

        Raises:
            IntegrityError: the payload is missing, damaged, or not what its name says.
            StoreError: it cannot be read.
        """
        with disk_faults(self._layout.payload(sha256)):
            text, _ = self._content(sha256).excerpt(pointer, sys.maxsize)
        if text is not None and _POINTER.fullmatch(pointer) is None and text.startswith('"'):
            return str(orjson.loads(text))
        return text

    def close(self) -> None:
        """Let go of the open payloads."""
        while self._open:
            self._open.popitem()[1].close()

    def _content(self, sha256: str) -> _Content:
        content = self._open.get(sha256)
        if content is None:
            content = self._open[sha256] = _Content(self._unpacked(sha256))
            if len(self._open) > _OPEN_PAYLOADS:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(sha256)
        return content

    def _unpacked(self, sha256: str) -> IO[bytes]:
        stream: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(self._layout.tmp))  # noqa: SIM115
        try:
            for chunk in payload_chunks(self._layout, sha256):
                stream.write(chunk)
        except BaseException:
            stream.close()
            raise
        return stream


class _Content:
    """One unpacked payload with the indexes that were needed so far."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._size = stream.seek(0, io.SEEK_END)

    def close(self) -> None:
        self._stream.close()

    def excerpt(self, pointer: str, limit: int) -> tuple[str | None, bool]:
        match = _POINTER.fullmatch(pointer)
        if match is None:
            return self._json_value(pointer, limit)
        if match[3] is not None:
            return self._bytes(int(match[3]), min(int(match[4]), self._size), limit)
        number = int(match[2])
        span = self._line(number) if match[1] == "line" else self._csv_row(number)
        return (None, False) if span is None else self._bytes(*span, limit)

    def _bytes(self, start: int, end: int, limit: int) -> tuple[str | None, bool]:
        if start >= end:
            return None, False
        self._stream.seek(start)
        data = self._stream.read(min(end - start, (limit + 1) * _UTF8_MAX))
        is_whole = len(data) == end - start
        try:
            # What was read of a longer piece may end inside a character.
            text = codecs.getincrementaldecoder("utf-8-sig")().decode(data, final=is_whole)
        except UnicodeDecodeError:
            return None, False
        if is_whole:
            text = text.rstrip("\r\n")
        return text[:limit], not is_whole or len(text) > limit

    def _json_value(self, pointer: str, limit: int) -> tuple[str | None, bool]:
        if self._json is None:
            return None, False
        text, spans = self._json
        span = spans.find(pointer)
        if span is None:
            return None, False
        return text[span[0] : min(span[1], span[0] + limit)], span[1] - span[0] > limit

    @cached_property
    def _json(self) -> tuple[str, JsonSpans] | None:
        self._stream.seek(0)
        try:
            text = self._stream.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            return None
        return text, JsonSpans(text)

    def _line(self, number: int) -> tuple[int, int] | None:
        starts = self._line_starts
        if number >= len(starts):
            return None
        return starts[number - 1], starts[number]

    def _csv_row(self, number: int) -> tuple[int, int] | None:
        lines = self._csv_rows
        if lines is None or number >= len(lines):
            return None
        return self._line_starts[lines[number - 1]], self._line_starts[lines[number]]

    @cached_property
    def _line_starts(self) -> array[int]:
        """First byte of every line, and the size of the payload at the end."""
        starts, offset = array("Q", [0]), 0
        self._stream.seek(0)
        while chunk := self._stream.read(CHUNK):
            starts.extend(offset + match.end() for match in re.finditer(b"\n", chunk))
            offset += len(chunk)
        if starts[-1] != self._size:
            starts.append(self._size)
        return starts

    @cached_property
    def _csv_rows(self) -> array[int] | None:
        """Number of lines before every record of a CSV text, and their whole number at the end; None: no CSV."""
        reader = csv.reader(self._text_lines())
        before = array("Q", [0])
        try:
            before.extend(reader.line_num for _ in reader)
        except (csv.Error, UnicodeDecodeError):
            return None
        return before

    def _text_lines(self) -> Iterator[str]:
        for start, end in zip(self._line_starts, self._line_starts[1:], strict=False):
            self._stream.seek(start)
            yield self._stream.read(end - start).decode("utf-8")
