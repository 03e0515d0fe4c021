"""Names of services, parties and other rows in text: exact ids, names and aliases; near names only as inferred."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from auditor.canonical import JsonValue
from auditor.model.evidence import Row

VERSION = "services 1"
"""Raised whenever the same text gives other names."""

How = Literal["parsed", "inferred"]

_WORD = re.compile(r"[^\W_]+")
_GENERIC = frozenset({"service", "services", "system", "platform", "app", "application", "portal", "the", "it"})
"""Words that a name may have or lack while it still means the same, in all likelihood."""
_MIN_CHARS = 3
_MAX_WORDS = 12


@dataclass(frozen=True, slots=True)
class Mention:
    """One row that a text names.

    Attributes:
        row_id: its id.
        how: `parsed`: by its id, name or alias; `inferred`: by something near to one, or by a name that several share.
        start, end: place in the text.
    """

    row_id: str
    how: How
    start: int
    end: int


@dataclass(slots=True)
class Names:
    """Finds the names of rows in text, whatever their letter case and punctuation; the longest name wins.

    The time is linear in the text: a name has at most 12 words, longer ones are never found.
    """

    _phrases: dict[tuple[str, ...], dict[str, How]] = field(default_factory=dict)
    _longest: int = 1

    def add(self, row_id: str, names: Iterable[str]) -> None:
        """Add a row with its id and all its names."""
        for name in (row_id, *names):
            words = _words(name)
            if not words or len("".join(words)) < _MIN_CHARS or len(words) > _MAX_WORDS:
                continue
            self._put(words, row_id, "parsed")
            bare = tuple(word for word in words if word not in _GENERIC)
            if bare != words and len("".join(bare)) > _MIN_CHARS:
                self._put(bare, row_id, "inferred")

    def _put(self, words: tuple[str, ...], row_id: str, how: How) -> None:
        rows = self._phrases.setdefault(words, {})
        if rows.get(row_id) != "parsed":
            rows[row_id] = how
        self._longest = max(self._longest, len(words))

    def find(self, text: str) -> list[Mention]:
        """Every mention, in order of place; none lies inside another."""
        spans = [(match[0].casefold(), match.start(), match.end()) for match in _WORD.finditer(text)]
        found: list[Mention] = []
        index = 0
        while index < len(spans):
            for size in range(min(self._longest, len(spans) - index), 0, -1):
                rows = self._phrases.get(tuple(span[0] for span in spans[index : index + size]))
                if rows:
                    found += _mentions(rows, spans[index][1], spans[index + size - 1][2])
                    index += size - 1
                    break
            index += 1
        return found

    def exact(self, text: str) -> str | None:
        """The one row whose id, name or alias a text is as a whole; None where there is none, or several."""
        rows = self._phrases.get(_words(text), {})
        named = [row_id for row_id, how in rows.items() if how == "parsed"]
        return named[0] if len(named) == 1 else None


class ServiceNames:
    """The names that services go by."""

    def __init__(self, services: Iterable[Row], aliases: Mapping[str, Sequence[str]] | None = None) -> None:
        """Take in the services.

        Args:
            services: rows of stream `service`.
            aliases: more names by service id.
        """
        self._names = Names()
        self._ids: list[str] = []
        for row in services:
            service_id, name = row.values["service_id"], row.values["name"]
            if isinstance(service_id, str):
                more = aliases.get(service_id, ()) if aliases else ()
                self._names.add(service_id, (*texts(name), *texts(row.values["aliases"]), *more))
                self._ids.append(service_id)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all services, in the order given."""
        return tuple(dict.fromkeys(self._ids))

    def find(self, text: str) -> list[Mention]:
        """Every mention of a service in a text, in order of place."""
        return self._names.find(text)

    def exact(self, text: str) -> str | None:
        """The one service whose id, name or alias a text is as a whole; None where there is none, or several."""
        return self._names.exact(text)


def texts(value: JsonValue) -> tuple[str, ...]:
    """The texts of a field that holds a text, a list of texts, or null."""
    if isinstance(value, str):
        return (value,)
    return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list | tuple) else ()


def service_hints(facts: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Which known services names stand for; the hint kind `services`.

    Args:
        facts: `names` (texts as a tool gives them), `known` (service ids), `aliases` (service id -> texts).

    Returns:
        `services`: name -> service id; names that stand for none, or for several, are absent.
    """
    known = Names()
    aliases = facts.get("aliases")
    for service_id in texts(facts.get("known")):
        more = texts(aliases.get(service_id)) if isinstance(aliases, Mapping) else ()
        known.add(service_id, more)
    found: dict[str, JsonValue] = {}
    for name in texts(facts.get("names")):
        if match := known.exact(name):
            found[name] = match
    return {"services": found}


def _words(text: str) -> tuple[str, ...]:
    return tuple(match[0].casefold() for match in _WORD.finditer(text))


def _mentions(rows: Mapping[str, How], start: int, end: int) -> Iterator[Mention]:
    named = [row_id for row_id, how in rows.items() if how == "parsed"]
    if len(named) == 1:
        yield Mention(named[0], "parsed", start, end)
        return
    for row_id in named or rows:
        yield Mention(row_id, "inferred", start, end)
