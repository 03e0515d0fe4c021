"""Shell blocks of a page are run in a copy of the checkout, and what they promise is held against what they do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from docs_tools.blocks import Outcome, run_page


def outcome(folder: Path, text: str) -> Outcome:
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    (folder / "page.md").write_text(text, encoding="utf-8")
    (folder / "given.txt").write_text("given\n", encoding="utf-8")
    return run_page(folder, Path("page.md"))


def block(text: str, *, language: str = "sh", mark: str = "") -> str:
    return f"{mark}\n```{language}\n{text}\n```\n"


def test_a_block_that_succeeds_is_sound_and_counted(tmp_path: Path) -> None:
    assert outcome(tmp_path, block("cat given.txt")) == Outcome(1, (), ())


def test_a_block_that_fails_is_reported_with_its_line_and_what_it_said(tmp_path: Path) -> None:
    (failure,) = outcome(tmp_path, block("echo said this\nexit 2")).failures
    assert failure.startswith("page.md:2: exit code 2, where the page promises 0")
    assert "said this" in failure


def test_a_command_that_fails_in_the_middle_is_not_covered_by_the_last(tmp_path: Path) -> None:
    assert outcome(tmp_path, block("false\ntrue")).failures


def test_a_failure_inside_of_a_pipe_is_not_covered_by_its_end(tmp_path: Path) -> None:
    assert outcome(tmp_path, block("false | cat")).failures


def test_a_promised_exit_code_is_held(tmp_path: Path) -> None:
    assert outcome(tmp_path, block("exit 3", mark="<!-- exit: 3 -->")) == Outcome(1, (), ())


def test_a_success_where_a_failure_was_promised_is_reported(tmp_path: Path) -> None:
    assert outcome(tmp_path, block("true", mark="<!-- exit: 3 -->")).failures


def test_a_block_may_be_left_out_with_a_reason_and_is_listed(tmp_path: Path) -> None:
    result = outcome(tmp_path, block("exit 9", mark="<!-- not run: it takes a day -->"))
    assert result == Outcome(0, (), ("page.md:2: not run: it takes a day",))


@pytest.mark.parametrize("mark", ["<!-- not run -->", "<!-- not run: -->", "<!-- exit 3 -->", "<!-- not-run: x -->"])
def test_a_mark_that_is_misspelt_is_reported_and_not_ignored(tmp_path: Path, mark: str) -> None:
    (failure,) = outcome(tmp_path, block("true", mark=mark)).failures
    assert "mark" in failure


def test_the_commands_of_a_console_block_are_the_lines_after_prompts(tmp_path: Path) -> None:
    assert outcome(tmp_path, block("$ cat given.txt\ngiven", language="console")) == Outcome(1, (), ())


def test_a_console_block_without_a_prompt_is_reported(tmp_path: Path) -> None:
    assert outcome(tmp_path, block("cat given.txt", language="console")).failures


def test_blocks_of_another_language_are_not_run(tmp_path: Path) -> None:
    assert outcome(tmp_path, block("exit 1", language="text")) == Outcome(0, (), ())


def test_the_blocks_of_a_page_share_one_copy_and_leave_the_checkout_alone(tmp_path: Path) -> None:
    page = block("echo made > made.txt; rm given.txt") + block("cat made.txt; test ! -e given.txt")
    assert outcome(tmp_path, page) == Outcome(2, (), ())
    assert (tmp_path / "given.txt").exists()
    assert not (tmp_path / "made.txt").exists()


def test_make_takes_the_lent_environment_as_ready(tmp_path: Path) -> None:
    """Else a block that calls make would install the copy into the checkout's own environment."""
    (tmp_path / "requirements.txt").write_text("", encoding="utf-8")
    script = "test .venv/.ready -nt requirements.txt; .venv/bin/python -c 'import sys; print(sys.prefix)'"
    assert outcome(tmp_path, block(script)) == Outcome(1, (), ())
