"""The data directory under SIGKILL and want of disk, at every write of an audit, each in a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from store_kit import audit

from auditor.store.store import Store

pytestmark = pytest.mark.crash

CHILD = Path(__file__).with_name("crash_child.py")
FEWEST_WRITES = 18
"""Fewer would mean that the child does not see the writes any more."""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A data directory with one complete run and no cached state."""
    path = tmp_path / "base"
    store = Store.open(path)
    audit(store)
    store.close()
    for state in store.layout.states.iterdir():
        state.unlink()
    return path


def steps(mode: str, base: Path, work: Path, wrap: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Every step of the child process; none found a fault."""
    work.mkdir()
    command = [*wrap, sys.executable, str(CHILD), mode, str(base), str(work)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [step for step in found if step["fault"]] == []
    assert found[-1]["exit"] == 0, "the last step has no hardship left, so that all were seen"
    return found


def test_an_audit_killed_at_any_write_leaves_earlier_runs_whole_and_nothing_of_itself(
    base: Path, tmp_path: Path
) -> None:
    found = steps("kill", base, tmp_path / "work")
    assert len(found) > FEWEST_WRITES
    assert {step["exit"] for step in found[:-1]} == {-9}


def test_the_first_audit_killed_at_any_write_leaves_a_place_where_the_next_one_works(tmp_path: Path) -> None:
    found = steps("kill", tmp_path / "none", tmp_path / "work")
    assert len(found) > FEWEST_WRITES
    assert {step["exit"] for step in found[:-1]} == {-9}


def test_a_disk_full_at_any_write_is_one_clear_error_and_leaves_nothing(base: Path, tmp_path: Path) -> None:
    found = steps("full", base, tmp_path / "work")
    assert len(found) > FEWEST_WRITES
    refused = [step for step in found if step["exit"] == 7]
    assert len(refused) > FEWEST_WRITES - 4, "only a removal can be done without"
    assert all("earlier runs are untouched" in step["said"] for step in refused)


def test_files_that_may_not_grow_are_one_clear_error_and_leave_nothing(base: Path, tmp_path: Path) -> None:
    found = steps("limit", base, tmp_path / "work")
    assert {step["exit"] for step in found[:-1]} == {7}


def test_a_small_file_system_that_is_full_is_one_clear_error_and_leaves_nothing(base: Path, tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    mount = 'mount -t tmpfs -o size=8m tmpfs "$0" && exec "$@"'
    work = tmp_path / "work"
    wrap = [unshare or "", "-rm", "sh", "-c", mount, str(work)]
    if unshare is None or subprocess.run([*wrap[:5], str(tmp_path), "true"], capture_output=True).returncode != 0:
        pytest.skip("this system lets no user mount a small file system")
    found = steps("small", base, work, wrap)
    assert {step["exit"] for step in found[:-1]} == {7}
