import pytest

from auditor.model.evidence import Gap, GapReason

SERVICES = {"service": "population"}
TICKETS = """
select ticket_id as item, (resolved is not null)::int as met_lo, (resolved is not null)::int as met_hi,
       [_ref] as evidence from ticket
"""


def given(world, *covered):
    return {"service": world.services("a", "b"), "agreement": world.agreements(*covered)}


def test_completeness_needs_every_source_that_answers(world):
    both = [world.source("one"), world.source("two")]
    rows = {"service": world.services("a", "b", _source="one"), "agreement": world.agreements("a", _source="one")}
    assert world.observe(world.indicator(), rows, sources=both).degree.hi == 0.5
    half = [world.source("one"), world.source("two", complete=False)]
    assert world.observe(world.indicator(), rows, sources=half).degree.hi == 1.0


def test_rows_of_a_source_that_does_not_answer_for_the_stream_are_not_a_source(world):
    sources = [world.source(streams=["agreement"])]
    found = world.observe(world.indicator(), given(world, "a"), sources=sources)
    assert found.reasons[0].reason == "no-source"


@pytest.mark.parametrize(
    ("kind", "age_d", "status"), [("ticketing", 3, "measured"), ("ticketing", 3.01, "unknown"), ("hr", 35, "measured")]
)
def test_a_pull_is_fresh_as_long_as_its_kind_of_source_allows(world, kind, age_d, status):
    sources = [world.source(kind=kind, age_d=age_d)]
    assert world.observe(world.indicator(), given(world, "a", "b"), sources=sources).status == status


def test_an_indicator_may_ask_for_another_age(world):
    rule, sources = world.indicator(max_pull_age_d=100), [world.source(kind="ticketing", age_d=99)]
    assert world.observe(rule, given(world, "a", "b"), sources=sources).status == "measured"
    rule = world.indicator(max_pull_age_d=1)
    assert world.observe(rule, given(world, "a", "b"), sources=[world.source(age_d=1.5)]).status == "unknown"


def carry(world, *, age_d, before=None, rule=None, after=None, **how):
    """Audit a fresh pull, then the same evidence when the pull is `age_d` days old (limit 7)."""
    first = world.audit(before or world.indicator(), given(world, "a"))
    later = after or given(world)
    return first, world.audit(
        rule or world.indicator(), later, sources=[world.source(age_d=age_d)], previous=first, **how
    )


def test_a_late_pull_carries_the_last_measured_value_forward_with_half_its_confidence(world):
    first, second = carry(world, age_d=10)
    was, now = first.observations["DOC-2.1"], second.observations["DOC-2.1"]
    assert (now.degree, now.n, now.counts) == (was.degree, was.n, was.counts)
    assert (now.confidence, now.confidence_limit) == (was.confidence / 2, "freshness")
    assert now.carried_from == "p" * 64
    assert now.reasons[0].reason == "stale-pull"
    assert second.dimensions["DOC"].assessed
    # The rows behind it are gone from the evidence, and are still there to be opened.
    assert "agreement:src:A-a" in second.records


def test_a_value_that_is_carried_twice_is_halved_once_and_names_where_it_was_measured(world):
    _, second = carry(world, age_d=8)
    third = world.audit(world.indicator(), given(world), sources=[world.source(age_d=12)], previous=second)
    assert third.observations["DOC-2.1"].confidence == second.observations["DOC-2.1"].confidence
    assert third.observations["DOC-2.1"].carried_from == "p" * 64
    assert [note.reason for note in third.observations["DOC-2.1"].reasons] == ["stale-pull"]


def test_after_twice_the_limit_nothing_is_carried_forward(world):
    _, second = carry(world, age_d=14.1)
    assert second.observations["DOC-2.1"].status == "unknown"


@pytest.mark.parametrize("change", [{"version": 2}, {"goal": 0.5}])
def test_an_answer_to_another_question_is_not_carried_forward(world, change):
    _, second = carry(world, age_d=10, rule=world.indicator(**change))
    assert second.observations["DOC-2.1"].status == "unknown"


def test_an_unknown_is_not_carried_forward(world):
    first = world.audit(world.indicator(), {}, sources=[])
    second = world.audit(world.indicator(), given(world, "a"), sources=[world.source(age_d=10)], previous=first)
    assert second.observations["DOC-2.1"].carried_from is None


def optional_pull(world, age_d, previous=None):
    sources = [world.source(streams=["service"]), world.source("docs", ["agreement"], age_d=age_d)]
    rows = {"service": world.services("a", "b"), "agreement": world.agreements("a", _source="docs")}
    return world.audit(world.indicator(), rows, sources=sources, previous=previous)


@pytest.mark.parametrize("age_d", [8, 15])
def test_items_that_rest_on_an_old_pull_become_undecided(world, age_d):
    """Both the agreement that was found and the one that was not."""
    found = optional_pull(world, age_d).observations["DOC-2.1"]
    assert found.status == "unknown"
    assert {note.reason for item in found.items for note in item.reasons} == {"stale-pull"}


def test_items_that_rest_on_a_late_pull_carry_the_last_value_forward(world):
    first = optional_pull(world, 0)
    assert optional_pull(world, 8, first).observations["DOC-2.1"].degree == first.observations["DOC-2.1"].degree
    assert optional_pull(world, 15, first).observations["DOC-2.1"].status == "unknown"


def test_items_that_do_not_rest_on_the_old_pull_stand(world):
    sources = [world.source(), world.source("old", ["agreement"], age_d=30)]
    found = world.observe(world.indicator(), given(world, "a", "b"), sources=sources)
    assert (found.status, found.degree.lo, found.confidence) == ("measured", 1.0, 0.6)


