"""The laws of scoring on a fixed population, window and guards, over random populations."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from auditor.assess.count import item_counts, share, tally
from auditor.assess.intervals import degree_interval
from auditor.assess.items import Items, read_items
from auditor.assess.population import judge
from auditor.assess.rate import rate_cell, rating_of
from auditor.model.rubric import Direction, IndicatorType
from auditor.model.truth import Interval

T = datetime(2026, 1, 1, tzinfo=UTC)
LATER = T + timedelta(days=1)
unhurried = settings(deadline=None)  # a busy machine is no fault of the law


@dataclass(frozen=True)
class Member:
    lo: float
    hi: float
    unsure: bool = False
    pending: bool = False


fractions = st.sampled_from([0.0, 0.25, 0.5, 2 / 3, 1.0])
verdicts = st.one_of(
    st.sampled_from([(1.0, 1.0), (0.0, 0.0), (0.0, 1.0)]),
    st.tuples(fractions, fractions).map(lambda pair: (min(pair), max(pair))),
)
members = st.builds(
    lambda verdict, unsure, pending: Member(*verdict, unsure=unsure, pending=pending),
    verdicts,
    st.sampled_from([False, False, False, True]),
    st.sampled_from([False, False, False, True]),
)
populations = st.lists(members, min_size=1, max_size=12)
kinds = st.sampled_from([IndicatorType.POPULATION, IndicatorType.EVENT, IndicatorType.CHECKLIST])
goals = st.sampled_from([0.5, 0.8, 0.85, 1.0])
unseens = st.integers(0, 4)


def columns(population: list[Member], order: list[int] | None = None) -> dict[str, list[object]]:
    order = order if order is not None else list(range(len(population)))
    chosen = [population[index] for index in order]
    return {
        "item": [f"m{index:02}" for index in order],
        "met_lo": [member.lo for member in chosen],
        "met_hi": [member.hi for member in chosen],
        "evidence": [["ticket:src:1"] for _ in chosen],
        "unsure": [member.unsure for member in chosen],
        "react_by": [LATER.isoformat() if member.pending else None for member in chosen],
    }


def items(population: list[Member]) -> Items:
    return read_items(columns(population))


def degree(population: list[Member], kind: IndicatorType, goal: float, unseen: int = 0) -> Interval:
    counted = tally(judge(items(population), lambda spec: None, {}, T))
    if counted.n == 0:
        return Interval(0.0, None, 1.0)
    return degree_interval(share(counted, kind, unseen), goal, Direction.MORE)


@unhurried
@given(populations, kinds, goals, unseens, st.data())
def test_what_becomes_met_never_lowers_lo_point_or_hi(population, kind, goal, unseen, data):
    index = data.draw(st.integers(0, len(population) - 1))
    member = population[index]
    assume(member.lo < 1.0)
    # An undecided member has no say in the point; that it joins as met is the law. A pending one joins as well.
    after = [*population]
    after[index] = replace(member, lo=1.0, hi=1.0)
    before, now = degree(population, kind, goal, unseen), degree(after, kind, goal, unseen)
    assert now.lo >= before.lo
    assert now.hi >= before.hi
    if before.point is not None and now.point is not None:
        assert now.point >= before.point


@unhurried
@given(populations, kinds, goals, unseens, st.data())
def test_what_becomes_undecided_only_widens(population, kind, goal, unseen, data):
    index = data.draw(st.integers(0, len(population) - 1))
    member = population[index]
    after = [*population]
    after[index] = replace(member, lo=0.0, hi=1.0)
    before, now = degree(population, kind, goal, unseen), degree(after, kind, goal, unseen)
    assert now.lo <= before.lo
    assert now.hi >= before.hi


@unhurried
@given(populations, kinds, goals, unseens)
def test_bounds_enclose_the_point(population, kind, goal, unseen):
    found = degree(population, kind, goal, unseen)
    assert 0.0 <= found.lo <= found.hi <= 1.0
    if found.point is not None:
        assert found.lo <= found.point <= found.hi


@unhurried
@given(populations, kinds, goals, st.data())
def test_order_and_exact_duplicates_do_not_matter(population, kind, goal, data):
    order = data.draw(st.permutations(range(len(population))))
    doubled = [*order, data.draw(st.sampled_from(order))]
    expected = tally(judge(items(population), lambda spec: None, {}, T))
    shuffled = judge(read_items(columns(population, doubled)), lambda spec: None, {}, T)
    assert tally(shuffled) == expected
    assert item_counts(shuffled) == item_counts(judge(items(population), lambda spec: None, {}, T))


@unhurried
@given(populations, kinds, goals, unseens)
def test_unseen_members_only_widen(population, kind, goal, unseen):
    seen, partly = degree(population, kind, goal), degree(population, kind, goal, unseen)
    assert partly.lo <= seen.lo
    assert partly.hi >= seen.hi


@unhurried
@given(populations, kinds, goals)
def test_a_member_that_may_not_belong_only_widens(population, kind, goal):
    certain = [replace(member, unsure=False, pending=False) for member in population]
    doubted = [*certain, Member(0.0, 0.0, unsure=True), Member(1.0, 1.0, unsure=True), Member(0.5, 0.5, unsure=True)]
    before, now = degree(certain, kind, goal), degree(doubted, kind, goal)
    assert now.lo <= before.lo
    assert now.hi >= before.hi


def test_a_doubtful_member_is_weighed_together_with_those_that_nobody_saw():
    """One met, one that may belong and is half met, two unseen: without the doubtful one 1/3, with it 1.5/4."""
    population = [Member(1.0, 1.0), Member(0.5, 0.5, unsure=True)]
    assert round(degree(population, IndicatorType.POPULATION, 1.0, 2).lo, 6) == 0.333333
    # Nobody unseen: 1.5/2 is the lower one.
    assert degree(population, IndicatorType.POPULATION, 1.0, 0).lo == 0.75


def intervals(values):
    return Interval(*sorted(values))


degrees = st.tuples(fractions, fractions, fractions).map(intervals)
votes = st.lists(st.tuples(degrees, st.sampled_from(["core", "core", "supporting"])), min_size=1, max_size=5)


@unhurried
@given(votes, st.data())
def test_mean_and_gate_never_fall_when_an_indicator_rises(world, cell, data):
    index = data.draw(st.integers(0, len(cell) - 1))
    higher = data.draw(fractions)
    old = cell[index][0]
    risen = Interval(max(old.lo, higher), max(old.point, higher), max(old.hi, higher))
    after = [*cell[:index], (risen, cell[index][1]), *cell[index + 1 :]]

    def rate(pairs):
        return rate_cell(
            2, "", [world.observation(f"DOC-2.{n}", degree, role=role) for n, (degree, role) in enumerate(pairs)]
        )

    before, now = rate(cell), rate(after)
    assert now.degree.lo >= before.degree.lo
    assert now.degree.point >= before.degree.point
    assert now.degree.hi >= before.degree.hi
    assert before.degree.lo <= before.degree.point <= before.degree.hi


@unhurried
@given(fractions, fractions)
def test_a_higher_degree_never_has_a_worse_rating(one, other):
    order = ["N", "P-", "P+", "L-", "L+", "F"]
    low, high = sorted([one, other])
    assert order.index(rating_of(low)) <= order.index(rating_of(high))
