"""Repositories that are empty, damaged, hostile or not there."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import ValidationError

from auditor.testing.server import Reply, ScriptedServer
from collectors.git_docs.settings import GitDocsSettings

TOKEN = "token-canary-4711"


def only_gap(read):
    (gap,) = read.gaps
    return gap


def test_a_repository_without_a_commit_has_no_documents(repo, reading):
    read = reading(repo).pull()
    assert not read.gaps
    assert (read.run["status"], read.run["streams"]) == (
        "ok",
        ["document", "document_revision", "agreement", "target", "link"],
    )


@pytest.mark.parametrize("place", ["missing", "folder"])
def test_what_is_no_repository_is_a_failed_pull(tmp_path, reading, place):
    (tmp_path / "folder").mkdir()
    read = reading(tmp_path / place).pull()
    assert only_gap(read).reason == "not-configured"
    assert read.run["status"] == "failed"


def test_a_folder_inside_a_repository_is_not_taken_for_it(repo, reading):
    repo.commit({"docs/a.md": "# A\n"})
    assert only_gap(reading(repo.path / "docs").pull()).reason == "not-configured"


def test_a_place_where_nothing_is_names_the_setting(reading, tmp_path):
    gap = only_gap(reading(tmp_path / "missing").pull())
    assert "setting path" in gap.detail
    assert "git" not in (gap.place or "")


@pytest.mark.parametrize("settings", [{"branch": "release"}, {}])
def test_a_missing_branch_is_said_and_not_taken_for_no_documents(repo, reading, settings):
    repo.commit({"a.md": "# A\n"})
    if not settings:
        repo.git("symbolic-ref", "HEAD", "refs/heads/nowhere")
    gap = only_gap(reading(repo, **settings).pull())
    assert gap.reason == "not-configured"
    assert "branch" in gap.detail


def damage(repo, object_id):
    place = repo.path / ".git" / "objects" / object_id[:2] / object_id[2:]
    place.chmod(0o600)
    place.write_bytes(b"no object at all")


def test_a_damaged_document_is_a_gap_and_the_others_are_read(repo, reading):
    for number in range(9):
        repo.commit({f"{number}.md": f"# {number}\n"})
    damage(repo, repo.git("rev-parse", "HEAD:4.md"))
    read = reading(repo).pull()
    assert len(read.rows("document")) == 8
    assert len(read.rows("document_revision")) == 8
    assert {(gap.stream, gap.reason) for gap in read.gaps} == {
        ("document", "malformed"),
        ("document_revision", "malformed"),
    }
    assert read.run["status"] == "partial"
    assert not read.cursors


def test_a_damaged_older_version_costs_its_own_revisions_only(repo, reading):
    commits = [repo.commit({"a.md": f"# A\n\ntext {number}\n"}) for number in range(6)]
    damage(repo, repo.git("rev-parse", f"{commits[2]}:a.md"))
    read = reading(repo).pull()
    assert {row["version"] for row in read.revisions("a.md")} == set(commits) - {commits[2], commits[3]}
    assert {gap.place for gap in read.gaps} == {commits[2], commits[3]}


def test_a_damaged_commit_fails_the_history(repo, reading):
    first = repo.commit({"a.md": "# A\n"})
    repo.commit({"a.md": "# A\nb\n"})
    damage(repo, first)
    read = reading(repo).pull()
    assert read.run["status"] in ("failed", "partial")
    assert read.gaps


def test_the_configuration_of_a_repository_runs_nothing(repo, reading, tmp_path):
    repo.commit({"a.md": "# A\n", ".gitattributes": "*.md diff=evil filter=evil\n"})
    repo.commit({"a.md": "# A\nb\n"})
    ran = tmp_path / "ran"
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {ran}\ncat\n")
    evil.chmod(0o700)
    for name in (
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "filter.evil.smudge",
        "core.fsmonitor",
        "core.pager",
        "gpg.program",
    ):
        repo.git("config", name, str(evil))
    repo.git("config", "log.showSignature", "true")
    repo.git("config", "core.attributesFile", str(repo.path / ".gitattributes"))
    (repo.path / ".git" / "info" / "attributes").write_text("*.md diff=evil\n")
    read = reading(repo).pull()
    assert len(read.revisions("a.md")) == 2
    assert not ran.exists()


def test_missing_objects_of_a_partial_clone_are_not_fetched(repo, reading, tmp_path):
    repo.commit({"a.md": "# A\n"})
    repo.commit({"a.md": "# A\nb\n"})
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{repo.path}", str(tmp_path / "partial"))
    ran = tmp_path / "ran"
    subprocess.run(["git", "config", "remote.origin.url", f"ext::touch {ran}"], cwd=tmp_path / "partial", check=True)
    subprocess.run(["git", "config", "protocol.allow", "always"], cwd=tmp_path / "partial", check=True)
    read = reading(tmp_path / "partial").pull()
    assert not read.rows("document")
    assert read.gaps
    assert not ran.exists()


def test_replaced_objects_do_not_replace_history(repo, reading):
    true = repo.commit({"a.md": "# True\n"})
    repo.git("checkout", "-q", "--orphan", "other")
    false = repo.commit({"a.md": "# False\n"})
    repo.git("checkout", "-q", "main")
    repo.git("replace", true, false)
    assert reading(repo).pull().document("a.md")["title"] == "True"


def test_a_repository_of_another_user_can_be_read(repo, reading):
    repo.commit({"a.md": "# A\n"})
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    subprocess.run(["chown", "-R", "65534:65534", str(repo.path)], check=True)
    assert len(reading(repo).pull().rows("document")) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"url": "https://git.example.org/a", "path": "x"},
        {"url": "https://user:password@git.example.org/a"},
        {"url": "http://git.example.org/a"},
        {"url": "ext::sh -c true"},
        {"url": "--upload-pack=true"},
        {"url": "git@example.org:a/b"},
        {"url": "file:///etc"},
        {"path": "x", "branch": "--all"},
        {"path": "x", "branch": "a..b"},
        {"path": "x", "token": "t"},
        {"path": "x", "include": ()},
    ],
)
def test_unsafe_settings_are_refused(settings):
    with pytest.raises(ValidationError):
        GitDocsSettings(**settings)


class _GitServer(BaseHTTPRequestHandler):
    """Serves a repository by git's own program; without the right credentials, 401."""

    root: Path

    def do_GET(self):
        self.serve(b"")

    def do_POST(self):
        self.serve(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def serve(self, body):
        wanted = "Basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
        if self.headers.get("Authorization") != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        env = {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True, check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        self.send_response(200)
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def git_url(repo):
    handler = type("Handler", (_GitServer,), {"root": repo.path})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/.git"
    server.shutdown()
    server.server_close()


def test_a_url_is_cloned_with_a_token_that_is_seen_nowhere(repo, reading, git_url, sla, tmp_path):
    repo.commit({"a.md": sla})
    repo.commit({"a.md": sla + "x\n"})
    read = reading(git_url, token=TOKEN).pull()
    assert not read.gaps
    assert len(read.revisions("a.md")) == 2
    encoded = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    shown = read.memory.everything + repr(read.told) + read.cursors["document_revision"]
    assert TOKEN not in shown
    assert encoded not in shown
    assert str(tmp_path) not in shown
    assert not list((tmp_path / "private").iterdir())
    read.pull()
    assert not read.memory.added


def test_a_refused_token_is_unauthorised_and_seen_nowhere(repo, reading, git_url):
    repo.commit({"a.md": "# A\n"})
    for settings in ({}, {"token": "wrong-canary-1234"}):
        read = reading(git_url, **settings).pull()
        assert only_gap(read).reason == "unauthorised"
        assert read.run["status"] == "failed"
        assert "wrong-canary-1234" not in read.memory.everything


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, "unauthorised"), (403, "forbidden"), (404, "not-configured"), (429, "rate-limited"), (503, "server-error")],
)
def test_what_a_server_says_becomes_the_right_gap(reading, status, reason):
    with ScriptedServer() as server:
        server.route("/a.git/info/refs", Reply("no", status))
        read = reading(f"{server.url}/a.git").pull()
    assert only_gap(read).reason == reason


