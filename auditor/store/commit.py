"""The one transaction that makes a run count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from auditor.canonical import JsonValue, canonical_bytes, sha256_hex
from auditor.ports import SourcePull
from auditor.store.envelopes import NO_HASHES, EnvelopeLog, list_digest
from auditor.store.instants import instant_text
from auditor.store.ledger import Ledger, Segment, gap_body
from auditor.store.manifest import new_envelopes, seal_run
from auditor.store.pieces import pack, split
from auditor.store.state import schema_sha256


@dataclass(frozen=True, slots=True)
class Collected:
    """What a run collected; everything it names is durable already.

    Attributes:
        payloads: SHA-256 -> length of the new ones.
        records: by source, then stream: rows read, changed and gone.
    """

    pulls: Sequence[SourcePull]
    payloads: Mapping[str, int]
    envelopes: EnvelopeLog
    segments: Sequence[Segment]
    records: Mapping[str, Mapping[str, Mapping[str, int]]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run judged, and with what."""

    as_of: datetime
    ended: datetime
    engine_version: str
    config_sha256: str
    rule_pack: Mapping[str, JsonValue]
    source_order: Sequence[str]
    digest: str
    assessment: bytes | None
    observations: Sequence[Mapping[str, JsonValue]]


def write_run(ledger: Ledger, run: int, scope: str, collected: Collected, verdict: Verdict) -> str:
    """Write everything of a run and its manifest; all of it counts, or nothing.

    Returns:
        Hash of the manifest.
    """
    with ledger.transaction():
        _write_payloads(ledger, run, scope, collected)
        for pull in collected.pulls:
            _write_pull(ledger, run, scope, pull, collected.records.get(pull.source_id, {}))
        ledger.connection.executemany(
            "insert into segment (run, scope, stream, record_count, content_sha256, file_sha256) "
            "values (?, ?, ?, ?, ?, ?)",
            [
                (entry.run, entry.scope, entry.stream, entry.record_count, entry.content_sha256, entry.file_sha256)
                for entry in collected.segments
            ],
        )
        _write_verdict(ledger, run, verdict)
        return seal_run(ledger, run)


def write_list(ledger: Ledger, table: str, bodies: Iterable[JsonValue]) -> tuple[int, str]:
    """Write a list of JSON values to `gap` or `observation`, unless the same list is there.

    Returns:
        Number of its entries, and the hash of its canonical JSON.
    """
    lines = [canonical_bytes(body) for body in bodies]
    sha256 = joined_sha256(lines)
    if ledger.row(f"select 1 from {table} where list_sha256 = ? limit 1", sha256) is None:
        ledger.connection.executemany(
            f"insert into {table} (list_sha256, position, body) values (?, ?, ?)",
            [(sha256, position, line.decode()) for position, line in enumerate(lines)],
        )
    return len(lines), sha256


def joined_sha256(lines: Iterable[bytes]) -> str:
    """Hash of the JSON list of canonical values."""
    return sha256_hex(b"[" + b",".join(lines) + b"]")


def _write_payloads(ledger: Ledger, run: int, scope: str, collected: Collected) -> None:
    ledger.connection.executemany("insert into payload (sha256, size) values (?, ?)", collected.payloads.items())
    ledger.connection.executemany(
        "insert into envelope (run, scope, source_id, sha256, identity, payload_sha256, body) "
        "values (?, ?, ?, ?, ?, ?, ?)",
        (
            (run, scope, row.source_id, row.sha256, row.identity, row.payload_sha256, row.body)
            for row in collected.envelopes.new()
        ),
    )
    for source_id in sorted(collected.envelopes.sources):
        new = new_envelopes(ledger, run, source_id)
        count, digest = totals_before(ledger, run, scope, source_id)
        again_count, again_sha256 = collected.envelopes.again(source_id)
        ledger.connection.execute(
            "insert into envelope_set (run, scope, source_id, again_count, again_sha256, total_count, total_sha256) "
            "values (?, ?, ?, ?, ?, ?, ?)",
            (run, scope, source_id, again_count, again_sha256, count + len(new), list_digest(new, digest)),
        )


def totals_before(ledger: Ledger, run: int, scope: str, source_id: str) -> tuple[int, str]:
    """Number and digest of all envelopes that a source had before a run."""
    found = ledger.row(
        "select total_count, total_sha256 from envelope_set where scope = ? and source_id = ? and run < ? "
        "order by run desc limit 1",
        scope,
        source_id,
        run,
    )
    return (0, NO_HASHES) if found is None else (int(found[0]), str(found[1]))


def _write_pull(
    ledger: Ledger, run: int, scope: str, pull: SourcePull, records: Mapping[str, Mapping[str, int]]
) -> None:
    gap_count, gaps_sha256 = write_list(ledger, "gap", map(gap_body, pull.gaps))
    documents: list[JsonValue] = [pull.values, pull.cursors, sorted(pull.snapshot_streams), records]
    body, cursors, snapshot_streams, counts = (canonical_bytes(entry).decode() for entry in documents)
    ledger.connection.execute(
        "insert into source_run (run, scope, source_id, kind, body, cursors, snapshot_streams, records, gap_count, "
        "gaps_sha256, collector) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run,
            scope,
            pull.source_id,
            pull.kind,
            body,
            cursors,
            snapshot_streams,
            counts,
            gap_count,
            gaps_sha256,
            pull.collector,
        ),
    )


def _write_verdict(ledger: Ledger, run: int, verdict: Verdict) -> None:
    assessment_sha256 = None if verdict.assessment is None else _write_assessment(ledger, verdict.assessment)
    _, observations_sha256 = write_list(ledger, "observation", verdict.observations)
    ledger.connection.execute(
        "update run set status = 'complete', ended = ?, as_of = ?, source_order = ?, state_sha256 = ?, "
        "schema_sha256 = ?, engine_version = ?, config_sha256 = ?, rule_pack = ?, assessment_sha256 = ?, "
        "observations_sha256 = ? where number = ?",
        (
            instant_text(verdict.ended),
            instant_text(verdict.as_of),
            canonical_bytes(list(verdict.source_order)).decode(),
            verdict.digest,
            schema_sha256(),
            verdict.engine_version,
            verdict.config_sha256,
            canonical_bytes(verdict.rule_pack).decode(),
            assessment_sha256,
            observations_sha256,
            run,
        ),
    )


def _write_assessment(ledger: Ledger, document: bytes) -> str:
    sha256 = sha256_hex(document)
    if ledger.row("select 1 from assessment where sha256 = ?", sha256) is None:
        hashes = []
        for piece_sha256, piece in split(document):
            hashes.append(piece_sha256)
            ledger.connection.execute(
                "insert into piece (sha256, body) values (?, ?) on conflict do nothing", (piece_sha256, pack(piece))
            )
        ledger.connection.execute(
            "insert into assessment (sha256, size, pieces) values (?, ?, ?)",
            (sha256, len(document), " ".join(hashes)),
        )
    return sha256
