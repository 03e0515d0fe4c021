"""Exports of another tool, read through a mapping: files become tables, SELECTs over them become streams."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from auditor.api import (
    STREAMS,
    CollectContext,
    EvidenceError,
    Gap,
    GapReason,
    JsonValue,
    QueryError,
    Record,
    SqlBox,
    SqlSelect,
    from_text,
)
from collectors.files import mapping as mappings
from collectors.files.helpers import NAMES, macro_statements
from collectors.files.mapping import Statement, StreamSpec
from collectors.files.reading import take_provenance
from collectors.files.tables import LINE_COLUMN, Problem, Table, load_table, open_table

_PROVENANCE_COLUMNS = ("source_url", "fetched_at", "reliability")
_NOTE_COLUMN = "note"


@dataclass(frozen=True, slots=True)
class _Stream:
    """A stream whose SELECTs may run."""

    spec: StreamSpec
    rows: SqlSelect
    notes: SqlSelect | None

    @property
    def tables(self) -> frozenset[str]:
        return self.rows.tables | {self.spec.table}


def read_exports(ctx: CollectContext, mapping: mappings.Mapping, folder: Path) -> Iterator[Record | Gap]:
    """The records of every stream of a mapping.

    Args:
        folder: where the exported files lie.

    Raises:
        EvidenceError: a SELECT may not run, or fails; with file and line.
    """
    tables = {spec.name: open_table(spec, folder) for spec in mapping.tables}
    columns = {
        name: {**dict.fromkeys(table.columns, "VARCHAR"), LINE_COLUMN: "BIGINT"} for name, table in tables.items()
    }
    parameters = {} if mapping.zone is None else {"tz": mapping.zone}
    with SqlBox(columns, macros=macro_statements(mapping.values), functions=NAMES, parameters=parameters) as box:
        streams = []
        for spec in mapping.streams:
            missing = [table for table in tables.values() if not table.columns and _mentions(spec, table.spec.name)]
            if not missing:
                streams.append(_lint(box, mapping, spec))
            yield from (_gap(spec, problem) for table in missing for problem in table.problems)
        for table in filter(lambda table: table.columns, tables.values()):
            for problem in _load(ctx, box, mapping, table):
                yield from (_gap(stream.spec, problem) for stream in streams if table.spec.name in stream.tables)
        for stream in streams:
            ctx.progress(f"mapping {stream.spec.stream}")
            yield from _records(box, mapping, stream, tables)
            yield from _notes(box, mapping, stream, tables)


def _mentions(spec: StreamSpec, table: str) -> bool:
    """Whether a stream may read a table: one without columns cannot be linted, so its name in the text has to do."""
    texts = [spec.select.text, spec.notes.text if spec.notes else ""]
    return table == spec.table or any(re.search(rf"\b{table}\b", text, re.IGNORECASE) for text in texts)


def _lint(box: SqlBox, mapping: mappings.Mapping, spec: StreamSpec) -> _Stream:
    definition = STREAMS[spec.stream]
    required = [LINE_COLUMN, *(field.name for field in definition.fields if field.required)]
    optional = [*(field.name for field in definition.fields), *_PROVENANCE_COLUMNS]
    file = str(mapping.path)
    rows = box.lint(spec.select.text, file=file, line=spec.select.line, required=required, optional=optional)
    notes = None
    if spec.notes is not None:
        required = [LINE_COLUMN, _NOTE_COLUMN]
        notes = box.lint(spec.notes.text, file=file, line=spec.notes.line, required=required, optional=())
    return _Stream(spec, rows, notes)


def _load(ctx: CollectContext, box: SqlBox, mapping: mappings.Mapping, table: Table) -> Iterator[Problem]:
    def insert(rows: Sequence[Mapping[str, JsonValue]]) -> None:
        try:
            box.insert(table.spec.name, rows)
        except QueryError as error:
            where = f"{mapping.path}:{table.spec.line}"
            raise EvidenceError(
                f"the table {table.spec.name} cannot be loaded: {error.what}",
                where=where,
                cure="give it fewer or smaller files",
            ) from error

    yield from table.problems
    ctx.progress(f"loading {table.spec.name}")
    yield from load_table(ctx, table, insert)


def _records(
    box: SqlBox, mapping: mappings.Mapping, stream: _Stream, tables: Mapping[str, Table]
) -> Iterator[Record | Gap]:
    spec = stream.spec
    order = [LINE_COLUMN, *(field.name for field in STREAMS[spec.stream].fields)]
    for row in _answer(box, mapping, spec.select, stream.rows, order):
        located = tables[spec.table].locate(row.pop(LINE_COLUMN))
        if located is None:
            yield _gap(spec, Problem(spec.table, f"{LINE_COLUMN} is not a line of the table {spec.table}"), hides=1)
            continue
        file, line = located
        place = f"{file.name}:{line}"
        values = {name: value if isinstance(value, str) else _json(value) for name, value in row.items()}
        said = take_provenance(values, (spec.source_id,))
        if isinstance(said, str) or file.payload is None:
            yield _gap(spec, Problem(place, str(said)), hides=1)
            continue
        yield Record(
            spec.stream,
            from_text(STREAMS[spec.stream], values),
            file.payload,
            f"line:{line}",
            place,
            spec.source_id,
            said.source_url,
            said.fetched_at,
            said.reliability,
        )


def _notes(box: SqlBox, mapping: mappings.Mapping, stream: _Stream, tables: Mapping[str, Table]) -> Iterator[Gap]:
    """What the author of the mapping found doubtful in the data and settled: recorded, and no row is missing."""
    spec = stream.spec
    if spec.notes is None or stream.notes is None:
        return
    for row in _answer(box, mapping, spec.notes, stream.notes, [LINE_COLUMN, _NOTE_COLUMN]):
        located = tables[spec.table].locate(row[LINE_COLUMN])
        place = spec.table if located is None else f"{located[0].name}:{located[1]}"
        yield _gap(spec, Problem(place, str(row[_NOTE_COLUMN])), hides=0)


def _answer(
    box: SqlBox, mapping: mappings.Mapping, statement: Statement, select: SqlSelect, order: Sequence[str]
) -> Iterator[dict[str, Any]]:
    try:
        yield from box.answer(select, order)
    except QueryError as error:
        raise EvidenceError(
            f"the SELECT fails: {error.what}",
            where=f"{mapping.path}:{statement.line}",
            cure=error.cure or "mend the SELECT; text that does not convert is best left as text, to be reported",
        ) from error


def _gap(spec: StreamSpec, problem: Problem, *, hides: int | None = None) -> Gap:
    return Gap(spec.stream, GapReason.MALFORMED, problem.what, problem.place, spec.source_id, hides)


def _json(value: Any) -> JsonValue:
    """A value of DuckDB as JSON: instants without a zone are UTC, decimals become reals, anything else its text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        return f"{moment.replace(tzinfo=None).isoformat()}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [_json(entry) for entry in value]
    if isinstance(value, dict):
        return {str(name): _json(entry) for name, entry in value.items()}
    return str(value)
