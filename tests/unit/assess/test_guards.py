import pytest

SERVICES = {"service": "population"}
ALL_MET = "select service_id as item, 1 as met_lo, 1 as met_hi, [_ref] as evidence from service"


def observe(world, guard, *ids, items=ALL_MET, **how):
    rule = world.indicator(items=items, needs=SERVICES, guards=(guard,), **how)
    return world.observe(rule, {"service": world.services(*(ids or ("a", "b")))})


def bounds(observation):
    return (observation.degree.lo, observation.degree.point, observation.degree.hi)


def test_a_guard_that_finds_nothing_does_not_hold(world):
    found = observe(world, world.guard("factor", "select service_id as item from service where false", 0.5))
    assert (bounds(found), found.guards) == ((1.0, 1.0, 1.0), ())


def test_a_factor_on_the_whole_multiplies_the_degree_after_the_interval(world):
    found = observe(world, world.guard("factor", "select null as item, 'all on one day' as note", 0.5), goal=0.8)
    assert bounds(found) == (0.5, 0.5, 0.5)
    assert (found.guards[0].items, found.guards[0].certain, found.guards[0].note) == (0, True, "all on one day")


def test_a_doubtful_factor_on_the_whole_lowers_lo_alone(world):
    found = observe(world, world.guard("factor", "select null as item, false as sure", 0.5))
    assert bounds(found) == (0.5, 1.0, 1.0)
    assert not found.guards[0].certain


def test_a_cap_on_the_whole_limits_the_degree(world):
    assert bounds(observe(world, world.guard("cap", "select null as item", 0.5))) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("effect", ["factor", "cap"])
@pytest.mark.parametrize("goal", [1.0, 0.8])
def test_nothing_but_penalised_items_ends_at_the_gate_exactly(world, effect, goal):
    found = observe(world, world.guard(effect, "select service_id as item from service", 0.5), goal=goal)
    assert bounds(found) == (0.5, 0.5, 0.5)
    assert found.guards[0].items == 2
    assert all(item.guards == ("trick",) for item in found.items)


def test_a_doubtful_cap_on_an_item_lowers_lo_alone(world):
    guard = world.guard("cap", "select 'a' as item, false as sure", 0.5)
    found = observe(world, guard)
    assert (found.degree.lo, found.degree.hi) == (0.75, 1.0)
    assert {item.item: item.verdict for item in found.items} == {"a": "undecided", "b": "met"}


def test_a_guard_of_two_minds_about_an_item_is_sure(world):
    guard = world.guard("cap", "select 'a' as item, unnest([true, false]) as sure", 0.5)
    assert bounds(observe(world, guard)) == (0.75, 0.75, 0.75)


def test_a_guard_that_does_not_know_whether_it_is_sure_is_not(world):
    guard = world.guard("cap", "select 'a' as item, null::boolean as sure", 0.5)
    assert observe(world, guard).degree.hi == 1.0


def test_an_undecided_item_passes_in_hi(world):
    found = observe(world, world.guard("undecided", "select 'a' as item", reason="conflict"))
    assert bounds(found) == (0.5, 1.0, 1.0)
    assert found.reasons[0].reason == "conflict"


def test_an_unknown_whole_says_nothing_and_why(world):
    found = observe(world, world.guard("unknown", "select null as item", reason="ambiguous-service"))
    assert (found.status, found.reasons[0].reason) == ("unknown", "ambiguous-service")


def test_a_flag_changes_nothing_and_is_told(world):
    found = observe(world, world.guard("flag", "select null as item, '3 of 4' as note"))
    assert (bounds(found), found.flags) == ((1.0, 1.0, 1.0), ("a trick was seen: 3 of 4",))


def test_an_item_outside_of_the_population_is_none_of_a_guards_business(world):
    found = observe(world, world.guard("cap", "select 'stranger' as item", 0.5))
    assert (bounds(found), found.guards) == ((1.0, 1.0, 1.0), ())


def test_a_penalty_on_items_of_which_fewer_is_better_is_refused(world):
    found = observe(world, world.guard("factor", "select 'a' as item", 0.5), direction="less", goal=0.1)
    assert found.reasons[0].reason == "rule-failed"
    assert "so would help it" in found.reasons[0].detail


def test_a_guard_without_the_column_item_fails_the_rule(world):
    found = observe(world, world.guard("flag", "select 1 as thing"))
    assert "guard trick has no column item" in found.reasons[0].detail


def test_a_guard_watches_over_an_empty_population_too(world):
    rule = world.indicator(nothing_found="met", guards=(world.guard("unknown", "select null as item"),))
    assert world.observe(rule, {}).status == "unknown"
    rule = world.indicator(nothing_found="not-applicable", guards=(world.guard("unknown", "select null as item"),))
    assert world.observe(rule, {}).status == "unknown"


def test_what_a_guard_saw_of_a_measure_holds_for_the_whole(world):
    items = """
        select 'whole' as item, 1 as value_lo, 1 as value_point, 1 as value_hi, [_ref] as evidence from service limit 1
    """
    found = observe(
        world, world.guard("factor", "select 'whole' as item", 0.5), items=items, type="measure", unit="days"
    )
    assert bounds(found) == (0.5, 0.5, 0.5)


def test_two_guards_act_one_after_the_other(world):
    first = world.guard("factor", "select null as item", 0.8, id="first")
    second = world.guard("cap", "select null as item", 0.6, id="second")
    rule = world.indicator(items=ALL_MET, needs=SERVICES, guards=(first, second))
    found = world.observe(rule, {"service": world.services("a")})
    assert bounds(found) == (0.6, 0.6, 0.6)
    assert [guard.guard for guard in found.guards] == ["first", "second"]
