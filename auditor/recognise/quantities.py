"""Numbers with units, metric nouns, priorities and periods in a sentence: the words targets are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_UNITS: dict[str, tuple[str, str | None]] = {
    "ms": ("ms", None), "millisecond": ("ms", None), "msec": ("ms", None),
    "s": ("s", None), "sec": ("s", None), "second": ("s", None),
    "m": ("min", None), "min": ("min", None), "minute": ("min", None),
    "h": ("h", None), "hr": ("h", None), "hour": ("h", None),
    "business hour": ("h", "business hours"), "working hour": ("h", "business hours"),
    "d": ("d", None), "day": ("d", None), "calendar day": ("d", None),
    "business day": ("d", "business days"), "working day": ("d", "business days"),
    "week": ("week", None), "month": ("month", None),
}  # fmt: skip
_QUANTITY = re.compile(
    r"(?<![\w.,])(?P<op>(?:>=|<=|=>|=<|>|<|≥|≤|=)\s?)?"
    r"(?:(?P<number>[0-9]{1,7}(?:[.,][0-9]{1,6})?)\s?-?\s?|(?P<word>" + "|".join(_WORDS) + r")[ -])"
    r"(?:\([0-9]{1,3}\)\s?)?"
    r"(?P<unit>%|percent\b|per cent\b|(?:(?:business|working|calendar)[ -])?(?:minute|hour|day|week|month|second)s?\b"
    r"|milliseconds?\b|msecs?\b|ms\b|secs?\b|mins?\b|hrs?\b|[smhd]\b)",
    re.IGNORECASE,
)

_REPEATED = 4_096
"""Texts whose reading is remembered: headings and column headers come again and again."""

_SILENT = "silent"
"""A noun whose number is no target: notice periods, credits, opening hours, intervals of reviews."""

_METRICS: tuple[tuple[str, str], ...] = (
    (_SILENT, r"credit|refund|penalt|discount|rebate|fee|invoice|payment|deduct|sweetener"),
    (_SILENT, r"notice|notif(?:y|ied|ication)|in advance|prior to|maintenance|retention|retain|expire|terminat|renew"),
    (_SILENT, r"update[sd]?\b|review|report(?:s|ed|ing)?\b|meeting|escalat|downtime|unavailable|interval|last\b|valid"),
    (_SILENT, r"actual|current performance|budget|claim|error budget|timeout|wait"),
    ("recovery_rto", r"\brto\b|recovery time"),
    ("recovery_rpo", r"\brpo\b|recovery point|data loss"),
    ("change_success", r"changes? success|success(?:ful)? (?:rate of )?changes?|changes? (?:that )?succeed"),
    ("satisfaction", r"satisf|\bcsat\b|\bnps\b"),
    ("error_rate", r"error rate|failure rate|failed requests|rate of errors"),
    ("latency", r"latency|page loads?|load time|loading time|\bp9[059]\b|round[ -]trip"),
    ("request_fulfilment", r"fulfil|service requests?|provision(?:ing|ed)"),
    ("incident_response", r"respon(?:d|se|ding|sive\w{0,4})|acknowledg|answer(?:s|ed)?\b|initial reply"),
    ("incident_response", r"first reply|reaction|react\b"),
    ("resolution", r"resol(?:v(?!\w{0,3} (?:disput|conflict))|ution)|restor(?:e|ed|ation|ing)|\bfix(?:ed)?\b|repair"),
    ("resolution", r"time to recover"),
    ("availability", r"availab|\bup ?time\b|\bmup\b"),
)  # fmt: skip
_METRIC = re.compile("|".join(f"(?P<m{i}>{pattern})" for i, (_, pattern) in enumerate(_METRICS)), re.IGNORECASE)

_WINDOWS: tuple[tuple[float, str], ...] = (
    (30, r"per (?:calendar )?month|(?:each|every|any|a|calendar|one|billing) month|monthly|billing cycle"),
    (91, r"per (?:calendar )?quarter|(?:each|every|any|a|calendar) quarter|quarterly"),
    (365, r"per (?:calendar )?(?:year|annum)|(?:each|every|any|a|calendar|contract) year|annual(?:ly)?|yearly"),
    (7, r"per week|(?:each|every|any|a) week|weekly"),
    (1, r"per day|(?:each|every|any) day|daily"),
)
_WINDOW = re.compile("|".join(f"(?P<w{i}>{pattern})" for i, (_, pattern) in enumerate(_WINDOWS)), re.IGNORECASE)
_ROLLING = re.compile(r"(?:rolling|over|trailing) (?:a )?(?:rolling )?([0-9]{1,3})[ -]days?", re.IGNORECASE)
_ALL_HOURS = re.compile(r"24 ?[x\u00d7/] ?7|around the clock|24 hours (?:a|per) day", re.IGNORECASE)
_OFFICE_HOURS = re.compile(r"(?:business|working|office|service|support) hours", re.IGNORECASE)
_RANKS = "critical|very urgent|less urgent|not urgent|urgent|top priority|very high|high|medium|moderate|low|normal"
_CODED = r"\bp(?:rio(?:rity)?)?[ -]?([0-5])\b|\bsev(?:erity)?[ -]?([0-5])\b|\bs([1-5])\b"
_PRIORITY = re.compile(rf"{_CODED}|\b({_RANKS})\b(?=[ -](?:priority|severity|incident|issue|ticket))", re.IGNORECASE)
_PRIORITY_LABEL = re.compile(rf"{_CODED}|\b({_RANKS})\b", re.IGNORECASE)
_LOAD = re.compile(
    r"(?<![\w.,])([0-9]{1,3}(?:[,. ][0-9]{3}){1,3}|[0-9]{1,9})\s?(?:[a-z]{1,15} ){0,2}"
    r"(requests?|tickets?|calls?|transactions?|incidents?|users?|orders?|bookings?|messages?|sessions?|hours|jobs)"
    r"(?: [a-z]{1,12}){0,2}?(?: per | an? | each | every |/)(second|minute|hour|day|week|month|quarter|year)",
    re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit at a place of a text.

    Attributes:
        unit: `%`, `ms`, `s`, `min`, `h`, `d`, `week` or `month`.
        op: comparison written before it, one of `>=`, `<=`, `>`, `<`, `=`; None: none is.
        calendar: hours it counts in where the unit says so.
        start, end: its place in the text.
    """

    value: float
    unit: str
    op: str | None
    calendar: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Noun:
    """A metric noun at a place of a text; metric None: a noun whose number is no target."""

    metric: str | None
    start: int
    end: int


