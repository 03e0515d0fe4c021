"""Every request gives the answer that was kept, or the right refusal."""

from __future__ import annotations

import gzip
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests
from prometheus_api_client import PrometheusConnect

from auditor.api import GapReason, LiveSettings, Refused
from auditor.collect.limits import LONGEST_PAUSE_S, pause_s
from auditor.testing.server import Reply, ScriptedServer


def test_an_answer_is_what_was_kept_with_its_request(live: Any, server: ScriptedServer) -> None:
    server.route("/api/things", Reply({"a": "ä"}, headers={"ETag": "7", "Set-Cookie": "s=1", "X-Other": "no"}))
    context = live.context()
    answer = context.http().get("/api/things", {"page": "2", "id": ["a", "b"]})
    assert answer.json() == {"a": "ä"}
    assert (answer.status, answer.headers["etag"], answer.headers.keys() & {"x-other", "set-cookie"}) == (
        200,
        "7",
        set(),
    )
    assert answer.place == f"{server.url}/api/things?page=2&id=a&id=b"
    ((envelope, sha256),) = live.store.envelopes
    assert envelope.request == {
        "method": "GET",
        "url": f"{server.url}/api/things",
        "params": {"page": "2", "id": ["a", "b"]},
    }
    assert (envelope.media_type, envelope.fetched_at, envelope.collector) == (
        "application/json",
        datetime(2026, 1, 1, 12, tzinfo=UTC),
        "sample 1",
    )
    assert live.store.payloads[sha256] == answer.body
    assert sha256 in context.kept


def test_paths_go_below_the_path_of_the_source(live: Any, server: ScriptedServer) -> None:
    server.route("/prometheus/api/v1/rules", Reply({}))
    http = live.context(LiveSettings(url=f"{server.url}/prometheus/")).http()
    assert http.get("api/v1/rules").status == 200
    assert http.get("/api/v1/rules").status == 200
    assert http.get(f"{server.url}/prometheus/api/v1/rules").status == 200


def test_a_form_and_a_json_body_are_sent_and_recorded(live: Any, server: ScriptedServer) -> None:
    server.route("/q", Reply({}))
    http = live.context().http()
    http.post("/q", form={"query": "up == 0"})
    http.post("/q", json={"jql": "x"})
    first, second = server.requests
    assert (first.method, first.body, first.headers["content-type"]) == (
        "POST",
        b"query=up+%3D%3D+0",
        "application/x-www-form-urlencoded",
    )
    assert (second.body, second.headers["content-type"]) == (b'{"jql":"x"}', "application/json")
    assert [envelope.request["body"] for envelope, _ in live.store.envelopes] == ["query=up+%3D%3D+0", '{"jql":"x"}']


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, GapReason.NOT_SUPPORTED),
        (401, GapReason.UNAUTHORISED),
        (403, GapReason.FORBIDDEN),
        (404, GapReason.NOT_SUPPORTED),
        (405, GapReason.NOT_SUPPORTED),
        (410, GapReason.NOT_SUPPORTED),
        (418, GapReason.NOT_SUPPORTED),
        (422, GapReason.NOT_SUPPORTED),
        (429, GapReason.RATE_LIMITED),
        (500, GapReason.SERVER_ERROR),
        (501, GapReason.NOT_SUPPORTED),
        (502, GapReason.SERVER_ERROR),
        (503, GapReason.SERVER_ERROR),
        (504, GapReason.SERVER_ERROR),
    ],
)
def test_a_status_of_error_is_the_right_refusal_with_the_words_of_the_source(
    live: Any, server: ScriptedServer, status: int, reason: GapReason
) -> None:
    server.route("/x", Reply({"status": "error", "error": "parse error at 'up'"}, status))
    with pytest.raises(Refused) as caught:
        live.context().http().get("/x", {"q": "1"})
    refused = caught.value
    assert (refused.reason, refused.status, refused.place) == (reason, status, f"{server.url}/x?q=1")
    assert f"HTTP {status}" in refused.detail
    assert "parse error at 'up'" in refused.detail
    assert refused.answer is not None
    assert live.store.payloads[refused.answer.payload.sha256] == refused.answer.body
    assert live.store.envelopes[-1][0].request["status"] == status
    assert refused.gap("ticket").place == refused.place


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"errorMessages": ["no such field", "x"]}, "'no such field'"),
        ({"errors": [{"detail": "too far back"}]}, "'too far back'"),
        ({"error": {"message": "expired"}}, "'expired'"),
        ("plain words\nsecond line", "'plain words'"),
        ("<!DOCTYPE html><p>hello", "'a web page'"),
        ("x" * 5000, "xxx…'"),
        (b"\xff\xfe", "HTTP 403"),
        ("", "permit this: HTTP 403"),
        ([[[[[["deep"]]]]]], "permit this: HTTP 403"),
    ],
)
def test_the_words_of_the_source_are_found_and_shortened(
    live: Any, server: ScriptedServer, body: Any, says: str
) -> None:
    server.route("/x", Reply(body, 403))
    with pytest.raises(Refused) as caught:
        live.context().http().get("/x")
    assert says in caught.value.detail
    assert len(caught.value.detail) < 300


