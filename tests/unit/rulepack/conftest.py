"""Makes `rulepack_kit` importable for the tests beside it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from rulepack_kit import write_pack


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A small pack without a fault."""
    return write_pack(tmp_path / "small")
