"""Files that are too long, too wide or quoted badly are read in bounded memory, and what is lost is said."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collectors.files import csvfile, lines
from collectors.files.csvfile import read_csv
from collectors.files.jsonl import read_jsonl
from collectors.files.lines import MAX_LINE_BYTES, BadRow, RawRow, TextFile

Written = Callable[[bytes], TextFile]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(content: bytes) -> TextFile:
        path = tmp_path / "file"
        path.write_bytes(content)
        return TextFile(path)

    return write


@contextmanager
def at_most(megabytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < megabytes * 1024 * 1024


def write_big(path: Path, before: bytes, filler: bytes, after: bytes, megabytes: int = 200) -> Path:
    with path.open("wb") as file:
        file.write(before)
        chunk = filler * (1024 * 1024 // len(filler))
        for _ in range(megabytes):
            file.write(chunk)
        file.write(after)
    return path


def test_a_line_of_200_megabytes_is_a_gap_with_its_line_and_the_next_one_is_read(tmp_path: Path) -> None:
    path = write_big(tmp_path / "big.jsonl", b'{"a": 1}\n{"a": "', b"x", b'"}\n{"a": 2}\n')
    with at_most(60):
        rows = list(read_jsonl(TextFile(path)))
    assert rows == [
        RawRow(1, {"a": 1}),
        BadRow(2, "the line is longer than 16 MB", 1),
        RawRow(3, {"a": 2}),
    ]


def test_a_quotation_mark_that_never_closes_does_not_swallow_200_megabytes(tmp_path: Path) -> None:
    path = write_big(tmp_path / "big.csv", b'a,b\n1,2\n"', b"some words " * 93 + b"\n", b"")
    with at_most(120):
        rows = list(read_csv(TextFile(path)))
    assert rows == [
        RawRow(2, {"a": "1", "b": "2"}),
        BadRow(3, "a row is longer than 16 MB (a quotation mark is missing?); nothing after it was read", None),
    ]


def test_a_long_cell_is_read_whole(written: Written) -> None:
    (row,) = read_csv(written(b"a,b\n" + b"x" * 1_000_000 + b",2\n"))
    assert isinstance(row, RawRow)
    assert len(str(row.values["a"])) == 1_000_000


def test_the_longest_line_is_read_and_one_byte_more_is_not(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_LINE_BYTES == 16 * 1024 * 1024
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 16)
    content = b'{"a": "567890"}\n' + b'{"a": "5678901"}\n'
    assert [type(row) for row in read_jsonl(written(content))] == [RawRow, BadRow]


def test_the_hash_covers_what_was_skipped_and_exists_only_at_the_end(written: Written) -> None:
    import hashlib

    content = b'{"a": 1}\nnonsense\n\n' + b"x" * (MAX_LINE_BYTES + 10)
    file = written(content)
    rows = read_jsonl(file)
    next(rows)
    assert file.whole_sha256 is None
    list(rows)
    assert file.whole_sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a,b\n1,2\n1,2,3\n4,5\n", ["2", (3, "the row has 3 cells, the header 2", 1), "5"]),
        (b"a,b\n1\n4,5\n", [(2, "the row has 1 cells, the header 2", 1), "5"]),
        (b'a,b\n"1"x,2\n4,5\n', [(2, "no CSV: ',' expected after '\"'", 1), "5"]),
        (b'a,b\n1,"x\n4,5\n', [(2, "a quotation mark opens here and the file ends", None)]),
        (b'a,b\n"1\n\xff",2\n4,5\n', [(3, "the line is not utf-8 text", None), "5"]),
        (b"a,b\n1,\xff\n4,5\n", [(2, "the line is not utf-8 text", 1), "5"]),
        (b"a,b\n1,\x00\n4,5\n", [(2, "NUL byte", 1), "5"]),
        (b'a,b\r\n1,"say ""x"""\r\n\r\n4,5', ['say "x"', "5"]),
        (b'a,b\n1,"two\nlines"\n1,2,3\n', ["two\nlines", (4, "the row has 3 cells", 1)]),
        (b"a,b\n,\n", [None]),
        (b'a,b\n1,"x"\n', ["x"]),
        (b" a , b \n1, 2 \n", [" 2 "]),
    ],
)
def test_csv_is_read_strictly_and_goes_on_after_a_bad_row(
    written: Written, content: bytes, expected: list[object]
) -> None:
    rows = list(read_csv(written(content)))
    assert len(rows) == len(expected)
    for row, want in zip(rows, expected, strict=True):
        if isinstance(row, RawRow):
            assert row.values["b"] == want
        else:
            assert isinstance(want, tuple)
            assert (row.line, row.hides_rows) == (want[0], want[2])
            assert want[1] in row.problem


def test_brackets_inside_of_text_are_no_nesting(written: Written) -> None:
    (row,) = read_jsonl(written(b'{"a": "' + b"[{" * 500 + b'\\" ["}\n'))
    assert isinstance(row, RawRow)


def test_the_row_limit_counts_every_line_of_a_row(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csvfile, "MAX_LINE_BYTES", 50)
    rows = list(read_csv(written(b'a\n"' + b"0123456789\n" * 3 + b'"\n"' + b"0123456789\n" * 9 + b'"\n')))
    assert isinstance(rows[0], RawRow)
    assert isinstance(rows[1], BadRow)
    assert rows[1].line == 6
