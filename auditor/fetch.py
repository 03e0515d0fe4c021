"""What a collector asks a live source with, what it gets back, and how it hears that it gets nothing.

Every exchange of a collector goes through `Http` or `CollectContext.command`: it is recorded, redacted before anything
else sees it, counted against the source's budget, and can be answered again from what was stored (`auditor replay`).
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

import orjson

from auditor.canonical import JsonValue
from auditor.model.evidence import Gap, GapReason, PayloadRef

_SHOWN_CHARS = 120


@dataclass(frozen=True, slots=True)
class Redaction:
    """Members of JSON answers that are not to be kept as they are.

    Attributes:
        names: names of members, at any depth.
        treatment: `person`: text becomes a pseudonym, the same for the same person; `text`: text becomes its length.
    """

    names: frozenset[str]
    treatment: Literal["person", "text"]


class Refused(Exception):
    """The source did not give what was asked for.

    A collector that can go on without it yields `gap(...)`; one that cannot lets it pass: the runner then records it.

    Attributes:
        reason: the closed reason.
        detail: one sentence for a person, without secrets.
        place: what was asked, without credentials.
        status: HTTP status or exit code; None where there was no answer.
        answer: the answer, where there was one.
    """

    def __init__(
        self,
        reason: GapReason,
        detail: str,
        *,
        place: str | None = None,
        status: int | None = None,
        answer: Answer | None = None,
    ) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.place = place
        self.status = status
        self.answer = answer

    def gap(self, stream: str | None, *, hides_rows: int | None = None, source_id: str | None = None) -> Gap:
        """The gap it makes in a stream (None: in the whole source)."""
        return Gap(stream, self.reason, self.detail, self.place, source_id, hides_rows)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source answered, as it is kept.

    Attributes:
        status: HTTP status, or the exit code of a command.
        headers: headers that matter to a collector, names in lower case.
        body: the bytes that were kept, redacted.
        payload: where they are kept.
        place: what was asked, without credentials: URL or command line.
        fetched_at: when (UTC).
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    payload: PayloadRef
    place: str
    fetched_at: datetime

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            Refused: it is no JSON (reason `malformed`).
        """
        try:
            return _parsed(self.body)
        except orjson.JSONDecodeError as error:
            start = self.body[:_SHOWN_CHARS].decode("utf-8", "replace").strip()
            page = (
                "a web page, perhaps a log-in page" if start.lower().startswith(("<!doctype", "<html")) else "no JSON"
            )
            raise Refused(
                GapReason.MALFORMED,
                f"the answer is {page}: {start!r}",
                place=self.place,
                status=self.status,
                answer=self,
            ) from error

    def text(self) -> str:
        """The body as UTF-8 text.

        Raises:
            Refused: it is none (reason `malformed`).
        """
        try:
            return self.body.decode("utf-8")
        except UnicodeDecodeError as error:
            detail = f"the answer is not UTF-8 text (byte {error.start})"
            raise Refused(GapReason.MALFORMED, detail, place=self.place, status=self.status, answer=self) from error


def _parsed(body: bytes) -> Any:
    """The JSON of a body.

    Without the collector of cycles, which would otherwise look through all there is again and again while a large
    answer becomes hundreds of thousands of lists, none of which can be part of a cycle.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return orjson.loads(body)
    finally:
        if was_enabled:
            gc.enable()


class Http(Protocol):
    """Recorded requests to one live source.

    Transient failures (429, 502, 503, 504, lost connections, cut answers) are tried again with growing pauses, as long
    as the source asks in `Retry-After` (at most two minutes at a time), within budget and deadline of the source.
    """

    @property
    def session(self) -> Any:
        """A `requests.Session` for client libraries; what goes through it is recorded like everything else."""
        ...

    def get(
        self,
        path: str,
        params: Mapping[str, str | list[str]] | None = None,
        *,
        allow: Collection[int] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask with GET.

        Args:
            path: below the source's URL, or a full URL of the same host.
            params: query parameters; credentials never stand here.
            allow: statuses of 400 and above that are an answer here, not a refusal.
            headers: more request headers.

        Raises:
            Refused: the source did not answer, or with a status of 400 and above that is not in `allow`.
        """
        ...

    def post(
        self,
        path: str,
        *,
        form: Mapping[str, str | list[str]] | None = None,
        json: JsonValue = None,
        allow: Collection[int] = (),
    ) -> Answer:
        """Ask with a POST that the source documents as a read (long queries, searches).

        Raises:
            Refused: as `get`.
        """
        ...

    def answer_of(self, response: Any) -> Answer:
        """What was recorded for a `requests.Response` that a client library got through `session`."""
        ...
