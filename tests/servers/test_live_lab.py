"""The example of live sources runs from beginning to end with real servers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.servers

RUN = Path(__file__).parents[2] / "examples" / "live-lab" / "run.py"


@pytest.mark.usefixtures("programs")
def test_the_laboratory_tells_its_whole_story(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(RUN), "--work", str(tmp_path / "work")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for line in (
        "ok    reachable",
        "handbook: ok: agreement 1",
        "sli_result 16",
        "TOOL  2..5  point 2",
        "2 runs checked: nothing has changed",
        "metrics: 12 records made again: the same",
        "assessment: same",
    ):
        assert line in done.stdout, done.stdout
    listening = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, text=True, check=False)
    assert listening.stdout == ""
