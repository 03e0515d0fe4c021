"""Check: every shell block of a page runs, in a scratch copy of the checkout, and exits as the page says.

A block must exit with 0, unless the line above it says otherwise: `<!-- exit: 3 -->`, or `<!-- not run: reason -->`
for one that cannot be run here. In `console` blocks the lines that begin with `$ ` are the commands.
The blocks of one page run one after another in one copy, each from its top folder.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from docs_tools.markdown import Fence, fences, tracked_files

SHELLS = frozenset({"sh", "bash", "shell", "console"})
_TIMEOUT_S = 300
_EXIT = re.compile(r"^<!--\s*exit:\s*(\d+)\s*-->$")
_NOT_RUN = re.compile(r"^<!--\s*not run:\s*(\S.*?)\s*-->$")
_LOOKS_LIKE_A_MARK = re.compile(r"^<!--\s*(exit|not[ -]run)\b")
_LINES_SHOWN = 15


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the shell blocks of one page; `failures` are messages, `not_run` blocks with their reasons."""

    ran: int
    failures: tuple[str, ...]
    not_run: tuple[str, ...]


def run_page(checkout: Path, page: Path) -> Outcome:
    """Run the shell blocks of a page (relative to the checkout) in a scratch copy."""
    shell_blocks = [
        block for block in fences((checkout / page).read_text(encoding="utf-8")) if block.language in SHELLS
    ]
    failures, not_run, ran = [], [], 0
    with TemporaryDirectory(prefix="auditor-docs-") as scratch:
        copy = Path(scratch) / "checkout"
        if shell_blocks:
            copy_checkout(checkout, copy)
        for block in shell_blocks:
            where = f"{page}:{block.line}"
            skipped, wanted = _NOT_RUN.match(block.line_before), _EXIT.match(block.line_before)
            if skipped:
                not_run.append(f"{where}: not run: {skipped[1]}")
                continue
            if not wanted and _LOOKS_LIKE_A_MARK.match(block.line_before):
                failures.append(f"{where}: the mark {block.line_before!r} is none; see docs/docs_tools/blocks.py")
                continue
            ran += 1
            problem = _run(block, copy, int(wanted[1]) if wanted else 0)
            if problem:
                failures.append(f"{where}: {problem}")
    return Outcome(ran, tuple(failures), tuple(not_run))


def commands(block: Fence) -> str:
    """The script of a block: all of it, or the lines after the prompts of a `console` block."""
    if block.language != "console":
        return block.text
    return "\n".join(line[2:] for line in block.text.splitlines() if line.startswith(("$ ", "> ")))


def copy_checkout(checkout: Path, copy: Path) -> None:
    """Copy what is committed or would be, with its times, and lend it the checkout's virtual environment."""
    for relative in tracked_files(checkout):
        (copy / relative).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(checkout / relative, copy / relative)
    environment = Path(sys.prefix)
    lent = copy / ".venv"
    lent.mkdir()
    for entry in environment.iterdir():
        if entry.name != ".ready":
            (lent / entry.name).symlink_to(entry)
    (lent / ".ready").touch()  # newer than the requirements: make must not install into what is only lent


def _run(block: Fence, copy: Path, wanted: int) -> str | None:
    script = commands(block)
    if not script.strip():
        return "the block holds no command"
    environment = {**os.environ, "PATH": f"{copy / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    environment["NO_COLOR"] = "1"
    command = ["bash", "-euo", "pipefail", "-c", script]
    try:
        done = subprocess.run(
            command,
            cwd=copy,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the block still ran after {_TIMEOUT_S} s"
    if done.returncode == wanted:
        return None
    said = done.stdout.decode("utf-8", "replace").splitlines()[-_LINES_SHOWN:]
    return "\n    ".join([f"exit code {done.returncode}, where the page promises {wanted}; it said:", *said])
