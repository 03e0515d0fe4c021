"""What lies between us and a source: names, certificates, proxies, redirects; none of it sees a credential too many."""

from __future__ import annotations

import base64
import shutil
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest

from auditor.api import GapReason, LiveSettings, Refused
from auditor.testing.server import Received, Reply, ScriptedServer

BASIC = "Basic " + base64.b64encode(b"reader:pa\xc3\x9fword").decode()


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 by an authority of our own, and one for another host."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: TLS with an authority of one's own is not tested")
    folder = tmp_path_factory.mktemp("pki")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *ec, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca", "-days", "2")
    for name, subject in (("good", "IP:127.0.0.1"), ("other", "DNS:other.example.org")):
        openssl("req", *ec, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=x")
        (folder / f"{name}.ext").write_text(f"subjectAltName={subject}")
        signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext"]
        openssl("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.crt", *signing)
        both = (folder / f"{name}.key").read_text() + (folder / f"{name}.crt").read_text()
        (folder / f"{name}.pem").write_text(both)
    return folder


def refused(live: Any, settings: LiveSettings, path: str = "/x") -> Refused:
    with pytest.raises(Refused) as caught:
        live.context(settings).http().get(path)
    return caught.value


def test_a_certificate_of_an_authority_of_ones_own_is_trusted_when_it_is_named(live: Any, pki: Path) -> None:
    with ScriptedServer(pki / "good.pem") as server:
        server.route("/x", Reply({"a": 1}))
        settings = LiveSettings(url=server.url, ca_file=pki / "ca.pem")
        assert live.context(settings).http().get("/x").json() == {"a": 1}


def test_a_certificate_that_is_not_trusted_says_the_cure(live: Any, pki: Path) -> None:
    with ScriptedServer(pki / "good.pem") as server:
        error = refused(live, LiveSettings(url=server.url))
    assert error.reason is GapReason.UNREACHABLE
    assert "ca_file" in error.detail
    assert "certificate is not trusted" in error.detail
    assert live.time.slept == []


def test_a_client_library_cannot_turn_the_check_of_certificates_off(live: Any, pki: Path) -> None:
    with ScriptedServer(pki / "good.pem") as server:
        server.route("/x", Reply({}))
        session = live.context(LiveSettings(url=server.url)).http().session
        session.verify = False
        with pytest.raises(Refused, match="not trusted"):
            session.get(f"{server.url}/x", verify=False)
        assert server.requests == []


def test_a_certificate_for_another_host_is_refused(live: Any, pki: Path) -> None:
    with ScriptedServer(pki / "other.pem") as server:
        error = refused(live, LiveSettings(url=server.url, ca_file=pki / "ca.pem"))
    assert "IP address mismatch" in error.detail


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_cannot_be_used_is_named(live: Any, server: Any, tmp_path: Path, content: str | None) -> None:
    ca_file = tmp_path / "ours.pem"
    if content:
        ca_file.write_text(content)
    error = refused(live, LiveSettings(url=server.url, ca_file=ca_file))
    assert (error.reason, "ours.pem" in error.detail) == (GapReason.UNREACHABLE, True)


def test_https_where_http_is_spoken_is_told(live: Any, server: ScriptedServer) -> None:
    error = refused(live, LiveSettings(url=server.url.replace("http:", "https:")))
    assert "wrong scheme" in error.detail


def test_nobody_listening_is_unreachable_after_retries(live: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        error = refused(live, LiveSettings(url=f"http://127.0.0.1:{free.getsockname()[1]}"))
    assert (error.reason, len(live.time.slept)) == (GapReason.UNREACHABLE, 4)
    assert "refused" in error.detail


def test_a_host_that_is_not_known_is_unreachable(live: Any) -> None:
    error = refused(live, LiveSettings(url="http://nowhere.invalid"))
    assert (error.reason, error.detail) == (GapReason.UNREACHABLE, "the name of the host is not known")


@pytest.mark.parametrize("url", ["", "prometheus:9090", "ftp://x", "http://", "http://x:notaport", "http://[::1"])
def test_an_address_that_is_none_is_not_configured(live: Any, url: str) -> None:
    assert refused(live, LiveSettings(url=url)).reason is GapReason.NOT_CONFIGURED


def test_a_token_that_no_header_can_carry_is_told_without_the_token(live: Any, server: ScriptedServer) -> None:
    for token in ("canary\r\nX: 1", "canary-ʒ"):
        error = refused(live, LiveSettings(url=server.url, token=token))
        assert (error.reason, "canary" in error.detail) == (GapReason.NOT_CONFIGURED, False)


def test_something_that_speaks_no_http_is_unreachable(live: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings = LiveSettings(url=f"http://127.0.0.1:{listener.getsockname()[1]}", max_requests=1)

        def speak() -> None:
            connection, _ = listener.accept()
            connection.recv(1000)
            connection.sendall(b"SSH-2.0-OpenSSH_9\r\n")
            connection.close()

        threading.Thread(target=speak, daemon=True).start()
        error = refused(live, settings)
    assert (error.reason, error.detail) == (GapReason.UNREACHABLE, "what answers there does not speak HTTP")


@pytest.mark.parametrize(
    ("more", "header"),
    [
        ({"username": "reader", "password": "paßword"}, BASIC),
        ({"token": "canary-token"}, "Bearer canary-token"),
        ({"username": "reader"}, "Basic cmVhZGVyOg=="),
        ({}, None),
    ],
)
def test_credentials_go_in_the_header_of_the_source(
    live: Any, server: ScriptedServer, settings: Any, more: dict[str, str], header: str | None
) -> None:
    server.route("/x", Reply({}))
    live.context(settings(**more)).http().get("/x")
    assert server.requests[0].headers.get("authorization") == header


def test_credentials_in_the_address_are_used_and_never_shown(live: Any, server: ScriptedServer) -> None:
    server.route("/x", Reply({}))
    url = server.url.replace("://", "://reader:canary-in-url@")
    answer = live.context(LiveSettings(url=url)).http().get("/x")
    assert server.requests[0].headers["authorization"] == "Basic " + base64.b64encode(b"reader:canary-in-url").decode()
    assert answer.place == f"{server.url}/x"
    assert "canary" not in live.store.everything


def test_a_redirect_to_another_host_takes_no_credentials_along_and_counts(live: Any, server: ScriptedServer) -> None:
    with ScriptedServer() as other:
        other.route("/there", Reply({"here": 1}))
        server.route("/x", Reply(status=302, headers={"Location": f"{other.url}/there?a=1"}))
        context = live.context(LiveSettings(url=server.url, token="canary-token"))
        answer = context.http().get("/x", headers={"PRIVATE-TOKEN": "canary-header"})
        assert answer.json() == {"here": 1}
        assert answer.place == f"{other.url}/there?a=1"
        assert context.limits.requests == 2
    (there,) = other.requests
    assert "canary" not in repr(there)
    assert server.requests[0].headers["private-token"] == "canary-header"


def test_a_redirect_within_the_source_keeps_the_credentials(live: Any, server: ScriptedServer) -> None:
    server.route("/x", Reply(status=307, headers={"Location": "/y"}))
    server.route("/y", Reply({}))
    live.context(LiveSettings(url=server.url, token="canary-token")).http().get("/x")
    assert server.requests[1].headers["authorization"] == "Bearer canary-token"


def test_redirects_without_end_are_left(live: Any, server: ScriptedServer) -> None:
    server.route("/x", Reply(status=302, headers={"Location": "/x"}))
    error = refused(live, LiveSettings(url=server.url))
    assert (error.reason, len(server.requests)) == (GapReason.UNREACHABLE, 11)


@pytest.mark.parametrize("location", ["http://", "ftp://x/y", "http://[bad", "file:///etc/passwd"])
def test_a_redirect_to_nowhere_is_a_refusal(live: Any, server: ScriptedServer, location: str) -> None:
    server.route("/x", Reply(status=302, headers={"Location": location}))
    assert isinstance(refused(live, LiveSettings(url=server.url)), Refused)


def test_a_full_address_of_another_host_is_not_asked(live: Any, server: ScriptedServer) -> None:
    error = refused(live, LiveSettings(url=server.url), "http://169.254.169.254/latest/meta-data?token=canary-x")
    assert error.reason is GapReason.NOT_SUPPORTED
    assert "canary" not in str(error.place)


def test_a_proxy_gets_every_request_and_its_own_credentials(live: Any) -> None:
    with ScriptedServer() as proxy:
        proxy.route("/x", Reply({"through": "proxy"}))
        address = proxy.url.replace("://", "://joe:canary-proxy@")
        settings = LiveSettings(url="http://inside.invalid", proxy=address, token="canary-token")
        assert live.context(settings).http().get("/x").json() == {"through": "proxy"}
        (request,) = proxy.requests
        assert request.target == "http://inside.invalid/x"
        assert request.headers["proxy-authorization"] == "Basic " + base64.b64encode(b"joe:canary-proxy").decode()
    assert "canary" not in live.store.everything


def test_a_proxy_that_refuses_or_is_not_there_is_told(live: Any) -> None:
    with ScriptedServer() as proxy:
        proxy.route("", Reply({}, 407))
        settings = LiveSettings(url="https://inside.invalid", proxy=proxy.url)
        error = refused(live, settings)
        assert (error.reason, error.detail) == (GapReason.UNREACHABLE, "the proxy refuses the connection (proxy)")
        assert live.time.slept == []
    error = refused(live, LiveSettings(url="http://inside.invalid", proxy="http://127.0.0.1:9"))
    assert error.detail == "the proxy cannot be reached (proxy)"


def test_proxies_of_the_environment_are_not_used(
    live: Any, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    server.route("/x", Reply({}))
    assert live.context(LiveSettings(url=server.url)).http().get("/x").status == 200


def echo(request: Received) -> Reply:
    """A server that gives everything back, as debug pages do."""
    coded = request.headers["authorization"].removeprefix("Basic ").removeprefix("Bearer ")
    plain = base64.b64decode(coded + "==", validate=False).decode("utf-8", "replace") if coded.isalnum() else coded
    return Reply(
        {"error": f"no access for {coded} ({plain})", "headers": dict(request.headers), "plain": plain},
        403 if "denied" in request.path else 200,
        {"Location": f"http://x/?secret={coded}", "Link": f"<http://x/?a={coded}>", "X-RateLimit-Reset": coded},
    )


@pytest.mark.parametrize(
    "credentials",
    [
        {"token": "canary-t0ken"},
        {"username": "canaryuser", "password": "canarypassword"},
        {"username": "reader", "password": 'canary"\\ßä/+'},
    ],
)
def test_secrets_stand_nowhere_even_where_the_source_gives_them_back(
    live: Any, server: ScriptedServer, settings: Any, credentials: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    secret = credentials.get("token") or credentials["password"]
    coded = base64.b64encode(f"{credentials.get('username')}:{secret}".encode()).decode().rstrip("=")
    server.route("/ok", echo)
    server.route("/denied", echo)
    context = live.context(settings(**credentials))
    http = context.http()
    answer = http.get("/ok", {"q": secret})
    response = http.session.get(f"{server.url}/ok")
    with pytest.raises(Refused) as caught:
        http.get("/denied", {"token": "canary-query", "q": secret})
    context.progress(f"reading with {secret}")
    shown = [repr(answer), repr(caught.value.__dict__), str(caught.value), response.text, repr(response.headers)]
    shown += [live.store.everything, repr(live.told), *map(bytes.decode, live.log(context))]
    for text in shown:
        assert secret not in text
        assert coded not in text
        assert secret.replace('"', '\\"') not in text
        assert "canary-query" not in text
    assert "***" in answer.body.decode()
    assert answer.json()["plain"] == "***" or credentials.get("username") is not None
    assert live.store.envelopes[0][0].request["secrets_hidden"] >= 1
    # urllib3 logs the addresses of requests; what the test put into one itself is not its affair.
    assert coded not in caplog.text


def test_an_address_that_the_source_sends_us_to_is_recorded_without_credentials(
    live: Any, server: ScriptedServer
) -> None:
    there = (
        server.url.replace("://", "://joe:canary-user@")
        + "/there?access_token=canary-access&SAMLResponse=canary-sso&n=1"
    )
    server.route("/x", Reply(status=302, headers={"Location": there}))
    server.route("/there", Reply({}))
    context = live.context()
    assert context.http().get("/x").status == 200
    assert "canary" not in live.store.everything + repr(live.log(context))
    assert live.store.envelopes[1][0].request["params"] == {
        "access_token": "***",
        "SAMLResponse": "***",
        "n": "1",
    }


def test_many_threads_share_one_budget_and_one_log(live: Any, server: ScriptedServer, settings: Any) -> None:
    server.route("/x", Reply({}))
    context = live.context(settings(max_requests=40))
    http = context.http()

    def ask(number: int) -> bool:
        try:
            return http.get("/x", {"n": str(number)}).status == 200
        except Refused:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(60))) == 40
    entries = [orjson.loads(line) for line in live.log(context)]
    assert [entry["n"] for entry in entries] == list(range(1, 61))
    assert len(server.requests) == 40