def test_a_status_that_the_collector_allows_is_an_answer(live: Any, server: ScriptedServer) -> None:
    server.route("/x", Reply({"error": "none"}, 404))
    assert live.context().http().get("/x", allow=[404]).json() == {"error": "none"}


def test_a_web_page_in_the_place_of_json_is_malformed(live: Any, server: ScriptedServer) -> None:
    server.route("/x", Reply("<html><title>Log in</title>", headers={"Content-Type": "text/html"}))
    answer = live.context().http().get("/x")
    with pytest.raises(Refused, match="log-in page") as caught:
        answer.json()
    assert caught.value.reason is GapReason.MALFORMED


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_pass_is_tried_again_with_growing_pauses(live: Any, server: ScriptedServer, status: int) -> None:
    server.route("/x", Reply({}, status), Reply({}, status), Reply({}, status), Reply({"ok": True}))
    assert live.context().http().get("/x").json() == {"ok": True}
    first, second, third = live.time.slept
    assert 0.375 <= first <= 0.625
    assert 0.75 <= second <= 1.25
    assert 1.5 <= third <= 2.5
    assert len(live.store.envelopes) == 1


def test_what_does_not_pass_is_tried_five_times_at_most(live: Any, server: ScriptedServer) -> None:
    server.route("/x", Reply({}, 503))
    http = live.context().http()
    with pytest.raises(Refused):
        http.get("/x")
    assert (len(server.requests), len(live.time.slept)) == (5, 4)


def test_a_source_that_is_down_costs_its_pauses_only_once(live: Any, server: ScriptedServer) -> None:
    server.route("/x", Reply({}, 503))
    server.route("/y", Reply({}))
    http = live.context().http()
    for _ in range(3):
        with pytest.raises(Refused):
            http.get("/x")
    assert len(server.requests) == 7
    http.get("/y")
    with pytest.raises(Refused):
        http.get("/x")
    assert len(server.requests) == 13


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_what_will_not_pass_is_not_tried_again(live: Any, server: ScriptedServer, status: int) -> None:
    server.route("/x", Reply({}, status))
    with pytest.raises(Refused):
        live.context().http().get("/x")
    assert len(server.requests) == 1


def test_the_pause_that_the_source_asks_for_is_kept_in_seconds_and_as_a_date(live: Any, server: ScriptedServer) -> None:
    date = datetime(2026, 3, 1, tzinfo=UTC)  # the clock of the server, which is not ours
    headers = {
        "Date": format_datetime(date, usegmt=True),
        "Retry-After": format_datetime(date + timedelta(seconds=33), usegmt=True),
    }
    waiting = Reply({}, 429, {"Retry-After": "7"})
    server.route("/x", waiting, Reply({}, 503, {"Retry-After": "0"}), Reply({}, 503, headers), Reply({}))
    live.context().http().get("/x")
    assert live.time.slept == [7.0, 0.0, 33.0]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("90", 90.0),
        ("100000", LONGEST_PAUSE_S),
        ("9" * 400, LONGEST_PAUSE_S),
        ("Thu, 01 Jan 2026 12:00:33 GMT", 33.0),
        ("Thursday, 01-Jan-26 12:00:33 GMT", 33.0),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0.0),
        ("Thu, 01 Jan 2037 11:00:00 GMT", LONGEST_PAUSE_S),
    ],
)
def test_a_retry_after_is_read_in_every_form_and_capped(header: str, seconds: float) -> None:
    assert pause_s(1, header, datetime(2026, 1, 1, 12, tzinfo=UTC)) == seconds


