"""Strict YAML: what a person wrote, with the line of every value, and nothing guessed.

Refused are duplicate keys, anchors and aliases, tags, several documents and bytes that are not UTF-8. Plain scalars
follow YAML 1.2 with decimal numbers only: just `true`, `false` and `null` (also `~` or nothing) have a meaning
of their own, so that `NO`, `on`, `1:30` and dates stay text and `010` is not eight.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml import events

from auditor.errors import AuditorError

MAX_BYTES = 10_000_000
_MAX_DEPTH = 60
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_REAL = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?\Z")
_MAX_DIGITS = 40
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}

Path_ = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """A document: its value, and the line each part of it stands on.

    Attributes:
        value: maps, lists, text, numbers, booleans and None.
        path: the file.
        lines: path inside the document -> 1-based line its value begins on (of a block scalar: its first text line).
    """

    value: Any
    path: Path
    lines: dict[Path_, int] = field(repr=False)

    def line(self, at: Path_) -> int:
        """Line of the value at a path; where the path leads nowhere, of the nearest part above it."""
        while at not in self.lines:
            at = at[:-1]
        return self.lines[at]

    def place(self, at: Path_) -> str:
        """`file:line` of the value at a path, or of the nearest part above it."""
        return f"{self.path}:{self.line(tuple(at))}"


def load_yaml(path: Path, error: type[AuditorError]) -> YamlDocument:
    """Read a file of one YAML document.

    Args:
        path: the file.
        error: class of the error to raise.

    Raises:
        AuditorError: of the given class: the file cannot be read, or holds what is refused; with file and line.
    """
    text = _read(path, error)
    reader = _Reader(path, error)
    try:
        value = reader.document(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as fault:
        raise _not_yaml(fault, text, path, error) from fault
    except yaml.reader.ReaderError as fault:
        line = text.encode().count(b"\n", 0, fault.position) + 1
        what = f"not YAML: it holds the control character U+{fault.character:04X}"
        raise error(what, where=f"{path}:{line}", cure="take the character out") from fault
    return YamlDocument(value, path, reader.lines)


def _read(path: Path, error: type[AuditorError]) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as fault:
        raise error(
            f"cannot be read: {fault.strerror}", where=str(path), cure="check the name and the permissions"
        ) from fault
    if len(data) > MAX_BYTES:
        raise error(f"has more than {MAX_BYTES:,} bytes", where=str(path), cure="is it the right file?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise error(
            f"byte {fault.start} is not UTF-8", where=f"{path}:{line}", cure="save the file as UTF-8"
        ) from fault


def _line(event: events.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 1


def _is_block(event: events.Event) -> bool:
    return isinstance(event, events.ScalarEvent) and event.style in ("|", ">")


def _not_yaml(fault: yaml.MarkedYAMLError, text: str, path: Path, error: type[AuditorError]) -> AuditorError:
    number = fault.problem_mark.line + 1 if fault.problem_mark else 1
    lines = text.splitlines()
    line = lines[number - 1] if number <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return error("not YAML: a tab cannot indent", where=f"{path}:{number}", cure="indent with spaces")
    return error(f"not YAML: {fault.problem}", where=f"{path}:{number}", cure="mend the line, or the one before it")


class _Reader:
    """Builds values from parser events, which still know of anchors, tags and lines."""

    def __init__(self, path: Path, error: type[AuditorError]) -> None:
        self.lines: dict[Path_, int] = {(): 1}
        self._path = path
        self._error = error

    def document(self, stream: Iterator[events.Event]) -> Any:
        """The value of the only document; None of an empty one."""
        value: Any = None
        documents = 0
        for event in stream:
            if isinstance(event, events.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refused(event, "a second document begins", "keep one document in the file")
                value = self._node(next(stream), stream, ())
        return value

    def _node(self, event: events.Event, stream: Iterator[events.Event], at: Path_) -> Any:
        if isinstance(event, events.AliasEvent):
            raise self._refused(event, f"the alias *{event.anchor} is not allowed", "write the value out")
        if not isinstance(event, events.NodeEvent):
            raise self._refused(event, "a value is missing", "mend the line")
        if event.anchor is not None:
            raise self._refused(event, f"the anchor &{event.anchor} is not allowed", "write the value out")
        if isinstance(event, events.ScalarEvent | events.CollectionStartEvent) and event.tag is not None:
            raise self._refused(event, f"the tag {event.tag} is not allowed", "leave it out")
        if len(at) > _MAX_DEPTH:
            raise self._refused(event, f"more than {_MAX_DEPTH} levels deep", "is it the right file?")
        self.lines[at] = _line(event)
        if isinstance(event, events.ScalarEvent):
            return self._scalar(event, at)
        if isinstance(event, events.SequenceStartEvent):
            return self._sequence(stream, at)
        return self._mapping(stream, at)

    def _scalar(self, event: events.ScalarEvent, at: Path_) -> Any:
        if _is_block(event):
            self.lines[at] += 1
        if event.style:
            return event.value
        text: str = event.value
        if text in _WORDS:
            return _WORDS[text]
        if not _REAL.match(text):
            return text
        if len(text) > _MAX_DIGITS or not math.isfinite(float(text)):
            raise self._refused(event, f"the number {text[:12]}... is too large", "round it, or quote it as text")
        return int(text) if _INTEGER.match(text) else float(text)

    def _sequence(self, stream: Iterator[events.Event], at: Path_) -> list[Any]:
        values: list[Any] = []
        for event in stream:
            if isinstance(event, events.SequenceEndEvent):
                break
            values.append(self._node(event, stream, (*at, len(values))))
        return values

    def _mapping(self, stream: Iterator[events.Event], at: Path_) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for event in stream:
            if isinstance(event, events.MappingEndEvent):
                break
            if not isinstance(event, events.ScalarEvent) or event.anchor is not None or event.tag is not None:
                raise self._refused(event, "a key must be plain text", "write it without anchor, tag or brackets")
            key: str = event.value
            if key in values:
                raise self._refused(event, f"the key {key!r} is given twice", "keep one of them")
            entry = next(stream)
            values[key] = self._node(entry, stream, (*at, key))
            if not _is_block(entry):
                self.lines[(*at, key)] = _line(event)
        return values

    def _refused(self, event: events.Event, what: str, cure: str) -> AuditorError:
        return self._error(what, where=f"{self._path}:{_line(event)}", cure=cure)
