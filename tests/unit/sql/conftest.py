"""Makes `sql_attacks` importable for the tests beside it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from auditor.sql.sandbox import Limits, Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A locked box with one table of two rows; tests that make anything make it in a session of their own."""
    with Sandbox.in_memory(Limits(memory_mb=64, timeout_s=20)) as box:
        box.setup("create table evidence_row (id varchar, n bigint)")
        box.load_rows("evidence_row", {"id": "VARCHAR", "n": "BIGINT"}, [{"id": "a", "n": 1}, {"id": "b", "n": 2}])
        box.lock()
        yield box
