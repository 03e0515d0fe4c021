"""What a collector holds while it runs: its settings, the doors to its source, and the door to the store."""

from __future__ import annotations

import shlex
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel

from auditor.api import LiveSettings
from auditor.canonical import JsonValue, sha256_hex
from auditor.collect import exchanges
from auditor.collect.command import run_program
from auditor.collect.exchanges import Ask
from auditor.collect.failures import Failure, said_in
from auditor.collect.folders import spelt
from auditor.collect.http import SourceHttp
from auditor.collect.limits import Limits
from auditor.collect.recorder import Raw, Recorder
from auditor.collect.redact import Keyed
from auditor.collect.replaying import Replay
from auditor.collect.scrub import Secrets
from auditor.collect.workspace import Workspace
from auditor.errors import ConfigError
from auditor.fetch import Answer, Redaction, Refused
from auditor.model.evidence import GapReason, PayloadRef
from auditor.ports import Envelope, EvidenceWriter

Hints = Callable[[str, Mapping[str, JsonValue]], Mapping[str, JsonValue]]
"""(kind, facts) -> what the recogniser of that kind makes of them; nothing for an unknown kind."""

_DEFAULT_LIMITS = LiveSettings(url="")
"""Deadline and size of output where a source that is no live one runs programs; their number is not limited then."""

_STDERR = "stderr"


def _no_key() -> Keyed:
    raise ConfigError(
        "something is to be replaced by pseudonyms, and this run was given no key for them",
        cure="name the key file in the configuration",
    )


