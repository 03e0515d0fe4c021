"""The HTML page: one file, nothing from outside, and everything opens down to the bytes."""

from __future__ import annotations

import dataclasses
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from auditor.assessment_document import dump
from auditor.model.assessment import Assessment, Seal
from auditor.report import html, words
from auditor.report.figures import anchor, record_anchor
from auditor.report.text import one_line, visible

VOID = {"meta", "br", "link", "img", "input", "hr", "base"}
SVG = {"svg", "rect", "path", "circle", "text", "g", "defs", "pattern", "desc"}
BLOCKS = {"header", "p", "h1", "h2", "h3", "h4", "nav", "ul", "li", "main", "section", "div", "article", "figure"}
BLOCKS |= {"figcaption", "table", "caption", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd", "details", "summary"}
KNOWN = SVG | BLOCKS | {"html", "head", "meta", "title", "style", "body", "a", "abbr", "span", "strong", "b", "small"}
KNOWN |= {"i", "pre", "code", "data", "br"}


@dataclass
class Node:
    tag: str
    attributes: dict[str, str]
    parent: Node | None
    children: list[Node | str] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text() for child in self.children)

    def words(self) -> str:
        """The text on one line, with a space between blocks."""
        return " ".join("".join(self._pieces()).split())

    def _pieces(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
                continue
            gap = " " if child.tag in BLOCKS else ""
            yield gap
            yield from child._pieces()
            yield gap

    def all(self, tag: str) -> list[Node]:
        return [node for node in self.walk() if node.tag == tag]

    def ancestors(self) -> Iterator[Node]:
        node = self.parent
        while node is not None:
            yield node
            node = node.parent


class Page(HTMLParser):
    """A strict reading: every tag is known and closed in order, no attribute is given twice."""

    def __init__(self, data: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("#", {}, None)
        self.at = self.root
        self.feed(data.decode())
        self.close()
        assert self.at is self.root, f"{self.at.tag} is not closed"
        self.ids = {node.attributes["id"]: node for node in self.root.walk() if "id" in node.attributes}

    def handle_starttag(self, tag, attrs):
        assert tag in KNOWN, f"unexpected element {tag}"
        assert len(dict(attrs)) == len(attrs), f"an attribute twice: {attrs}"
        node = Node(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.children.append(node)
        if tag not in VOID:
            self.at = node

    def handle_startendtag(self, tag, attrs):
        assert tag in SVG, f"{tag} closes itself"
        self.handle_starttag(tag, attrs)
        self.at = self.at.parent

    def handle_endtag(self, tag):
        assert self.at.tag == tag, f"</{tag}> closes <{self.at.tag}>"
        self.at = self.at.parent

    def handle_data(self, data):
        self.at.children.append(data)

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    def unknown_decl(self, data):
        raise AssertionError(f"a declaration: {data}")

    def all(self, tag: str) -> list[Node]:
        return self.root.all(tag)

    def of_class(self, name: str) -> list[Node]:
        return [node for node in self.root.walk() if name in node.attributes.get("class", "").split()]


@pytest.fixture(scope="module")
def page(assessment: Assessment, seal: Seal) -> Page:
    return Page(html.render(assessment, seal))


@pytest.fixture(scope="module")
def hostile_page(hostile: Assessment, seal: Seal) -> Page:
    return Page(html.render(hostile, seal))


def resolve(document: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, list) else document[name]
    return document


def test_no_script_no_style_sheet_no_image_and_a_policy_that_forbids_them(page: Page, hostile_page: Page):
    for one in (page, hostile_page):
        assert not [node for tag in ("script", "link", "img", "iframe", "object", "form") for node in one.all(tag)]
        policy = [node for node in one.all("meta") if node.attributes.get("http-equiv") == "Content-Security-Policy"]
        assert policy[0].attributes["content"] == "default-src 'none'; style-src 'unsafe-inline'"
        assert policy[0] in one.all("head")[0].children
        for node in one.root.walk():
            assert not [name for name in node.attributes if name.startswith("on") or name in {"src", "srcset", "style"}]


def test_nothing_is_loaded_from_outside(assessment: Assessment, seal: Seal):
    text = html.render(assessment, seal).decode()
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert set(re.findall(r"url\(([^)]*)\)", style)) <= {"#hatch", "#hatch-unknown"}
    assert "@import" not in text
    assert "http" not in style
    assert not re.search(r'(?:src|href|action|xlink:href)="(?!#|https?://wiki\.example\.org/)', text)


def test_every_link_within_the_page_has_its_anchor_and_ids_are_unique(page: Page, hostile_page: Page):
    for one in (page, hostile_page):
        ids = [node.attributes["id"] for node in one.root.walk() if "id" in node.attributes]
        assert len(ids) == len(set(ids))
        links = [node.attributes["href"] for node in one.all("a")]
        inner = {link[1:] for link in links if link.startswith("#")}
        assert inner <= set(ids)
        labels = {
            name
            for node in one.root.walk()
            for key in ("aria-labelledby", "aria-describedby")
            for name in node.attributes.get(key, "").split()
        }
        assert labels <= set(ids)


def test_links_out_of_the_page_are_web_addresses_without_referrer(page: Page, hostile_page: Page):
    for one in (page, hostile_page):
        outer = [node for node in one.all("a") if not node.attributes["href"].startswith("#")]
        assert outer
        for node in outer:
            assert node.attributes["href"].startswith("https://wiki.example.org/")
            assert node.attributes["rel"] == "noreferrer"
    assert "javascript:alert(1)" in page.root.text()


def test_every_printed_number_equals_the_one_in_the_json(page: Page, hostile_page: Page, assessment, hostile):
    for one, original in ((page, assessment), (hostile_page, hostile)):
        document = json.loads(dump(original))
        numbers = one.all("data")
        assert len(numbers) > 100
        for node in numbers:
            expected = resolve(document, node.attributes["data-at"])
            assert json.loads(node.attributes["value"]) == expected
            shown = float(re.sub(r"[^0-9.]", "", node.words().partition("\u00a0")[0].partition(" ")[0]))
            unit = 100 if "%" in node.words() or abs(shown - expected) > 1e-3 else 1
            assert shown == pytest.approx(expected * unit, abs=0.0501), node.attributes["data-at"]


def test_every_level_rating_and_degree_leads_on(page: Page):
    for section in ("summary", "matrix"):
        for node in page.ids[section].all("data"):
            assert any(above.tag == "a" for above in node.ancestors()), node.attributes
    for row in page.ids["matrix"].all("tr")[1:]:
        for cell in row.all("td")[:2]:
            assert cell.all("a"), cell.words()


def test_a_degree_opens_to_items_an_item_to_records_a_record_to_bytes(page: Page, assessment: Assessment):
    for id_, observation in assessment.observations.items():
        article = page.ids[anchor("ind", id_)]
        if observation.status == "measured":
            assert f"#{anchor('items', id_)}" in [node.attributes["href"] for node in article.all("a")]
        items = page.ids[anchor("items", id_)]
        assert items.tag == "details"
        for position, item in enumerate(observation.items):
            row = page.ids[anchor("item", id_, position)]
            assert items in row.ancestors()
            assert item.verdict in row.words()
            links = [node.attributes["href"] for node in row.all("a")]
            for ref in item.evidence:
                if ref in assessment.records:
                    assert f"#{record_anchor(ref)}" in links
                else:
                    assert f"{ref} (not listed)" in row.words()
    for ref, record in assessment.records.items():
        shown = page.ids[record_anchor(ref)]
        assert shown.tag == "details"
        assert record.row_sha256 in shown.text()
        assert record.payload_sha256 in shown.text()
        assert record.pointer in shown.text()
        if record.excerpt is None:
            assert f"auditor show payload {record.payload_sha256}" in shown.words()
        else:
            assert shown.all("pre")[0].text() == record.excerpt
        back = [node.attributes["href"] for node in shown.all("a")]
        assert any(link.startswith("#item-DOC-2.1-") for link in back)


def test_every_cell_states_its_level_and_lists_its_indicators(page: Page, assessment: Assessment):
    for dimension in assessment.dimensions.values():
        for cell in dimension.cells:
            card = page.ids[anchor("cell", dimension.code, cell.level)]
            assert cell.statement in card.words()
            for id_ in cell.indicators:
                if id_ in assessment.observations:
                    assert card in page.ids[anchor("ind", id_)].ancestors()


def test_the_advice_of_a_blocker_says_each_thing_once(assessment: Assessment, seal: Seal) -> None:
    note = next(each.reasons[0] for each in assessment.observations.values() if each.status == "unknown")
    twice = {
        key: dataclasses.replace(each, reasons=(note, dataclasses.replace(note, detail="another stream")))
        for key, each in assessment.observations.items()
    }
    text = html.render(dataclasses.replace(assessment, observations=twice), seal).decode()
    advice = re.findall(r'data-label="What to do">([^<]*)</td>', text)
    assert any(words.REASONS[note.reason].settles in cell for cell in advice)
    assert all(cell.count(words.REASONS[note.reason].settles) <= 1 for cell in advice)


def test_every_unknown_shows_its_reason_in_words_and_what_would_settle_it(page: Page, assessment: Assessment):
    unknown = [entry for entry in assessment.observations.values() if entry.status == "unknown"]
    assert len(unknown) == 3
    for observation in unknown:
        for place in (page.ids[anchor("ind", observation.card.id)], page.ids["unknowns"]):
            for note in observation.reasons:
                assert words.REASONS[note.reason].means in place.words()
                assert words.REASONS[note.reason].settles in place.words()
    for node in page.of_class("not-assessed") + page.of_class("unknown"):
        assert not node.all("data"), "an unknown shows no number"


def test_an_undecided_item_says_why_once(page: Page, assessment: Assessment):
    row = page.ids["item-DOC-2.1-2"]
    assert row.words().count("The kind of the document is not sure (0.55).") == 1
    observation = assessment.observations["DOC-2.1"]
    item = observation.items[2]
    same = dataclasses.replace(item, note=item.reasons[0].detail)
    silent = dataclasses.replace(item, reasons=(dataclasses.replace(item.reasons[0], detail=""),))
    changed = dataclasses.replace(observation, items=(same, silent))
    again = Page(
        html.render(dataclasses.replace(assessment, observations=assessment.observations | {"DOC-2.1": changed}), None)
    )
    assert again.ids["item-DOC-2.1-0"].words().count("The kind of the document is not sure") == 1
    assert words.REASONS[item.reasons[0].reason].means in again.ids["item-DOC-2.1-1"].words()


def test_a_reason_links_to_the_gaps_behind_it(page: Page):
    links = [node.attributes["href"] for node in page.ids["ind-PM-2.2"].all("a")]
    assert "#gap-1" in links
    assert page.ids["gap-1"].tag == "tr"


def test_what_is_not_assessed_never_shows_a_level(page: Page, assessment: Assessment):
    rows = {row.all("b")[0].words(): row for row in page.ids["summary"].all("table")[0].all("tr")[1:]}
    for dimension in assessment.dimensions.values():
        label = next(
            node.attributes["aria-label"]
            for node in page.of_class("chart")[0].all("a")
            if node.attributes["href"] == f"#dim-{dimension.code}"
        )
        heading = page.ids[f"dim-h-{dimension.code}"]
        if dimension.assessed:
            assert heading.words().endswith(f"{dimension.confirmed}..{dimension.possible}")
            assert f"confirmed {dimension.confirmed}" in label
            continue
        for text in (rows[dimension.code].words(), label, heading.words()):
            assert "not assessed" in text
            assert ".." not in text
        assert words.why_not_assessed(dimension) in rows[dimension.code].words()
        numbers = page.ids[f"dim-{dimension.code}"].all("data")
        assert not [node for node in numbers if node.attributes["data-at"].startswith("/dimensions/")]


def test_a_level_1_that_is_not_proven_says_at_least(page: Page):
    assert "Confirmed level 1 (at least 1: no evidence excludes level 2" in page.ids["dim-DOC"].words()
    assert "Confirmed level 1, possible level 1" in page.ids["dim-PM"].words()
    assert "confirmed 1 (at least 1)" in page.of_class("chart")[0].all("a")[0].attributes["aria-label"]


def test_a_level_that_was_not_asked_about_looks_unlike_one_that_is_possible(page: Page):
    links = {node.attributes["href"]: node for node in page.of_class("chart")[0].all("a")}
    kinds = {
        href: [box.attributes["class"].removeprefix("box ") for box in node.all("rect") if "box" in str(box.attributes)]
        for href, node in links.items()
    }
    assert kinds["#dim-DOC"] == ["confirmed", "possible", "unknown", "empty", "empty"]
    assert kinds["#dim-TOOL"] == ["confirmed", "confirmed", "possible", "possible", "possible"]
    assert kinds["#dim-INT"] == ["unknown"] * 5
    assert kinds["#dim-PM"] == ["confirmed", "empty", "empty", "empty", "empty"]
    assert "nothing was asked about level 3" in links["#dim-DOC"].attributes["aria-label"]


def test_hostile_text_stays_text(hostile_page: Page, hostile_names: tuple[str, ...]):
    text = hostile_page.root.text()
    for name in hostile_names:
        assert one_line(name) in text or one_line(name, 48) in text
    # A lone hostile character anywhere would show up here: the page holds none.
    style = hostile_page.all("style")[0].text()
    assert visible(text.replace(style, "")) == text.replace(style, "")
    assert "{{ 7 * 7 }}" in text


def test_a_name_of_ten_thousand_characters_is_cut_and_says_so(hostile_page: Page):
    assert "x" * 161 not in hostile_page.ids["summary"].text()
    assert "(10,000 characters)" in hostile_page.ids["items-DOC-2.1"].text()


def test_sources_show_who_declared_what_complete(page: Page):
    text = page.ids["sources"].words()
    assert "p-01, 2025-12-01 00:00 UTC" in text
    assert "agreement 9 only for SLA, OLA" in text
    assert "document 1,191 yes" in text
    assert "meeting 0 no" in text
    assert "latest pull: failed" in text
    assert "Completeness declared by nobody" in text


def test_completeness_that_nobody_declared_was_checked_by_the_collector(assessment: Assessment):
    source = assessment.sources[0]
    live = dataclasses.replace(source, run=dict(source.run) | {"declared_by": None, "declared_at": None})
    page = Page(html.render(dataclasses.replace(assessment, sources=(live,)), None))
    assert "Completeness declared by the collector's own checks" in page.ids["sources"].words()


def test_the_method_names_pack_hashes_parameters_seal_and_verification(page: Page, seal: Seal):
    text = page.ids["method"].words()
    for part in ("slm-maturity 1.0.0", "f" * 64, "e" * 64, seal.assessment_sha256, seal.manifest_sha256):
        assert part in text
    assert "classify_min 0.6 0.7" in text
    assert "auditor verify" in text
    assert "ordinal" in text


def test_without_a_seal_the_page_says_so(assessment: Assessment):
    unsealed = Page(html.render(assessment, None))
    assert "Not sealed" in unsealed.all("header")[0].words()
    assert "in no ledger" in unsealed.ids["method"].words()


def test_tables_have_captions_and_scopes_and_keyboards_reach_everything(page: Page):
    for table in page.all("table"):
        assert table.all("caption")
        for cell in table.all("th"):
            assert cell.attributes.get("scope") in {"row", "col"}
    for block in page.all("details"):
        assert next(child for child in block.children if isinstance(child, Node)).tag == "summary"
    body = page.all("body")[0]
    assert next(child for child in body.children if isinstance(child, Node)).attributes["href"] == "#main"
    assert page.all("html")[0].attributes["lang"] == "en"
    levels = [int(node.tag[1]) for node in page.root.walk() if node.tag in {"h1", "h2", "h3", "h4"}]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_text_keeps_a_contrast_of_four_and_a_half_in_light_and_dark(assessment: Assessment):
    style = Page(html.render(assessment, None)).all("style")[0].text()
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in style.split("@media")[:2])
    pairs = [("ink", "bg"), ("ink", "card"), ("ink", "soft"), ("muted", "bg"), ("muted", "card"), ("muted", "soft")]
    pairs += [("link", "card"), ("link", "bg"), ("accent", "card")]
    pairs += [("on-rating", name) for name in ("n", "p", "l", "f")]
    pairs += [("on-tag", name) for name in ("practice", "evidence", "sample", "p", "l")]
    for colours in (light, dark):
        for front, back in pairs:
            one, other = sorted((_luminance(colours[front]), _luminance(colours[back])))
            assert (other + 0.05) / (one + 0.05) >= 4.5, (front, back)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_thousand_items_and_records_stay_below_five_megabytes(build_assessment: Callable[..., Assessment]):
    large = build_assessment(count=1000)
    excerpt = json.dumps({f"field_{number}": "some text of an agreement" for number in range(40)})
    records = {ref: dataclasses.replace(record, excerpt=excerpt) for ref, record in large.records.items()}
    data = html.render(dataclasses.replace(large, records=records), None)
    assert len(data) < 5_000_000
    assert data.count(b'class="record"') == 1000


def test_many_links_of_one_record_are_counted_not_printed(assessment: Assessment):
    observation = assessment.observations["DOC-2.1"]
    ref = next(iter(assessment.records))
    items = tuple(dataclasses.replace(observation.items[0], item=f"i{n}", evidence=(ref,)) for n in range(100))
    many = dataclasses.replace(observation, items=items, guards=())
    crowded = dataclasses.replace(assessment, observations=assessment.observations | {"DOC-2.1": many})
    page = Page(html.render(crowded, None))
    assert "and 60 more" in page.ids[record_anchor(ref)].words()
    reverse = dataclasses.replace(observation, items=(dataclasses.replace(items[0], evidence=(ref,) * 100),))
    crowded = dataclasses.replace(assessment, observations=assessment.observations | {"DOC-2.1": reverse})
    assert "and 60 more in the assessment JSON" in Page(html.render(crowded, None)).ids["item-DOC-2.1-0"].words()


def test_an_empty_assessment_renders(assessment: Assessment):
    empty = dataclasses.replace(
        assessment, organisation=None, sources=(), gaps=(), dimensions={}, observations={}, records={}
    )
    page = Page(html.render(empty, None))
    assert "No dimension could be assessed" in page.ids["summary"].words()
    assert "No source was configured." in page.ids["sources"].words()


def test_rendering_writes_no_file(assessment: Assessment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    html.render(assessment, None)
    assert list(tmp_path.iterdir()) == []
