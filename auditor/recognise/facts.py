"""What an agreement says about itself: approval, validity, review, signatures. What it does not say stays null.

An empty signature table is no approval, and a date that can be read in two ways is none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from auditor.recognise.dates import find_date, find_interval_days
from auditor.recognise.labels import Labelled, labelled
from auditor.recognise.structure import Piece, Structure


def _label(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:agreement |document |contract )?(?:{pattern})$", re.IGNORECASE)


_APPROVED = _label(r"approved(?: (?:on|at|by|date))?|approval(?: date)?|date of approval|date approved|approved at")
_FROM = _label(
    r"effective(?: (?:from|date|as of|since))?|valid from|start(?:s| date)|commencement(?: date)?|in force since"
)
_TO = _label(r"effective (?:to|until)|valid (?:to|until|through)|expir(?:y|es|ation)(?: (?:date|on))?|end date|ends")
_REVIEW_DUE = _label(r"next review(?: (?:date|due|on))?|review (?:due|date|by)|due for review")
_LAST_REVIEW = _label(r"last review(?:ed)?(?: (?:on|date|at))?|reviewed(?: on)?")
_INTERVAL = _label(r"review (?:interval|period|cycle|frequency)")
_FROM_SENTENCE = re.compile(r"\beffective (?:as of|from|on|since)\b(.{0,60})", re.IGNORECASE)
_APPROVED_SENTENCE = re.compile(
    r"(?<!\bbe )(?<!\bnot )(?<!\bnot yet )\bapproved (?:by [^.;]{0,80} )?on\b(.{0,60})", re.IGNORECASE
)
_NOT_YET = re.compile(r"\b(?:pending|planned|expected|due|not|draft|proposed|rejected|TBD|TBC)\b", re.IGNORECASE)
_REVIEW_SENTENCE = re.compile(r"\breview(?:ed|s)?\b", re.IGNORECASE)
_SIGNATURE = re.compile(r"\bsign(?:ed|ature|atory|atories)\b|\bapprover\b|\bapproved by\b", re.IGNORECASE)
_DATE_COLUMN = re.compile(r"\bdate\b|\bsigned on\b", re.IGNORECASE)
_EMPTY = re.compile(r"[-_. \u2013\u2014]*|\[.*\]|<.*>|TBD|TBC|pending", re.IGNORECASE)
_PERSON = re.compile(r"[\w.@+-]{2,80}")


@dataclass(frozen=True, slots=True)
class Facts:
    """Dates and persons of an agreement; None: the document does not say it in a form that can be read.

    Attributes:
        review_interval_days: time between reviews.
        signed_by: ids of known persons who signed.
    """

    approved_on: date | None
    effective_from: date | None
    effective_to: date | None
    review_due: date | None
    last_review_on: date | None
    review_interval_days: float | None
    signed_by: tuple[str, ...] | None


def find_facts(structure: Structure, persons: Collection[str]) -> Facts:
    """Read the facts of an agreement.

    Args:
        structure: the document.
        persons: ids of the persons who are known.
    """
    entries = list(labelled(structure))
    rows = list(_signature_rows(structure))
    settled = [entry for entry in entries if not _NOT_YET.search(entry.text)]
    approved = _labelled_date(settled, _APPROVED) or _sentence_date(structure, _APPROVED_SENTENCE) or _all_signed(rows)
    return Facts(
        approved_on=approved,
        effective_from=_labelled_date(entries, _FROM) or _sentence_date(structure, _FROM_SENTENCE),
        effective_to=_labelled_date(entries, _TO),
        review_due=_labelled_date(entries, _REVIEW_DUE),
        last_review_on=_labelled_date(entries, _LAST_REVIEW),
        review_interval_days=_interval(entries, structure),
        signed_by=_signers(rows, entries, persons),
    )


def _labelled_date(entries: list[Labelled], pattern: re.Pattern[str]) -> date | None:
    dates = (find_date(entry.text) for entry in entries if pattern.search(entry.label))
    return next((day for day in dates if day is not None), None)


def _sentence_date(structure: Structure, pattern: re.Pattern[str]) -> date | None:
    for piece in structure.pieces:
        match = pattern.search(piece.text) if piece.kind in {"paragraph", "item"} else None
        if match and (day := find_date(match[1])):
            return day
    return None


def _interval(entries: list[Labelled], structure: Structure) -> float | None:
    for entry in entries:
        if _INTERVAL.search(entry.label) and (days := find_interval_days(entry.text)):
            return days
    for piece in structure.pieces:
        if piece.kind in {"paragraph", "item"} and (match := _REVIEW_SENTENCE.search(piece.text)):
            near = piece.text[match.start() : match.start() + 80]
            if days := find_interval_days(near.split(". ")[0]):
                return days
    return None


def _signature_rows(structure: Structure) -> Iterator[Piece]:
    """Rows of the tables that people sign: a column for the signature or the signer, and one for the date."""
    for piece in structure.pieces:
        if piece.kind == "row" and _is_signed(piece.header):
            yield piece


@lru_cache(maxsize=256)
def _is_signed(header: tuple[str, ...]) -> bool:
    columns = " | ".join(header)
    return _SIGNATURE.search(columns) is not None and _DATE_COLUMN.search(columns) is not None


def _all_signed(rows: list[Piece]) -> date | None:
    """The day the last one signed; None while somebody has not."""
    days = [_row_date(row) for row in rows]
    signed = [day for day in days if day is not None]
    return max(signed) if signed and len(signed) == len(days) else None


def _row_date(row: Piece) -> date | None:
    """The day a row was signed; None while a column for the signature or the signer is empty in it."""
    for column, cell in zip(row.header, (*row.cells, *[""] * len(row.header)), strict=False):
        if _SIGNATURE.search(column) and not _DATE_COLUMN.search(column) and _EMPTY.fullmatch(cell.strip()):
            return None
    for column, cell in zip(row.header, row.cells, strict=False):
        if _DATE_COLUMN.search(column):
            return find_date(cell)
    return None


def _signers(rows: list[Piece], entries: list[Labelled], persons: Collection[str]) -> tuple[str, ...] | None:
    found = [row.text for row in rows if _row_date(row) is not None]
    found += [entry.text for entry in entries if entry.label.casefold() == "signed by"]
    named = [match[0] for text in found for match in _PERSON.finditer(text) if match[0] in persons]
    return tuple(dict.fromkeys(named)) or None
