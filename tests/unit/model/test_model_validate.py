"""The check at the edge: sound rows pass and are canonical, unsound ones are named and never loaded."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from auditor.canonical import canonical_bytes, canonical_sha256
from auditor.model.evidence import Row, Tier, encode_part
from auditor.model.streams import STREAMS, FieldType
from auditor.model.validate import check_row, make_row, row_key, unknown_field_problem

few = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
calm = settings(deadline=None)
each_stream = pytest.mark.parametrize("name", STREAMS)

# Values that no field of the type may hold, by type.
WRONG = {
    FieldType.TEXT: [1, True, ["a"], {"a": 1}, "\ud800"],
    FieldType.INT: ["1", True, 1.5, [1], 2**63, math.nan, math.inf],
    FieldType.REAL: ["1", [1.0], {}, math.nan, math.inf, 10**400],
    FieldType.BOOL: ["true", 1, 0, 1.0, []],
    FieldType.INSTANT: [
        1,
        True,
        "yesterday",
        "2026-02-30",
        "2026-01-01T00:00:00",
        "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-W01-1T00:00:00Z",
        "20260101T000000Z",
        "0001-01-01T00:00:00+01:00",
        "٢٠٢٦-01-01T00:00:00Z",
    ],
    FieldType.DATE: [1, "2026-01-01T00:00:00", "2026-02-30", "01.02.2026", ["2026-01-01"]],
    FieldType.TEXT_LIST: ["a", {"a": 1}, [1], [None], [""], [["a"]]],
    FieldType.BOOL_MAP: ["{}", [], {"a": 1}, {"a": "true"}, {"": True}],
    FieldType.REAL_MAP: ["{}", [], {"a": True}, {"a": "1"}, {"a": math.nan}, {" ": 1.0}],
    FieldType.TEXT_MAP: ["{}", [], {"a": 1}, {"a": ["b"]}, {"a": {}}],
    FieldType.JSON: ["{}", [], {"a": None}, {"a": "true"}, {"a": [1]}, {"a": {}}],
}


def check(name, **values):
    return check_row(STREAMS[name], values)


def problems(name, **values):
    return [fault.problem for fault in check(name, **values).faults]


@each_stream
def test_sound_rows_pass_and_come_out_canonical(name, sound_rows):
    definition = STREAMS[name]

    @few
    @given(sound_rows(definition))
    def run(raw):
        checked = check_row(definition, raw)
        assert checked.faults == ()
        assert checked.unknown_fields == ()
        assert list(checked.values) == [field.name for field in definition.fields]
        assert check_row(definition, checked.values).values == checked.values
        canonical_bytes(checked.values)

    run()


@each_stream
def test_a_wrong_type_in_any_single_field_is_always_reported(name, sound_rows):
    definition = STREAMS[name]

    @few
    @given(sound_rows(definition), st.data())
    def run(raw, data):
        field = data.draw(st.sampled_from(definition.fields))
        wrong = data.draw(st.sampled_from(WRONG[field.type]))
        assume(not (field.info.booleans and isinstance(wrong, bool)))
        checked = check_row(definition, {**raw, field.name: wrong})
        assert [fault.field for fault in checked.faults] == [field.name]
        assert checked.faults[0].problem.startswith(f"{field.name} ")
        assert checked.values[field.name] is None

    run()


def test_every_wrong_value_is_reported_by_every_field_of_its_type():
    for definition in STREAMS.values():
        for field in definition.fields:
            for wrong in WRONG[field.type]:
                faults = check_row(definition, {field.name: wrong}).faults
                reported = [fault.problem for fault in faults if fault.field == field.name]
                assert len(reported) == 1, f"{definition.name}.{field.name}: {wrong!r}"
                assert "missing" not in reported[0]


@each_stream
def test_a_row_without_a_required_field_is_not_loaded(name):
    required = [field.name for field in STREAMS[name].fields if field.required]
    for raw in ({}, dict.fromkeys(required)):
        assert [fault.field for fault in check_row(STREAMS[name], raw).faults] == required
    assert f"every row of {name} needs it" in check_row(STREAMS[name], {}).faults[0].problem


def test_blank_text_is_null_and_does_not_fill_a_required_field():
    checked = check(
        "ticket", ticket_id="T-1", kind="task", priority="  ", resolution="", fields={"risk": " ", "a": None}
    )
    assert checked.faults == ()
    assert checked.values["priority"] is checked.values["resolution"] is None
    assert checked.values["fields"] == {"a": None}
    assert problems("ticket", ticket_id=" ", kind="task") == ["ticket_id is missing; every row of ticket needs it"]
    assert problems("ticket", ticket_id="T-1", kind="") == ["kind is missing; every row of ticket needs it"]


def test_a_null_list_stays_unknown_and_an_empty_one_stays_empty():
    assert check("service", service_id="a").values["support_teams"] is None
    assert check("service", service_id="a", support_teams=[]).values["support_teams"] == []


def test_maps_come_out_with_sorted_keys():
    labels = check("monitoring_rule", rule_id="r", kind="alert", labels={"b": "1", "a": "2"}).values["labels"]
    assert list(labels) == ["a", "b"]


def test_defaults_stand_for_absent_and_for_null():
    assert check("service", service_id="a").values["in_scope"] is True
    assert check("service", service_id="a", in_scope=None).values["in_scope"] is True
    assert check("service", service_id="a", in_scope=False).values["in_scope"] is False
    assert check("forecast", forecast_id="f").values["simulated"] is False


@pytest.mark.parametrize(
    ("given_text", "canonical"),
    [
        ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00Z"),
        ("2026-01-31T09:30Z", "2026-01-31T09:30:00Z"),
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31 10:30:00+01:00", "2026-01-31T09:30:00Z"),
        ("2026-01-31T10:30:00.250+0100", "2026-01-31T09:30:00.250000Z"),
        ("2026-01-31T23:30:00-02", "2026-02-01T01:30:00Z"),
        ("2026-01-31T09:30:00.000Z", "2026-01-31T09:30:00Z"),
    ],
)
def test_instants_are_brought_to_utc(given_text, canonical):
    assert check("ticket", ticket_id="T", kind="task", created=given_text).values["created"] == canonical


def test_an_instant_without_a_zone_is_a_fault_that_says_so():
    assert problems("ticket", ticket_id="T", kind="task", created="2026-01-31T09:30:00") == [
        "created has no zone (end it with Z or an offset such as +01:00): '2026-01-31T09:30:00'"
    ]


def test_numbers_take_one_form():
    checked = check("service", service_id="a", tier=3.0)
    assert checked.values["tier"] == 3
    assert type(checked.values["tier"]) is int
    values = check("target", target_id="t", value=3, window=-0.0).values
    assert type(values["value"]) is float
    assert math.copysign(1, values["window"]) == 1
    assert check("target", target_id="t", value=0.1 + 0.2).values["value"] == 0.3
    assert check("target", target_id="t", value=123456789012345).values["value"] == 123456789012000


def test_numbers_out_of_bounds_are_faults():
    assert problems("service", service_id="a", tier=5) == ["tier is more than 4: 5"]
    assert problems("service", service_id="a", tier=0) == ["tier is less than 1: 0"]
    assert problems("feedback", id="f", kind="csat", score=1.01) == ["score is more than 1: 1.01"]
    assert problems("feedback", id="f", kind="csat", score=1) == []
    assert problems("feedback", id="f", kind="csat", score=0) == []


def test_only_the_outcome_of_a_forecast_takes_true_for_one():
    assert check("forecast", forecast_id="f", outcome=True).values["outcome"] == 1.0
    assert check("forecast", forecast_id="f", outcome=0).values["outcome"] == 0.0
    assert problems("forecast", forecast_id="f", p_breach=True) == ["p_breach is not a number: True"]


def test_an_unknown_word_is_named_with_the_allowed_ones_and_the_nearest():
    (problem,) = problems("feedback", id="f", kind="Surveys")
    assert problem == (
        "kind is not one of csat, survey, nps, complaint, interview, comment: 'Surveys'; did you mean 'survey'?"
    )
    assert problems("feedback", id="f", kind="zzz")[0].endswith("'zzz'")


def test_a_wrong_entry_of_a_list_of_words_is_named():
    (problem,) = problems("person", person_id="p", roles=["ops", "opps"])
    assert problem.startswith("roles is not one of slm_manager")
    assert problem.endswith("'opps'; did you mean 'ops'?")


def test_a_message_shows_no_more_than_60_characters_of_a_value():
    (problem,) = problems("ticket", ticket_id="T", kind="task", created="x" * 5000)
    assert len(problem) < 150
    assert "..." in problem


def test_unknown_fields_are_reported_and_do_not_hinder_the_row():
    checked = check("ticket", ticket_id="T", kind="task", priorty="P1", zzzz=1)
    assert checked.faults == ()
    assert checked.unknown_fields == ("priorty", "zzzz")
    assert "priorty" not in checked.values
    assert unknown_field_problem(STREAMS["ticket"], "priorty") == (
        "ticket has no field 'priorty'; did you mean 'priority'?"
    )
    assert unknown_field_problem(STREAMS["ticket"], "zzzz") == "ticket has no field 'zzzz'"


def test_completeness_is_true_false_or_the_kinds_it_holds_for():
    run = {"source_id": "s", "kind": "docs", "started": "2026-01-01T00:00:00Z", "status": "ok"}
    complete = {"party": True, "document": ["procedure"], "kpi": False}
    assert check("source_run", **run, scope_complete=complete).values["scope_complete"] == complete
    assert problems("source_run", **run, scope_complete={"party": "yes"}) == [
        "scope_complete at key 'party' is not true, false or a list of kinds: 'yes'"
    ]


def key_of(name, **values):
    checked = check(name, **values)
    assert checked.faults == ()
    return row_key(STREAMS[name], checked.values)


def test_the_key_of_a_row_is_its_key_fields_in_order():
    assert key_of("service", service_id="shop") == "shop"
    assert key_of("sla_cycle", ticket_id="T 1", metric_name="a/b", cycle_no=2) == "T 1/a%2Fb/2"
    assert key_of("training_record", person_id="p", course_id="c", kind="session") == "p/c//"
    started = "2026-01-01T00:00:00.5Z"
    assert key_of("alert_event", rule_id="r:1", start=started) == "r%3A1//2026-01-01T00%3A00%3A00.500000Z"


@calm
@given(st.lists(st.none() | st.text("ab:/% é", min_size=1, max_size=4), min_size=4, max_size=4))
def test_a_key_takes_apart_into_the_values_it_was_made_of(parts):
    names = ("from_type", "from_id", "to_type", "to_id")
    values = {name: part if part is not None and part.strip() else "x" for name, part in zip(names, parts, strict=True)}
    rel = parts[0] if parts[0] is not None and parts[0].strip() else None
    pieces = key_of("link", **values, rel=rel).split("/")
    assert [unquote(piece) for piece in pieces] == [*values.values(), rel or ""]


@calm
@given(st.datetimes())
def test_instants_in_keys_are_encoded_like_every_other_part(moment):
    values = check("report_delivery", report_id="r", due_at=f"{moment.isoformat()}Z").values
    assert row_key(STREAMS["report_delivery"], values) == f"r/{encode_part(str(values['due_at']))}"


def make(name="ticket", tier=Tier.R4, source="jira", **values):
    checked = check(name, **({"ticket_id": "T-1", "kind": "task"} if name == "ticket" else {}), **values)
    assert checked.faults == ()
    return make_row(STREAMS[name], source, checked.values, tier, "a" * 64, "line:1")


@each_stream
def test_the_hash_of_a_row_is_the_canonical_hash_of_what_it_says(name, sound_rows):
    definition = STREAMS[name]

    @few
    @given(sound_rows(definition), st.sampled_from(list(Tier)))
    def run(raw, tier):
        values = check_row(definition, raw).values
        row = make_row(definition, "src", values, tier, "a" * 64, "line:1")
        content = {"stream": name, "source_id": "src", "key": row.key, "values": values, "reliability": int(tier)}
        assert row.sha256 == canonical_sha256(content)

    run()


def test_the_hash_changes_exactly_when_the_row_changes():
    row = make(fields={"a": "1", "b": "2"})
    assert make(fields={"b": "2", "a": "1"}).sha256 == row.sha256
    assert make(fields={"a": "1", "b": "3"}).sha256 != row.sha256
    assert make(fields={"a": "1", "b": "2"}, tier=Tier.R0).sha256 != row.sha256
    assert make(fields={"a": "1", "b": "2"}, source="other").sha256 != row.sha256


def test_where_a_row_was_read_is_kept_and_is_no_part_of_its_hash():
    values = check("ticket", ticket_id="T-1", kind="task").values
    read = datetime(2026, 1, 1, tzinfo=UTC)
    row = make_row(
        STREAMS["ticket"],
        "jira",
        values,
        Tier.R4,
        "b" * 64,
        "/issues/0",
        source_url="https://jira.example/T-1",
        fetched_at=read,
    )
    assert row == Row(
        stream="ticket",
        source_id="jira",
        key="T-1",
        values=values,
        reliability=Tier.R4,
        sha256=make().sha256,
        payload_sha256="b" * 64,
        pointer="/issues/0",
        source_url="https://jira.example/T-1",
        fetched_at=read,
    )
    assert row.ref == "ticket:jira:T-1"


def test_an_instant_in_a_field_for_days_is_its_day_in_utc():
    assert check("person", person_id="p-01", left="2026-06-30T23:30:00-02:00").values["left"] == "2026-07-01"
