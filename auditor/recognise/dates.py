"""Dates in documents: ISO and dates with the month in words. A date of numbers alone in another order is undecided."""

from __future__ import annotations

import re
from datetime import date

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"),
        1,
    )
    for name in names.split()
}  # fmt: skip
_NAME = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATE = re.compile(
    r"(?<![\w-])(?:(?P<y>[12][0-9]{3})-(?P<m>[01]?[0-9])-(?P<d>[0-3]?[0-9])(?![\w-])"
    rf"|(?P<d2>[0-3]?[0-9])(?:st|nd|rd|th)?[ .-]{{1,2}}(?P<m2>{_NAME})\b[., -]{{1,2}}(?P<y2>[12][0-9]{{3}})\b"
    rf"|(?P<m3>{_NAME})\b[. ]{{1,2}}(?P<d3>[0-3]?[0-9])(?:st|nd|rd|th)?,? (?P<y3>[12][0-9]{{3}})\b)",
    re.IGNORECASE,
)
_EVERY = re.compile(
    r"(?:every|each) (?P<n>[0-9]{1,2}|two|three|four|six|twelve)? ?(?P<unit>week|month|quarter|year)s?\b"
    r"|(?P<word>monthly|quarterly|half-yearly|semi-annual(?:ly)?|every half year|twice a year|annual(?:ly)?|yearly"
    r"|once (?:a|per) year)\b",
    re.IGNORECASE,
)
_NUMBERS = {"two": 2, "three": 3, "four": 4, "six": 6, "twelve": 12}
_UNIT_DAYS = {"week": 7.0, "month": 365 / 12, "quarter": 365 / 4, "year": 365.0}
_WORD_DAYS = {"monthly": 365 / 12, "quarterly": 365 / 4, "annual": 365.0, "annually": 365.0, "yearly": 365.0}


def find_date(text: str) -> date | None:
    """The one date of a text; None where there is none, or several that differ, or it cannot be read for certain."""
    found = {day for match in _DATE.finditer(text) if (day := _day(match))}
    return found.pop() if len(found) == 1 else None


def find_interval_days(text: str) -> float | None:
    """The interval a text names (`every six months`, `annually`), in whole days; None where it names none."""
    match = _EVERY.search(text)
    if match is None:
        return None
    if word := match["word"]:
        folded = word.casefold()
        half = folded.startswith(("half", "semi", "every half", "twice"))
        return float(round(365 / 2)) if half else float(round(_WORD_DAYS.get(folded, 365.0)))
    number = match["n"]
    count = 1 if number is None else _NUMBERS.get(number.casefold()) or int(number)
    return float(round(count * _UNIT_DAYS[match["unit"].casefold()])) if count else None


def _day(match: re.Match[str]) -> date | None:
    year = match["y"] or match["y2"] or match["y3"]
    month = match["m"] or match["m2"] or match["m3"]
    day = match["d"] or match["d2"] or match["d3"]
    try:
        return date(int(year), _MONTHS[month.casefold()] if month.isalpha() else int(month), int(day))
    except ValueError:
        return None
