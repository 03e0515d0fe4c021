"""Makes personal data unreadable before anything else sees it, and the same for the same person.

Only JSON can be redacted by the names of its members. A body that is to be redacted and is no JSON is not kept: a
short text with its size and its keyed hash takes its place, which no reader takes for an answer.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from auditor.canonical import JsonValue
from auditor.fetch import Redaction

_PSEUDONYM = re.compile(r"p-[0-9a-f]{16}")
_PAGE_STARTS = (b"<!doctype", b"<html")


class Keyed:
    """Pseudonyms and hashes that nobody can make, or look up by trying names, without the key.

    Args:
        key: 32 random bytes (`auditor.collect.key`).
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[str, str] = {}

    def pseudonym(self, identity: str) -> str:
        """`p-` and 16 hexadecimal digits, the same for one identity in any letter case; a pseudonym stays as it is."""
        known = self._known.get(identity)
        if known is None:
            plain = unicodedata.normalize("NFC", identity).strip().casefold()
            known = plain if _PSEUDONYM.fullmatch(plain) else f"p-{self._digest(b'person', plain.encode())[:16]}"
            self._known[identity] = known
        return known

    def hash(self, data: bytes) -> str:
        """Keyed SHA-256 of bytes that are not kept: proves them to who has both the bytes and the key."""
        return self._digest(b"payload", data)

    def _digest(self, purpose: bytes, data: bytes) -> str:
        # The purpose stands in the message, so that a hash for one purpose is worth nothing for another.
        return hmac.digest(self._key, purpose + b"\0" + data, "sha256").hex()


@dataclass(frozen=True, slots=True)
class Redacted:
    """A body as it is kept.

    Attributes:
        facts: what the envelope says about it; empty where it is the original.
        is_stub: whether it is a text that stands for a body that could not be redacted.
    """

    body: bytes
    facts: dict[str, JsonValue]
    is_stub: bool = False


def redact_json(body: bytes, redactions: Sequence[Redaction], keyed: Keyed) -> Redacted:
    """The body without what is not to be kept; its own bytes where there is nothing of that kind in it.

    A member's text is treated, and everything below a member that is a list or a map; numbers are treated as their
    text; true, false and null stay. Names of members are compared as they are, letter case included.
    """
    treatments = _treatments(redactions)
    if not treatments or not body:
        return Redacted(body, {})
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _stub(body, "a web page" if body.lstrip()[:9].lower().startswith(_PAGE_STARTS) else "no JSON", keyed)
    if not _Walk(treatments, keyed).redact(document):
        return Redacted(body, {})
    try:
        changed = orjson.dumps(document)
    except TypeError:  # all that can be wrong with what was just parsed
        return _stub(body, "nested too deeply", keyed)
    return Redacted(changed, {"redacted": True, "original_hmac_sha256": keyed.hash(body)})


def _stub(body: bytes, what: str, keyed: Keyed) -> Redacted:
    digest = keyed.hash(body)
    text = f"not kept: {len(body)} bytes that are {what} and so cannot be redacted (keyed hash {digest})"
    return Redacted(text.encode(), {"redacted": True, "original_hmac_sha256": digest}, is_stub=True)


def _treatments(redactions: Iterable[Redaction]) -> dict[Any, str]:
    """Treatment by name of member; a name that has both is a person, whose rows can still be joined."""
    treatments: dict[Any, str] = {}
    for redaction in redactions:
        for name in redaction.names:
            if treatments.get(name) != "person":
                treatments[name] = redaction.treatment
    return treatments


class _Walk:
    """One walk through a document, with a stack of its own: answers may be nested deeper than Python recurses."""

    def __init__(self, treatments: dict[Any, str], keyed: Keyed) -> None:
        self._treatments = treatments
        self._keyed = keyed
        self._changed = False

    def redact(self, document: Any) -> bool:
        """Redact in place; whether anything was redacted."""
        waiting: list[tuple[Any, str | None]] = [(document, None)]
        while waiting:
            place, treatment = waiting.pop()
            entries: Iterable[tuple[Any, Any]]
            entries = place.items() if isinstance(place, dict) else enumerate(place) if isinstance(place, list) else ()
            for name, value in entries:
                # Inside a member that is treated everything is, in the way of the outermost.
                own = treatment or self._treatments.get(name)
                if isinstance(value, dict | list):
                    waiting.append((value, own))
                elif own is not None and value is not None and not isinstance(value, bool) and value != "":
                    place[name] = self._treated(value, own)
        return self._changed

    def _treated(self, value: Any, treatment: str) -> str:
        self._changed = True
        text = value if isinstance(value, str) else str(value)
        return self._keyed.pseudonym(text) if treatment == "person" else f"<{len(text)} characters>"
