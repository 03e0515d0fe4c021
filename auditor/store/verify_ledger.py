"""Checks of the ledger: the chain, every row that a manifest covers, and rows that belong to nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from auditor.canonical import canonical_bytes, sha256_hex
from auditor.store.commit import joined_sha256, totals_before
from auditor.store.envelopes import envelope_from_body, list_digest
from auditor.store.ledger import Ledger
from auditor.store.manifest import compose, new_envelopes

Finding = tuple[str, str]
"""Where a problem is, and what is wrong."""

_SHOWN = 80


def check_database(ledger: Ledger) -> Iterator[Finding]:
    """The SQLite file itself."""
    try:
        faults = [text for (text,) in ledger.rows("pragma integrity_check") if text != "ok"]
    except sqlite3.DatabaseError as fault:
        faults = [str(fault)]
    for text in faults:
        yield str(ledger.place), f"the file is damaged: {text}"


def check_chain(ledger: Ledger) -> Iterator[Finding]:
    """Every manifest against its hash, its place, and the one before it."""
    previous, expected = None, 1
    for sequence, run, sha256, previous_column, body in ledger.rows(
        "select sequence, run, sha256, previous_sha256, body from manifest order by sequence"
    ):
        where = f"manifest {sequence} (run {run})"
        if sequence != expected:
            yield where, f"the chain is broken: manifest {expected} is missing before it"
        if sha256_hex(body.encode()) != sha256:
            yield where, "it is not what its hash says"
        sealed = _parsed(body)
        if sealed.get("sequence") != sequence:
            yield where, f"it was sealed as manifest {sealed.get('sequence')}: manifests were reordered or renumbered"
        if _get(sealed, "run", "number") != run:
            yield where, f"it was sealed for run {_get(sealed, 'run', 'number')}"
        if not sealed.get("previous_sha256") == previous_column == previous:
            yield where, "the chain is broken: the manifest before it is not the one it was sealed after"
        previous, expected = sha256, sequence + 1


def check_rows(ledger: Ledger) -> Iterator[Finding]:
    """The rows of every run against its manifest, and every hash in a row against what it is the hash of."""
    for sequence, run, previous, body in ledger.rows(
        "select sequence, run, previous_sha256, body from manifest order by sequence"
    ):
        sealed, found = _parsed(body), compose(ledger, run, sequence, previous)
        # Through JSON, so that tuples and numbers compare as they were sealed.
        for path, text in _differences(sealed, orjson.loads(canonical_bytes(found)), ()):
            yield f"run {run}, {_place(path)}", text
    yield from _check_envelopes(ledger)
    yield from _check_totals(ledger)
    yield from _check_lists(ledger)
    for table in ("source_run", "envelope", "envelope_set", "segment"):
        for run, found_scope, scope in ledger.rows(
            f"select distinct t.run, t.scope, r.scope from {table} t join run r on r.number = t.run "
            "where t.scope <> r.scope"
        ):
            yield f"run {run}, {table}", f"a row says scope {found_scope}; the run's is {scope}"


def check_orphans(ledger: Ledger) -> Iterator[Finding]:
    """Rows that no sealed run stands for."""
    for status, number in ledger.rows(
        "select r.status, r.number from run r left join manifest m on m.run = r.number "
        "where (r.status = 'complete') <> (m.run is not null) order by r.number"
    ):
        problem = "has no manifest: it was dropped" if status == "complete" else f"is marked {status}, but was sealed"
        yield f"run {number}", f"the run {problem}"
    for number in _unknown_runs(ledger):
        yield f"manifest of run {number}", "there is no such run in the ledger"
    for table, what in (("source_run", "source_id"), ("envelope", "sha256"), ("envelope_set", "source_id")):
        yield from _unsealed(ledger, table, what)
    yield from _unsealed(ledger, "segment", "stream")
    for what, sql in _ORPHANS:
        for (name,) in ledger.rows(sql):
            yield f"{what} {name}", "nothing refers to it: the row was added, or what it belonged to was dropped"


def _unknown_runs(ledger: Ledger) -> list[int]:
    rows = ledger.rows("select run from manifest where run not in (select number from run) order by run")
    return [run for (run,) in rows]


def _unsealed(ledger: Ledger, table: str, what: str) -> Iterator[Finding]:
    rows = ledger.rows(
        f"select run, {what} from {table} where run not in (select run from manifest) order by run, {what} limit 100"
    )
    for run, name in rows:
        yield f"run {run}, {table} {name}", "the row belongs to a run that was not sealed"


_OBSERVED = "select observations_sha256 from run where observations_sha256 is not null"
_ASSESSED = "select assessment_sha256 from run where assessment_sha256 is not null"
_ORPHANS = (
    ("payload", "select sha256 from payload where sha256 not in (select payload_sha256 from envelope) limit 100"),
    ("gap list", "select distinct list_sha256 from gap where list_sha256 not in (select gaps_sha256 from source_run)"),
    ("observation list", f"select distinct list_sha256 from observation where list_sha256 not in ({_OBSERVED})"),
    ("assessment", f"select sha256 from assessment where sha256 not in ({_ASSESSED})"),
)


def _check_envelopes(ledger: Ledger) -> Iterator[Finding]:
    cursor = ledger.connection.execute(
        "select e.run, e.source_id, e.sha256, e.identity, e.payload_sha256, e.body, p.sha256 "
        "from envelope e left join payload p on p.sha256 = e.payload_sha256"
    )
    for run, source_id, sha256, identity, payload_sha256, body, kept in cursor:
        where = f"run {run}, envelope {sha256} of payload {payload_sha256}"
        try:
            row = envelope_from_body(body)
        except (ValueError, KeyError, TypeError):
            yield where, "it is no envelope"
            continue
        if row.sha256 != sha256:
            yield where, "it is not what its hash says"
        elif (row.source_id, row.identity, row.payload_sha256) != (source_id, identity, payload_sha256):
            yield where, "its columns are not what the envelope says"
        if kept is None:
            yield where, "the ledger has no such payload"


def _check_totals(ledger: Ledger) -> Iterator[Finding]:
    for run, scope, source_id, count, digest in ledger.rows(
        "select run, scope, source_id, total_count, total_sha256 from envelope_set order by run, source_id"
    ):
        count_before, digest_before = totals_before(ledger, run, scope, source_id)
        new = new_envelopes(ledger, run, source_id)
        if (count, digest) != (count_before + len(new), list_digest(new, digest_before)):
            yield f"run {run}, envelope_set {source_id}", "the envelopes in force are not those that were sealed"


def _check_lists(ledger: Ledger) -> Iterator[Finding]:
    lists = (
        ("gap", "select p.run || ', source ' || p.source_id, p.gap_count, p.gaps_sha256 from source_run p"),
        (
            "observation",
            "select number, null, observations_sha256 from run where observations_sha256 is not null",
        ),
    )
    for table, sql in lists:
        for owner, count, sha256 in ledger.rows(f"{sql} order by 1"):
            bodies = [
                body.encode()
                for (body,) in ledger.rows(f"select body from {table} where list_sha256 = ? order by position", sha256)
            ]
            if joined_sha256(bodies) != sha256 or count not in (None, len(bodies)):
                yield f"run {owner}, {table} list {sha256}", f"a row of {table} was edited, added or dropped"


def _differences(sealed: Any, found: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(sealed, dict) and isinstance(found, dict):
        for key in sorted(sealed.keys() | found.keys()):
            if key not in found:
                yield (*path, key), "it was sealed, and is gone from the ledger"
            elif key not in sealed:
                yield (*path, key), "it is in the ledger, and was not sealed"
            else:
                yield from _differences(sealed[key], found[key], (*path, key))
    elif isinstance(sealed, list) and isinstance(found, list) and path[-1] == "new":
        for gone in sorted(set(sealed) - set(found)):
            yield (*path, gone), "the envelope was sealed, and is gone from the ledger"
        for added in sorted(set(found) - set(sealed)):
            yield (*path, added), "the envelope is in the ledger, and was not sealed"
    elif sealed != found:
        yield path, f"the ledger says {_shown(found)}, sealed was {_shown(sealed)}"


def _place(path: tuple[str, ...]) -> str:
    names = {"sources": "source_run", "run": "run row"}
    return " ".join((names.get(path[0], path[0]), ".".join(path[1:]))).strip()


def _shown(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _parsed(body: str) -> dict[str, Any]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _get(body: Mapping[str, Any], *keys: str) -> Any:
    value: Any = body
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
