"""What a second pull reads, and what it leaves alone."""

from __future__ import annotations

from datetime import UTC, datetime

from auditor.collect.replaying import Replay

T = datetime(2026, 1, 1, tzinfo=UTC)


def commands(memory, since=0):
    requests = [envelope.request for envelope in memory.envelopes[since:]]
    return [list(request["command"]) for request in requests if "command" in request]


def test_a_second_pull_of_an_unchanged_repository_adds_nothing(repo, reading, sla):
    repo.commit({"a.md": sla, "b.md": "# B\n"})
    read = reading(repo).pull()
    kept, asked = len(read.memory.payloads), len(read.memory.envelopes)
    cursor = read.cursors["document_revision"]
    read.pull()
    assert not read.memory.added
    assert not read.gaps
    assert read.cursors["document_revision"] == cursor
    words = {word for command in commands(read.memory, asked) for word in command}
    assert not words & {"cat-file", "diff-tree", "rev-list"}
    assert len(read.memory.payloads) == kept + 1  # the log of its questions


def test_a_second_pull_reads_only_what_is_new(repo, reading, sla):
    repo.commit({"a.md": sla, "b.md": "# B canary-of-b\n"})
    read = reading(repo).pull()
    first = set(read.memory.payloads)
    repo.commit({"a.md": sla + "\nmore\n"})
    read.pull()
    assert sorted(row.stream for row in read.memory.added) == ["document", "document_revision"]
    assert len(read.revisions("a.md")) == 2
    new = b"".join(read.memory.payloads[sha256] for sha256 in read.memory.payloads.keys() - first)
    assert b"canary-of-b" not in new


def test_two_pulls_give_what_one_gives(repo, reading, sla):
    repo.commit({"a.md": sla, "b.md": "# B\n", "c.md": "# C\n\n" + "words of c\n" * 9})
    twice = reading(repo).pull()
    repo.git("mv", "a.md", "moved.md")
    repo.commit({"b.md": "# B\n\nmore\n", "new.md": "# New\n"})
    repo.git("mv", "c.md", "d.md")
    repo.commit({"moved.md": sla.replace("99.5", "99.7")})
    twice.pull()
    once = reading(repo).pull()
    ids = {"moved.md": "a.md", "d.md": "c.md"}
    for stream in ("document", "document_revision"):
        renamed = [{**row, "doc_id": ids.get(row["doc_id"], row["doc_id"])} for row in once.rows(stream)]
        assert sorted(map(str, renamed)) == sorted(map(str, twice.rows(stream)))


def test_a_document_keeps_its_id_and_history_when_it_is_renamed(repo, reading, sla):
    repo.commit({"a.md": sla})
    read = reading(repo).pull()
    created = read.document("a.md")["created"]
    repo.git("mv", "a.md", "b.md")
    repo.commit()
    repo.commit({"a.md": "# Another one under the old name\n"})
    read.pull()
    assert {row["doc_id"] for row in read.rows("document")} == {"a.md", "a.md#2"}
    assert read.document("a.md")["created"] == created
    assert read.document("a.md")["title"] == "Checkout agreement"
    assert len(read.revisions("a.md")) == 2
    repo.commit({"b.md": sla + "\nend\n"})
    read.pull()
    assert len(read.revisions("a.md")) == 3
    assert read.document("a.md")["updated"] > created


def test_documents_that_are_gone_are_swept(repo, reading):
    repo.commit({"a.md": "# A\n", "b.md": "# B\n"})
    read = reading(repo).pull()
    repo.git("rm", "-q", "b.md")
    repo.commit()
    read.pull()
    assert read.memory.pulls[-1].swept == {"document": frozenset({"a.md"})}
    assert not read.gaps


def test_a_history_written_anew_is_read_again_and_said(repo, reading, sla):
    repo.commit({"a.md": sla})
    repo.commit({"a.md": sla + "x\n"})
    read = reading(repo).pull()
    repo.git("mv", "a.md", "b.md")
    repo.commit()
    read.pull()
    lost = repo.git("rev-parse", "HEAD")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.git("mv", "a.md", "b.md")
    repo.commit({"b.md": sla + "y\n"})
    read.pull()
    (gap,) = read.gaps
    assert (gap.stream, gap.reason, gap.place, gap.hides_rows) == ("document_revision", "malformed", lost, 0)
    assert [row["doc_id"] for row in read.rows("document")] == ["a.md"]
    assert len(read.revisions("a.md")) == 4


def test_other_settings_read_everything_again(repo, reading):
    repo.commit({"a.md": "# A\n", "b.rst": "B\n=\n"})
    read = reading(repo, include=("*.md",)).pull()
    assert len(read.rows("document")) == 1
    wider = reading(repo, include=("*.md", "*.rst"))
    wider.pull(memory=read.memory)
    assert len(wider.rows("document")) == 2
    assert {row["doc_id"] for row in wider.rows("document_revision")} == {"a.md", "b.rst"}


def test_a_change_that_was_taken_back_leaves_its_revisions(repo, reading, sla):
    repo.commit({"a.md": sla})
    read = reading(repo).pull()
    repo.commit({"a.md": "# nothing left\n"})
    repo.commit({"a.md": sla})
    read.pull()
    assert len(read.revisions("a.md")) == 3
    assert not read.gaps


def test_a_replay_gives_the_same_without_the_repository(repo, reading, sla):
    repo.commit({"a.md": sla, "l.md": b"\xff"})
    repo.commit({"a.md": sla + "x\n"})
    live = reading(repo).pull()
    log = next(
        data for data in live.memory.payloads.values() if data.startswith(b'{"n":1,') or b'"cursor":"document' in data
    )
    repo.path.rename(repo.path.with_name("away"))
    again = reading(repo)
    again.pull(replay=Replay(log.splitlines(), live.memory.payloads.__getitem__))
    assert {ref: row.sha256 for ref, row in again.memory.rows.items()} == {
        ref: row.sha256 for ref, row in live.memory.rows.items()
    }
    assert again.gaps == live.gaps
    assert dict(again.run) == dict(live.run)