def _no_hints(kind: str, facts: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:  # noqa: ARG001
    return {}


@dataclass(slots=True)
class Context:
    """The `CollectContext` of one pull; call `finish` when the collector ended, and `close` in any case.

    Attributes:
        collector: name and version, for the envelopes.
        cursors: where the pull of each stream begins.
        cancelled: set when the run is given up; whoever waits or asks the source looks at it. None: it is not.
        kept: hashes of the bytes that were kept in this pull; a record may point into no others.
        redactions: the collector's own: what is not to be kept as it is.
        keyed: gives what pseudonyms are made with; asked where one is needed first.
        recognised: gives hints.
        now: when an answer comes (UTC); None: it counts as the start of the run.
        tmp: where private folders may be made; None: where the system makes them.
        replay: the recorded run that answers instead of the source.
        limits: the clockwork; deadlines count from when it was made.
    """

    source_id: str
    settings: BaseModel
    as_of: datetime
    started: datetime
    strict: bool
    collector: str
    writer: EvidenceWriter
    told: Callable[[str], None]
    cursors: Mapping[str, str] = field(default_factory=dict)
    cancelled: threading.Event | None = None
    kept: set[str] = field(default_factory=set)
    redactions: Sequence[Redaction] = ()
    keyed: Callable[[], Keyed] = _no_key
    recognised: Hints = _no_hints
    now: Callable[[], datetime] | None = None
    tmp: Path | None = None
    replay: Replay | None = None
    limits: Limits = field(default_factory=Limits)
    _secrets: Secrets = field(init=False)
    _workspace: Workspace | None = field(init=False, default=None)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)
    _https: list[SourceHttp] = field(init=False, default_factory=list)
    _asked_cursors: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self._secrets = Secrets.of(self.settings)
        self.limits.cancelled = self.cancelled

    def keep(
        self, data: bytes, *, request: Mapping[str, JsonValue], media_type: str, complete: bool = True
    ) -> PayloadRef:
        """See `CollectContext.keep`."""
        return self._noted(self.writer.keep(data, self._envelope(request, media_type, complete=complete)))

    def keep_file(
        self, path: Path, *, request: Mapping[str, JsonValue], media_type: str, complete: bool = True
    ) -> PayloadRef:
        """See `CollectContext.keep_file`."""
        envelope = self._envelope(request, media_type, complete=complete)
        if self._workspace is None:  # no folder of the pull was asked for, so the file lies in none
            return self._noted(self.writer.keep_file(path, envelope))
        try:
            recorded = self._workspace.recorded_file(path)
            if recorded is not None and self.replay is not None:
                payload = self.writer.keep(self.replay.payload(recorded.sha256), envelope)
            else:
                payload = self.writer.keep_file(path, envelope)
        except (OSError, EOFError, zlib.error) as error:
            self._workspace.note_failed_file(path, error)
            raise
        self._workspace.note_file(path, payload)
        return self._noted(payload)

    def progress(self, text: str) -> None:
        """See `CollectContext.progress`."""
        self.told(f"{self.source_id}: {self._secrets.text(text)}")

    def http(self, settings: LiveSettings | None = None, *, redact: Sequence[Redaction] = ()) -> SourceHttp:
        """See `CollectContext.http`."""
        own = settings or self.settings
        if not isinstance(own, LiveSettings):
            raise TypeError(f"settings of a live source are LiveSettings, not {type(own).__name__}")
        secrets = self._secrets if settings is None else Secrets.of(self.settings, settings)
        http = SourceHttp(own, self._recorder(secrets), self.limits, (*self.redactions, *redact))
        self._https.append(http)
        return http

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
        """See `CollectContext.command`."""
        ask, recorder = self._command_ask(arguments, cwd, stdin), self._recorder(self._secrets)
        if self.replay is not None:
            answer = recorder.replayed(ask, self.replay)
        else:
            try:
                code, output, errors = self._run(arguments, cwd, stdin, env or {})
            except Failure as failure:
                raise recorder.refused(ask, failure) from None
            # What a program says beside its output matters only where it fails; a replay has to know it too.
            said = "" if code in allow else self._files().described(said_in(errors))
            headers = {_STDERR: said} if said else {}
            answer = recorder.answered(ask, Raw(code, headers, output, "text/plain", redact=redact))
        if answer.status in allow:
            return answer
        said = answer.headers.get(_STDERR, "")
        detail = f"{arguments[0]} ended with exit code {answer.status}{f': {said!r}' if said else ''}"
        raise Refused(GapReason.SERVER_ERROR, detail, place=ask.place, status=answer.status, answer=answer)

    def folder(self, path: Path) -> Path:
        """See `CollectContext.folder`."""
        return self._files().folder(path)

    def scratch(self) -> Path:
        """See `CollectContext.scratch`."""
        return self._files().scratch()

    def cursor(self, stream: str) -> str | None:
        """See `CollectContext.cursor`."""
        value = self.cursors.get(stream) if self.replay is None else self.replay.cursors.get(stream)
        if stream not in self._asked_cursors:
            self._asked_cursors.add(stream)
            self._files().log.add({"cursor": stream, "value": value})
        return value

    def pseudonym(self, identity: str) -> str:
        """See `CollectContext.pseudonym`."""
        return self.keyed().pseudonym(identity)

    def hints(self, kind: str, facts: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        """See `CollectContext.hints`."""
        return self.recognised(kind, facts)

    def finish(self) -> PayloadRef | None:
        """Keep the exchange log of the pull; None where nothing was exchanged.

        Raises:
            StoreError: the disk is full.
        """
        if self._workspace is None:
            return None
        self._workspace.note_others()
        log = self._workspace.log
        log.close()
        if not log.count:
            return None
        envelope = self._envelope(exchanges.REQUEST, exchanges.MEDIA_TYPE, complete=True)
        return self._noted(self.writer.keep_file(log.path, envelope))

    def close(self) -> None:
        """Close every connection, and remove the private folder."""
        for http in self._https:
            http.close()
        if self._workspace is not None:
            self._workspace.close()

    def _files(self) -> Workspace:
        with self._lock:
            if self._workspace is None:
                self._workspace = Workspace(self.tmp, self.replay)
            return self._workspace

    def _recorder(self, secrets: Secrets) -> Recorder:
        now = self.now or (lambda: self.started)
        return Recorder(self._keep_answer, self._files().log, secrets, self.keyed, now, self.replay)

    def _run(
        self, arguments: Sequence[str], cwd: Path | None, stdin: bytes, env: Mapping[str, str]
    ) -> tuple[int, bytes, bytes]:
        live = self.settings if isinstance(self.settings, LiveSettings) else None
        own = live or _DEFAULT_LIMITS
        self.limits.spend(None if live is None else live.max_requests, own.deadline_s)
        return run_program(
            arguments,
            cwd=cwd,
            stdin=stdin,
            env=env,
            limits=self.limits,
            deadline_s=own.deadline_s,
            max_bytes=own.max_answer_mb << 20,
        )

    def _command_ask(self, arguments: Sequence[str], cwd: Path | None, stdin: bytes) -> Ask:
        files = self._files()
        told: list[JsonValue] = [self._secrets.text(spelt(files.described(argument))) for argument in arguments]
        request: dict[str, JsonValue] = {"command": told}
        if cwd is not None:
            request["cwd"] = spelt(files.cwd_name(cwd))
        if stdin:
            request["stdin_sha256"] = sha256_hex(stdin)
        return Ask(request, shlex.join(str(argument) for argument in told))

    def _keep_answer(
        self, data: bytes, request: Mapping[str, JsonValue], media_type: str, fetched_at: datetime
    ) -> PayloadRef:
        envelope = Envelope(self.source_id, request, media_type, fetched_at, self.collector)
        return self._noted(self.writer.keep(data, envelope))

    def _envelope(self, request: Mapping[str, JsonValue], media_type: str, *, complete: bool) -> Envelope:
        return Envelope(self.source_id, request, media_type, self.started, self.collector, complete)

    def _noted(self, payload: PayloadRef) -> PayloadRef:
        self.kept.add(payload.sha256)
        return payload
