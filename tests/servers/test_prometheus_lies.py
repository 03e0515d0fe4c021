"""What real servers leave unsaid: each of these looks like good news, or like none at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from prometheus_kit import checks, pull, settings

from auditor.model.evidence import GapReason

pytestmark = pytest.mark.servers

SHARE = {"id": "share", "service_label": "job", "query": "sli:availability:ratio_rate5m", "objective": 0.999}
# Of the user `auditor` with the password `not-a-secret`; a fast bcrypt hash, as only a test would have.
WEB_CONFIG = 'basic_auth_users: {auditor: "$2b$04$abcdefghijklmnopqrstuukiPfWbK4Chx2wQkrCBcuNQWm8D.wM3i"}\n'


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def asked(url: str, **more: Any) -> Any:
    return settings(url, timeout_s=20, **more)


def test_lie_12_an_unknown_filter_is_ignored_and_nothing_is_built_on_it(servers: Any) -> None:
    filtered = requests.get(
        f"{servers.prometheus.url}/api/v1/rules", params={"rule_name[]": "TargetDown", "group_limit": "1"}, timeout=20
    ).json()
    names = {rule["name"] for group in filtered["data"]["groups"] for rule in group["rules"]}
    assert names > {"TargetDown"}  # the server did not do what was asked, and says nothing of it
    pulled = pull(asked(servers.prometheus.url), started=now(), as_of=servers.end)
    assert {row["name"] for row in pulled.rows("monitoring_rule")} == names
    assert not [request for request in pulled.requests if "rule_name" in str(request) or "group_limit" in str(request)]


def test_lie_13_a_server_that_keeps_fifteen_days_does_not_speak_for_ninety(servers: Any) -> None:
    short = servers.lab.prometheus(history=servers.history_file, retention=None)
    pulled = pull(asked(short.url, slis=[SHARE]), started=now(), as_of=servers.end)
    begin = datetime.fromisoformat(pulled.source_run["retention_from"])
    assert now() - begin < timedelta(days=31)
    for stream in ("alert_event", "sli_result"):
        (gap,) = pulled.gaps_of(stream, GapReason.RETENTION)
        assert gap.hides_rows is None
    assert pulled.source_run["scope_complete"]["alert_event"] is False
    assert all(
        row["completeness"] < 1 or datetime.fromisoformat(row["period_start"]) >= begin
        for row in pulled.rows("sli_result")
    )
    retention = next(check for check in checks(asked(short.url), started=now()) if check.what == "retention")
    assert not retention.ok
    assert retention.cure is not None


def test_lie_14_an_instant_query_is_blind_after_five_minutes_and_the_pull_is_not(servers: Any) -> None:
    answer = requests.get(
        f"{servers.prometheus.url}/api/v1/query",
        params={"query": "sli:availability:ratio_rate5m", "time": str(now().timestamp())},
        timeout=20,
    ).json()
    assert answer["data"]["result"] == []  # the last sample is three hours old
    pulled = pull(asked(servers.prometheus.url, slis=[SHARE]), started=now())
    open_rows = [row for row in pulled.rows("sli_result") if datetime.fromisoformat(row["period_end"]) > now()]
    assert open_rows
    for row in open_rows:
        assert 3 * 3600 - 900 <= row["lag_s"] <= 3 * 3600 + 900


def test_lie_15_the_rules_stub_of_a_victoria_metrics_is_not_the_absence_of_rules(servers: Any) -> None:
    pulled = pull(asked(servers.victoria_metrics.url, slis=[SHARE]), started=now(), as_of=servers.end)
    assert pulled.rows("monitoring_rule") == []
    (gap,) = pulled.gaps_of("monitoring_rule", GapReason.NOT_SUPPORTED)
    assert gap.hides_rows is None
    assert pulled.source_run["scope_complete"]["monitoring_rule"] is False
    assert len(pulled.rows("sli_result")) >= 8


def test_lie_16_a_rule_of_vmalert_that_never_ran_is_not_healthy(servers: Any) -> None:
    lazy = servers.lab.vmalert(servers.victoria_metrics, interval="1h")
    answer = requests.get(f"{lazy.url}/api/v1/alerts", timeout=20).json()
    assert answer["data"]["alerts"] in (None, [])
    said = requests.get(f"{lazy.url}/api/v1/rules", timeout=20).json()
    unused = {
        rule["name"]
        for group in said["data"]["groups"]
        for rule in group["rules"]
        if rule["lastEvaluation"].startswith("0001") and rule["health"] == "ok"
    }
    assert unused
    pulled = pull(asked(lazy.url), started=now())
    rows = {row["name"]: row for row in pulled.rows("monitoring_rule")}
    for name in unused:
        assert (rows[name]["last_eval"], rows[name]["health"]) == (None, "unknown")
    assert {row["system"] for row in rows.values()} == {"vmalert"}
    assert pulled.source_run["streams"] == ["monitoring_rule"]


def test_lie_17_samples_that_were_taken_with_204_and_dropped_do_not_count_as_loaded(servers: Any) -> None:
    short = servers.lab.victoria_metrics(retention="1")
    data = servers.history_file.read_bytes()
    sent = requests.post(f"{short.url}/api/v1/import/prometheus", data=data, timeout=60)
    assert sent.status_code == 204
    requests.get(f"{short.url}/internal/force_flush", timeout=20)
    pulled = pull(asked(short.url, slis=[SHARE]), started=now(), as_of=servers.end)
    rows = pulled.rows("sli_result")
    assert rows
    assert min(datetime.fromisoformat(row["period_start"]) for row in rows) > now() - timedelta(days=70)
    assert now() - datetime.fromisoformat(pulled.source_run["retention_from"]) < timedelta(days=40)
    assert pulled.gaps_of("sli_result", GapReason.RETENTION)


def test_a_login_that_is_refused_is_a_gap_of_the_whole_source_although_the_answer_is_no_json(servers: Any) -> None:
    closed = servers.lab.prometheus(web_config=WEB_CONFIG)
    refused = pull(asked(closed.url, username="auditor", password="wrong"), started=now())
    (gap,) = refused.gaps_of(None)
    assert gap.reason is GapReason.UNAUTHORISED
    assert refused.writer.rows == []
    assert refused.source_run["status"] == "failed"
    seen = {check.what: check.ok for check in checks(asked(closed.url, username="auditor"), started=now())}
    assert seen == {"reachable": True, "authenticated": False}
    let_in = pull(asked(closed.url, username="auditor", password="not-a-secret"), started=now())
    assert let_in.rows("monitoring_rule")
    held = b"".join(let_in.writer.payloads.values()) + repr(let_in.writer.envelopes).encode()
    assert b"not-a-secret" not in held


def test_rule_files_that_differ_from_the_server_are_said_rule_by_rule(servers: Any, tmp_path: Any) -> None:
    same = servers.lab.folder / "prometheus-1" / "rules" / "slo.yml"
    text = same.read_text(encoding="utf-8")
    (tmp_path / "slo.yml").write_text(text, encoding="utf-8")
    alike = pull(asked(servers.prometheus.url, rules_files=tmp_path), started=now(), as_of=servers.end)
    assert alike.gaps == ()
    changed = text.replace("14.4 * 0.001", "6 * 0.001").replace("alert: TargetDown", "alert: TargetGone")
    (tmp_path / "slo.yml").write_text(changed, encoding="utf-8")
    (tmp_path / "broken.yml").write_text("groups: [", encoding="utf-8")
    differing = pull(asked(servers.prometheus.url, rules_files=tmp_path), started=now(), as_of=servers.end)
    assert sorted(gap.detail for gap in differing.gaps) == [
        "alert rule 'ErrorBudgetBurnFast' of group 'slo-alerts' is another one on the server",
        "alert rule 'TargetDown' of group 'slo-alerts' is on the server and in no rule file",
        "alert rule 'TargetGone' of group 'slo-alerts' is not on the server",
        "the rule file cannot be read (ParserError)",
    ]
    assert {gap.hides_rows for gap in differing.gaps} == {0}
    assert differing.source_run["scope_complete"]["monitoring_rule"] is True


def test_the_routes_of_the_alertmanager_tell_whom_each_alert_reaches(servers: Any) -> None:
    given = asked(servers.prometheus.url, alertmanager_url=servers.alertmanager.url)
    rows = pull(given, started=now(), as_of=servers.end).rows("monitoring_rule")
    assert {row["name"]: row["receivers"] for row in rows} == {
        "ErrorBudgetBurnFast": ["page"],
        "TargetDown": ["webhook"],
        "AlwaysOn": ["none"],
        "sli:availability:ratio_rate5m": None,
    }


def test_without_an_alertmanager_nobody_knows_whom_alerts_reach(servers: Any) -> None:
    rows = pull(asked(servers.prometheus.url), started=now(), as_of=servers.end).rows("monitoring_rule")
    assert {row["receivers"] for row in rows} == {None}
    assert {row["muted_share_90d"] for row in rows} == {None}


def test_a_silence_mutes_its_rule_and_its_author_is_not_kept(servers: Any) -> None:
    own = servers.lab.alertmanager()
    body = {
        "matchers": [{"name": "alertname", "value": "Always.*", "isRegex": True, "isEqual": True}],
        "startsAt": now().isoformat(),
        "endsAt": (now() + timedelta(days=30)).isoformat(),
        "createdBy": "somebody@example.org",
        "comment": "a private remark",
    }
    assert requests.post(f"{own.url}/api/v2/silences", json=body, timeout=20).status_code == 200
    later = now() + timedelta(days=9)
    pulled = pull(asked(servers.prometheus.url, alertmanager_url=own.url), started=later, as_of=servers.end)
    shares = {row["name"]: row["muted_share_90d"] for row in pulled.rows("monitoring_rule")}
    assert shares == dict.fromkeys(shares)  # a part of the 90 days; what was silenced before may be forgotten
    held = b"".join(pulled.writer.payloads.values())
    assert b"somebody@example.org" not in held
    assert b"a private remark" not in held


def test_an_alert_of_the_past_is_one_event_with_start_and_end(servers: Any) -> None:
    pulled = pull(asked(servers.prometheus.url, services={"search": "search"}), started=now(), as_of=servers.end)
    down = [sample.at for sample in servers.history.services["search"] if sample.down]
    events = [row for row in pulled.rows("alert_event") if row["service_id"] == "search"]
    (event,) = events
    assert event["rule_id"] == "slo.yml/slo-alerts/ErrorBudgetBurnFast"
    start, end = (datetime.fromisoformat(event[name]).timestamp() for name in ("start", "end"))
    assert 0 <= start - down[0] <= 60
    assert 0 < end - down[-1] <= 360  # the server shows a value for five minutes more
    assert event["notified"] is None


def test_an_alert_that_fires_now_is_open_and_ends_in_a_later_pull(
    servers: Any, wait_for: Callable[[Callable[[], bool], str], None]
) -> None:
    given = asked(servers.prometheus.url, settle_s=0)

    def fires() -> bool:
        query = {"query": 'ALERTS{alertname="AlwaysOn",alertstate="firing"}'}
        return bool(
            requests.get(f"{servers.prometheus.url}/api/v1/query", params=query, timeout=20).json()["data"]["result"]
        )

    wait_for(fires, "that the alert fires")
    first = pull(given, started=now() + timedelta(seconds=120))
    events = [row for row in first.rows("alert_event") if row["rule_id"].endswith("AlwaysOn")]
    (event,) = events
    assert event["end"] is None
    second = pull(given, started=now() + timedelta(minutes=30), cursors=first.cursors)
    (ended,) = [row for row in second.rows("alert_event") if row["rule_id"].endswith("AlwaysOn")]
    assert ended["start"] == event["start"]
    assert ended["end"] is not None


def test_doctor_finds_nothing_to_say_of_servers_that_are_well(servers: Any) -> None:
    given = asked(servers.prometheus.url, alertmanager_url=servers.alertmanager.url, history_d=80)
    assert [check for check in checks(given, started=now()) if not check.ok] == []
