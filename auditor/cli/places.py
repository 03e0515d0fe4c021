"""Where commands look and write when nobody names a place; all in the current directory."""

from __future__ import annotations

import re
from pathlib import Path

from auditor.canonical import canonical_sha256

DEFAULT_CONFIG = Path("config.yaml")
WORK_DIR = Path(".auditor")
"""Data of folders that are audited by themselves."""

LAST = WORK_DIR / "last"
"""Names the store that the last command of this directory wrote to."""


def folder_data_dir(folder: Path) -> Path:
    """Where the data of a folder that is audited by itself is kept: one store for each folder."""
    full = folder.resolve()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", full.name) or "folder"
    return WORK_DIR / f"{name}-{canonical_sha256(str(full))[:8]}"
