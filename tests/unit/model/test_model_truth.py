"""Intervals keep their order through every operation; three-valued logic is Kleene's."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model.truth import FALSE, TRUE, UNKNOWN, Interval, Rating, Truth, all_of, any_of

calm = settings(deadline=None)
RAW = st.floats(-3, 3)
DEGREES = st.floats(0, 1)
INTERVALS = st.builds(Interval.of, RAW, st.none() | RAW, RAW)
TRUTHS = st.sampled_from(list(Truth))
T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


@calm
@given(RAW, st.none() | RAW, RAW)
def test_any_three_numbers_become_an_ordered_interval_within_0_and_1(lo, point, hi):
    made = Interval.of(lo, point, hi)
    assert 0 <= made.lo <= made.hi <= 1
    assert (made.point is None) == (point is None)
    assert made.point is None or made.lo <= made.point <= made.hi


@calm
@given(DEGREES, DEGREES)
def test_bounds_that_are_sound_already_are_kept(first, second):
    lo, hi = sorted((first, second))
    made = Interval.of(lo, hi, hi)
    assert (made.lo, made.point, made.hi) == (lo, hi, hi)


@pytest.mark.parametrize(("lo", "point", "hi"), [(0.5, None, 0.4), (-0.1, None, 1), (0, None, 1.1), (0.2, 0.1, 0.3)])
def test_an_interval_that_is_not_ordered_is_refused(lo, point, hi):
    with pytest.raises(ValueError, match=r"interval|outside"):
        Interval(lo, point, hi)


def test_not_a_number_is_never_an_interval():
    with pytest.raises(ValueError, match="interval"):
        Interval(math.nan, None, 1)
    with pytest.raises(ValueError, match="interval"):
        Interval.of(math.nan, None, math.nan)


@calm
@given(INTERVALS, DEGREES, st.booleans())
def test_a_penalty_never_raises_a_value(interval, amount, lo_only):
    for result in (interval.scaled(amount, lo_only=lo_only), interval.capped(amount, lo_only=lo_only)):
        assert result.lo <= interval.lo
        assert result.hi <= interval.hi
        assert (result.point is None) == (interval.point is None)
        assert result.point is None or interval.point is None or result.point <= interval.point


@calm
@given(INTERVALS, DEGREES)
def test_a_doubtful_penalty_lowers_the_low_end_only(interval, amount):
    for result in (interval.scaled(amount, lo_only=True), interval.capped(amount, lo_only=True)):
        assert (result.point, result.hi) == (interval.point, interval.hi)


@calm
@given(INTERVALS, DEGREES, DEGREES)
def test_a_harder_penalty_never_gives_a_better_result(interval, first, second):
    harder, softer = sorted((first, second))
    for low, high in (
        (interval.scaled(harder), interval.scaled(softer)),
        (interval.capped(harder), interval.capped(softer)),
    ):
        assert low.lo <= high.lo
        assert low.hi <= high.hi


@calm
@given(INTERVALS, DEGREES)
def test_a_cap_holds_for_every_value(interval, cap):
    capped = interval.capped(cap)
    assert capped.hi <= cap
    assert interval.capped(1.0) == interval
    assert interval.scaled(1.0) == interval


def test_intervals_tell_what_they_say():
    assert (TRUE.truth, FALSE.truth, UNKNOWN.truth) == (T, F, U)
    assert Interval.of(0.2, None, 0.9).truth is U
    assert UNKNOWN.is_unknown
    assert not Interval.exactly(0.5).is_unknown


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [
        (T, T, T, T),
        (T, F, F, T),
        (T, U, U, T),
        (F, T, F, T),
        (F, F, F, F),
        (F, U, F, U),
        (U, T, U, T),
        (U, F, F, U),
        (U, U, U, U),
    ],
)
def test_and_and_or_follow_kleene(left, right, both, either):
    assert left & right is both
    assert left | right is either


def test_not_keeps_unknown():
    assert [~value for value in (T, F, U)] == [F, T, U]


@calm
@given(st.lists(TRUTHS))
def test_all_and_any_are_dual_and_do_not_depend_on_order(values):
    assert all_of(values) is ~any_of(~value for value in values)
    assert all_of(values) is all_of(reversed(values))
    assert any_of(values) is any_of(sorted(values))


def test_nothing_asked_is_fulfilled_and_nothing_offered_is_not():
    assert all_of([]) is T
    assert any_of([]) is F


def test_a_rating_has_its_letter():
    assert [rating.letter for rating in Rating] == ["N", "P", "P", "L", "L", "F"]
