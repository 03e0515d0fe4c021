"""Documents taken apart: the same pieces whatever the markup, each with the lines it stands in."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.recognise.structure import MAX_PIECES, MAX_TEXT, LineBytes, Structure, form_of, parse

DOCUMENTS = Path(__file__).parent / "documents"


def parsed(name: str) -> tuple[str, Structure]:
    text = (DOCUMENTS / name).read_text(encoding="utf-8")
    form = form_of(name)
    assert form is not None
    return text, parse(text, form)


def headings(structure: Structure) -> list[tuple[int, str]]:
    return [(piece.level, piece.text) for piece in structure.pieces if piece.kind == "heading"]


@pytest.mark.parametrize("name", sorted(path.name for path in DOCUMENTS.iterdir()))
def test_every_word_of_a_piece_stands_in_the_lines_it_names(name: str) -> None:
    text, structure = parsed(name)
    lines = text.split("\n")
    assert structure.pieces
    for piece in structure.pieces:
        original = "\n".join(lines[piece.first - 1 : piece.last])
        for word in piece.text.split():
            assert word == "|" or word.strip("%") in original.replace("&lt;", "<"), (piece, word)


def test_markdown_has_headings_of_both_forms_tables_items_and_front_matter() -> None:
    text = (
        "---\ntitle: A\nlist:\n- x\n- 'y'\nempty:\n---\nOver\n====\n\n## Under ##\n\n- one\n  more\n\n"
        "| A | B |\n|---|:-:|\n| 1 | a\\|b |\n"
    )
    structure = parse(text, "markdown")
    assert headings(structure) == [(1, "Over"), (2, "Under")]
    assert structure.front["list"].values == ("x", "y")
    assert structure.front["list"].line == 3
    assert "empty" not in structure.front
    assert [(p.kind, p.text, p.first, p.last) for p in structure.pieces if p.kind != "heading"] == [
        ("item", "one more", 13, 14),
        ("header", "A | B", 16, 16),
        ("row", "1 | a|b", 18, 18),
    ]
    assert structure.pieces[-1].header == ("A", "B")


def test_text_in_fences_is_no_heading_and_no_target() -> None:
    structure = parse("# A\n\n```\n# not a heading\n```\n\ntext\n", "markdown")
    assert headings(structure) == [(1, "A")]
    assert structure.words == 2


def test_a_bold_line_and_a_numbered_line_that_stands_alone_are_headings() -> None:
    structure = parse("Agreement\n\n1. Support\n\n   We help.\n\n**Exclusions:**\n\nNone.\n", "markdown")
    assert headings(structure) == [(7, "Support"), (7, "Exclusions")]
    assert structure.title == ("Agreement", 1)


def test_asciidoc_rows_are_found_however_their_cells_are_split_over_lines() -> None:
    _, structure = parsed("sla.adoc")
    rows = [(piece.kind, piece.cells, piece.first, piece.last) for piece in structure.pieces if piece.cells]
    assert rows == [
        ("header", ("Priority", "Response time", "Resolution time"), 11, 11),
        ("row", ("P1", "10 minutes", "2 hours"), 13, 13),
        ("row", ("P2", "30 minutes", "8 hours"), 15, 17),
    ]
    assert structure.front["owner"].values == ("p-03",)
    assert headings(structure)[0] == (1, "Service Level Agreement: gate control")


def test_rst_has_overlined_titles_simple_grid_and_list_tables() -> None:
    _, structure = parsed("sla.rst")
    assert headings(structure)[:2] == [(1, "Service Level Agreement: crane telemetry"), (2, "Service level targets")]
    assert [piece.cells for piece in structure.pieces if piece.kind == "header"] == [
        ("Priority", "Response", "Resolution"),
        ("Workload", "Limit"),
    ]
    listed = parse(".. list-table::\n   :header-rows: 1\n\n   * - A\n     - B\n   * - 1\n     - 2\n", "rst")
    assert [(p.kind, p.cells) for p in listed.pieces] == [("header", ("A", "B")), ("row", ("1", "2"))]


def test_html_is_read_without_its_scripts_styles_and_comments() -> None:
    _, structure = parsed("sla.html")
    words = " ".join(piece.text for piece in structure.pieces)
    assert "color" not in words
    assert "12 %" not in words
    assert structure.front["title"].values == ("Service level agreement: weighbridge",)
    assert structure.front["owner"].values == ("p-05",)
    assert [piece.cells for piece in structure.pieces if piece.kind == "row"] == [("P1", "< 15 minutes", "4 hours")]


def test_a_section_ends_at_the_next_heading_of_its_level_or_above() -> None:
    structure = parse("# A\n\none two\n\n## B\n\nthree\n\n### C\n\nfour\n\n## D\n\nfive six\n", "markdown")
    titles = {structure.pieces[section.heading].text: section.words for section in structure.sections}
    assert titles == {"A": 6, "B": 2, "C": 1, "D": 2}


def test_pointers_count_bytes_not_characters() -> None:
    text = "é one\nline \u2013 two\nthree"
    data = text.encode()
    lines = LineBytes(text, offset=100)

    def at(pointer: str) -> str:
        start, end = (int(part) - 100 for part in pointer.removeprefix("bytes:").split("-"))
        return data[start:end].decode()

    assert at(lines.pointer(2, 2)) == "line \u2013 two"
    assert at(lines.pointer(2, 3)) == "line \u2013 two\nthree"
    assert at(lines.pointer(1, 1)) == "é one"


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Service: [name]\n", 0.5),
        ("See [the page](a.md) and [x] and [1]: b\n", 0.0),
        ("Due TBD on nn/nn/nn\n", 0.5),
        ("```\nTBD\n```\n\nok <b>bold</b> <name of customer>\n", 3 / 2),
    ],
)
def test_placeholders_are_counted_and_links_and_boxes_are_none(text: str, share: float) -> None:
    assert parse(text, "markdown").placeholder_ratio == pytest.approx(min(share, 1.0))


def test_binary_content_and_endless_content_have_no_whole_structure() -> None:
    assert not parse("a\0b", "markdown").is_text
    assert not parse("a" * (MAX_TEXT + 1), "markdown").is_whole
    long = parse("- a\n" * (MAX_PIECES + 1), "markdown")
    assert not long.is_whole
    assert len(long.pieces) == MAX_PIECES


@pytest.mark.parametrize(
    "bait",
    ["<", "<a", "<!--", "[", "[a](", "|", "| a ", "`a <", "a\n===\n", "<table><tr><td>", "* ", "  - a\n", "1", "{{"],
)
@pytest.mark.parametrize("form", ["markdown", "asciidoc", "rst", "html"])
def test_hostile_repetition_is_read_without_running_out_of_stack(bait: str, form: str) -> None:
    text = bait * 4_000
    structure = parse(text, form)  # type: ignore[arg-type]
    assert all(1 <= piece.first <= piece.last <= text.count("\n") + 1 for piece in structure.pieces)


def test_the_form_is_told_by_the_name_then_by_the_media_type() -> None:
    assert form_of("a/B.MD") == "markdown"
    assert form_of("a.rst", "text/html") == "rst"
    assert form_of("page", "text/html; charset=utf-8") == "html"
    assert form_of("a.png") is None
