"""Takes the secrets of a source out of everything that is kept or shown, wherever the source repeats them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, unquote, urlsplit

from pydantic import BaseModel, SecretStr

HIDDEN = "***"
"""What stands in the place of a secret."""

_SHORTEST = 4
"""Characters; a shorter value cannot be told from data (chosen), and hides nothing anyway."""


class Secrets:
    """The secret values of one source.

    Args:
        values: secrets as they were configured.
        pairs: user name and password of basic authentication; their Base64 form is a secret as well.
    """

    def __init__(self, values: Iterable[str], pairs: Iterable[tuple[str, str]] = ()) -> None:
        known = {value for value in values if len(value) >= _SHORTEST}
        coded = {basic(user, password).rstrip("=") for user, password in pairs if password}
        spelt = known | coded | {form for value in known for form in _json_forms(value)}
        self._bodies = sorted((form.encode() for form in spelt), key=len, reverse=True)
        quoted = {form for value in spelt for form in (quote(value, safe=""), quote(value), quote_plus(value))}
        self._texts = sorted(spelt | quoted, key=len, reverse=True)

    @classmethod
    def of(cls, *settings: BaseModel) -> Secrets:
        """Every secret that stands in settings: in fields that are secrets, and as user information in addresses."""
        values: list[str] = []
        pairs: list[tuple[str, str]] = []
        for one in settings:
            values += _secret_fields(one)
            for name in ("url", "proxy"):
                user, password = user_information(str(getattr(one, name, None) or ""))
                values.append(password)
                pairs.append((user, password))
            hidden = getattr(one, "password", None)
            if isinstance(hidden, SecretStr):
                pairs.append((getattr(one, "username", None) or "", hidden.get_secret_value()))
        return cls(values, pairs)

    def text(self, text: str) -> str:
        """The text without secrets, in whatever form an address or a JSON text would have them."""
        for form in self._texts:
            if form in text:
                text = text.replace(form, HIDDEN)
        return text

    def data(self, data: bytes) -> tuple[bytes, int]:
        """The bytes without secrets, and how many were taken out."""
        count = 0
        for form in self._bodies:
            found = data.count(form)
            if found:
                count += found
                data = data.replace(form, HIDDEN.encode())
        return data, count


def basic(user: str, password: str) -> str:
    """What basic authentication sends: the pair in Base64."""
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def user_information(url: str) -> tuple[str, str]:
    """User name and password that stand in an address; empty where there are none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return unquote(parts.username or ""), unquote(parts.password or "")


def _secret_fields(settings: BaseModel) -> Iterator[str]:
    for name in type(settings).model_fields:
        yield from _secrets_in(getattr(settings, name, None))


def _secrets_in(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        yield from _secret_fields(value)
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _secrets_in(entry)
    elif isinstance(value, list | tuple | set | frozenset):
        for entry in value:
            yield from _secrets_in(entry)


def _json_forms(value: str) -> tuple[str, str]:
    return json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]
