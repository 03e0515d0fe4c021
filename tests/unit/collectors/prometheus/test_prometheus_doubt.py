"""What a server says that cannot be relied on is never kept for good, and never judged."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import orjson
import pytest
from prometheus_kit import Pulled, pull, settings

from auditor.model.evidence import GapReason
from auditor.testing.server import Received, Reply, ScriptedServer
from collectors.prometheus.alerts import log_of
from collectors.prometheus.bank import Account, Bank, Book, bank_of
from collectors.prometheus.rules import read_rules
from collectors.prometheus.series import Steps, read_matrix
from collectors.prometheus.slis import Sli

T = datetime(2026, 3, 20, 12, tzinfo=UTC)
SHARE = {"id": "share", "service": "shop", "query": "sli", "objective": 0.99}
EVENTS = {"id": "events", "good": "good[$window]", "total": "all[$window]", "objective": 0.99}
Answering = Callable[[Callable[[str, int, int, int], Reply]], None]


def asked(server: ScriptedServer, *slis: dict[str, Any], **more: Any) -> Any:
    return settings(server.url, slis=list(slis), timeout_s=5, **{"step_s": 3600, "history_d": 20, **more})


def matrix(*series: Any, **more: Any) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "matrix", "result": list(series)}, **more}


def valued(value: Callable[[str, int], str]) -> Callable[[str, int, int, int], Reply]:
    """Every part of every indicator has the value that is told for it; there are no alerts."""

    def reply(query: str, start: int, end: int, step: int) -> Reply:
        marks = re.findall(r'"auditor_sli", "([^"]+)"', query)
        series = [
            {"metric": {"auditor_sli": mark}, "values": [[at, value(mark, at)] for at in range(start, end + 1, step)]}
            for mark in marks
        ]
        return Reply(matrix(*series))

    return reply


steady = valued(lambda mark, at: "0.995")


def results(pulled: Pulled) -> dict[str, dict[str, Any]]:
    return {row["period_start"][:7]: row for row in pulled.rows("sli_result")}


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


# 1: warnings


@pytest.mark.parametrize("said", [{"warnings": ["fetch store: unavailable"]}, {"isPartial": True}])
def test_an_answer_with_a_warning_is_asked_for_again_by_the_next_pull(
    prometheus: ScriptedServer, answer_queries: Answering, said: dict[str, Any]
) -> None:
    wrong = valued(lambda mark, at: "0.5")
    answer_queries(lambda *told: Reply({**wrong(*told).body, **said}))
    first = pull(asked(prometheus, SHARE), started=T)
    assert first.rows("sli_result") == []
    assert [gap.hides_rows for gap in first.gaps_of("sli_result", GapReason.TRUNCATED)] == [None]
    answer_queries(steady)
    second = pull(asked(prometheus, SHARE), started=T, cursors=first.cursors)
    row = results(second)["2026-02"]
    assert (row["actual"], row["met"], row["completeness"]) == (99.5, True, 1.0)
    assert second.hashes() == pull(asked(prometheus, SHARE), started=T).hashes()


def test_what_was_whole_before_a_warning_is_kept_and_no_open_month_is_made_of_it(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    limit = at("2026-03-10")

    def warned(query: str, start: int, end: int, step: int) -> Reply:
        more = {"warnings": ["remote read failed"]} if end > limit else {}
        return Reply({**steady(query, start, end, step).body, **more})

    answer_queries(warned)
    first = pull(asked(prometheus, SHARE), started=T)
    assert list(results(first)) == ["2026-02"]
    assert at("2026-03-01") < bank_of(first.cursors["sli_result"], 3600).books["share"].done <= limit


def test_a_warning_about_one_query_hides_no_other_indicator(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    def warned(query: str, start: int, end: int, step: int) -> Reply:
        more = {"warnings": ["PromQL warning: mixed"]} if "mixed" in query else {}
        return Reply({**steady(query, start, end, step).body, **more})

    answer_queries(warned)
    slis = [{**SHARE, "id": f"s{n}", "query": "mixed" if n == 3 else f"sli{n}"} for n in range(6)]
    pulled = pull(asked(prometheus, *slis), started=T)
    assert {row["target_id"] for row in pulled.rows("sli_result")} == {"s0", "s1", "s2", "s4", "s5"}
    (gap,) = pulled.gaps_of("sli_result", GapReason.TRUNCATED)
    assert "'s3'" in gap.detail


# 2: clocks


def slow(server: ScriptedServer, there: datetime) -> None:
    """Every page of the server says that it is a certain time there."""
    header = {"Date": format_datetime(there, usegmt=True)}
    for path, (script,) in list(server._scripts.items()):

        def reply(request: Received, script: Any = script) -> Reply:
            given = script(request) if callable(script) else script
            return Reply(given.body, given.status, {**given.headers, **header})

        server.route(path, reply)


def test_what_a_slow_server_does_not_have_yet_is_not_settled(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    started, there = datetime(2026, 3, 1, 6, tzinfo=UTC), datetime(2026, 2, 28, 20, tzinfo=UTC)

    def until_its_now(query: str, start: int, end: int, step: int) -> Reply:
        if query.startswith("ALERTS"):
            first, last = max(start, at("2026-02-28T21:00:00")), min(end, at("2026-02-28T22:00:00"))
            there_is = last <= there.timestamp() and first <= last
            values = [[moment, "1"] for moment in range(first, last + 1, step)] if there_is else []
            return Reply(matrix({"metric": {"alertname": "TargetDown", "alertstate": "firing"}, "values": values}))
        return steady(query, start, min(end, int(there.timestamp())), step)

    answer_queries(until_its_now)
    slow(prometheus, there)
    first = pull(asked(prometheus, SHARE, settle_s=0), started=started)
    assert all(row["met"] is None for row in results(first).values())
    for stream in ("alert_event", "sli_result"):
        assert [(gap.reason, gap.hides_rows) for gap in first.gaps_of(stream) if "clock" in gap.detail] == [
            (GapReason.MALFORMED, 0)
        ]
    assert first.source_run["scope_complete"]["alert_event"] is False

    there = started + timedelta(days=1)
    answer_queries(until_its_now)
    slow(prometheus, there)
    second = pull(asked(prometheus, SHARE, settle_s=0), started=there, cursors=first.cursors)
    assert results(second)["2026-02"]["completeness"] == 1
    assert [event["start"] for event in second.rows("alert_event")] == ["2026-02-28T21:00:00Z"]


def test_an_alert_after_the_clock_of_a_slow_server_is_shown_and_read_again(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    def both_sides(query: str, start: int, end: int, step: int) -> Reply:
        first, last = max(start, at("2026-03-20T10:50:00")), min(end, at("2026-03-20T11:20:00"))
        metric = {"alertname": "TargetDown", "alertstate": "firing"}
        return Reply(matrix({"metric": metric, "values": [[moment, "1"] for moment in range(first, last + 1, step)]}))

    answer_queries(both_sides)
    slow(prometheus, T - timedelta(hours=1))
    first = pull(asked(prometheus, settle_s=0), started=T)
    slow(prometheus, T + timedelta(hours=1))
    second = pull(asked(prometheus, settle_s=0), started=T + timedelta(hours=1), cursors=first.cursors)
    for pulled in (first, second):
        (event,) = pulled.rows("alert_event")
        assert (event["start"], event["end"]) == ("2026-03-20T10:50:00Z", "2026-03-20T11:21:00Z")
    bounds = [request.query["start"][0] for request in prometheus.asked("/api/v1/query_range")]
    assert int(bounds[-1]) == at("2026-03-20T11:01:00")
    assert log_of(second.cursors["alert_event"], 0).seconds["TargetDown"] == {"2026-03-20": 31 * 60}


def test_clocks_that_agree_say_nothing_and_one_that_is_ahead_is_told(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    answer_queries(steady)
    same = pull(asked(prometheus, SHARE), started=T)
    assert [gap for gap in same.gaps if "clock" in gap.detail] == []
    slow(prometheus, datetime(2100, 1, 1, tzinfo=UTC))
    ahead = pull(asked(prometheus, SHARE), started=T)
    assert {gap.stream for gap in ahead.gaps if "ahead" in gap.detail} == {"alert_event", "sli_result"}
    assert {key: sha for _, key, sha in ahead.hashes()} == {key: sha for _, key, sha in same.hashes()}


# 3: values that cannot be


@pytest.mark.parametrize("impossible", ["-3", "1.5", "99.9"])
def test_a_day_with_a_share_that_is_none_is_missing_and_not_judged(
    prometheus: ScriptedServer, answer_queries: Answering, impossible: str
) -> None:
    bad = at("2026-02-10T05:00:00")
    answer_queries(valued(lambda mark, moment: impossible if moment == bad else "0.995"))
    pulled = pull(asked(prometheus, SHARE), started=T)
    row = results(pulled)["2026-02"]
    assert (row["actual"], row["met"], row["completeness"]) == (99.5, True, pytest.approx(27 / 28))
    (gap,) = pulled.gaps_of("sli_result")
    assert (gap.reason, gap.hides_rows) == (GapReason.MALFORMED, None)
    assert f"its query gives {impossible}, which cannot be; days with such values (1)" in gap.detail
    assert pulled.source_run["status"] == "partial"


@pytest.mark.parametrize(("good", "total"), [("-1", "10"), ("0", "-10"), ("11", "10"), ("1", "0")])
def test_events_that_cannot_be_are_not_judged(
    prometheus: ScriptedServer, answer_queries: Answering, good: str, total: str
) -> None:
    answer_queries(valued(lambda mark, moment: good if mark.endswith("g") else total))
    pulled = pull(asked(prometheus, EVENTS), started=T)
    assert [row for row in pulled.rows("sli_result") if row["met"] is not None or row["actual"] is not None] == []
    assert any("cannot be" in gap.detail for gap in pulled.gaps_of("sli_result", GapReason.MALFORMED))


def test_what_extrapolation_adds_is_no_impossible_value() -> None:
    sli = Sli("s", None, None, 0.9, "availability", 30, {"g": "", "t": ""})
    parts = [("0.g", "10.05"), ("0.t", "10")]
    series = [{"metric": {"auditor_sli": mark}, "values": [[60, value]]} for mark, value in parts]
    answered = read_matrix(series, (sli,), 60)
    assert answered.impossible == {}
    assert list(answered.steps["s"][""].good) == [10.05]


def test_a_day_that_was_begun_before_its_impossible_value_is_missing_as_a_whole() -> None:
    account = Account(3600, 3600)
    account.add(Steps([3600, 7200], [1, 1], None), 0, 7200)
    account.add(Steps([90_000], [1], None, {"1970-01-01": 10_800}), 7200, 90_000)
    account = bank_of(Bank(60, {"s": Book("d", 0, 120, {"": account})}).to_text(), 60).books["s"].accounts[""]
    account.add(Steps([10_800], [1], None), 7200, 90_000)
    assert account.days == {"1970-01-02": [1, 1, 1]}


def test_an_impossible_value_that_is_not_settled_yet_can_still_be_mended(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    newest = at("2026-02-27T12:00:00")
    answer_queries(valued(lambda mark, moment: "7" if moment == newest else "0.995"))
    early = datetime(2026, 2, 27, 12, 30, tzinfo=UTC)
    first = pull(asked(prometheus, SHARE, settle_s=3600, history_d=20), started=early)
    assert results(first)["2026-02"]["completeness"] == pytest.approx(26 / 28)
    answer_queries(steady)
    second = pull(asked(prometheus, SHARE, settle_s=3600, history_d=20), started=T, cursors=first.cursors)
    assert results(second)["2026-02"]["completeness"] == 1


# 4: pages of rules


def paged(*pages: tuple[list[Any], str | None]) -> Callable[[Received], Reply]:
    """Pages of groups, each with the token of the next; a token is a position."""

    def reply(request: Received) -> Reply:
        groups, token = pages[int(request.query.get("group_next_token", ["0"])[0])]
        more = {} if token is None else {"groupNextToken": token}
        return Reply({"status": "success", "data": {"groups": groups, **more}})

    return reply


def group(name: str, *rules: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "file": "a.yml", "interval": 30, "rules": list(rules)}


def rule(name: str = "A", **more: Any) -> dict[str, Any]:
    plain = {"type": "alerting", "name": name, "query": "up == 0", "duration": 60, "labels": {}, "health": "ok"}
    return {**plain, "lastEvaluation": "2026-03-20T11:59:00Z", **more}


def test_every_page_of_rules_is_read_and_each_rule_points_into_its_own(prometheus: ScriptedServer) -> None:
    prometheus.route("/api/v1/rules", paged(([group("g", rule("A"))], "1"), ([group("h", rule("B"))], None)))
    pulled = pull(asked(prometheus), started=T)
    assert [row["name"] for row in pulled.rows("monitoring_rule")] == ["A", "B"]
    assert pulled.source_run["scope_complete"]["monitoring_rule"] is True
    second = prometheus.asked("/api/v1/rules")[1]
    assert second.query == {"group_limit": ["1"], "group_next_token": ["1"]}
    for row in (row for row in pulled.writer.rows if row.stream == "monitoring_rule"):
        assert row.pointer == "/data/groups/0/rules/0"
        (held,) = orjson.loads(pulled.writer.payloads[row.payload_sha256])["data"]["groups"]
        assert held["rules"][0]["name"] == row.values["name"]


@pytest.mark.parametrize(
    "pages",
    [
        [([group("g", rule())], "0")],
        [([group("g", rule())], "1"), ([group("h", rule("B"))], "1")],
        [([group("g", rule())], "1"), ([group("g", rule())], None)],
    ],
    ids=["the same page", "the same token", "the same group"],
)
def test_pages_of_rules_that_do_not_end_are_a_gap_and_no_completeness(
    prometheus: ScriptedServer, pages: list[Any]
) -> None:
    prometheus.route("/api/v1/rules", paged(*pages))
    pulled = pull(asked(prometheus), started=T)
    assert [row["name"] for row in pulled.rows("monitoring_rule")][:1] == ["A"]
    assert [gap.hides_rows for gap in pulled.gaps_of("monitoring_rule", GapReason.TRUNCATED)] == [None]
    assert pulled.gaps_of("alert_event", GapReason.TRUNCATED)
    assert not any(pulled.source_run["scope_complete"][stream] for stream in ("monitoring_rule", "alert_event"))
    assert len(prometheus.asked("/api/v1/rules")) <= 3


# 5: alerts that the history does not show


def firing_rule(since: str) -> dict[str, Any]:
    alert = {"labels": {"alertname": "A"}, "state": "firing", "activeAt": since, "value": "1"}
    return rule(state="firing", alerts=[alert])


def test_an_alert_that_fires_and_is_not_in_the_history_takes_its_completeness(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    answer_queries(steady)
    fires = group("g", firing_rule("2026-03-18T00:00:00.5Z"))
    prometheus.route("/api/v1/rules", paged(([fires], None)))
    pulled = pull(asked(prometheus), started=T)
    (gap,) = pulled.gaps_of("alert_event")
    assert (gap.reason, gap.hides_rows) == (GapReason.TRUNCATED, None)
    assert "'a.yml/g/A'" in gap.detail
    assert pulled.source_run["scope_complete"]["alert_event"] is False


@pytest.mark.parametrize(("since", "shows"), [("2026-03-18T00:00:00Z", True), ("2026-03-20T11:59:30Z", False)])
def test_an_alert_that_the_history_shows_or_that_is_too_young_for_it_takes_nothing(
    prometheus: ScriptedServer, answer_queries: Answering, since: str, shows: bool
) -> None:
    def reply(query: str, start: int, end: int, step: int) -> Reply:
        first = max(start, at("2026-03-18T00:02:00"))
        values = [[moment, "1"] for moment in range(first, end + 1, step)] if shows else []
        metric = {"alertname": "A", "alertstate": "firing"}
        return Reply(matrix({"metric": metric, "values": values}))

    answer_queries(reply)
    prometheus.route("/api/v1/rules", paged(([group("g", firing_rule(since))], None)))
    pulled = pull(asked(prometheus), started=T)
    assert pulled.gaps_of("alert_event") == []
    assert pulled.source_run["scope_complete"]["alert_event"] is True


def test_series_without_values_are_a_gap_and_neither_a_crash_nor_no_alert(
    prometheus: ScriptedServer, answer_queries: Answering
) -> None:
    def empty(query: str, start: int, end: int, step: int) -> Reply:
        is_alerts = query.startswith("ALERTS")
        metric = {"alertname": "TargetDown", "alertstate": "firing"} if is_alerts else {"auditor_sli": "0.r"}
        return Reply(matrix({"metric": metric, "values": None}))

    answer_queries(empty)
    pulled = pull(asked(prometheus, SHARE), started=T)
    assert [gap.hides_rows for gap in pulled.gaps_of("alert_event", GapReason.MALFORMED)] == [None]
    assert pulled.gaps_of("sli_result", GapReason.MALFORMED)
    assert pulled.source_run["scope_complete"]["alert_event"] is False
    answer_queries(steady)
    again = pull(asked(prometheus, SHARE), started=T, cursors=pulled.cursors)
    assert results(again)["2026-02"]["completeness"] == 1


# 6: groups that are none


@pytest.mark.parametrize("strange", [None, {"name": "g"}, {"name": "g", "rules": None}, {"rules": {"name": "A"}}, "g"])
def test_a_group_without_a_list_of_rules_hides_nobody_knows_how_many(prometheus: ScriptedServer, strange: Any) -> None:
    prometheus.route("/api/v1/rules", paged(([strange, group("h", rule(), rule(type="budgeting"))], None)))
    prometheus.route("/api/v1/status/buildinfo", Reply("no", 404))  # so that it is looked at as a vmalert, too
    pulled = pull(asked(prometheus), started=T)
    (gap,) = pulled.gaps_of("monitoring_rule")
    assert (gap.reason, gap.hides_rows) == (GapReason.MALFORMED, None)
    assert pulled.source_run["scope_complete"]["monitoring_rule"] is False
    assert pulled.source_run["status"] == "partial"
    assert [each.pointer for each in read_rules([strange, group("h", rule())])[0]] == ["/data/groups/1/rules/0"]


# 7: silences


def test_a_recorded_silence_of_some_days_leaves_the_share_of_90_days_unknown(prometheus: ScriptedServer) -> None:
    given = asked(prometheus, alertmanager_url=prometheus.url)
    now = datetime(2026, 11, 25, tzinfo=UTC)
    assert {row["muted_share_90d"] for row in pull(given, started=now).rows("monitoring_rule")} == {None}
    always = {
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "2027-01-01T00:00:00Z",
        "matchers": [{"name": "alertname", "value": "TargetDown", "isRegex": False, "isEqual": True}],
    }
    prometheus.route("/api/v2/silences", Reply([always]))
    rows = {row["name"]: row["muted_share_90d"] for row in pull(given, started=now).rows("monitoring_rule")}
    assert (rows["TargetDown"], rows["AlwaysOn"]) == (1.0, None)
