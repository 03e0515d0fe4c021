"""JSON Lines: one object per line, read strictly."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import NoReturn

from auditor.api import JsonValue
from collectors.files.lines import BadRow, Line, RawRow, TextFile

MAX_DEPTH = 32
"""Deepest nesting of a line (chosen: rows of the model nest three levels deep)."""

_SHOWN = 40


def read_jsonl(file: TextFile) -> Iterator[RawRow | BadRow]:
    """The rows of a file; blank lines are passed over.

    Raises:
        OSError: the file cannot be read.
    """
    for line in file.lines():
        if isinstance(line, BadRow):
            yield line
        elif line.text.strip():
            yield _row(line)


def _row(line: Line) -> RawRow | BadRow:
    try:
        value = _parse(line.text)
    except RecursionError:
        problem = f"the JSON is nested deeper than {MAX_DEPTH} levels"
    except json.JSONDecodeError as error:
        problem = f"no JSON at column {error.pos + 1} of the line: {error.msg[0].lower()}{error.msg[1:]}"
        if not line.text.endswith(("\n", "}")):
            problem = "the last line is cut off: neither the JSON nor the line ends"
    except ValueError as error:
        problem = str(error)
    else:
        if isinstance(value, dict):
            return RawRow(line.number, value)
        problem = f"the line is {_named(value)}, not an object"
    return BadRow(line.number, problem, 1)


def _parse(text: str) -> JsonValue:
    if text.count("{") + text.count("[") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise RecursionError
    value: JsonValue = _DECODER.decode(text)
    if "\\u" in text:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError("the JSON holds half a character (an unpaired \\ud800 to \\udfff)") from None
    return value


def _depth(text: str) -> int:
    """Levels of nesting, brackets inside strings left out."""
    depth = deepest = 0
    in_string = escaped = False
    for character in text:
        if in_string:
            in_string = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            in_string = True
        elif character in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "}]":
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the JSON has the key {double[:_SHOWN]!r} twice")
    return value


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _integer(digits: str) -> int:
    if len(digits) > _SHOWN:
        raise ValueError(f"a number of {len(digits)} digits is too large")
    return int(digits)


def _real(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"the number {digits[:_SHOWN]} is too large")
    return value


def _named(value: JsonValue) -> str:
    kinds = {str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list"}
    return kinds.get(type(value), "null")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_real)
