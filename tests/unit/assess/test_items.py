import pytest

from auditor.assess.items import read_items
from auditor.errors import QueryError

SERVICES = {"service": "population"}


def answer(**columns):
    base = {"item": ["a", "b"], "met_lo": [1.0, 0.0], "met_hi": [1.0, 0.0], "evidence": [["service:s:a"], []]}
    return {**base, **columns}


def test_null_limits_are_open():
    items = read_items(answer(met_lo=[None, 0.5], met_hi=[None, None]))
    assert (list(items.lo), list(items.hi)) == ([0.0, 0.5], [1.0, 1.0])


def test_nulls_and_duplicates_in_evidence_do_not_count():
    items = read_items(answer(evidence=[["x:s:1", None, "x:s:1", "x:s:2"], None]))
    assert [list(refs) for refs in items.evidence] == [["x:s:1", "x:s:2"], []]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"item": ["a", None]}, "no name"),
        ({"item": ["a", "a"]}, "two different rows for the item a"),
        ({"met_lo": [1.0, 0.6], "met_hi": [1.0, 0.5]}, "limits 0.6 and 0.5"),
        ({"met_hi": [1.5, 0.0]}, "limits 1 and 1.5"),
        ({"met_lo": [-0.1, 0.0]}, "limits -0.1"),
        ({"met_lo": ["yes", 0.0]}, "holds 'yes' where a number belongs"),
        ({"evidence": ["x", []]}, "where a list of text belongs"),
        ({"react_by": ["soon", None]}, "where an instant belongs"),
        ({"item": [True, "b"]}, "where text belongs"),
    ],
)
def test_an_answer_that_is_none_is_refused(fault, message):
    with pytest.raises(QueryError, match=message):
        read_items(answer(**fault))


def test_a_missing_column_is_named():
    with pytest.raises(QueryError, match="no column met_hi, evidence"):
        read_items({"item": [], "met_lo": []})


def test_exact_duplicates_count_once():
    items = read_items(answer(item=["a", "a"], met_lo=[1.0, 1.0], met_hi=[1.0, 1.0], evidence=[["x"], ["x"]]))
    assert list(items.ids) == ["a"]


def test_names_of_members_may_be_numbers_in_sql():
    assert list(read_items(answer(item=[1, 2])).ids) == ["1", "2"]


def test_two_different_rows_for_one_item_fail_the_rule(world):
    items = (
        "select 'same' as item, (row_number() over ())::int % 2 as met_lo, 1 as met_hi, [_ref] as evidence from service"
    )
    found = world.observe(world.indicator(items=items, needs=SERVICES), {"service": world.services("a", "b")})
    assert found.reasons[0].reason == "rule-failed"
    assert "two different rows for the item same" in found.reasons[0].detail


def test_a_share_that_is_not_finite_fails_the_rule(world):
    items = "select service_id as item, 0.0::double / 0 as met_lo, 1 as met_hi, [_ref] as evidence from service"
    found = world.observe(world.indicator(items=items, needs=SERVICES), {"service": world.services("a")})
    assert (found.status, found.reasons[0].reason) == ("unknown", "rule-failed")


def test_undecided_items_fail_in_lo_pass_in_hi_and_have_no_say_in_the_point(world):
    items = """
        select service_id as item, (service_id <> 'd')::int as met_lo, (service_id <> 'd')::int as met_hi,
               [_ref] as evidence, service_id = 'a' as undecided from service
    """
    found = world.observe(world.indicator(items=items, needs=SERVICES), {"service": world.services("a", "b", "c", "d")})
    assert (found.degree.lo, found.degree.hi) == (0.5, 0.75)
    assert found.degree.point == pytest.approx(2 / 3)
    assert {(item.item, item.verdict) for item in found.items} == {
        ("a", "undecided"),
        ("b", "met"),
        ("c", "met"),
        ("d", "not met"),
    }


