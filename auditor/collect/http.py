"""Recorded requests to one live source."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests

from auditor import __version__
from auditor.api import LiveSettings
from auditor.canonical import JsonValue
from auditor.collect.asks import clean_url, origin_of
from auditor.collect.failures import RefusedRequest, refusal
from auditor.collect.limits import Limits
from auditor.collect.recorder import Recorder
from auditor.collect.transport import RecordedResponse, RecordingAdapter
from auditor.fetch import Answer, Redaction, Refused
from auditor.model.evidence import GapReason

_MAX_REDIRECTS = 10
_NO_ANSWERS_FROM = 300
_NOT_MODIFIED = 304


class RecordedSession(requests.Session):
    """A session whose every request goes through one adapter, whatever a client library mounts on it."""

    def __init__(self, adapter: RecordingAdapter) -> None:
        super().__init__()
        self.trust_env = False
        self.max_redirects = _MAX_REDIRECTS
        self.headers["User-Agent"] = f"slm-auditor/{__version__}"
        self._recording = adapter

    def get_adapter(self, url: str | bytes) -> RecordingAdapter:
        """The adapter that records."""
        return self._recording

    def close(self) -> None:
        """Close every connection."""
        super().close()
        self._recording.close()


class SourceHttp:
    """The `Http` of one source.

    Args:
        settings: address, credentials and limits.
        recorder: keeps what the source answers.
        limits: of the pull.
        redactions: what is not to be kept as it is.
    """

    def __init__(
        self, settings: LiveSettings, recorder: Recorder, limits: Limits, redactions: Sequence[Redaction]
    ) -> None:
        self._url = settings.url
        self._secrets = recorder.secrets
        self._session = RecordedSession(RecordingAdapter(settings, recorder, limits, redactions))

    @property
    def session(self) -> requests.Session:
        """See `Http.session`."""
        return self._session

    def get(
        self,
        path: str,
        params: Mapping[str, str | list[str]] | None = None,
        *,
        allow: Collection[int] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """See `Http.get`."""
        return self._answer("GET", path, allow, params=params, headers=headers)

    def post(
        self,
        path: str,
        *,
        form: Mapping[str, str | list[str]] | None = None,
        json: JsonValue = None,
        allow: Collection[int] = (),
    ) -> Answer:
        """See `Http.post`."""
        if json is None:
            return self._answer("POST", path, allow, data=form)
        headers = {"Content-Type": "application/json"}
        return self._answer("POST", path, allow, data=orjson.dumps(json), headers=headers)

    def answer_of(self, response: Any) -> Answer:
        """See `Http.answer_of`.

        Raises:
            TypeError: the response did not come through the session.
        """
        if not isinstance(response, RecordedResponse):
            raise TypeError("the response did not come through the session of the source")
        return response.answer

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def _answer(self, method: str, path: str, allow: Collection[int], **more: Any) -> Answer:
        url = self._full_url(path)
        place = clean_url(url, self._secrets)
        try:
            response = self._session.request(method, url, **more)
        except RefusedRequest as error:
            # Not as it is: it is an OSError too, which a collector that reads files may take for its own.
            raise Refused(error.reason, error.detail, place=error.place) from None
        except requests.exceptions.TooManyRedirects:
            words = f"the source redirects more than {_MAX_REDIRECTS} times"
            raise Refused(GapReason.UNREACHABLE, words, place=place) from None
        except (requests.exceptions.RequestException, ValueError):
            words = "no request can be made of this address"
            raise Refused(GapReason.NOT_CONFIGURED, words, place=place) from None
        answer = self.answer_of(response)
        if answer.status >= _NO_ANSWERS_FROM and answer.status not in {_NOT_MODIFIED, *allow}:
            raise refusal(answer)
        return answer

    def _full_url(self, path: str) -> str:
        """The address of a path below the source's, or a full one of the same host, without user information.

        Raises:
            Refused: the source's address is none, or the path leads to another host.
        """
        try:
            own, parts = origin_of(self._url), urlsplit(self._url)
        except ValueError:
            words = "the configured url is no http or https address"
            raise Refused(GapReason.NOT_CONFIGURED, words, place=clean_url(self._url, self._secrets)) from None
        if not path.startswith(("http://", "https://")):
            base = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
            return f"{base.rstrip('/')}/{path.lstrip('/')}"
        try:
            is_own = origin_of(path) == own
        except ValueError:
            is_own = False
        if not is_own:
            words = "the source names an address of another host, which is not asked"
            raise Refused(GapReason.NOT_SUPPORTED, words, place=clean_url(path, self._secrets))
        return path
