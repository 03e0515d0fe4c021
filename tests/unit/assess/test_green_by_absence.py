"""Missing evidence never passes, never fails and is never silent: one test per way in which evidence can be missing.

Each test states the right one of unknown, false and not applicable, its reason, and that no level came of it.
"""

from __future__ import annotations

import pytest

from auditor.assess.engine import assess
from auditor.assess.request import AssessmentRequest
from auditor.assess.session import open_session
from auditor.errors import QueryError
from auditor.model.assessment import Reason
from auditor.model.evidence import Gap, GapReason
from auditor.sql.sandbox import Sandbox

EVENTS = """
select t.ticket_id as item, case when t.resolved is not null then 1 else 0 end as met_lo,
       case when t.resolved is not null then 1 else 0 end as met_hi, [t._ref] as evidence
from ticket t where t.created >= $W and t.created < $WE
"""
RATIO = """
select s.service_id as item, (c.n is not null)::int as met_lo, (c.n is not null)::int as met_hi,
       [s._ref] as evidence
from service s left join (select service_id, count(*) as n from target group by service_id) c using (service_id)
"""


def reasons(observation) -> set[Reason]:
    return {note.reason for note in observation.reasons}


def assert_unknown(assessment, *expected: Reason, indicator: str = "DOC-2.1") -> None:
    """The indicator is unknown for exactly these reasons, and its dimension has no level, high or low."""
    observation = assessment.observations[indicator]
    assert observation.status == "unknown"
    assert observation.degree.is_unknown
    assert observation.degree.point is None
    assert observation.confidence is None
    assert reasons(observation) == set(expected)
    assert all(note.detail for note in observation.reasons)
    dimension = assessment.dimensions[indicator.split("-")[0]]
    assert not dimension.assessed
    assert dimension.why_not_assessed
    assert dimension.point is None
    assert (dimension.confirmed, dimension.possible) == (1, 5)
    assert not dimension.level_1_is_proven
    assert dimension.blockers[0].kind == "evidence"


@pytest.fixture
def events(world):
    return world.indicator(
        "DOC-2.1", EVENTS, type="event", needs={"ticket": "population"}, window={"days": 90}, nothing_found="met"
    )


def tickets(world, count: int, **fields):
    rows = [
        {"ticket_id": f"t-{n}", "kind": "incident", "created": world.days_ago(n), "resolved": world.days_ago(0)}
        for n in range(1, count + 1)
    ]
    return [{**row, **fields} for row in rows]


def test_the_source_failed_and_never_answered(world, events):
    gap = Gap(None, GapReason.SERVER_ERROR, "HTTP 500")
    source = world.source(streams=["ticket"], status="failed", ever=False, gaps=[gap])
    assessment = world.audit(events, {}, sources=[source])
    assert_unknown(assessment, Reason.PARTIAL_SOURCE)
    note = assessment.observations["DOC-2.1"].reasons[0]
    assert note.streams == ("ticket",)
    assert [assessment.gaps[position].detail for position in note.gaps] == ["HTTP 500"]


def test_the_source_failed_after_some_rows_had_come(world, events):
    source = world.source(streams=["ticket"], status="failed", ever=False)
    assessment = world.audit(events, {"ticket": tickets(world, 30)}, sources=[source])
    assert_unknown(assessment, Reason.PARTIAL_SOURCE)
    assert assessment.observations["DOC-2.1"].counts.met == 30


def test_permission_was_denied_for_an_unknown_part(world, events):
    source = world.source(streams=["ticket"], status="partial")
    assessment = world.audit(events, {"ticket": tickets(world, 30)}, sources=[source])
    assert_unknown(assessment, Reason.PARTIAL_SOURCE)


def test_permission_was_denied_for_a_known_part(world):
    """What was seen carries the low limit, what was not seen the high one."""
    source = world.source(status="partial", denied=2)
    given = {"service": world.services("a", "b"), "agreement": world.agreements("a", "b")}
    observation = world.observe(world.indicator(), given, sources=[source])
    assert observation.status == "measured"
    assert (observation.degree.lo, observation.degree.point, observation.degree.hi) == (0.5, 1.0, 1.0)
    assert reasons(observation) == {Reason.PARTIAL_SOURCE}


