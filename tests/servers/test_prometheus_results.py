"""Results of indicators from a real Prometheus, against what the numbers of the history come to by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any

import orjson
import pytest
from prometheus_kit import Pulled, pull, settings

pytestmark = pytest.mark.servers

GOOD = 'sum by (job) (increase(http_requests_total{code!~"5.."}[$window]))'
TOTAL = "sum by (job) (increase(http_requests_total[$window]))"
EVENTS = {"id": "events", "service_label": "job", "good": GOOD, "total": TOTAL, "objective": 0.999}
SHARE = {"id": "share", "service_label": "job", "query": "sli:availability:ratio_rate5m", "objective": 0.999}
STEP_S = 300


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def asked(servers: Any, *slis: dict[str, Any], **more: Any) -> Any:
    return settings(servers.prometheus.url, slis=list(slis), **more)


@pytest.fixture(scope="module")
def first(servers: Any) -> Pulled:
    return pull(asked(servers, EVENTS, SHARE), started=now(), as_of=servers.end)


def by_hand(servers: Any, service: str, start: str, end: str) -> Iterator[tuple[int, int, int]]:
    """Instant, good and all requests of every step of a period whose scrape and the one before were seen."""
    bounds = [datetime.fromisoformat(text).timestamp() for text in (start, end)]
    samples = servers.history.services[service]
    for before, sample in pairwise(samples):
        if before.seen and sample.seen and bounds[0] < sample.at <= bounds[1]:
            yield sample.at, sample.good, sample.good + sample.bad


def _share(sample: Any) -> float:
    return round(sample.good / (sample.good + sample.bad), 6)


def rows_of(pulled: Pulled, sli: str) -> list[dict[str, Any]]:
    return [row for row in pulled.rows("sli_result") if row["target_id"].startswith(f"{sli}/")]


def test_good_and_total_of_every_month_are_those_of_the_requests_that_were_made(servers: Any, first: Pulled) -> None:
    rows = rows_of(first, "events")
    assert len(rows) >= 2 * 4
    for row in rows:
        service = row["target_id"].partition("/")[2]
        steps = list(by_hand(servers, service, row["period_start"], row["period_end"]))
        good, total = sum(step[1] for step in steps), sum(step[2] for step in steps)
        assert (row["good"], row["total"]) == (good, total)
        assert row["actual"] == pytest.approx(100 * good / total, abs=1e-8)
        length = datetime.fromisoformat(row["period_end"]) - datetime.fromisoformat(row["period_start"])
        assert row["completeness"] == pytest.approx(len(steps) / (length.total_seconds() / STEP_S), abs=1e-8)


def test_the_counter_that_began_again_loses_no_request(servers: Any, first: Pulled) -> None:
    scrapes = servers.history.services["checkout"]
    (sample,) = [after for before, after in pairwise(scrapes) if after.good_counter < before.good_counter]
    row = next(
        row
        for row in rows_of(first, "events")
        if row["target_id"] == "events/checkout"
        and datetime.fromisoformat(row["period_start"]).timestamp()
        < sample.at
        <= datetime.fromisoformat(row["period_end"]).timestamp()
    )
    assert row["total"] == sum(step[2] for step in by_hand(servers, "checkout", row["period_start"], row["period_end"]))


def test_a_share_of_time_is_the_mean_of_its_steps(servers: Any, first: Pulled) -> None:
    for row in rows_of(first, "share"):
        service = row["target_id"].partition("/")[2]
        start, end = (datetime.fromisoformat(row[name]).timestamp() for name in ("period_start", "period_end"))
        samples = servers.history.services[service]
        shares = [_share(sample) for sample in samples if sample.seen and start < sample.at <= end]
        # The server shows a value for five minutes more: one step into the time without monitoring.
        shares += [
            _share(before)
            for before, sample in pairwise(samples)
            if before.seen and not sample.seen and start < sample.at <= end
        ]
        assert row["actual"] == pytest.approx(100 * sum(shares) / len(shares), abs=1e-7)
        assert row["good"] is None
        assert row["total"] is None


def test_the_month_with_the_outage_was_lost_in_the_step_in_which_its_budget_was_used_up(
    servers: Any, first: Pulled
) -> None:
    lost = [row for row in rows_of(first, "events") if row["met"] is False]
    assert [row["target_id"] for row in lost] == ["events/search"]
    (row,) = lost
    steps = list(by_hand(servers, "search", row["period_start"], row["period_end"]))
    budget = (1 - 0.999) * sum(step[2] for step in steps)
    spent = list(accumulate(total - good for _, good, total in steps))
    lost_at = next(step[0] for step, bad in zip(steps, spent, strict=True) if bad > budget)
    assert row["breached_at"] == datetime.fromtimestamp(lost_at, UTC).isoformat().replace("+00:00", "Z")


def test_a_day_without_monitoring_is_missing_and_neither_good_nor_bad(servers: Any, first: Pulled) -> None:
    hole = next(sample.at for sample in servers.history.services["search"] if not sample.seen)
    with_hole = [
        row
        for row in rows_of(first, "events")
        if datetime.fromisoformat(row["period_start"]).timestamp()
        < hole
        < datetime.fromisoformat(row["period_end"]).timestamp()
    ]
    by_target = {row["target_id"]: row for row in with_hole}
    assert by_target["events/search"]["completeness"] < by_target["events/checkout"]["completeness"]
    assert by_target["events/search"]["actual"] > 99.9


def test_a_second_pull_at_the_same_instant_adds_nothing(servers: Any, first: Pulled) -> None:
    begun = now()
    second = pull(asked(servers, EVENTS, SHARE), started=begun, as_of=servers.end, cursors=first.cursors)
    changing = {"lag_s", "computed_at"}
    before = {(row["target_id"], row["period_start"]): row for row in first.rows("sli_result")}
    for row in second.rows("sli_result"):
        known = before[row["target_id"], row["period_start"]]
        assert {k: v for k, v in row.items() if k not in changing} == {
            k: v for k, v in known.items() if k not in changing
        }
    assert {row["period_start"] for row in second.rows("sli_result")} == {max(key[1] for key in before)}
    assert second.rows("alert_event") == []


def test_pulls_of_night_after_night_come_to_what_one_pull_comes_to(servers: Any) -> None:
    given, cursors = asked(servers, EVENTS, SHARE), {}
    nightly: dict[tuple[str, str], dict[str, Any]] = {}
    for nights in range(40, -1, -8):
        pulled = pull(given, started=now(), as_of=servers.end - timedelta(days=nights), cursors=cursors)
        cursors = pulled.cursors
        nightly |= {(row["target_id"], row["period_start"]): row for row in pulled.rows("sli_result")}
    at_once = pull(given, started=now(), as_of=servers.end)
    for row in at_once.rows("sli_result"):
        known = nightly[row["target_id"], row["period_start"]]
        for name in ("actual", "good", "total", "met", "breached_at", "completeness"):
            assert known[name] == row[name], (row["target_id"], row["period_start"], name)


def test_a_night_costs_a_day(servers: Any) -> None:
    given = asked(servers, EVENTS)
    until_yesterday = pull(given, started=now(), as_of=servers.end - timedelta(days=1))
    tonight = pull(given, started=now(), as_of=servers.end, cursors=until_yesterday.cursors)
    ranges = [request for request in tonight.requests if "query_range" in str(request["url"])]
    assert len(ranges) == 2  # one batch of indicators, and the alerts


def test_every_result_opens_down_to_the_sums_of_its_days(servers: Any, first: Pulled) -> None:
    for row in first.writer.rows:
        if row.stream == "sli_result":
            held = orjson.loads(first.writer.payloads[row.payload_sha256])
            basis = held["results"][int(row.pointer.rpartition("/")[2])]
            assert basis["row"]["target_id"] == row.values["target_id"]
            whole = sum(day[1] for day in basis["days"].values())
            if row.values["total"] is not None:
                assert whole == row.values["total"]
            assert set(held["answers"]) <= set(first.writer.payloads)


def test_an_indicator_that_the_rules_show_needs_no_configuration(servers: Any) -> None:
    found = pull(asked(servers), started=now(), as_of=servers.end)
    targets = found.rows("target")
    assert {(row["service_id"], row["value"], row["origin"]) for row in targets} == {
        ("checkout", 99.9, "slo"),
        ("search", 99.9, "slo"),
    }
    assert {row["target_id"] for row in found.rows("sli_result")} == {row["target_id"] for row in targets}


def test_an_indicator_without_data_has_no_result_and_says_so(servers: Any) -> None:
    nowhere = {"id": "nowhere", "query": "sli:no_such_series", "objective": 0.99}
    found = pull(asked(servers, nowhere), started=now(), as_of=servers.end)
    assert not [row for row in found.rows("sli_result") if row["target_id"] == "nowhere"]
    (gap,) = found.gaps_of("sli_result")
    assert "'nowhere'" in gap.detail
    assert gap.hides_rows is None
    assert found.source_run["scope_complete"]["sli_result"] is False


def test_a_query_that_is_wrong_costs_its_own_indicator_only(servers: Any) -> None:
    wrong = {"id": "wrong", "query": "sum(", "objective": 0.99}
    several = {"id": "several", "query": "sli:availability:ratio_rate5m", "objective": 0.99}
    percent = {"id": "percent", "query": "100 * sli:availability:ratio_rate5m{job='search'}", "objective": 0.99}
    found = pull(asked(servers, wrong, EVENTS, several, percent), started=now(), as_of=servers.end)
    assert len(rows_of(found, "events")) >= 8
    details = " ".join(gap.detail for gap in found.gaps_of("sli_result"))
    assert "'wrong': " in details
    assert "parse error" in details
    assert "'several': its query gives several series" in details
    assert "'percent': its query gives 9" in details or "'percent': its query gives 100" in details
    assert not [row for row in found.rows("sli_result") if row["target_id"] in ("wrong", "several", "percent")]
