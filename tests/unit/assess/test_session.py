from datetime import UTC, datetime

import pytest

from auditor.assess.session import open_session
from auditor.errors import UsageError
from auditor.sql.sandbox import Sandbox

SERVICES = {"service": "population"}


def one(world, expression: str, *, window=None, rows=None, sources=None, zone="UTC", **parameters):
    """The value of an expression as the note of the only item."""
    items = f"""
        select 'x' as item, 1 as met_lo, 1 as met_hi, [_ref] as evidence, ({expression})::varchar as note from service
    """
    rule = world.indicator(items=items, needs=SERVICES, window=window)
    pack = world.pack(rule, **{name.removeprefix("p_"): value for name, value in parameters.items()})
    given = rows or {"service": world.services("a")}
    observation = world.observe(pack, given, sources=sources, zone=zone)
    assert observation.reasons == (), observation.reasons
    return observation.items[0].note


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$T", "2026-01-01 00:00:00"),
        ("$W30", "2025-12-02 00:00:00"),
        ("$W365", "2025-01-01 00:00:00"),
        ("$goal", "1.0"),
        ("$tz", "UTC"),
        ("$p_most", "7"),
    ],
)
def test_statements_get_the_parameters_they_name(world, expression, value):
    assert one(world, expression, p_most=7) == value


def test_the_window_of_the_indicator_is_w_to_we(world):
    expression = "$W::varchar || ' ' || $WE::varchar"
    assert (
        one(world, expression, window={"months": 3}, zone="Europe/Berlin") == "2025-09-30 22:00:00 2025-12-31 23:00:00"
    )


def test_a_window_is_not_there_where_the_indicator_has_none(world):
    rule = world.indicator(items="select $W as item", needs=SERVICES)
    found = world.observe(rule, {"service": world.services("a")})
    assert "$W is used where there is no window" in found.reasons[0].detail


def test_calendar_tables_count_full_periods_of_the_zone_backwards(world):
    note = one(
        world,
        "(select string_agg(starts::varchar, ' ' order by n) from calendar_quarter where n <= 2)",
        zone="Europe/Berlin",
    )
    assert note == "2025-09-30 22:00:00 2025-06-30 22:00:00"
    assert one(world, "(select count(*) || '/' || max(n) from calendar_month)") == "15/15"


def test_the_latest_pull_of_each_source_can_be_read(world):
    expression = (
        "(select string_agg(source_id || '=' || status || '=' || (scope_complete->>'service'), ',') from source_run)"
    )
    assert one(world, expression) == "src=ok=true"


def test_a_row_that_does_not_say_when_it_was_read_was_read_with_its_pull(world):
    assert one(world, "_fetched_at") == "2026-01-01 00:00:00"
    rows = {"service": world.services("a", _fetched_at="2025-12-24T10:00:00Z")}
    assert one(world, "_fetched_at", rows=rows) == "2025-12-24 10:00:00"


def test_control_entities_are_not_visible_to_packs(world):
    found = world.observe(
        world.indicator(items="select * from ruling", needs=SERVICES), {"service": world.services("a")}
    )
    assert found.reasons[0].reason == "rule-failed"


def test_provenance_beyond_the_four_columns_is_not_visible(world):
    rule = world.indicator(items="select _payload_sha256 as item from service", needs=SERVICES)
    assert world.observe(rule, {"service": world.services("a")}).reasons[0].reason == "rule-failed"


def test_views_build_on_earlier_views(world):
    rule = world.indicator(
        items="select service_id as item, 1 as met_lo, 1 as met_hi, [_ref] as evidence from major", needs=SERVICES
    )
    views = {"live": "select * from service where status = 'live'", "major": "select * from live where tier <= $p_most"}
    pack = world.pack(rule, views=views, most=2)
    given = {
        "service": [
            *world.services("a", tier=1),
            *world.services("b", tier=3),
            {"service_id": "c", "status": "retired", "tier": 1},
        ]
    }
    assert [item.item for item in world.observe(pack, given).items] == ["a"]


def test_a_view_that_may_not_run_is_refused_like_any_statement(world):
    rule = world.indicator(
        items="select 'x' as item, 1 as met_lo, 1 as met_hi, [_ref] as evidence from spy", needs=SERVICES
    )
    pack = world.pack(rule, views={"spy": "select *, getvariable('secret') as s from service"})
    found = world.observe(pack, {"service": world.services("a")})
    assert found.reasons[0].reason == "rule-failed"
    assert "view spy failed" in found.reasons[0].detail


