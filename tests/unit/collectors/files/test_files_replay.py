"""A folder that is gone is read again from what was kept of it, with the same rows and the same gaps."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from auditor.collect.replaying import Replay
from auditor.collect.runner import SourceSpec, collect_source
from auditor.errors import IntegrityError
from collectors.files.collector import FilesCollector
from collectors.files.settings import FilesSettings

Folder = Callable[..., Path]
Lines = Callable[..., str]
TICKET = {"ticket_id": "T-1", "kind": "incident", "created": "2025-12-01T00:00:00Z"}

MAPPING = """\
format: 1
organisation: Example
as_of: 2026-01-01T00:00:00Z
sources:
  - source_id: desk
    kind: ticketing
    started: 2025-12-31T22:00:00Z
    ended: 2025-12-31T23:00:00Z
    status: ok
    streams: [ticket]
tables:
  incidents: {file: "sub/*.csv"}
streams:
  ticket:
    from: incidents
    source: desk
    select: |
      select _line, number as ticket_id, 'incident' as kind from incidents
"""


class Store:
    """The writer of one pull."""

    def __init__(self) -> None:
        self.payloads: dict[str, bytes] = {}
        self.envelopes: list[Any] = []
        self.rows: list[Any] = []
        self.pulls: list[Any] = []

    def keep(self, data: bytes, envelope: Any) -> Any:
        from auditor.canonical import sha256_hex
        from auditor.model.evidence import PayloadRef

        sha256 = sha256_hex(data)
        self.payloads[sha256] = data
        self.envelopes.append((envelope, sha256))
        return PayloadRef(sha256, len(data))

    def keep_file(self, path: Path, envelope: Any) -> Any:
        from auditor.store.payloads import content_chunks

        return self.keep(b"".join(content_chunks(path)), envelope)

    def add(self, row: Any) -> None:
        self.rows.append(row)

    def source_done(self, pull: Any) -> None:
        self.pulls.append(pull)

    @property
    def log(self) -> list[bytes]:
        return self.payloads[self.envelopes[-1][1]].splitlines()


def pull(settings: FilesSettings, replay: Replay | None = None) -> Store:
    store = Store()
    collect_source(
        SourceSpec("evidence", FilesCollector(), settings),
        store,
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
        started=datetime(2026, 1, 2, tzinfo=UTC),
        strict=False,
        prefix_ids=False,
        progress=lambda _: None,
        replay=replay,
    )
    return store


def assert_replays(settings: FilesSettings, *places: Path) -> Store:
    live = pull(settings)
    for place in places:
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    again = pull(settings, Replay(live.log, live.payloads.__getitem__))
    assert again.rows == live.rows
    assert again.pulls == live.pulls
    assert again.envelopes == live.envelopes
    assert again.payloads == live.payloads
    return live


@pytest.mark.parametrize("compressed", [False, True])
def test_an_evidence_folder_is_replayed(folder: Folder, lines: Lines, compressed: bool) -> None:
    content = lines(TICKET, {"ticket_id": 7}).encode()
    name, body = ("ticket.jsonl.gz", gzip.compress(content)) if compressed else ("ticket.jsonl", content)
    root = folder({name: body, "service.csv": "service_id,status\npay,live\n", "notes.md": "x", "unknown.jsonl": "x"})
    live = assert_replays(FilesSettings(path=root), root)
    assert [row.key for row in live.rows] == ["pay", "T-1"]
    details = " ".join(gap.detail for pull in live.pulls for gap in pull.gaps)
    assert "ticket_id is not text" in details


def test_what_could_not_be_read_cannot_be_read_again(folder: Folder, lines: Lines, tmp_path: Path) -> None:
    (tmp_path / "outside.jsonl").write_text(lines(TICKET))
    root = folder({"service.csv.gz": gzip.compress(b"service_id\npay\n" * 99)[:40], "person.csv": b"\xff\xfe\x00"})
    (root / "ticket.jsonl").symlink_to(tmp_path / "outside.jsonl")
    (root / "document.jsonl").symlink_to(root / "nowhere.jsonl")
    (root / "sub").mkdir()
    os.mkfifo(root / "sla_cycle.jsonl")
    live = assert_replays(FilesSettings(path=root), root)
    details = " ".join(gap.detail for pull in live.pulls for gap in pull.gaps)
    for words in ("leads out of", "leads nowhere", "not a regular", "a folder inside", "damaged or cut", "UTF-8"):
        assert words in details


def test_exports_and_their_mapping_are_replayed(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    (exports / "sub").mkdir(parents=True)
    (exports / "sub" / "a.csv").write_text("number\n1\n")
    (exports / "sub" / "b.csv").write_text("number\n2\n,,\n")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING)
    live = assert_replays(FilesSettings(path=exports, mapping=mapping), exports, mapping)
    assert [row.key for row in live.rows] == ["1", "2"]


def test_a_mapping_beside_its_exports_is_replayed(tmp_path: Path) -> None:
    (tmp_path / "x" / "sub").mkdir(parents=True)
    (tmp_path / "x" / "sub" / "a.csv").write_text("number\n1\n")
    mapping = tmp_path / "x" / "mapping.yaml"
    mapping.write_text(MAPPING)
    live = pull(FilesSettings(path=tmp_path / "x", mapping=mapping))
    shutil.rmtree(tmp_path / "x")
    again = pull(FilesSettings(path=tmp_path / "x", mapping=mapping), Replay(live.log, live.payloads.__getitem__))
    assert (again.rows, again.pulls) == (live.rows, live.pulls)
    assert [row.key for row in again.rows] == ["1"]


def test_an_unchanged_folder_gives_the_same_log(folder: Folder, lines: Lines) -> None:
    settings = FilesSettings(path=folder({"ticket.jsonl": lines(TICKET), "other.txt": "x"}))
    assert pull(settings).log == pull(settings).log


def test_nothing_of_a_pull_is_left_behind(folder: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(private))
    root = folder({})
    pull(FilesSettings(path=root))
    assert list(private.iterdir()) == []


def test_a_log_that_names_a_place_outside_is_refused(folder: Folder) -> None:
    live = pull(FilesSettings(path=folder({"unknown.jsonl": "x"})))
    for name in (b"folder:1/manifest.yaml", b"unknown.jsonl"):
        for forged in (b"folder:1/../../x", b"../x", b"/x"):
            lines = [line.replace(b'"' + name + b'"', b'"' + forged + b'"') for line in live.log]
            assert lines != live.log
            with pytest.raises(IntegrityError):
                Replay(lines, live.payloads.__getitem__)
