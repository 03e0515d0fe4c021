"""The tables that statements of a pack see beside its views."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.model.streams import STREAMS
from auditor.model.tables import META_COLUMNS, PACK_META_COLUMNS, stream_columns

CALENDARS = ("calendar_month", "calendar_quarter")
"""Tables the engine makes: n (1 is the last full one), starts, ends."""


def evidence_tables() -> dict[str, Mapping[str, str]]:
    """Table -> column -> SQL type: every stream of evidence with its provenance, and the calendars."""
    meta = {name: META_COLUMNS[name] for name in PACK_META_COLUMNS}
    tables: dict[str, Mapping[str, str]] = {
        stream.name: {**stream_columns(stream), **meta} for stream in STREAMS.values() if not stream.control
    }
    for name in CALENDARS:
        tables[name] = {"n": "BIGINT", "starts": "TIMESTAMP", "ends": "TIMESTAMP"}
    return tables
