"""The assessment as a document: canonical bytes, back again, and its JSON Schema.

The document is the assessment field by field, plus `dimension_order`, because canonical JSON sorts the keys of
`dimensions`. Its canonical bytes are what is hashed and stored. `auditor audit --json` prints the same document with
one more key, `seal`, which is outside of the hashed bytes: taking `seal` away and writing canonical JSON gives the
bytes whose SHA-256 the seal names. `load` reads both forms.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, cast

import orjson
import pydantic

from auditor.canonical import JsonValue, canonical_bytes
from auditor.errors import UsageError
from auditor.model.assessment import ASSESSMENT_FORMAT, Assessment, Seal
from auditor.model.rubric import LEVELS

_ORDER = "dimension_order"
_SEAL = "seal"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TOP_LEVEL_DOCS = {
    "format": "Version of this document format.",
    "engine_version": "Version of the auditor that judged.",
    "organisation": "Name of the organisation for people; null when the evidence does not say.",
    "scope": "What the assessment speaks about.",
    "time_zone": "Zone in which calendar months and quarters were counted.",
    "rule_pack": "The rule pack that judged.",
    "sources": "Every source that was asked, as it was at the audit.",
    "gaps": "What could not be collected; reasons refer to entries by position.",
}


def document(assessment: Assessment, seal: Seal | None = None) -> dict[str, JsonValue]:
    """The assessment as plain JSON values, with key `seal` only when one is given.

    Raises:
        ValueError: an instant without a time zone.
    """
    plain = cast("dict[str, JsonValue]", _plain(assessment))
    plain[_ORDER] = list(assessment.dimensions)
    if seal is not None:
        plain[_SEAL] = _plain(seal)
    return plain


def dump(assessment: Assessment) -> bytes:
    """The canonical bytes of an assessment: same assessment, same bytes.

    Raises:
        ValueError: a real is infinite or not a number, or an instant has no time zone.
    """
    return canonical_bytes(document(assessment))


def load(data: bytes) -> Assessment:
    """The assessment of a document that `dump` or `auditor audit --json` wrote (key `seal` is left aside).

    Raises:
        UsageError: not JSON, not an assessment, of a newer format, damaged, or with fields this version does not know.
    """
    raw = _parsed(data)
    raw.pop(_SEAL, None)
    order = raw.pop(_ORDER, None)
    try:
        assessment = _adapter().validate_json(orjson.dumps(raw), strict=True)
    except pydantic.ValidationError as error:
        raise _damaged(error) from error
    if _plain(assessment) != raw:
        raise UsageError(
            "the assessment carries fields or forms that this version of the auditor does not know",
            cure="read it with the version that wrote it, or audit again",
        )
    if not isinstance(order, list) or sorted(map(str, order)) != sorted(assessment.dimensions):
        raise UsageError(
            "the assessment's dimension_order does not list its dimensions once each",
            where=_ORDER,
            cure="take the document from the data directory again, or audit again",
        )
    _refuse_strays(assessment)
    return dataclasses.replace(assessment, dimensions={code: assessment.dimensions[code] for code in order})


def schema() -> dict[str, JsonValue]:
    """JSON Schema (2020-12) of the document, with or without its seal."""
    body = _adapter().json_schema()
    definitions: dict[str, Any] = body.pop("$defs")
    seal = pydantic.TypeAdapter(Seal).json_schema()
    for entry in (body, seal, *definitions.values()):
        _describe(entry)
    body["properties"]["format"] |= {"const": ASSESSMENT_FORMAT}
    for name, text in _TOP_LEVEL_DOCS.items():
        body["properties"][name] |= {"description": text}
    body["properties"][_ORDER] = {
        "title": "Dimension Order",
        "description": "Codes of `dimensions` in the order of the rule pack.",
        "type": "array",
        "items": {"type": "string"},
    }
    body["properties"][_SEAL] = {
        "anyOf": [{"$ref": "#/$defs/Seal"}, {"type": "null"}],
        "description": "Where the assessment stands in the ledger; not part of the hashed bytes.",
    }
    body["required"].append(_ORDER)
    return {"$schema": _DIALECT, **body, "$defs": {**definitions, "Seal": seal}}


@cache
def _adapter() -> pydantic.TypeAdapter[Assessment]:
    adapter = pydantic.TypeAdapter(Assessment)
    # The model's JsonValue refers to itself by name, which pydantic cannot follow; its own type of that name can.
    adapter.rebuild(_types_namespace={"JsonValue": pydantic.JsonValue})
    return adapter


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def _plain(value: Any) -> JsonValue:
    if isinstance(value, StrEnum):
        return value.value
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(getattr(value, name)) for name in _field_names(type(value))}
    return [_plain(entry) for entry in value]


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def _parsed(data: bytes) -> dict[str, Any]:
    """The document's object, of a format this version reads."""
    try:
        raw = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise UsageError(
            f"the assessment is not JSON: {error.msg}",
            where=f"line {error.lineno}",
            cure="give the file that `auditor audit` wrote",
        ) from error
    version = raw.get("format") if isinstance(raw, dict) else None
    if not isinstance(version, int) or not isinstance(raw, dict) or "dimensions" not in raw:
        raise UsageError(
            "the JSON document is not an assessment: it has no number `format` or no `dimensions`",
            cure="give the file that `auditor audit` wrote",
        )
    if version != ASSESSMENT_FORMAT:
        raise UsageError(
            f"the assessment has format {version}, and this auditor reads format {ASSESSMENT_FORMAT}",
            where="format",
            cure="read it with the version of the auditor that wrote it, or with a newer one",
        )
    return raw


def _damaged(error: pydantic.ValidationError) -> UsageError:
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    more = f" (and {len(faults) - 1} more faults)" if len(faults) > 1 else ""
    return UsageError(
        f"the assessment is damaged: {faults[0]['msg']}{more}",
        where=".".join(map(str, faults[0]["loc"])) or None,
        cure="take the document from the data directory again, or audit again",
    )


def _refuse_strays(assessment: Assessment) -> None:
    """Refuse parts that stand under a wrong name, because a report would not show them."""
    strays = [f"dimensions.{code}" for code, entry in assessment.dimensions.items() if entry.code != code]
    strays += [f"records.{ref}" for ref, entry in assessment.records.items() if entry.ref != ref]
    strays += [
        f"observations.{id_}"
        for id_, entry in assessment.observations.items()
        if entry.card.id != id_ or entry.card.dimension not in assessment.dimensions or entry.card.level not in LEVELS
    ]
    if strays:
        raise UsageError(
            "the assessment is damaged: a part names itself otherwise than its place does",
            where=strays[0],
            cure="take the document from the data directory again, or audit again",
        )


def _describe(entry: dict[str, Any]) -> None:
    """Turn the docstring that pydantic took as description into one for the object and one for each field."""
    if entry.get("type") != "object":
        return
    entry["additionalProperties"] = False
    text, _, attributes = entry.get("description", "").partition("\n\nAttributes:\n")
    entry["description"] = text
    attributes = attributes.partition("\n\n")[0]
    for names, doc in re.findall(r"^ {4}(\w[\w, ]*): (.*(?:\n {8}.*)*)", attributes, flags=re.MULTILINE):
        for name in names.split(", "):
            entry["properties"][name]["description"] = doc[0].upper() + re.sub(r"\s+", " ", doc[1:])
