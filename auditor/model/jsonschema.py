"""JSON Schema (2020-12) of the streams and of an evidence folder, for editors and for other people's programs.

A row that fits the schema of its stream passes `auditor.model.validate.check_row`. The check is a little more
tolerant: blank text is null there, and fields it does not know are reported without losing the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from auditor.model.evidence import Tier
from auditor.model.streams import STREAMS, FieldDef, FieldType, StreamDef

Schema: TypeAlias = dict[str, Any]

FORMAT = 1
"""Version of the evidence folder that these schemas describe."""

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]+)?)?"
_INSTANT: Schema = {
    "type": "string",
    "format": "date-time",
    "pattern": f"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{_TIME}(Z|[+-][0-9]{{2}}:[0-9]{{2}})$",
}
_TEXT: Schema = {"type": "string", "minLength": 1, "pattern": "\\S"}
_TYPES: Mapping[FieldType, Schema] = {
    FieldType.TEXT: {"type": "string"},
    FieldType.INT: {"type": "integer", "format": "int64"},
    FieldType.REAL: {"type": "number"},
    FieldType.BOOL: {"type": "boolean"},
    FieldType.INSTANT: _INSTANT,
    FieldType.DATE: {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
    FieldType.TEXT_LIST: {"type": "array", "items": _TEXT},
    FieldType.BOOL_MAP: {
        "type": "object",
        "propertyNames": _TEXT,
        "additionalProperties": {"type": ["boolean", "null"]},
    },
    FieldType.REAL_MAP: {
        "type": "object",
        "propertyNames": _TEXT,
        "additionalProperties": {"type": ["number", "null"]},
    },
    FieldType.TEXT_MAP: {
        "type": "object",
        "propertyNames": _TEXT,
        "additionalProperties": {"type": ["string", "null"]},
    },
    FieldType.JSON: {
        "type": "object",
        "propertyNames": _TEXT,
        "additionalProperties": {"anyOf": [{"type": "boolean"}, {"type": "array", "items": _TEXT}]},
    },
}


def stream_schema(stream: StreamDef) -> Schema:
    """The schema of one row of a stream: its own fields and nothing else."""
    return {"$schema": _DIALECT, "title": stream.name, **_row(stream, {})}


def folder_schema() -> Schema:
    """The schema of a whole evidence folder as one document: stream -> list of its rows.

    `$defs` holds the schema of one line of each `<stream>.jsonl`: the fields of the stream, and what every record
    may carry besides them.
    """
    streams = [stream for stream in STREAMS.values() if stream.name != "source_run"]
    return {
        "$schema": _DIALECT,
        "title": "evidence folder",
        "type": "object",
        "properties": {
            stream.name: {"type": "array", "items": {"$ref": f"#/$defs/{stream.name}"}} for stream in streams
        },
        "additionalProperties": False,
        "$defs": {stream.name: _row(stream, _provenance()) for stream in streams},
    }


def manifest_schema() -> Schema:
    """The schema of `manifest.yaml` of an evidence folder."""
    return {
        "$schema": _DIALECT,
        "title": "manifest of an evidence folder",
        "type": "object",
        "properties": {
            "format": {"const": FORMAT, "description": "Version of the format."},
            "organisation": {**_TEXT, "description": "Whose evidence it is."},
            "as_of": {**_INSTANT, "description": "Instant of the audit."},
            "sources": {"type": "array", "items": _source(), "description": "One entry per source that was pulled."},
        },
        "required": ["format", "organisation", "as_of", "sources"],
        "additionalProperties": False,
    }


def _row(stream: StreamDef, more: Mapping[str, Schema]) -> Schema:
    own = {field.name: _field(field) for field in stream.fields}
    return {
        "description": stream.doc,
        "type": "object",
        "properties": {**own, **{name: schema for name, schema in more.items() if name not in own}},
        "required": [field.name for field in stream.fields if field.required],
        "additionalProperties": False,
    }


def _field(field: FieldDef) -> Schema:
    schema = dict(_TYPES[field.type])
    if field.enum is not None:
        enum: Schema = {"type": "string", "enum": list(field.enum)}
        schema = {**schema, "items": enum} if field.type is FieldType.TEXT_LIST else enum
    elif field.type is FieldType.TEXT and field.required:
        schema = dict(_TEXT)
    if field.info.low is not None:
        schema["minimum"] = field.info.low
    if field.info.high is not None:
        schema["maximum"] = field.info.high
    if field.info.booleans:
        schema["type"] = [schema["type"], "boolean"]
    if field.info.default is not None:
        schema["default"] = field.info.default
    return {**(schema if field.required else _nullable(schema)), "description": _description(field)}


def _nullable(schema: Schema) -> Schema:
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    enum = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, "type": [*types, "null"], **enum}


def _description(field: FieldDef) -> str:
    parts = [field.info.doc]
    if field.info.unit:
        parts.append(f"Unit: {field.info.unit}.")
    if field.info.refers_to:
        parts.append(f"Refers to: {', '.join(field.info.refers_to)}.")
    if field.info.null:
        parts.append(f"Null: {field.info.null}.")
    return " ".join(parts)


def _provenance() -> dict[str, Schema]:
    return {
        "source_id": {**_TEXT, "description": "Source of the row; default: the only source that lists its stream."},
        "source_url": {"type": ["string", "null"], "description": "Link that opens the row in its source."},
        "fetched_at": {
            **_nullable(_INSTANT),
            "description": "When it was read; default: the end of its source's pull.",
        },
        "reliability": {
            "type": ["string", "null"],
            "enum": [*(tier.name for tier in Tier), None],
            "description": "Reliability where it is lower than the default of its stream.",
        },
    }


def _source() -> Schema:
    source = _row(STREAMS["source_run"], {})
    names = [name for name in STREAMS if name != "source_run"]
    properties: Schema = source["properties"]
    properties["origin"] = {
        "enum": ["export", "hand_kept", None],
        "default": "export",
        "description": "How the rows came about.",
    }
    properties["streams"]["items"] = {"enum": names}
    complete = properties["scope_complete"]
    del complete["propertyNames"]
    complete["additionalProperties"] = False
    complete["properties"] = {name: _completeness(STREAMS[name]) for name in names}
    return source


def _completeness(stream: StreamDef) -> Schema:
    kind = stream.field(stream.kind_field) if stream.kind_field else None
    if kind is None:
        return {"type": "boolean"}
    return {"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"enum": list(kind.enum or ())}}]}
