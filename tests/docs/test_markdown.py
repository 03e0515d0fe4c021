"""What the checks of the documentation see in a page."""

from __future__ import annotations

from docs_tools.markdown import anchors, fences, links, slug

PAGE = """# Title

Text with a [link](a.md) and `[no link](b.md)` in code.

<!-- exit: 3 -->
```sh
echo [no link](c.md)
# no heading
```

## Title

See [that]: not a definition. ![image](d.png "with a title") and [nested [brackets]](e.md#x).

[ref]: f.md
"""


def test_links_are_those_outside_of_code() -> None:
    assert [target for _, target in links(PAGE)] == ["a.md", "d.png", "e.md#x", "f.md"]


def test_links_carry_their_line() -> None:
    assert next(iter(links(PAGE))) == (3, "a.md")


def test_a_second_heading_of_the_same_text_gets_an_anchor_of_its_own() -> None:
    assert anchors(PAGE) == {"title", "title-1"}


def test_an_anchor_is_what_code_hosts_make_of_a_heading() -> None:
    assert slug("`auditor audit`: what, and *why*?") == "auditor-audit-what-and-why"


def test_a_link_inside_of_a_heading_counts_as_its_text() -> None:
    assert slug("See [there](x.md)") == "see-there"


def test_a_fence_knows_the_line_that_stands_before_it() -> None:
    (block,) = fences(PAGE)
    assert (block.language, block.line, block.line_before) == ("sh", 6, "<!-- exit: 3 -->")


def test_a_longer_fence_holds_a_shorter_one() -> None:
    (block,) = fences("````md\n```sh\nx\n```\n````\n")
    assert block.text == "```sh\nx\n```"


def test_a_fence_that_is_never_closed_is_still_seen() -> None:
    (block,) = fences("```sh\nexit 1\n")
    assert block.text == "exit 1"
