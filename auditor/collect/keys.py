"""Which rows a pull has seen: finds duplicate keys and ids that name no row, in bounded memory.

Keys are remembered as 8 bytes of their BLAKE2b hash (two of a million keys are taken for one with a probability of
3e-8), so that a million rows cost about 100 MB and no text.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

from auditor.canonical import JsonValue
from auditor.model.evidence import encode_part
from auditor.model.streams import StreamDef

_TEXTS_KEPT = 1000
# Fields that may hold a text instead of an id, so that a value without a row is no fault.
_ID_OR_TEXT = frozenset({("kpi", "target"), ("forecast", "action_ref"), ("agreement", "last_review_ref")})


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


@lru_cache(maxsize=1 << 16)
def _id_digest(text: str) -> int:
    """Digest of the key of a row with an id of its own; cached because many rows refer to one."""
    return _digest(encode_part(text))


class PlaceLog:
    """Places by number; a `file:line` costs 12 bytes, any other place its text once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._texts: list[str] = []
        self._text_of = array("I")
        self._line_of = array("Q")

    def add(self, place: str) -> None:
        """Append a place."""
        text, colon, line = place.rpartition(":")
        if not (colon and line.isascii() and line.isdecimal() and not line.startswith("0") and len(line) < 19):
            text, line = place, "0"
        number = self._numbers.setdefault(text, len(self._texts))
        if number == len(self._texts):
            self._texts.append(text)
        self._text_of.append(number)
        self._line_of.append(int(line))

    def __getitem__(self, number: int) -> str:
        text, line = self._texts[self._text_of[number]], self._line_of[number]
        return f"{text}:{line}" if line else text


@dataclass(slots=True)
class _KeyLog:
    """The keys of one stream in one source, with the place of each."""

    numbers: dict[int, int] = field(default_factory=dict)
    places: PlaceLog = field(default_factory=PlaceLog)

    def add(self, digest: int, place: str) -> str | None:
        """None for a new key, else the place it was first seen at."""
        number = self.numbers.get(digest)
        if number is not None:
            return self.places[number]
        self.numbers[digest] = len(self.numbers)
        self.places.add(place)
        return None


@dataclass(frozen=True, slots=True)
class Dangling:
    """An id that names no row: where it stands first, and the id itself unless there were too many to keep."""

    source_id: str
    stream: str
    field: str
    refers_to: tuple[str, ...]
    place: str
    value: str | None


@dataclass(slots=True)
class _Unresolved:
    """Ids of one field that named no row when they were seen; the row may come later."""

    refers_to: tuple[str, ...]
    log: _KeyLog = field(default_factory=_KeyLog)
    texts: dict[int, str] = field(default_factory=dict)

    def add(self, digest: int, text: str, place: str, *, keep_text: bool) -> None:
        if self.log.add(digest, place) is None and (keep_text or len(self.texts) < _TEXTS_KEPT):
            self.texts[digest] = text


class SeenKeys:
    """The keys of every stream and source of one pull.

    Args:
        streams: every stream of the model by name.
    """

    def __init__(self, streams: Mapping[str, StreamDef]) -> None:
        self._streams = streams
        self._logs: dict[str, dict[str, _KeyLog]] = {}
        self._alerts: set[int] = set()
        self._unresolved: dict[tuple[str, str, str], _Unresolved] = {}
        self._references = {
            name: tuple((entry.name, entry.info.refers_to) for entry in stream.fields if entry.info.refers_to)
            for name, stream in streams.items()
        }

    def add(self, stream: str, source_id: str, key: str, place: str) -> str | None:
        """Remember a row's key; where the source gave it before, the place of the first row with it."""
        logs = self._logs.setdefault(stream, {})
        if source_id not in logs:
            logs[source_id] = _KeyLog()
        return logs[source_id].add(_digest(key), place)

    def note_references(
        self, stream: str, source_id: str, values: Mapping[str, JsonValue], place: str, answered: Collection[str]
    ) -> None:
        """Look up the ids that a checked row holds, and remember those that name no row yet.

        Args:
            answered: streams that some source of the pull answers for; an id that may name a row of another stream
                is not looked up, since nobody could have given the row.
        """
        if stream == "alert_event":
            self._alerts.add(_digest(f"{values['rule_id']}@{values['start']}"))
        for name, refers_to in self._references[stream]:
            if (stream, name) in _ID_OR_TEXT or not all(referred in answered for referred in refers_to):
                continue
            for text in _ids(values[name]):
                digest = _id_digest(text)
                if not self._names_row(refers_to, digest, text):
                    unresolved = self._unresolved.setdefault((source_id, stream, name), _Unresolved(refers_to))
                    unresolved.add(digest, text, place, keep_text="@" in text or "/" in text)

    def dangling(self) -> Iterator[Dangling]:
        """The ids that still name no row, each once per source, stream and field; after the last record."""
        for (source_id, stream, name), unresolved in self._unresolved.items():
            for digest, number in unresolved.log.numbers.items():
                text = unresolved.texts.get(digest)
                if not self._names_row(unresolved.refers_to, digest, text):
                    place = unresolved.log.places[number]
                    yield Dangling(source_id, stream, name, unresolved.refers_to, place, text)

    def _names_row(self, refers_to: tuple[str, ...], digest: int, text: str | None) -> bool:
        for stream in refers_to:
            logs = self._logs.get(stream, {}).values()
            if len(self._streams[stream].key) == 1:
                if any(digest in log.numbers for log in logs):
                    return True
            elif text is not None:
                if stream == "alert_event" and _digest(text) in self._alerts:
                    return True
                composite = _composite_key(stream, text)
                if composite is not None and any(composite in log.numbers for log in logs):
                    return True
        return False


def _ids(value: JsonValue) -> Sequence[str]:
    """The ids in a value: itself, the entries of a list, the keys of a map."""
    if isinstance(value, str):
        return (value,)
    return [str(entry) for entry in value] if isinstance(value, list | Mapping) else ()


def _composite_key(stream: str, text: str) -> int | None:
    """Digest of the key that a reference to a row without an id of its own stands for (forms of the model)."""
    if stream in ("document_revision", "report_delivery"):
        parts: tuple[str, ...] = text.rpartition("@")[::2]
    elif stream == "sla_cycle":
        ticket, _, rest = text.partition("/")
        metric, _, cycle = rest.rpartition("/")
        parts = (ticket, metric, cycle)
    else:
        return None
    return _digest("/".join(encode_part(part) for part in parts)) if all(parts) else None
