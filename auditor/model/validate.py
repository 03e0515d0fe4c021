"""Rows at the edge: from what a collector read to what the store keeps.

`from_text` converts text cells, `check_row` finds faults and gives the canonical form, `make_row` adds provenance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import orjson

from auditor.canonical import JsonValue, sha256_hex
from auditor.model.cells import from_text, list_text
from auditor.model.evidence import Row, Tier, encode_part
from auditor.model.streams import FieldDef, FieldType, StreamDef
from auditor.model.values import Check, compile_check, shown, suggestion

__all__ = ["Checked", "Fault", "check_row", "from_text", "list_text", "make_row", "row_key", "unknown_field_problem"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field of a row; a row with a fault is not loaded.

    Attributes:
        field: name of the field.
        problem: a sentence that begins with the field's name and quotes the value (at most 60 characters of it).
    """

    field: str
    problem: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A row after its check.

    Attributes:
        values: every field of the stream in canonical form; absent, null and faulty fields are None, except that
            absent and null ones with a default hold it.
        faults: at most one per field, in the order of the fields.
        unknown_fields: names the stream does not have, in the order given; they do not hinder the row.
    """

    values: dict[str, JsonValue]
    faults: tuple[Fault, ...]
    unknown_fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Compiled:
    stream: StreamDef
    checks: dict[str, Check]
    required: tuple[str, ...]
    defaults: dict[str, JsonValue]  # of every field, in their order
    key: tuple[tuple[str, Callable[[JsonValue], str]], ...]  # name, encoder


_COMPILED: dict[str, _Compiled] = {}


def check_row(stream: StreamDef, raw: Mapping[str, JsonValue]) -> Checked:
    """Check one row against its stream.

    Args:
        stream: definition of the stream.
        raw: field name -> JSON value, as the source gave it.
    """
    compiled = _compiled(stream)
    values = compiled.defaults.copy()
    missing = set(compiled.required)
    faults: dict[str, Fault] = {}
    # Over the fields that came: of the wide streams most rows have few.
    for name, value in raw.items():
        check = compiled.checks.get(name)
        if check is None or value is None:
            continue
        try:
            checked = check(value)
        except ValueError as error:
            values[name] = None
            faults[name] = Fault(name, f"{name} {error}")
            missing.discard(name)
            continue
        if checked is not None:
            values[name] = checked
            missing.discard(name)
    for name in missing:
        faults[name] = Fault(name, f"{name} is missing; every row of {stream.name} needs it")
    ordered = tuple(faults[name] for name in compiled.defaults if name in faults) if faults else ()
    unknown = () if raw.keys() <= compiled.checks.keys() else tuple(name for name in raw if name not in compiled.checks)
    return Checked(values, ordered, unknown)


def unknown_field_problem(stream: StreamDef, name: str) -> str:
    """The sentence for a field the stream does not have, with the nearest name it does have."""
    return f"{stream.name} has no field {shown(name)}{suggestion(name, (field.name for field in stream.fields))}"


def row_key(stream: StreamDef, values: Mapping[str, JsonValue]) -> str:
    """The key fields of a checked row, percent-encoded and joined by `/`; null is an empty part."""
    return "/".join([encode(values[name]) for name, encode in _compiled(stream).key])


def make_row(
    stream: StreamDef,
    source_id: str,
    values: Mapping[str, JsonValue],
    tier: Tier,
    payload_sha256: str,
    pointer: str,
    *,
    source_url: str | None = None,
    fetched_at: datetime | None = None,
    deleted: bool = False,
) -> Row:
    """A row of the store from a checked row without faults.

    Args:
        stream: definition of the stream.
        source_id: the source the row came from.
        values: `Checked.values`.
        tier: reliability of the row.
        payload_sha256: hash of the bytes it was read from.
        pointer: where in those bytes.
        source_url: deep link a reviewer can open.
        fetched_at: when it was read (UTC, aware).
        deleted: whether it is a tombstone.
    """
    key = row_key(stream, values)
    # The bytes of canonical_bytes: checked values are rounded already, and rounding again would take half the time.
    content = {"stream": stream.name, "source_id": source_id, "key": key, "values": values, "reliability": int(tier)}
    digest = sha256_hex(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))
    return Row(
        stream.name, source_id, key, values, tier, digest, payload_sha256, pointer, source_url, fetched_at, deleted
    )


@lru_cache(maxsize=1 << 16)
def _encoded(part: JsonValue) -> str:
    return "" if part is None else encode_part(str(part))


def _encoded_instant(instant: JsonValue) -> str:
    return str(instant).replace(":", "%3A") if instant else ""  # a canonical instant has nothing else to encode


def _key_encoder(field: FieldDef | None) -> Callable[[JsonValue], str]:
    return _encoded_instant if field is not None and field.type is FieldType.INSTANT else _encoded


def _compiled(stream: StreamDef) -> _Compiled:
    known = _COMPILED.get(stream.name)
    if known is None or known.stream is not stream:
        known = _COMPILED[stream.name] = _Compiled(
            stream,
            {field.name: compile_check(field) for field in stream.fields},
            tuple(field.name for field in stream.fields if field.required),
            {field.name: field.info.default for field in stream.fields},
            tuple((name, _key_encoder(stream.field(name))) for name in stream.key),
        )
    return known
