"""Pulls of a sample source, for the conformance suite: into memory, into a store, from a recorded pull."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from auditor.api import Check, Collector
from auditor.canonical import canonical_bytes
from auditor.collect.context import Context, Hints
from auditor.collect.limits import Limits
from auditor.collect.memory import MemoryEvidence
from auditor.collect.redact import Keyed
from auditor.collect.replaying import Replay
from auditor.collect.runner import Equipment, SourceSpec, collect_source
from auditor.model.evidence import Gap, Row
from auditor.recognise.hints import hints
from auditor.store.store import Store
from auditor.testing.samples import SampleServer, SampleSource, secret_settings
from auditor.testing.server import Reply, ScriptedServer

_SOURCE = "sample"
_TIMEOUT_S = 0.25
_REQUESTS = 200
_ALL_DONE = timedelta(minutes=1)
_EVENTS: Mapping[str, str] = {
    "ticket": "created",
    "ticket_event": "at",
    "alert_event": "start",
    "document_revision": "at",
    "feedback": "at",
    "communication": "at",
}
"""Streams of things that happened, and the field that says when; other streams may speak of what is planned."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one pull gave."""

    evidence: MemoryEvidence

    @property
    def rows(self) -> Mapping[str, Row]:
        """Rows by reference."""
        return self.evidence.rows

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Every gap."""
        return tuple(gap for pull in self.evidence.pulls for gap in pull.gaps)

    def hashes(self) -> dict[str, str]:
        """Hash of each row."""
        return {ref: row.sha256 for ref, row in self.rows.items()}

    def gap_words(self) -> str:
        """The gaps in short, in order."""
        return "; ".join(sorted(f"{gap.stream or 'all'} {gap.reason.value}: {gap.detail[:90]}" for gap in self.gaps))

    def claims_whole(self) -> set[str]:
        """Streams that a pull declares complete although it says of itself that it is sound."""
        claimed: set[str] = set()
        for pull in self.evidence.pulls:
            complete = pull.values.get("scope_complete")
            if isinstance(complete, Mapping) and not any(gap.hides_rows != 0 for gap in pull.gaps):
                claimed |= {stream for stream, whole in complete.items() if whole}
        return claimed

    def event_instants(self) -> Iterator[tuple[str, datetime]]:
        """Reference of each thing that happened, and when."""
        for ref, row in self.rows.items():
            value = row.values.get(_EVENTS.get(row.stream, ""))
            if isinstance(value, str):
                yield ref, datetime.fromisoformat(value)


@dataclass(slots=True)
class Sandpit:
    """A collector in front of its sample, as often as one likes; a context manager.

    Attributes:
        collector, source: what is tried.
        folder: private; stores and clones go there.
        asked_by_check: paths that `check` asked in its last run.
        requests: requests of the last pull.
    """

    collector: Collector
    source: SampleSource
    folder: Path
    max_requests: int = _REQUESTS
    requests: int = 0
    asked_by_check: frozenset[str] = frozenset()
    _told: list[str] = field(default_factory=list)
    _written: list[MemoryEvidence] = field(default_factory=list)
    _server: SampleServer | None = None
    _stack: ExitStack = field(default_factory=ExitStack)
    _huge: str = ""

    def __enter__(self) -> Self:
        if self.source.sample.answers:
            self._server = SampleServer(self.source, self._stack.enter_context(ScriptedServer()))
            self._server.start()
        self.source.clone(self.folder / "repository")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def paths(self) -> list[str]:
        """Every path that the pulls so far asked for and the sample answers."""
        return [] if self._server is None else sorted(self._server.asked)

    @property
    def latest(self) -> datetime:
        """The end of every pull."""
        return self.source.sample.as_of.astimezone(UTC) + _ALL_DONE

    def is_optional(self, path: str) -> bool:
        """Whether the sample says that a pull is whole without a path."""
        return all(answer.optional for answer in self.source.sample.answers if answer.path == path)

    def pull(self) -> Pulled:
        """Read the sample into memory."""
        return self._pulled(None)

    def replay(self, whole: Pulled) -> Pulled:
        """Read a pull again from what was recorded of it."""
        lines = whole.evidence.log().splitlines()
        return self._pulled(Replay(lines, whole.evidence.payloads.__getitem__))

    def stored(self) -> int:
        """Read the sample into a store and commit; the number of rows that changed."""
        as_of = self.source.sample.as_of.astimezone(UTC)
        with (
            closing(Store.open(self.folder / "store")) as store,
            store.begin("conformance", "collect", as_of) as run,
        ):
            collect_source(
                self._spec(),
                run,
                as_of=as_of,
                started=as_of,
                strict=False,
                prefix_ids=False,
                progress=self._told.append,
                cursors=run.cursors(_SOURCE, f"{self.collector.name} {self.collector.version}"),
                equipment=self._equipment(),
            )
            run.settle([_SOURCE])
            run.commit(as_of=as_of, engine_version="0", config_sha256="", rule_pack={}, assessment=None, ended=as_of)
            manifest = store.manifest(run.number)
        return _changed(manifest)

    def check(self) -> list[Check]:
        """What the collector's own checks say."""
        asked = self._asked()
        asked.clear()
        context = self._context(MemoryEvidence())
        with closing(context):
            checks = list(self.collector.check(context))
        self.asked_by_check = frozenset(asked)
        self._told += [f"{check.what} {check.detail} {check.cure}" for check in checks]
        return checks

    @contextmanager
    def spoiling(self, path: str, reply: Reply) -> Iterator[None]:
        """Answer a path by something else for as long as the block runs."""
        server = self._needed()
        server.spoilt[path] = reply
        try:
            yield
        finally:
            del server.spoilt[path]

    @contextmanager
    def repeating(self, path: str) -> Iterator[None]:
        """Give the first answer of a path to whatever is asked of it."""
        server = self._needed()
        server.same_page = path
        try:
            yield
        finally:
            server.same_page = None

    @contextmanager
    def heading(self, headers: Mapping[str, str]) -> Iterator[None]:
        """Send more headers."""
        server = self._needed()
        server.more_headers = dict(headers)
        try:
            yield
        finally:
            server.more_headers = {}

    @contextmanager
    def lengthening(self, text: str) -> Iterator[None]:
        """Add text to every sentence of the answers."""
        server = self._needed()
        server.altered = lambda body: _lengthened(body, text)
        try:
            yield
        finally:
            server.altered = None

    def everything_written(self) -> Iterator[tuple[str, bytes]]:
        """Name and bytes of everything that pulls and checks left anywhere."""
        yield "progress or checks", "\n".join(self._told).encode()
        for evidence in self._written:
            yield from (("a payload", data) for data in evidence.payloads.values())
            yield from (("an envelope", repr(envelope).encode()) for envelope, _ in evidence.envelopes)
            yield from (("a record", canonical_bytes(dict(row.values))) for row in evidence.rows.values())
            yield from (("a gap", repr(gap).encode()) for pull in evidence.pulls for gap in pull.gaps)
        for path in sorted((self.folder / "store").rglob("*")):
            if path.is_file():
                yield f"the store ({path.suffix or path.name})", path.read_bytes()

    def _pulled(self, replay: Replay | None) -> Pulled:
        evidence = MemoryEvidence()
        as_of = self.source.sample.as_of.astimezone(UTC)
        limits = Limits(sleep=_no_pause)
        collect_source(
            self._spec(),
            evidence,
            as_of=as_of,
            started=as_of,
            strict=False,
            prefix_ids=False,
            progress=self._told.append,
            equipment=self._equipment(limits),
            replay=replay,
        )
        self.requests = limits.requests
        self._written.append(evidence)
        return Pulled(evidence)

    def _spec(self) -> SourceSpec:
        places = {"samples": str(self.source.folder), "repository": str(self.folder / "repository")}
        if self._server is not None:
            places["server"] = self._server.server.url
        more: dict[str, Any] = {"timeout_s": _TIMEOUT_S, "max_requests": self.max_requests}
        if self.source.sample.secrets:
            more |= secret_settings(self.collector, CANARY)
        return SourceSpec(_SOURCE, self.collector, self.source.settings(self.collector, places, more))

    def _equipment(self, limits: Limits | None = None) -> Equipment:
        made = limits or Limits(sleep=_no_pause)
        return Equipment(lambda: Keyed(b"k" * 32), _HINTS, self._now, self.folder, lambda: made)

    def _context(self, writer: MemoryEvidence) -> Context:
        as_of, spec = self.source.sample.as_of.astimezone(UTC), self._spec()
        name = f"{self.collector.name} {self.collector.version}"
        context = Context(_SOURCE, spec.settings, as_of, as_of, False, name, writer, self._told.append)
        self._equipment().give(context)
        self._written.append(writer)
        return context

    def _now(self) -> datetime:
        return self.latest

    def _asked(self) -> set[str]:
        return set() if self._server is None else self._server.asked

    def _needed(self) -> SampleServer:
        if self._server is None:
            raise ValueError("the sample has no server")
        return self._server


CANARY = "canary-7f3a91"
"""Part of every secret that is given to a collector; it must appear nowhere."""

_HINTS: Hints = hints


def _no_pause(_seconds: float) -> None:
    """Retries do not wait here."""


def _changed(manifest: Mapping[str, Any]) -> int:
    """Rows that a run wrote, over all sources."""
    return sum(
        counts.get("changed", 0) + counts.get("gone", 0)
        for source in manifest["sources"].values()
        for counts in source["records"].values()
    )


def _lengthened(body: bytes, text: str) -> bytes:
    try:
        return orjson.dumps(_longer(orjson.loads(body), text))
    except orjson.JSONDecodeError:
        return body


def _longer(value: Any, text: str) -> Any:
    """Sentences are lengthened; names, ids, expressions and instants are left as they are."""
    if isinstance(value, dict):
        return {
            name: f"{entry} {text}" if isinstance(entry, str) and name in _SENTENCES else _longer(entry, text)
            for name, entry in value.items()
        }
    return [_longer(entry, text) for entry in value] if isinstance(value, list) else value


_SENTENCES = frozenset({"summary", "description", "title", "comment", "message", "body", "runbook_url", "lastError"})
