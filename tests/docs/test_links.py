"""Links that lead nowhere are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs_tools.links import broken_links


def faults(folder: Path, text: str) -> list[str]:
    (folder / "docs").mkdir()
    (folder / "docs" / "page.md").write_text(text, encoding="utf-8")
    (folder / "docs" / "other.md").write_text("# There is this\n", encoding="utf-8")
    (folder / "docs" / "data file.csv").write_text("a\n", encoding="utf-8")
    return broken_links(folder, [Path("docs/page.md")])


@pytest.mark.parametrize(
    "link",
    [
        "[a](other.md)",
        "[a](other.md#there-is-this)",
        "[a](#here)",
        "[a](../docs/other.md)",
        "[a](data%20file.csv)",
        "[a](https://example.org/nowhere)",
        "[a](mailto:p-01@example.org)",
        "[a](.)",
    ],
)
def test_a_link_that_leads_somewhere_is_sound(tmp_path: Path, link: str) -> None:
    assert faults(tmp_path, f"# Here\n\n{link}\n") == []


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("[a](gone.md)", "leads to no file"),
        ("[a](other.md#there-is-that)", "does not have"),
        ("[a](#nowhere)", "does not have"),
        ("[a](../../outside.md)", "leaves the project"),
        ("[a](data%20file.csv#row)", "no page"),
        ("[a]: gone.md", "leads to no file"),
    ],
)
def test_a_link_that_leads_nowhere_is_reported_with_its_line(tmp_path: Path, link: str, problem: str) -> None:
    (message,) = faults(tmp_path, f"# Here\n\n{link}\n")
    assert message.startswith("docs/page.md:3: ")
    assert problem in message
