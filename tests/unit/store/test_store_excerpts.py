"""Excerpts: the text that a pointer names inside a payload."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import auditor.store.excerpts as excerpts
from auditor.store.excerpts import LIMIT, Excerpts
from auditor.store.json_spans import JsonSpans
from auditor.store.layout import Layout, make_folders
from auditor.store.payloads import PayloadWriter

Cut = tuple[str | None, bool]
Excerpt = Callable[[bytes, str], Cut]


@pytest.fixture
def excerpt(tmp_path: Path) -> Excerpt:
    layout = Layout(tmp_path / "data")
    make_folders(layout)
    writer = PayloadWriter(layout, layout.tmp, lambda _: False)
    opened = Excerpts(layout)

    def of(data: bytes, pointer: str) -> Cut:
        reference = writer.keep(data)
        writer.flush()
        return opened.text(reference.sha256, pointer)

    return of


LINES = "first\r\nzwölf\n\nlast without an end".encode()


@pytest.mark.parametrize(
    ("pointer", "text"),
    [
        ("line:1", "first"),
        ("line:2", "zwölf"),
        ("line:4", "last without an end"),
        ("line:5", None),
        ("line:0", None),
        ("bytes:0-5", "first"),
        ("bytes:7-13", "zwölf"),
        ("bytes:7-9", "zw"),
        ("bytes:13-999", "last without an end"),
        ("bytes:9-9", None),
        ("bytes:10-11", None),  # inside of a character
    ],
)
def test_lines_and_bytes_are_found(excerpt: Excerpt, pointer: str, text: str | None) -> None:
    found, cut = excerpt(LINES, pointer)
    assert (found or "").strip() == (text or "")
    assert (found is None) == (text is None)
    assert not cut


def test_the_end_of_the_last_line_starts_no_line(excerpt: Excerpt) -> None:
    assert excerpt(b"one\ntwo\n", "line:2") == ("two", False)
    assert excerpt(b"one\ntwo\n", "line:3") == (None, False)


def test_a_byte_order_mark_is_no_text(excerpt: Excerpt) -> None:
    assert excerpt(b"\xef\xbb\xbfkey,name\n1,x\n", "line:1") == ("key,name", False)
    assert excerpt(b'\xef\xbb\xbf{"a": 1}', "/a") == ("1", False)


def test_a_row_of_a_csv_text_may_span_lines(excerpt: Excerpt) -> None:
    data = b'id,text\n1,"two\nlines"\n2,plain\n'
    assert excerpt(data, "row:1") == ("id,text", False)
    assert excerpt(data, "row:2") == ('1,"two\nlines"', False)
    assert excerpt(data, "row:3") == ("2,plain", False)
    assert excerpt(data, "row:4") == (None, False)


ISSUES = b'{ "issues" : [ {"key": "A-1", "f": {}}, {"key":"A-2","a/b~c": [1, {"x":"\\u00e9"}]} ],\n "total": 2}'


@pytest.mark.parametrize(
    ("pointer", "text"),
    [
        ("/issues/0", '{"key": "A-1", "f": {}}'),
        ("/issues/1/key", '"A-2"'),
        ("/issues/1/a~1b~0c/1", '{"x":"\\u00e9"}'),
        ("/total", "2"),
        ("/issues/2", None),
        ("/issues/0/f/none", None),
        ("/total/deeper", None),
        ("issues", None),
        ("", ISSUES.decode()),
    ],
)
def test_json_pointers_give_the_very_characters(excerpt: Excerpt, pointer: str, text: str | None) -> None:
    assert excerpt(ISSUES, pointer) == (text, False)


def test_of_a_name_that_stands_twice_the_last_counts_as_json_readers_take_it() -> None:
    text = '{"a": 1, "a": 2}'
    span = JsonSpans(text).find("/a")
    assert span is not None
    assert text[slice(*span)] == str(json.loads(text)["a"])


@pytest.mark.parametrize("data", [b"", b"{", b"[1,", b'{"a" 1}', b"no json", b"[" * 100_000, b'{"a": [1, }'])
def test_a_pointer_into_broken_json_names_nothing(excerpt: Excerpt, data: bytes) -> None:
    assert excerpt(data, "/a/0") == (None, False)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(values, st.sampled_from([None, 1]))
def test_every_value_of_a_json_text_is_found_by_its_pointer(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    spans = JsonSpans(text)

    def look(part: object, pointer: str) -> None:
        span = spans.find(pointer)
        assert span is not None
        assert json.loads(text[slice(*span)]) == part
        if isinstance(part, list):
            for number, entry in enumerate(part):
                look(entry, f"{pointer}/{number}")
        if isinstance(part, dict):
            for name, entry in part.items():
                escaped = name.replace("~", "~0").replace("/", "~1")
                look(entry, f"{pointer}/{escaped}")

    look(value, "")


@pytest.mark.parametrize("pointer", ["line:1", "bytes:0-4000", "/"])
def test_binary_payloads_have_no_text(excerpt: Excerpt, pointer: str) -> None:
    assert excerpt(b"\x89PNG\r\n\x1a\n" + bytes(range(128, 256)) * 20, pointer) == (None, False)


@pytest.mark.parametrize("character", ["x", "ö", "😀"])
def test_a_long_text_is_cut_at_whole_characters(excerpt: Excerpt, character: str) -> None:
    data = f"{character * (LIMIT + 1)}\nnext\n".encode()
    assert excerpt(data, "line:1") == (character * LIMIT, True)
    assert excerpt(json.dumps({"a": character * LIMIT}, ensure_ascii=False).encode(), "/a") == (
        '"' + character * (LIMIT - 1),
        True,
    )


def test_a_text_of_just_the_limit_is_whole(excerpt: Excerpt) -> None:
    assert excerpt(b"x" * LIMIT + b"\r\n", "line:1") == ("x" * LIMIT, False)
    assert excerpt(b"x" * 3 * LIMIT, "line:1") == ("x" * LIMIT, True)


def test_many_pointers_into_one_payload_unpack_it_once(excerpt: Excerpt, monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked = []
    read = excerpts.payload_chunks
    monkeypatch.setattr(excerpts, "payload_chunks", lambda *args: unpacked.append(args) or read(*args))
    data = b"".join(f"line {number}\n".encode() for number in range(1, 2_001))
    assert all(excerpt(data, f"line:{number}") == (f"line {number}", False) for number in range(1, 2_001))
    assert len(unpacked) == 1


def test_payloads_that_were_not_asked_for_lately_are_closed(excerpt: Excerpt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excerpts, "_OPEN_PAYLOADS", 2)
    monkeypatch.setattr(excerpts, "_IN_MEMORY", 10)
    for turn in range(2):
        for number in range(5):
            assert excerpt(f"payload {number}, larger than memory".encode(), "line:1")[0] is not None, turn
