"""The streams are those of the model: names, order, fields, keys, types, reliability."""

from __future__ import annotations

from typing import Annotated

import duckdb
import pytest

from auditor.model.evidence import SourceKind, Tier
from auditor.model.sections import SECTION_KEYS
from auditor.model.streams import ORDER, STREAMS, Field, FieldType, stream
from auditor.model.streams.base import NO_ROW
from auditor.model.tables import META_COLUMNS, create_table_sql

# Written by hand from the entity table; `!` marks a field of the key.
MODEL = """
source_run: source_id! kind started! ended status scope window_from window_to items denied retention_from streams
    scope_complete declared_by declared_at origin tool_version
service: service_id! name aliases tier major status in_scope owner customer_parties supplier_parties support_teams
    process_ids observed_in valid_from valid_to
party: party_id! kind name contacts active shared_service
person: person_id! team roles is_it is_bot joined left
document: doc_id! kind kind_conf title service_ids status created updated owner approved_at last_review_at review_due
    sections_found words labels placeholder_ratio sim_cluster views_90d
document_revision: doc_id! version! at author is_bot message chars_changed sections_changed targets_changed cause_refs
    decision decided_by
agreement: agreement_id! doc_id kind kind_conf scope service_ids provider consumer signed_by approved_at effective_from
    effective_to review_interval last_review_at last_review_by last_review_ref spec_source last_sync_at sections_found
target: target_id! service_id agreement_id metric op value unit window calendar conditions tool_measurable origin
    bound_to bound_how changed_at changed_by
sli_result: target_id! period_start! period_end! actual good total met breached_at completeness lag_s computed_by!
    computed_at
ticket: ticket_id! kind service_ids priority major reporter_party created acked resolved due status_cat resolution
    auto_created reopened fields
ticket_event: ticket_id! at! actor! is_bot kind! field! mentions from to!
sla_cycle: ticket_id! metric_name! target_id cycle_no! state started stopped goal_ms elapsed_ms remaining_ms wall_ms
    breach_at breached paused_now in_calendar_now first_seen_sha
monitoring_rule: rule_id! system kind name expr interval_s for_s labels severity service_id target_id class void_reason
    health last_eval receivers muted_share_90d observed_min_30d observed_max_30d firing_share_90d
alert_event: rule_id! service_id! start! end silenced notified channel ack_at ack_by ticket_id test simulated
forecast: forecast_id! target_id rule_id made_at horizon_s p_breach value value_lo value_hi method model_version
    trained_at outcome action_ref simulated
dashboard: dash_id! title service_ids target_ids live refresh_s updated party_ids viewers_30d audience
report_schedule: report_id! title audience cadence automatic plan_doc_id service_ids content_tags owner channel enabled
    last_state
report_delivery: report_id! due_at! delivered_at period_start period_end status recipients active_recipients opened
    generated_by content_tags refs values doc_id
meeting: meeting_id! series kind planned_at held attendees parties service_ids minutes_doc minutes_sha content_tags refs
improvement: item_id! kind tags origin origin_ref target_id proposer owner priority opened due original_due closed
    closed_by status metric baseline goal_value result_value result_at service_ids goal_ids
feedback: id! kind party service_id ticket_id at score text_present themes coded_at invited topic
training_record: person_id! course_id! topics level kind assigned_at! self_enrolled completed_at! passed score hours
    course_hours followup_at expires_at verified_by
business_goal: goal_id! kind title owner party valid_from valid_to doc_id measure it_dependent changed_at
communication: id! kind direction channel at party audience service_ids ticket_id automated response_to
link: from_type! from_id! to_type! to_id! rel! at note how
kpi: kpi_id! name doc_id formula source owner target frequency leading shown_in expr_hash
attestation: indicator_id! scope! value statement by at! expires evidence_url independent
waiver: indicator_id! scope! reason approved_by at! expires
override: indicator_id! scope! from to justification by at! expires evidence_sha
ruling: stream! key! field! value reason by at! expires evidence_url evidence_sha
"""


