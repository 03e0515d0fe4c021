"""The same rows as JSON Lines, as CSV, and as either compressed, are the same validated rows."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.model.cells import list_text
from auditor.model.streams import STREAMS, FieldDef, FieldType

MANIFEST = """\
format: 1
organisation: Example
as_of: 2026-01-01T00:00:00Z
sources:
  - {source_id: s, kind: ticketing, status: ok, ended: 2025-12-31T23:00:00Z, streams: [%s]}
"""
NAMES = ("service", "document", "agreement", "target", "sli_result", "ticket", "ticket_event", "sla_cycle", "feedback")

# Blank text is null in both forms, and a NUL byte is text in neither.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=12).filter(
    lambda text: text.strip() == text != ""
)
instants = st.datetimes().filter(lambda moment: moment.year > 1000).map(lambda moment: f"{moment.isoformat()}Z")
VALUES: Mapping[FieldType, st.SearchStrategy[Any]] = {
    FieldType.TEXT: texts,
    FieldType.INT: st.integers(1, 4),
    FieldType.REAL: st.floats(0, 1, allow_nan=False),
    FieldType.BOOL: st.booleans(),
    FieldType.INSTANT: instants,
    FieldType.DATE: st.dates().filter(lambda day: day.year > 1000).map(str),
    FieldType.TEXT_LIST: st.lists(texts, max_size=3),
    FieldType.BOOL_MAP: st.dictionaries(texts, st.none() | st.booleans(), max_size=3),
    FieldType.REAL_MAP: st.dictionaries(texts, st.none() | st.floats(0, 9), max_size=3),
    FieldType.TEXT_MAP: st.dictionaries(texts, st.none() | texts, max_size=3),
    FieldType.JSON: st.dictionaries(texts, st.booleans(), max_size=3),
}


def value_of(field: FieldDef) -> st.SearchStrategy[Any]:
    known = VALUES[field.type]
    if field.enum is not None:
        one = st.sampled_from(field.enum)
        known = st.lists(one, max_size=3) if field.type is FieldType.TEXT_LIST else one
    return known if field.required else st.none() | known


@st.composite
def streams_with_rows(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    name = draw(st.sampled_from(NAMES))
    row = st.fixed_dictionaries({field.name: value_of(field) for field in STREAMS[name].fields})
    return name, draw(st.lists(row, max_size=4))


def cell(field: FieldDef, value: Any) -> str:
    if value is None:
        return ""
    if field.type is FieldType.TEXT_LIST:
        return list_text(value)
    return value if isinstance(value, str) else json.dumps(value)


def as_csv(name: str, rows: list[dict[str, Any]]) -> bytes:
    fields = STREAMS[name].fields
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([field.name for field in fields])
    writer.writerows([[cell(field, row[field.name]) for field in fields] for row in rows])
    return text.getvalue().encode()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=streams_with_rows())
def test_every_form_of_a_stream_gives_the_same_rows(
    read: Callable[..., Any], drawn: tuple[str, list[dict[str, Any]]]
) -> None:
    name, rows = drawn
    as_json = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()
    forms = {
        "jsonl": as_json,
        "jsonl.gz": gzip.compress(as_json),
        "csv": as_csv(name, rows),
        "csv.gz": gzip.compress(as_csv(name, rows)),
    }
    found = {}
    for form, content in forms.items():
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "manifest.yaml").write_text(MANIFEST % name)
            Path(folder, f"{name}.{form}").write_bytes(content)
            done = read(Path(folder))
        gaps = sorted(gap.detail.split(";")[0].split("stands at")[0] for gap in done.gaps)
        found[form] = ([(row.key, row.values, row.sha256) for row in done.rows], gaps)
    assert found["jsonl"] == found["csv"] == found["jsonl.gz"] == found["csv.gz"]
    if rows:
        assert found["jsonl"][0]