def test_a_failing_view_that_is_only_named_in_passing_harms_nobody(world):
    rule = world.indicator(
        items="select service_id as item, 1 as met_lo, 1 as met_hi, [_ref] as evidence, 'odd' as note from service odd",
        needs=SERVICES,
    )
    pack = world.pack(rule, views={"odd": "select nonsense from service"})
    assert world.observe(pack, {"service": world.services("a")}).status == "measured"


def observed(world, **rows):
    rule = world.indicator()
    sources = [
        world.source("one", ["ticket", "agreement", "target"], complete=False),
        world.source("two", ["alert_event", "monitoring_rule", "dashboard"], complete=False),
    ]
    return world.audit(rule, rows, sources=sources)


def ticket(*services, source="one"):
    return {
        "ticket_id": f"t-{'-'.join(services)}",
        "kind": "incident",
        "service_ids": list(services),
        "_source": source,
    }


def test_without_a_list_services_are_those_that_two_sources_name(world):
    rule = [{"rule_id": "r", "kind": "alert", "service_id": "mail", "_source": "two"}]
    agreement = world.agreements("mail", _source="one")
    assessment = observed(world, ticket=[ticket("mail", "web")], monitoring_rule=rule, agreement=agreement)
    found = assessment.observations["DOC-2.1"]
    assert [(item.item, item.verdict) for item in found.items] == [("mail", "met")]
    assert (found.confidence, found.confidence_limit) == (0.5, "binding")
    # The first row that names a service stands for it.
    assert "agreement:one:A-mail" in found.items[0].evidence
    assert any("two sources name" in flag for flag in found.flags)


def test_services_that_one_source_names_are_no_population(world):
    assessment = observed(world, ticket=[ticket("mail"), ticket("mail", "web")])
    found = assessment.observations["DOC-2.1"]
    assert (found.status, found.reasons[0].reason) == ("unknown", "no-source")


def test_observed_services_never_prove_that_there_are_no_others(world):
    rules = [{"rule_id": "r", "kind": "alert", "service_id": "mail", "_source": "two"}]
    given = {"ticket": [ticket("mail")], "monitoring_rule": rules}
    rule = world.indicator(items="select * from (" + world.indicator().items.text + ") where item = 'other'")
    sources = [world.source("one", ["ticket", "agreement"]), world.source("two", ["monitoring_rule"])]
    found = world.observe(rule, given, sources=sources)
    assert (found.status, found.reasons[0].reason) == ("unknown", "scope-incomplete")


def test_a_listed_service_is_never_mixed_with_observed_ones(world):
    rules = [{"rule_id": "r", "kind": "alert", "service_id": "mail", "_source": "two"}]
    given = {"service": world.services("web"), "ticket": [ticket("mail")], "monitoring_rule": rules}
    sources = [world.source("one", ["ticket", "agreement", "service"]), world.source("two", ["monitoring_rule"])]
    assert [item.item for item in world.observe(world.indicator(), given, sources=sources).items] == ["web"]


def test_an_unknown_time_zone_is_refused(world):
    with Sandbox.in_memory() as sandbox, pytest.raises(UsageError, match="no time zone 'Mars/Base'"):
        open_session(sandbox, world.pack(), as_of=world.T, time_zone="Mars/Base", sources=[], gaps=[])


def test_a_session_of_another_instant_is_not_assessed(world):
    from auditor.assess.engine import assess
    from auditor.assess.request import AssessmentRequest

    pack = world.pack(world.indicator())
    request = AssessmentRequest("default", None, "UTC", datetime(2025, 1, 1, tzinfo=UTC), "e" * 64, "test")
    session = open_session(world.bench.sandbox, pack, as_of=world.T, time_zone="UTC", sources=[], gaps=[])
    with session, pytest.raises(ValueError, match="another rule pack, instant or time zone"):
        assess(pack, session, request, lambda sha, pointer: (None, False))


def test_a_previous_assessment_and_its_hash_go_together(world):
    from auditor.assess.request import AssessmentRequest

    with pytest.raises(ValueError, match="go together"):
        AssessmentRequest("default", None, "UTC", world.T, "e" * 64, "test", previous_sha256="p" * 64)