def test_an_item_that_may_not_belong_counts_only_where_it_widens(world):
    """Two certain items (one met), one doubtful failing and one doubtful passing: 1/3 .. 1/2 .. 2/3."""
    items = """
        select service_id as item, (service_id in ('a', 'c'))::int as met_lo, (service_id in ('a', 'c'))::int as met_hi,
               [_ref] as evidence, service_id in ('c', 'd') as unsure from service
    """
    found = world.observe(world.indicator(items=items, needs=SERVICES), {"service": world.services("a", "b", "c", "d")})
    assert found.degree.lo == pytest.approx(1 / 3)
    assert found.degree.point == 0.5
    assert found.degree.hi == pytest.approx(2 / 3)
    assert {item.item: item.counted for item in found.items} == {"a": "both", "b": "both", "c": "hi", "d": "lo"}
    assert found.n == 2


def test_nothing_but_doubtful_members_says_nothing(world):
    items = "select service_id as item, 1 as met_lo, 1 as met_hi, [_ref] as evidence, true as unsure from service"
    found = world.observe(world.indicator(items=items, needs=SERVICES), {"service": world.services("a")})
    assert (found.status, found.n) == ("unknown", 0)


def react(world, verdict: str, **how):
    items = f"""
        select service_id as item, {verdict} as met_lo, {verdict} as met_hi, [_ref] as evidence,
               case when service_id = 'late' then $T + interval 1 day end as react_by from service
    """
    return world.observe(
        world.indicator(items=items.replace("UNDECIDED", "null"), needs=SERVICES, **how),
        {"service": world.services("late", "a", "b")},
    )


def test_an_item_whose_time_to_react_runs_is_left_out_while_it_is_not_met(world):
    found = react(world, "(service_id = 'a')::int")
    assert (found.degree.lo, found.degree.point, found.degree.hi) == (0.5, 0.5, 0.5)
    assert (found.n, found.counts.left_out) == (2, 1)
    assert {item.item: item.verdict for item in found.items}["late"] == "left out"


def test_a_reaction_that_is_there_counts_at_once(world):
    found = react(world, "(service_id in ('a', 'late'))::int")
    assert found.degree.point == pytest.approx(2 / 3)
    assert found.counts.left_out == 0


def test_an_undecided_item_whose_time_runs_counts_in_hi_alone(world):
    found = react(world, "case service_id when 'late' then null when 'a' then 1 else 0 end")
    assert (found.degree.lo, found.degree.point) == (0.5, 0.5)
    assert found.degree.hi == pytest.approx(2 / 3)


def test_when_no_time_has_run_out_nothing_is_due(world):
    items = """
        select service_id as item, 0 as met_lo, 0 as met_hi, [_ref] as evidence,
               $T + interval 1 day as react_by from service
    """
    given = {"service": world.services("a")}
    found = world.observe(world.indicator(items=items, needs=SERVICES, nothing_found="not-met"), given)
    assert (found.status, found.reasons[0].detail) == ("unknown", "the time to react has not run out for any member")
    found = world.observe(world.indicator(items=items, needs=SERVICES, nothing_found="not-applicable"), given)
    assert (found.status, found.counts.left_out) == ("not-applicable", 1)


def test_a_checklist_is_the_mean_of_its_parts(world):
    items = """
        select service_id as item, case service_id when 'a' then 1.0 else 0.5 end as met_lo,
               case service_id when 'a' then 1.0 else 0.5 end as met_hi, [_ref] as evidence from service
    """
    found = world.observe(
        world.indicator(items=items, needs=SERVICES, type="checklist"), {"service": world.services("a", "b")}
    )
    assert found.degree.point == 0.75
    assert found.counts.partly_met == 1


def test_too_few_items_show_bounds_and_no_point(world):
    given = {"service": world.services("a", "b"), "agreement": world.agreements("a", "b")}
    found = world.observe(world.indicator(min_n=3), given)
    assert (found.degree.lo, found.degree.point, found.degree.hi) == (1.0, None, 1.0)
    assert found.reasons[0].reason == "thin-sample"


def test_absence_is_a_miss_only_when_it_is_proven(world):
    given = {"service": world.services("a", "b"), "agreement": world.agreements("a")}
    assert world.observe(world.indicator(), given).degree.hi == 0.5
    unproven = world.source(complete={"service": True})
    found = world.observe(world.indicator(), given, sources=[unproven])
    assert (found.degree.lo, found.degree.point, found.degree.hi) == (0.5, 1.0, 1.0)
    assert found.reasons[0].reason == "scope-incomplete"
    assert found.reasons[0].detail.startswith("1 of 2 items rest on it: agreement: src did not pull all there is")


