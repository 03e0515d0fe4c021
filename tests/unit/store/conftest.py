"""Makes `store_kit` importable for the tests beside it (and for the child process of the crash tests)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from auditor.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty data directory, open."""
    opened = Store.open(tmp_path / "data")
    yield opened
    opened.close()
