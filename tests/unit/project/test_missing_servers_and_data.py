"""A test whose server or data is missing is skipped and counted, and fails where it was required."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.servers
def test_that_needs_a_server(require_or_skip):
    require_or_skip("the server")

@pytest.mark.official
def test_that_needs_data(shared):
    shared("data/that-nobody-has")

def test_without_a_marker(require_or_skip):
    require_or_skip("the server")
"""


def last_line(folder: Path, checkout: Path, required: str | None) -> str:
    """The last line that pytest prints for the tests above, in a folder of their own."""
    (folder / "tests").mkdir()
    shutil.copy(checkout / "tests" / "conftest.py", folder / "tests")
    shutil.copy(checkout / "pyproject.toml", folder)
    (folder / "tests" / "test_sample.py").write_text(TESTS, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "AUDITOR_REQUIRE"}
    environment |= {} if required is None else {"AUDITOR_REQUIRE": required}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    return done.stdout.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("required", "counted"),
    [
        (None, "1 failed, 2 skipped"),
        ("servers", "2 failed, 1 skipped"),
        ("official", "2 failed, 1 skipped"),
        ("servers, official", "3 failed"),
    ],
)
def test_what_is_missing_is_counted_on_the_last_line(
    tmp_path: Path, checkout: Path, required: str | None, counted: str
) -> None:
    assert counted in last_line(tmp_path, checkout, required)
