"""Rendering an assessment into files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from auditor.model.assessment import Assessment, Seal
from auditor.report import html, json_, markdown, terminal
from auditor.usecases.files import write_whole

Renderer = Callable[[Assessment, Seal | None], bytes]

RENDERERS: Mapping[str, tuple[str, Renderer]] = {
    "html": ("report.html", html.render),
    "md": ("report.md", markdown.render),
    "json": ("assessment.json", json_.render),
}
"""Format -> (file name, renderer)."""


def write_reports(assessment: Assessment, seal: Seal, folder: Path) -> list[tuple[str, str]]:
    """Write every format into a folder; returns (format, path) of each file.

    Raises:
        UsageError: the folder cannot be written.
    """
    written = []
    for name, (file_name, render) in RENDERERS.items():
        path = folder / file_name
        write_whole(path, render(assessment, seal))
        written.append((name, str(path)))
    return written


def rendered(assessment: Assessment, seal: Seal | None, format_: str) -> bytes:
    """An assessment in one format: `text` or a key of `RENDERERS`."""
    if format_ == "text":
        return terminal.render(assessment, seal, width=100).encode()
    return RENDERERS[format_][1](assessment, seal)
