"""How answers are read: nothing that makes it fast may change what is answered."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.assess import relations
from auditor.assess.items import Column, Columns, read_items
from auditor.assessment_document import dump
from auditor.errors import QueryError
from auditor.sql.sandbox import Sandbox

SERVICES = {"service": "population"}
# As doubles: these need no conversion, so that the very column that was read could be changed by accident.
BY_TIER = """
select service_id as item, (tier = 1)::double as met_lo, (tier = 1)::double as met_hi, [_ref] as evidence from service
"""

texts = st.text(alphabet="ab,\n\"\\[]'\u00e9\x01", max_size=4)
references = st.lists(st.sampled_from(["x:s:1", "x:s:2", None]), max_size=3)
shares = st.sampled_from([0, 1, 0.5, -0.0, 1.5, None, "yes", True])
answers = st.lists(
    st.fixed_dictionaries(
        {
            "item": st.one_of(texts, st.none(), st.integers(0, 3)),
            "met_lo": shares,
            "met_hi": shares,
            "evidence": st.one_of(references, st.none(), texts),
        },
        optional={
            "service_id": st.one_of(texts, st.none(), st.integers(0, 1)),
            "note": st.one_of(texts, st.none()),
            "absent": st.one_of(references, st.none()),
            "undecided": st.sampled_from([True, False, None]),
            "unsure": st.sampled_from([True, False, None]),
            "together": st.one_of(texts, st.none()),
            "react_by": st.sampled_from(["2026-01-01 00:00:00", "soon", None]),
        },
    ),
    max_size=6,
)


def columns_of(rows) -> Columns:
    names = dict.fromkeys(name for row in rows for name in row) or ("item", "met_lo", "met_hi", "evidence")
    return {name: [row.get(name) for row in rows] for name in names}


def outcome(columns: Columns):
    try:
        items = read_items(columns)
    except QueryError as error:
        return error.what
    return items


@settings(max_examples=200, deadline=None)
@given(answers)
def test_a_column_that_comes_again_is_read_as_if_it_were_new(rows):
    plain = columns_of(rows)
    kept = {name: Column(values) for name, values in plain.items()}
    first, again, new = outcome(kept), outcome(kept), outcome(plain)
    assert repr(first) == repr(again) == repr(new)
    assert {name: list(values) for name, values in kept.items()} == plain


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(texts, references), min_size=2, max_size=6, unique_by=lambda row: row[0]))
def test_what_is_cited_is_what_the_members_cite_and_their_order_is_that_of_their_names(rows):
    ids, evidence = zip(*rows, strict=True)
    items = read_items(
        {"item": list(ids), "met_lo": [1.0] * len(ids), "met_hi": [1.0] * len(ids), "evidence": list(evidence)}
    )
    assert items.cited == {ref for references in evidence for ref in references if ref is not None}
    assert [items.ids[place] for place in items.by_name] == sorted(ids)


@pytest.fixture(scope="module")
def box():
    with Sandbox.in_memory() as sandbox:
        yield sandbox


VALUES = {
    "varchar": st.one_of(texts, st.none()),
    "double": st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.none()),
    "integer": st.one_of(st.integers(-9, 9), st.none()),
    "boolean": st.one_of(st.booleans(), st.none()),
    "varchar[]": st.one_of(st.lists(st.one_of(texts, st.none()), max_size=3), st.none()),
}


@st.composite
def typed_rows(draw):
    kinds = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=5))
    rows = draw(st.lists(st.tuples(*(VALUES[kind] for kind in kinds)), max_size=6))
    return kinds, rows


@settings(max_examples=100, deadline=None)
@given(table=typed_rows())
def test_an_answer_by_columns_is_the_answer_by_rows(box, table):
    kinds, rows = table
    columns = {f"column {number}": kind for number, kind in enumerate(kinds)}
    box.setup("create or replace temp table given (" + ", ".join(f'"{n}" {kind}' for n, kind in columns.items()) + ")")
    box.load_rows("given", columns, [dict(zip(columns, row, strict=True)) for row in rows])
    by_rows = box.query("select * from given")
    by_columns = {name: json.loads(text) for name, text in box.columns("select * from given").items()}
    assert tuple(by_columns) == by_rows.columns
    got = [list(row) for row in zip(*by_columns.values(), strict=True)]
    assert got == [list(row) for row in by_rows.rows]
    assert [[type(value) for value in row] for row in got] == [[type(value) for value in row] for row in by_rows.rows]


def test_an_answer_by_columns_keeps_the_order_of_its_rows(box):
    numbers = random.Random(7).sample(range(20_000), 20_000)
    box.setup("create or replace temp table shuffled (n integer)")
    box.load_rows("shuffled", {"n": "integer"}, [{"n": n} for n in numbers])
    answer = box.columns("select n, -n as back from shuffled order by n")
    assert json.loads(answer["n"]) == sorted(numbers)
    assert json.loads(answer["back"]) == [-n for n in sorted(numbers)]


def evidence(world):
    return {
        "service": [*world.services(*(f"s-{n:02}" for n in range(30)), tier=1), *world.services("z", tier=2)],
        "agreement": world.agreements("s-01", "s-07", _reliability="R1"),
    }


def test_a_stream_that_is_copied_and_one_that_is_not_give_the_same_bytes(world, monkeypatch):
    rules = world.pack(world.indicator("DOC-2.1"), world.indicator("PM-2.1", items=BY_TIER, needs=SERVICES))
    copied = dump(world.audit(rules, evidence(world)))
    monkeypatch.setattr(relations, "COPIED_ROWS", -1)
    assert dump(world.audit(rules, evidence(world))) == copied


def test_what_a_guard_does_to_members_does_not_reach_another_indicator_over_the_same_rows(world):
    trick = world.guard("undecided", "select service_id as item from service where service_id < 's-10'")
    guarded = world.indicator("DOC-2.1", items=BY_TIER, needs=SERVICES, guards=(trick,))
    plain = world.indicator("PM-2.1", items=BY_TIER, needs=SERVICES)
    together = world.audit(
        world.pack(
            guarded, plain, guarded_again := world.indicator("PM-2.2", items=BY_TIER, needs=SERVICES, guards=(trick,))
        ),
        evidence(world),
    ).observations
    for each in (guarded, plain, guarded_again):
        alone = world.audit(each, evidence(world)).observations[each.id]
        assert together[each.id] == alone
    assert together["DOC-2.1"].counts.undecided == 10
    assert together["PM-2.1"].counts.undecided == 0
