"""Labelled values of a document: fields of the front matter, rows of two cells, and lines such as `Owner: p-01`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from auditor.recognise.structure import Structure

_MAX_LABEL = 40
_MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class Labelled:
    """A value with what the document calls it, and the lines of the piece it stands in."""

    label: str
    text: str
    first: int
    last: int


def labelled(structure: Structure) -> Iterator[Labelled]:
    """Every labelled value, those of the front matter first; more than 200 characters are a text, not a value."""
    for key, entry in structure.front.items():
        yield Labelled(key.replace("_", " "), ", ".join(entry.values)[:_MAX_TEXT], entry.line, entry.line)
    for piece in structure.pieces:
        if piece.kind == "row" and len(piece.cells) >= 2:
            label, text = piece.cells[0], piece.cells[1]
        elif piece.kind in {"paragraph", "item"}:
            label, _, text = piece.text[: _MAX_LABEL + _MAX_TEXT].partition(":")
        else:
            continue
        text = text.strip()
        if label and text and len(label) <= _MAX_LABEL and len(text) <= _MAX_TEXT:
            yield Labelled(label.strip(), text, piece.first, piece.last)
