"""What a person vouches for in the configuration, and when it counts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from auditor.collect.declaration import Declaration, vouched
from auditor.config import load_config
from auditor.errors import ConfigError

SAID = Declaration(frozenset({"target", "ticket"}), "p-01", datetime(2026, 1, 31, tzinfo=UTC))
PULL: dict[str, Any] = {
    "status": "ok",
    "denied": 0,
    "streams": ["target", "sli_result"],
    "scope_complete": None,
    "declared_by": None,
    "declared_at": None,
}


def test_a_sound_pull_is_complete_where_somebody_vouches_for_it() -> None:
    values = vouched(PULL, SAID, set(), set())
    assert values["scope_complete"] == {"target": True}
    assert (values["declared_by"], values["declared_at"]) == ("p-01", "2026-01-31T00:00:00Z")


@pytest.mark.parametrize(
    ("change", "hiding"),
    [({"status": "partial"}, set()), ({"denied": 3}, set()), ({}, {"target"}), ({}, {None}), ({"streams": []}, set())],
)
def test_nobody_can_vouch_for_what_was_not_seen(change: dict[str, Any], hiding: set[str | None]) -> None:
    values = {**PULL, **change}
    assert vouched(values, SAID, hiding, hiding) == values


def test_nobody_can_vouch_for_what_stands_in_documents_while_one_of_them_was_not_read() -> None:
    handbook = {**PULL, "streams": ["document", "agreement", "target", "link", "document_revision"]}
    said = Declaration(frozenset(handbook["streams"]), "p-01", datetime(2026, 1, 31, tzinfo=UTC))
    rest = dict.fromkeys(["document", "agreement", "target", "link"], True)
    assert vouched(handbook, said, {"document"}, {"document"}) == handbook
    assert vouched(handbook, said, {"document_revision"}, {"document_revision"})["scope_complete"] == rest


def test_nobody_can_vouch_for_documents_while_one_of_them_could_not_be_understood() -> None:
    handbook = {**PULL, "streams": ["document", "agreement", "target", "sli_result"]}
    said = Declaration(frozenset(handbook["streams"]), "p-01", datetime(2026, 1, 31, tzinfo=UTC))
    assert vouched(handbook, said, set(), {"document"})["scope_complete"] == {"sli_result": True}


def test_what_the_source_itself_says_stays() -> None:
    own = {**PULL, "scope_complete": {"target": ["SLA"]}, "declared_by": "p-02", "declared_at": "2025-01-01T00:00:00Z"}
    assert vouched(own, SAID, set(), set()) == own


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("complete: [target]", "declared_by"),
        ("complete: [goal]\n    declared_by: p-01\n    declared_at: 2026-01-31", "no stream"),
        ("complete: [target]\n    declared_by: p-01\n    declared_at: yesterday", "is no day"),
    ],
)
def test_a_declaration_without_a_person_a_day_or_a_stream_is_refused(tmp_path: Path, lines: str, words: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "format: 1\nsources:\n  - id: a\n    collector: files\n    settings: {path: x}\n    "
        f"{lines}\nscopes:\n  - {{id: s, sources: [a]}}\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match=words):
        load_config(path)
