import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.assess.intervals import degree_interval, degree_of, rounded, wilson_high, wilson_low
from auditor.model.assessment import Measured
from auditor.model.rubric import Direction

MORE, LESS = Direction.MORE, Direction.LESS


@pytest.mark.parametrize(("n", "low"), [(3, 0.53), (5, 0.65), (10, 0.79), (16, 0.855), (25, 0.90)])
def test_all_good_events_confirm_no_more_than_their_number_allows(n: int, low: float) -> None:
    assert wilson_low(n, n) == pytest.approx(n / (n + 2.706025))
    assert round(wilson_low(n, n), 3) == pytest.approx(low, abs=0.006)
    assert wilson_high(n, n) == 1.0


def test_sixteen_good_events_confirm_fully_and_fifteen_do_not() -> None:
    assert wilson_low(16, 16) > 0.85
    assert wilson_low(15, 15) < 0.85


def test_no_good_event_leaves_the_mirror_of_all_good_ones() -> None:
    assert wilson_low(0, 5) == 0.0
    assert wilson_high(0, 5) == pytest.approx(1 - wilson_low(5, 5))


@settings(deadline=None)
@given(n=st.integers(1, 500), data=st.data())
def test_wilson_limits_enclose_the_share_and_rise_with_it(n: int, data: st.DataObject) -> None:
    good = data.draw(st.integers(0, n))
    assert 0.0 <= wilson_low(good, n) <= good / n <= wilson_high(good, n) <= 1.0
    if good < n:
        assert wilson_low(good, n) <= wilson_low(good + 1, n)
        assert wilson_high(good, n) <= wilson_high(good + 1, n)


@pytest.mark.parametrize(
    ("value", "goal", "direction", "degree"),
    [
        (0.45, 0.9, MORE, 0.5),
        (0.9, 0.9, MORE, 1.0),
        (1.0, 0.9, MORE, 1.0),
        (-1.0, 0.9, MORE, 0.0),
        (0.0, 0.0, MORE, 1.0),
        (5.0, 10.0, LESS, 1.0),
        (20.0, 10.0, LESS, 0.5),
        (0.0, 10.0, LESS, 1.0),
        (0.0, 0.0, LESS, 1.0),
        (1.0, 0.0, LESS, 0.0),
        (0.001, 0.0, LESS, 0.0),
    ],
)
def test_a_value_reaches_its_goal_in_either_direction(
    value: float, goal: float, direction: Direction, degree: float
) -> None:
    assert degree_of(value, goal, direction) == pytest.approx(degree)


def test_less_is_better_turns_the_bounds_around() -> None:
    degree = degree_interval(Measured(5.0, 20.0, 40.0), 10.0, LESS)
    assert (degree.lo, degree.point, degree.hi) == (0.25, 0.5, 1.0)


def test_an_open_bound_leaves_its_side_of_the_degree_open() -> None:
    assert degree_interval(Measured(None, None, 0.5), 1.0, MORE).lo == 0.0
    assert degree_interval(Measured(0.5, None, None), 1.0, MORE).hi == 1.0
    assert degree_interval(Measured(5.0, None, None), 10.0, LESS).lo == 0.0
    assert degree_interval(Measured(None, None, 20.0), 10.0, LESS).hi == 1.0


def test_degrees_are_compared_after_rounding_to_nine_decimals() -> None:
    assert rounded(0.1 + 0.2) == 0.3
    assert rounded(0.50000000004) == 0.5
    assert rounded(0.5000000006) > 0.5
