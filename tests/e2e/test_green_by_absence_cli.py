"""Whatever is taken away from the evidence: no level is confirmed by it, none is excluded, and the reason is said."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import run

Command = Callable[..., Any]
Spoil = Callable[[Path], object]

OPEN = (1, None, 5)
"""Levels of a dimension that is not assessed."""


def entry(folder: Path, source_id: str, change: Callable[[str], str]) -> None:
    """Change a source's entry in the manifest."""
    manifest = folder / "manifest.yaml"
    head, *entries = manifest.read_text().split("  - source_id: ")
    changed = [change(text) if text.startswith(f"{source_id}\n") else text for text in entries]
    assert changed != entries
    manifest.write_text("  - source_id: ".join([head, *(text for text in changed if text)]))


def without(source_id: str) -> Spoil:
    return lambda folder: entry(folder, source_id, lambda text: "")


def saying(source_id: str, field: str, value: str) -> Spoil:
    """The entry of a source with another value of one field."""

    def spoil(folder: Path) -> None:
        def change(text: str) -> str:
            text = re.sub(rf"    {field}: .*\n", "", text)
            return f"{text.rstrip()}\n    {field}: {value}\n"

        entry(folder, source_id, change)

    return spoil


def old(source_id: str) -> Spoil:
    def change(text: str) -> str:
        return re.sub(r"(started|ended): 2026-11-02", r"\1: 2026-06-02", text)

    return lambda folder: entry(folder, source_id, change)


def rows(stream: str, change: Callable[[str], str]) -> Spoil:
    """The file of a stream with other text."""

    def spoil(folder: Path) -> None:
        path = folder / f"{stream}.jsonl"
        path.write_text(change(path.read_text()))

    return spoil


def all_of(*spoils: Spoil) -> Spoil:
    return lambda folder: [spoil(folder) for spoil in spoils]


def gone(stream: str) -> Spoil:
    return lambda folder: (folder / f"{stream}.jsonl").unlink()


def in_two_forms(folder: Path) -> None:
    (folder / "service.csv").write_text("service_id,name,status\nwiki,Wiki,live\n")


def as_a_link_out_of_the_folder(folder: Path) -> None:
    path = folder / "service.jsonl"
    path.rename(folder.parent / "elsewhere.jsonl")
    path.symlink_to(folder.parent / "elsewhere.jsonl")


def as_bytes(change: Callable[[bytes], bytes]) -> Spoil:
    def spoil(folder: Path) -> None:
        path = folder / "service.jsonl"
        path.write_bytes(change(path.read_bytes()))

    return spoil


def of_nobody(text: str) -> str:
    return text + '{"service_id":"spa","name":"Spa","status":"live","major":true,"source_id":"nobody"}\n'


