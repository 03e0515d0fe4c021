"""Real repositories made in a moment, and a short way to read them with the real context of a pull."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.api import STREAMS, Check, row_key
from auditor.collect.context import Context
from auditor.collect.redact import Keyed
from auditor.collect.replaying import Replay
from auditor.collect.runner import CollectOutcome, Equipment, SourceSpec, collect_source
from auditor.model.evidence import Gap, PayloadRef, Row
from auditor.ports import Envelope, SourcePull
from collectors.git_docs.collector import GitDocsCollector
from collectors.git_docs.settings import GitDocsSettings

T = datetime(2026, 1, 1, tzinfo=UTC)
KEYED = Keyed(b"k" * 32)
SLA = """\
---
title: Checkout agreement
type: agreement
owner: owner@example.org
services: [checkout]
labels: slm-process, capacity
status: approved
approved: 2025-06-01
review_due: 2026-06-01
---
# Checkout

Between the shop and operations.

## Service level targets

Availability: 99.5 % per month.
Incidents are answered within 30 minutes.

## Exceptions

Planned maintenance on Sundays is excluded from the figures above.
"""


@dataclass
class Repo:
    """A repository with a work tree."""

    path: Path
    clock: datetime = T - timedelta(days=100)

    def git(self, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(
            ["git", "-c", "commit.gpgSign=false", *arguments],
            cwd=self.path,
            input=stdin,
            env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", **(env or {})},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8", "replace").strip()

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            place = self.path / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(
        self,
        files: Mapping[str, str | bytes] | None = None,
        message: str = "change",
        *,
        author: str = "Author One <one@example.org>",
        at: datetime | str | None = None,
        options: tuple[str, ...] = (),
    ) -> str:
        """Commit everything there is, an hour after the commit before unless `at` says otherwise; gives the id."""
        self.write(files or {})
        self.git("add", "--all")
        self.clock += timedelta(hours=1)
        return self.commit_staged(message, author=author, at=at, options=options)

    def commit_staged(
        self,
        message: str,
        *,
        author: str = "Author One <one@example.org>",
        at: datetime | str | None = None,
        options: tuple[str, ...] = (),
    ) -> str:
        self.git("commit", "--allow-empty", "-m", message, *options, env=self.identity(author, at))
        return self.git("rev-parse", "HEAD")

    def identity(
        self, author: str = "Author One <one@example.org>", at: datetime | str | None = None
    ) -> dict[str, str]:
        name, _, address = author.rstrip(">").partition(" <")
        when = at if isinstance(at, str) else f"{int((at or self.clock).timestamp())} +0100"
        return {
            "GIT_AUTHOR_NAME": name,
            "GIT_AUTHOR_EMAIL": address,
            "GIT_AUTHOR_DATE": when,
            "GIT_COMMITTER_NAME": name,
            "GIT_COMMITTER_EMAIL": address,
            "GIT_COMMITTER_DATE": when,
        }


@dataclass
class Memory:
    """Keeps bytes, rows and pulls as a store does: rows by their key, so that a second pull adds to the first."""

    payloads: dict[str, bytes] = field(default_factory=dict)
    envelopes: list[Envelope] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)
    added: list[Row] = field(default_factory=list)
    pulls: list[SourcePull] = field(default_factory=list)

    def keep(self, data: bytes, envelope: Envelope) -> PayloadRef:
        sha256 = hashlib.sha256(data).hexdigest()
        self.payloads[sha256] = data
        self.envelopes.append(envelope)
        return PayloadRef(sha256, len(data))

    def keep_file(self, path: Path, envelope: Envelope) -> PayloadRef:
        return self.keep(path.read_bytes(), envelope)

    def add(self, row: Row) -> None:
        if self.rows.get(row.ref) is None or self.rows[row.ref].sha256 != row.sha256:
            self.added.append(row)
        self.rows[row.ref] = row

    def source_done(self, pull: SourcePull) -> None:
        self.pulls.append(pull)

    @property
    def everything(self) -> str:
        """All that would be on the disk, as one text."""
        content = "".join(data.decode("latin-1") for data in self.payloads.values())
        return "".join(map(repr, (self.envelopes, list(self.rows.values()), self.pulls))) + content


@dataclass
class Reading:
    """Pulls of one repository into one memory."""

    settings: GitDocsSettings
    tmp: Path
    memory: Memory = field(default_factory=Memory)
    outcome: CollectOutcome | None = None
    told: list[str] = field(default_factory=list)

    def pull(self, *, started: datetime = T, replay: Replay | None = None, memory: Memory | None = None) -> Reading:
        self.memory = memory or self.memory
        self.memory.added.clear()
        self.outcome = collect_source(
            SourceSpec("docs", GitDocsCollector(), self.settings),
            self.memory,
            as_of=started,
            started=started,
            strict=False,
            prefix_ids=False,
            progress=self.told.append,
            cursors=self.cursors,
            equipment=Equipment(keyed=lambda: KEYED, tmp=self.tmp),
            replay=replay,
        )
        return self

    def check(self) -> list[Check]:
        private = Context("docs", self.settings, T, T, False, "git_docs 1", Memory(), self.told.append, tmp=self.tmp)
        try:
            return list(GitDocsCollector().check(private))
        finally:
            private.close()

    @property
    def cursors(self) -> Mapping[str, str]:
        return self.memory.pulls[-1].cursors if self.memory.pulls else {}

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return self.memory.pulls[-1].gaps

    @property
    def run(self) -> Mapping[str, Any]:
        return self.memory.pulls[-1].values

    def rows(self, stream: str, **wanted: Any) -> list[dict[str, Any]]:
        """Rows of a stream, by time where they have one."""
        found = [dict(row.values) for row in self.memory.rows.values() if row.stream == stream]
        found = [row for row in found if all(row[name] == value for name, value in wanted.items())]
        return sorted(found, key=lambda row: (row.get("at") or "", str(row)))

    def document(self, doc_id: str) -> dict[str, Any]:
        (row,) = self.rows("document", doc_id=doc_id)
        return row

    def revisions(self, doc_id: str) -> list[dict[str, Any]]:
        return self.rows("document_revision", doc_id=doc_id)

    def row_at(self, stream: str, **values: str) -> Row:
        key = row_key(STREAMS[stream], values)
        return next(row for row in self.memory.rows.values() if row.stream == stream and row.key == key)

    def proof(self, stream: str, **values: str) -> bytes:
        """The bytes that a row points to."""
        row = self.row_at(stream, **values)
        start, end = row.pointer.removeprefix("bytes:").split("-")
        return self.memory.payloads[row.payload_sha256][int(start) : int(end)]


@pytest.fixture
def sla() -> str:
    return SLA


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    path = tmp_path / "repo"
    path.mkdir()
    made = Repo(path)
    made.git("init", "--quiet", "--initial-branch=main")
    return made


@pytest.fixture
def reading(tmp_path: Path) -> Callable[..., Reading]:
    """Makes the reading of a repository: `reading(repo, history_days=30)`."""
    private = tmp_path / "private"
    private.mkdir()

    def make(source: Repo | Path | str, **settings: Any) -> Reading:
        place = (
            {"url": source}
            if isinstance(source, str)
            else {"path": source.path if isinstance(source, Repo) else source}
        )
        return Reading(GitDocsSettings(**place, **settings), private)

    return make


@pytest.fixture(autouse=True)
def _git_is_here() -> None:
    assert shutil.which("git"), "the tests of git_docs need git"