@pytest.mark.parametrize(("kinds", "hi"), [(["SLA"], 0.5), (["OLA"], 1.0), (["OLA", "SLA"], 0.5)])
def test_absence_of_a_kind_needs_completeness_for_that_kind(world, kinds, hi):
    given = {"service": world.services("a", "b"), "agreement": world.agreements("a")}
    rule = world.indicator(needs={"service": "population", "agreement": ("optional", ["SLA"])})
    source = world.source(complete={"service": True, "agreement": kinds})
    assert world.observe(rule, given, sources=[source]).degree.hi == hi


def test_an_absent_stream_that_does_not_exist_fails_the_rule(world):
    items = "select 'x' as item, 0 as met_lo, 0 as met_hi, [_ref] as evidence, ['agrement'] as absent from service"
    found = world.observe(world.indicator(items=items, needs=SERVICES), {"service": world.services("a")})
    assert "absent names 'agrement'" in found.reasons[0].detail


def measure(world, columns: str, **how):
    rule = world.indicator(
        items=f"select 'whole' as item, {columns} from service limit 1",
        needs=SERVICES,
        type="measure",
        unit="days",
        **how,
    )
    return world.observe(rule, {"service": world.services("a")})


def test_a_measure_is_compared_with_its_goal(world):
    columns = "10 as value_lo, 20 as value_point, 40 as value_hi, [_ref] as evidence"
    found = measure(world, columns, direction="less", goal=10)
    assert (found.degree.lo, found.degree.point, found.degree.hi) == (0.25, 0.5, 1.0)
    assert (found.value.lo, found.value.point, found.value.hi) == (10, 20, 40)


def test_a_measure_without_evidence_or_with_an_unproven_absence_is_open(world):
    found = measure(world, "1 as value_lo, 1 as value_point, 1 as value_hi, null as evidence")
    assert (found.status, found.reasons[0].detail) == ("unknown", "a value without evidence")
    columns = "0 as value_lo, 0 as value_point, 0 as value_hi, null as evidence, ['agreement'] as absent"
    found = measure(world, columns, direction="less", goal=0)
    assert (found.status, found.degree.point) == ("measured", 1.0)
    found = measure(world, columns.replace("agreement", "ticket"), direction="less", goal=0)
    assert (found.status, found.reasons[0].reason) == ("unknown", "no-source")


def test_a_measure_of_which_rows_were_not_seen_is_unknown(world):
    rule = world.indicator(
        items="select 'n' as item, count(*) as value_lo, count(*) as value_point, count(*) as value_hi, "
        "list(_ref) as evidence from service",
        needs=SERVICES,
        type="measure",
    )
    found = world.observe(rule, {"service": world.services("a")}, sources=[world.source(status="partial", denied=1)])
    assert (found.status, found.reasons[0].reason) == ("unknown", "partial-source")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("2 as value_lo, null as value_point, 1 as value_hi, [_ref] as evidence", "value_lo 2 is above value_hi 1"),
        ("2 as value_lo, 2 as value_hi, [_ref] as evidence", "no column value_point"),
    ],
)
def test_a_measure_that_makes_no_sense_fails_the_rule(world, columns, message):
    found = measure(world, columns)
    assert found.reasons[0].reason == "rule-failed"
    assert message in found.reasons[0].detail


def test_a_measure_of_two_rows_fails_the_rule(world):
    rule = world.indicator(
        items="select service_id as item, 1 as value_lo, 1 as value_point, 1 as value_hi, [_ref] as evidence "
        "from service",
        needs=SERVICES,
        type="measure",
    )
    found = world.observe(rule, {"service": world.services("a", "b")})
    assert "one row, not with 2" in found.reasons[0].detail


def test_citing_what_is_no_row_fails_the_rule_instead_of_counting(world):
    for ref in ("'service:ghost:ghost'", "'trust me'"):
        rule = world.indicator(
            items=f"select service_id as item, 1 as met_lo, 1 as met_hi, [{ref}] as evidence from service"
        )
        found = world.observe(rule, {"service": [{"service_id": "a"}]})
        assert found.status == "unknown"
        assert [note.reason for note in found.reasons] == ["rule-failed"]
        assert "no row of the evidence" in found.reasons[0].detail
