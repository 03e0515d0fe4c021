"""What every format must do alike."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pydantic
import pytest

from auditor.assessment_document import _adapter, dump
from auditor.model.assessment import Assessment, Seal
from auditor.report import html, json_, markdown, terminal, words

RENDERERS: dict[str, Callable[[Assessment, Seal | None], bytes]] = {
    "html": html.render,
    "markdown": markdown.render,
    "json": json_.render,
    "terminal": lambda assessment, seal: terminal.render(assessment, seal).encode(),
}
FOR_PEOPLE = ("html", "markdown", "terminal")

CHILD = """
import sys
from pathlib import Path
from auditor.assessment_document import load
from auditor.report import html, json_, markdown, terminal
assessment = load(Path(sys.argv[1]).read_bytes())
for data in (html.render(assessment, None), markdown.render(assessment, None), json_.render(assessment, None)):
    sys.stdout.buffer.write(data)
sys.stdout.buffer.write(terminal.render(assessment, None).encode())
"""


@pytest.fixture(params=RENDERERS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_the_same_assessment_gives_the_same_bytes(name: str, hostile: Assessment, seal: Seal):
    assert RENDERERS[name](hostile, seal) == RENDERERS[name](hostile, seal)


def test_the_bytes_do_not_depend_on_process_hash_seed_time_zone_or_locale(
    hostile: Assessment, tmp_path: Path, checkout: Path
):
    path = tmp_path / "assessment.json"
    path.write_bytes(dump(hostile))
    answers = set()
    for seed, zone in (("0", "UTC"), ("1", "Asia/Tokyo")):
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C", "PYTHONPATH": str(checkout)}
        answers.add(subprocess.check_output([sys.executable, "-c", CHILD, str(path)], env=environment, cwd=tmp_path))
    assert len(answers) == 1


def test_every_report_is_utf_8_and_ends_in_a_line_end(name: str, hostile: Assessment, seal: Seal):
    text = RENDERERS[name](hostile, seal).decode()
    assert text.strip()
    if name != "html":
        assert text.endswith("\n")


def test_every_level_is_in_every_report(name: str, assessment: Assessment, seal: Seal):
    text = re.sub(r"<[^>]+>", "", RENDERERS[name](assessment, seal).decode())
    for dimension in assessment.dimensions.values():
        if name == "json":
            entry = json.loads(text)["dimensions"][dimension.code]
            assert (entry["confirmed"], entry["point"], entry["possible"]) == (
                dimension.confirmed,
                dimension.point,
                dimension.possible,
            )
        elif dimension.assessed:
            assert f"{dimension.confirmed}..{dimension.possible}" in text
        else:
            assert words.why_not_assessed(dimension) in " ".join(text.replace("\\", "").split())


@pytest.mark.parametrize("kind", FOR_PEOPLE)
def test_no_report_for_people_lets_hidden_characters_through(kind: str, hostile: Assessment, seal: Seal):
    text = RENDERERS[kind](hostile, seal).decode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]", text)


@pytest.mark.parametrize("kind", FOR_PEOPLE)
def test_every_report_for_people_carries_the_digests_and_how_to_check_them(
    kind: str, assessment: Assessment, seal: Seal
):
    text = RENDERERS[kind](assessment, seal).decode()
    assert seal.assessment_sha256 in text
    assert seal.manifest_sha256 in text
    assert "auditor verify" in text


HARM = "\u202e<script>&\"'\x00\ud7ff|`{{ 1 }}\n# x"


def _harmed(value: object, kept: set[tuple], at: tuple = ()) -> object:
    """The document with every text but those at `kept` replaced by one that means harm."""
    if isinstance(value, dict):
        return {name: _harmed(entry, kept, (*at, name)) for name, entry in value.items()}
    if isinstance(value, list):
        return [_harmed(entry, kept, (*at, position)) for position, entry in enumerate(value)]
    return HARM if isinstance(value, str) and at not in kept else value


@pytest.fixture(scope="module")
def harmful(build_assessment: Callable[..., Assessment]) -> Assessment:
    """An assessment in which every text that the model leaves free means harm."""
    raw = json.loads(dump(build_assessment(count=7)))
    raw.pop("dimension_order")
    try:
        _adapter().validate_json(json.dumps(_harmed(raw, set())), strict=True)
    except pydantic.ValidationError as error:
        kept = {tuple(fault["loc"]) for fault in error.errors()}
        kept |= {("dimensions", code, "code") for code in raw["dimensions"]}
        kept |= {("records", ref, "ref") for ref in raw["records"]}
        kept |= {("observations", id_, "card", name) for id_ in raw["observations"] for name in ("id", "dimension")}
    else:
        raise AssertionError("the model has no closed text at all")
    return _adapter().validate_json(json.dumps(_harmed(raw, kept)), strict=True)


@pytest.mark.parametrize("kind", FOR_PEOPLE)
def test_whatever_text_stands_in_whatever_field_nothing_hidden_gets_through(kind: str, harmful: Assessment, seal: Seal):
    text = RENDERERS[kind](harmful, seal).decode()
    assert text.count("<U+202E>") + text.count("&lt;U+202E&gt;") + text.count("\\<U+202E\\>") > 10
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    if kind == "html":
        assert "<script" not in text
        assert set(re.findall(r'href="#([^"]*)"', text)) <= set(re.findall(r' id="([^"]*)"', text))