@pytest.mark.parametrize("header", ["soon", "-5", "", "٣", "1.5", "Thu, 99 Foo 2026"])
def test_a_retry_after_that_says_nothing_is_passed_over(header: str) -> None:
    assert 0.3 < pause_s(1, header, datetime(2026, 1, 1, 12, tzinfo=UTC)) < 0.7


def test_the_budget_counts_every_attempt_and_ends_the_pull(live: Any, server: ScriptedServer, settings: Any) -> None:
    server.route("/x", Reply({}, 503), Reply({}, 503), Reply({"ok": 1}))
    context = live.context(settings(max_requests=3))
    context.http().get("/x")
    for http in (context.http(), context.http()):
        with pytest.raises(Refused, match="budget of 3 requests is used up") as caught:
            http.get("/x")
        assert caught.value.reason is GapReason.RATE_LIMITED
    assert len(server.requests) == 3


def test_a_pause_never_goes_beyond_the_deadline(live: Any, server: ScriptedServer, settings: Any) -> None:
    server.route("/x", Reply({}, 503, {"Retry-After": "40"}))
    with pytest.raises(Refused) as caught:
        live.context(settings(deadline_s=100)).http().get("/x")
    assert caught.value.reason is GapReason.SERVER_ERROR
    assert live.time.slept == [40.0, 40.0]


def test_after_the_deadline_nothing_is_asked(live: Any, server: ScriptedServer, settings: Any) -> None:
    http = live.context(settings(deadline_s=100)).http()
    live.time.sleep(100)
    with pytest.raises(Refused, match="time for one pull is over") as caught:
        http.get("/x")
    assert (caught.value.reason, server.requests) == (GapReason.TIMED_OUT, [])


def test_a_source_that_drips_is_left_at_the_deadline(live: Any, server: ScriptedServer, settings: Any) -> None:
    server.route("/x", Reply("x" * 600, rude="drip"))  # half a minute long
    with pytest.raises(Refused) as caught:
        live.context(settings(deadline_s=0.4), real_time=True).http().get("/x")
    assert caught.value.reason is GapReason.TIMED_OUT


def test_a_source_that_does_not_answer_times_out_without_retries(
    live: Any, server: ScriptedServer, settings: Any
) -> None:
    server.route("/x", Reply({}, delay_s=2))
    with pytest.raises(Refused, match=r"no answer within 0\.1 s") as caught:
        live.context(settings(timeout_s=0.1)).http().get("/x")
    assert (caught.value.reason, live.time.slept) == (GapReason.TIMED_OUT, [])


@pytest.mark.parametrize("rude", ["half", "chunks"])
def test_half_a_page_is_fetched_again_and_in_the_end_truncated(live: Any, server: ScriptedServer, rude: Any) -> None:
    server.route("/x", Reply({"rows": "many"}, rude=rude), Reply({"rows": "all"}))
    assert live.context().http().get("/x").json() == {"rows": "all"}
    server.route("/x", Reply({"rows": "many"}, rude=rude))
    with pytest.raises(Refused, match="broke off") as caught:
        live.context().http().get("/x")
    assert caught.value.reason is GapReason.TRUNCATED


