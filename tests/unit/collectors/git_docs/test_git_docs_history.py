"""What the commits of a repository become as revisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

T = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_revision_says_who_when_and_how_much(repo, reading, sla):
    repo.commit({"a.md": sla})
    repo.commit(
        {"a.md": sla.replace("99.5 %", "99.9 %")}, author="Two <Two@example.org>", at=datetime(2025, 10, 1, tzinfo=UTC)
    )
    first, second = reading(repo).pull().revisions("a.md")
    assert first["author"] != second["author"]
    assert second["at"] == "2025-10-01T00:00:00Z"
    assert second["is_bot"] is False
    assert second["sections_changed"] == ["service level targets"]
    assert (second["targets_changed"], second["chars_changed"]) == (1, 8)
    assert first["targets_changed"] == 2
    assert first["sections_changed"] == ["checkout", "service level targets", "exceptions"]
    assert second["message"] is None
    assert second["decision"] is None


def test_a_revision_points_to_its_own_diff(repo, reading, sla):
    repo.commit({"a.md": sla, "b.md": "# B\n"})
    commit = repo.commit({"a.md": sla.replace("99.5 %", "99.9 %"), "b.md": "# B\n\nmore\n"})
    read = reading(repo).pull()
    proof = read.proof("document_revision", doc_id="a.md", version=commit).decode()
    assert proof.startswith("diff --git a/a.md b/a.md")
    assert proof.endswith("-Availability: 99.5 % per month.\n+Availability: 99.9 % per month.\n")


def test_reflowing_a_paragraph_changes_no_character(repo, reading):
    repo.commit({"a.md": "# A\n\none two three four five six\n"})
    repo.commit({"a.md": "# A\n\none two three\nfour five six\n"})
    assert reading(repo).pull().revisions("a.md")[1]["chars_changed"] == 0


def test_a_change_of_front_matter_alone_changes_no_section(repo, reading, sla):
    repo.commit({"a.md": sla})
    repo.commit({"a.md": sla.replace("review_due: 2026-06-01", "review_due: 2026-12-01")})
    assert reading(repo).pull().revisions("a.md")[1]["sections_changed"] == []


def test_the_section_of_a_change_under_an_underlined_heading_is_not_known(repo, reading):
    text = "Title\n=====\n\nText one.\n\nTargets\n-------\n\n99 % per month.\n"
    repo.commit({"a.rst": text})
    repo.commit({"a.rst": text.replace("99 %", "98 %")})
    first, second = reading(repo).pull().revisions("a.rst")
    assert first["sections_changed"] == ["title", "targets"]
    assert second["sections_changed"] is None
    assert second["targets_changed"] == 1


def test_names_and_addresses_never_reach_the_store(repo, reading):
    canary = "Zacharias Canary <zacharias.canary@example.org>"
    repo.commit(
        {"a.md": "# A\n"},
        author=canary,
        message=f"by Zacharias Canary\n\nReviewed-by: {canary}\nCo-authored-by: {canary}",
    )
    repo.git("checkout", "-q", "-b", "side")
    repo.commit({"a.md": "# A\nmore\n"}, author=canary)
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", f"Merge pull request #1 from {canary}", "side", env=repo.identity(canary))
    read = reading(repo).pull()
    assert len(read.revisions("a.md")) == 2
    assert "canary" not in read.memory.everything.lower()
    assert "canary" not in repr(read.told).lower()
    assert "canary" not in read.cursors["document_revision"]


def test_mailmap_joins_the_addresses_of_a_person(repo, reading):
    repo.commit({"a.md": "# A\n", ".mailmap": "One <one@example.org> <old@example.org>\n"})
    repo.commit({"a.md": "# A\nb\n"}, author="Uno <old@example.org>")
    first, second = reading(repo).pull().revisions("a.md")
    assert first["author"] == second["author"]


def test_bots_are_told_by_words_in_name_or_address_and_not_by_parts_of_words(repo, reading):
    authors = {
        "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>": True,
        "Release <release-bot@example.org>": True,
        "Renovate <x@example.org>": True,
        "Abbot <abbot@example.org>": False,
        "Person <person@jenkins.example.org>": False,
        "Machine <machine@example.org>": True,
    }
    for number, author in enumerate(authors):
        repo.commit({"a.md": f"# A\n\n{number}\n"}, author=author)
    read = reading(repo, bots=("bot", "dependabot", "renovate", "jenkins", "machine")).pull()
    assert [row["is_bot"] for row in read.revisions("a.md")] == list(authors.values())


def test_renames_keep_the_history_and_the_older_name_does_not_come_back(repo, reading, sla):
    repo.commit({"old.md": sla})
    repo.git("mv", "old.md", "new.md")
    repo.commit()
    repo.commit({"old.md": "# Another document under the old name\n\nwith a text of its own\n"})
    repo.commit({"new.md": sla.replace("30 minutes", "20 minutes")})
    read = reading(repo).pull()
    assert [row["chars_changed"] > 0 for row in read.revisions("new.md")] == [True, False, True]
    assert len(read.revisions("old.md")) == 1
    assert read.document("new.md")["created"] == read.revisions("new.md")[0]["at"]


def test_two_documents_may_swap_names(repo, reading, sla):
    repo.commit({"a.md": sla, "b.md": "# B\n\n" + "other text of b\n" * 20})
    repo.git("mv", "a.md", "t.md")
    repo.git("mv", "b.md", "a.md")
    repo.git("mv", "t.md", "b.md")
    repo.commit(options=())
    repo.commit({"b.md": sla + "\nend\n"})
    read = reading(repo).pull()
    # git sees a swap as two changes of content unless asked to break them, so no history is lost either way
    assert len(read.revisions("b.md")) == 3
    assert len(read.revisions("a.md")) == 2


def test_a_branch_that_kept_the_old_name_belongs_to_the_document(repo, reading, sla):
    repo.commit({"old.md": sla})
    repo.git("checkout", "-q", "-b", "side")
    on_side = repo.commit({"old.md": sla.replace("Sundays", "Mondays")})
    repo.git("checkout", "-q", "main")
    repo.git("mv", "old.md", "new.md")
    repo.commit()
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "side", env=repo.identity())
    for order in ("main", "other"):
        if order == "other":  # the side branch first: the walk meets the change before the rename
            repo.git("checkout", "-q", "-B", "flip", "side")
            repo.git("merge", "-q", "--no-ff", "-m", "merge", "main~1", env=repo.identity())
        read = reading(repo).pull()
        assert on_side in {row["version"] for row in read.revisions("new.md")}
        assert len(read.revisions("new.md")) == 3


def test_a_merge_that_changes_nothing_itself_is_no_revision_and_one_that_does_is(repo, reading, sla):
    repo.commit({"a.md": sla})
    repo.git("checkout", "-q", "-b", "side")
    repo.commit({"a.md": sla + "\nside\n"})
    repo.git("checkout", "-q", "main")
    repo.commit({"b.md": "# B\n"})
    repo.git("merge", "-q", "--no-ff", "-m", "clean", "side", env=repo.identity())
    assert len(reading(repo).pull().revisions("a.md")) == 2
    repo.git("checkout", "-q", "-b", "top", "main~1")
    repo.commit({"a.md": sla.replace("# Checkout", "# The checkout"), "c.md": "# C\n"})
    repo.git("merge", "-q", "--no-ff", "-m", "both sides", "main", env=repo.identity())
    assert len(reading(repo).pull().revisions("a.md")) == 3
    repo.git("checkout", "-q", "main")
    repo.git("checkout", "-q", "-b", "other")
    repo.commit({"a.md": sla + "\nother\n"})
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "--no-commit", "other", env=repo.identity())
    evil = repo.commit({"a.md": sla + "\nother\nsmuggled in 5 minutes\n"}, message="merge")
    rows = {row["version"]: row for row in reading(repo).pull().revisions("a.md")}
    assert len(rows) == 4
    assert rows[evil]["chars_changed"] == len("smuggledin5minutes")
    assert rows[evil]["targets_changed"] == 1


def test_who_takes_a_pull_request_in_has_decided_it(repo, reading, sla):
    repo.commit({"a.md": sla})
    repo.git("checkout", "-q", "-b", "side")
    bot = "renovate[bot] <renovate@example.org>"
    proposal = repo.commit({"a.md": sla.replace("99.5", "99.9")}, author=bot)
    own = repo.commit({"a.md": sla.replace("99.5", "99.8")}, author="Two <two@example.org>")
    repo.git("checkout", "-q", "main")
    taker = repo.identity("Two <two@example.org>")
    repo.git("merge", "-q", "--no-ff", "-m", "Merge pull request #7 from x/y", "side", env=taker)
    rows = {row["version"]: row for row in reading(repo).pull().revisions("a.md")}
    assert (rows[proposal]["decision"], rows[proposal]["decided_by"]) == ("approved", rows[own]["author"])
    assert (rows[own]["decision"], rows[own]["decided_by"]) == (None, None)


def test_a_merge_that_answers_no_request_decides_nothing(repo, reading, sla):
    repo.commit({"a.md": sla})
    repo.git("checkout", "-q", "-b", "side")
    repo.commit({"a.md": sla + "x\n"})
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", "Merge branch 'side'", "side", env=repo.identity("Two <two@example.org>"))
    assert all(row["decision"] is None for row in reading(repo).pull().revisions("a.md"))


def test_trailers_approve_but_not_those_of_the_author_or_a_bot(repo, reading):
    repo.commit({"a.md": "# A\n1\n"}, message="x\n\nReviewed-by: Two <two@example.org>")
    repo.commit(
        {"a.md": "# A\n2\n"}, message="x\n\nSigned-off-by: One <one@example.org>\nReviewed-by: Bot <bot@example.org>"
    )
    repo.commit({"a.md": "# A\n3\n"}, author="Two <two@example.org>")
    first, second, third = reading(repo).pull().revisions("a.md")
    assert (first["decision"], first["decided_by"]) == ("approved", third["author"])
    assert (second["decision"], second["decided_by"]) == (None, None)


def test_only_ids_of_a_message_are_kept(repo, reading):
    message = "OPS-12 Raise the target (INC0012345), UTF-8\n\nsee #7 and nothing-else\n\nCause: tgt-checkout-avail, m1"
    repo.commit({"a.md": "# A\n"}, message=message)
    read = reading(repo).pull()
    assert read.revisions("a.md")[0]["cause_refs"] == ["OPS-12", "INC0012345", "tgt-checkout-avail", "m1"]
    assert "nothing-else" not in read.memory.everything


def test_a_message_cannot_forge_what_git_says(repo, reading):
    forged = "commit " + "a" * 40 + '\n:100644 100644 a b M\ta.md\ndiff --git a/a.md b/a.md\ncommit {"id":"x"}'
    commit = repo.commit({"a.md": f"# A\n{forged}\n"}, message=f"x\n\n{forged}")
    read = reading(repo).pull()
    assert [row["version"] for row in read.revisions("a.md")] == [commit]
    assert not read.gaps


def test_dates_that_cannot_be_true_are_not_used(repo, reading):
    commits = [
        repo.commit({"a.md": "# A\n1\n"}, at=datetime(2025, 6, 1, tzinfo=UTC)),
        repo.commit({"a.md": "# A\n2\n"}, at=datetime(2025, 3, 1, tzinfo=UTC)),
        repo.commit({"a.md": "# A\n3\n"}, at=datetime(2031, 1, 1, tzinfo=UTC)),
        repo.commit({"a.md": "# A\n4\n"}, at="@0 +0000"),
        repo.commit({"a.md": "# A\n5\n"}, at=datetime(2025, 7, 1, tzinfo=UTC)),
    ]
    read = reading(repo).pull()
    instants = {row["version"]: row["at"] for row in read.revisions("a.md")}
    assert [instants[commit] for commit in commits] == [
        "2025-06-01T00:00:00Z",
        None,
        None,
        None,
        "2025-07-01T00:00:00Z",
    ]
    assert {gap.place for gap in read.gaps} == set(commits[1:4])
    assert all(gap.hides_rows == 0 for gap in read.gaps)
    assert read.document("a.md")["updated"] == "2025-07-01T00:00:00Z"


def test_commits_before_the_window_give_dates_but_no_revisions(repo, reading):
    repo.commit({"old.md": "# Old\n", "a.md": "# A\n"}, at=T - timedelta(days=900))
    repo.git("mv", "old.md", "renamed.md")
    repo.commit(at=T - timedelta(days=800))
    repo.commit({"a.md": "# A\nmore\n"}, at=T - timedelta(days=10))
    read = reading(repo, history_days=730).pull()
    assert [row["doc_id"] for row in read.rows("document_revision")] == ["a.md"]
    renamed = read.document("renamed.md")
    assert renamed["created"] == renamed["updated"] == "2023-07-16T00:00:00Z"


def test_a_shallow_clone_has_a_retention(repo, reading, tmp_path):
    repo.commit({"a.md": "# A\n1\n", "b.md": "# B\n"}, at=datetime(2025, 3, 1, tzinfo=UTC))
    repo.commit({"a.md": "# A\n2\n"}, at=datetime(2025, 4, 1, tzinfo=UTC))
    last = repo.commit({"a.md": "# A\n3\n"}, at=datetime(2025, 5, 1, tzinfo=UTC))
    repo.git("clone", "-q", "--depth=2", f"file://{repo.path}", str(tmp_path / "shallow"))
    read = reading(tmp_path / "shallow").pull()
    assert [row["version"] for row in read.rows("document_revision")] == [last]
    assert read.run["retention_from"] == "2025-04-01T00:00:00Z"
    (gap,) = read.gaps
    assert (gap.stream, gap.reason) == ("document_revision", "retention")
    assert read.document("b.md")["created"] is None
    assert read.document("b.md")["updated"] is None
    again = read.pull()
    assert not again.memory.added
    assert again.run["retention_from"] == "2025-04-01T00:00:00Z"


def test_a_deleted_document_leaves_no_revisions_behind_in_a_first_pull(repo, reading):
    repo.commit({"a.md": "# A\n", "gone.md": "# gone\n"})
    repo.git("rm", "-q", "gone.md")
    repo.commit()
    read = reading(repo).pull()
    assert {row["doc_id"] for row in read.rows("document_revision")} == {"a.md"}
    assert not read.gaps


def test_a_detached_head_is_read(repo, reading):
    first = repo.commit({"a.md": "# A\n"})
    repo.commit({"a.md": "# A\nb\n"})
    repo.git("checkout", "-q", first)
    assert len(reading(repo).pull().revisions("a.md")) == 1
    assert len(reading(repo, branch="main").pull().revisions("a.md")) == 2


def test_variables_of_git_around_the_pull_lead_it_nowhere_else(repo, reading, sla, tmp_path, monkeypatch):
    repo.commit({"sla.md": sla})
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    assert len(reading(repo).pull().revisions("sla.md")) == 1


def test_a_line_that_begins_with_a_comparison_hides_no_heading(repo, reading):
    text = "# Terms\n\n## 3. Targets (> 99 %)\n\nanswered in\n<4 h by day\n\nrestored in {} h\n"
    repo.commit({"sla.md": text.format(8)})
    repo.commit({"sla.md": text.format(6)})
    assert reading(repo).pull().revisions("sla.md")[-1]["sections_changed"] == ["targets (> 99 %)"]
