"""Strategies that make rows from the definitions of the streams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import strategies as st

from auditor.model.streams import FieldDef, FieldType, StreamDef

NAMES = st.text(min_size=1, max_size=8).filter(lambda text: bool(text.strip()))
DAYS = st.dates().map(lambda day: day.isoformat())
INSTANTS = st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
REALS = st.floats(allow_nan=False, allow_infinity=False)
PLAIN: Mapping[FieldType, st.SearchStrategy[Any]] = {
    FieldType.TEXT: NAMES,
    FieldType.BOOL: st.booleans(),
    FieldType.INSTANT: INSTANTS,
    FieldType.DATE: DAYS,
    FieldType.TEXT_LIST: st.lists(NAMES, max_size=3),
    FieldType.BOOL_MAP: st.dictionaries(NAMES, st.none() | st.booleans(), max_size=3),
    FieldType.REAL_MAP: st.dictionaries(NAMES, st.none() | REALS, max_size=3),
    FieldType.TEXT_MAP: st.dictionaries(NAMES, st.none() | NAMES, max_size=3),
    FieldType.JSON: st.dictionaries(NAMES, st.booleans() | st.lists(NAMES, max_size=2), max_size=3),
}


def values_of(field: FieldDef) -> st.SearchStrategy[Any]:
    """Sound values of a field, null excluded."""
    low, high = field.info.low, field.info.high
    if field.enum is not None:
        one = st.sampled_from(field.enum)
        return st.lists(one, max_size=3) if field.type is FieldType.TEXT_LIST else one
    if field.type is FieldType.INT:
        least = -(2**63) + 1 if low is None else int(low)
        return st.integers(least, 2**63 - 1 if high is None else int(high))
    if field.type is FieldType.REAL:
        return st.floats(low, high, allow_nan=False, allow_infinity=False)
    return PLAIN[field.type]


def rows_of(stream: StreamDef) -> st.SearchStrategy[dict[str, Any]]:
    """Sound rows of a stream; fields that are not required may be null or absent."""
    return st.fixed_dictionaries(
        {field.name: values_of(field) for field in stream.fields if field.required},
        optional={field.name: st.none() | values_of(field) for field in stream.fields if not field.required},
    )


@pytest.fixture(scope="session")
def sound_rows() -> Callable[[StreamDef], st.SearchStrategy[dict[str, Any]]]:
    return rows_of