def _hand_list() -> dict[str, list[str]]:
    entries: dict[str, list[str]] = {}
    name = ""
    for line in MODEL.strip().splitlines():
        if not line.startswith(" "):
            name, _, line = line.partition(":")  # noqa: PLW2901
            entries[name] = []
        entries[name] += line.split()
    return entries


HAND_LIST = _hand_list()


def test_the_registry_holds_the_thirty_streams_in_the_order_of_the_model():
    assert list(STREAMS) == list(HAND_LIST) == list(ORDER)
    assert len(STREAMS) == 30
    assert [entry.name for entry in STREAMS.values() if entry.control] == [
        "attestation",
        "waiver",
        "override",
        "ruling",
    ]


@pytest.mark.parametrize("name", HAND_LIST)
def test_a_stream_has_the_fields_of_the_model_and_no_others(name):
    assert [field.name for field in STREAMS[name].fields] == [word.rstrip("!") for word in HAND_LIST[name]]


@pytest.mark.parametrize("name", HAND_LIST)
def test_a_stream_has_the_key_of_the_model(name):
    assert set(STREAMS[name].key) == {word.rstrip("!") for word in HAND_LIST[name] if word.endswith("!")}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("sli_result", ("target_id", "period_start", "period_end", "computed_by")),
        ("ticket_event", ("ticket_id", "at", "actor", "kind", "field", "to")),
        ("sla_cycle", ("ticket_id", "metric_name", "cycle_no")),
        ("link", ("from_type", "from_id", "to_type", "to_id", "rel")),
        ("ruling", ("stream", "key", "field", "at")),
    ],
)
def test_the_parts_of_a_key_keep_their_order(name, key):
    assert STREAMS[name].key == key


TYPES = {
    FieldType.INSTANT: "ticket.created ticket.due document.approved_at sli_result.period_start improvement.due "
    "training_record.expires_at alert_event.end attestation.expires",
    FieldType.DATE: "document.review_due agreement.effective_from agreement.effective_to person.joined person.left "
    "service.valid_from business_goal.valid_to",
    FieldType.INT: "service.tier source_run.items sla_cycle.cycle_no sla_cycle.elapsed_ms feedback.invited",
    FieldType.REAL: "target.value target.window forecast.outcome sli_result.lag_s report_schedule_none "
    "monitoring_rule.for_s improvement.baseline override.from attestation.value",
    FieldType.BOOL: "service.major meeting.held alert_event.notified forecast.simulated",
    FieldType.TEXT_LIST: "service.aliases person.roles monitoring_rule.class ticket_event.mentions waiver.approved_by",
    FieldType.BOOL_MAP: "document.sections_found agreement.sections_found",
    FieldType.REAL_MAP: "report_delivery.values",
    FieldType.TEXT_MAP: "ticket.fields monitoring_rule.labels",
    FieldType.JSON: "source_run.scope_complete",
    FieldType.TEXT: "ticket.priority ticket_event.from target.conditions kpi.target ruling.value feedback.kind",
}


@pytest.mark.parametrize("field_type", list(FieldType))
def test_fields_have_the_types_of_the_model(field_type):
    for path in TYPES[field_type].replace("report_schedule_none ", "").split():
        name, _, field_name = path.partition(".")
        field = STREAMS[name].field(field_name)
        assert field is not None, path
        assert field.type is field_type, path


def test_enums_hold_the_words_of_the_model():
    def words(path: str) -> tuple[str, ...]:
        name, _, field_name = path.partition(".")
        field = STREAMS[name].field(field_name)
        assert field is not None
        assert field.enum is not None
        return field.enum

    assert words("source_run.kind") == tuple(kind.value for kind in SourceKind)
    assert words("monitoring_rule.receivers") == ("page", "ticket", "chat", "email", "webhook", "none")
    assert words("report_delivery.status") == ("delivered", "late", "failed", "unknown")
    assert len(words("document.kind")) == 16
    assert len(words("target.metric")) == 13
    assert len(words("monitoring_rule.class")) == 10
    assert len(words("improvement.origin")) == 13
    assert words("report_schedule.content_tags") == words("meeting.content_tags")


