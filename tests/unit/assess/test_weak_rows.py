"""What self-declared rows and attestations may support alone: R0 0.5, R1 0.85 (rubric 3.5)."""

import pytest

TRAINED = """
select p.person_id as item, (t._ref is not null)::int as met_lo, (t._ref is not null)::int as met_hi,
       case when t._ref is null then [p._ref] else [p._ref, t._ref] end as evidence
from person p
left join (select person_id, min(_ref) as _ref from training_record group by person_id) t using (person_id)
"""


def observe(world, tiers, *, extra=(), **how):
    rule = world.indicator(items=TRAINED, needs={"person": "population", "training_record": "optional"}, **how)
    records = [
        {"person_id": f"p-{n}", "course_id": "c", "kind": "session", "_reliability": tier}
        for n, tier in enumerate(tiers)
        if tier
    ]
    people = [{"person_id": f"p-{n}", "is_bot": False} for n in range(len(tiers))]
    source = world.source(streams=["person", "training_record"])
    return world.observe(rule, {"person": [*people, *extra], "training_record": records}, sources=[source])


def bounds(observation):
    return (observation.degree.lo, observation.degree.point, observation.degree.hi)


@pytest.mark.parametrize(("tier", "most"), [("R0", 0.5), ("R1", 0.85), ("R2", 1.0), ("R5", 1.0)])
def test_rows_of_one_tier_support_what_the_tier_may_alone(world, tier, most):
    found = observe(world, [tier, tier])
    assert bounds(found) == (most, most, most)
    assert found.counts.met == 2
    assert bool(found.flags) == (most < 1)


def test_strong_rows_support_their_part_without_the_weak_ones(world):
    """Four people, three shown by the system and one by a bare statement: 0.75 stands, the rest is capped at 0.5."""
    assert bounds(observe(world, ["R4", "R4", "R4", "R0"])) == (0.75, 0.75, 0.75)


def test_weak_rows_raise_a_weak_result_to_their_cap_and_no_further(world):
    assert bounds(observe(world, ["R4", "R0", "R0", "R0"])) == (0.5, 0.5, 0.5)
    assert bounds(observe(world, ["R4", "R1", "R1", "R1"])) == (0.85, 0.85, 0.85)
    assert bounds(observe(world, ["R4", "R1", None, None])) == (0.5, 0.5, 0.5)


def test_the_weakest_row_that_is_used_decides_the_cap(world):
    assert bounds(observe(world, [None, "R1", "R0", "R1"])) == (0.5, 0.5, 0.5)


def test_a_weak_row_that_no_item_cites_still_cannot_lift_by_more_than_its_tier(world):
    """A self-declared person joins the population; the people of the system stand as they are."""
    items = """
        select person_id as item, (select count(*) > 2 from person)::int as met_lo,
               (select count(*) > 2 from person)::int as met_hi, [_ref] as evidence
        from person where _reliability >= 2
    """
    rule = world.indicator(items=items, needs={"person": "population"})
    people = [{"person_id": f"p-{n}", "_reliability": "R0" if n == 2 else "R4"} for n in range(3)]
    found = world.observe(rule, {"person": people}, sources=[world.source(streams=["person"])])
    assert bounds(found) == (0.5, 0.5, 0.5)


def test_confidence_is_that_of_the_rows_that_carry_the_result(world):
    assert observe(world, ["R0", "R0"]).confidence == 0.2
    assert observe(world, ["R4", "R4", "R4", "R0"]).confidence == 0.9
    assert observe(world, ["R5", "R5"]).confidence_limit == "reliability"


def test_weak_rows_cannot_make_an_indicator_not_applicable(world):
    """A bare statement that the only service is retired must not drop the indicator from its cell."""
    items = """
        select service_id as item, 0 as met_lo, 0 as met_hi, [_ref] as evidence from service
        where not exists (select 1 from person)
    """
    rule = world.indicator(
        items=items, needs={"service": "population", "person": "optional"}, nothing_found="not-applicable"
    )
    given = {"service": world.services("a"), "person": [{"person_id": "p", "_reliability": "R0"}]}
    source = world.source(streams=["service", "person"])
    found = world.observe(rule, given, sources=[source])
    assert (found.status, bounds(found)) == ("measured", (0.0, 0.0, 0.0))


def test_what_strong_rows_leave_open_stays_open(world):
    """Only a self-declared event: without it nothing is known, with it half at most is shown."""
    items = "select person_id as item, 1 as met_lo, 1 as met_hi, [_ref] as evidence from person"
    rule = world.indicator(items=items, needs={"person": "population"})
    source = world.source(streams=["person"], complete=False)
    found = world.observe(rule, {"person": [{"person_id": "p", "_reliability": "R0"}]}, sources=[source])
    assert bounds(found) == (0.5, 0.5, 1.0)
    assert [note.reason for note in found.reasons] == ["scope-incomplete"]
