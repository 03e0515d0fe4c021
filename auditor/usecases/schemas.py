"""The JSON Schemas of every file the auditor reads or writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from auditor.assessment_document import schema as assessment_schema
from auditor.config import Config
from auditor.model.jsonschema import folder_schema, manifest_schema, stream_schema
from auditor.model.streams import STREAMS
from auditor.rulepack.schema import NAMES, pack_schema


def _config_schema() -> Mapping[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}


_FILES: Mapping[str, Callable[[], Mapping[str, Any]]] = {
    "folder": folder_schema,
    "manifest": manifest_schema,
    "config": _config_schema,
    "assessment": assessment_schema,
}


def schema_names() -> list[str]:
    """Every name `schema_of` knows: file formats first, then streams."""
    return [*_FILES, *NAMES, *STREAMS]


def schema_of(name: str) -> Mapping[str, Any] | None:
    """The schema of that name, or None."""
    if name in _FILES:
        return _FILES[name]()
    if name in NAMES:
        return pack_schema(name)
    return stream_schema(STREAMS[name]) if name in STREAMS else None