def quantities(text: str) -> Iterator[Quantity]:
    """Every percentage and duration of a text (white space collapsed), in order."""
    for match in _QUANTITY.finditer(text):
        number = (
            float(match["number"].replace(",", ".")) if match["number"] else float(_WORDS[match["word"].casefold()])
        )
        name = match["unit"].casefold().replace("-", " ")
        if name in {"%", "percent", "per cent"}:
            unit, calendar = "%", None
        else:
            unit, calendar = _UNITS[name] if name in _UNITS else _UNITS[name.removesuffix("s")]
        yield Quantity(number, unit, _op(match["op"]), calendar, match.start(), match.end())


@lru_cache(maxsize=_REPEATED)
def nouns(text: str) -> tuple[Noun, ...]:
    """Every metric noun of a text, in order."""
    found = []
    for match in _METRIC.finditer(text):
        metric = _METRICS[int((match.lastgroup or "m0")[1:])][0]
        found.append(Noun(None if metric == _SILENT else metric, match.start(), match.end()))
    return tuple(found)


@lru_cache(maxsize=_REPEATED)
def window_days(text: str) -> float | None:
    """Length of the period a text names, in days; None where it names none, or several that differ."""
    if rolling := _ROLLING.search(text):
        return float(rolling[1])
    found = {_WINDOWS[int((match.lastgroup or "w0")[1:])][0] for match in _WINDOW.finditer(text)}
    return float(found.pop()) if len(found) == 1 else None


@lru_cache(maxsize=_REPEATED)
def calendar(text: str) -> str | None:
    """The hours a text says that something counts in: `24x7` or `business hours`; None where it says neither."""
    if _ALL_HOURS.search(text):
        return "24x7"
    return "business hours" if _OFFICE_HOURS.search(text) else None


@lru_cache(maxsize=_REPEATED)
def priority(text: str, *, is_label: bool = False) -> str | None:
    """The one priority a text names, as `P1`, `S2` or a word in lower case; None: none, or several.

    Args:
        text: a sentence, where `high` counts only beside a word such as `priority`, or a label.
        is_label: whether it is the label of a row.
    """
    found = {_priority_name(match) for match in (_PRIORITY_LABEL if is_label else _PRIORITY).finditer(text)}
    found = {name for name in found if name[-1].isdigit()} or found
    return found.pop() if len(found) == 1 else None


def loads(text: str) -> Iterator[tuple[float, str, str, int]]:
    """(number, what, per what, place) of every amount of work in a period, such as 200 tickets per month."""
    for match in _LOAD.finditer(text):
        what = match[2].casefold()
        number = float(match[1].replace(",", "").replace(".", "").replace(" ", ""))
        yield number, what if what.endswith("s") else f"{what}s", match[3].casefold(), match.start()


def _priority_name(match: re.Match[str]) -> str:
    if match[1]:
        return f"P{match[1]}"
    return f"S{match[2] or match[3]}" if match[2] or match[3] else match[4].casefold()


def _op(text: str | None) -> str | None:
    if text is None:
        return None
    return {"≥": ">=", "≤": "<=", "=>": ">=", "=<": "<="}.get(text.strip(), text.strip())
