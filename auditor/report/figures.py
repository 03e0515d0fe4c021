"""Pieces of the HTML report that carry numbers, anchors and links.

A number is a `<data>` element: `value` is the exact number of the assessment and `data-at` the JSON pointer to it, so
that a reader, or a program, can compare what is printed with the document it was printed from.
"""

from __future__ import annotations

import json
import re
from urllib.parse import unquote, urlsplit

from markupsafe import Markup, escape

from auditor.canonical import JsonValue, canonical_bytes, canonical_sha256
from auditor.report.text import clip, number, one_line, percent, quantity, visible

VALUE_LIMIT = 2000
"""Characters of a field's value and of an excerpt that the page shows; the whole is in the payload."""

_SAFE_PART = re.compile(r"[A-Za-z0-9._-]{1,40}")


def anchor(kind: str, *parts: str | int) -> str:
    """Id of an element; parts that are not plain and short are replaced by a hash of them."""
    plain = (
        text if _SAFE_PART.fullmatch(text) else canonical_sha256(text.encode("utf-8", "replace").decode())[:16]
        for text in map(str, parts)
    )
    return "-".join((kind, *plain))


def record_anchor(ref: str) -> str:
    """Id of a record, the same in every report."""
    return f"rec-{canonical_sha256(ref.encode('utf-8', 'replace').decode())[:16]}"


def pointer(*parts: str | int) -> str:
    """JSON pointer into the assessment document."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def figure(value: float, at: str, unit: str = "") -> Markup:
    """A number of the assessment with its unit (shares in percent), its exact value, and its place."""
    return _data(value, at, quantity(value, unit) if unit else number(value))


def bare_percent(share: float, at: str) -> Markup:
    """A share of the assessment in percent without the sign, for ranges."""
    return _data(share, at, percent(share))


def _data(value: float, at: str, text: str) -> Markup:
    exact = canonical_bytes(value).decode()
    return Markup('<data value="{}" data-at="{}">{}</data>').format(exact, visible(at), visible(text))


def body_text(text: str, limit: int = VALUE_LIMIT) -> Markup:
    """Text of an element (never of an attribute): escaped but for quotation marks, which JSON is full of."""
    escaped = str(escape(visible(clip(text, limit))))
    return Markup(escaped.replace("&#34;", '"').replace("&#39;", "'"))  # noqa: S704 - escaped on the line above


def value_text(value: JsonValue) -> str:
    """A field's value: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=list)


def key_label(key: str) -> str:
    """A record's key for people: its parts decoded, midnights as dates."""
    parts = (unquote(part).replace("T00:00:00Z", "") for part in key.split("/"))
    return one_line(" / ".join(part for part in parts if part))


def web_link(url: str | None) -> str | None:
    """The address if a browser may follow it: http or https with a host, and no character that hides another."""
    if url is None or url != visible(url) or any(char.isspace() for char in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.hostname else None
