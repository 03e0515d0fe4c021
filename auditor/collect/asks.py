"""What an HTTP request is recorded as: method, address, parameters and the hash of its body, without credentials."""

from __future__ import annotations

from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

import requests

from auditor.canonical import JsonValue, sha256_hex
from auditor.collect.exchanges import Ask
from auditor.collect.scrub import HIDDEN, Secrets

_SHOWN_BODY_BYTES = 4096
_PORTS = {"http": 80, "https": 443}
# Parameters that carry credentials in systems that take them in the address; a source may send us such an address.
_CREDENTIALS = frozenset(
    {"access_token", "api_key", "apikey", "client_secret", "id_token", "passwd", "password", "private_token"}
    | {"refresh_token", "secret", "sig", "signature", "token", "x-amz-signature", "x-amz-security-token"}
    # What log-in pages and single sign-on hand around in redirects; names that sources ask with too are not here.
    | {"assertion", "jwt", "relaystate", "samlrequest", "samlresponse", "sid", "tok"}
)


def ask_of(request: requests.PreparedRequest, secrets: Secrets) -> Ask:
    """What a request asks.

    Raises:
        ValueError: its address is none.
    """
    parts = urlsplit(request.url or "")
    pairs = _query(parts, secrets)
    url = secrets.text(f"{parts.scheme}://{_host(parts)}{parts.path}")
    facts: dict[str, JsonValue] = {"method": request.method or "GET", "url": url, "params": _grouped(pairs)}
    body = request.body.encode() if isinstance(request.body, str) else request.body
    if isinstance(body, bytes) and body:
        facts["body_sha256"] = sha256_hex(body)
        if len(body) <= _SHOWN_BODY_BYTES:
            # A long query goes as a form: without it nobody could read in the evidence what was asked.
            facts["body"] = secrets.text(body.decode("utf-8", "replace"))
    return Ask(facts, url + (f"?{urlencode(pairs)}" if pairs else ""))


def clean_url(url: str, secrets: Secrets) -> str:
    """An address, perhaps a relative one, without credentials."""
    try:
        parts = urlsplit(url)
        pairs, host = _query(parts, secrets), _host(parts)
    except ValueError:
        return ""
    query = parts.query if all(value != HIDDEN for _, value in pairs) else urlencode(pairs)
    return secrets.text(parts._replace(netloc=host, query=query).geturl())


def origin_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what credentials are meant for.

    Raises:
        ValueError: it is no http or https address.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("no http or https address")
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def _query(parts: SplitResult, secrets: Secrets) -> list[tuple[str, str]]:
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    return [(name, HIDDEN if name.lower() in _CREDENTIALS else secrets.text(value)) for name, value in pairs]


def _grouped(pairs: list[tuple[str, str]]) -> dict[str, JsonValue]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: several[0] if len(several) == 1 else several for name, several in values.items()}


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]
