"""The pure parts: what git printed, as kept in the samples, and what a patch amounts to."""

from __future__ import annotations

from pathlib import Path

import pytest

import collectors.git_docs
from collectors.git_docs.commits import merged_by, parse_commits
from collectors.git_docs.log import cause_refs, parse_log, unquoted
from collectors.git_docs.patch import Style, heading, measure

SAMPLES = Path(collectors.git_docs.__file__).parent / "samples"
STYLE = Style(0, underlined=False)


def test_the_sample_of_a_merge_with_a_rename_is_read_whole():
    body = (SAMPLES / "diff-tree.txt").read_bytes()
    merge, raised, renamed, first = parse_log(body)
    assert [change.path for change in (*merge.changes, *raised.changes, *renamed.changes, *first.changes)] == [
        'sla/Kasse "ü".md',
        "sla/checkout.md",
        'sla/Kasse "ü".md',
        "sla/checkout.md",
    ]
    assert [entry.changes[0].status for entry in (merge, raised, renamed, first)] == ["M", "M", "R", "A"]
    assert renamed.changes[0].old_path == "sla/checkout.md"
    assert renamed.changes[0].same_content
    assert renamed.is_bot
    assert (raised.cause_refs, len(raised.approved_by)) == (("tgt-checkout",), 1)
    spans = [body[entry.changes[0].start : entry.changes[0].end] for entry in (merge, raised, renamed, first)]
    assert all(span.startswith(b"diff --") for span in spans)
    measured = [measure(span, STYLE) for span in spans]
    assert [found.figures for found in measured] == [1, 1, 0, 2]
    assert measured[0].sections is None
    assert measured[1].sections == ("service level targets",)


def test_the_sample_of_a_history_tells_who_took_what_in():
    commits = parse_commits((SAMPLES / "rev-list.txt").read_bytes(), now=1_800_000_000)
    merge, side = commits[0].id, commits[0].parents[1]
    assert all(commit.doubt is None for commit in commits)
    request = b'{"id":"%s","by":"p-02"}\n' % merge.encode()
    assert merged_by(commits, request) == {side: "p-02"}


@pytest.mark.parametrize(
    ("before", "after", "chars", "figures"),
    [
        ("answered in 4 h", "answered in 2 h", 2, 1),
        ("answered in 4 h", "answered in 4h", 4, 0),
        ("a typo hree, 4 h", "a typo here, 4 h", 10, 0),
        ("99.5 % and 30 min", "99.9 % and 15 min", 12, 2),
        ("one two three", "one  two three ", 0, 0),
        ("version 2.5.1 of section 3", "version 2.6 of section 4", 10, 0),
    ],
)
def test_a_change_is_counted_in_words_and_figures(before, after, chars, figures):
    patch = f"diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -3 +3 @@ # H\n-{before}\n+{after}\n".encode()
    measured = measure(patch, STYLE)
    assert (measured.chars, measured.figures, measured.sections) == (chars, figures, ("h",))


@pytest.mark.parametrize(
    ("line", "folded"),
    [
        ("## 2.1 Service *levels* ##", "service levels"),
        ("=== Title ===", "title"),
        ('  <h2 class="x">Hours &amp; days</h2>', "hours &amp; days"),
        ("#hashtag", None),
        ("    # code", None),
        ("plain", None),
    ],
)
def test_headings_are_folded(line, folded):
    assert heading(line) == folded


def test_a_commit_under_a_line_that_only_looks_like_a_heading_has_no_known_section():
    patch = b"diff --git a/a b/a\n@@ -9 +9 @@     # code\n-x\n+y\n"
    assert measure(patch, STYLE).sections is None


def test_ids_are_told_from_words():
    assert cause_refs("UTF-8 and CVE-2024-1 in ABC-7, abc-7, X-1a, INC1234567 and INC12") == ["ABC-7", "INC1234567"]
    assert cause_refs("x\n\nRefs: doc-1@v2, plain\nFixes: #12") == ["doc-1@v2", "#12"]


def test_quoted_paths_are_read_as_git_writes_them():
    assert unquoted(b'"a\\tb\\n\\"c\\\\\\303\\274.md"') == 'a\tb\n"c\\ü.md'
    assert unquoted(b"plain.md") == "plain.md"
