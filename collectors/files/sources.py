"""The head and the `sources:` of a manifest or a mapping: what was pulled from where, and how complete it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from auditor.api import STREAMS, EvidenceError, JsonValue, SourceRun, YamlDocument, check_row, load_yaml

FORMAT = 1
"""Format of manifests and mappings that this version reads."""

FIRST_YEAR = 1970
"""Oldest year that can be audited (chosen): windows reach back from the audit instant, and calendars end at year 1."""

EVIDENCE_STREAMS = tuple(name for name in STREAMS if name != "source_run")
"""Streams that a folder can hold as files, in the order in which they are read."""

_RUN = STREAMS["source_run"]


class Faults:
    """Everything that is wrong with one document, reported at once."""

    def __init__(self, document: YamlDocument, noun: str) -> None:
        self.document = document
        self._noun = noun
        self._found: list[tuple[int, str]] = []

    def add(self, at: tuple[str | int, ...], what: str) -> None:
        """Note a fault at a path inside the document."""
        self._found.append((self.document.line(at), what))

    def unknown_keys(self, at: tuple[str | int, ...], given: Mapping[str, Any], known: Collection[str]) -> None:
        """Note every key that has no meaning."""
        for name in given:
            if name not in known:
                self.add((*at, name), f"there is no key {name!r}; known are {', '.join(known)}")

    def raise_if_any(self) -> None:
        """Refuse the document when a fault was noted.

        Raises:
            EvidenceError: with every fault and its line.
        """
        if self._found:
            path = self.document.path
            (line, first), *others = sorted(self._found)
            rest = "".join(f"\n{path}:{line}: {what}" for line, what in others)
            cure = f"the README of the files collector describes the {self._noun}"
            raise EvidenceError(f"{first}{rest}", where=f"{path}:{line}", cure=cure)


@dataclass(frozen=True, slots=True)
class Head:
    """What a manifest or a mapping says before its sources."""

    organisation: str | None
    as_of: datetime | None


def load_document(path: Path, noun: str) -> Faults:
    """Read a manifest or mapping and check that it is of a known format.

    Raises:
        EvidenceError: it is missing, no YAML, no map, or of another format.
    """
    if not path.is_file():
        what = f"there is no {noun} here" if not path.exists() else f"the {noun} is not a file"
        raise EvidenceError(what, where=str(path), cure=f"write a {noun} (see the README of the files collector)")
    document = load_yaml(path, EvidenceError)
    if not isinstance(document.value, Mapping):
        raise EvidenceError(f"the {noun} holds no keys", where=str(path), cure=f"begin it with `format: {FORMAT}`")
    number = document.value.get("format")
    if number != FORMAT or isinstance(number, bool):
        said = "does not say its format" if number is None else f"is of format {number!r}"
        raise EvidenceError(
            f"the {noun} {said}; this version reads format {FORMAT}",
            where=document.place(("format",)),
            cure=f"write `format: {FORMAT}`, or use a version of the auditor that knows it",
        )
    return Faults(document, noun)


def read_head(faults: Faults) -> Head:
    """`organisation` and `as_of`; faults are noted."""
    organisation, as_of = (faults.document.value.get(name) for name in ("organisation", "as_of"))
    if organisation is not None and not (isinstance(organisation, str) and organisation.strip()):
        faults.add(("organisation",), f"organisation is not a name: {organisation!r}")
        organisation = None
    instant = None
    if as_of is not None:
        instant = parse_instant(as_of)
        if instant is None or instant.year < FIRST_YEAR:
            faults.add(("as_of",), f"as_of is not an instant such as 2026-01-31T09:30:00Z: {as_of!r}")
    return Head(organisation, instant)


def read_sources(faults: Faults, defaults: Mapping[str, JsonValue], mapped: Mapping[str, set[str]]) -> list[SourceRun]:
    """The entries of `sources:`; faults are noted.

    Args:
        defaults: values of fields that an entry need not give.
        mapped: source id -> streams a mapping fills for it, for entries that leave out `streams`.
    """
    entries = faults.document.value.get("sources")
    if not isinstance(entries, list) or not entries:
        faults.add(("sources",), "sources is not a list with an entry for every source that was pulled")
        return []
    runs: list[SourceRun] = []
    for position, entry in enumerate(entries):
        at = ("sources", position)
        if not isinstance(entry, Mapping):
            faults.add(at, "the entry of a source is a map of its fields")
            continue
        run = _read_source(faults, at, {**defaults, **entry}, mapped)
        if any(run.source_id == other.source_id for other in runs):
            faults.add((*at, "source_id"), f"two sources have the id {run.source_id!r}")
        runs.append(run)
    return runs


def _read_source(
    faults: Faults, at: tuple[str | int, ...], entry: Mapping[str, Any], mapped: Mapping[str, set[str]]
) -> SourceRun:
    source_id = str(entry.get("source_id"))
    streams_made = sorted(mapped[source_id]) if source_id in mapped else None
    values = {"origin": "export", "streams": streams_made, **entry}
    if values.get("started") is None and values.get("ended") is not None:
        values["started"] = values["ended"]  # an export that does not say how long it took
    faults.unknown_keys(at, entry, [field.name for field in _RUN.fields])
    for fault in check_row(_RUN, values).faults:
        faults.add((*at, fault.field), fault.problem)
    streams = _read_streams(faults, at, values["streams"])
    _check_completeness(faults, at, values, streams)
    del values["source_id"]
    return SourceRun(values, source_id, whole=streams)


def _read_streams(faults: Faults, at: tuple[str | int, ...], given: object) -> frozenset[str]:
    if not isinstance(given, list):
        faults.add((*at, "streams"), "streams is not a list of the streams the source answers for")
        return frozenset()
    for position, name in enumerate(given):
        if name not in EVIDENCE_STREAMS:
            faults.add((*at, "streams", position), f"there is no stream {name!r}")
    return frozenset(name for name in given if name in EVIDENCE_STREAMS)


def _check_completeness(
    faults: Faults, at: tuple[str | int, ...], values: Mapping[str, Any], streams: frozenset[str]
) -> None:
    complete = values.get("scope_complete")
    if not isinstance(complete, Mapping):
        return
    for name, claim in complete.items():
        place = (*at, "scope_complete", name)
        if name not in streams:
            faults.add(place, f"scope_complete names {name!r}, which is not in the streams of the source")
        elif isinstance(claim, list):
            _check_kinds(faults, place, name, claim)
    claimed = any(claim not in (False, None, []) for claim in complete.values())
    missing = [name for name in ("declared_by", "declared_at") if values.get(name) is None]
    if claimed and missing:
        faults.add((*at, "scope_complete"), f"completeness is declared without {' and '.join(missing)}")


def _check_kinds(faults: Faults, place: tuple[str | int, ...], stream: str, kinds: Sequence[object]) -> None:
    definition = STREAMS[stream]
    field = definition.field(definition.kind_field) if definition.kind_field else None
    if field is None or field.enum is None:
        faults.add(place, f"{stream} has no kind: write true or false")
        return
    for kind in kinds:
        if kind not in field.enum:
            faults.add(place, f"{stream} has no kind {kind!r}; its kinds are {', '.join(field.enum)}")


def parse_instant(value: object) -> datetime | None:
    """An instant in UTC from ISO 8601 text with a zone; None: it is none."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
