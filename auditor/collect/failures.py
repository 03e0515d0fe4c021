"""Why a source did not give an answer: from what the libraries raise and what the source says to a closed reason."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import orjson
import requests
from urllib3 import exceptions as urllib3

from auditor.fetch import Answer, Refused
from auditor.model.evidence import GapReason

RETRIED = frozenset({429, 502, 503, 504})
"""Statuses that are tried again."""

_SHOWN_CHARS = 200
_MEMBERS = ("error", "message", "errorMessages", "detail", "error_description", "title", "errors", "reason")
_BY_STATUS = {
    401: GapReason.UNAUTHORISED,
    403: GapReason.FORBIDDEN,
    407: GapReason.UNAUTHORISED,
    429: GapReason.RATE_LIMITED,
    501: GapReason.NOT_SUPPORTED,
}
_IN_WORDS = {
    GapReason.UNAUTHORISED: "the source does not accept the credentials",
    GapReason.FORBIDDEN: "the credentials do not permit this",
    GapReason.NOT_SUPPORTED: "the source does not support this request",
    GapReason.RATE_LIMITED: "the source asks to be asked less often",
    GapReason.SERVER_ERROR: "the source failed",
    GapReason.MALFORMED: "the source redirects to no address",
}


# The first row of which a kind stands in the chain of an error says what happened.
_KINDS: tuple[tuple[tuple[type[BaseException], ...], GapReason, str, bool], ...] = (
    (
        (urllib3.IncompleteRead, urllib3.InvalidChunkLength, http.client.IncompleteRead),
        GapReason.TRUNCATED,
        "the answer broke off before its end",
        True,
    ),
    ((urllib3.DecodeError,), GapReason.MALFORMED, "the answer cannot be decompressed", False),
    (
        (socket.gaierror, urllib3.NameResolutionError),
        GapReason.UNREACHABLE,
        "the name of the host is not known",
        True,
    ),
    ((ConnectionRefusedError,), GapReason.UNREACHABLE, "the connection was refused: nothing listens there", True),
    ((ConnectionError,), GapReason.UNREACHABLE, "the connection was lost before an answer came", True),
    ((http.client.HTTPException,), GapReason.UNREACHABLE, "what answers there does not speak HTTP", False),
    (
        (ValueError, requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader, urllib3.LocationValueError),
        GapReason.NOT_CONFIGURED,
        "no request can be made of the configured address or credentials",
        False,
    ),
)


class Failure(Exception):
    """An exchange without an answer.

    Attributes:
        reason: the closed reason.
        detail: one sentence for a person, without secrets.
        is_transient: whether trying again may help.
    """

    def __init__(self, reason: GapReason, detail: str, *, is_transient: bool = False) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.is_transient = is_transient


class RefusedRequest(Refused, requests.exceptions.ConnectionError):
    """A refusal on its way through a client library, which knows the errors of requests only."""

    def __init__(self, reason: GapReason, detail: str, *, place: str | None) -> None:
        Refused.__init__(self, reason, detail, place=place)
        self.request = None
        self.response = None


def failure_of(error: Exception, timeout_s: float) -> Failure:
    """The failure behind an error of requests or urllib3; never their own words, which may hold credentials."""
    chain = tuple(_chain(error))
    # To urllib3 a connection that cannot be made at all is a kind of time-out, and so it becomes one of requests.
    lost = _has(chain, urllib3.NewConnectionError) and not _has(chain, TimeoutError)
    if not lost and _has(chain, requests.exceptions.Timeout, urllib3.TimeoutError, TimeoutError):
        return Failure(GapReason.TIMED_OUT, f"no answer within {timeout_s:g} s (timeout_s)")
    if _has(chain, ssl.SSLError, urllib3.SSLError, requests.exceptions.SSLError):
        return Failure(GapReason.UNREACHABLE, _tls_detail(chain))
    if _has(chain, requests.exceptions.ProxyError, urllib3.ProxyError):
        return _proxy_failure(chain)
    for kinds, reason, detail, is_transient in _KINDS:
        if _has(chain, *kinds):
            return Failure(reason, detail, is_transient=is_transient)
    return Failure(GapReason.UNREACHABLE, f"the connection failed{_system_words(chain)}", is_transient=True)


def refusal(answer: Answer) -> Refused:
    """The refusal that an answer with a status of 300 and above amounts to, with the source's own short words."""
    status = answer.status
    by_class = (GapReason.MALFORMED, GapReason.NOT_SUPPORTED, GapReason.SERVER_ERROR)[max(3, min(5, status // 100)) - 3]
    reason = _BY_STATUS.get(status, by_class)
    said = said_in(answer.body)
    detail = f"{_IN_WORDS[reason]}: HTTP {status}{f', {said!r}' if said else ''}"
    return Refused(reason, detail, place=answer.place, status=status, answer=answer)


def said_in(body: bytes) -> str:
    """The message in the body of an error, shortened to one line; empty where there is none."""
    try:
        found = _message(orjson.loads(body))
    except orjson.JSONDecodeError:
        start = body[: 4 * _SHOWN_CHARS].decode("utf-8", "replace").strip()
        found = "a web page" if start.lower().startswith(("<!doctype", "<html")) else start.split("\n", 1)[0]
    line = " ".join(found.split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[: _SHOWN_CHARS - 1]}…"


def _message(document: Any) -> str:
    """The first text under a member that errors use; nested at most four deep."""
    for _ in range(4):
        if isinstance(document, list):
            document = document[0] if document else None
        elif isinstance(document, dict):
            document = next((document[name] for name in _MEMBERS if document.get(name)), None)
    return document if isinstance(document, str) else ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and everything it was made of: causes, contexts, and what urllib3 and requests wrap as arguments."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]


def _has(chain: tuple[BaseException, ...], *kinds: type[BaseException]) -> bool:
    return any(isinstance(one, kinds) for one in chain)


def _tls_detail(chain: tuple[BaseException, ...]) -> str:
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            return (
                f"the certificate is not trusted ({one.verify_message}); "
                "if the host is the right one, name the certificate of its authority as ca_file"
            )
    reasons = (one.reason for one in chain if isinstance(one, ssl.SSLError) and isinstance(one.reason, str))
    said = next(reasons, "no secure connection")
    return f"no secure connection can be made ({said.lower().replace('_', ' ')}); https may be the wrong scheme here"


def _proxy_failure(chain: tuple[BaseException, ...]) -> Failure:
    refused = any("Tunnel connection failed" in str(one) for one in chain if isinstance(one, OSError))
    detail = "the proxy refuses the connection" if refused else "the proxy cannot be reached"
    return Failure(GapReason.UNREACHABLE, f"{detail} (proxy)", is_transient=not refused)


def _system_words(chain: tuple[BaseException, ...]) -> str:
    words = next((one.strerror for one in chain if isinstance(one, OSError) and one.strerror), None)
    return f" ({words})" if words else ""