def test_what_was_not_found_is_undecided_while_a_part_was_denied(world):
    source = world.source(status="partial", denied=1)
    given = {"service": world.services("a", "b", "c"), "agreement": world.agreements("a")}
    observation = world.observe(world.indicator(), given, sources=[source])
    assert (observation.degree.lo, observation.degree.hi) == (0.25, 1.0)
    assert observation.counts.not_met == 0
    assert observation.counts.undecided == 2


def test_an_empty_list_that_nobody_vouches_for(world, events):
    source = world.source(streams=["ticket"], complete=False)
    assert_unknown(world.audit(events, {}, sources=[source]), Reason.SCOPE_INCOMPLETE)


def test_an_empty_list_that_is_complete_is_what_the_indicator_says_it_is(world, events):
    source = world.source(streams=["ticket"])
    observation = world.observe(events, {}, sources=[source])
    assert (observation.status, observation.degree.lo, observation.n) == ("measured", 1.0, 0)
    denied = world.observe(world.indicator(nothing_found="not-met"), {})
    assert (denied.status, denied.degree.hi, denied.n) == ("measured", 0.0, 0)


def test_an_empty_table_while_the_source_is_down(world, events):
    """Declared completeness of a failed pull proves nothing, also where an earlier pull was sound."""
    source = world.source(streams=["ticket"], status="failed", complete=True)
    assert_unknown(world.audit(events, {}, sources=[source]), Reason.SCOPE_INCOMPLETE)


def test_evidence_older_than_twice_its_limit(world, events):
    source = world.source(streams=["ticket"], kind="ticketing", age_d=6.1)
    assert_unknown(world.audit(events, {"ticket": tickets(world, 30)}, sources=[source]), Reason.STALE_PULL)


def test_evidence_older_than_its_limit_and_nothing_to_carry_forward(world, events):
    source = world.source(streams=["ticket"], kind="ticketing", age_d=3.1)
    assert_unknown(world.audit(events, {"ticket": tickets(world, 30)}, sources=[source]), Reason.STALE_PULL)


def test_an_empty_table_of_an_old_pull(world, events):
    source = world.source(streams=["ticket"], kind="ticketing", age_d=7)
    assert_unknown(world.audit(events, {}, sources=[source]), Reason.STALE_PULL)


def test_a_field_is_missing(world):
    """Null is unknown: an item that a null decides is undecided, never met and never missed."""
    items = """select service_id as item, major::int as met_lo, major::int as met_hi, [_ref] as evidence from service"""
    rule = world.indicator(items=items, needs={"service": "population"})
    assessment = world.audit(rule, {"service": world.services("a", "b")})
    assert_unknown(assessment, Reason.UNDECIDED_ITEMS)
    assert {item.verdict for item in assessment.observations["DOC-2.1"].items} == {"undecided"}


def test_a_field_of_another_type_makes_a_gap_and_its_row_unseen(world):
    """A row that cannot be read is not loaded; it stands in the population as one that nobody saw."""
    gap = Gap("service", GapReason.MALFORMED, "tier is 'gold', not a whole number", "service.jsonl:3", "src", 1)
    given = {"service": world.services("a"), "agreement": world.agreements("a")}
    assessment = world.audit(world.indicator(), given, sources=[world.source(gaps=[gap])])
    observation = assessment.observations["DOC-2.1"]
    assert (observation.degree.lo, observation.degree.hi) == (0.5, 1.0)
    assert reasons(observation) == {Reason.PARTIAL_SOURCE}
    assert assessment.gaps[observation.reasons[0].gaps[0]].place == "service.jsonl:3"


def test_every_row_had_a_field_of_another_type(world):
    gaps = [Gap("service", GapReason.MALFORMED, "status is 7", f"service.jsonl:{n}", "src", 1) for n in (1, 2)]
    assert_unknown(world.audit(world.indicator(), {}, sources=[world.source(gaps=gaps)]), Reason.PARTIAL_SOURCE)


