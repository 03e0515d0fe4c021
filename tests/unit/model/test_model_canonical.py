"""Canonical JSON: one value, one byte form, one hash."""

from __future__ import annotations

import math

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.canonical import canonical_bytes, canonical_sha256, round_real

calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXTS = st.text(max_size=5)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=4))


@calm
@given(st.dictionaries(TEXTS, VALUES, max_size=5), st.randoms())
def test_the_hash_does_not_depend_on_the_order_of_keys(value, random):
    names = list(value)
    random.shuffle(names)
    assert canonical_sha256({name: value[name] for name in names}) == canonical_sha256(value)


@calm
@given(VALUES)
def test_canonical_bytes_read_back_and_written_again_are_the_same(value):
    once = canonical_bytes(value)
    assert canonical_bytes(orjson.loads(once)) == once


@calm
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_rounding_twice_is_rounding_once_and_stays_near(value):
    rounded = round_real(value)
    assert round_real(rounded) == rounded
    assert math.isclose(rounded, value, rel_tol=5e-12, abs_tol=5e-324)


def test_two_orders_of_summation_have_one_hash():
    upwards, downwards = 0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1
    assert upwards != downwards
    assert canonical_sha256({"sum": upwards}) == canonical_sha256({"sum": downwards})


def test_values_that_differ_have_different_bytes():
    forms: list[object] = [1, "1", True, None, [1], {"1": 1}, 1.5, [], {}, ""]
    assert len({canonical_bytes(form) for form in forms}) == len(forms)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_refused_at_any_depth(value):
    with pytest.raises(ValueError, match="finite"):
        round_real(value)
    with pytest.raises(ValueError, match="finite"):
        canonical_bytes({"a": [{"b": value}]})


def test_canonical_bytes_have_sorted_keys_and_no_white_space():
    assert canonical_bytes({"b": [1, 2.50], "a": "ü"}) == '{"a":"ü","b":[1,2.5]}'.encode()
