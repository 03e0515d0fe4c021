"""From one record to one row: validation, and the tier of reliability the row may claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import NoneType

from auditor.canonical import JsonValue, canonical_sha256
from auditor.model.evidence import PayloadRef, Record, Row, Tier
from auditor.model.streams import StreamDef
from auditor.model.validate import check_row, make_row

HAND_KEPT = "hand_kept"
"""Value of `source_run.origin` for lists that people keep by hand."""

_HAND_KEPT_CAPS: Mapping[str, Tier] = {"training_record": Tier.R0, "attestation": Tier.R0}
_HAND_KEPT_CAP = Tier.R2


@dataclass(frozen=True, slots=True)
class Stamped:
    """What became of a record.

    Attributes:
        row: the row; None when it cannot be loaded.
        problem: why it cannot be loaded; None when it can.
        remark: what is wrong with it that does not hinder the row.
        unknown_fields: fields the stream does not have.
        row_kind: value of its `kind`, where the stream has one and it can be read.
    """

    row: Row | None
    problem: str | None = None
    remark: str | None = None
    unknown_fields: tuple[str, ...] = ()
    row_kind: str | None = None


def stamp(stream: StreamDef, record: Record, source_id: str, origin: JsonValue) -> Stamped:
    """Validate a record and give it its place in the store.

    Args:
        origin: `source_run.origin` of its source.
    """
    form_problem = _form_problem(record)
    if form_problem is not None:
        return Stamped(None, form_problem)
    row_kind = _row_kind(stream, record.values)
    try:
        checked = check_row(stream, record.values)
        if checked.faults:
            return Stamped(None, "; ".join(fault.problem for fault in checked.faults), row_kind=row_kind)
        _note_first_sight(stream, checked.values)
        tier, remark = _tier(stream, checked.values, record.reliability, origin)
        row = make_row(
            stream,
            source_id,
            checked.values,
            tier,
            record.payload.sha256,
            record.pointer,
            source_url=record.source_url,
            fetched_at=None if record.fetched_at is None else record.fetched_at.astimezone(UTC),
        )
    except (TypeError, ValueError, RecursionError) as error:
        # Values that are no JSON at all: only a faulty collector yields them, and it must not stop the others.
        return Stamped(None, f"the row holds a value that is no JSON ({type(error).__name__})", row_kind=row_kind)
    return Stamped(row, None, remark, checked.unknown_fields, row_kind)


def _note_first_sight(stream: StreamDef, values: dict[str, JsonValue]) -> None:
    """Give a final row the hash of what is final in it; the store keeps the row that brought it first."""
    final = stream.final
    if final is None or final.sha_field is None or values[final.sha_field] is not None or not final.is_final(values):
        return
    values[final.sha_field] = canonical_sha256({name: values[name] for name in final.fields})


def _form_problem(record: Record) -> str | None:
    """What is wrong with the record itself: its types are promises of the collector, not facts."""
    if not is_a(record.values, Mapping) or not set(map(type, record.values)) <= {str}:
        return "the record's values are no map of field names"
    if not is_a(record.payload, PayloadRef) or not is_a(record.pointer, str):
        return "the record does not point into a payload"
    if not is_a(record.source_url, str, NoneType) or not is_a(record.place, str, NoneType):
        return "source_url or place is not text"
    if not is_a(record.fetched_at, datetime, NoneType) or (record.fetched_at and record.fetched_at.tzinfo is None):
        return "fetched_at is not an instant with a zone"
    if not is_a(record.reliability, Tier, NoneType):
        return "reliability is not a tier R0 to R5"
    return None


def is_a(value: object, *kinds: type) -> bool:
    """Whether a value has one of these types, also where its declaration promises that it has."""
    return isinstance(value, kinds)


def _row_kind(stream: StreamDef, values: Mapping[str, JsonValue]) -> str | None:
    field = stream.field(stream.kind_field) if stream.kind_field else None
    value = values.get(field.name) if field is not None else None
    return value if isinstance(value, str) and field is not None and value in (field.enum or ()) else None


def _tier(
    stream: StreamDef, values: Mapping[str, JsonValue], stated: Tier | None, origin: JsonValue
) -> tuple[Tier, str | None]:
    """The row's tier: that of its stream, lowered where the record or the origin of its source says so."""
    default = stream.default_tier(values)
    limit = min(default, _HAND_KEPT_CAPS.get(stream.name, _HAND_KEPT_CAP)) if origin == HAND_KEPT else default
    if stated is None:
        return limit, None
    if stated > default:
        remark = (
            f"reliability R{stated} is above R{default}, the most a row of {stream.name} like it has; R{limit} counts"
        )
        return limit, remark
    return min(stated, limit), None
