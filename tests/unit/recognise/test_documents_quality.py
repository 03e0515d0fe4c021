"""How well real documents are recognised: exact counts over the labelled documents beside the checkout.

A change here is a change of a recogniser's version and of `docs/explanation/recognisers-documents.md`.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from auditor.recognise.agreements import Verdict, classify
from auditor.recognise.facts import Facts, find_facts
from auditor.recognise.parties import PartyNames, find_sides
from auditor.recognise.structure import form_of, parse
from auditor.recognise.targets import ParsedTarget, parse_targets

pytestmark = pytest.mark.official

KINDS = ("SLA", "OLA", "UC")
ENGLISH = "en"

FOUND = {"SLA": 7, "OLA": 0, "UC": 4}
"""Documents decided to be of a kind that they are; there is no labelled SLR."""

FALSE: dict[str, str] = {}
"""Documents decided to be of a kind that they are not."""

MISSED = {
    "d025.md": "undecided",  # French
    "d048.md": "none",  # a schedule of a contract without a title, its figures elsewhere
    "d049.md": "none",  # a template by its title and its placeholders: not in force, by intent
    "d050.md": "none",  # likewise
    "d060.md": "undecided",  # Japanese
    "d202.md": "undecided",  # Japanese template
    "d203.md": "undecided",  # likewise
    "d204.md": "undecided",  # likewise
}
"""Agreements that are not decided to be one, with what became of them."""

AMBIGUOUS = {"d186.md": "SLA", "d197.md": "SLA"}
"""Left to a person: terms of use with one figure, and a framework that describes SLA and OLA both."""


@dataclass(frozen=True)
class Judged:
    label: dict[str, str]
    verdict: Verdict
    targets: tuple[ParsedTarget, ...]
    facts: Facts

    @property
    def truth(self) -> set[str]:
        return {self.label["kind"], *self.label["alt_kind"].split(";")}


@cache
def _judged(folder: Path) -> dict[str, Judged]:
    found = {}
    parties = PartyNames([])
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        for label in csv.DictReader(file):
            form = form_of(label["id"])
            if form is not None:
                structure = parse((folder / label["id"]).read_text(encoding="utf-8"), form)
                targets = parse_targets(structure)
                verdict = classify(structure, targets, find_sides(structure, parties), parties=parties)
                found[label["id"]] = Judged(label, verdict, targets, find_facts(structure, ()))
    return found


@pytest.fixture
def judged(shared: Callable[[str], Path]) -> dict[str, Judged]:
    return _judged(shared("data/documents"))


def test_the_counts_per_kind_are_the_ones_in_the_documentation(judged: dict[str, Judged]) -> None:
    found: Counter[str] = Counter()
    false: dict[str, str] = {}
    missed: dict[str, str] = {}
    for name, one in judged.items():
        decided = one.verdict.kind if one.verdict.state == "decided" else None
        if decided is not None and decided in one.truth:
            found[decided] += 1
        elif decided is not None:
            false[name] = decided
        if one.label["kind"] in KINDS and decided not in one.truth:
            missed[name] = one.verdict.state
    assert len(judged) == 55
    assert {kind: found[kind] for kind in KINDS} == FOUND
    assert false == FALSE
    assert missed == MISSED


def test_no_hard_negative_is_an_agreement_with_confidence(judged: dict[str, Judged]) -> None:
    negatives = [one for one in judged.values() if not one.truth & {*KINDS, "SLR"}]
    assert len(negatives) == 31
    assert [one.label["id"] for one in negatives if one.verdict.state == "decided"] == []


def test_what_is_left_to_a_person_is_known(judged: dict[str, Judged]) -> None:
    ambiguous = {name: one.verdict.kind for name, one in judged.items() if one.verdict.state == "ambiguous"}
    assert ambiguous == AMBIGUOUS


def test_documents_in_other_languages_are_undecided_never_without_agreement(judged: dict[str, Judged]) -> None:
    others = [one for one in judged.values() if one.label["lang"] != ENGLISH]
    assert {one.verdict.state for one in others} == {"undecided"}
    assert len(others) == 13


ATTRIBUTES = {
    "d024.md": {
        "availability": [99.0, 99.0, 99.9],
        "windows": [365.0, 91.0, None],
        "response": True,
        "resolution": True,
    },
    "d025.md": {"availability": [], "windows": [], "response": False, "resolution": False},
    "d034.md": {"availability": [99.99], "windows": [30.0], "response": False, "resolution": False},
    "d036.md": {"availability": [], "windows": [], "response": True, "resolution": False},
    "d039.md": {"availability": [], "windows": [], "response": False, "resolution": False},
    "d046.md": {"availability": [99.9], "windows": [None], "response": False, "resolution": False},
    "d047.md": {"availability": [98.0], "windows": [None], "response": False, "resolution": False},
    "d048.md": {"availability": [], "windows": [], "response": False, "resolution": False},
    "d219.rst": {"availability": [90.0, 80.0], "windows": [30.0, 30.0], "response": True, "resolution": False},
}
"""What is read of the nine SLAs whose attributes are known."""


def test_the_attributes_of_the_nine_slas_are_read_as_the_documentation_says(judged: dict[str, Judged]) -> None:
    read = {}
    for name in ATTRIBUTES:
        targets = judged[name].targets
        availability = [target for target in targets if target.metric == "availability"]
        metrics = {target.metric for target in targets}
        read[name] = {
            "availability": [target.value for target in availability],
            "windows": [target.window_days for target in availability],
            "response": "incident_response" in metrics,
            "resolution": "resolution" in metrics,
        }
    assert read == ATTRIBUTES


def test_no_approval_is_read_where_none_is_stated(judged: dict[str, Judged]) -> None:
    assert [name for name in ATTRIBUTES if judged[name].facts.approved_on] == []
    dated = {name: str(day) for name in ATTRIBUTES if (day := judged[name].facts.effective_from)}
    assert dated == {"d034.md": "2020-08-01"}
