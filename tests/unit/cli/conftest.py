"""A small evidence folder and a way to run commands in an empty directory."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import run
from auditor.testing.server import ScriptedServer
from auditor.usecases.new_collector import make_collector

sys.path.insert(0, str(Path(__file__).parent))

from live_kit import NAME, SECRET, System, configuration, forget, install

MANIFEST = """format: 1
organisation: Small shop
as_of: 2026-01-01T00:00:00Z
sources:
  - source_id: pages
    kind: docs
    status: ok
    ended: 2025-12-31T22:00:00Z
    streams: [service, document, document_revision, agreement, target, person, meeting]
    scope_complete: {service: true, document: true, document_revision: true, agreement: true, target: true,
      person: true, meeting: true}
    declared_by: p-01
    declared_at: 2025-12-30T00:00:00Z
"""
SERVICES = [
    {"service_id": "shop", "name": "Shop", "status": "live", "tier": 1, "major": True},
    {"service_id": "till", "name": "Till", "status": "live", "tier": 2, "major": True},
]


@dataclass(frozen=True)
class Outcome:
    """What a command printed and returned."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An evidence folder of two services without any agreement."""
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "manifest.yaml").write_text(MANIFEST, encoding="utf-8")
    write_rows(folder, "service", SERVICES)
    return folder


def write_rows(folder: Path, stream: str, rows: list[dict[str, Any]]) -> None:
    """Write a stream's file."""
    (folder / f"{stream}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


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


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The collector, made by `collectors new` and installed."""
    folder = make_collector(NAME, tmp_path / "packages")
    path = list(sys.path)
    install(folder, path)
    monkeypatch.setattr(sys, "path", path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a test may rewrite the code within one second
    yield folder / f"auditor_{NAME}"
    forget()


@pytest.fixture
def system(package: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    """The system that it reads, with the secret for it in the environment."""
    monkeypatch.setenv("MONITOR_TOKEN", SECRET)
    with ScriptedServer() as server:
        system = System(server)
        system.start()
        yield system


@pytest.fixture
def configured(system: System, auditor: Callable[..., Outcome]) -> Path:
    """`config.yaml` in the current directory."""
    path = Path("config.yaml").resolve()
    path.write_text(configuration(system.server.url), encoding="utf-8")
    return path


@pytest.fixture
def closed_network(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it to forbid every connection from then on, and to take the secret away."""

    def close() -> None:
        def refuse(*_: object) -> None:
            raise AssertionError("a connection was opened")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(socket.socket, "connect_ex", refuse)
        monkeypatch.delenv("MONITOR_TOKEN", raising=False)

    return close
