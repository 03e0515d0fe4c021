"""Text and numbers as reports print them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.assessment import Reason
from auditor.model.evidence import GapReason
from auditor.report import words
from auditor.report.figures import anchor, key_label, record_anchor, web_link
from auditor.report.overview import natural
from auditor.report.text import (
    clip,
    counted,
    display_width,
    instant,
    number,
    one_line,
    percent,
    percent_range,
    quantity,
    visible,
    wrapped,
)

BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def rating_band(share: float) -> int:
    return sum(round(share, 9) > cut for cut in (0.15, 0.325, 0.5, 0.675, 0.85))


@given(st.text(st.characters()))
def test_nothing_that_hides_or_turns_a_line_is_left_in_visible_text(text: str):
    shown = visible(text)
    shown.encode()
    for char in shown:
        assert unicodedata.category(char) != "Cc" or char in "\t\n"
        assert unicodedata.bidirectional(char) not in BIDI
        assert char not in "\u2028\u2029\ufeff\u200b"


def test_hidden_characters_appear_as_their_code_point():
    assert visible("a\u202eb\x1b[0m\x00") == "a<U+202E>b<U+001B>[0m<U+0000>"
    assert visible("\udc80") == "<U+DC80>"
    assert visible("e\u0301 \U0001f469\u200d\U0001f4bb \u65e5") == "e\u0301 \U0001f469\u200d\U0001f4bb \u65e5"


@given(st.text(max_size=400))
def test_one_line_has_no_line_end_and_a_limit(text: str):
    line = one_line(text, 50)
    assert len(line.splitlines()) <= 1
    assert len(line) <= 50 + len("\u2026 (1,000 characters)")


def test_a_cut_text_tells_its_length():
    assert clip("x" * 10_000, 3) == "xxx\u2026 (10,000 characters)"
    assert clip("xxx", 3) == "xxx"


@given(st.floats(0, 1).map(lambda value: round(value, 9)))
def test_a_percentage_never_rounds_into_another_rating_nor_to_all_or_nothing(share: float):
    shown = float(percent(share))
    assert abs(shown - share * 100) <= 0.0500001
    if share not in {0.0, 1.0}:
        assert 0 < shown < 100 or not 1e-8 < share < 1 - 1e-8
    # What is printed lies in the band of the exact value, down to the six digits that are ever printed.
    if abs(min((abs(share - cut) for cut in (0.15, 0.325, 0.5, 0.675, 0.85)), default=1)) > 1e-8:
        assert rating_band(shown / 100) == rating_band(share)


@pytest.mark.parametrize(
    ("share", "shown"), [(0.0, "0"), (1.0, "100"), (0.5, "50"), (0.5004, "50.04"), (2 / 3, "66.7"), (0.9999, "99.99")]
)
def test_percentages_are_short(share: float, shown: str):
    assert percent(share) == shown


def test_ranges_and_quantities():
    assert percent_range(0.5, 0.5) == "50\u00a0%"
    assert percent_range(0.5, 0.75) == "50..75\u00a0%"
    assert quantity(0.25, "share") == "25\u00a0%"
    assert quantity(60.25, "d") == "60.25 d"
    assert number(1234567.0) == "1,234,567"
    assert number(0.000123456) == "0.0001235"
    assert number(1234.56789) == "1,234.5679"
    assert counted(1, "gap") == "1 gap"
    assert counted(2000, "gap") == "2,000 gaps"


def test_instants_read_well_and_other_text_is_left_alone():
    assert instant("2026-01-01T00:00:00Z") == "2026-01-01 00:00 UTC"
    assert instant("2026-01-01T00:00:05.25Z") == "2026-01-01 00:00:05 UTC"
    assert instant("yesterday") == "yesterday"


@given(st.text(st.sampled_from("ab \u65e5\u0301-"), max_size=200), st.integers(4, 40))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int):
    lines = wrapped(text, width, "", "  ")
    assert all(display_width(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.text(st.characters(), max_size=60), st.text(st.characters(), max_size=60))
def test_anchors_are_plain_and_differ_where_their_parts_do(one: str, other: str):
    for text in (one, other):
        assert anchor("ind", text).isascii()
        assert not set(anchor("ind", text)) & set(" \"'<>&#")
        assert record_anchor(text).removeprefix("rec-").isalnum()
    if one.encode("utf-8", "replace") != other.encode("utf-8", "replace"):
        assert anchor("ind", one) != anchor("ind", other)
        assert record_anchor(one) != record_anchor(other)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "//host/path",
        "/path",
        "file:///etc/passwd",
        "https://",
        "https:path",
        "https://a b/",
        "https://a/\u202egnp",
        "http://[bad",
        "",
        None,
    ],
)
def test_only_web_addresses_become_links(url: str | None):
    assert web_link(url) is None


def test_web_addresses_become_links():
    for url in ("https://wiki.example.org/a?b=1&c=%20#d", "HTTP://host:8080/"):
        assert web_link(url) == url


def test_keys_of_records_read_well():
    assert key_label("tool-a/2026-08-01T00%3A00%3A00Z/2026-09-01T06%3A00%3A00Z/system") == (
        "tool-a / 2026-08-01 / 2026-09-01T06:00:00Z / system"
    )
    assert key_label("a%E2%80%AEb//%00") == "a<U+202E>b / <U+0000>"


def test_every_reason_of_the_closed_lists_has_words():
    assert set(words.REASONS) == set(Reason)
    assert set(words.GAP_REASONS) == set(GapReason)
    for entry in words.REASONS.values():
        assert entry.means.endswith(".")
        assert entry.settles.endswith(".")


def test_indicators_sort_by_their_numbers():
    assert sorted(["DOC-2.10", "DOC-2.9", "DOC-10.1"], key=natural) == ["DOC-2.9", "DOC-2.10", "DOC-10.1"]
    assert natural("9" * 10_000)
