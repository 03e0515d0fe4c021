"""The sections that a revision changed: headings as the history names them, as keys of the document's kind."""

from __future__ import annotations

import re
from collections.abc import Sequence

from auditor.model.sections import SECTION_KEYS
from auditor.recognise.structure import Structure
from auditor.recognise.vocabulary import SECTIONS

VERSION = "revisions 1"
"""Raised whenever the same headings give other keys."""

_NUMBERING = re.compile(r"^(?:[0-9]{1,3}(?:\.[0-9]{1,3}){0,5}[.)]?|[ivx]{1,6}[.)])\s")
_HEADING_CHARS = 60


class ChangedSections:
    """Maps the headings of a document's history to section keys; a subsection stands for what it is part of too."""

    def __init__(self, structure: Structure, kind: str) -> None:
        """Take in a document.

        Args:
            structure: its current text.
            kind: a key of `SECTION_KEYS`.
        """
        self._keys = SECTION_KEYS[kind].all
        self._above: dict[str, tuple[str, ...]] = {}
        title = structure.title[0] if structure.title else None
        open_sections: list[tuple[int, str]] = []
        for section in structure.sections:
            text = structure.pieces[section.heading].text
            while open_sections and open_sections[-1][0] <= section.heading:
                open_sections.pop()
            self._above.setdefault(folded(text), tuple(heading for _, heading in open_sections[-6:]))
            if text != title:
                open_sections.append((section.end, text))

    def keys(self, headings: Sequence[str]) -> tuple[str, ...]:
        """The keys of the sections under these headings, in the order of the kind; keys stay as they are."""
        found: set[str] = set()
        for heading in headings:
            if heading in self._keys:
                found.add(heading)
                continue
            for text in (heading, *self._above.get(folded(heading), ())):
                found.update(key for key in self._keys if SECTIONS[key].search(text))
        return tuple(key for key in self._keys if key in found)


def folded(text: str) -> str:
    """A heading as histories name it: without numbering, lower case, at most 60 characters."""
    return _NUMBERING.sub("", " ".join(text.split())).casefold()[:_HEADING_CHARS].strip()
