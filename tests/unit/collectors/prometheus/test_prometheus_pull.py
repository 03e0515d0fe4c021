"""Pulls from a scripted server: what is wrong, missing or hostile becomes the right gap, and the rest is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import yaml
from prometheus_kit import checks, pull, settings

from auditor.model.evidence import GapReason
from auditor.testing.server import Reply, ScriptedServer

T = datetime(2026, 3, 20, 12, tzinfo=UTC)
SHARE = {"id": "share", "service": "shop", "query": "sli", "objective": 0.99}
EVENTS = {
    "id": "events",
    "good": "sum(increase(good[$window]))",
    "total": "sum(increase(all[$window]))",
    "objective": 0.99,
}
Answering = Callable[[Callable[[str, int, int, int], Reply]], None]


def asked(server: ScriptedServer, *slis: dict[str, Any], **more: Any) -> Any:
    more = {"step_s": 3600, "history_d": 20, **more}  # from the first of February
    return settings(server.url, slis=list(slis), timeout_s=5, **more)


def matrix(*series: Any, **more: Any) -> Reply:
    return Reply({"status": "success", "data": {"resultType": "matrix", "result": list(series)}, **more})


def steady(query: str, start: int, end: int, step: int) -> Reply:
    """Every series has 0.995 at every step; there are no alerts."""
    if query.startswith("ALERTS"):
        return matrix()
    marks = [part.split('"')[1] for part in query.split('"auditor_sli", ')[1:]]
    values = [[at, "0.995"] for at in range(start, end + 1, step)]
    return matrix(*({"metric": {"auditor_sli": mark}, "values": values} for mark in marks))


def rules(*given: dict[str, Any], file: str = "/etc/rules/a.yml") -> Reply:
    return Reply(
        {"status": "success", "data": {"groups": [{"name": "g", "file": file, "interval": 30, "rules": given}]}}
    )


def rule(**more: Any) -> dict[str, Any]:
    plain = {"type": "alerting", "name": "A", "query": "up == 0", "duration": 60, "labels": {}, "health": "ok"}
    return {**plain, "lastEvaluation": "2026-03-20T11:59:00.123456789Z", **more}


def test_recorded_rules_become_rows(prometheus: ScriptedServer) -> None:
    rows = {row["name"]: row for row in pull(asked(prometheus), started=T).rows("monitoring_rule")}
    assert set(rows) == {"ErrorBudgetBurnFast", "TargetDown", "AlwaysOn", "sli:availability:ratio_rate5m"}
    burn = rows["ErrorBudgetBurnFast"]
    assert burn["rule_id"] == "slo.yml/slo-alerts/ErrorBudgetBurnFast"
    assert (burn["kind"], burn["for_s"], burn["severity"], burn["health"]) == ("alert", 120.0, "page", "ok")
    assert burn["labels"] == {"severity": "page", "team": "payments"}
    assert burn["class"] is None
    assert rows["sli:availability:ratio_rate5m"]["kind"] == "recording"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(b"Unauthorized\n", 401, {"Content-Type": "text/plain"}), GapReason.UNAUTHORISED),
        (Reply("no", 403), GapReason.FORBIDDEN),
        (Reply("<!doctype html><title>Log in</title>"), GapReason.MALFORMED),
        (Reply({"status": "error", "error": "no"}), GapReason.MALFORMED),
        (Reply({"status": "success", "data": {"groups": None}}), GapReason.MALFORMED),
        (Reply({"status": "success", "data": []}), GapReason.MALFORMED),
        (Reply("no", 500), GapReason.SERVER_ERROR),
    ],
)
def test_rules_that_are_refused_are_a_gap_and_never_no_rules(
    prometheus: ScriptedServer, reply: Reply, reason: GapReason
) -> None:
    prometheus.route("/api/v1/rules", reply)
    pulled = pull(asked(prometheus), started=T)
    (gap,) = pulled.gaps_of("monitoring_rule")
    assert (gap.reason, gap.hides_rows) == (reason, None)
    assert pulled.source_run["scope_complete"]["monitoring_rule"] is False
    assert pulled.source_run["status"] == "partial"


def test_a_server_that_is_not_there_is_one_gap_of_the_whole_source() -> None:
    pulled = pull(settings("http://127.0.0.1:9", timeout_s=2, deadline_s=1), started=T)
    (gap,) = pulled.gaps_of(None)
    assert gap.reason in (GapReason.UNREACHABLE, GapReason.TIMED_OUT)
    assert pulled.source_run["status"] == "failed"


def test_a_warning_in_an_answer_of_200_means_that_a_part_may_be_missing(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    def warned(query: str, start: int, end: int, step: int) -> Reply:
        reply = steady(query, start, end, step)
        return Reply({**reply.body, "warnings": ["fetch store: unavailable"]})

    answer_queries(warned)
    pulled = pull(asked(prometheus, SHARE), started=T)
    assert pulled.rows("sli_result") == []
    (gap,) = pulled.gaps_of("sli_result", GapReason.TRUNCATED)
    assert gap.hides_rows is None
    assert pulled.gaps_of("alert_event", GapReason.TRUNCATED)
    assert not any(pulled.source_run["scope_complete"][stream] for stream in ("sli_result", "alert_event"))
    assert pulled.source_run["status"] == "partial"


def test_no_rules_are_none_only_where_the_configuration_shows_that_there_are_none(prometheus: ScriptedServer) -> None:
    prometheus.route("/api/v1/rules", Reply({"status": "success", "data": {"groups": []}}))
    doubtful = pull(asked(prometheus), started=T)
    assert doubtful.gaps_of("monitoring_rule", GapReason.NOT_SUPPORTED)
    assert doubtful.source_run["scope_complete"]["monitoring_rule"] is False
    config = {"yaml": "global:\n  scrape_interval: 1m\n"}
    prometheus.route("/api/v1/status/config", Reply({"status": "success", "data": config}))
    proven = pull(asked(prometheus), started=T)
    assert proven.gaps == ()
    assert proven.source_run["scope_complete"]["monitoring_rule"] is True


def test_rules_of_other_dialects_are_kept_as_they_are_and_not_judged(prometheus: ScriptedServer) -> None:
    thanos = rule(name="Thanos", partial_response_strategy="ABORT")
    logql = rule(name="Log", query='sum(rate({app="shop"} |= "error" [5m])) > 10')
    metricsql = rule(name="Metrics", query="rate(x) default 0 > 3")
    prometheus.route("/api/v1/rules", rules(thanos, logql, metricsql))
    pulled = pull(asked(prometheus), started=T)
    rows = {row["name"]: row for row in pulled.rows("monitoring_rule")}
    assert rows["Log"]["expr"] == logql["query"]
    assert rows["Metrics"]["expr"] == metricsql["query"]
    assert {row["class"] for row in rows.values()} == {None}
    assert pulled.gaps == ()


def test_rules_of_one_name_keep_ids_that_do_not_depend_on_their_order(prometheus: ScriptedServer) -> None:
    pair = [rule(labels={"severity": "page"}), rule(labels={"severity": "ticket"}), rule(labels={"severity": "ticket"})]
    prometheus.route("/api/v1/rules", rules(*pair), rules(*reversed(pair)))
    ids = [
        {(row["rule_id"], row["severity"]) for row in pull(asked(prometheus), started=T).rows("monitoring_rule")}
        for _ in range(2)
    ]
    assert ids[0] == ids[1]
    assert len({rule_id for rule_id, _ in ids[0]}) == 3


def test_an_entry_that_is_no_rule_is_counted(prometheus: ScriptedServer) -> None:
    prometheus.route("/api/v1/rules", rules(rule(), rule(type="budgeting"), {"name": 3}))
    pulled = pull(asked(prometheus), started=T)
    (gap,) = pulled.gaps_of("monitoring_rule")
    assert (gap.reason, gap.hides_rows) == (GapReason.MALFORMED, 2)


def test_a_service_is_named_by_a_mapped_label_or_one_that_is_called_so(prometheus: ScriptedServer) -> None:
    labels = [{"service": "shop"}, {"job": "node"}, {"job": "till"}, {"service": "x", "job": "till"}, {}]
    prometheus.route("/api/v1/rules", rules(*(rule(name=f"R{n}", labels=each) for n, each in enumerate(labels))))
    rows = pull(asked(prometheus, services={"till": "payments"}), started=T).rows("monitoring_rule")
    assert [row["service_id"] for row in rows] == ["shop", None, "payments", "x", None]


def test_no_query_asks_for_more_points_than_a_server_gives_and_none_is_asked_twice(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    spans: dict[str, list[tuple[int, int]]] = {}

    def note(query: str, start: int, end: int, step: int) -> Reply:
        assert (end - start) // step + 1 <= 11_000
        spans.setdefault(query[:6], []).append((start, end))
        return steady(query, start, end, step)

    answer_queries(note)
    pull(asked(prometheus, SHARE, step_s=10, history_d=1), started=datetime(2026, 3, 3, 9, tzinfo=UTC))
    for query, step in (("label_", 10), ("ALERTS", 60)):
        found = sorted(spans[query])
        assert all(after[0] == before[1] + step for before, after in pairwise(found))
        assert found[0][0] == datetime(2026, 3, 1, tzinfo=UTC).timestamp() + step


def test_numbers_that_are_none_are_steps_without_data(prometheus: ScriptedServer, answer_queries: Answering) -> None:
    def spoilt(query: str, start: int, end: int, step: int) -> Reply:
        if query.startswith("ALERTS"):
            return matrix()
        words = ("NaN", "+Inf", "-Inf", "1", "0.5")
        values = [[at, words[at // step % 5]] for at in range(start, end + 1, step)]
        return matrix({"metric": {"auditor_sli": "0.r"}, "values": values})

    answer_queries(spoilt)
    february = pull(asked(prometheus, SHARE), started=T).rows("sli_result")[0]
    assert february["period_start"] == "2026-02-01T00:00:00Z"
    assert february["completeness"] == pytest.approx(0.4, abs=0.01)
    assert february["actual"] == pytest.approx(75, abs=0.5)


def test_a_step_with_good_events_and_without_a_total_counts_for_nothing(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    def halves(query: str, start: int, end: int, step: int) -> Reply:
        if query.startswith("ALERTS"):
            return matrix()
        times = range(start, end + 1, step)
        return matrix(
            {"metric": {"auditor_sli": "0.g"}, "values": [[at, "9"] for at in times]},
            {"metric": {"auditor_sli": "0.t"}, "values": [[at, "10"] for at in times if at // step % 2]},
        )

    answer_queries(halves)
    row = pull(asked(prometheus, EVENTS), started=T).rows("sli_result")[0]
    assert (row["good"], row["total"]) == (9 * 14 * 24, 10 * 14 * 24)
    assert (row["completeness"], row["actual"], row["met"]) == (0.5, 90, False)


def test_an_open_month_is_lost_only_when_no_later_step_can_mend_it(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    lost_from = int(datetime(2026, 3, 5, tzinfo=UTC).timestamp())

    def outage(query: str, start: int, end: int, step: int) -> Reply:
        if query.startswith("ALERTS"):
            return matrix()
        values = [[at, "0" if lost_from < at <= lost_from + 10 * 3600 else "1"] for at in range(start, end + 1, step)]
        return matrix({"metric": {"auditor_sli": "0.r"}, "values": values})

    answer_queries(outage)
    before = pull(asked(prometheus, SHARE, settle_s=0), started=datetime(2026, 3, 5, 7, tzinfo=UTC))
    assert before.rows("sli_result")[-1]["met"] is None
    after = pull(asked(prometheus, SHARE, settle_s=0), started=T, cursors=before.cursors).rows("sli_result")[-1]
    # 1% of 744 hours are 7.44 hours: the eighth bad hour uses them up.
    assert (after["met"], after["breached_at"]) == (False, "2026-03-05T08:00:00Z")
    assert after["period_end"] == "2026-04-01T00:00:00Z"


def test_a_pull_that_breaks_off_goes_on_where_it_was_and_comes_to_the_same(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    answer_queries(steady)
    whole = pull(asked(prometheus, SHARE), started=T)
    limit = int((T - timedelta(days=10)).timestamp())
    answer_queries(lambda query, start, end, step: Reply("no", 500) if end > limit else steady(query, start, end, step))
    broken = pull(asked(prometheus, SHARE), started=T)
    assert broken.gaps_of("sli_result", GapReason.SERVER_ERROR)
    assert broken.source_run["scope_complete"]["sli_result"] is False
    asked_before = len(prometheus.requests)
    answer_queries(steady)
    rest = pull(asked(prometheus, SHARE), started=T, cursors=broken.cursors)
    assert len(prometheus.requests) - asked_before < 40
    come_to = {(row["period_start"], row["actual"], row["completeness"]) for row in whole.rows("sli_result")}
    both = broken.rows("sli_result") + rest.rows("sli_result")
    assert {(row["period_start"], row["actual"], row["completeness"]) for row in both} == come_to


def test_an_indicator_that_measures_something_else_begins_anew(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    answer_queries(steady)
    first = pull(asked(prometheus, SHARE, EVENTS), started=T)
    other = {**SHARE, "query": "other_sli"}
    second = pull(asked(prometheus, other, EVENTS), started=T, cursors=first.cursors)
    months = {}
    for row in second.rows("sli_result"):
        months.setdefault(row["target_id"], set()).add(row["period_start"])
    assert len(months["share"]) == 2
    assert len(months["events"]) == 1


def test_a_damaged_cursor_begins_anew(prometheus: ScriptedServer, answer_queries: Answering) -> None:
    answer_queries(steady)
    damaged = {"sli_result": "bm90IGEgY3Vyc29y", "alert_event": "%%"}
    assert len(pull(asked(prometheus, SHARE), started=T, cursors=damaged).rows("sli_result")) == 2


def test_an_answer_beyond_the_time_asked_for_is_not_believed(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    answer_queries(lambda query, start, end, step: steady(query, start, end + step, step))
    pulled = pull(asked(prometheus, SHARE), started=T)
    assert pulled.rows("sli_result") == []
    assert pulled.gaps_of("sli_result", GapReason.MALFORMED)


def test_many_indicators_are_asked_together_and_long_queries_are_sent_as_forms(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    answer_queries(steady)
    many = [{**SHARE, "id": f"s{n}", "query": f'sli{{shop="{n:060d}"}}'} for n in range(100)]
    pulled = pull(asked(prometheus, *many, history_d=1), started=T)
    assert len({row["target_id"] for row in pulled.rows("sli_result")}) == 100
    posted = [request for request in prometheus.asked("/api/v1/query_range") if request.method == "POST"]
    assert len(posted) == 2 * 5  # two batches, the days of March four at a time
    assert parse_qs(posted[0].body.decode())["query"][0].count("label_replace") == 50


def test_a_night_asks_for_one_day_of_more_indicators_at_once(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    answer_queries(steady)
    many = [{**SHARE, "id": f"s{n}", "query": f"sli{n}"} for n in range(150)]
    until_yesterday = pull(asked(prometheus, *many, settle_s=0), started=T - timedelta(days=1))
    before = len(prometheus.asked("/api/v1/query_range"))
    tonight = pull(asked(prometheus, *many, settle_s=0), started=T, cursors=until_yesterday.cursors)
    assert len(prometheus.asked("/api/v1/query_range")) - before == 2  # the indicators, and the alerts
    assert len(tonight.rows("sli_result")) == 150


@pytest.mark.parametrize("refusal", [Reply("too many samples", 422), Reply("query timed out", 503)])
def test_a_server_that_finds_a_query_too_long_is_asked_for_less_and_tells_the_same(
    prometheus: ScriptedServer, answer_queries: Answering, refusal: Reply
) -> None:
    answer_queries(steady)
    whole = pull(asked(prometheus, SHARE, EVENTS), started=T)
    refused = Reply(refusal.body, refusal.status, {"Retry-After": "0"})

    def weak(query: str, start: int, end: int, step: int) -> Reply:
        is_long = end - start > 26 * 3600
        return refused if is_long and not query.startswith("ALERTS") else steady(query, start, end, step)

    answer_queries(weak)
    pulled = pull(asked(prometheus, SHARE, EVENTS), started=T)
    assert pulled.gaps == whole.gaps
    assert {key: sha for _, key, sha in pulled.hashes()} == {key: sha for _, key, sha in whole.hashes()}


def test_what_a_victoria_metrics_says_of_a_wrong_query_is_in_the_gap(
    prometheus: ScriptedServer, answer_queries: Answering, sample: Callable[[str], bytes]
) -> None:
    answer_queries(
        lambda query, start, end, step: (
            Reply(sample("victoria-metrics-bad-query.json"), 422) if "auditor_sli" in query else matrix()
        )
    )
    (gap,) = pull(asked(prometheus, SHARE), started=T).gaps_of("sli_result")
    assert gap.reason is GapReason.MALFORMED
    assert "cannot execute query" in gap.detail


def test_an_alertmanager_that_refuses_leaves_the_receivers_unknown(prometheus: ScriptedServer) -> None:
    prometheus.route("/api/v2/status", Reply("no", 403))
    prometheus.route("/api/v2/silences", Reply("no", 403))
    pulled = pull(asked(prometheus, alertmanager_url=prometheus.url), started=T)
    assert {row["receivers"] for row in pulled.rows("monitoring_rule")} == {None}
    assert {(gap.reason, gap.hides_rows) for gap in pulled.gaps_of("monitoring_rule")} == {(GapReason.FORBIDDEN, 0)}
    assert pulled.source_run["status"] == "partial"


def test_the_range_of_what_a_rule_foretells_is_asked_once_a_week(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    foretelling = rule(name="Full", query="predict_linear(free[1h], 3600) > 1e30")

    def ranges(query: str, start: int, end: int, step: int) -> Reply:
        if "over_time" not in query:
            return matrix()
        marks = (("0.min", "-4"), ("0.max", "17"))
        return matrix(*({"metric": {"auditor_sli": mark}, "values": [[end, value]]} for mark, value in marks))

    answer_queries(ranges)
    prometheus.route("/api/v1/rules", rules(foretelling, rule()))
    first = pull(asked(prometheus), started=T)
    rows = {row["name"]: row for row in first.rows("monitoring_rule")}
    assert (rows["Full"]["observed_min_30d"], rows["Full"]["observed_max_30d"]) == (-4, 17)
    assert rows["A"]["observed_min_30d"] is None
    next_day = pull(asked(prometheus), started=T + timedelta(days=1), cursors=first.cursors)
    assert [row["observed_max_30d"] for row in next_day.rows("monitoring_rule")] == [17, None]
    assert not [request for request in next_day.requests if "over_time" in str(request)]


def test_doctor_names_each_thing_that_would_fail(prometheus: ScriptedServer) -> None:
    prometheus.route("/api/v1/query_range", Reply("no", 403))
    prometheus.route(
        "/api/v1/rules",
        Reply({"status": "success", "data": {"groups": []}}, headers={"Date": "Thu, 01 Jan 2026 00:00:00 GMT"}),
    )
    prometheus.route("/api/v2/status", Reply("<html>log in</html>"))
    found = {check.what: check.ok for check in checks(asked(prometheus, alertmanager_url=prometheus.url), started=T)}
    assert found == {
        "reachable": True,
        "authenticated": True,
        "version": True,
        "monitoring_rule": True,
        "clock": False,
        "sli_result, alert_event": False,
        "alertmanager": False,
    }


@pytest.mark.official
def test_every_request_is_one_that_the_official_documents_know(
    prometheus: ScriptedServer, answer_queries: Answering, shared: Callable[[str], Path]
) -> None:
    own = yaml.safe_load(shared("specs/prometheus-3.14.yaml").read_bytes())
    manager = yaml.safe_load(shared("specs/alertmanager-v2.yaml").read_bytes())
    answer_queries(steady)
    pull(asked(prometheus, SHARE, alertmanager_url=prometheus.url), started=T)
    for request in prometheus.requests:
        if request.path == "/metrics":
            continue
        if request.path.startswith("/api/v2"):
            assert request.path.removeprefix("/api/v2") in manager["paths"]
            continue
        known = own["paths"][request.path.removeprefix("/api/v1")][request.method.lower()]
        names = {parameter["name"] for parameter in known.get("parameters", ())}
        assert set(request.query) <= names, request.target


def test_a_series_that_names_no_service_is_left_out_and_that_is_said(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    by_job = {**SHARE, "service": None, "service_label": "job"}

    def mixed(query: str, start: int, end: int, step: int) -> Reply:
        if query.startswith("ALERTS"):
            return matrix()
        values = [[at, "1"] for at in range(start, end + 1, step)]
        return matrix(*({"metric": {"auditor_sli": "0.r", **more}, "values": values} for more in ({}, {"job": "till"})))

    answer_queries(mixed)
    pulled = pull(asked(prometheus, by_job), started=T)
    assert {row["target_id"] for row in pulled.rows("sli_result")} == {"share/till"}
    (gap,) = pulled.gaps_of("sli_result")
    assert "without the label 'job'" in gap.detail
    assert pulled.source_run["scope_complete"]["sli_result"] is False


def test_a_proxy_that_lets_only_get_pass_is_asked_so(prometheus: ScriptedServer, answer_queries: Answering) -> None:
    answer_queries(steady)
    scripted = prometheus._scripts["/api/v1/query_range"][0]
    assert callable(scripted)
    prometheus.route(
        "/api/v1/query_range",
        lambda request: Reply("no", 405) if request.method == "POST" else scripted(request),
    )
    many = [{**SHARE, "id": f"s{n}"} for n in range(15)]
    pulled = pull(asked(prometheus, *many), started=T)
    assert len({row["target_id"] for row in pulled.rows("sli_result")}) == 15
    assert sum(request.method == "POST" for request in prometheus.requests) == 1


def test_a_recorded_vmalert_is_a_source_of_rules_only_and_none_of_them_is_called_healthy(
    prometheus: ScriptedServer, sample: Callable[[str], bytes]
) -> None:
    for page in ("buildinfo", "runtimeinfo", "flags", "config"):
        prometheus.route(f"/api/v1/status/{page}", Reply("unsupported path requested", 400))
    prometheus.route("/api/v1/rules", Reply(sample("vmalert-rules.json")))
    pulled = pull(asked(prometheus), started=T)
    rows = pulled.rows("monitoring_rule")
    assert {(row["system"], row["health"], row["last_eval"]) for row in rows} == {("vmalert", "unknown", None)}
    assert pulled.source_run["streams"] == ["monitoring_rule"]
    assert prometheus.asked("/api/v1/query_range") == []
    with_slis = pull(asked(prometheus, SHARE), started=T)
    assert with_slis.gaps_of("sli_result", GapReason.NOT_SUPPORTED)


def test_a_recorded_victoria_metrics_has_no_rules_of_its_own(
    prometheus: ScriptedServer, sample: Callable[[str], bytes]
) -> None:
    prometheus.route("/api/v1/status/buildinfo", Reply(sample("victoria-metrics-buildinfo.json")))
    prometheus.route("/api/v1/rules", Reply(sample("victoria-metrics-rules.json")))
    (gap,) = pull(asked(prometheus), started=T).gaps_of("monitoring_rule")
    assert gap.reason is GapReason.NOT_SUPPORTED
    assert "vmalert" in gap.detail


def test_while_the_rules_are_refused_no_alert_is_given_to_a_wrong_rule_and_no_indicator_forgotten(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    answer_queries(steady)
    first = pull(asked(prometheus, SHARE, EVENTS), started=T)
    prometheus.route("/api/v1/rules", Reply("no", 500))
    second = pull(asked(prometheus, SHARE), started=T + timedelta(days=1), cursors=first.cursors)
    assert second.gaps_of("alert_event", GapReason.SERVER_ERROR)
    assert second.rows("alert_event") == []
    assert "alert_event" not in second.cursors
    prometheus.route("/api/v1/rules", rules())
    third = pull(
        asked(prometheus, SHARE, EVENTS), started=T + timedelta(days=1), cursors={**first.cursors, **second.cursors}
    )
    assert {row["period_start"] for row in third.rows("sli_result")} == {"2026-03-01T00:00:00Z"}
