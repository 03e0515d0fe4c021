"""Strict YAML: what is taken as written, what is refused, and the lines of everything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import ConfigError, EvidenceError, RulePackError
from auditor.yamlfile import MAX_BYTES, YamlDocument, load_yaml


def _load(folder: Path, text: str | bytes) -> YamlDocument:
    path = folder / "file.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_yaml(path, ConfigError)


def _refused(folder: Path, text: str | bytes) -> ConfigError:
    with pytest.raises(ConfigError) as refused:
        _load(folder, text)
    assert "\n" not in refused.value.what
    assert refused.value.cure
    return refused.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("True", "True"),
        ("NULL", "NULL"),
        ("1:30", "1:30"),
        ("010", "010"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("2026-01-01", "2026-01-01"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1.2.3", "1.2.3"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-17", -17),
        ("+3", 3),
        ("1.10", 1.1),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-2.5E-1", -0.25),
        ("18446744073709551616", 18446744073709551616),
    ],
)
def test_a_plain_word_is_what_it_looks_like_and_no_more(tmp_path: Path, text: str, value: Any) -> None:
    found = _load(tmp_path, f"key: {text}\n").value["key"]
    assert (found, type(found)) == (value, type(value))


def test_a_key_is_text_whatever_it_looks_like(tmp_path: Path) -> None:
    assert _load(tmp_path, "1: a\non: b\nnull: c\n'x y': d\n<<: e\n").value == {
        "1": "a",
        "on": "b",
        "null": "c",
        "x y": "d",
        "<<": "e",
    }


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", "the key 'a' is given twice", 3),
        ("x: {a: 1, b: 2,\n  a: 3}\n", "the key 'a' is given twice", 2),
        ("a: &x 1\nb: *x\n", "the anchor &x is not allowed", 1),
        ("a: 1\nb: *x\n", "the alias *x is not allowed", 2),
        ("&x a: 1\n", "a key must be plain text", 1),
        ("!!str a: 1\n", "a key must be plain text", 1),
        ("? [a, b]\n: 1\n", "a key must be plain text", 1),
        ("a: 1\nb: !!int 2\n", "the tag", 2),
        ("a: !python/object:os.system x\n", "the tag !python/object:os.system is not allowed", 1),
        ("a: 1\n---\nb: 2\n", "a second document begins", 2),
        ("a:\n\tb: 1\n", "a tab cannot indent", 2),
        ("a: b: c\n", "not YAML", 1),
        ("a: [1, 2\n", "not YAML", 2),
        ("a: 'x\n", "not YAML", 2),
        ("a: 1\nb: x\x01y\n", "the control character U+0001", 2),
        (b"a: 1\nb: \xff\n", "is not UTF-8", 2),
        ("a: 1\nb: " + "9" * 5000 + "\n", "is too large", 2),
        ("a: 1e999\n", "is too large", 1),
        ("a: " + "[" * 100 + "]" * 100 + "\n", "levels deep", 1),
        ("a: " + "[" * 100_000 + "\n", "depth", 1),
        ("a: {" * 100 + "\n", "levels deep", 1),
    ],
)
def test_what_could_be_misread_is_refused_with_its_line(
    tmp_path: Path, text: str | bytes, says: str, line: int
) -> None:
    error = _refused(tmp_path, text)
    assert says in error.what
    assert error.where == f"{tmp_path / 'file.yaml'}:{line}"


def test_a_bomb_of_aliases_never_explodes(tmp_path: Path) -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    assert "anchor" in _refused(tmp_path, bomb).what


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    assert "10,000,000 bytes" in _refused(tmp_path, b"a: " + b"x" * MAX_BYTES).what


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(EvidenceError, match="cannot be read"):
            load_yaml(path, EvidenceError)


def test_the_error_is_of_the_class_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: *b")
    for kind in (ConfigError, RulePackError, EvidenceError):
        with pytest.raises(kind):
            load_yaml(tmp_path / "x.yaml", kind)


def test_every_value_knows_its_line(tmp_path: Path) -> None:
    document = _load(
        tmp_path,
        "\ufeff# remark\na: 1\nb:\n  - x\n  - {c: 2,\n     d: null}\n\ne: |\n  select 1\n  from t\nf: >-\n  words\n",
    )
    lines = {
        ("a",): 2,
        ("b", 0): 4,
        ("b", 1, "c"): 5,
        ("b", 1, "d"): 6,
        ("e",): 9,
        ("f",): 12,
    }
    assert {at: document.line(at) for at in lines} == lines
    assert document.place(("a",)) == f"{document.path}:2"
    assert document.place(("b", 1, "missing", "deeper")) == document.place(("b", 1))


def test_lines_of_a_block_are_lines_of_the_file(tmp_path: Path) -> None:
    text = "sql: |\n\n  -- first\n    select 1\n\n  from t\nnext: 1\n"
    document = _load(tmp_path, text)
    block = document.value["sql"].splitlines()
    start = document.line(("sql",))
    for offset, line in enumerate(block):
        assert text.splitlines()[start - 1 + offset].strip() == line.strip()


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_ends_of_either_kind_do(tmp_path: Path, ending: str) -> None:
    document = _load(tmp_path, ending.join(["a: |", "  x", "  y", "b: 2", ""]))
    assert document.value == {"a": "x\ny\n", "b": 2}
    assert document.line(("b",)) == 4


def test_an_empty_file_is_nothing(tmp_path: Path) -> None:
    assert _load(tmp_path, "# only a remark\n").value is None


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.text(st.characters(codec="utf-8", exclude_categories=["C"]))
)
_KEYS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)


@settings(max_examples=50, deadline=None)
@given(
    value=st.dictionaries(
        _KEYS,
        st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4)),
        max_size=5,
    )
)
def test_json_is_yaml_that_means_the_same(value: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("json") / "x.yaml"
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    assert load_yaml(path, ConfigError).value == value