def test_one_stream_of_several_is_missing_and_the_items_only_refer_to_it(world):
    source = world.source(streams=["service"])
    assessment = world.audit(world.indicator(), {"service": world.services("a", "b")}, sources=[source])
    assert_unknown(assessment, Reason.NO_SOURCE)
    assert {item.verdict for item in assessment.observations["DOC-2.1"].items} == {"undecided"}


def test_one_stream_of_several_is_missing_and_the_items_are_drawn_from_it(world):
    rule = world.indicator(needs={"service": "population", "agreement": "population"})
    source = world.source(streams=["service"])
    assessment = world.audit(rule, {"service": world.services("a", "b")}, sources=[source])
    assert_unknown(assessment, Reason.NO_SOURCE)
    assert assessment.observations["DOC-2.1"].reasons[0].streams == ("agreement",)


def test_everything_is_not_applicable(world):
    """Not applicable is dropped from its cell; a dimension of nothing else has no level."""
    rules = world.pack(
        world.indicator("DOC-2.1", nothing_found="not-applicable"),
        world.indicator("DOC-3.1", nothing_found="not-applicable"),
    )
    assessment = world.audit(rules, {})
    assert {o.status for o in assessment.observations.values()} == {"not-applicable"}
    dimension = assessment.dimensions["DOC"]
    assert [cell.status for cell in dimension.cells[1:3]] == ["not-applicable", "not-applicable"]
    assert not dimension.assessed
    assert (dimension.confirmed, dimension.point, dimension.possible) == (1, None, 1)
    assert not dimension.level_1_is_proven


def test_not_applicable_needs_the_same_proof_as_any_other_absence(world):
    rule = world.indicator(nothing_found="not-applicable")
    source = world.source(complete=False)
    assert_unknown(world.audit(rule, {}, sources=[source]), Reason.SCOPE_INCOMPLETE)


def test_one_side_of_a_ratio_is_missing(world):
    rule = world.indicator(items=RATIO, needs={"service": "population", "target": "population"})
    source = world.source(streams=["service"])
    assert_unknown(world.audit(rule, {"service": world.services("a")}, sources=[source]), Reason.NO_SOURCE)


def test_the_population_is_unknown(world):
    """Nobody lists services, and nothing names any: there is nothing that coverage could be a share of."""
    assessment = world.audit(world.indicator(), {}, sources=[world.source(streams=["agreement"])])
    assert_unknown(assessment, Reason.NO_SOURCE)
    assert assessment.observations["DOC-2.1"].reasons[0].streams == ("service",)


def test_there_is_no_source_at_all(world):
    assert_unknown(world.audit(world.indicator(), {}, sources=[]), Reason.NO_SOURCE)


def test_paging_was_cut_off(world, events):
    gap = Gap("ticket", GapReason.TRUNCATED, "stopped after page 10", hides_rows=None)
    source = world.source(streams=["ticket"], gaps=[gap])
    assert_unknown(world.audit(events, {"ticket": tickets(world, 30)}, sources=[source]), Reason.PARTIAL_SOURCE)


def test_paging_was_cut_off_before_the_first_row(world, events):
    gap = Gap("ticket", GapReason.TRUNCATED, "stopped after page 0", hides_rows=None)
    source = world.source(streams=["ticket"], gaps=[gap])
    assert_unknown(world.audit(events, {}, sources=[source]), Reason.PARTIAL_SOURCE)


def test_retention_is_shorter_than_half_of_the_window(world, events):
    source = world.source(streams=["ticket"], retention_days=44)
    assert_unknown(world.audit(events, {"ticket": tickets(world, 30)}, sources=[source]), Reason.RETENTION)


def test_retention_that_leaves_half_of_the_window_shortens_it(world, events):
    source = world.source(streams=["ticket"], retention_days=46)
    observation = world.observe(events, {"ticket": tickets(world, 80)}, sources=[source])
    assert observation.status == "measured"
    assert observation.n == 46
    assert "shortened" in observation.window.note


