"""Service level targets in a document: a number with a unit, the metric it is of, and what it is limited to.

Read from sentences ("P1: respond within 15 minutes, resolve within 4 hours") and from tables (priority against
response and resolution, or metric against target). A number without a metric noun is no target; so are notice
periods, credits, opening hours and intervals of reviews.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from auditor.recognise.quantities import Noun, Quantity, calendar, loads, nouns, priority, quantities, window_days
from auditor.recognise.structure import Piece, Structure

VERSION = "targets 2"
"""Raised whenever the same document gives other targets."""

_SHARES = frozenset({"availability", "error_rate", "change_success", "satisfaction"})
_AT_MOST = frozenset({"error_rate", "latency", "incident_response", "resolution", "request_fulfilment"}) | frozenset(
    {"recovery_rto", "recovery_rpo", "workload_limit"}
)
_TIMES = _AT_MOST - {"error_rate", "workload_limit"}
_CLAUSE_END = re.compile(r"[;•]|[.!?](?= [A-Z(*\"'])")
_LEADS = re.compile(
    r"(?:\b(?:within|under|in|of|is|are|be|at least|at most|than|to|max(?:imum)?|min(?:imum)?|target|time)"
    r"|[:=(\u2013-])\s?$",
    re.IGNORECASE,
)
_MISSED = re.compile(r"(?:less than|below|under|falls? (?:below|under)|<|fail\w{0,4} [a-z ]{0,20})\s?$", re.IGNORECASE)
_NO_TARGET_BEFORE = re.compile(
    r"(?:\b(?:every|each|last|next|past|after|first|assumed to be|such as)|[\u00d7*])\s?$"
    r"|\b(?:if|unless)\b[^,;:]{0,40}$",
    re.IGNORECASE,
)
_NO_TARGET_AFTER = re.compile(r" (?:of the year|per (?:week|day|year)|a (?:week|day|year))\b", re.IGNORECASE)
_AT_MOST_LOAD = re.compile(
    r"\b(?:up to|at most|no more than|not exceed|maximum|max\.?|limit\w{0,3}|capped|upper|exceed)", re.IGNORECASE
)
_VALUE_COLUMN = re.compile(r"target|objective|level|goal|commitment|value|threshold|minimum|guarantee", re.IGNORECASE)
_SKIP_COLUMN = re.compile(
    r"actual|achieved|result|credit|penalt|refund|sweetener|update|measured|previous|weight|frequency|window|period"
    r"|owner|escalat|coverage|hours of|opening",
    re.IGNORECASE,
)
_CREDIT_TABLE = re.compile(r"credit|refund|penalt|sweetener|rebate|discount", re.IGNORECASE)
_PRIORITY_COLUMN = re.compile(r"priority|severity|impact|urgency|class\b", re.IGNORECASE)
_NEAR = 3
_SHORT = 12
_MAX_CLAUSE = 1_000
"""Characters of a clause; nobody writes longer ones, and the time stays linear for text without an end."""
_MAX_CONDITION = 60
_MAX_QUANTITIES = 12


@dataclass(frozen=True, slots=True)
class ParsedTarget:
    """One target as a document states it.

    Attributes:
        metric: value of the `metric` enum of stream `target`.
        op: comparison that must hold.
        value, unit: as written: `%`, `ms`, `s`, `min`, `h`, `d`, `week`, `month`, or such as `tickets/month`.
        window_days: length of the period it is judged over; None: not stated.
        calendar: hours it counts in; None: not stated.
        conditions: `key=value` pairs joined by `;`; None: no condition.
        label: first cell of its row; None: it stands in no table.
        first, last: its lines.
    """

    metric: str
    op: str
    value: float
    unit: str
    window_days: float | None
    calendar: str | None
    conditions: str | None
    label: str | None
    first: int
    last: int


def parse_targets(structure: Structure) -> tuple[ParsedTarget, ...]:
    """The targets of a document in the order of its lines; equal ones count once."""
    seen: dict[tuple[object, ...], ParsedTarget] = {}
    heading = ""
    for piece in structure.pieces:
        if piece.kind == "heading":
            heading = piece.text
        for target in _of_piece(piece, heading):
            identity = (target.metric, target.op, target.value, target.unit, target.conditions, target.window_days)
            seen.setdefault(identity, target)
    return tuple(seen.values())


def _of_piece(piece: Piece, heading: str) -> Iterator[ParsedTarget]:
    if piece.kind == "row" and piece.header:
        yield from _of_row(piece, heading)
    elif piece.kind in {"paragraph", "item", "row"}:
        start = 0
        for end in [match.end() for match in _CLAUSE_END.finditer(piece.text)] + [len(piece.text)]:
            for place in range(start, end, _MAX_CLAUSE):
                yield from _of_clause(piece.text[place : min(end, place + _MAX_CLAUSE)], heading, piece)
            start = end


def _of_clause(text: str, heading: str, piece: Piece) -> Iterator[ParsedTarget]:
    found = list(islice(quantities(text), _MAX_QUANTITIES))
    yield from _workloads(text, heading, piece)
    if not found:
        return
    words = nouns(text)
    share = _share_of_cases(found, words, text)
    for quantity in found:
        if quantity is share or _is_no_commitment(text, quantity):
            continue
        metric = _metric_in_clause(quantity, words, text, heading)
        if metric is None or not _fits(metric, quantity):
            continue
        limits = _conditions(priority(text[: quantity.start]) or priority(text), share)
        yield _made(metric, quantity, text, heading, limits, piece)


def _metric_in_clause(quantity: Quantity, words: Sequence[Noun], text: str, heading: str) -> str | None:
    noun = _noun_of(quantity, words, text)
    is_led = quantity.op is not None or _LEADS.search(text[max(0, quantity.start - 12) : quantity.start]) is not None
    if noun is None:
        # A short line under a heading such as "Availability": the heading says what it is of.
        titles = {noun.metric for noun in nouns(heading) if noun.metric is not None}
        is_led = is_led or not text[: quantity.start].strip()
        return titles.pop() if is_led and len(titles) == 1 and len(text.split()) <= _SHORT else None
    is_beside = 0 <= noun.start - quantity.end <= _NEAR or 0 <= quantity.start - noun.end <= _NEAR
    return noun.metric if is_led or is_beside or quantity.unit == "%" else None


def _noun_of(quantity: Quantity, words: Sequence[Noun], text: str) -> Noun | None:
    """The noun a number belongs to: the one right behind it, else the last before it, else the next after it."""
    after = next((noun for noun in words if noun.start >= quantity.end), None)
    if after and after.start - quantity.end <= _NEAR and "," not in text[quantity.end : after.start]:
        return after
    before = next((noun for noun in reversed(words) if noun.end <= quantity.start), None)
    return before or after


def _is_no_commitment(text: str, quantity: Quantity) -> bool:
    """A number that says what happens when a target is missed, or how often something is done."""
    before = text[max(0, quantity.start - 50) : quantity.start]
    is_missed = quantity.unit == "%" and (quantity.op == "<" or _MISSED.search(before) is not None)
    is_span = quantity.unit != "%" and _NO_TARGET_AFTER.match(text, quantity.end) is not None
    return is_missed or is_span or quantity.value == 0 or _NO_TARGET_BEFORE.search(before) is not None


def _share_of_cases(found: Sequence[Quantity], words: Sequence[Noun], text: str) -> Quantity | None:
    """The percentage in "90 % of incidents resolved within 4 hours": a condition of the time beside it."""
    if len(found) == 2 and found[0].unit == "%" and found[1].unit != "%" and text[found[0].end :].startswith(" of "):
        return None if any(noun.metric == "availability" for noun in words) else found[0]
    return None


def _fits(metric: str, quantity: Quantity) -> bool:
    if metric in _AT_MOST and quantity.op in {">", ">="}:
        return False  # when it takes longer, something else happens
    if metric in _SHARES:
        return quantity.unit == "%" and quantity.value <= 100
    return quantity.unit not in {"%", "month"}


def _conditions(rank: str | None, share: Quantity | None) -> str | None:
    pairs = [f"priority={rank}"] if rank else []
    if share is not None:
        pairs.append(f"share={share.value:g}")
    return ";".join(pairs) or None


def _made(
    metric: str, quantity: Quantity, text: str, heading: str, conditions: str | None, piece: Piece
) -> ParsedTarget:
    if metric == "incident_response" and quantity.unit in {"ms", "s"}:
        metric = "latency"
    default = "<=" if metric in _AT_MOST else ">="
    op = quantity.op if quantity.op in {">=", "<=", ">", "<"} else default
    hours = quantity.calendar or calendar(text)
    window = window_days(text)
    if window is None and metric not in _TIMES:
        window = (window_days(piece.text) if piece.cells else None) or window_days(heading)
    place = (_label(piece), piece.first, piece.last)
    return ParsedTarget(metric, op, quantity.value, quantity.unit, window, hours, conditions, *place)


def _label(piece: Piece) -> str | None:
    return piece.cells[0] if piece.cells else None


def _workloads(text: str, heading: str, piece: Piece) -> Iterator[ParsedTarget]:
    for number, what, per, start in loads(text):
        if _AT_MOST_LOAD.search(text[:start]) or _AT_MOST_LOAD.search(heading) or "workload" in heading.casefold():
            unit = f"{what}/{per}"
            window = window_days(f"per {per}")
            place = (_label(piece), piece.first, piece.last)
            yield ParsedTarget("workload_limit", "<=", number, unit, window, None, None, *place)


def _of_row(piece: Piece, heading: str) -> Iterator[ParsedTarget]:
    """The targets of a table's row: the metric stands in the column's header, in the cell, or in the row's label."""
    if _is_of_credits(piece.header):
        return
    yield from _workloads(piece.text, heading, piece)
    label = piece.cells[0]
    for index, (column, cell) in enumerate(zip(piece.header, piece.cells, strict=False)):
        found = next(quantities(cell), None)
        if found is None or _SKIP_COLUMN.search(column) or _PRIORITY_COLUMN.search(column):
            continue
        if len({noun.metric for noun in nouns(cell) if noun.metric}) > 1:
            # "respond within 15 minutes, resolve within 4 hours": a sentence that is limited to its row.
            limits = _row_condition(piece)
            for target in _of_clause(cell, heading, piece):
                yield replace(target, conditions=target.conditions or limits)
            continue
        metric = _metric_of_cell(column, "" if index == 0 else label, cell, heading)
        if metric is None or not _fits(metric, found):
            continue
        yield _made(metric, found, f"{column} {cell} {label}", heading, _row_condition(piece), piece)