def test_a_failed_pull_leaves_the_rows_of_the_sound_one_before_it(world):
    gap = Gap(None, GapReason.UNREACHABLE, "no route to host")
    source = world.source(status="failed", age_d=2, gaps=[gap])
    found = world.observe(world.indicator(), given(world, "a"), sources=[source])
    assert (found.degree.lo, found.degree.point, found.degree.hi) == (0.5, 1.0, 1.0)


def test_a_gap_of_another_kind_leaves_a_kind_complete(world):
    gap = Gap("agreement", GapReason.MALFORMED, "bad date", "agreement.jsonl:9", "src", 1, row_kind="OLA")
    sources = [world.source(gaps=[gap])]
    needs = {"service": "population", "agreement": ("optional", ["SLA"])}
    assert world.observe(world.indicator(needs=needs), given(world, "a"), sources=sources).degree.hi == 0.5
    assert world.observe(world.indicator(), given(world, "a"), sources=sources).degree.hi == 1.0


def test_denied_items_that_a_gap_names_count_for_its_stream_only(world):
    gap = Gap("agreement", GapReason.FORBIDDEN, "two restricted pages", hides_rows=2)
    source = world.source(status="partial", denied=2, gaps=[gap])
    rule = world.indicator(items="select service_id as item, 1 as met_lo, 1 as met_hi, [_ref] as evidence from service")
    assert world.observe(rule, given(world), sources=[source]).degree.lo == 1.0
    loose = world.source(status="partial", denied=3, gaps=[gap])
    assert world.observe(rule, given(world), sources=[loose]).degree.lo == pytest.approx(2 / 3)


def test_a_gap_without_a_source_counts_for_every_source_of_its_stream(world):
    gap = Gap("service", GapReason.MALFORMED, "service.csv is not text", hides_rows=None)
    found = world.observe(world.indicator(), given(world, "a", "b"), gaps=[gap])
    assert (found.status, found.reasons[0].reason) == ("unknown", "partial-source")


def test_gaps_given_twice_count_once(world):
    gap = Gap("service", GapReason.MALFORMED, "bad tier", "service.jsonl:1", "src", 1)
    source = world.source(gaps=[gap])
    assessment = world.audit(world.indicator(), given(world, "a", "b"), sources=[source], gaps=[gap])
    assert assessment.observations["DOC-2.1"].degree.lo == pytest.approx(2 / 3)
    assert [(view.count, view.hides_rows) for view in assessment.gaps] == [(1, 1)]


def test_equal_gaps_are_listed_together(world):
    gaps = [Gap("service", GapReason.MALFORMED, "bad tier", f"service.jsonl:{n}", "src", 1) for n in (9, 3)]
    view = world.audit(world.indicator(), given(world, "a"), sources=[world.source(gaps=gaps)]).gaps[0]
    assert (view.source_id, view.stream, view.place, view.count, view.hides_rows) == (
        "src",
        "service",
        "service.jsonl:3",
        2,
        2,
    )


def test_a_proof_of_its_own_replaces_declared_completeness(world):
    source = world.source(streams=["ticket"], complete=False)
    for holds, status in (("true", "not-applicable"), ("false", "unknown"), ("null", "unknown")):
        rule = world.indicator(
            items=TICKETS, needs={"ticket": "population"}, nothing_found="not-applicable", proof=f"select {holds}"
        )
        assert world.observe(rule, {}, sources=[source]).status == status, holds


def test_a_proof_does_not_outweigh_rows_that_were_not_seen(world):
    source = world.source(streams=["ticket"], status="partial", denied=1)
    rule = world.indicator(items=TICKETS, needs={"ticket": "population"}, nothing_found="met", proof="select true")
    found = world.observe(rule, {}, sources=[source])
    assert (found.status, found.reasons[0].reason) == ("unknown", "partial-source")


def test_nothing_found_may_mean_nothing(world):
    rule = world.indicator(items=TICKETS, needs={"ticket": "population"}, nothing_found="unknown")
    found = world.observe(rule, {}, sources=[world.source(streams=["ticket"])])
    assert (found.status, found.reasons[0].detail) == ("unknown", "nothing was found, which decides nothing here")


def test_denied_items_that_may_belong_to_any_stream_count_once_however_many_are_asked_for(world):
    source = world.source(status="partial", denied=2)
    items = "select service_id as item, 1 as met_lo, 1 as met_hi, [_ref] as evidence from service"
    one = world.indicator(items=items)
    both = world.indicator(items=items, needs={"service": "population", "agreement": "population"})
    found = [world.observe(rule, given(world), sources=[source]).degree.lo for rule in (one, both)]
    assert found == [pytest.approx(0.5), pytest.approx(0.5)]


@pytest.mark.parametrize(("complete", "hi"), [(["agreement"], 0.0), (["target"], 0.0), ([], 1.0)])
def test_of_two_things_that_are_missing_one_proven_absence_is_enough(world, complete, hi):
    """What asks for an agreement and a target fails once one of them is surely not there."""
    items = """
        select service_id as item, 0 as met_lo, 0 as met_hi, [_ref] as evidence, ['agreement|target'] as absent
        from service
    """
    source = world.source(
        streams=["service", "agreement", "target"], complete={"service": True, **dict.fromkeys(complete, True)}
    )
    assert world.observe(world.indicator(items=items), given(world), sources=[source]).degree.hi == hi


def test_denied_rows_that_may_belong_to_any_stream_count_once(world):
    """Two of the source's rows were denied, whichever stream they are of: 2 of 4, not 2 of 6."""
    items = "select service_id as item, 1 as met_lo, 1 as met_hi, [_ref] as evidence from service"
    rule = world.indicator(items=items, needs={"service": "population", "agreement": "population"})
    found = world.observe(rule, given(world, "a"), sources=[world.source(status="partial", denied=2)])
    assert found.degree.lo == 0.5
