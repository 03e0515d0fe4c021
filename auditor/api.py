"""Everything a collector may import: what it yields, what it is given, and the errors it may raise.

A collector reads one kind of source and yields what it found as `Record`s, what it could not have as `Gap`s, and what
the pull amounts to as `SourceRun`s. It never judges, never stamps, never writes: the runner (`auditor.collect.runner`)
validates every record against its stream, and keeps the bytes that `CollectContext.keep` is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from auditor.canonical import JsonValue
from auditor.errors import AuditorError, ConfigError, EvidenceError, QueryError
from auditor.fetch import Answer, Http, Redaction, Refused
from auditor.model.evidence import Gap, GapReason, PayloadRef, Record, SourceKind, Tier
from auditor.model.streams import STREAMS, StreamDef
from auditor.model.validate import check_row, from_text, row_key
from auditor.sql.box import SqlBox, SqlSelect
from auditor.yamlfile import YamlDocument, load_yaml

__all__ = [
    "STREAMS",
    "Answer",
    "AuditorError",
    "Check",
    "CollectContext",
    "Collector",
    "ConfigError",
    "Cursor",
    "EvidenceError",
    "Gap",
    "GapReason",
    "Http",
    "JsonValue",
    "Keys",
    "LiveSettings",
    "PayloadRef",
    "QueryError",
    "Record",
    "Redaction",
    "Refused",
    "SelfDescribing",
    "Settings",
    "SourceKind",
    "SourceRun",
    "SqlBox",
    "SqlSelect",
    "StreamDef",
    "Tier",
    "YamlDocument",
    "check_row",
    "from_text",
    "load_yaml",
    "row_key",
]


class Settings(BaseModel):
    """Base of every collector's settings: typed, frozen, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LiveSettings(Settings):
    """Settings that every collector of a live system has; derive its settings from this."""

    url: str = Field(description="Address of the system, such as https://prometheus.example.org.")
    username: str | None = Field(default=None, description="User name for basic authentication.")
    password: SecretStr | None = Field(default=None, description="Password for basic authentication (a reference).")
    token: SecretStr | None = Field(default=None, description="Token sent as `Authorization: Bearer` (a reference).")
    ca_file: Path | None = Field(default=None, description="Certificates to trust instead of the system's (PEM file).")
    proxy: str | None = Field(default=None, description="HTTP proxy, such as http://proxy.example.org:3128.")
    timeout_s: float = Field(default=30.0, gt=0, description="Seconds to wait for one answer.")
    deadline_s: float = Field(default=1800.0, gt=0, description="Seconds a pull may last; what is left is a gap.")
    max_requests: int = Field(default=20_000, ge=1, description="Requests a pull may make; what is left is a gap.")
    max_answer_mb: int = Field(default=256, ge=1, description="Largest answer that is read, in MB.")
    settle_s: int = Field(default=300, ge=0, description="Seconds that data may arrive late; newer data waits.")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next pull of a stream begins; the last one yielded counts, and only when the run commits.

    Yield one after each piece that is read whole: a pull that ends early then goes on from there the next time.
    """

    stream: str
    value: str


@dataclass(frozen=True, slots=True)
class Keys:
    """A key sweep: the key (`row_key`) of every row of a stream that the source still has.

    Rows seen before whose key is not among them are gone.
    """

    stream: str
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class SourceRun:
    """What one pull of one source amounts to.

    The first one of a source comes before its first record, since its `origin` decides the tier of the rows; a later
    one of the same source replaces it (a live source knows its `ended` and `denied` only at the end).

    Attributes:
        values: fields of entity `source_run` but `source_id`; `items` absent: the runner counts.
        source_id: the source inside a folder of several; None for the collector's own source.
        whole: streams of which this pull reads everything there is, so that a row seen before and absent now is gone.
    """

    values: Mapping[str, JsonValue]
    source_id: str | None = None
    whole: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Check:
    """One thing `auditor doctor` looked at: what, whether it is well, and what to do where it is not."""

    what: str
    ok: bool
    detail: str
    cure: str | None = None


class CollectContext(Protocol):
    """What a collector is given for one pull."""

    @property
    def source_id(self) -> str:
        """Id of the configured source."""
        ...

    @property
    def settings(self) -> Any:
        """An instance of the collector's `Settings`."""
        ...

    @property
    def as_of(self) -> datetime:
        """The audit instant T (UTC)."""
        ...

    @property
    def started(self) -> datetime:
        """Start of the run (UTC)."""
        ...

    @property
    def strict(self) -> bool:
        """Whether any fault refuses the evidence; a collector need not act on it, the runner does."""
        ...

    def keep(
        self, data: bytes, *, request: Mapping[str, JsonValue], media_type: str, complete: bool = True
    ) -> PayloadRef:
        """Keep bytes a source answered with; `request` says what was asked, without credentials."""
        ...

    def keep_file(
        self, path: Path, *, request: Mapping[str, JsonValue], media_type: str, complete: bool = True
    ) -> PayloadRef:
        """Keep the bytes of a file; where it is gzip-compressed, those of its content.

        Raises:
            OSError: it cannot be read.
            EOFError, zlib.error: its compressed content is damaged.
        """
        ...

    def progress(self, text: str) -> None:
        """Tell in a few words what is being done; may be called often."""
        ...

    def http(self, settings: LiveSettings | None = None, *, redact: Sequence[Redaction] = ()) -> Http:
        """Recorded requests to a live source.

        Args:
            settings: address, credentials and limits; None: those of the source.
            redact: what is not to be kept as it is, beside the collector's own `redact`.
        """
        ...

    def command(
        self,
        arguments: Sequence[str],
        *,
        cwd: Path | None = None,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        redact: Callable[[bytes], bytes] | None = None,
        allow: Sequence[int] = (0,),
    ) -> Answer:
        """Run a program that only reads, and keep what it prints.

        Args:
            arguments: program and arguments; they are recorded, so no secret stands in them.
            cwd: folder it runs in; it is recorded by name only where it lies in `folder`.
            stdin: bytes it is given.
            env: more environment variables, not recorded: the place for secrets.
            redact: makes what is kept from what was printed.
            allow: exit codes that are an answer.

        Raises:
            Refused: it cannot be run, ends with another exit code, or does not end within the source's deadline.
        """
        ...

    def folder(self, path: Path) -> Path:
        """The folder to read instead of `path`: itself, or in a replay one made of the bytes that were kept of it."""
        ...

    def scratch(self) -> Path:
        """A private folder that is removed after the pull."""
        ...

    def cursor(self, stream: str) -> str | None:
        """The cursor of the latest pull that was committed; None at the first one."""
        ...

    def pseudonym(self, identity: str) -> str:
        """A keyed pseudonym of a person, the same for the same identity (letter case and outer blanks aside)."""
        ...

    def hints(self, kind: str, facts: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        """What the recogniser of that kind makes of facts that were just read, such as the SLIs behind rules.

        Pure: the same facts give the same hints, in a replay too. An unknown kind gives none.
        """
        ...


@runtime_checkable
class Collector(Protocol):
    """The plug-in that reads one kind of source; made without arguments, and without state between pulls.

    The first five are plain class attributes in a collector.
    """

    @property
    def name(self) -> str:
        """As in `collector:` of the configuration, and as its entry point is called."""
        ...

    @property
    def version(self) -> str:
        """Version of the collector; it stands in the envelope of every payload."""
        ...

    @property
    def kinds(self) -> frozenset[SourceKind]:
        """What its sources can be to the organisation."""
        ...

    @property
    def streams(self) -> frozenset[str]:
        """Streams it can fill; a record of another one is refused."""
        ...

    @property
    def settings(self) -> type[BaseModel]:
        """The type of its settings; derive it from `Settings`."""
        ...

    def collect(self, ctx: CollectContext) -> Iterator[Record | Gap | SourceRun | Cursor | Keys]:
        """Read the source.

        Raises:
            EvidenceError: what it was pointed at cannot be read at all; the run ends. Any other error is a crash: it
                becomes a gap, and other sources go on.
        """
        ...

    def check(self, ctx: CollectContext) -> Iterator[Check]:
        """Look whether a pull would work, without keeping anything."""
        ...


@runtime_checkable
class SelfDescribing(Protocol):
    """A collector whose evidence may itself say for which instant and which organisation it stands."""

    def audit_instant(self, settings: Any) -> datetime | None:
        """The instant the evidence is to be judged at when it is judged by itself (UTC); None: it does not say.

        Raises:
            EvidenceError: the evidence cannot be read at all.
        """
        ...

    def organisation(self, settings: Any) -> str | None:
        """Name of the organisation the evidence is of; None: it does not say.

        Raises:
            EvidenceError: the evidence cannot be read at all.
        """
        ...
