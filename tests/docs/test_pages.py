"""Generated pages that differ from their sources, and things without an entry, are found."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from docs_tools.entries import missing_entries
from docs_tools.pages import GENERATED, generated_text, outdated_pages


@pytest.fixture(scope="module")
def pages() -> dict[Path, str]:
    return {page: generated_text(page) for page in GENERATED}


@pytest.fixture
def copy(tmp_path: Path, checkout: Path, pages: dict[Path, str]) -> Path:
    """The reference pages as they should be, and the READMEs of the collectors."""
    shutil.copytree(checkout / "docs" / "reference", tmp_path / "docs" / "reference")
    for readme in (checkout / "collectors").glob("*/README.md"):
        (tmp_path / readme.relative_to(checkout)).parent.mkdir(parents=True)
        shutil.copy(readme, tmp_path / readme.relative_to(checkout))
    for page, text in pages.items():
        (tmp_path / page).write_text(text, encoding="utf-8")
    return tmp_path


def test_pages_that_say_what_their_sources_say_are_sound(copy: Path) -> None:
    assert outdated_pages(copy) == []


def test_everything_a_person_can_use_has_an_entry(copy: Path) -> None:
    assert missing_entries(copy) == []


@pytest.mark.parametrize("page", GENERATED, ids=str)
def test_a_generated_page_that_was_edited_is_reported(copy: Path, page: Path) -> None:
    (copy / page).write_text((copy / page).read_text(encoding="utf-8") + "\nEdited.\n", encoding="utf-8")
    (message,) = outdated_pages(copy)
    assert message.startswith(f"{page}: differs from ")


def test_a_generated_page_that_is_missing_is_reported(copy: Path) -> None:
    (copy / "docs/reference/streams.md").unlink()
    assert outdated_pages(copy) == ["docs/reference/streams.md: missing; run `make docs-write`"]


@pytest.mark.parametrize(
    ("page", "entry", "named"),
    [
        ("cli.md", "## auditor audit", "command `auditor audit`"),
        ("cli.md", "--as-of", "option --as-of"),
        ("config.md", "`scopes[].time_zone`", "setting scopes[].time_zone"),
        ("collectors.md", "## files", "collector files"),
        ("exit-codes.md", "| 3 |", "no row for 3"),
        ("reasons.md", "| `rate-limited` |", "no row for `rate-limited`"),
        ("reasons.md", "| `stale-pull` |", "no row for `stale-pull`"),
    ],
)
def test_what_has_no_entry_is_reported(copy: Path, page: str, entry: str, named: str) -> None:
    path = copy / "docs" / "reference" / page
    text = path.read_text(encoding="utf-8")
    assert entry in text
    path.write_text(text.replace(entry, ""), encoding="utf-8")
    assert any(named in message for message in missing_entries(copy))


def test_a_collector_without_a_readme_is_reported(copy: Path) -> None:
    (copy / "collectors" / "files" / "README.md").unlink()
    assert missing_entries(copy) == ["collectors/files: the collector has no README.md"]


def test_no_page_of_the_streams_leaves_a_stream_or_a_field_out(pages: dict[Path, str]) -> None:
    from auditor.model.streams import STREAMS

    text = pages[Path("docs/reference/streams.md")]
    for stream in STREAMS.values():
        section = text.split(f"\n## {stream.name}\n", 1)[1].split("\n## ", 1)[0]
        assert [field.name for field in stream.fields if f"`{field.name}`" not in section] == []
