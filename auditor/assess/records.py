"""The rows that an assessment cites, read back with the bytes they came from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from auditor.assess.relations import GIVEN_REFS, RUNS
from auditor.canonical import JsonValue, round_real
from auditor.model.assessment import Observation, RecordView
from auditor.model.evidence import Tier
from auditor.model.streams import STREAMS, FieldType, StreamDef
from auditor.model.tables import SCHEMA, quoted
from auditor.ports import PayloadText
from auditor.sql.sandbox import Sandbox

MAX_RECORDS = 5_000
"""Rows that one assessment lists, so that it stays readable; the number of the others is in it."""

_BATCH = 1_000


def cited_refs(observations: Iterable[Observation]) -> list[str]:
    """References that the listed members and guards rest on, each once, in the order in which they are read."""
    found: dict[str, None] = {}
    for observation in observations:
        for item in observation.items:
            found.update(dict.fromkeys(item.evidence))
        for guard in observation.guards:
            found.update(dict.fromkeys(guard.evidence))
    return list(found)


def record_views(
    sandbox: Sandbox,
    refs: Sequence[str],
    payload_text: PayloadText,
    *,
    pulled: Mapping[str, str],
    earlier: Mapping[str, RecordView],
) -> tuple[Mapping[str, RecordView], int]:
    """The cited rows by reference, and the number of those that are not listed.

    Args:
        sandbox: has schema `evidence`.
        refs: references in the order of importance.
        payload_text: reads the bytes a row came from.
        pulled: source -> end of its latest sound pull, for rows that do not say when they were read.
        earlier: records of the assessment that a value was carried from, for rows that are gone since.
    """
    by_stream: dict[str, list[str]] = defaultdict(list)
    for ref in refs[:MAX_RECORDS]:
        by_stream[ref.partition(":")[0]].append(ref)
    views: dict[str, RecordView] = {}
    for name, cited in sorted(by_stream.items()):
        if name in STREAMS and name != RUNS:
            for row in _rows(sandbox, STREAMS[name], sorted(cited)):
                views[row["_ref"]] = _view(STREAMS[name], row, payload_text, pulled.get(row["_source_id"]))
        for ref in cited:
            if ref not in views and ref in earlier:
                views[ref] = earlier[ref]
    return dict(sorted(views.items())), len(refs) - len(views)


def _rows(sandbox: Sandbox, stream: StreamDef, refs: Sequence[str]) -> Iterable[Mapping[str, Any]]:
    table = f"{SCHEMA}.{quoted(stream.name)}"
    sql = f"select * from {table} where _ref in ({GIVEN_REFS})"
    for start in range(0, len(refs), _BATCH):
        answer = sandbox.columns(sql, {"refs": orjson.dumps(refs[start : start + _BATCH]).decode()})
        columns = {name: orjson.loads(values) for name, values in answer.items()}
        for values in zip(*columns.values(), strict=True):
            yield dict(zip(columns, values, strict=True))


def _view(stream: StreamDef, row: Mapping[str, Any], payload_text: PayloadText, pulled: str | None) -> RecordView:
    payload, pointer = row["_payload_sha256"] or "", row["_pointer"] or ""
    excerpt, cut = payload_text(payload, pointer) if payload else (None, False)
    return RecordView(
        ref=row["_ref"],
        stream=stream.name,
        source_id=row["_source_id"],
        key=row["_key"] or "",
        values={field.name: _canonical(row[field.name], field.type) for field in stream.fields},
        reliability=Tier(row["_reliability"]).name,
        fetched_at=_instant(row["_fetched_at"]) or pulled,
        source_url=row["_source_url"],
        row_sha256=row["_row_sha256"] or "",
        payload_sha256=payload,
        pointer=pointer,
        excerpt=excerpt,
        excerpt_cut=cut,
        derived_by=row["_derived"],
    )


def _canonical(value: Any, kind: FieldType) -> JsonValue:
    if kind is FieldType.INSTANT:
        return _instant(value)
    if kind is FieldType.REAL and value is not None:
        return round_real(value)
    result: JsonValue = value
    return result


def _instant(value: str | None) -> str | None:
    """From the form of the database to the canonical one."""
    return None if value is None else f"{datetime.fromisoformat(value).isoformat()}Z"
