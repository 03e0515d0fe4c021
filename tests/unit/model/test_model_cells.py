"""Text cells: what a CSV file writes is read as what it means."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.model.streams import STREAMS
from auditor.model.validate import check_row, from_text, list_text

ENTRIES = st.text(min_size=1, max_size=6).filter(lambda text: bool(text.strip()))
TRICKY = st.text(";\\- ab", min_size=1, max_size=6).filter(lambda text: bool(text.strip()))


def read(name, **cells):
    return from_text(STREAMS[name], cells)


def aliases(cell):
    return read("service", aliases=cell)["aliases"]


@settings(deadline=None)
@given(st.lists(TRICKY | ENTRIES, max_size=5))
def test_a_list_written_as_a_cell_is_read_as_the_same_list(entries):
    assert aliases(list_text(entries)) == entries


@pytest.mark.parametrize(
    ("cell", "entries"),
    [
        ("", None),
        ("  ", None),
        ("-", []),
        (r"\-", ["-"]),
        ("a;b", ["a", "b"]),
        (" a ; b;", ["a", "b"]),
        (r"a\;b;c", ["a;b", "c"]),
        (r"C:\dir;x", ["C:\\dir", "x"]),
        (r"a\\;b", ["a\\", "b"]),
        (r"a\\ ;b\ ", ["a\\", "b "]),
        ("-;a", ["-", "a"]),
        ("a-b", ["a-b"]),
    ],
)
def test_cells_of_lists_mean_what_people_write(cell, entries):
    assert aliases(cell) == entries


def test_a_blank_entry_cannot_be_written():
    with pytest.raises(ValueError, match="blank"):
        list_text(["a", " "])


def test_cells_are_converted_by_the_type_of_their_field():
    assert read("service", service_id="007", tier=" 2 ", in_scope="TRUE", major="false", valid_from=" 2026-01-31 ") == {
        "service_id": "007",
        "tier": 2,
        "in_scope": True,
        "major": False,
        "valid_from": "2026-01-31",
    }
    assert read("target", value="99.9", window="1e2", op=">=", unit="%") == {
        "value": 99.9,
        "window": 100.0,
        "op": ">=",
        "unit": "%",
    }
    assert read("document", sections_found='{"targets": true, "review": null}')["sections_found"] == {
        "targets": True,
        "review": None,
    }
    assert read("forecast", outcome="true")["outcome"] is True
    assert read("forecast", outcome="1.5")["outcome"] == 1.5


def test_an_empty_cell_is_null_for_every_type():
    for definition in STREAMS.values():
        cells = {field.name: "" for field in definition.fields}
        assert set(from_text(definition, cells).values()) == {None}


def test_values_that_are_no_text_and_fields_that_do_not_exist_pass():
    assert read("ticket", service_ids=["a"], major=None, other="x") == {
        "service_ids": ["a"],
        "major": None,
        "other": "x",
    }


@pytest.mark.parametrize(
    ("name", "field", "cell"),
    [
        ("service", "tier", "two"),
        ("service", "tier", "1.5"),
        ("service", "tier", "1_0"),
        ("service", "tier", "9" * 25),
        ("service", "in_scope", "yes"),
        ("target", "value", "nan"),
        ("target", "value", "inf"),
        ("target", "value", "9" * 400),
        ("target", "value", "1,5"),
        ("document", "sections_found", "{targets: true}"),
        ("document", "sections_found", '["targets"]'),
        ("document", "review_due", "31.01.2026"),
        ("ticket", "created", "2026-02-30"),
    ],
)
def test_text_that_does_not_convert_is_named_by_the_check(name, field, cell):
    checked = check_row(STREAMS[name], read(name, **{field: cell}))
    assert field in [fault.field for fault in checked.faults]
    assert checked.values[field] is None


def test_a_whole_number_that_a_spreadsheet_wrote_as_a_real_is_accepted():
    assert check_row(STREAMS["service"], read("service", service_id="a", tier="3.0")).values["tier"] == 3
