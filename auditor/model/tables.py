"""The tables of the evidence: one per stream, in schema `evidence`, with the provenance of every row beside it."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.model.streams.base import StreamDef

SCHEMA = "evidence"
"""Schema of the evidence tables inside a state file or an in-memory database."""

ROW_META_COLUMNS: Mapping[str, str] = {
    "_ref": "VARCHAR",
    "_source_id": "VARCHAR",
    "_key": "VARCHAR",
    "_reliability": "INTEGER",
    "_fetched_at": "TIMESTAMP",
    "_source_url": "VARCHAR",
    "_row_sha256": "VARCHAR",
    "_payload_sha256": "VARCHAR",
    "_pointer": "VARCHAR",
}
"""Provenance of every row, as segments keep it. `_fetched_at` null: the end of the source's latest sound pull."""

META_COLUMNS: Mapping[str, str] = {**ROW_META_COLUMNS, "_derived": "VARCHAR"}
"""Provenance columns of every evidence table. `_derived`: recogniser and version; null: the row is as it was read."""

PACK_META_COLUMNS = ("_ref", "_source_id", "_reliability", "_fetched_at")
"""The provenance columns that SQL of a rule pack sees."""


def stream_columns(stream: StreamDef) -> dict[str, str]:
    """Column name -> SQL type of a stream's own fields."""
    return {field.name: field.type.value for field in stream.fields}


def row_columns(stream: StreamDef) -> dict[str, str]:
    """Column name -> SQL type of a stream's rows as segments keep them."""
    return {**stream_columns(stream), **ROW_META_COLUMNS}


def all_columns(stream: StreamDef) -> dict[str, str]:
    """Column name -> SQL type of a stream's evidence table."""
    return {**stream_columns(stream), **META_COLUMNS}


def quoted(name: str) -> str:
    """An SQL identifier, quoted (some fields are called `from`, `to` or `window`)."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def create_table_sql(stream: StreamDef, schema: str = SCHEMA) -> str:
    """The statement that creates a stream's evidence table."""
    columns = ", ".join(f"{quoted(name)} {sql_type}" for name, sql_type in all_columns(stream).items())
    return f"create table {schema}.{quoted(stream.name)} ({columns})"