def test_a_connection_that_is_reset_is_tried_again_and_in_the_end_unreachable(
    live: Any, server: ScriptedServer
) -> None:
    server.route("/x", Reply(rude="reset"), Reply({}))
    assert live.context().http().get("/x").status == 200
    server.route("/x", Reply(rude="reset"))
    with pytest.raises(Refused, match="connection was lost") as caught:
        live.context().http().get("/x")
    assert caught.value.reason is GapReason.UNREACHABLE


@pytest.mark.parametrize("packing", [gzip.compress, zlib.compress])
def test_compressed_answers_are_kept_unpacked(live: Any, server: ScriptedServer, packing: Any) -> None:
    name = "gzip" if packing is gzip.compress else "deflate"
    body = b'{"a":"' + b"x" * 1_000_000 + b'"}'
    server.route("/x", Reply(packing(body), headers={"Content-Encoding": name}))
    assert live.context().http().get("/x").body == body


def test_a_bomb_is_defused_at_the_size_limit(live: Any, server: ScriptedServer, settings: Any) -> None:
    bomb = gzip.compress(bytes(50 << 20))
    server.route("/x", Reply(bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(Refused, match="larger than 1 MB") as caught:
        live.context(settings(max_answer_mb=1)).http().get("/x")
    assert caught.value.reason is GapReason.TRUNCATED
    assert len(server.requests) == 1


def test_an_answer_that_is_too_large_is_truncated(live: Any, server: ScriptedServer, settings: Any) -> None:
    server.route("/x", Reply(bytes(2 << 20)))
    with pytest.raises(Refused, match="larger than 1 MB"):
        live.context(settings(max_answer_mb=1)).http().get("/x")


def test_what_cannot_be_unpacked_is_malformed(live: Any, server: ScriptedServer) -> None:
    server.route("/x", Reply(b"no gzip at all", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(Refused, match="cannot be decompressed") as caught:
        live.context().http().get("/x")
    assert caught.value.reason is GapReason.MALFORMED


def test_unicode_and_huge_fields_survive(live: Any, server: ScriptedServer) -> None:
    text = "ʒ🦊\u2028\u0000é" * 500_000
    server.route("/x", Reply({text[:1000]: text}))
    answer = live.context().http().get("/x", {"q": "ʒ🦊&=#"})
    assert answer.json() == {text[:1000]: text}
    assert server.requests[0].query == {"q": ["ʒ🦊&=#"]}
    assert live.store.envelopes[0][0].request["params"] == {"q": "ʒ🦊&=#"}


def test_a_client_library_gets_ordinary_responses_with_the_kept_bytes(live: Any, server: ScriptedServer) -> None:
    answer = {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "2"]}]}}
    server.route("/api/v1/query", Reply({}, 503), Reply(answer))
    server.route("/api/v1/label/job/values", Reply({"error": "no"}, 500))
    context = live.context()
    client = PrometheusConnect(url=server.url, session=context.http().session, timeout=3)
    assert client.custom_query("up") == answer["data"]["result"]
    assert len(live.time.slept) == 1
    assert live.store.envelopes[0][0].request["params"] == {"query": "up"}
    with pytest.raises(Exception, match="500"):
        client.get_label_values("job")
    assert len(live.store.envelopes) == 2


def test_an_error_under_a_client_library_is_one_of_requests_and_a_refusal(
    live: Any, server: ScriptedServer, settings: Any
) -> None:
    context = live.context(settings(max_requests=1))
    client = PrometheusConnect(url=server.url, session=context.http().session)
    server.route("/api/v1/query", Reply({"status": "success", "data": {"result": []}}))
    client.custom_query("up")
    with pytest.raises(requests.exceptions.RequestException) as caught:
        client.custom_query("up")
    assert isinstance(caught.value, Refused)
    assert caught.value.reason is GapReason.RATE_LIMITED


def test_the_answer_behind_a_response_is_found(live: Any, server: ScriptedServer) -> None:
    server.route("/x", Reply({"a": 1}))
    http = live.context().http()
    response = http.session.get(f"{server.url}/x", verify=False, timeout=1000)
    assert http.answer_of(response).body == response.content
    assert response.json() == {"a": 1}
    with pytest.raises(TypeError):
        http.answer_of(requests.Response())
