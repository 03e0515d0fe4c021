"""What kind of agreement a document is, if any: weighted clues, each with the lines that give it (rubric 4.5).

No single keyword decides: what a title says (0.35), what the document declares itself to be (0.35), who it is between
(0.25; 0.15 where the sides are only spoken of), its language (0.2) and its content (0.2) add up, and what speaks
against it is taken away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from auditor.recognise.parties import PartyNames, Sides
from auditor.recognise.quantities import loads
from auditor.recognise.structure import Piece, Structure
from auditor.recognise.targets import ParsedTarget
from auditor.recognise.vocabulary import (
    COMMON_WORDS,
    DECLARED,
    KINDS,
    LANGUAGE,
    LANGUAGE_NEEDED,
    NOT_AN_AGREEMENT,
    ROLES,
    TITLES,
    AgreementKind,
)

VERSION = "agreements 2"
"""Raised whenever the same document gives another verdict."""

CLASSIFY_MIN = 0.6
AMBIGUOUS_MIN = 0.4
MARGIN = 0.15
PLACEHOLDERS_MAX = 0.05

_STRONG, _PARTIES, _WORDING, _CONTENT = 0.35, 0.25, 0.2, 0.2
_ROLES = 0.15
"""Both sides are spoken of, but not named: less than the parties themselves, since guides do so too (chosen)."""
_TITLE_AGAINST, _PLACEHOLDERS_AGAINST = -0.4, -0.5
_UNDECIDABLE_MARGIN = 0.5
"""Confidence where two kinds are too near to each other: in the middle of what is ambiguous."""
_MAX_PIECES = 4_000
"""Pieces that wording and roles are looked for in; agreements are shorter."""
_MIN_WORDS_FOR_LANGUAGE = 40
_MIN_COMMON = 0.08
_ID = re.compile(r"^(SLA|SLR|OLA|UC)[-_ ]?[0-9]", re.IGNORECASE)
_TERM = re.compile(r"\b(?:initial |contract )?term (?:of|is|shall)\b|\bduration\b|\bcommenc", re.IGNORECASE)
_PRICE = re.compile(r"\bprices?\b|\bfees?\b|\bcharges\b|[$\u20ac\u00a3] ?[0-9]|\b(?:EUR|USD|GBP)\b", re.IGNORECASE)
_GROWTH = re.compile(r"\bgrowth\b|\bforecast\b|\bdemand\b|\bexpected (?:volume|load)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Clue:
    """One reason for or against a kind.

    Attributes:
        kind: the kind it speaks for; None: it speaks against every kind.
        group: what sort of reason it is; of each sort only the first one counts per kind.
        weight: what it adds to the score.
        what: one sentence.
        first, last: the lines that give it.
    """

    kind: AgreementKind | None
    group: Literal["declared", "title", "parties", "language", "content", "against-title", "against-placeholders"]
    weight: float
    what: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a document is.

    Attributes:
        state: `decided` (a kind), `ambiguous` (a kind that a person should look at), `none` (no agreement), or
            `undecided` (it cannot be read: another language, or no text).
        kind: the kind; None where it is none or undecided.
        confidence: how sure the kind is, 0 to 1; of `none` how sure that is; None where it is undecided.
        clues: everything that was found, for and against.
        reason: why it is undecided or ambiguous; None where it is neither.
    """

    state: Literal["decided", "ambiguous", "none", "undecided"]
    kind: AgreementKind | None
    confidence: float | None
    clues: tuple[Clue, ...]
    reason: str | None = None


def classify(
    structure: Structure,
    targets: Sequence[ParsedTarget],
    sides: Sides,
    *,
    parties: PartyNames,
    labels: Iterable[str] = (),
) -> Verdict:
    """Decide what kind of agreement a document is.

    Args:
        structure: the document.
        targets: its targets.
        sides: who it is between.
        parties: the parties that are known.
        labels: its labels.
    """
    if not structure.is_text:
        return Verdict("undecided", None, None, (), "the content is no text")
    if not structure.is_whole:
        return Verdict("undecided", None, None, (), "it is longer than what is read of a document")
    declared = list(_declared(structure, labels))
    if not declared and not is_english(structure):
        return Verdict("undecided", None, None, (), "its language is not known, or it has too few words")
    clues = [*declared, *_title(structure), *_parties(structure, sides, parties), *_language(structure)]
    clues += [*_content(structure, targets), *_against(structure)]
    return _verdict(tuple(clues))


def is_english(structure: Structure) -> bool:
    """Whether a text is English by its common words; a short one is, when all of its letters are plain."""
    common = total = letters = plain = 0
    for piece in structure.pieces[:_MAX_PIECES]:
        words = piece.text.casefold().split()
        total += len(words)
        common += sum(word in COMMON_WORDS for word in words)
        letters += sum(char.isalpha() for char in piece.text)
        plain += sum(char.isascii() and char.isalpha() for char in piece.text)
    if letters == 0 or plain < 0.9 * letters:
        return False
    return total < _MIN_WORDS_FOR_LANGUAGE or common >= _MIN_COMMON * total


def _verdict(clues: tuple[Clue, ...]) -> Verdict:
    scores = {kind: _score(kind, clues) for kind in KINDS}
    ranked = sorted(KINDS, key=lambda kind: -scores[kind])
    best, second = scores[ranked[0]], scores[ranked[1]]
    # Wording and roles alone are how any contract or guide reads: it takes a title, a declaration or parsed content.
    is_grounded = any(clue.kind == ranked[0] and clue.group in {"title", "declared", "content"} for clue in clues)
    if best < AMBIGUOUS_MIN or not is_grounded:
        return Verdict("none", None, round(1 - best, 2), clues)
    if best < CLASSIFY_MIN:
        return Verdict("ambiguous", ranked[0], round(best, 2), clues, f"its score is {best:.2f}")
    if best - second < MARGIN:
        reason = f"{ranked[0]} and {ranked[1]} are {best - second:.2f} apart"
        return Verdict("ambiguous", ranked[0], _UNDECIDABLE_MARGIN, clues, reason)
    return Verdict("decided", ranked[0], round(best, 2), clues)


