"""The report as Markdown for pull requests and wikis."""

from __future__ import annotations

import dataclasses
import re

from hypothesis import given
from hypothesis import strategies as st

from auditor.model.assessment import Assessment, Seal
from auditor.report import markdown, words
from auditor.report.markdown import _code, _escaped


def without_code(text: str) -> str:
    """Markdown without its code spans (a run of backticks to the next run of the same length)."""
    return re.sub(r"(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)", "", text)


def test_the_profile_shows_levels_and_what_is_not_assessed(assessment: Assessment):
    text = markdown.render(assessment, None).decode()
    assert "| `DOC` | Documentation | **1..3** (at least 1) | 2 | DOC-2.1: 4 of 6 major" in text
    assert "| `PM` | Performance measurement | **1..1** | 1 |" in text
    assert "| `INT` | Process integration | *not assessed* | - | No source answers" in text
    assert "| `TRN` | floor: always reached | not assessed |" in text


def test_every_unknown_has_its_reason_and_what_would_settle_it(assessment: Assessment):
    text = markdown.render(assessment, None).decode().replace("\\", "")
    for observation in assessment.observations.values():
        for note in observation.reasons if observation.status == "unknown" else ():
            assert words.REASONS[note.reason].means in text
            assert words.REASONS[note.reason].settles in text


def test_open_items_are_listed_up_to_a_limit_and_the_rest_is_counted(hostile: Assessment):
    text = markdown.render(hostile, None).decode()
    section = text.partition("`DOC-2.1`: not met or undecided")[2].partition("\n\n##")[0]
    assert section.count("\n- ") == 11
    assert "more in the HTML report" in section


def test_every_table_row_has_as_many_cells_as_its_head(assessment: Assessment, hostile: Assessment, seal: Seal):
    for original in (assessment, hostile):
        head = 0
        for line in markdown.render(original, seal).decode().splitlines():
            if not line.startswith("|"):
                head = 0
                continue
            cells = len(re.findall(r"(?<!\\)\|", line)) - 1
            head = head or cells
            assert cells == head, line


def test_hostile_text_is_neither_markup_nor_link_nor_html(hostile: Assessment, seal: Seal):
    evil = "<b>*x*</b> [a](http://evil.example) @everyone #1 www.evil.example `code` ![i](x) | ~~s~~ &lt; \u202e"
    card = dataclasses.replace(hostile.observations["DOC-2.1"].card, question=evil)
    observation = dataclasses.replace(hostile.observations["DOC-2.1"], card=card)
    changed = dataclasses.replace(hostile, observations=hostile.observations | {"DOC-2.1": observation})
    text = without_code(markdown.render(changed, seal).decode())
    assert not re.search(r"(?<!\\)[<>\[\]]", text)
    assert not re.search(r"https?://|www\.", text)
    assert not re.search(r"(?<!\\)@", text)
    assert "\u202e" not in text
    assert "{{ 7 * 7 }}" not in text
    for line in text.splitlines():
        assert not line.startswith("#") or re.match(r"#{1,2} ", line)


@given(st.text(st.sampled_from("`a |\\\n<"), max_size=30))
def test_a_code_span_ends_where_it_should(text: str):
    span = _code(text)
    fence = re.match("`+", span)
    assert fence
    assert "\n" not in span
    assert span.endswith(fence[0])
    inner = span[len(fence[0]) : -len(fence[0])]
    assert not re.search(rf"(?<!`){fence[0]}(?!`)", inner)


def test_escaping_leaves_plain_sentences_and_numbers_alone():
    assert _escaped("60.25 d, goal 30 d (4 of 6).") == "60.25 d, goal 30 d (4 of 6)."
    assert _escaped("1. no list") == "1\\. no list"
    assert _escaped("- no list") == "\\- no list"


def test_the_seal_stands_at_the_end(assessment: Assessment, seal: Seal):
    text = markdown.render(assessment, seal).decode()
    assert seal.assessment_sha256 in text
    assert seal.manifest_sha256 in text
    assert text.endswith("`auditor verify`\n")
    assert "not sealed" in markdown.render(assessment, None).decode()