def test_every_field_is_described_and_refers_to_streams_that_exist():
    for entry in STREAMS.values():
        assert entry.doc.endswith("."), entry.name
        for field in entry.fields:
            assert field.info.doc.endswith("."), f"{entry.name}.{field.name}"
            assert set(field.info.refers_to) <= set(STREAMS), f"{entry.name}.{field.name}"


def test_a_null_id_of_another_row_means_there_is_none():
    field = STREAMS["alert_event"].field("ticket_id")
    assert field is not None
    assert field.info.null == NO_ROW
    actual = STREAMS["sli_result"].field("actual")
    assert actual is not None
    assert actual.info.null is None


def test_kind_is_required_wherever_there_is_one():
    for entry in STREAMS.values():
        field = entry.field("kind")
        assert entry.kind_field == (None if field is None else "kind")
        assert field is None or field.required, entry.name


@pytest.mark.parametrize(
    ("name", "values", "tier"),
    [
        ("service", {}, Tier.R4),
        ("kpi", {}, Tier.R2),
        ("dashboard", {}, Tier.R3),
        ("alert_event", {}, Tier.R5),
        ("target", {"origin": "jsm"}, Tier.R3),
        ("target", {"origin": "doc"}, Tier.R2),
        ("target", {"origin": None}, Tier.R2),
        ("training_record", {"verified_by": "issuer"}, Tier.R5),
        ("training_record", {"verified_by": "calendar"}, Tier.R4),
        ("training_record", {"verified_by": None}, Tier.R0),
        ("link", {"how": "explicit"}, Tier.R4),
        ("link", {"how": "parsed"}, Tier.R2),
        ("link", {"how": "inferred"}, Tier.R0),
        ("attestation", {"independent": True, "evidence_url": "https://wiki.example/1"}, Tier.R1),
        ("attestation", {"independent": False, "evidence_url": "https://wiki.example/1"}, Tier.R0),
        ("attestation", {"independent": True, "evidence_url": None}, Tier.R0),
        ("ruling", {"evidence_url": "https://wiki.example/1"}, Tier.R1),
        ("ruling", {"evidence_url": None}, Tier.R0),
    ],
)
def test_reliability_follows_what_the_row_says_of_itself(name, values, tier):
    assert STREAMS[name].default_tier(values) is tier


def test_every_stream_makes_a_table_with_its_provenance():
    with duckdb.connect() as connection:
        connection.execute("create schema evidence")
        for entry in STREAMS.values():
            connection.execute(create_table_sql(entry))
            columns = [row[0] for row in connection.execute(f'describe evidence."{entry.name}"').fetchall()]
            assert columns == [field.name for field in entry.fields] + list(META_COLUMNS)


def test_a_definition_that_the_model_has_no_column_for_is_refused():
    class Odd:
        """A row."""

        odd_id: Annotated[bytes, Field("Id.")]

    class Keyless:
        """A row."""

        name: Annotated[str, Field("Name.")]

    Odd.__annotations__["odd_id"] = Annotated[bytes, Field("Id.")]
    Keyless.__annotations__["name"] = Annotated[str, Field("Name.")]
    with pytest.raises(TypeError, match="no column type"):
        stream(key=("odd_id",), tier=Tier.R0)(Odd)
    with pytest.raises(TypeError, match="not defined"):
        stream(key=("id",), tier=Tier.R0)(Keyless)
    assert list(STREAMS) == list(ORDER)


def test_section_keys_belong_to_kinds_that_exist_and_stand_once():
    kinds: set[str] = set()
    for name in ("agreement", "document"):
        kind = STREAMS[name].field("kind")
        assert kind is not None
        kinds |= set(kind.enum or ())
    assert set(SECTION_KEYS) <= kinds
    for kind_name, keys in SECTION_KEYS.items():
        assert keys.must, kind_name
        assert len(set(keys.all)) == len(keys.all), kind_name
    assert SECTION_KEYS["SLA"].must == ("targets", "workload_limits", "exceptions")
    assert len(SECTION_KEYS["procedure"].must) == 10