def test_nothing_within_the_retention_is_no_proof_that_there_was_nothing(world, events):
    source = world.source(streams=["ticket"], retention_days=46)
    observation = world.observe(events, {}, sources=[source])
    assert observation.status == "measured"  # the shortened window itself is complete
    fixed = world.indicator(
        items=EVENTS.replace("$WE", "$T").replace("$W ", "$W365 "),
        needs={"ticket": "population"},
        nothing_found="not-met",
    )
    assert_unknown(world.audit(fixed, {}, sources=[source]), Reason.RETENTION)


def test_the_collector_crashed(world, events):
    gap = Gap(None, GapReason.CRASHED, "KeyError: 'fields'")
    source = world.source(streams=["ticket"], status="failed", ever=False, gaps=[gap])
    assert_unknown(world.audit(events, {}, sources=[source]), Reason.PARTIAL_SOURCE)


def test_the_collector_crashed_before_it_said_what_it_answers_for(world, events):
    source = world.source(streams=[], status="failed", ever=False)
    assert_unknown(world.audit(events, {}, sources=[source]), Reason.NO_SOURCE)


@pytest.mark.parametrize(
    "broken",
    ["select nonsense from service", "select 1 as item", "select cast('x' as integer) as item from service"],
)
def test_the_sql_of_an_indicator_fails_and_only_its_own_answer_is_lost(world, broken):
    rules = world.pack(world.indicator("DOC-2.1", broken), world.indicator("PM-2.1"))
    given = {"service": world.services("a"), "agreement": world.agreements("a")}
    assessment = world.audit(rules, given)
    assert_unknown(assessment, Reason.RULE_FAILED)
    assert "test.yaml" in assessment.observations["DOC-2.1"].card.sql_place
    assert assessment.observations["PM-2.1"].degree.lo == 1.0


def test_the_sql_of_a_guard_fails_and_a_guard_that_cannot_run_proves_nothing(world):
    rule = world.indicator(guards=(world.guard("flag", "select nonsense as item"),))
    given = {"service": world.services("a"), "agreement": world.agreements("a")}
    assessment = world.audit(rule, given)
    assert_unknown(assessment, Reason.RULE_FAILED)
    assert "guard trick failed" in assessment.observations["DOC-2.1"].reasons[0].detail


def test_the_sql_of_a_view_fails_and_only_what_reads_it_is_lost(world):
    rules = world.pack(
        world.indicator(
            "DOC-2.1", "select service_id as item, 1 as met_lo, 1 as met_hi, [_ref] as evidence from broken"
        ),
        world.indicator("PM-2.1"),
        views={"broken": "select nonsense from service"},
    )
    given = {"service": world.services("a"), "agreement": world.agreements("a")}
    assessment = world.audit(rules, given)
    assert_unknown(assessment, Reason.RULE_FAILED)
    assert "view broken failed" in assessment.observations["DOC-2.1"].reasons[0].detail
    assert assessment.observations["PM-2.1"].degree.lo == 1.0


def test_all_items_are_undecided(world):
    items = "select service_id as item, 0 as met_lo, 1 as met_hi, [_ref] as evidence from service"
    rule = world.indicator(items=items, needs={"service": "population"})
    assessment = world.audit(rule, {"service": world.services("a", "b", "c")})
    assert_unknown(assessment, Reason.UNDECIDED_ITEMS)
    assert assessment.observations["DOC-2.1"].n == 3


def test_met_without_evidence_is_not_met(world):
    items = "select service_id as item, 1 as met_lo, 1 as met_hi, []::varchar[] as evidence from service"
    rule = world.indicator(items=items, needs={"service": "population"})
    assert_unknown(world.audit(rule, {"service": world.services("a")}), Reason.UNDECIDED_ITEMS)


def test_evidence_that_cannot_be_read_at_all_is_an_error_and_no_assessment(world):
    """Here the tables of the evidence are not even there."""
    pack = world.pack(world.indicator())
    request = AssessmentRequest("default", None, "UTC", world.T, "e" * 64, "test")
    with Sandbox.in_memory() as empty:
        session = open_session(empty, pack, as_of=world.T, time_zone="UTC", sources=[world.source()], gaps=[])
        with pytest.raises(QueryError, match="evidence"):
            assess(pack, session, request, lambda sha, pointer: (None, False))
