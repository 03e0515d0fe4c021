"""The adapter under the session of a source: every request passes here, whoever makes it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse
from urllib3.util import Retry

from auditor.api import LiveSettings
from auditor.collect.asks import ask_of, clean_url, origin_of
from auditor.collect.exchanges import Ask
from auditor.collect.failures import RETRIED, Failure, RefusedRequest, failure_of
from auditor.collect.limits import RETRIES, Limits, http_date, pause_s
from auditor.collect.recorder import Raw, Recorder
from auditor.collect.scrub import basic, user_information
from auditor.fetch import Answer, Redaction, Refused
from auditor.model.evidence import GapReason

_READ_BYTES = 256 << 10
_HEADERS = frozenset(
    {"content-type", "date", "etag", "last-modified", "link", "location", "retry-after", "x-seraph-loginreason"}
)
_HEADER_PREFIX = "x-ratelimit-"
# All that another host than the source's own gets of a request's headers.
_HARMLESS = frozenset({"accept", "accept-encoding", "connection", "content-length", "content-type", "user-agent"})


class RecordingAdapter(HTTPAdapter):
    """Sends requests within budget and deadline, again where that may help, and records what comes of them.

    A response has the body and the headers that were recorded and no others, so that whatever a client library makes
    of it, it makes of a replayed one too. Certificates, proxy, timeouts and credentials are those of the settings,
    whatever a library asks for.
    """

    def __init__(
        self, settings: LiveSettings, recorder: Recorder, limits: Limits, redactions: Sequence[Redaction]
    ) -> None:
        super().__init__(pool_maxsize=16, max_retries=Retry(0, read=False))
        self._settings = settings
        self._recorder = recorder
        self._limits = limits
        self._redactions = redactions
        self._trusted = _trusted(settings.ca_file)
        self._proxies = {scheme: settings.proxy for scheme in ("http", "https") if settings.proxy}
        self._credentials = _authorization(settings)
        self._is_patient = True

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """See `HTTPAdapter.send`; every argument but the request is ours.

        Raises:
            RefusedRequest: there is no answer; it is an error of requests as well as a refusal.
        """
        ask = ask_of(request, self._recorder.secrets)
        raw: HTTPResponse | None = None
        try:
            if self._recorder.replay is not None:
                answer = self._recorder.replayed(ask, self._recorder.replay)
            else:
                answer, raw = self._ask(ask, request)
        except Refused as refused:
            raise RefusedRequest(refused.reason, refused.detail, place=refused.place) from None
        return self._response(request, answer, raw)

    def _ask(self, ask: Ask, request: requests.PreparedRequest) -> tuple[Answer, HTTPResponse]:
        self._address(request)
        try:
            raw, response = self._send_again_and_again(request)
        except Failure as failure:
            raise self._recorder.refused(ask, failure) from None
        return self._recorder.answered(ask, raw), response

    def _address(self, request: requests.PreparedRequest) -> None:
        """Give credentials to the source itself, and to no other host that it sends us to."""
        if origin_of(request.url or "") == origin_of(self._settings.url):
            if self._credentials is not None:
                request.headers["Authorization"] = self._credentials
            return
        for name in [name for name in request.headers if name.lower() not in _HARMLESS]:
            del request.headers[name]

    def _send_again_and_again(self, request: requests.PreparedRequest) -> tuple[Raw, HTTPResponse]:
        # Where nothing answered after all retries, the next requests are tried once each until one is answered:
        # a source that is down must not cost the pauses of every request that is left.
        retries = RETRIES if self._is_patient else 0
        attempt = 0
        while True:
            attempt += 1
            self._limits.spend(self._settings.max_requests, self._settings.deadline_s)
            answered_at, ends = self._recorder.now(), attempt > retries
            try:
                raw, response = self._send_once(request)
            except Failure as failure:
                if ends or not failure.is_transient or not self._pauses(attempt, None, answered_at):
                    self._is_patient = not failure.is_transient
                    raise
                continue
            self._is_patient = True
            if raw.status not in RETRIED:
                return raw, response
            retry_after = raw.headers.get("retry-after")
            answered_at = http_date(raw.headers.get("date")) or answered_at
            if ends or not self._pauses(attempt, retry_after, answered_at):
                self._is_patient = False
                return raw, response

    def _pauses(self, attempt: int, retry_after: str | None, answered_at: datetime) -> bool:
        """Wait before the next attempt, unless the deadline would be over by then."""
        seconds = pause_s(attempt, retry_after, answered_at)
        if seconds >= self._limits.left_s(self._settings.deadline_s):
            return False
        self._limits.pause(seconds)
        return True

    def _send_once(self, request: requests.PreparedRequest) -> tuple[Raw, HTTPResponse]:
        settings, trusted = self._settings, self._trusted
        if isinstance(trusted, Failure):
            raise trusted
        wait_s = max(0.001, min(settings.timeout_s, self._limits.left_s(settings.deadline_s)))
        try:
            response = super().send(request, stream=True, timeout=wait_s, verify=trusted, proxies=self._proxies)
            body = self._body(response.raw)
        except (requests.exceptions.RequestException, HTTPError, OSError, ValueError) as error:
            self._limits.check(settings.deadline_s)
            raise failure_of(error, settings.timeout_s) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower() or "application/octet-stream"
        return Raw(response.status_code, self._recorded(headers), body, media_type, self._redactions), response.raw

    def _body(self, raw: HTTPResponse) -> bytes:
        """The whole body, unpacked.

        Raises:
            Failure: it is too large, or the deadline is over before its end.
        """
        pieces, size = [], 0
        try:
            # As much as has come, not as much as was asked for: a source that drips would never let us look up.
            while piece := raw.read1(_READ_BYTES, decode_content=True):
                pieces.append(piece)
                size += len(piece)
                self._check_size(size)
                self._limits.check(self._settings.deadline_s)
        except BaseException:
            raw.close()
            raise
        raw.release_conn()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _check_size(self, size: int) -> None:
        most = self._settings.max_answer_mb
        if size > most << 20:
            raise Failure(GapReason.TRUNCATED, f"the answer is larger than {most} MB (max_answer_mb)")

    def _recorded(self, headers: Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in headers.items() if name in _HEADERS or name.startswith(_HEADER_PREFIX)}
        if "location" in kept:
            kept["location"] = clean_url(kept["location"], self._recorder.secrets)
        return dict(sorted(kept.items()))

    def _response(
        self, request: requests.PreparedRequest, answer: Answer, raw: HTTPResponse | None
    ) -> requests.Response:
        original = raw or HTTPResponse(b"", answer.headers, answer.status, preload_content=False)
        return RecordedResponse(self.build_response(request, original), answer)


class RecordedResponse(requests.Response):
    """A response with what was recorded of it in the place of what came.

    Attributes:
        answer: what was recorded.
    """

    def __init__(self, built: requests.Response, answer: Answer) -> None:
        super().__init__()
        self.__dict__.update(built.__dict__)
        self.answer = answer
        self.headers = CaseInsensitiveDict(answer.headers)
        self.encoding = requests.utils.get_encoding_from_headers(self.headers)
        self._content = answer.body
        self._content_consumed = True


def _authorization(settings: LiveSettings) -> str | None:
    """The header that says who asks; None: nobody in particular."""
    if settings.token is not None:
        return f"Bearer {settings.token.get_secret_value()}"
    user, password = user_information(settings.url)
    if settings.username is not None:
        user, password = settings.username, settings.password.get_secret_value() if settings.password else ""
    return f"Basic {basic(user, password)}" if user or password else None


def _trusted(ca_file: Path | None) -> str | bool | Failure:
    """The certificates to trust: those of the file, else the system's, else those that requests brings along.

    Returns:
        A path, True for those of requests, or why the file cannot be used.
    """
    if ca_file is None:
        system = ssl.get_default_verify_paths().cafile
        return system if system and Path(system).is_file() else True
    try:
        ssl.create_default_context(cafile=str(ca_file))
    except OSError as error:  # an SSLError is one
        words = "it cannot be read" if error.strerror and not isinstance(error, ssl.SSLError) else "no certificates"
        return Failure(GapReason.UNREACHABLE, f"the certificates of ca_file cannot be used ({words}: {ca_file.name})")
    return str(ca_file)
