"""From a file to records: keeps its bytes, reads its rows, and says for each where it stands."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from auditor.api import (
    STREAMS,
    CollectContext,
    Gap,
    GapReason,
    JsonValue,
    PayloadRef,
    Record,
    Tier,
    from_text,
)
from collectors.files.csvfile import read_csv
from collectors.files.folder import StreamFile
from collectors.files.jsonl import read_jsonl
from collectors.files.lines import BadRow, TextFile
from collectors.files.sources import parse_instant

_MEDIA_TYPES = {True: "text/csv", False: "application/x-ndjson"}


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a row of a folder says about itself beside its fields."""

    source_id: str | None
    source_url: str | None
    fetched_at: datetime | None
    reliability: Tier | None


def keep_file(ctx: CollectContext, path: Path, name: str, *, is_csv: bool) -> PayloadRef | str:
    """Keep the content of a file, or say why it cannot be read.

    Args:
        name: the file's name inside the folder, which goes into the envelope.
    """
    try:
        return ctx.keep_file(path, request={"file": name}, media_type=_MEDIA_TYPES[is_csv])
    except (EOFError, zlib.error):
        return "the compressed data is damaged or cut off, so nothing of the file was read"
    except OSError as error:
        return f"the file cannot be read ({error.strerror or 'its compressed data is damaged'})"


def changed_meanwhile(file: TextFile, payload: PayloadRef) -> bool:
    """Whether what was read line by line is not what was kept: the file was written to in between."""
    return file.whole_sha256 is not None and file.whole_sha256 != payload.sha256


def read_stream_file(ctx: CollectContext, file: StreamFile, answering: Sequence[str]) -> Iterator[Record | Gap]:
    """The records of one file of an evidence folder.

    Args:
        answering: ids of the sources that answer for its stream.
    """
    name = file.path.name
    payload = keep_file(ctx, file.path, name, is_csv=file.is_csv)
    if isinstance(payload, str):
        yield Gap(file.stream, GapReason.MALFORMED, payload, name)
        return
    text = TextFile(file.path)
    for row in read_csv(text) if file.is_csv else read_jsonl(text):
        if isinstance(row, BadRow):
            place = name if row.line is None else f"{name}:{row.line}"
            yield Gap(file.stream, GapReason.MALFORMED, row.problem, place, hides_rows=row.hides_rows)
            continue
        place = f"{name}:{row.line}"
        values = dict(row.values)
        said = take_provenance(values, answering)
        if isinstance(said, str):
            yield Gap(file.stream, GapReason.MALFORMED, said, place, hides_rows=1)
            continue
        if file.is_csv:
            values = from_text(STREAMS[file.stream], values)
        yield Record(
            file.stream,
            values,
            payload,
            f"line:{row.line}",
            place,
            said.source_id,
            said.source_url,
            said.fetched_at,
            said.reliability,
        )
    if changed_meanwhile(text, payload):
        yield Gap(file.stream, GapReason.MALFORMED, "the file changed while it was read", name)


def take_provenance(values: dict[str, JsonValue], answering: Sequence[str]) -> Provenance | str:
    """Take what a row says about itself out of its values, or say what is wrong with it."""
    source_id, source_url, fetched_at, reliability = (
        values.pop(name, None) for name in ("source_id", "source_url", "fetched_at", "reliability")
    )
    if source_id is None and len(answering) != 1:
        return f"source_id is missing, and several sources list the stream: {', '.join(answering)}"
    for name, value in (("source_id", source_id), ("source_url", source_url)):
        if not (value is None or isinstance(value, str)):
            return f"{name} is not text: {value!r}"
    if source_id is not None and source_id not in answering:
        return f"source_id {source_id!r} is none of the sources that list the stream: {', '.join(answering)}"
    instant = parse_instant(fetched_at)
    if fetched_at is not None and instant is None:
        return f"fetched_at is not an instant such as 2026-01-31T09:30:00Z: {fetched_at!r}"
    if not (reliability is None or (isinstance(reliability, str) and reliability in Tier.__members__)):
        return f"reliability is not one of R0 to R5: {reliability!r}"
    tier = Tier[reliability] if isinstance(reliability, str) else None
    return Provenance(str(source_id or answering[0]), None if source_url is None else str(source_url), instant, tier)
