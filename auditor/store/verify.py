"""The proof that a data directory is what was written: bytes, rows and the chain of manifests over them.

Who can write to the data directory can forge all of it from one run on, consistently. What stands against that is the
head of the chain, which every report prints: keep it elsewhere, and compare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from auditor.canonical import sha256_hex
from auditor.errors import AuditorError, StoreError
from auditor.store.disk import disk_faults
from auditor.store.ledger import RunStatus
from auditor.store.store import Store
from auditor.store.verify_files import check_payloads, check_segments, check_states
from auditor.store.verify_ledger import check_chain, check_database, check_orphans, check_rows

Reassess = Callable[[int], bytes | None]
"""Number of a run -> the canonical bytes of its assessment, computed again; None where they cannot be computed here."""

Progress = Callable[[str], None]
"""Told what is being checked."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not what was written: where it is, and what is wrong."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def verify(store: Store, reassess: Reassess | None = None, progress: Progress | None = None) -> list[Problem]:
    """Check everything that is stored; a run may write meanwhile.

    Args:
        store: the data directory.
        reassess: computes an assessment again; None: recorded assessments are only checked against their hashes.
        progress: told what is being checked.

    Returns:
        Every problem found; none when all is what was written.

    Raises:
        StoreError: the data directory cannot be read.
    """
    tell = progress or (lambda _: None)
    steps: list[tuple[str, Callable[[], Iterator[tuple[str, str]]]]] = [
        ("the ledger file", lambda: check_database(store.ledger)),
        ("the chain of manifests", lambda: check_chain(store.ledger)),
        ("the rows of the ledger", lambda: check_rows(store.ledger)),
        ("rows that belong to nothing", lambda: check_orphans(store.ledger)),
        ("assessments", lambda: _check_assessments(store)),
        ("segments", lambda: check_segments(store)),
        ("payloads", lambda: check_payloads(store, tell)),
        ("states", lambda: check_states(store)),
    ]
    if reassess is not None:
        steps.append(("assessments, computed again", lambda: _check_again(store, reassess)))
    problems: list[Problem] = []
    with disk_faults(store.layout.ledger), store.ledger.snapshot():
        for what, check in steps:
            tell(f"checking {what}")
            problems += _findings(what, check)
    return problems


def _findings(what: str, check: Callable[[], Iterator[tuple[str, str]]]) -> Iterator[Problem]:
    try:
        for where, text in check():
            yield Problem(where, text)
    except StoreError:
        raise
    # Whoever edits a ledger may leave anything in it: what a check chokes on is a finding, and the others go on.
    except Exception as fault:
        text = fault.what if isinstance(fault, AuditorError) else f"{type(fault).__name__}: {fault}"
        yield Problem(what, f"the check came to no end: {text}")


def _check_assessments(store: Store) -> Iterator[tuple[str, str]]:
    for number, sha256 in store.ledger.rows(
        "select number, assessment_sha256 from run where assessment_sha256 is not null "
        "and assessment_sha256 not in (select sha256 from assessment) order by number"
    ):
        yield f"run {number}, assessment {sha256}", "it is gone from the ledger"
    for sha256, size in store.ledger.rows("select sha256, size from assessment order by sha256"):
        try:
            document = store.assessment(sha256)
        except AuditorError as error:
            yield f"assessment {sha256}", error.what
            continue
        if len(document) != size:
            yield f"assessment {sha256}", f"it has {len(document)} bytes, the ledger says {size}"


def _check_again(store: Store, reassess: Reassess) -> Iterator[tuple[str, str]]:
    for record in store.ledger.runs():
        if record.status is not RunStatus.COMPLETE or record.assessment_sha256 is None:
            continue
        try:
            document = reassess(record.number)
        except AuditorError as error:
            yield f"run {record.number}, assessment", f"it could not be computed again: {error}"
            continue
        if document is None:
            continue
        sha256 = sha256_hex(document)
        if sha256 != record.assessment_sha256:
            yield (
                f"run {record.number}, assessment",
                f"computed again it has the hash {sha256}, the ledger says {record.assessment_sha256}",
            )
