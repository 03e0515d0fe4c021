"""The assessment as a document: canonical, complete, described by its schema, and refused when it is damaged."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest

from auditor import assessment_document
from auditor.errors import ExitCode, UsageError
from auditor.model.assessment import ASSESSMENT_FORMAT, Assessment, Measured, Seal
from auditor.report import html, json_, markdown, terminal

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def faults(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str = "") -> list[str]:
    """What is wrong with a value by the keywords that our schema uses; an unknown keyword is a fault of the check."""
    known = {"$ref", "$defs", "$schema", "title", "description", "default", "format", "type", "anyOf", "enum", "const"}
    known |= {"properties", "required", "additionalProperties", "items"}
    assert set(schema) <= known, set(schema) - known
    if "$ref" in schema:
        return faults(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, at)
    if "anyOf" in schema:
        tries = [faults(value, option, root, at) for option in schema["anyOf"]]
        return [] if [] in tries else [f"{at}: no alternative fits"]
    expected = schema.get("type")
    if expected is not None:
        is_bool = isinstance(value, bool)
        if not isinstance(value, TYPES[expected]) or (is_bool and expected != "boolean"):
            return [f"{at}: {value!r} is no {expected}"]
    if "const" in schema and value != schema["const"]:
        return [f"{at}: {value!r} is not {schema['const']!r}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: {value!r} is not one of {schema['enum']}"]
    if schema.get("format") == "date-time":
        datetime.fromisoformat(value)
    found: list[str] = []
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        others = schema.get("additionalProperties", {})
        found += [f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value]
        for name, entry in value.items():
            if name in properties:
                found += faults(entry, properties[name], root, f"{at}/{name}")
            elif others is False:
                found.append(f"{at}: {name} is not known")
            elif isinstance(others, dict):
                found += faults(entry, others, root, f"{at}/{name}")
    if isinstance(value, list):
        for position, entry in enumerate(value):
            found += faults(entry, schema.get("items", {}), root, f"{at}/{position}")
    return found


def test_what_is_dumped_is_loaded_unchanged(assessment: Assessment, hostile: Assessment):
    for original in (assessment, hostile):
        loaded = assessment_document.load(assessment_document.dump(original))
        assert loaded == original
        assert assessment_document.dump(loaded) == assessment_document.dump(original)


def test_the_order_of_dimensions_survives_though_canonical_keys_are_sorted(assessment: Assessment):
    loaded = assessment_document.load(assessment_document.dump(assessment))
    assert list(loaded.dimensions) == ["DOC", "TOOL", "INT", "TRN", "PM", "COM", "CI"]


def test_a_loaded_assessment_renders_to_the_same_bytes_in_every_format(hostile: Assessment, seal: Seal):
    loaded = assessment_document.load(assessment_document.dump(hostile))
    assert html.render(loaded, seal) == html.render(hostile, seal)
    assert markdown.render(loaded, seal) == markdown.render(hostile, seal)
    assert json_.render(loaded, seal) == json_.render(hostile, seal)
    assert terminal.render(loaded, seal) == terminal.render(hostile, seal)


def test_the_bytes_do_not_depend_on_the_order_of_keys(assessment: Assessment):
    turned = dataclasses.replace(
        assessment,
        observations=dict(reversed(assessment.observations.items())),
        records=dict(reversed(assessment.records.items())),
    )
    assert assessment_document.dump(turned) == assessment_document.dump(assessment)
    assert html.render(turned, None) == html.render(assessment, None)
    assert markdown.render(turned, None) == markdown.render(assessment, None)


def test_instants_end_in_z_and_keep_their_instant(assessment: Assessment):
    raw = json.loads(assessment_document.dump(assessment))
    assert raw["observations"]["DOC-2.2"]["window"]["starts"] == "2025-10-03T00:00:00Z"


def test_an_instant_without_a_time_zone_is_refused(assessment: Assessment):
    observation = assessment.observations["DOC-2.2"]
    assert observation.window is not None
    naive = dataclasses.replace(observation.window, starts=datetime(2025, 1, 1))  # noqa: DTZ001
    wrong = dataclasses.replace(observation, window=naive)
    with pytest.raises(ValueError, match="time zone"):
        assessment_document.dump(dataclasses.replace(assessment, observations={"DOC-2.2": wrong}))


def test_a_number_that_is_none_is_refused_instead_of_written_as_null(assessment: Assessment):
    observation = dataclasses.replace(assessment.observations["DOC-2.1"], value=Measured(float("nan"), 0.0, 0.0))
    with pytest.raises(ValueError, match="finite"):
        assessment_document.dump(dataclasses.replace(assessment, observations={"DOC-2.1": observation}))


def test_the_schema_describes_every_document_with_and_without_its_seal(
    assessment: Assessment, hostile: Assessment, seal: Seal
):
    schema = assessment_document.schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for original in (assessment, hostile):
        for given in (None, seal):
            assert faults(json.loads(json_.render(original, given)), schema, schema) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("as_of",), None),
        (("format",), 2),
        (("surplus",), 1),
        (("dimensions", "DOC", "confirmed"), "1"),
        (("observations", "DOC-2.1", "status"), "good"),
        (("observations", "DOC-2.1", "reasons", 0, "reason"), "because"),
        (("records_omitted",), True),
    ],
)
def test_a_wrong_document_is_refused_by_schema_and_loader_alike(assessment: Assessment, path: tuple, value: object):
    raw = json.loads(assessment_document.dump(assessment))
    place = raw
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    schema = assessment_document.schema()
    assert faults(raw, schema, schema)
    with pytest.raises(UsageError) as caught:
        assessment_document.load(json.dumps(raw).encode())
    assert caught.value.cure
    assert caught.value.exit_code is ExitCode.USAGE


def test_the_message_names_the_place_of_the_damage(assessment: Assessment):
    raw = json.loads(assessment_document.dump(assessment))
    raw["observations"]["DOC-2.1"]["degree"]["lo"] = 2.0
    with pytest.raises(UsageError) as caught:
        assessment_document.load(json.dumps(raw).encode())
    assert caught.value.where == "observations.DOC-2.1.degree"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("dimensions", "DOC", "code"), "PM"),
        (("observations", "DOC-2.1", "card", "id"), "DOC-2.2"),
        (("observations", "DOC-2.1", "card", "dimension"), "XYZ"),
        (("observations", "DOC-2.1", "card", "level"), 6),
        (("records", "agreement:docs:a-00000", "ref"), "agreement:docs:a-00001"),
    ],
)
def test_a_part_under_a_wrong_name_is_refused_because_no_report_would_show_it(
    assessment: Assessment, path: tuple, value: object
):
    raw = json.loads(assessment_document.dump(assessment))
    place = raw
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(UsageError) as caught:
        assessment_document.load(json.dumps(raw).encode())
    assert caught.value.where == ".".join(path[:2])


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'{"format": 1}', b'{"format": "1", "dimensions": {}}'])
def test_what_is_no_assessment_is_refused_with_a_cure(data: bytes):
    with pytest.raises(UsageError) as caught:
        assessment_document.load(data)
    assert "auditor audit" in str(caught.value.cure)


def test_a_newer_format_is_refused_and_says_which(assessment: Assessment):
    raw = json.loads(assessment_document.dump(assessment))
    raw["format"] = ASSESSMENT_FORMAT + 1
    raw["news"] = {}
    with pytest.raises(UsageError, match=f"format {ASSESSMENT_FORMAT + 1}"):
        assessment_document.load(json.dumps(raw).encode())


@pytest.mark.parametrize("order", [None, [], ["DOC", "DOC", "INT", "TRN", "PM", "COM", "CI"], "DOC"])
def test_a_wrong_order_of_dimensions_is_refused(assessment: Assessment, order: object):
    raw = json.loads(assessment_document.dump(assessment)) | {"dimension_order": order}
    with pytest.raises(UsageError, match="dimension_order"):
        assessment_document.load(json.dumps(raw).encode())


def test_the_schema_closes_and_describes_every_object():
    schema: Any = assessment_document.schema()
    objects = [schema, *(entry for entry in schema["$defs"].values() if entry.get("type") == "object")]
    assert len(objects) > 15
    for entry in objects:
        assert entry["additionalProperties"] is False
        assert entry["title"]
        assert entry["description"]
    assert schema["$defs"]["RecordView"]["properties"]["excerpt"]["description"].startswith("Text of the payload")
    assert all("description" in entry for entry in schema["properties"].values())
    assert "Attributes:" not in json.dumps(schema)


def test_the_printed_json_is_the_document_plus_its_seal(assessment: Assessment, seal: Seal):
    stored = assessment_document.dump(assessment)
    sealed = dataclasses.replace(seal, assessment_sha256=hashlib.sha256(stored).hexdigest())
    printed = json_.render(assessment, sealed)
    assert printed.endswith(b"\n")
    raw = json.loads(printed)
    assert raw.pop("seal") == dataclasses.asdict(sealed)
    canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert canonical == stored
    assert hashlib.sha256(canonical).hexdigest() == sealed.assessment_sha256
    assert assessment_document.load(printed) == assessment


def test_levels_are_integers_and_a_missing_point_is_null(assessment: Assessment):
    raw = json.loads(json_.render(assessment, None))
    doc = raw["dimensions"]["DOC"]
    assert [doc["confirmed"], doc["point"], doc["possible"]] == [1, 2, 3]
    assert raw["dimensions"]["INT"]["point"] is None
    assert raw["dimensions"]["INT"]["assessed"] is False
    assert "seal" not in raw


def test_an_assessment_of_many_items_makes_the_round_trip(build_assessment: Callable[..., Assessment]):
    large = build_assessment(count=1000)
    data = assessment_document.dump(large)
    assert assessment_document.load(data) == large
    assert len(re.findall(rb'"row_sha256"', data)) == 1000
