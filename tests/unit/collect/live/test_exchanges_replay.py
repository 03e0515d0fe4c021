"""A replay answers everything from what was kept, with the network closed, and gives what the live pull gave."""

from __future__ import annotations

import socket
import sys
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from prometheus_api_client import PrometheusConnect
from pydantic import SecretStr

from auditor.api import GapReason, LiveSettings, Redaction, Refused
from auditor.collect.context import Context
from auditor.collect.replaying import Replay
from auditor.errors import IntegrityError
from auditor.testing.server import Reply, ScriptedServer

PEOPLE = Redaction(frozenset({"assignee"}), "person")


def tried(ask: Any) -> Any:
    """What a collector hears: an answer, or the refusal."""
    try:
        return ask()
    except Refused as refused:
        return refused.reason, refused.detail, refused.place, refused.status, refused.answer


def pull(context: Context, url: str, folder: Path) -> list[Any]:
    """All that a collector can do, and all that it hears."""
    http = context.http()
    client = PrometheusConnect(url=url, session=http.session)
    own = context.folder(folder)
    program = [sys.executable, "-c", "import sys, os; print(sys.stdin.read(), os.path.basename(sys.argv[1]))"]
    heard: list[Any] = [tried(partial(http.get, "/page", {"n": number})) for number in "122"]
    heard.append(tried(lambda: http.get("/forbidden")))
    heard.append(tried(lambda: http.get("/gone", allow=[404])))
    heard.append(tried(lambda: http.get("/half")))
    heard.append(tried(lambda: http.get("/moved")))
    heard.append(tried(lambda: http.get("/busy")))
    heard.append(tried(lambda: http.post("/page", form={"q": "x"})))
    heard.append(tried(lambda: http.post("/page", json={"q": "x"})))
    heard.append(client.custom_query("up"))
    heard.append(tried(lambda: client.custom_query("broken")))
    heard.append(tried(lambda: context.command([*program, str(own / "a")], cwd=own, stdin=b"ask")))
    heard.append(tried(lambda: context.command([*program[:2], "import sys; sys.exit('no ' + sys.argv[1])", str(own)])))
    heard.append(tried(lambda: context.command(["no-such-program"])))
    heard.append(context.cursor("ticket"))
    heard.append(context.cursor("event"))
    heard.append(context.pseudonym("Person"))
    return heard


@pytest.fixture
def scripted(server: ScriptedServer) -> ScriptedServer:
    server.route("/page", Reply({"assignee": "Canary", "n": 1}), Reply({"n": "2 first"}), Reply({"n": "2 then"}))
    server.route("/forbidden", Reply({"error": "no"}, 403))
    server.route("/gone", Reply({"error": "gone"}, 404))
    server.route("/half", Reply({"rows": 1}, rude="half"))
    server.route("/moved", Reply(status=302, headers={"Location": "/page?moved=1"}))
    server.route("/busy", Reply({}, 503), Reply({"ok": 1}))
    query = {"status": "success", "data": {"result": [1]}}
    server.route("/api/v1/query", Reply(query), Reply(rude="reset"))
    return server


def test_a_replay_hears_what_the_live_pull_heard(
    live: Any, scripted: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "evidence"
    folder.mkdir()
    settings = LiveSettings(url=scripted.url, token=SecretStr("canary-token"))
    context = live.context(settings, redactions=(PEOPLE,), cursors={"ticket": "2026-01-01"})
    heard = pull(context, scripted.url, folder)
    lines = live.log(context)
    asked, slept, kept = len(scripted.requests), len(live.time.slept), dict(live.store.payloads)

    def no_network(*_: Any, **__: Any) -> Any:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", no_network)
    monkeypatch.setattr(socket, "create_connection", no_network)
    monkeypatch.setattr("subprocess.Popen", no_network)
    # Neither the credentials nor the folder need to be there any more.
    folder.rmdir()
    again = live.context(LiveSettings(url=scripted.url), redactions=(PEOPLE,), replay=live.replay(lines))
    assert pull(again, scripted.url, folder) == heard
    assert again.kept <= context.kept
    assert live.log(again) == lines
    assert live.store.payloads == kept
    assert again.kept == context.kept
    assert (len(scripted.requests), len(live.time.slept)) == (asked, slept)
    assert "anary" not in live.store.everything


def test_equal_requests_get_their_answers_in_the_recorded_order(live: Any, scripted: ScriptedServer) -> None:
    http = (context := live.context()).http()
    bodies = [http.get("/page", {"n": "1"}).body for _ in range(3)]
    other = http.get("/page", {"n": "2"}).body
    again = live.context(replay=live.replay(live.log(context))).http()
    assert again.get("/page", {"n": "2"}).body == other
    assert [again.get("/page", {"n": "1"}).body for _ in range(3)] == bodies
    with pytest.raises(Refused, match="not asked that often in the recorded run"):
        again.get("/page", {"n": "1"})


def test_what_was_not_asked_is_not_answered(live: Any, server: ScriptedServer) -> None:
    context = live.context(replay=live.replay([]))
    for ask in (lambda: context.http().get("/x"), lambda: context.command(["echo"])):
        with pytest.raises(Refused, match="not asked in the recorded run") as caught:
            ask()
        assert caught.value.reason is GapReason.UNREACHABLE
    assert server.requests == []


def test_refusals_of_budget_and_deadline_are_replayed(live: Any, server: ScriptedServer) -> None:
    server.route("/x", Reply({}))
    settings = LiveSettings(url=server.url, max_requests=1)
    context = live.context(settings)
    heard = [tried(lambda: context.http().get("/x")) for _ in range(3)]
    again = live.context(settings, replay=live.replay(live.log(context)))
    assert [tried(lambda: again.http().get("/x")) for _ in range(3)] == heard


def test_the_log_has_one_numbered_entry_per_exchange_and_is_kept_as_one_payload(
    live: Any, scripted: ScriptedServer
) -> None:
    context = live.context()
    http = context.http()
    http.get("/busy")
    tried(lambda: http.get("/half"))
    lines = live.log(context)
    first, second = map(orjson.loads, lines)
    assert first["n"] == 1
    assert first["request"] == {"method": "GET", "url": f"{scripted.url}/busy", "params": {}}
    assert (first["status"], first["fetched_at"]) == (200, "2026-01-01T12:00:00+00:00")
    assert first["headers"].keys() == {"content-type", "date"}
    assert first["payload"]["sha256"] in live.store.payloads
    assert second["error"]["reason"] == "truncated"
    envelope, sha256 = live.store.envelopes[-1]
    assert (envelope.request, envelope.media_type) == ({"kind": "exchange-log"}, "application/x-ndjson")
    assert sha256 in context.kept


def test_a_pull_without_exchanges_keeps_no_log(live: Any) -> None:
    context = live.context()
    context.scratch()
    assert context.finish() is None
    assert live.context().finish() is None


@pytest.mark.parametrize(
    "line",
    [b"no json", b"[]", b"{}", b'{"request":{}}', b'{"request":{},"fetched_at":"x","status":200}', b'{"file":"x"}'],
)
def test_a_log_that_is_damaged_is_one_clear_error(line: bytes) -> None:
    with pytest.raises(IntegrityError, match="exchange log"):
        Replay([line], lambda _: b"")


def test_a_payload_that_is_not_the_recorded_one_is_found(live: Any, server: ScriptedServer) -> None:
    server.route("/x", Reply({}))
    context = live.context()
    context.http().get("/x")
    replay = Replay(live.log(context), lambda _: b"forged")
    with pytest.raises(IntegrityError, match="holds other bytes"):
        live.context(replay=replay).http().get("/x")