def _score(kind: AgreementKind, clues: Sequence[Clue]) -> float:
    weights: dict[str, float] = {}
    for clue in clues:
        if clue.kind in {kind, None}:
            weights.setdefault(clue.group, clue.weight)
    in_favour = min(1.0, sum(weight for weight in weights.values() if weight > 0))
    against = sum(weight for weight in weights.values() if weight < 0)
    return max(0.0, round(in_favour + against, 6))


def _declared(structure: Structure, labels: Iterable[str]) -> Iterator[Clue]:
    for key in ("type", "kind", "doc_type", "document_type", "category"):
        if entry := structure.front.get(key):
            for value in entry.values:
                if kind := DECLARED.get(" ".join(value.casefold().replace("-", " ").replace("_", " ").split())):
                    yield Clue(kind, "declared", _STRONG, f"front matter says {key}: {value}", entry.line, entry.line)
    for label in labels:
        if kind := DECLARED.get(label.casefold()):
            yield Clue(kind, "declared", _STRONG, f"label {label}", 1, 1)
    for key in ("id", "document_id", "agreement_id"):
        if (entry := structure.front.get(key)) and (match := _ID.match(entry.values[0])):
            kind = DECLARED[match[1].casefold()]
            yield Clue(kind, "declared", _STRONG, f"its id is {entry.values[0]}", entry.line, entry.line)


def _title(structure: Structure) -> Iterator[Clue]:
    if structure.title is None:
        return
    title, line = structure.title
    for kind in KINDS:
        if TITLES[kind].search(title):
            yield Clue(kind, "title", _STRONG, f"its title is {title!r}", line, line)


def _parties(structure: Structure, sides: Sides, parties: PartyNames) -> Iterator[Clue]:
    provider, consumer = sides.provider, sides.consumer
    if provider is not None and consumer is not None:
        first, last = min(provider.first, consumer.first), max(provider.last, consumer.last)
        kind = _kind_of_sides(sides, parties)
        if kind is not None:
            yield Clue(kind, "parties", _PARTIES, f"{provider.text!r} serves {consumer.text!r}", first, last)
            return
    for kind in KINDS:
        one, other = ROLES[kind]
        places = [_first_match(structure, pattern) for pattern in (one, other)]
        if places[0] is not None and places[1] is not None:
            yield Clue(kind, "parties", _ROLES, f"it speaks of both sides of a {kind}", places[0].first, places[0].last)


def _kind_of_sides(sides: Sides, parties: PartyNames) -> AgreementKind | None:
    """The kind that who serves whom makes it; None where the kinds of the two are not known."""
    provider, consumer = sides.provider, sides.consumer
    if provider is None or consumer is None:
        return None
    if provider.kind == "supplier":
        return "UC"
    if provider.kind == consumer.kind == "internal_team":
        return "OLA"
    if consumer.kind in {"customer", "business_unit"}:
        # Parties are on record and the provider is none of them: the page of somebody else's service.
        return "UC" if parties.are_known and provider.party_id is None else "SLA"
    return None


def _language(structure: Structure) -> Iterator[Clue]:
    for kind in KINDS:
        found = [piece for pattern in LANGUAGE[kind] if (piece := _first_match(structure, pattern))]
        if len(found) >= LANGUAGE_NEEDED[kind]:
            lines = found[0]
            yield Clue(kind, "language", _WORDING, f"{len(found)} turns of phrase of a {kind}", lines.first, lines.last)


def _content(structure: Structure, targets: Sequence[ParsedTarget]) -> Iterator[Clue]:
    stated = [target for target in targets if target.metric != "workload_limit"]
    if stated:
        for kind in ("SLA", "OLA"):
            what = f"{len(stated)} targets, the first one of {stated[0].metric}"
            yield Clue(kind, "content", _CONTENT, what, stated[0].first, stated[0].last)
    if growth := _first_match(structure, _GROWTH):
        has_figures = any(next(loads(piece.text), None) for piece in structure.pieces[:_MAX_PIECES])
        if has_figures:
            yield Clue("SLR", "content", _CONTENT, "figures of the demand that is expected", growth.first, growth.last)
    term, price = _first_match(structure, _TERM), _first_match(structure, _PRICE)
    if term and price:
        yield Clue("UC", "content", _CONTENT, "a contract term and a price", term.first, term.last)


def _against(structure: Structure) -> Iterator[Clue]:
    if structure.title is not None:
        title, line = structure.title
        if match := NOT_AN_AGREEMENT.search(title):
            yield Clue(None, "against-title", _TITLE_AGAINST, f"its title has the word {match[0]!r}", line, line)
    if structure.placeholder_ratio > PLACEHOLDERS_MAX:
        what = f"{structure.placeholder_ratio:.0%} of its words are unfilled template"
        yield Clue(None, "against-placeholders", _PLACEHOLDERS_AGAINST, what, 1, structure.line_count)


def _first_match(structure: Structure, pattern: re.Pattern[str]) -> Piece | None:
    return next((piece for piece in structure.pieces[:_MAX_PIECES] if pattern.search(piece.text)), None)
