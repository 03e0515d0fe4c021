"""Evidence that contradicts itself, fails after it was sound, or is dated after the audit: through the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

Command = Callable[..., Any]


def edit(folder: Path, name: str, change: Callable[[str], str]) -> None:
    path = folder / name
    text = path.read_text()
    assert change(text) != text
    path.write_text(change(text))


def of_source(folder: Path, source_id: str, change: Callable[[str], str]) -> None:
    """Change the entry of one source in the manifest."""

    def changed(text: str) -> str:
        head, *entries = text.split("  - source_id: ")
        return "  - source_id: ".join([head, *(change(e) if e.startswith(f"{source_id}\n") else e for e in entries)])

    edit(folder, "manifest.yaml", changed)


def levels(document: dict[str, Any], code: str) -> tuple[int, int | None, int, bool]:
    found = document["dimensions"][code]
    return found["confirmed"], found["point"], found["possible"], found["level_1_is_proven"]


def without_agreement_ids(folder: Path) -> None:
    edit(folder, "target.jsonl", lambda text: re.sub(r'"agreement_id":"[^"]*"', '"agreement_id":null', text))


def test_a_missing_file_proves_nothing_while_other_rows_of_its_source_point_into_it(
    auditor: Command, folder: Path
) -> None:
    """The wiki is said to hold no agreement at all, yet its targets name agreements."""
    (folder / "agreement.jsonl").unlink()
    outcome = auditor("audit", folder, "--json")
    assert outcome.code == 3
    confirmed, _, possible, level_1_is_proven = levels(outcome.document, "DOC")
    assert (confirmed, possible, level_1_is_proven) == (1, 5, False)
    assert outcome.document["observations"]["DOC-1.1"]["status"] == "unknown"
    (gap,) = (gap for gap in outcome.document["gaps"] if "declared complete" in gap["detail"])
    assert (gap["source_id"], gap["stream"], gap["reason"], gap["hides_rows"]) == (
        "pages",
        "agreement",
        "malformed",
        None,
    )
    (pages,) = (source for source in outcome.document["sources"] if source["source_id"] == "pages")
    assert pages["run"]["scope_complete"]["agreement"] is False


def test_a_missing_file_means_that_there_is_nothing_while_nothing_contradicts_it(
    auditor: Command, folder: Path
) -> None:
    (folder / "agreement.jsonl").unlink()
    without_agreement_ids(folder)
    outcome = auditor("audit", folder, "--json")
    assert outcome.code == 0
    assert outcome.document["observations"]["DOC-1.1"]["degree"]["lo"] == 1


def test_a_missing_file_proves_nothing_while_its_source_counts_more_items_than_rows(
    auditor: Command, folder: Path
) -> None:
    (folder / "agreement.jsonl").unlink()
    without_agreement_ids(folder)
    of_source(folder, "pages", lambda entry: entry.replace("items: null", "items: 100000"))
    outcome = auditor("audit", folder, "--json")
    assert outcome.code == 3
    assert not outcome.document["dimensions"]["DOC"]["level_1_is_proven"]
    assert outcome.document["observations"]["DOC-1.1"]["degree"]["lo"] < 1


def test_a_pull_that_fails_after_a_sound_one_changes_no_level(auditor: Command, folder: Path, tmp_path: Path) -> None:
    """One service has no agreement, which only a complete pull proves: also two hours after it."""
    edit(folder, "agreement.jsonl", lambda text: "".join(text.splitlines(keepends=True)[1:]))
    edit(folder, "target.jsonl", lambda text: re.sub(r'"agreement_id":"[^"]*"', '"agreement_id":null', text))
    first = auditor("audit", folder, "--json", "--data-dir", tmp_path / "data")
    of_source(folder, "pages", lambda entry: entry.replace("status: ok", "status: failed"))
    for stream in ("agreement", "document", "document_revision"):
        (folder / f"{stream}.jsonl").unlink()
    second = auditor("audit", folder, "--json", "--data-dir", tmp_path / "data")
    was, now = (run.document["observations"]["DOC-2.1"]["degree"] for run in (first, second))
    assert was["hi"] < 1
    assert now == was
    assert levels(second.document, "DOC") == levels(first.document, "DOC")


def test_a_pull_that_began_after_the_audit_instant_says_so(auditor: Command, folder: Path) -> None:
    of_source(folder, "pages", lambda entry: entry.replace("2026-11-02T0", "2026-11-02T1"))
    outcome = auditor("audit", folder, "--json")
    assert levels(outcome.document, "DOC") == (1, None, 5, False)
    reasons = outcome.document["observations"]["DOC-2.2"]["reasons"]
    assert {"stale-pull"} == {note["reason"] for note in reasons}
    assert "pages dated after the audit instant" in json.dumps(reasons)
