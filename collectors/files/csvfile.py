"""CSV with a header row, read strictly: quotes, ragged rows and line numbers are taken seriously."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import NamedTuple

from collectors.files.lines import MAX_LINE_BYTES, BadRow, Line, RawRow, TextFile

_MAX_MB = MAX_LINE_BYTES // 1024 // 1024


_NO_HEADER = BadRow(None, "the file is empty: it has no header row", None)


class _BadLine(Exception):
    """What stands where the parser asked for the next line is no text, or too much of it."""

    def __init__(self, bad: BadRow, *, last: bool = False) -> None:
        self.bad = bad
        self.last = last


class _Cells(NamedTuple):
    line: int
    cells: list[str]


class _Feeder:
    """Gives lines to the csv module, and knows where the row it is reading began."""

    def __init__(self, file: TextFile) -> None:
        self._lines = file.lines()
        self._chars = 0
        self.first: int | None = None
        self.last = 0

    def __iter__(self) -> _Feeder:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.last = line.number if isinstance(line, Line) else (line.line or 0)
        self.first = self.first or self.last
        if isinstance(line, BadRow):
            raise _BadLine(line)
        self._chars += len(line.text)
        if self._chars > MAX_LINE_BYTES:
            problem = f"a row is longer than {_MAX_MB} MB (a quotation mark is missing?); nothing after it was read"
            raise _BadLine(BadRow(self.first, problem, None), last=True)
        return line.text

    def begin_row(self) -> None:
        self.first, self._chars = None, 0


def read_csv(file: TextFile, delimiter: str = ",") -> Iterator[RawRow | BadRow]:
    """The rows of a file as text by column; empty cells are null, empty lines are passed over.

    Raises:
        OSError: the file cannot be read.
    """
    rows = _rows(file, delimiter)
    header: list[str] | None = None
    for row in rows:
        if isinstance(row, BadRow):
            yield row
            if header is None:
                return
        elif header is None:
            problem = _header_problem(row.cells)
            if problem is not None:
                yield BadRow(row.line, problem, None)
                return
            header = [name.strip() for name in row.cells]
        elif len(row.cells) != len(header):
            yield BadRow(row.line, f"the row has {len(row.cells)} cells, the header {len(header)}", 1)
        else:
            yield RawRow(row.line, {name: cell or None for name, cell in zip(header, row.cells, strict=True)})
    if header is None:
        yield _NO_HEADER


def read_header(file: TextFile, delimiter: str = ",") -> list[str] | BadRow:
    """The column names of a file, or why it has none that can be used.

    Raises:
        OSError: the file cannot be read.
    """
    first = next(_rows(file, delimiter), _NO_HEADER)
    if isinstance(first, BadRow):
        return first
    problem = _header_problem(first.cells)
    return BadRow(first.line, problem, None) if problem else [name.strip() for name in first.cells]


def _rows(file: TextFile, delimiter: str) -> Iterator[_Cells | BadRow]:
    csv.field_size_limit(MAX_LINE_BYTES)  # of the whole process; the default of 128 kB cuts off long descriptions
    feeder = _Feeder(file)
    reader = csv.reader(feeder, delimiter=delimiter, strict=True)
    while True:
        feeder.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except _BadLine as stopped:
            inside = stopped.bad.line != feeder.first  # quoted text went on: what follows may be half a row
            hides = None if inside else stopped.bad.hides_rows
            yield BadRow(stopped.bad.line, stopped.bad.problem, hides)
            if stopped.last:
                return
        except csv.Error as error:
            yield _csv_problem(error, feeder)
        else:
            if cells:
                yield _Cells(feeder.first or feeder.last, cells)


def _csv_problem(error: csv.Error, feeder: _Feeder) -> BadRow:
    if "unexpected end of data" in str(error):
        return BadRow(feeder.first, "a quotation mark opens here and the file ends before it closes", None)
    several = feeder.last != feeder.first
    return BadRow(
        feeder.first, f"no CSV: {error}; a quotation mark inside quotes is written twice", None if several else 1
    )


def _header_problem(names: list[str]) -> str | None:
    stripped = [name.strip() for name in names]
    if "" in stripped:
        return f"column {stripped.index('') + 1} of the header has no name"
    double = next((name for name in stripped if stripped.count(name) > 1), None)
    return None if double is None else f"the header names the column {double!r} twice"
