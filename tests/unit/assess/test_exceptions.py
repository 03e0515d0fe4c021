"""The known exceptions to the laws: a wider window, the floor of a small census and guards can move a result the other
way. Each test shows the numbers."""

import pytest

EVENTS = """
select ticket_id as item, (resolution = 'fixed')::int as met_lo, (resolution = 'fixed')::int as met_hi,
       [_ref] as evidence
from ticket where created >= $W and created < $WE
"""


def tickets(world, ages, *, bad=()):
    return [
        {
            "ticket_id": f"t-{age}",
            "kind": "incident",
            "created": world.days_ago(age),
            "resolution": "open" if age in bad else "fixed",
        }
        for age in ages
    ]


def events(world, **how):
    how = {"min_n": 5, "window": {"days": 90, "widen": [180, 365]}, **how}
    return world.indicator(items=EVENTS, type="event", needs={"ticket": "population"}, **how)


def observe(world, rule, rows, **source):
    return world.observe(rule, {"ticket": rows}, sources=[world.source(streams=["ticket"], **source)])


def test_a_window_widens_until_it_holds_enough_events(world):
    recent, older, oldest = range(10, 14), range(100, 103), range(200, 240)
    found = observe(world, events(world), tickets(world, recent))
    assert (found.n, found.window.label) == (4, "last 365 days")
    assert (found.degree.point, found.reasons[0].reason) == (None, "thin-sample")
    found = observe(world, events(world), tickets(world, [*recent, *older, *oldest]))
    assert (found.n, found.window.label) == (7, "last 180 days")
    assert found.window.note == "widened from 90 days: too few events"
    assert found.degree.point == 1.0


def test_widening_can_lower_a_result_although_nothing_got_worse(world):
    """Five good events are measured alone (lo 0.65); when one of them is gone, a year with old failures counts."""
    rows = tickets(world, [*range(10, 15), *range(200, 206)], bad=range(200, 206))
    complete = {"complete": False}
    assert observe(world, events(world), rows, **complete).degree.lo == pytest.approx(0.648843, abs=1e-6)
    fewer = [row for row in rows if row["ticket_id"] != "t-10"]
    found = observe(world, events(world), fewer, **complete)
    assert (found.n, found.degree.point) == (10, 0.4)
    assert found.degree.lo < 0.2


def test_only_events_widen(world):
    rule = world.indicator(
        items=EVENTS, needs={"ticket": "population"}, min_n=5, window={"days": 90, "widen": [180, 365]}
    )
    found = observe(world, rule, tickets(world, [10, 100, 101, 102, 103]))
    assert (found.n, found.window.label) == (1, "last 90 days")


def test_widening_stops_where_the_sources_hold_too_little(world):
    found = observe(world, events(world), tickets(world, [10, 20, 100]), retention_days=120)
    assert (found.window.label, found.n) == ("last 180 days", 3)
    assert "shortened" in found.window.note
    found = observe(world, events(world), tickets(world, [10, 20, 100]), retention_days=80)
    assert (found.window.label, found.n) == ("last 90 days", 2)


def test_a_small_census_that_was_good_throughout_has_a_floor(world):
    """One good event: Wilson allows 0.27, the complete census 0.55, with confidence at most 0.5."""
    found = observe(world, events(world, min_n=1), tickets(world, [10]))
    assert (found.value.lo, found.degree.lo, found.degree.hi) == (0.55, 0.55, 1.0)
    assert (found.confidence, found.confidence_limit) == (pytest.approx(1 / 16), "sample")
    found = observe(world, events(world, min_n=1, goal=0.8), tickets(world, [10]))
    assert found.degree.lo == pytest.approx(0.55 / 0.8)


def test_without_completeness_a_small_census_has_no_floor(world):
    for source in ({"complete": False}, {"denied": 1, "status": "partial"}, {"retention_days": 100}):
        found = observe(world, events(world, min_n=1), tickets(world, [10]), **source)
        assert found.degree.lo < 0.28, source


def test_one_failure_anywhere_in_the_widest_window_takes_the_floor_away(world):
    """An old failure outside of the evaluated window lowers the low limit from 0.55 to 0.27."""
    rows = tickets(world, [10, 300], bad=[300])
    found = observe(world, events(world, min_n=1), rows)
    assert (found.n, found.window.label) == (1, "last 90 days")
    assert found.degree.lo == pytest.approx(1 / (1 + 2.706025))


def test_more_events_need_no_floor(world):
    found = observe(world, events(world), tickets(world, range(1, 6)))
    assert found.degree.lo == pytest.approx(0.648843, abs=1e-6)
    assert found.confidence == pytest.approx(5 / 16)


def test_a_census_of_entities_has_no_floor_and_a_less_is_better_share_neither(world):
    rule = events(world, min_n=1, direction="less", goal=0.1)
    found = observe(world, rule, tickets(world, [10]))
    assert found.degree.lo == pytest.approx(0.1)


def test_a_guard_can_lower_a_result_when_a_failure_becomes_a_success(world):
    """The guard fires when all tickets are fixed: three of four give 0.75, four of four give 0.5."""
    burst = world.guard(
        "factor", "select null as item where (select count(*) from ticket where resolution <> 'fixed') = 0", 0.5
    )
    rule = world.indicator(items=EVENTS, needs={"ticket": "population"}, window={"days": 90}, guards=(burst,))
    assert observe(world, rule, tickets(world, range(1, 5), bad=[2])).degree.point == 0.75
    assert observe(world, rule, tickets(world, range(1, 5))).degree.point == 0.5
