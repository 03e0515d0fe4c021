"""Configurations that the project shows are ones: also the commented sources, and those of the pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditor.bootstrap import plan_from_config

FENCE = re.compile(r"^```yaml\n(format: 1\n.*?)^```$", re.MULTILINE | re.DOTALL)


def sources_of(text: str, folder: Path) -> dict[str, str]:
    """Source -> collector of the only scope, its settings checked; secrets are not read."""
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    plan = plan_from_config(path, None, as_of=None, strict=False, offline=True)
    return {source.source_id: source.collector.name for source in plan.sources}


def test_the_commented_sources_of_the_example_are_sound(checkout: Path, tmp_path: Path) -> None:
    text = (checkout / "config.example.yaml").read_text(encoding="utf-8")
    text = re.sub(r"^  # (- id:|  )", r"  \1", text, flags=re.MULTILINE)
    text = text.replace("sources: [ferry-line]", "sources: [metrics, handbook, ferry-line]")
    assert sources_of(text, tmp_path) == {"metrics": "prometheus", "handbook": "git_docs", "ferry-line": "files"}


@pytest.mark.parametrize("page", ["docs/how-to/connect-a-live-source.md", "docs/how-to/map-an-export.md"])
def test_configurations_of_the_pages_are_sound(checkout: Path, tmp_path: Path, page: str) -> None:
    found = [text for text in FENCE.findall((checkout / page).read_text(encoding="utf-8")) if "scopes:" in text]
    assert found
    assert all(sources_of(text, tmp_path) for text in found)
