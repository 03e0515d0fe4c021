"""Writes down what a source answered, redacted and without secrets, before anything else sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from auditor.canonical import JsonValue
from auditor.collect.exchanges import Ask, Exchange, ExchangeLog
from auditor.collect.failures import Failure
from auditor.collect.redact import Keyed, redact_json
from auditor.collect.replaying import Replay
from auditor.collect.scrub import Secrets
from auditor.errors import IntegrityError
from auditor.fetch import Answer, Redaction, Refused
from auditor.model.evidence import PayloadRef

_OK_STATUS = frozenset({0, 200})


@dataclass(frozen=True, slots=True)
class Raw:
    """What a source answered, as it came; it goes nowhere but into the recorder.

    Attributes:
        redactions: what is not to be kept of a JSON body.
        redact: what is not to be kept of another body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    media_type: str
    redactions: Sequence[Redaction] = ()
    redact: Callable[[bytes], bytes] | None = None


@dataclass(frozen=True, slots=True)
class Recorder:
    """The one way from a source to the store.

    Attributes:
        keep: writes bytes under request, media type and time.
        log: takes an entry per exchange.
        secrets: what must not be kept anywhere.
        keyed: gives pseudonyms and hashes; asked only where something is redacted.
        now: when an answer came (UTC).
        replay: the recorded run that answers instead of the source; None: the source answers.
    """

    keep: Callable[[bytes, Mapping[str, JsonValue], str, datetime], PayloadRef]
    log: ExchangeLog
    secrets: Secrets
    keyed: Callable[[], Keyed]
    now: Callable[[], datetime]
    replay: Replay | None

    def answered(self, ask: Ask, raw: Raw) -> Answer:
        """Keep an answer; what comes back is what was kept."""
        body, hidden = self.secrets.data(raw.body)
        facts: dict[str, JsonValue] = {"secrets_hidden": hidden} if hidden else {}
        if raw.status not in _OK_STATUS:
            facts["status"] = raw.status
        media_type = raw.media_type
        if raw.redactions:
            redacted = redact_json(body, raw.redactions, self.keyed())
            body, media_type = redacted.body, "text/plain" if redacted.is_stub else media_type
            facts |= redacted.facts
        if raw.redact is not None:
            original, body = body, raw.redact(body)
            if body != original:
                facts |= {"redacted": True, "original_hmac_sha256": self.keyed().hash(original)}
        headers = {name: self.secrets.text(value) for name, value in raw.headers.items()}
        exchange = Exchange(ask, self.now().astimezone(UTC), raw.status, headers, None, media_type, facts)
        return self._kept(exchange, body)

    def refused(self, ask: Ask, failure: Failure) -> Refused:
        """Note that there was no answer."""
        detail = self.secrets.text(failure.detail)
        exchange = Exchange(ask, self.now().astimezone(UTC), reason=failure.reason, detail=detail)
        self.log.add(exchange.entry())
        return Refused(failure.reason, detail, place=ask.place)

    def replayed(self, ask: Ask, replay: Replay) -> Answer:
        """The recorded answer, kept again like a new one.

        Raises:
            Refused: there was none then either, or it was not asked for.
            IntegrityError: what is kept is not what the log says.
        """
        exchange = replay.exchange(ask)
        if exchange.reason is not None or exchange.payload is None:
            self.log.add(exchange.entry())
            raise Refused(exchange.reason, exchange.detail, place=ask.place)  # type: ignore[arg-type]
        answer = self._kept(exchange, replay.payload(exchange.payload.sha256))
        if answer.payload != exchange.payload:
            raise IntegrityError(f"payload {exchange.payload.sha256} holds other bytes", where=ask.place)
        return answer

    def _kept(self, exchange: Exchange, body: bytes) -> Answer:
        ask, at, facts = exchange.ask, exchange.fetched_at, exchange.facts or {}
        payload = self.keep(body, {**ask.request, **facts}, exchange.media_type, at)
        status, headers = exchange.status or 0, exchange.headers or {}
        entry = Exchange(ask, at, status, headers, payload, exchange.media_type, facts).entry()
        self.log.add(entry)
        return Answer(status, headers, body, payload, ask.place, at)
