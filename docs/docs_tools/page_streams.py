"""The page of the streams, from their definitions."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.model.evidence import Tier
from auditor.model.streams import STREAMS, FieldDef, FieldType, StreamDef

_TYPES = {
    FieldType.TEXT: "text",
    FieldType.INT: "whole number",
    FieldType.REAL: "number",
    FieldType.BOOL: "true or false",
    FieldType.INSTANT: "instant (UTC)",
    FieldType.DATE: "date",
    FieldType.TEXT_LIST: "list of text",
    FieldType.BOOL_MAP: "map of text to true, false or null",
    FieldType.REAL_MAP: "map of text to number",
    FieldType.TEXT_MAP: "map of text to text",
    FieldType.JSON: "JSON",
}

_INTRODUCTION = """# Streams

A stream is one entity of evidence as a typed table: what a collector may yield, what a file of an evidence folder
holds, and what the SQL of a rule pack reads. `auditor schema STREAM` prints the same definition as JSON Schema.

Absent fields are null, and null means unknown unless the last column says otherwise. A null list is unknown, an empty
list is known to be empty. Fields in bold are required; a row without one is not loaded and becomes a
[gap](reasons.md#gaps). Reliability runs from R0, a bare statement, to R5, pulled from the system of record; a row may
carry a lower tier than its stream's and never a higher one.
"""


def streams_page() -> str:
    """The whole page."""
    evidence = [stream for stream in STREAMS.values() if not stream.control]
    control = [stream for stream in STREAMS.values() if stream.control]
    parts = [_INTRODUCTION, f"## Evidence\n\n{_contents(evidence)}", f"## Control\n\n{_contents(control)}"]
    parts += [_section(stream) for stream in (*evidence, *control)]
    return "\n".join(parts)


def _contents(streams: list[StreamDef]) -> str:
    return "".join(f"- [{stream.name}](#{stream.name}): {stream.doc}\n" for stream in streams)


def _section(stream: StreamDef) -> str:
    facts = f"Key: {_code(stream.key)}. Reliability: {_reliability(stream)}.{_final(stream)}"
    head = f"## {stream.name}\n\n{stream.doc}\n\n{facts}\n"
    table = "| field | type | means | null means |\n| --- | --- | --- | --- |\n"
    return f"{head}\n{table}{''.join(_row(field) for field in stream.fields)}"


def _final(stream: StreamDef) -> str:
    final = stream.final
    if final is None:
        return ""
    condition = "" if final.when is None else f" once `{final.when}` is {final.equals or 'set'}"
    return f" [Final](../explanation/collecting.md#what-was-seen-first-counts){condition}: {_code(final.fields)}."


def _reliability(stream: StreamDef) -> str:
    if stream.tier_if is not None:
        tier, needed = stream.tier_if
        return f"{tier.name} where {_code(needed)} are set, else {stream.tier.name}"
    if stream.tier_by is not None:
        field, tiers = stream.tier_by
        return f"by `{field}`: {_tiers(tiers)}; else {stream.tier.name}"
    return stream.tier.name


def _tiers(tiers: Mapping[str, Tier]) -> str:
    return ", ".join(f"{value} {tier.name}" for value, tier in tiers.items())


def _row(field: FieldDef) -> str:
    name = f"**`{field.name}`**" if field.required else f"`{field.name}`"
    null = "not allowed" if field.required else _null(field)
    return f"| {name} | {_cell(_type(field))} | {_cell(_means(field))} | {_cell(null)} |\n"


def _null(field: FieldDef) -> str:
    if field.info.default is not None:
        return f"as {str(field.info.default).lower()}"
    return field.info.null or "unknown"


def _type(field: FieldDef) -> str:
    text = _TYPES[field.type]
    if field.enum:
        text = ("list of: " if field.type is FieldType.TEXT_LIST else "one of: ") + _code(field.enum)
    if field.info.booleans:
        text += " (true is 1, false is 0)"
    return text


def _means(field: FieldDef) -> str:
    info, text = field.info, field.info.doc
    if info.unit:
        text += f" Unit: {info.unit}."
    if info.low is not None or info.high is not None:
        text += f" Bounds: {_bound(info.low)} to {_bound(info.high)}."
    if info.refers_to:
        text += " Refers to " + ", ".join(f"[{name}](#{name})" for name in info.refers_to) + "."
    return text


def _bound(value: float | None) -> str:
    return "any" if value is None else f"{value:g}"


def _code(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