CASES: list[tuple[str, Spoil, str, str, tuple[str, ...]]] = [
    # what happened, how, an indicator, its reason, dimensions that cannot be assessed any more
    (
        "the source of the service list failed",
        saying("catalogue", "status", "failed"),
        "DOC-2.1",
        "partial-source",
        ("DOC", "PM"),
    ),
    (
        "the service list was cut off",
        saying("catalogue", "status", "partial"),
        "PM-2.1",
        "partial-source",
        ("DOC", "PM"),
    ),
    ("seven services were denied", saying("catalogue", "denied", "7"), "DOC-2.1", "partial-source", ()),
    ("the service list is months old", old("catalogue"), "DOC-2.1", "stale-pull", ("DOC", "PM")),
    ("nobody answers for documents", without("pages"), "DOC-2.2", "no-source", ("DOC",)),
    ("the source of documents failed", saying("pages", "status", "failed"), "DOC-2.2", "partial-source", ()),
    ("some documents were denied", saying("pages", "denied", "40"), "DOC-2.2", "partial-source", ()),
    ("the documents are months old", old("pages"), "DOC-2.2", "stale-pull", ("DOC",)),
    ("nobody answers for measurements", without("metrics"), "PM-2.3", "no-source", ("PM",)),
    ("the measurements failed", saying("metrics", "status", "failed"), "PM-2.3", "partial-source", ()),
    ("the measurements are months old", old("metrics"), "PM-2.1", "stale-pull", ("PM",)),
    (
        "measurements are kept for two weeks",
        saying("metrics", "retention_from", "2026-10-20T00:00:00Z"),
        "PM-2.3",
        "retention",
        (),
    ),
    (
        "no agreement was found and nobody vouches for it",
        all_of(gone("agreement"), saying("pages", "scope_complete", "{}")),
        "DOC-2.1",
        "scope-incomplete",
        (),
    ),
    (
        "no service was found and nobody vouches for it",
        all_of(gone("service"), saying("catalogue", "scope_complete", "{}")),
        "DOC-2.1",
        "scope-incomplete",
        ("DOC", "PM"),
    ),
    (
        "no measurement was found and nobody vouches for it",
        all_of(gone("sli_result"), saying("metrics", "scope_complete", "{}")),
        "PM-2.3",
        "scope-incomplete",
        ("PM",),
    ),
    (
        "the service list is in another encoding",
        as_bytes(lambda data: data.decode().encode("utf-16")),
        "DOC-2.1",
        "partial-source",
        ("DOC", "PM"),
    ),
    (
        "the service list ends in the middle of a row",
        as_bytes(lambda data: data[:-60]),
        "DOC-2.1",
        "partial-source",
        (),
    ),
    ("the service list is there twice", in_two_forms, "DOC-2.1", "partial-source", ("DOC", "PM")),
    (
        "the service list lies outside the folder",
        as_a_link_out_of_the_folder,
        "DOC-2.1",
        "partial-source",
        ("DOC", "PM"),
    ),
    ("a service belongs to a source that is not there", rows("service", of_nobody), "DOC-2.1", "partial-source", ()),
    (
        "a field of every agreement is of another type",
        rows("agreement", lambda text: text.replace('"kind_conf":0.9', '"kind_conf":"0.9')),
        "DOC-2.2",
        "partial-source",
        (),
    ),
    (
        "no agreement is clearly one",
        rows("agreement", lambda text: text.replace('"kind_conf":0.93', '"kind_conf":0.5')),
        "DOC-2.1",
        "undecided-items",
        (),
    ),
]


@pytest.fixture(scope="session")
def whole(ferry_line: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The dimensions with nothing taken away."""
    place = tmp_path_factory.mktemp("whole")
    with chdir(place):
        assert run(["audit", str(ferry_line), "--data-dir", str(place / "data"), "--out", str(place)]) == 0
    dimensions: dict[str, Any] = json.loads((place / "assessment.json").read_bytes())["dimensions"]
    assert levels(dimensions["DOC"]) == levels(dimensions["PM"]) == (2, 2, 5)
    return dimensions


def levels(dimension: dict[str, Any]) -> tuple[int, int | None, int]:
    return dimension["confirmed"], dimension["point"], dimension["possible"]


@pytest.mark.parametrize(
    ("spoil", "indicator", "reason", "not_assessed"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_lost_evidence_neither_confirms_nor_excludes_a_level(
    auditor: Command,
    folder: Path,
    whole: dict[str, Any],
    spoil: Spoil,
    indicator: str,
    reason: str,
    not_assessed: tuple[str, ...],
) -> None:
    spoil(folder)
    outcome = auditor("audit", folder, "--json")
    dimensions = outcome.document["dimensions"]
    for code in ("DOC", "PM"):
        confirmed, point, possible = levels(dimensions[code])
        assert confirmed <= whole[code]["confirmed"]
        assert possible >= whole[code]["possible"]
        assert point is None or confirmed <= point <= possible
        assert not dimensions[code]["level_1_is_proven"]
        assert dimensions[code]["assessed"] is (code not in not_assessed)
        if code in not_assessed:
            assert levels(dimensions[code]) == OPEN
            assert dimensions[code]["why_not_assessed"]
    observation = outcome.document["observations"][indicator]
    assert reason in {note["reason"] for note in observation["reasons"]}
    assert observation["degree"]["lo"] < 1
    if reason in {"partial-source", "stale-pull"}:
        assert outcome.code == 3, "a pull that was not sound is not a complete audit"
