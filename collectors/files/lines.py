"""The lines of a text file, whatever it really is: bounded in memory, decoded, counted, hashed as they pass."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import cast

from auditor.api import JsonValue

MAX_LINE_BYTES = 16 * 1024 * 1024
"""Longest line that is read (chosen: the largest ticket with comments we know of has 2 MB)."""

_SKIP_BYTES = 1024 * 1024
_HEAD_BYTES = 4096
_UTF8_BOM = b"\xef\xbb\xbf"
_OTHER_CONTENT = (
    (b"\xff\xfe\x00\x00", "UTF-32 text"),
    (b"\x00\x00\xfe\xff", "UTF-32 text"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
    (b"\x1f\x8b", "gzip-compressed data without the ending .gz"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"%PDF", "a PDF document"),
)
_DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)


@dataclass(frozen=True, slots=True)
class Line:
    """One line as text, with its line end; `number` counts from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row before it is taken for a record; `line` is the physical line it begins on."""

    line: int
    values: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class BadRow:
    """Something that is no row.

    Attributes:
        line: physical line it begins on; None: the file as a whole.
        problem: what is wrong, in one sentence without the file's name.
        hides_rows: how many rows are missing through it; None: nobody can tell.
    """

    line: int | None
    problem: str
    hides_rows: int | None


class TextFile:
    """A file that is read once, line by line.

    Args:
        path: the file; content of one that ends in `.gz` is decompressed.
        encoding: an encoding in which a line end is the byte 10.
    """

    def __init__(self, path: Path, encoding: str = "utf-8") -> None:
        self._path = path
        self._encoding = encoding
        self._hash = hashlib.sha256()
        self._whole_sha256: str | None = None

    @property
    def whole_sha256(self) -> str | None:
        """SHA-256 of the (decompressed) content, once it has been read to its end."""
        return self._whole_sha256

    def lines(self) -> Iterator[Line | BadRow]:
        """Every line that is text, and what is wrong with the others.

        Raises:
            OSError: the file cannot be read.
        """
        number = 0
        with self._open() as stream:
            try:
                problem = _content_problem(stream.peek(_HEAD_BYTES)[:_HEAD_BYTES])
                if problem is not None:
                    yield BadRow(None, problem, None)
                    return
                while data := self._hashed(stream.readline(MAX_LINE_BYTES + 1)):
                    number += 1
                    yield self._line(stream, number, data)
            except _DAMAGED:
                yield BadRow(number + 1, "the compressed data is damaged or cut off; nothing after it was read", None)
                return
        self._whole_sha256 = self._hash.hexdigest()

    def _open(self) -> BufferedReader:
        if self._path.suffix == ".gz":
            return cast(BufferedReader, gzip.open(self._path, "rb"))
        return self._path.open("rb")

    def _hashed(self, data: bytes) -> bytes:
        self._hash.update(data)
        return data

    def _line(self, stream: BufferedReader, number: int, data: bytes) -> Line | BadRow:
        if len(data) > MAX_LINE_BYTES:
            while not data.endswith(b"\n") and (data := self._hashed(stream.readline(_SKIP_BYTES))):
                pass
            return BadRow(number, f"the line is longer than {MAX_LINE_BYTES // 1024 // 1024} MB", 1)
        if b"\0" in data:
            return BadRow(number, "the line holds a NUL byte: it is binary data, or text of another encoding", 1)
        if number == 1 and self._encoding == "utf-8":
            data = data.removeprefix(_UTF8_BOM)
        try:
            return Line(number, data.decode(self._encoding))
        except UnicodeDecodeError as error:
            where = f"byte {error.start + 1} of the line is 0x{data[error.start]:02x}"
            return BadRow(number, f"the line is not {self._encoding} text ({where})", 1)


def _content_problem(head: bytes) -> str | None:
    """What a file is instead of text, where its first bytes tell."""
    for mark, content in _OTHER_CONTENT:
        if head.startswith(mark):
            return f"the file is {content}, not UTF-8 text"
    if len(head) >= 4 and max(head[::2].count(0), head[1::2].count(0)) > len(head) // 4:
        return "the file looks like UTF-16 text without a byte order mark, not UTF-8 text"
    return None
