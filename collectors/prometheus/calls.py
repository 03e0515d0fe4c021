"""Calls of the HTTP API of Prometheus: its envelope, its warnings, its limits.

Range queries are made by prometheus-api-client. It is given a stand-in for a `requests.Session` that answers through
`Http`: so every answer is recorded, limited and tried again like any other, and what the client drops (the warnings,
and where the bytes are kept) is still at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prometheus_api_client import PrometheusConnect

from auditor.api import Answer, GapReason, Http, Refused
from collectors.prometheus.clock import Clock

_LONG_QUERY = 400
"""Characters from which a query is sent as a form: long addresses are refused by proxies, and slow to make."""

_NO_FORMS = (403, 405, 501)
"""Statuses with which a proxy that lets only GET pass answers a form."""

_OF_QUERY = "PromQL"
"""With what Prometheus begins warnings about a query, such as one that sums what cannot be summed."""

BAD_QUERY = (400, 422)
"""Statuses of a query that the server understands to be wrong: Prometheus says 400, VictoriaMetrics 422."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call gave.

    Attributes:
        data: the member `data` of the answer.
        answer: the answer as it is kept.
        warnings: what the server says about its own answer, such as that a part of it is missing.
    """

    data: Any
    answer: Answer
    warnings: tuple[str, ...]


class Warned(Refused):
    """An answer that its own server calls incomplete: it proves nothing, neither what it holds nor what it lacks.

    Attributes:
        is_of_query: whether the warning speaks of a query, and not of samples that could not be reached.
    """

    def __init__(self, reply: Reply) -> None:
        detail = f"the server calls its answer incomplete: {reply.warnings[0]}"
        super().__init__(GapReason.TRUNCATED, detail, place=reply.answer.place, answer=reply.answer)
        self.is_of_query = all(warning.startswith(_OF_QUERY) for warning in reply.warnings)


class Calls:
    """The API of one server.

    Args:
        http: requests to it.
        url: its address.

    Attributes:
        clock: what time its answers say it is.
    """

    def __init__(self, http: Http, url: str) -> None:
        self.clock = Clock()
        self._http = _Watched(http, self.clock)
        self._session = _Session(self._http)
        base = url.rstrip("/")
        self._short = PrometheusConnect(url=base, session=self._session)
        self._long = PrometheusConnect(url=base, session=self._session, method="POST")
        self._session.base = base
        self._takes_forms = True

    def get(self, path: str, params: Mapping[str, str | list[str]] | None = None) -> Reply:
        """Ask for something that is no query.

        Raises:
            Refused: there is no answer, or one that is no success.
        """
        return opened(self._http.get(path, params))

    def answer(self, path: str) -> Answer:
        """An answer that has no envelope, such as a page of metrics.

        Raises:
            Refused: there is none.
        """
        return self._http.get(path)

    def query_range(self, query: str, start: int, end: int, step_s: int) -> Reply:
        """Ask for the values of a query at every step of a time, both ends included.

        Args:
            query: PromQL.
            start, end: seconds since 1970; at most 11,000 steps.
            step_s: seconds.

        Raises:
            Refused: there is no answer, or one that is no matrix.
            Warned: the server calls it incomplete.
        """
        begin, until = (datetime.fromtimestamp(at, UTC) for at in (start, end))
        client = self._long if self._takes_forms and len(query) > _LONG_QUERY else self._short
        try:
            data = client.custom_query_range(query, begin, until, str(step_s))
        except Refused as refused:
            if client is self._short or refused.status not in _NO_FORMS:
                raise
            self._takes_forms = False
            data = self._short.custom_query_range(query, begin, until, str(step_s))
        reply = self._session.reply
        if reply is None or not isinstance(data, list) or reply.data.get("resultType") != "matrix":
            raise Refused(GapReason.MALFORMED, "the answer to a range query is no matrix")
        if reply.warnings:
            raise Warned(reply)
        _look_at(data, start, end, reply.answer.place)
        return reply


def _look_at(result: list[Any], start: int, end: int, place: str) -> None:
    """Look whether a matrix is one; a series whose values are no list is left to whom it concerns.

    Raises:
        Refused: it is none, or reaches beyond the time asked for.
    """
    for series in result:
        if not isinstance(series, Mapping) or not isinstance(series.get("metric"), Mapping):
            raise Refused(GapReason.MALFORMED, "the answer to a range query holds what is no series", place=place)
        values = series.get("values")
        if isinstance(values, list) and values and not (start <= values[0][0] and values[-1][0] <= end):
            detail = "the answer to a range query reaches beyond the time asked for"
            raise Refused(GapReason.MALFORMED, detail, place=place)


def opened(answer: Answer) -> Reply:
    """Take an answer out of the envelope of the API.

    Raises:
        Refused: it is no JSON, or does not say that it is a success.
    """
    body = answer.json()
    if not isinstance(body, Mapping) or body.get("status") != "success":
        said = body.get("error") if isinstance(body, Mapping) else None
        detail = f"the answer is no success: {said}" if said else "the answer does not say that it is a success"
        raise Refused(GapReason.MALFORMED, detail, place=answer.place, status=answer.status, answer=answer)
    said = body.get("warnings") or ()
    warnings = [str(warning) for warning in said] if isinstance(said, list | tuple) else [str(said)]
    if body.get("isPartial") is True:  # how a cluster of VictoriaMetrics says it
        warnings.append("isPartial")
    return Reply(body.get("data"), answer, tuple(warnings))


class _Watched:
    """Requests whose answers tell the time."""

    def __init__(self, http: Http, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    def get(self, path: str, params: Mapping[str, str | list[str]] | None = None) -> Answer:
        """See `Http.get`."""
        return self._noted(lambda: self._http.get(path, params))

    def post(self, path: str, *, form: Mapping[str, str | list[str]]) -> Answer:
        """See `Http.post`."""
        return self._noted(lambda: self._http.post(path, form=form))

    def _noted(self, ask: Callable[[], Answer]) -> Answer:
        try:
            answer = ask()
        except Refused as refused:
            if refused.answer is not None:
                self._clock.note(refused.answer)
            raise
        self._clock.note(answer)
        return answer


class _Session:
    """What prometheus-api-client takes for a `requests.Session`."""

    verify = True
    cert = None

    def __init__(self, http: _Watched) -> None:
        self._http = http
        self.base = ""
        self.reply: Reply | None = None

    def mount(self, prefix: str, adapter: object) -> None:
        """Nothing: attempts are repeated by `Http`, within the limits of the source."""

    def request(self, method: str, url: str, params: Mapping[str, Any], **_: object) -> _Response:
        """Make the request the client describes."""
        path, texts = url.removeprefix(self.base), {name: str(value) for name, value in params.items()}
        answer = self._http.post(path, form=texts) if method == "POST" else self._http.get(path, texts)
        self.reply = opened(answer)
        if not isinstance(self.reply.data, Mapping):
            raise Refused(GapReason.MALFORMED, "the answer to a query holds no data", place=answer.place)
        return _Response(answer.status, {"data": {"result": self.reply.data.get("result")}})


@dataclass(frozen=True, slots=True)
class _Response:
    """What the client takes for a `requests.Response`."""

    status_code: int
    body: Mapping[str, Any]

    def json(self) -> Mapping[str, Any]:
        """The answer, parsed already."""
        return self.body
