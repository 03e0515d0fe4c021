"""A source on the loopback interface, a store in memory, and a clock that goes when somebody sleeps."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from auditor.api import LiveSettings
from auditor.collect.context import Context
from auditor.collect.limits import Limits
from auditor.collect.redact import Keyed
from auditor.collect.replaying import Replay
from auditor.model.evidence import PayloadRef, Row
from auditor.ports import Envelope, SourcePull
from auditor.testing.server import ScriptedServer

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class MemoryStore:
    """Keeps bytes under their hash, and every envelope."""

    payloads: dict[str, bytes] = field(default_factory=dict)
    envelopes: list[tuple[Envelope, str]] = field(default_factory=list)

    def keep(self, data: bytes, envelope: Envelope) -> PayloadRef:
        sha256 = hashlib.sha256(data).hexdigest()
        self.payloads[sha256] = data
        self.envelopes.append((envelope, sha256))
        return PayloadRef(sha256, len(data))

    def keep_file(self, path: Path, envelope: Envelope) -> PayloadRef:
        return self.keep(path.read_bytes(), envelope)

    def add(self, row: Row) -> None:
        raise AssertionError("a context adds no rows")

    def source_done(self, pull: SourcePull) -> None:
        raise AssertionError("a context closes no pull")

    @property
    def everything(self) -> str:
        """All that is on the disk in the end, as one text."""
        return repr(self.envelopes) + "".join(data.decode("latin-1") for data in self.payloads.values())


class FakeTime:
    """Goes on only when somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


@dataclass
class Live:
    """Makes contexts of the pulls of one source."""

    url: str
    tmp: Path
    store: MemoryStore = field(default_factory=MemoryStore)
    time: FakeTime = field(default_factory=FakeTime)
    told: list[str] = field(default_factory=list)
    stack: ExitStack = field(default_factory=ExitStack)

    def context(self, settings: LiveSettings | None = None, *, real_time: bool = False, **more: Any) -> Context:
        limits = Limits() if real_time else Limits(clock=self.time.clock, sleep=self.time.sleep)
        context = Context(
            "site",
            settings or LiveSettings(url=self.url),
            NOW,
            NOW,
            False,
            "sample 1",
            more.pop("writer", self.store),
            self.told.append,
            **{"keyed": lambda: Keyed(b"k" * 32), "now": lambda: NOW, "tmp": self.tmp, "limits": limits, **more},
        )
        self.stack.callback(context.close)
        return context

    def log(self, context: Context) -> list[bytes]:
        """The lines of the exchange log of a pull that ended."""
        payload = context.finish()
        return [] if payload is None else self.store.payloads[payload.sha256].splitlines()

    def replay(self, lines: list[bytes]) -> Replay:
        return Replay(lines, self.store.payloads.__getitem__)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as scripted:
        yield scripted


@pytest.fixture
def live(server: ScriptedServer, tmp_path: Path) -> Iterator[Live]:
    private = tmp_path / "private"
    private.mkdir()
    one = Live(server.url, private)
    with one.stack:
        yield one


Settings = Callable[..., LiveSettings]


@pytest.fixture
def settings(server: ScriptedServer) -> Settings:
    """Settings of the scripted source."""
    return lambda **more: LiveSettings(**{"url": server.url, **more})
