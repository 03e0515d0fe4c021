r"""Text cells: how a CSV file or a mapping writes the values of a stream.

Empty is null; `-` is a list known to be empty; entries of a list are separated by `;`, spaces around them do not
count. A backslash takes the meaning from `;`, from `-`, from a space and from a backslash after it; before any other
character it is itself. Maps are JSON text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import orjson

from auditor.canonical import JsonValue
from auditor.model.streams.base import FieldDef, FieldType, StreamDef

EMPTY_LIST = "-"
"""The cell of a list that is known to be empty."""

_INT = re.compile(r"[+-]?[0-9]{1,19}")
_REAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_BOOLS = {"true": True, "false": False}
_ENTRY = re.compile(r"(?:\\[;\\ -]|[^;])*")
_ESCAPE = re.compile(r"\\([;\\ -])")
_SPECIAL = re.compile(r"[;\\]")


def from_text(stream: StreamDef, raw: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Convert the text cells of one row by the types of the stream's fields.

    Values that are not text pass as they are, and so does text that does not convert: the check of the row names it.
    Fields the stream does not have are kept for the same reason.
    """
    types = {field.name: field for field in stream.fields}
    return {
        name: _convert(types[name], value) if isinstance(value, str) and name in types else value
        for name, value in raw.items()
    }


def list_text(entries: Iterable[str]) -> str:
    """The cell of a list, which `from_text` reads as the same list.

    Raises:
        ValueError: an entry is blank, which no list of a stream may hold.
    """
    cells = [_entry_text(entry) for entry in entries]
    return ";".join(cells) if cells else EMPTY_LIST


def _entry_text(entry: str) -> str:
    if not entry.strip():
        raise ValueError("a list cannot hold a blank entry")
    if entry == EMPTY_LIST:
        return rf"\{EMPTY_LIST}"
    escaped = _SPECIAL.sub(lambda match: f"\\{match[0]}", entry)
    if escaped.startswith(" "):
        escaped = f"\\{escaped}"
    return rf"{escaped[:-1]}\ " if escaped.endswith(" ") else escaped


def _convert(field: FieldDef, cell: str) -> JsonValue:
    if not cell.strip():
        return None
    if field.type is FieldType.TEXT:
        return cell
    if field.type is FieldType.TEXT_LIST:
        return _split(cell)
    text = cell.strip()
    if field.type is FieldType.BOOL:
        return _BOOLS.get(text.lower(), text)
    if field.type is FieldType.INT:
        return int(text) if _INT.fullmatch(text) else _number(text)
    if field.type is FieldType.REAL:
        return _BOOLS.get(text.lower(), _number(text)) if field.info.booleans else _number(text)
    if field.type in (FieldType.INSTANT, FieldType.DATE):
        return text
    return _json(text)


def _number(text: str) -> JsonValue:
    return float(text) if _REAL.fullmatch(text) else text


def _json(text: str) -> JsonValue:
    try:
        value: JsonValue = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return value


def _split(cell: str) -> list[JsonValue]:
    if cell.strip() == EMPTY_LIST:
        return []
    entries = (_strip(match) for match in _ENTRY.findall(cell))
    return [_ESCAPE.sub(r"\1", entry) for entry in entries if entry]


def _strip(entry: str) -> str:
    """Without the spaces around it; a space after a backslash belongs to it."""
    start = entry.lstrip(" ")
    end = start.rstrip(" ")
    return f"{end} " if len(end) < len(start) and _ends_in_open_escape(end) else end


def _ends_in_open_escape(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1
