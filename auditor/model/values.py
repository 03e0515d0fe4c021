"""One value of one field: what is accepted, its canonical form, and the words for what is wrong with it.

Canonical forms: instants `YYYY-MM-DDTHH:MM:SS[.ffffff]Z`, dates `YYYY-MM-DD`, reals of 12 significant digits, maps
with sorted keys. Blank text is null, and a blank value of a map of texts is the same as no key: a cell that somebody
left empty must not look like an answer.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TypeAlias

from auditor.canonical import JsonValue, round_real
from auditor.model.streams.base import FieldDef, FieldType

Check: TypeAlias = Callable[[JsonValue], JsonValue]
"""Gives the canonical form of a value that is not null; raises ValueError with the problem, worded to follow the
field's name."""

_LISTS = (list, tuple)
_SHOWN = 60
_MAX_INT = 2**63 - 1
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?"
_INSTANT = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_TIME}(Z|[+-][0-9]{{2}}(?::?[0-9]{{2}})?)?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AN_INSTANT = "an instant such as 2026-01-31T09:30:00Z"
_EXACT_BELOW = 1e12


def shown(value: JsonValue) -> str:
    """A value as messages quote it: at most 60 characters, control characters escaped."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The choice that a name was most likely meant to be; None when none is close."""
    by_folded = {choice.casefold(): choice for choice in choices}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def suggestion(name: str, choices: Iterable[str]) -> str:
    """The end of a message that names the nearest choice; empty when none is close."""
    match = nearest(name, choices)
    return f"; did you mean {match!r}?" if match else ""


def compile_check(field: FieldDef) -> Check:
    """The check of one field, with its enum and its bounds built in."""
    low, high = field.info.low, field.info.high
    if field.type is FieldType.TEXT:
        return _text if field.enum is None else _enum_check(field.enum)
    if field.type is FieldType.TEXT_LIST:
        return _list_check(_text if field.enum is None else _enum_check(field.enum))
    if field.type is FieldType.INT:
        return _bounded(_int, low, high)
    if field.type is FieldType.REAL:
        return _bounded(_real_or_bool if field.info.booleans else _real, low, high)
    return _PLAIN[field.type]


def _text(value: JsonValue) -> JsonValue:
    if not isinstance(value, str):
        raise _not("text", value)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"is not sound Unicode text: {shown(value)}") from None
    return value if value.strip() else None


def _enum_check(enum: tuple[str, ...]) -> Check:
    allowed = frozenset(enum)

    def check(value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            if value in allowed:
                return value
            if not value.strip():
                return None
            hint = suggestion(value, enum)
            raise ValueError(f"is not one of {', '.join(enum)}: {shown(value)}{hint}")
        raise _not(f"one of {', '.join(enum)}", value)

    return check


def _bool(value: JsonValue) -> JsonValue:
    if isinstance(value, bool):
        return value
    raise _not("true or false", value)


def _int(value: JsonValue) -> int | float:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _not("a whole number", value)
    if abs(value) > _MAX_INT:
        raise ValueError(f"is too large for a whole number of 64 bits: {shown(value)}")
    return value


def _real(value: JsonValue) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _not("a number", value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"is not a finite number: {shown(value)}")
    # Whole numbers below 1e12 have at most 12 digits. + 0.0: minus zero and zero are one value and need one hash.
    return (number if number.is_integer() and abs(number) < _EXACT_BELOW else round_real(number)) + 0.0


def _real_or_bool(value: JsonValue) -> int | float:
    return float(value) if isinstance(value, bool) else _real(value)


def _bounded(check: Callable[[JsonValue], int | float], low: float | None, high: float | None) -> Check:
    if low is None and high is None:
        return check

    def bounded(value: JsonValue) -> JsonValue:
        number = check(value)
        if low is not None and number < low:
            raise ValueError(f"is less than {low:g}: {shown(value)}")
        if high is not None and number > high:
            raise ValueError(f"is more than {high:g}: {shown(value)}")
        return number

    return bounded


def _instant(value: JsonValue) -> JsonValue:
    if not isinstance(value, str):
        raise _not(_AN_INSTANT, value)
    return _instant_in_utc(value)


@lru_cache(maxsize=1 << 14)
def _instant_in_utc(text: str) -> str:
    """Canonical form of an instant; cached because periods, pulls and events repeat them.

    A day stands for its first instant in UTC, as forms and people write it.
    """
    if _DATE.fullmatch(text):
        return f"{_date(text)}T00:00:00Z"
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise _not(_AN_INSTANT, text)
    if match[1] is None:
        raise ValueError(f"has no zone (end it with Z or an offset such as +01:00): {shown(text)}")
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"is no instant of the calendar: {shown(text)}") from None
    return f"{moment.replace(tzinfo=None).isoformat()}Z"


def _date(value: JsonValue) -> JsonValue:
    """Canonical form of a day; an instant stands for the day it falls on in UTC."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"is no day of the calendar: {shown(value)}") from None
        return value
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return _instant_in_utc(value)[:10]
    raise _not("a day such as 2026-01-31", value)


def _list_check(check: Check) -> Check:
    def check_list(value: JsonValue) -> JsonValue:
        if not isinstance(value, _LISTS):
            raise _not("a list", value)
        entries = [None if entry is None else check(entry) for entry in value]
        if None in entries:
            raise ValueError(f"has an empty entry: {shown(value)}")
        return entries

    return check_list


def _map_check(check: Check, *, nulls: bool = True, drop_blank: bool = False) -> Check:
    def check_map(value: JsonValue) -> JsonValue:
        if not isinstance(value, Mapping):
            raise _not("a map", value)
        result: dict[str, JsonValue] = {}
        for key in sorted(value):
            if _text(key) is None:
                raise ValueError(f"has a blank key: {shown(value)}")
            entry = value[key]
            try:
                checked = None if entry is None and nulls else check(entry)
            except ValueError as error:
                raise ValueError(f"at key {shown(key)} {error}") from None
            if drop_blank and checked is None and entry is not None:
                continue
            result[key] = checked
        return result

    return check_map


def _completeness(value: JsonValue) -> JsonValue:
    if isinstance(value, bool):
        return value
    if isinstance(value, _LISTS):
        return _list_check(_text)(value)
    raise _not("true, false or a list of kinds", value)


def _not(expected: str, value: JsonValue) -> ValueError:
    return ValueError(f"is not {expected}: {shown(value)}")


_PLAIN: Mapping[FieldType, Check] = {
    FieldType.BOOL: _bool,
    FieldType.INSTANT: _instant,
    FieldType.DATE: _date,
    FieldType.BOOL_MAP: _map_check(_bool),
    FieldType.REAL_MAP: _map_check(_real),
    FieldType.TEXT_MAP: _map_check(_text, drop_blank=True),
    FieldType.JSON: _map_check(_completeness, nulls=False),
}
