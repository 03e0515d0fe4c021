"""The columns that each kind of statement of an indicator answers with, and their types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from auditor.errors import RulePackError

_TEXT = "text"
_TEXTS = "a list of texts"
_NUMBER = "a number"
_BOOLEAN = "a boolean"
_INSTANT = "an instant"

_KINDS: Mapping[str, re.Pattern[str]] = {
    _TEXT: re.compile(r"VARCHAR"),
    _TEXTS: re.compile(r"VARCHAR\[\]"),
    _NUMBER: re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL\(.*\)"),
    _BOOLEAN: re.compile(r"BOOLEAN"),
    _INSTANT: re.compile(r"TIMESTAMP"),
}
# What DuckDB says of a bare null and of []: 1.5 and 2.0.
_NULL = re.compile(r"(INTEGER|\"NULL\")(\[\])?")


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of a statement.

    Attributes:
        required: column -> kind of its values.
        optional: columns that may be there too.
        never_null: columns whose values are not all null.
    """

    required: Mapping[str, str]
    optional: Mapping[str, str]
    never_null: frozenset[str] = frozenset()

    def check(self, types: Mapping[str, str], place: str) -> None:
        """Compare the types a statement answers with.

        Raises:
            RulePackError: a column is of another kind.
        """
        for name, kind in {**self.required, **self.optional}.items():
            found = types.get(name)
            if found is None or _KINDS[kind].fullmatch(found):
                continue
            if name in self.never_null or not _NULL.fullmatch(found):
                what = f"the column {name} is {found}, where {kind} is expected"
                raise RulePackError(what, where=place, cure=f"cast it: {_CASTS[kind]}")


_CASTS = {
    _TEXT: "`x::varchar`",
    _TEXTS: "`x::varchar[]`",
    _NUMBER: "`x::double`",
    _BOOLEAN: "`x::boolean`",
    _INSTANT: "`x::timestamp`",
}
_COMMON = {"note": _TEXT, "absent": _TEXTS, "undecided": _BOOLEAN}

ITEMS = Shape(
    {"item": _TEXT, "met_lo": _NUMBER, "met_hi": _NUMBER, "evidence": _TEXTS},
    {"service_id": _TEXT, "unsure": _BOOLEAN, "together": _TEXT, "react_by": _INSTANT, **_COMMON},
    frozenset({"item"}),
)
"""One row a member of the population."""

MEASURE = Shape(
    {"item": _TEXT, "value_lo": _NUMBER, "value_point": _NUMBER, "value_hi": _NUMBER, "evidence": _TEXTS},
    {"n": _NUMBER, **_COMMON},
    frozenset({"item"}),
)
"""One row."""

GUARD = Shape({"item": _TEXT}, {"sure": _BOOLEAN, "note": _TEXT, "evidence": _TEXTS})
"""One row an item that the guard holds for."""


def check_proof(types: Mapping[str, str], place: str) -> None:
    """Compare the types of a statement that proves something: one boolean, whatever its name.

    Raises:
        RulePackError: it answers with anything else.
    """
    if list(types.values()) != ["BOOLEAN"]:
        what = f"a proof answers with one boolean, this one with {', '.join(types.values())}"
        raise RulePackError(what, where=place, cure="such as `select count(*) >= 50 from document`")
