from __future__ import annotations

import pytest

from auditor.sql.parameters import pack_name, pack_parameter, rewritten, shown, shown_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select $p.share, $T", "select $p_share, $T"),
        ("a='$p.x' and b=$p.y", "a='$p.x' and b=$p_y"),
        ("'it''s $p.x' $p.y", "'it''s $p.x' $p_y"),
        ('"$p.x" $p.y', '"$p.x" $p_y'),
        ("-- $p.x\n$p.y", "-- $p.x\n$p_y"),
        ("/* $p.x\n */ $p.y", "/* $p.x\n */ $p_y"),
        ("$p.1 $px $p", "$p.1 $px $p"),
    ],
)
def test_only_parameters_are_rewritten_and_no_place_moves(text: str, expected: str) -> None:
    assert rewritten(text) == expected
    assert len(rewritten(text)) == len(text)


def test_what_is_shown_is_what_was_written() -> None:
    text = "select $p.share, $T where $W90 < $goal"
    assert shown_text(rewritten(text)) == text
    assert shown(pack_parameter("share")) == "$p.share"
    assert shown("W90") == "$W90"
    assert pack_name(pack_parameter("share")) == "share"
    assert pack_name("T") is None