def test_a_redirect_does_not_carry_the_token_away(reading):
    with ScriptedServer() as other, ScriptedServer() as server:
        server.route("/a.git/info/refs", Reply("", 302, {"Location": f"{other.url}/a.git/info/refs"}))
        read = reading(f"{server.url}/a.git", token=TOKEN).pull()
        assert not other.requests
    assert read.gaps


def test_a_server_that_is_not_there_is_unreachable(reading):
    with ScriptedServer() as server:
        url = server.url
    assert only_gap(reading(f"{url}/a.git").pull()).reason == "unreachable"


def test_the_time_of_a_pull_is_limited(reading):
    with ScriptedServer() as server:
        server.route("/a.git/info/refs", Reply("", 200, delay_s=5))
        read = reading(f"{server.url}/a.git", deadline_s=0.3).pull()
    assert only_gap(read).reason == "timed-out"


def test_check_says_what_a_pull_would_meet(repo, reading, tmp_path):
    head = repo.commit({"a.md": "# A\n"})
    checks = reading(repo).check()
    assert [(check.what, check.ok) for check in checks] == [("repository", True)]
    assert head[:12] in checks[0].detail
    assert not reading(tmp_path / "missing").check()[0].ok
    assert not reading(repo, branch="nowhere").check()[0].ok


def test_check_asks_a_url_with_the_token(repo, reading, git_url):
    repo.commit({"a.md": "# A\n"})
    assert [check.ok for check in reading(git_url, token=TOKEN).check()] == [True]
    (refused,) = reading(git_url, token="wrong").check()
    assert not refused.ok
    assert "credentials" in refused.detail
