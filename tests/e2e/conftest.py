"""Commands run in this process on copies of the reference organisation, which a test then spoils."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import run
from auditor.model.rubric import RulePack
from auditor.rulepack.load import load_pack
from auditor.usecases import audit

FERRY_LINE = Path(__file__).parents[2] / "rules/slm-maturity/organisations/ferry-line/evidence"

STREAMS = ("service", "party", "person", "document", "document_revision", "agreement", "target", "sli_result")
"""Streams that decide DOC and PM level 2; without the others an audit is quick."""


@dataclass(frozen=True)
class Outcome:
    """What a command returned and printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The error in that document, after a look at what every error has in common."""
        error: dict[str, Any] = self.document["error"]
        assert error["exit_code"] == self.code
        assert error["what"] in self.err
        assert self.err.count("auditor: ") == 1, "one message"
        assert "Traceback" not in self.err
        return error


@pytest.fixture(scope="session", autouse=True)
def _each_pack_is_loaded_once() -> Iterator[None]:
    """Loading is pure, and reading the built-in pack again for every audit would take most of the time."""
    built_in = cache(load_pack)

    def load(path: Path, overrides: Any = None) -> RulePack:
        return load_pack(path, overrides) if overrides else built_in(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "load_pack", load)
        yield


@pytest.fixture(scope="session")
def ferry_line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference organisation without its tickets."""
    folder = tmp_path_factory.mktemp("ferry-line") / "evidence"
    folder.mkdir()
    # Without its tickets it has fewer rows than its sources count.
    manifest = (FERRY_LINE / "manifest.yaml").read_text()
    (folder / "manifest.yaml").write_text(re.sub(r"^    items: .*$", "    items: null", manifest, flags=re.MULTILINE))
    for stream in STREAMS:
        shutil.copy(FERRY_LINE / f"{stream}.jsonl", folder)
    pages = [line for line in (folder / "document.jsonl").read_text().splitlines(keepends=True) if '"page-' not in line]
    (folder / "document.jsonl").write_text("".join(pages))
    return folder


@pytest.fixture
def folder(ferry_line: Path, tmp_path: Path) -> Path:
    """A copy of it to spoil."""
    return shutil.copytree(ferry_line, tmp_path / "evidence")


@pytest.fixture
def auditor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Outcome]:
    """Run a command in an empty directory."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)

    def command(*arguments: str | Path) -> Outcome:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Outcome(code, captured.out, captured.err)

    return command
