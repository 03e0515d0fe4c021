"""Settings of the `files` collector."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from auditor.api import Settings


class FilesSettings(Settings):
    """Where the evidence lies, and how to read it."""

    path: Path = Field(description="The evidence folder, or with `mapping` the folder that holds the exported files.")
    mapping: Path | None = Field(
        default=None,
        description="A mapping file that turns exports of another tool into streams; no manifest is needed then.",
    )
