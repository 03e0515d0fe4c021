"""What the files of a repository become as documents."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

T = datetime(2026, 1, 1, tzinfo=UTC)


def test_front_matter_and_first_heading_describe_a_document_and_git_says_when(repo, reading, sla):
    repo.commit({"sla/checkout.md": sla}, at=datetime(2025, 3, 1, 10, tzinfo=UTC))
    repo.commit({"sla/checkout.md": sla.replace("30 minutes", "15 minutes")}, at=datetime(2025, 9, 1, 10, tzinfo=UTC))
    repo.commit({"notes/a.adoc": "= Notes of the team\n:owner: other@example.org\n:status: draft\n\nText here.\n"})
    read = reading(repo).pull()
    checkout = read.document("sla/checkout.md")
    assert checkout["title"] == "Checkout agreement"
    assert (checkout["kind"], checkout["kind_conf"]) == ("agreement", 1.0)
    assert (checkout["created"], checkout["updated"]) == ("2025-03-01T10:00:00Z", "2025-09-01T10:00:00Z")
    assert checkout["service_ids"] == ["checkout"]
    assert checkout["labels"] == ["slm-process", "capacity"]
    assert checkout["status"] == "current"
    assert (checkout["approved_at"], checkout["review_due"]) == ("2025-06-01T00:00:00Z", "2026-06-01")
    assert checkout["owner"].startswith("p-")
    assert checkout["words"] == 34
    notes = read.document("notes/a.adoc")
    assert (notes["title"], notes["status"], notes["kind"], notes["kind_conf"]) == (
        "Notes of the team",
        "draft",
        "other",
        None,
    )
    assert not read.gaps
    assert read.run["status"] == "ok"


def test_the_owner_in_front_matter_is_the_person_that_commits(repo, reading, sla):
    repo.commit({"a.md": sla}, author="Owner <OWNER@example.org>")
    read = reading(repo).pull()
    assert read.document("a.md")["owner"] == read.revisions("a.md")[0]["author"]


def test_titles_come_from_every_format(repo, reading):
    repo.commit(
        {
            "a.md": "Setext title\n============\n\ntext\n",
            "b.rst": "=====\nOver\n=====\n\n",
            "c.rst": "Plain reST\n----------\n\ntext\n",
            "d.html": "<html><meta name='owner' content='x@example.org'><title>Web &amp; page</title></html>",
            "e.txt": "no heading at all\n",
            "f.md": "+++\ntitle = 'Toml'\ntags = ['one', 'two']\n+++\n# Other\n",
            "g.MD": "# Upper case ending ##\n",
        }
    )
    read = reading(repo).pull()
    titles = {row["doc_id"]: row["title"] for row in read.rows("document")}
    assert titles == {
        "a.md": "Setext title",
        "b.rst": "Over",
        "c.rst": "Plain reST",
        "d.html": "Web & page",
        "e.txt": None,
        "f.md": "Toml",
        "g.MD": "Upper case ending",
    }
    assert read.document("d.html")["owner"].startswith("p-")
    assert read.document("f.md")["labels"] == ["one", "two"]


def test_a_row_points_to_exactly_the_text_of_its_document(repo, reading, sla):
    repo.commit({"a.md": sla, "copy.md": sla, "sub/ü.txt": "Grüße\nzwei"})
    read = reading(repo).pull()
    assert read.proof("document", doc_id="a.md") == sla.encode()
    assert read.proof("document", doc_id="copy.md") == sla.encode()
    assert read.proof("document", doc_id="sub/ü.txt") == "Grüße\nzwei".encode()


def test_globs_decide_what_is_a_document(repo, reading):
    repo.commit({"docs/a.md": "# A\n", "src/b.md": "# B\n", "docs/old/c.md": "# C\n", "main.py": "print()\n"})
    read = reading(repo, include=("docs/**/*.md",), exclude=("docs/old/**",)).pull()
    assert [row["doc_id"] for row in read.rows("document")] == ["docs/a.md"]
    assert {row["doc_id"] for row in read.rows("document_revision")} == {"docs/a.md"}


def test_a_folder_can_say_that_a_document_is_not_in_force(repo, reading, sla):
    repo.commit({"archive/a.md": "# A\n", "drafts/b.md": "# B\n", "c.md": "# C\n", "archive/d.md": sla})
    states = {row["doc_id"]: row["status"] for row in reading(repo).pull().rows("document")}
    assert states == {"archive/a.md": "archived", "drafts/b.md": "draft", "c.md": "current", "archive/d.md": "current"}


def test_links_out_of_the_tree_are_not_followed(repo, reading, tmp_path):
    secret = tmp_path / "secret.md"
    secret.write_text("# canary-in-another-folder\n")
    (repo.path / "link.md").symlink_to(secret)
    repo.commit({"a.md": "# A\n"})
    read = reading(repo).pull()
    assert [row["doc_id"] for row in read.rows("document")] == ["a.md"]
    (gap,) = read.gaps
    assert (gap.reason, gap.place, gap.hides_rows) == ("not-supported", "link.md", 0)
    assert "canary-in-another-folder" not in read.memory.everything


def test_what_lies_in_the_work_tree_without_a_commit_is_not_read(repo, reading):
    repo.commit({"a.md": "# A\n"})
    repo.write({"a.md": "# changed\n", "new.md": "# new\n", ".mailmap": "Other <x@x.org> <one@example.org>\n"})
    repo.write({".gitattributes": "*.md binary\n"})
    read = reading(repo).pull()
    assert read.document("a.md")["title"] == "A"
    assert read.revisions("a.md")[0]["chars_changed"] == 2
    assert len(read.rows("document")) == 1


def test_submodules_are_noted(repo, reading, tmp_path):
    repo.commit({"a.md": "# A\n"})
    head = repo.git("rev-parse", "HEAD")
    repo.write({".gitmodules": '[submodule "other.md"]\n\tpath = other.md\n\turl = https://example.org/other\n'})
    repo.git("add", ".gitmodules")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{head},other.md")
    repo.commit_staged("submodule")
    read = reading(repo).pull()
    assert [row["doc_id"] for row in read.rows("document")] == ["a.md"]
    assert {(gap.reason, gap.place) for gap in read.gaps} == {
        ("not-supported", ".gitmodules"),
        ("not-supported", "other.md"),
    }


def test_a_large_document_is_a_gap_and_hides_one_row(repo, reading):
    repo.commit({"a.md": "# A\n", "big.md": "# big\n" + "x" * 5000})
    read = reading(repo, max_document_kb=4).pull()
    gap = read.gaps[0]
    assert (gap.stream, gap.reason, gap.place, gap.hides_rows) == ("document", "truncated", "big.md", 1)
    assert {row["doc_id"] for row in read.rows("document_revision")} == {"a.md"}


def test_what_is_no_utf8_text_is_a_document_of_which_only_git_knows_something(repo, reading):
    repo.commit({"latin.md": "# Größe\n".encode("latin-1"), "binary.txt": b"a\0b\0c", "a.md": "# A\n"})
    repo.commit({"latin.md": "# Größe!\n".encode("latin-1")})
    read = reading(repo).pull()
    assert {(gap.reason, gap.place, gap.hides_rows) for gap in read.gaps} == {
        ("malformed", "latin.md", 0),
        ("malformed", "binary.txt", 0),
    }
    latin = read.document("latin.md")
    assert (latin["title"], latin["words"], latin["kind"], latin["status"]) == (None, None, "other", "current")
    assert latin["updated"] is not None
    assert len(read.revisions("latin.md")) == 2
    assert read.revisions("binary.txt")[0]["chars_changed"] is None


def test_unusual_paths_survive(repo, reading):
    names = [
        "new\nline.md",
        'quo"te.md',
        "tab\t.md",
        "back\\slash.md",
        "blank here.md",
        "ümläut 文書.md",
        "-dash.md",
        ":colon.md",
    ]
    repo.commit({name: f"# {number}\n" for number, name in enumerate(names)})
    repo.commit({name: f"# {number}\n\nmore words\n" for number, name in enumerate(names)})
    read = reading(repo).pull()
    assert {row["doc_id"] for row in read.rows("document")} == set(names)
    for name in names:
        assert [row["chars_changed"] for row in read.revisions(name)] == [2, 9]
    assert not read.gaps


def test_a_path_that_is_no_utf8_is_written_so_that_it_can_be_stored(repo, reading):
    repo.commit({os.fsdecode(b"l\xe4tin.md"): "# A\n"})
    read = reading(repo).pull()
    assert [row["doc_id"] for row in read.rows("document")] == [r"l\xe4tin.md"]
    assert len(read.revisions(r"l\xe4tin.md")) == 1


@pytest.mark.slow
def test_ten_thousand_documents_are_read(repo, reading):
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"# one text\n")
    entries = "".join(f"100644 {blob}\tdocs/{number // 100}/{number}.md\n" for number in range(10_000))
    repo.git("update-index", "--index-info", stdin=entries.encode())
    repo.commit_staged("many")
    read = reading(repo).pull()
    assert len(read.rows("document")) == 10_000
    assert len(read.rows("document_revision")) == 10_000
    assert not read.gaps


def test_links_lead_to_the_pages_of_the_repository(repo, reading):
    commit = repo.commit({"a b.md": "# A\n"})
    read = reading(repo, web_url="https://git.example.org/o/r/").pull()
    assert read.row_at("document", doc_id="a b.md").source_url == "https://git.example.org/o/r/blob/HEAD/a%20b.md"
    revision = read.row_at("document_revision", doc_id="a b.md", version=commit)
    assert revision.source_url == f"https://git.example.org/o/r/commit/{commit}"
