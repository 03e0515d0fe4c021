"""Who an agreement is between: labelled rows and lines, front matter, and "between X and Y"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from auditor.model.evidence import Row
from auditor.recognise.labels import labelled
from auditor.recognise.services import Names, texts
from auditor.recognise.structure import Structure
from auditor.recognise.vocabulary import CONSUMER_LABEL, PROVIDER_LABEL

_BETWEEN = re.compile(
    r"\b[Bb]etween (?:the )?([A-Z][\w&'.-]{0,40}(?: [\w&'.-]{1,40}){0,5}?)(?: \([^()]{0,60}\))?,? and (?:the )?"
    r"([A-Z][\w&'-]{0,40}(?: [A-Z][\w&'-]{0,40}){0,5})"
)
_NO_PARTY = re.compile(r"^[\[<]|\bTBD\b|^[-\u2013_. ]*$")
_SEARCHED = 80
_MAX_WORDS = 8


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an agreement as the document names it.

    Attributes:
        text: the name written there.
        party_id: the party of that name; None: none is known, or several.
        kind: kind of that party; None: not known.
        first, last: lines of the piece that says so.
    """

    text: str
    party_id: str | None
    kind: str | None
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides; None: the document does not say it in a form that can be read."""

    provider: Side | None
    consumer: Side | None


class PartyNames:
    """The names that parties go by, with their kinds."""

    def __init__(self, parties: Iterable[Row]) -> None:
        """Take in rows of stream `party`."""
        self._names = Names()
        self._kinds: dict[str, str] = {}
        for row in parties:
            party_id, kind = row.values["party_id"], row.values["kind"]
            if isinstance(party_id, str) and isinstance(kind, str):
                self._names.add(party_id, texts(row.values["name"]))
                self._kinds[party_id] = kind

    @property
    def are_known(self) -> bool:
        """Whether there is any party."""
        return bool(self._kinds)

    def side(self, text: str, first: int, last: int) -> Side:
        """The side that a text names."""
        party_id = self._names.exact(text)
        if party_id is None:
            named = {mention.row_id for mention in self._names.find(text) if mention.how == "parsed"}
            party_id = named.pop() if len(named) == 1 else None
        return Side(text, party_id, None if party_id is None else self._kinds[party_id], first, last)


def find_sides(structure: Structure, names: PartyNames) -> Sides:
    """The two sides of a document, from what it labels as such, else from its "between X and Y"."""
    provider = consumer = None
    for entry in labelled(structure):
        if len(entry.text.split()) > _MAX_WORDS or _NO_PARTY.search(entry.text):
            continue
        if provider is None and PROVIDER_LABEL.search(entry.label):
            provider = names.side(entry.text, entry.first, entry.last)
        elif consumer is None and CONSUMER_LABEL.search(entry.label):
            consumer = names.side(entry.text, entry.first, entry.last)
    if provider is None and consumer is None:
        return _between(structure, names)
    return Sides(provider, consumer)


def _between(structure: Structure, names: PartyNames) -> Sides:
    for piece in structure.pieces[:_SEARCHED]:
        match = _BETWEEN.search(piece.text) if piece.kind in {"paragraph", "item"} else None
        if match is None:
            continue
        one, other = (names.side(match[n], piece.first, piece.last) for n in (1, 2))
        customers = {"customer", "business_unit"}
        if one.kind in customers and other.kind not in customers:
            return Sides(other, one)
        if (other.kind in customers and one.kind not in customers) or one.kind == other.kind == "internal_team":
            return Sides(one, other)
        if other.kind == "supplier":
            return Sides(other, one)
        # Which of the two provides is not known: two sides are there, but neither is named as a field.
        unsure = [Side(side.text, None, side.kind, side.first, side.last) for side in (one, other)]
        return Sides(*unsure)
    return Sides(None, None)
