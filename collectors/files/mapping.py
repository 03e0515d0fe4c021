"""A mapping file: how the exports of another tool become streams."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from auditor.api import SourceRun
from collectors.files.sources import EVIDENCE_STREAMS, Faults, Head, load_document, read_head, read_sources

_NOUN = "mapping"
_KEYS = ("format", "organisation", "as_of", "zone", "sources", "tables", "values", "streams")
_TABLE_KEYS = ("file", "format", "encoding", "delimiter")
_STREAM_KEYS = ("from", "source", "select", "notes")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class TableSpec:
    """Files that are read as one table of text.

    Attributes:
        pattern: glob below the folder of the exports.
        line: line of the mapping that names it.
    """

    name: str
    pattern: str
    is_csv: bool
    encoding: str
    delimiter: str
    line: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT of the mapping and the line it begins on."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """How one stream is made.

    Attributes:
        table: the table whose `_line` a row points to.
        source_id: the source the rows are from.
        select: the rows.
        notes: what is doubtful about the data and was settled by `select`; each row is recorded as a gap.
    """

    stream: str
    table: str
    source_id: str
    select: Statement
    notes: Statement | None


@dataclass(frozen=True, slots=True)
class Mapping:
    """A checked mapping, except for its SQL, which needs the columns of the files."""

    path: Path
    head: Head
    zone: str | None
    runs: tuple[SourceRun, ...]
    tables: tuple[TableSpec, ...]
    values: MappingOf[str, MappingOf[str, str | None]]
    streams: tuple[StreamSpec, ...]


def load_mapping(path: Path, as_of: str) -> Mapping:
    """Read and check a mapping file.

    Args:
        as_of: the audit instant as ISO 8601 text; the exports count as pulled then where the mapping does not say.

    Raises:
        EvidenceError: it is missing or wrong; every fault with its line.
    """
    faults = load_document(path, _NOUN)
    value = faults.document.value
    faults.unknown_keys((), value, _KEYS)
    tables = _read_tables(faults)
    head = read_head(faults)
    streams = _read_streams(faults, {table.name for table in tables})
    mapped: dict[str, set[str]] = {}
    for spec in streams:
        mapped.setdefault(spec.source_id, set()).update({spec.stream} & set(EVIDENCE_STREAMS))
    pulled = str(value.get("as_of") or as_of)
    defaults = {"started": pulled, "ended": pulled, "status": "ok"}
    runs = read_sources(faults, defaults, mapped)
    _check_sources(faults, runs, streams)
    mapping = Mapping(path, head, _read_zone(faults), tuple(runs), tables, _read_values(faults), streams)
    faults.raise_if_any()
    return mapping


def _read_zone(faults: Faults) -> str | None:
    zone = faults.document.value.get("zone")
    if zone is None:
        return None
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        faults.add(("zone",), f"no time zone is called {zone!r}; use an IANA name such as Europe/Berlin")
    return str(zone)


def _section(faults: Faults, name: str, what: str) -> dict[str, Any]:
    """The entries of a top-level map that are maps themselves and well named."""
    section = faults.document.value.get(name)
    if not isinstance(section, MappingOf) or not section:
        faults.add((name,), f"{name} is not a map of {what}")
        return {}
    entries = {}
    for key, entry in section.items():
        if not isinstance(entry, MappingOf):
            faults.add((name, key), f"{name}.{key} is not a map")
        elif not _NAME.fullmatch(key):
            faults.add((name, key), f"{key!r} is no name: use small letters, digits and _, beginning with a letter")
        else:
            entries[key] = entry
    return entries


def _read_tables(faults: Faults) -> tuple[TableSpec, ...]:
    tables = []
    for name, entry in _section(faults, "tables", "tables and their files").items():
        at = ("tables", name)
        faults.unknown_keys(at, entry, _TABLE_KEYS)
        pattern, form = entry.get("file"), entry.get("format")
        if not isinstance(pattern, str) or not pattern.strip():
            faults.add((*at, "file"), "file is not the name of a file or a pattern such as incidents*.csv")
            continue
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            faults.add((*at, "file"), f"{pattern!r} leads out of the folder of the exports")
        if form is None:
            form = "jsonl" if ".jsonl" in Path(pattern).suffixes[-2:] else "csv"
        if form not in ("csv", "jsonl"):
            faults.add((*at, "format"), f"format {form!r} is neither csv nor jsonl")
        encoding, delimiter = _encoding(faults, at, entry), _delimiter(faults, at, entry)
        line = faults.document.line((*at, "file"))
        tables.append(TableSpec(name, pattern, form == "csv", encoding, delimiter, line))
    return tuple(tables)


def _encoding(faults: Faults, at: tuple[str, ...], entry: MappingOf[str, Any]) -> str:
    encoding = entry.get("encoding", "utf-8")
    try:
        name = codecs.lookup(encoding).name.removesuffix("-sig")  # a byte order mark is always accepted
        plain = "\n".encode(name) == b"\n" and b"a,1".decode(name) == "a,1"
    except (LookupError, TypeError, UnicodeError):
        faults.add((*at, "encoding"), f"no text encoding is called {encoding!r}")
        return "utf-8"
    if not plain:
        faults.add((*at, "encoding"), f"files in {encoding} cannot be read; convert them to UTF-8")
    return name


def _delimiter(faults: Faults, at: tuple[str, ...], entry: MappingOf[str, Any]) -> str:
    delimiter = entry.get("delimiter", ",")
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n':
        faults.add((*at, "delimiter"), f"delimiter is not one character such as ';': {delimiter!r}")
        return ","
    return delimiter


def _read_values(faults: Faults) -> dict[str, dict[str, str | None]]:
    if "values" not in faults.document.value:
        return {}
    result: dict[str, dict[str, str | None]] = {}
    for name, entry in _section(faults, "values", "value maps").items():
        result[name] = {}
        for given, wanted in entry.items():
            if wanted is not None and not isinstance(wanted, str):
                faults.add(("values", name, given), f"the value for {given!r} is neither text (in quotes) nor null")
            result[name][given] = wanted if isinstance(wanted, str) else None
    return result


def _read_streams(faults: Faults, tables: set[str]) -> tuple[StreamSpec, ...]:
    sources = faults.document.value.get("sources")
    ids = (
        [entry.get("source_id") for entry in sources if isinstance(entry, MappingOf)]
        if isinstance(sources, list)
        else []
    )
    specs = []
    for stream, entry in _section(faults, "streams", "streams and their SELECTs").items():
        at = ("streams", stream)
        faults.unknown_keys(at, entry, _STREAM_KEYS)
        if stream not in EVIDENCE_STREAMS:
            faults.add(at, f"there is no stream {stream!r}")
        table = entry.get("from")
        if table not in tables:
            faults.add((*at, "from"), f"from names no table: {table!r}")
        source_id = entry.get("source", ids[0] if len(ids) == 1 else None)
        if source_id not in ids:
            faults.add((*at, "source"), f"source names none of the sources: {source_id!r}")
        select = _statement(faults, (*at, "select"), entry.get("select"))
        notes = _statement(faults, (*at, "notes"), entry["notes"]) if "notes" in entry else None
        specs.append(StreamSpec(stream, str(table), str(source_id), select, notes))
    return tuple(
        sorted(specs, key=lambda spec: EVIDENCE_STREAMS.index(spec.stream) if spec.stream in EVIDENCE_STREAMS else 0)
    )


def _statement(faults: Faults, at: tuple[str, ...], text: object) -> Statement:
    if not isinstance(text, str) or not text.strip():
        faults.add(at, f"{at[-1]} is not a SELECT")
        return Statement("", 0)
    return Statement(text, faults.document.line(at))


def _check_sources(faults: Faults, runs: list[SourceRun], streams: tuple[StreamSpec, ...]) -> None:
    """Whether every stream is one that its source answers for."""
    listed = {run.source_id: run.whole for run in runs}
    for spec in streams:
        if spec.stream in EVIDENCE_STREAMS and spec.stream not in listed.get(spec.source_id, {spec.stream}):
            at = ("streams", spec.stream)
            faults.add(at, f"the source {spec.source_id} does not list {spec.stream} under streams")
