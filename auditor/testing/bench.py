"""A database in memory whose evidence is replaced from case to case: making its tables once is what makes it fast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from auditor.canonical import JsonValue, sha256_hex
from auditor.errors import EvidenceError
from auditor.model.evidence import Row, Tier
from auditor.model.streams import STREAMS
from auditor.model.tables import SCHEMA, all_columns, create_table_sql, quoted
from auditor.model.validate import check_row, make_row
from auditor.sql.sandbox import Limits, Sandbox

DEFAULT_SOURCE = "src"
"""Source of a row that names none."""

_SOURCE, _RELIABILITY, _FETCHED_AT = "_source", "_reliability", "_fetched_at"


class EvidenceBench:
    """An empty evidence database to fill and empty; a context manager.

    Attributes:
        sandbox: the database, with schema `evidence` and the table of every stream.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.sandbox = Sandbox.in_memory(limits)
        self.sandbox.setup(f"create schema {SCHEMA}")
        for stream in STREAMS.values():
            self.sandbox.setup(create_table_sql(stream))
        self.sandbox.lock()
        self._filled: set[str] = set()

    def fill(self, given: Mapping[str, Sequence[Mapping[str, JsonValue]]]) -> None:
        """Replace all evidence.

        Args:
            given: stream -> rows: the fields of the stream, and `_source`, `_reliability` (R0 to R5), `_fetched_at`.

        Raises:
            EvidenceError: there is no such stream, or a row does not fit it.
        """
        if self._filled:
            self.sandbox.setup("; ".join(f"delete from {SCHEMA}.{quoted(stream)}" for stream in sorted(self._filled)))
            self._filled.clear()
        for stream, rows in given.items():
            self._load(stream, [_row(stream, raw, number) for number, raw in enumerate(rows, 1)])

    def _load(self, stream: str, rows: Sequence[Row]) -> None:
        if not rows:
            return
        self._filled.add(stream)
        stored = [_stored(row) for row in rows]
        # Loading a column costs the same whether it holds anything or not.
        used = {name for row in stored for name, value in row.items() if value is not None}
        columns = {name: kind for name, kind in all_columns(STREAMS[stream]).items() if name in used}
        self.sandbox.load_rows(f"{SCHEMA}.{quoted(stream)}", columns, stored)

    def close(self) -> None:
        """Drop the database."""
        self.sandbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _row(stream: str, raw: Mapping[str, JsonValue], number: int) -> Row:
    where = f"{stream}, row {number}"
    if stream not in STREAMS:
        raise EvidenceError(f"there is no stream {stream!r}", where=where)
    definition = STREAMS[stream]
    own = {name: value for name, value in raw.items() if name not in (_SOURCE, _RELIABILITY, _FETCHED_AT)}
    checked = check_row(definition, own)
    problems = [fault.problem for fault in checked.faults]
    problems += [f"{stream} has no field {name!r}" for name in checked.unknown_fields]
    if problems:
        raise EvidenceError("; ".join(problems), where=where)
    source = str(raw.get(_SOURCE, DEFAULT_SOURCE))
    tier = raw.get(_RELIABILITY)
    fetched = raw.get(_FETCHED_AT)
    return make_row(
        definition,
        source,
        checked.values,
        Tier[str(tier)] if tier else definition.default_tier(checked.values),
        sha256_hex(f"{source}/{stream}".encode()),
        f"row:{number}",
        fetched_at=datetime.fromisoformat(str(fetched)) if fetched else None,
    )


def _stored(row: Row) -> dict[str, JsonValue]:
    return {
        **row.values,
        "_ref": row.ref,
        "_source_id": row.source_id,
        "_key": row.key,
        "_reliability": int(row.reliability),
        "_fetched_at": None if row.fetched_at is None else row.fetched_at.isoformat(),
        "_source_url": row.source_url,
        "_row_sha256": row.sha256,
        "_payload_sha256": row.payload_sha256,
        "_pointer": row.pointer,
    }
