"""The published schemas say what the check does."""

from __future__ import annotations

import copy
import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.model.jsonschema import folder_schema, manifest_schema, stream_schema
from auditor.model.streams import STREAMS
from auditor.model.validate import check_row

few = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
JSON_TYPES = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: not isinstance(value, bool) and isinstance(value, int | float) and value == int(value),
    "number": lambda value: not isinstance(value, bool) and isinstance(value, int | float),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
JUNK = st.sampled_from(
    ["x", 1, 1.5, -1, True, [], ["x"], [1], [None], {}, {"x": "x"}, {"x": 1}, {"x": True}, {"x": [1]}]
)
DESCRIBES = {"$schema", "title", "description", "format", "default", "$defs"}


def fits(schema, value, root=None):
    """The part of JSON Schema 2020-12 that our schemas use; an unknown keyword is an error of the test."""
    root = root or schema
    if "$ref" in schema:
        return fits(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, root)
    return all(KEYWORDS[word](schema, value, root) for word in schema if word not in DESCRIBES)


def _types(schema, value, root):
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return any(JSON_TYPES[name](value) for name in names)


def _number(value):
    return not isinstance(value, bool) and isinstance(value, int | float)


def _additional(schema, value, root):
    rest = schema["additionalProperties"]
    others = (
        [entry for name, entry in value.items() if name not in schema.get("properties", {})]
        if isinstance(value, dict)
        else []
    )
    return not others if rest is False else all(fits(rest, entry, root) for entry in others)


KEYWORDS = {
    "type": _types,
    "enum": lambda s, v, r: any(v == word and type(v) is type(word) for word in s["enum"]),
    "const": lambda s, v, r: v == s["const"],
    "minimum": lambda s, v, r: not _number(v) or v >= s["minimum"],
    "maximum": lambda s, v, r: not _number(v) or v <= s["maximum"],
    "minLength": lambda s, v, r: not isinstance(v, str) or len(v) >= s["minLength"],
    "pattern": lambda s, v, r: not isinstance(v, str) or re.search(s["pattern"], v) is not None,
    "items": lambda s, v, r: not isinstance(v, list) or all(fits(s["items"], entry, r) for entry in v),
    "anyOf": lambda s, v, r: any(fits(option, v, r) for option in s["anyOf"]),
    "propertyNames": lambda s, v, r: not isinstance(v, dict) or all(fits(s["propertyNames"], name, r) for name in v),
    "required": lambda s, v, r: not isinstance(v, dict) or set(s["required"]) <= set(v),
    "properties": lambda s, v, r: (
        not isinstance(v, dict) or all(fits(s["properties"][name], v[name], r) for name in v if name in s["properties"])
    ),
    "additionalProperties": _additional,
}


@pytest.mark.parametrize("name", STREAMS)
def test_the_schema_and_the_check_agree_on_rows(name, sound_rows):
    definition, schema = STREAMS[name], stream_schema(STREAMS[name])

    @few
    @given(sound_rows(definition), st.data())
    def run(raw, data):
        assert fits(schema, raw)
        assert fits(schema, check_row(definition, raw).values)
        field = data.draw(st.sampled_from(definition.fields))
        spoilt = {**raw, field.name: data.draw(JUNK)}
        assert fits(schema, spoilt) == (not check_row(definition, spoilt).faults)

    run()


def test_a_field_that_the_stream_does_not_have_fits_no_schema():
    assert fits(stream_schema(STREAMS["service"]), {"service_id": "a"})
    assert not fits(stream_schema(STREAMS["service"]), {"service_id": "a", "colour": "red"})
    assert not fits(stream_schema(STREAMS["service"]), {"service_id": None})
    assert not fits(stream_schema(STREAMS["service"]), {})


def test_the_schema_carries_what_a_reader_needs():
    cycle = stream_schema(STREAMS["sla_cycle"])["properties"]
    assert cycle["goal_ms"] == {
        "type": ["integer", "null"],
        "format": "int64",
        "minimum": 0,
        "description": "Time allowed. Unit: ms.",
    }
    assert "Null: it has not happened." in cycle["stopped"]["description"]
    assert "Refers to: ticket." in cycle["ticket_id"]["description"]
    assert stream_schema(STREAMS["service"])["properties"]["in_scope"]["default"] is True
    assert stream_schema(STREAMS["forecast"])["properties"]["outcome"]["type"] == ["number", "boolean", "null"]


def test_the_schema_of_a_folder_holds_every_file_and_what_a_record_may_carry():
    schema = folder_schema()
    assert set(schema["properties"]) == set(STREAMS) - {"source_run"}
    folder = {"service": [{"service_id": "a", "reliability": "R0", "source_url": None}], "link": []}
    assert fits(schema, folder)
    assert not fits(schema, {"service": [{"service_id": "a", "reliability": "R9"}]})
    assert not fits(schema, {"services": []})


MANIFEST = {
    "format": 1,
    "organisation": "Example",
    "as_of": "2026-01-01T00:00:00Z",
    "sources": [
        {
            "source_id": "register",
            "kind": "docs",
            "status": "ok",
            "started": "2026-01-01T00:00:00Z",
            "origin": "hand_kept",
            "streams": ["document", "person"],
            "scope_complete": {"document": ["procedure"], "person": True},
        }
    ],
}


def test_a_manifest_fits_its_schema():
    assert fits(manifest_schema(), MANIFEST)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), 2),
        (("as_of",), "2026-01-01"),
        (("colour",), "red"),
        (("sources", 0, "kind"), "wiki"),
        (("sources", 0, "streams"), ["documents"]),
        (("sources", 0, "streams"), ["source_run"]),
        (("sources", 0, "scope_complete"), {"person": ["ops"]}),
        (("sources", 0, "scope_complete"), {"document": ["SLA"]}),
        (("sources", 0, "scope_complete"), {"source_run": True}),
        (("sources", 0, "origin"), "pulled"),
    ],
)
def test_a_manifest_with_a_fault_does_not_fit(path, value):
    manifest = copy.deepcopy(MANIFEST)
    place = manifest
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not fits(manifest_schema(), manifest)


def test_schemas_are_json():
    for schema in (folder_schema(), manifest_schema(), *(stream_schema(entry) for entry in STREAMS.values())):
        assert json.loads(json.dumps(schema)) == schema
