from auditor.model.assessment import ItemCounts, Reason, ReasonNote
from auditor.model.truth import Interval


def blockers(world, rules, given, **how):
    return world.audit(rules, given, **how).dimensions["DOC"].blockers


def test_a_practice_blocker_counts_the_gap_and_names_it(world):
    given = {"service": world.services("a", "b", "c", "d", "e", "f"), "agreement": world.agreements("c", "d")}
    (found,) = blockers(world, world.indicator(), given)
    assert (found.level, found.indicator, found.kind) == (2, "DOC-2.1", "practice")
    assert found.text == (
        "DOC-2.1: Does every service have an agreement? 2 of 6 are met, goal at least 100%; 4 are not: a, b, e, f"
    )


def test_long_lists_of_misses_are_cut(world):
    given = {"service": world.services(*"abcdefgh")}
    (found,) = blockers(world, world.indicator(), given)
    assert found.text.endswith("8 are not: a, b, c, d, e and 3 more")


def test_an_evidence_blocker_says_what_is_not_known(world):
    (found,) = blockers(world, world.indicator(), {}, sources=[])
    assert (found.kind, found.indicator) == ("evidence", "DOC-2.1")
    assert "no source answers for service" in found.text
    given = {"service": world.services("a", "b"), "agreement": world.agreements("a")}
    (found,) = blockers(world, world.indicator(), given, sources=[world.source(complete=False)])
    assert found.kind == "evidence"
    assert "1 undecided: b" in found.text
    assert "did not pull all there is" in found.text


def test_a_sample_blocker_says_how_many_more_good_events_would_do(world):
    events = "select ticket_id as item, 1 as met_lo, 1 as met_hi, [_ref] as evidence from ticket"
    rule = world.indicator(items=events, type="event", needs={"ticket": "population"})
    rows = [{"ticket_id": f"t-{n}", "kind": "incident"} for n in range(5)]
    sources = [world.source(streams=["ticket"])]
    assessment = world.audit(rule, {"ticket": rows}, sources=sources)
    dimension = assessment.dimensions["DOC"]
    assert dimension.confirmed == 2
    (found,) = dimension.blockers
    assert (found.kind, found.text.split("; ")[-1]) == ("sample", "11 more good ones would confirm it")


def test_a_measure_is_told_in_its_unit(world):
    items = """
        select 'age' as item, 20 as value_lo, 20 as value_point, 20 as value_hi, [_ref] as evidence from service limit 1
    """
    rule = world.indicator(items=items, type="measure", direction="less", goal=10, unit="days")
    (found,) = blockers(world, rule, {"service": world.services("a")})
    assert found.text.endswith("Measured 20 days, goal at most 10 days")


def test_a_guard_that_blocks_is_named(world):
    rule = world.indicator(guards=(world.guard("cap", "select null as item", 0.5),))
    given = {"service": world.services("a"), "agreement": world.agreements("a")}
    (found,) = blockers(world, rule, given)
    assert found.kind == "practice"
    assert "a trick was seen" in found.text


def test_the_cell_that_has_to_be_full_is_the_one_that_blocks(world):
    """Level 2 is confirmed as largely achieved; level 3 asks that it be fully achieved."""
    rules = world.pack(world.indicator("DOC-2.1"), world.indicator("DOC-3.1"))
    given = {"service": world.services("a", "b", "c"), "agreement": world.agreements("a", "b")}
    (found,) = blockers(world, rules, given)
    assert (found.level, found.indicator) == (2, "DOC-2.1")


def test_supporting_indicators_block_when_no_core_one_does(world):
    rules = world.pack(
        world.indicator("DOC-2.1"),
        world.indicator(
            "DOC-2.2", items=world.indicator().items.text.replace("agreement", "target"), role="supporting"
        ),
    )
    source = world.source(streams=["service", "agreement", "target"])
    given = {"service": world.services("a"), "agreement": world.agreements("a")}
    rules = world.pack(
        world.indicator("DOC-2.1"),
        world.indicator(
            "DOC-2.2",
            "select service_id as item, 0 as met_lo, 0 as met_hi, [_ref] as evidence from service",
            role="supporting",
        ),
    )
    (found,) = blockers(world, rules, given, sources=[source])
    assert found.indicator == "DOC-2.2"


def test_a_level_the_pack_does_not_ask_about_blocks_by_itself(world):
    given = {"service": world.services("a"), "agreement": world.agreements("a")}
    (found,) = blockers(world, world.indicator(), given)
    assert (found.level, found.indicator, found.kind) == (3, None, "evidence")


def test_measured_failures_stand_before_unknowns(world):
    rules = world.pack(world.indicator("DOC-2.1", needs={"ticket": "population"}), world.indicator("DOC-2.2"))
    found = blockers(world, rules, {"service": world.services("a")})
    assert [(blocker.indicator, blocker.kind) for blocker in found] == [
        ("DOC-2.2", "practice"),
        ("DOC-2.1", "evidence"),
    ]


def test_an_event_share_that_misses_its_goal_is_practice_and_not_sample(world):
    from auditor.assess.blockers import blockers_of
    from auditor.assess.rate import rate_cell

    low = world.observation("DOC-2.1", Interval(0.1, 0.4, 0.8), type="event", n=5, counts=ItemCounts(2, 3, 0, 0, 0))
    open_ones = world.observation(
        "DOC-2.1",
        Interval(0.4, 0.9, 1.0),
        type="event",
        reasons=(ReasonNote(Reason.UNDECIDED_ITEMS, "2 of 5 items are undecided"),),
        counts=ItemCounts(3, 0, 0, 2, 0),
    )
    for observation, kind in ((low, "practice"), (open_ones, "evidence")):
        cells = [rate_cell(1, "", []), rate_cell(2, "", [observation])]
        assert blockers_of(cells, 2, {"DOC-2.1": observation})[0].kind == kind
