"""Exports of another tool, read through a mapping: files become tables, SELECTs over them become streams."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
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
    from_text,
    lint_mapping_select,
    mapping_box,
)
from collectors.files.helpers import NAMES, macro_statements
from collectors.files.mapping import Mapping, Statement, StreamSpec
from collectors.files.reading import Provenance, take_provenance
from collectors.files.tables import LINE_COLUMN, Problem, Table, load_table, open_table

_PROVENANCE_COLUMNS = ("source_url", "fetched_at", "reliability")
_NOTE_COLUMN = "note"
_PAGE_ROWS = 5000
_ZONE_PARAMETER = "tz"


@dataclass(frozen=True, slots=True)
class _Ready:
    """A stream whose statements were found sound."""

    spec: StreamSpec
    columns: tuple[str, ...]
    tables: frozenset[str]


def read_exports(ctx: CollectContext, mapping: Mapping) -> Iterator[Record | Gap]:
    """The records of every stream of a mapping.

    Raises:
        EvidenceError: a SELECT is refused or fails; with file and line.
    """
    folder = ctx.settings.path
    tables = {spec.name: open_table(spec, folder) for spec in mapping.tables}
    ready = [_lint(mapping, spec, tables) for spec in mapping.streams if _has_columns(spec, tables)]
    yield from _unreadable(mapping, tables)
    with mapping_box() as box:
        for statement in macro_statements(mapping.values):
            box.setup(statement)
        for table in tables.values():
            for problem in _load(ctx, box, table):
                yield from _hidden_by(problem, table, ready)
        box.lock()
        for stream in ready:
            ctx.progress(f"mapping {stream.spec.stream}")
            yield from _records(box, mapping, stream, tables)
            yield from _notes(box, mapping, stream, tables)