@lru_cache(maxsize=256)
def _is_of_credits(header: tuple[str, ...]) -> bool:
    """Whether a table says what is paid when a target is missed."""
    return any(_CREDIT_TABLE.search(cell) for cell in header)


def _metric_of_cell(column: str, label: str, cell: str, heading: str) -> str | None:
    for text in (column, cell, label):
        named = nouns(text)
        if text is not column and not named:
            continue
        metrics = {noun.metric for noun in named if noun.metric}
        if len(metrics) == 1:
            return metrics.pop()
        if named:
            return None
    if _VALUE_COLUMN.search(column):
        metrics = {noun.metric for noun in nouns(heading) if noun.metric}
        return metrics.pop() if len(metrics) == 1 else None
    return None


def _row_condition(piece: Piece) -> str | None:
    """What a row is limited to: its priority, else the case its label names; None: the label names the metric."""
    for column, cell in zip(piece.header, piece.cells, strict=False):
        if _PRIORITY_COLUMN.search(column):
            name = priority(cell, is_label=True) or _condition_text(cell)
            return f"priority={name}" if name else None
    label = piece.cells[0]
    if rank := priority(label, is_label=True):
        return f"priority={rank}"
    name = _condition_text(label)
    is_case = name and not nouns(label) and next(quantities(label), None) is None
    return f"case={name}" if is_case else None


def _condition_text(cell: str) -> str:
    return cell.replace(";", ",").replace("=", " ")[:_MAX_CONDITION].strip()
