"""A flood of gaps becomes few, and nothing that the sum says is lost."""

from __future__ import annotations

from auditor.collect.gaplog import MAX_PER_CAUSE, GapLog
from auditor.model.evidence import Gap, GapReason


def bad(detail: str, *, hides: int | None = 1, kind: str | None = None, stream: str | None = "ticket") -> Gap:
    return Gap(stream, GapReason.MALFORMED, detail, "f:1", "s", hides, kind)


def test_gaps_that_differ_in_quoted_values_and_numbers_are_of_one_cause() -> None:
    log = GapLog()
    for number in range(500):
        log.add(bad(f"words is not a whole number: 'value {number}' in line {number}"))
    gaps = list(log)
    assert len(gaps) == MAX_PER_CAUSE + 1
    assert gaps[-1].hides_rows == 400
    assert gaps[-1].place is None


def test_another_cause_is_not_drowned_by_a_flood() -> None:
    log = GapLog()
    for number in range(500):
        log.add(bad(f"words is not a whole number: {number}"))
    log.add(bad("the file is UTF-16 text", hides=None))
    assert any(gap.detail == "the file is UTF-16 text" for gap in log)


def test_other_kinds_of_rows_keep_their_own_sums() -> None:
    log = GapLog()
    for number in range(150):
        log.add(bad(f"no number: {number}", kind="incident"))
        log.add(bad(f"no number: {number}", kind="change"))
    sums = [(gap.row_kind, gap.hides_rows) for gap in log if gap.detail.startswith("and ")]
    assert sums == [("incident", 50), ("change", 50)]


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    log = GapLog()
    for number in range(150):
        log.add(bad(f"cut off: {number}", hides=None if number == 120 else 1))
    assert list(log)[-1].hides_rows is None


def test_gaps_that_hide_nothing_never_join_those_that_do() -> None:
    log = GapLog()
    for number in range(150):
        log.add(bad(f"odd: {number}", hides=0))
    log.add(bad("odd: 1", hides=1))
    assert [gap.hides_rows for gap in log][-2:] == [0, 1]
    assert log.hiding_streams == {"ticket"}


def test_causes_without_end_do_not_fill_the_memory() -> None:
    log = GapLog()
    letters = "abcdefghijklmnopqrstuvwxyz"
    for number in range(5000):
        word = "".join(letters[number // 26**power % 26] for power in range(4))
        log.add(bad(f"strange {word}"))
    gaps = list(log)
    assert len(gaps) <= 50 + MAX_PER_CAUSE + 1
    assert gaps[-1].hides_rows == 5000 - len(gaps) + 1
