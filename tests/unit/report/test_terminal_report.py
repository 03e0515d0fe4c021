"""The table in a terminal and in a pipe."""

from __future__ import annotations

import dataclasses
import re

import pytest

from auditor.model.assessment import Assessment, Blocker, Seal
from auditor.report import terminal, words
from auditor.report.text import display_width


def rows_of(text: str) -> dict[str, str]:
    table = text.split("\n\n")[1].splitlines()[1:]
    rows: dict[str, str] = {}
    code = ""
    for line in table:
        if not line.startswith(" "):
            code = line.split()[0]
        rows[code] = f"{rows.get(code, '')} {line}"
    return {code: " ".join(row.split()) for code, row in rows.items()}


def test_the_table_shows_level_point_and_first_blocker(assessment: Assessment):
    rows = rows_of(terminal.render(assessment, None))
    assert rows["DOC"] == (
        "DOC Documentation 1..3 * 2 DOC-2.1: 4 of 6 major services have no written target: mail, shop."
    )
    assert rows["TOOL"].startswith("TOOL Tools and automation 2..5 3 TOOL-3.1")
    assert rows["COM"] == "COM Stakeholder communication 2..2 2 none"


def test_what_is_not_assessed_has_its_reason_and_no_level(assessment: Assessment):
    rows = rows_of(terminal.render(assessment, None))
    assert rows["INT"] == "INT Process integration not assessed - No source answers for improvement and meeting."
    assert ".." not in rows["INT"] + rows["TRN"] + rows["CI"]


def test_a_level_1_that_is_not_proven_is_marked_and_explained(assessment: Assessment):
    text = terminal.render(assessment, None, width=200)
    assert "1..3 *" in text
    assert f"* at least 1: {words.AT_LEAST_1_WHY}." in text
    proven = dataclasses.replace(assessment, dimensions={"PM": assessment.dimensions["PM"]})
    assert "at least 1" not in terminal.render(proven, None, width=200)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 132, 200])
def test_no_line_is_wider_than_the_terminal(assessment: Assessment, hostile: Assessment, seal: Seal, width: int):
    for original in (assessment, hostile):
        for line in terminal.render(original, seal, width=width).splitlines():
            assert display_width(line) <= width, line


def test_columns_are_aligned_with_wide_characters_too(assessment: Assessment):
    wide = dataclasses.replace(assessment.dimensions["PM"], title="\u65e5\u672c\u8a9e")
    text = terminal.render(dataclasses.replace(assessment, dimensions=assessment.dimensions | {"PM": wide}), None)
    table = text.split("\n\n")[1].splitlines()
    starts = {
        display_width(line[: match.start()]) for line in table[1:] if (match := re.search(r"\d\.\.\d|not a", line))
    }
    assert starts == {display_width(table[0].partition("Level")[0])}


def test_colour_is_there_only_when_asked_for_and_changes_no_text(assessment: Assessment, seal: Seal):
    plain = terminal.render(assessment, seal)
    coloured = terminal.render(assessment, seal, colour=True)
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain


def test_text_from_the_evidence_cannot_move_the_cursor_or_turn_the_line(hostile: Assessment, seal: Seal):
    blocker = Blocker(2, None, "practice", "\x1b[2J\u202eevil\r\n" + "y" * 10_000)
    doc = dataclasses.replace(hostile.dimensions["DOC"], blockers=(blocker,))
    text = terminal.render(dataclasses.replace(hostile, dimensions=hostile.dimensions | {"DOC": doc}), seal)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert "<U+202E>evil" in text
    assert len(text) < 6000


def test_unknown_core_indicators_are_listed_with_reasons_in_words(assessment: Assessment):
    text = terminal.render(assessment, None, width=200)
    assert "Unknown core indicators: 3" in text
    for id_ in ("TOOL-4.1", "INT-2.1", "PM-2.2"):
        for note in assessment.observations[id_].reasons:
            line = next(line for line in text.splitlines() if line.strip().startswith(f"{note.reason}:"))
            assert id_ in line
            assert words.REASONS[note.reason].means in line


def test_an_unknown_without_a_reason_is_not_hidden(assessment: Assessment):
    bare = dataclasses.replace(assessment.observations["INT-2.1"], reasons=())
    changed = dataclasses.replace(assessment, observations=assessment.observations | {"INT-2.1": bare})
    assert "no reason given: INT-2.1" in terminal.render(changed, None)


def test_gaps_are_counted_by_reason(assessment: Assessment):
    text = terminal.render(assessment, None)
    assert "Gaps in the evidence: 15" in text
    assert "malformed: 14, what was read was not as it should be" in text
    assert "forbidden: 1, the source refused access" in text
    assert "No gaps" in terminal.render(dataclasses.replace(assessment, gaps=()), None)


def test_the_seal_and_the_files_close_the_table(assessment: Assessment, seal: Seal):
    path = "/data/with  two spaces/" + "long/" * 40 + "report.html"
    text = terminal.render(assessment, seal, files=[("html", path), ("json", "/data/a.json")])
    assert seal.assessment_sha256 in text
    assert seal.manifest_sha256 in text
    assert text.endswith(f"Files\n  html  {path}\n  json  /data/a.json\n")
    assert "Not sealed" in terminal.render(assessment, None)


def test_the_weakest_level_is_an_interval_that_says_what_limits_its_ends(assessment: Assessment):
    text = terminal.render(assessment, None, width=400)
    assert "Weakest of 4 assessed dimensions: 1..1." in text
    assert "Lower end: measured practice (DOC, PM). Upper end: measured practice (PM)." in text
    assert "Not assessed: 3 of 7 dimensions; that is not a low level." in text
    none = {code: entry for code, entry in assessment.dimensions.items() if not entry.assessed}
    text = terminal.render(dataclasses.replace(assessment, dimensions=none), None)
    assert "None of the 3 dimensions could be assessed." in text
