"""The parts of the collector that need no server: alerts, silences, sums, settings."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import orjson
import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from collectors.prometheus.alertmanager import Silence, muted_share, read_silences, silenced_at
from collectors.prometheus.alerts import AlertLog, log_of
from collectors.prometheus.bank import Account, Bank, Book, bank_of
from collectors.prometheus.instants import epoch, instant, month_bounds, months, seconds
from collectors.prometheus.observe import left_side
from collectors.prometheus.rules import AlertIndex, Rule, Services, read_rules
from collectors.prometheus.series import Steps, instant_of_loss, read_matrix
from collectors.prometheus.settings import PrometheusSettings
from collectors.prometheus.slis import Sli, batch_query

DAY = 86_400
START = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp())
SERVICES = Services(("service",), {})


def rule(name: str, **labels: str) -> Rule:
    return Rule(
        f"g/{name}/{'-'.join(labels.values())}", "", "g", 60, {"name": name, "type": "alerting", "labels": labels}
    )


def firing(start: int, end: int, **labels: str) -> dict[str, Any]:
    metric = {"alertname": "A", "alertstate": "firing", **labels}
    return {"metric": metric, "values": [[at, "1"] for at in range(start, end + 1, 60)]}


def take(log: AlertLog, end: int, *series: dict[str, Any], rules: list[Rule] | None = None) -> list[tuple[Any, ...]]:
    events = log.take(series, end, AlertIndex(rules or [rule("A")]), SERVICES)
    return [(event.rule_id, event.service, event.start, event.end) for event in events]


def test_instances_of_an_alert_are_one_event_from_the_first_to_the_last() -> None:
    log = AlertLog(START, START)
    series = [firing(START + 600, START + 1200, instance="a"), firing(START + 900, START + 1800, instance="b")]
    assert take(log, START + DAY, *series) == [("g/A/", "", START + 600, START + 1860)]
    assert log.seconds == {"g/A/": {"2026-03-01": 21 * 60}}


def test_a_pause_parts_two_events_and_a_series_of_another_state_is_none() -> None:
    log = AlertLog(START, START)
    pending = {"metric": {"alertname": "A", "alertstate": "pending"}, "values": [[START + 60, "1"]]}
    found = take(log, START + DAY, firing(START + 60, START + 120), firing(START + 240, START + 300), pending)
    assert [event[2:] for event in found] == [(START + 60, START + 180), (START + 240, START + 360)]


def test_an_alert_over_midnight_keeps_its_start_through_the_cursor() -> None:
    log = AlertLog(START, START)
    assert take(log, START + DAY, firing(START + DAY - 600, START + DAY, service="shop")) == []
    log = log_of(log.to_text(), 0)
    assert log.firing == {("g/A/", "shop"): START + DAY - 600}
    found = take(log, START + 2 * DAY, firing(START + DAY + 60, START + DAY + 300, service="shop"))
    assert found == [("g/A/", "shop", START + DAY - 600, START + DAY + 360)]


def test_an_alert_that_ended_at_the_edge_of_a_chunk_ends_there() -> None:
    log = AlertLog(START, START)
    take(log, START + DAY, firing(START + DAY - 600, START + DAY))
    assert take(log, START + 2 * DAY) == [("g/A/", "", START + DAY - 600, START + DAY + 60)]
    assert log.firing == {}


def test_an_alert_belongs_to_the_rule_whose_labels_it_has() -> None:
    rules = [
        rule("A", severity="page"),
        rule("A", severity="ticket"),
        rule("A", severity="ticket", team="{{ $labels.t }}"),
    ]
    index = AlertIndex(rules)
    assert index.rule_id({"alertname": "A", "severity": "page", "instance": "x"}) == "g/A/page"
    assert index.rule_id({"alertname": "A", "severity": "other"}) == "A"
    assert index.rule_id({"alertname": "Gone"}) == "Gone"


def test_the_firing_share_is_that_of_the_time_seen_and_unknown_where_little_was() -> None:
    log = AlertLog(START, START + 50 * DAY, {}, {"r": {"2026-03-02": 43_200, "2026-03-03": 43_200}})
    assert log.firing_share("r") == pytest.approx(1 / 50)
    assert log.firing_share("silent") == 0
    assert AlertLog(START, START + 44 * DAY).firing_share("silent") is None


def test_a_server_that_forgot_what_came_after_the_last_pull_begins_a_new_history() -> None:
    log = AlertLog(START, START + DAY, {("r", ""): START})
    log.skip_to(START + 5 * DAY)
    assert (log.since, log.done, log.firing) == (START + 5 * DAY, START + 5 * DAY, {})


def silence(start: float, end: float, *matchers: tuple[str, str, bool, bool]) -> Silence:
    return Silence(matchers or (("alertname", "A", False, True),), start, end)


def test_a_part_of_90_days_is_not_known_from_silences_that_are_forgotten_when_they_end() -> None:
    now = START + 90 * DAY
    whole = silence(now - 200 * DAY, now + DAY)
    parts = [silence(now - 9 * DAY, now), silence(now - 200 * DAY, now - 5 * DAY)]
    assert muted_share([whole], {"alertname": "A"}, now) == 1
    assert muted_share(parts, {"alertname": "A"}, now) == 1
    assert muted_share([whole], {"alertname": "B"}, now) is None
    assert muted_share([silence(now - 18 * DAY, now + DAY)], {"alertname": "A"}, now) is None
    assert muted_share([silence(now - 200 * DAY, now - DAY)], {"alertname": "A"}, now) is None
    assert muted_share([*parts[:1], silence(now - 200 * DAY, now - 10 * DAY)], {"alertname": "A"}, now) is None
    assert muted_share([], {"alertname": "A"}, now) is None


def test_a_silence_of_one_instance_does_not_mute_the_rule() -> None:
    one = silence(0, 10, ("alertname", "A", False, True), ("instance", "a", False, True))
    rest = silence(0, 10, ("instance", "a", False, False))
    assert not one.covers({"alertname": "A"})
    assert rest.covers({"alertname": "A"})
    assert silenced_at([one], {"alertname": "A", "instance": "a"}, 5)
    assert not silenced_at([one], {"alertname": "A", "instance": "a"}, 10)


def test_a_matcher_matches_whole_values_and_one_that_cannot_be_read_matches_nothing() -> None:
    regex = silence(0, 10, ("alertname", "A|B", True, True))
    assert regex.covers({"alertname": "B"})
    assert not regex.covers({"alertname": "AB"})
    assert not silence(0, 10, ("alertname", "(?i", True, True)).covers({"alertname": "A"})


def test_recorded_silences_are_read(sample: Any) -> None:
    (found,) = read_silences(orjson.loads(sample("alertmanager-silences.json")))
    assert found.matchers == (("alertname", "Always.*", True, True),)


def test_a_recorded_vmalert_never_evaluated_its_rules(sample: Any) -> None:
    found, strange = read_rules(orjson.loads(sample("vmalert-rules.json"))["data"]["groups"])
    assert strange == 0
    assert {epoch(each.body["lastEvaluation"]) for each in found} == {None}
    assert {each.body["health"] for each in found} == {"ok"}


def test_a_recorded_matrix_is_sorted_by_indicator_part_and_service(sample: Any) -> None:
    share = Sli("share", None, "job", 0.999, "availability", 30, {"r": ""})
    events = Sli("events", None, "job", 0.999, "availability", 30, {"g": "", "t": ""})
    result = orjson.loads(sample("prometheus-range.json"))["data"]["result"]
    found = read_matrix(result, (share, events), 300)
    assert found.faults == {}
    assert {sli: set(values) for sli, values in found.steps.items()} == {
        "share": {"checkout", "search"},
        "events": {"checkout", "search"},
    }
    steps = found.steps["events"]["checkout"]
    assert steps.whole is not None
    assert all(good <= whole for good, whole in zip(steps.good, steps.whole, strict=True))


@given(st.integers(1, 200), st.integers(1, 200), st.integers(0, 10), st.integers(0, 10))
def test_steps_without_a_hole_are_summed_like_others(first: int, count: int, after: int, until: int) -> None:
    times = range(START + first * 3600, START + (first + count) * 3600, 3600)
    good = [0.25 * (at % 7) for at in range(count)]
    bounds = START + after * DAY // 2, START + until * DAY
    assert list(Steps(times, good, None).by_day(*bounds)) == list(Steps(list(times), good, None).by_day(*bounds))


@pytest.mark.parametrize("texts", [["1", "0.5", "0"], ["1", "NaN", "0.25"], ["+Inf", "1e-05", "1"], []])
def test_numbers_are_read_as_python_reads_them_and_those_that_are_none_left_out(texts: list[str]) -> None:
    sli = Sli("s", None, None, 0.9, "availability", 30, {"r": ""})
    values = [[60 * at, text] for at, text in enumerate(texts, 1)]
    result = [{"metric": {"auditor_sli": "0.r"}, "values": values}]
    steps = read_matrix(result, (sli,), 60).steps["s"][""]
    finite = [(at, float(text)) for at, text in values if math.isfinite(float(text))]
    assert list(zip(steps.times, steps.good, strict=True)) == finite


@pytest.mark.parametrize("count", [1, 8, 9, 100])
def test_a_union_of_many_names_each_once_and_can_be_parsed(count: int) -> None:
    batch = [Sli(f"s{n}", None, None, 0.9, "availability", 30, {"r": f"m{n}"}) for n in range(count)]
    text = batch_query(batch)
    promql_parser.parse(text)
    assert [text.count(f'"{n}.r"') for n in range(count)] == [1] * count


@given(st.lists(st.tuples(st.integers(1, 70 * 24), st.floats(0, 1)), unique_by=lambda pair: pair[0]))
def test_sums_by_day_lose_no_step_and_end_days_at_midnight(pairs: list[tuple[int, float]]) -> None:
    pairs.sort()
    steps = Steps([START + hour * 3600 for hour, _ in pairs], [good for _, good in pairs], None)
    days = dict(steps.by_day(START, START + 80 * DAY))
    assert sum(sums[2] for sums in days.values()) == len(pairs)
    assert sum(sums[0] for sums in days.values()) == pytest.approx(sum(steps.good))
    for day, sums in days.items():
        begin = int(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp())
        assert sums[2] == sum(1 for at in steps.times if begin < at <= begin + DAY)


def test_the_instant_of_loss_is_the_end_of_the_step_that_exceeds_the_budget() -> None:
    steps = Steps([60, 120, 180], [0.5, 0.5, 0.0], None)
    assert instant_of_loss(steps, 0, 1.0, 0, 180) == 180  # a budget that is just used up is not exceeded
    assert instant_of_loss(steps, 0.1, 1.0, 0, 180) == 120
    assert instant_of_loss(steps, 0, 2.0, 0, 180) is None


def test_a_bank_comes_back_from_its_cursor_and_another_step_begins_anew() -> None:
    account = Account(60, 120, {"2026-03-01": [1.5, 2.0, 2.0]}, {"2026-03": 120})
    bank = Bank(60, {"s": Book("d", 0, 120, {"": account})})
    assert bank_of(bank.to_text(), 60) == bank
    assert bank_of(bank.to_text(), 300) == Bank(300)
    assert bank_of("no cursor", 60) == Bank(60)


def test_a_batch_is_one_query_whose_parts_bear_their_position() -> None:
    sli = Sli("s", None, None, 0.9, "availability", 30, {"g": "good # a remark", "t": "all"})
    text = batch_query([sli, sli])
    assert text.count("label_replace") == 4
    assert 'good # a remark\n), "auditor_sli", "0.g", "", "")' in text
    assert '"1.t"' in text


@pytest.mark.parametrize(
    ("expr", "side"),
    [
        ("(1 - a) > 14.4 * 0.001", "(1 - a)"),
        ("predict_linear(x[1h], 3600) > 1e30", "predict_linear(x[1h], 3600)"),
        ("-1 < a", "a"),
        ("(a > 1)", "a"),
        ("a > on () b", None),
        ("a > 1 and b > 2", None),
        ("1 > bool 2", None),
        ('{app="x"} |= "y"', None),
    ],
)
def test_the_left_side_is_what_is_compared_with_a_constant(expr: str, side: str | None) -> None:
    assert left_side(expr) == side


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-03-01T00:00:00.123456789Z", "2026-03-01T00:00:00Z"),
        ("2026-03-01T01:00:00+01:00", "2026-03-01T00:00:00Z"),
        ("0001-01-01T00:00:00Z", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_instants_of_go_are_read_and_its_zero_is_none(text: str, wanted: str | None) -> None:
    assert instant(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"), [("15d", 1_296_000), ("1h30m", 5_400), ("0s", 0), ("50GB", None), ("", None)]
)
def test_durations_are_read(text: str, wanted: float | None) -> None:
    assert seconds(text) == wanted


def test_months_are_calendar_months() -> None:
    assert list(months(START - 1, START + 31 * DAY)) == ["2026-02", "2026-03", "2026-04"]
    assert month_bounds("2026-12")[1] - month_bounds("2026-12")[0] == 31 * DAY


@pytest.mark.parametrize(
    "wrong",
    [
        {"step_s": 7_000},
        {"step_s": 5},
        {"slis": [{"id": "a", "objective": 0.9}]},
        {"slis": [{"id": "a", "objective": 99.9, "query": "q"}]},
        {"slis": [{"id": "a", "objective": 0.9, "query": "q", "good": "g[$window]", "total": "t[$window]"}]},
        {"slis": [{"id": "a", "objective": 0.9, "good": "g[$window]"}]},
        {"slis": [{"id": "a", "objective": 0.9, "good": "g[$window]", "total": "t[5m]"}]},
        {"slis": [{"id": "a", "objective": 0.9, "query": "q"}] * 2},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PrometheusSettings.model_validate({"url": "http://127.0.0.1", **wrong})
