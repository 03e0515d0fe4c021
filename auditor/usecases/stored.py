"""Finding what was stored: runs, assessments, payloads."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from auditor.assessment_document import load
from auditor.canonical import canonical_bytes
from auditor.errors import UsageError
from auditor.model.assessment import Assessment, Seal
from auditor.store.store import RowVersion, RunRecord, RunStatus, Store


def read_assessment(path: Path) -> tuple[Assessment, None]:
    """An assessment from a file that `auditor audit --json` or a report wrote.

    Raises:
        UsageError: it cannot be read, or is no assessment.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path), cure="check the name") from error
    return load(data), None


def open_assessment(data_dir: Path, run: int | None) -> tuple[Assessment, Seal]:
    """The assessment of a run, or of the latest one that has any.

    Raises:
        UsageError: there is none.
        StoreError, IntegrityError: the store cannot be read, or is not what was written.
    """
    with closing(Store.open(data_dir, create=False)) as store:
        number = run if run is not None else _latest(store)
        return load(store.assessment(number)), store.seal(number)


def list_runs(data_dir: Path) -> tuple[RunRecord, ...]:
    """Every run, oldest first.

    Raises:
        StoreError: the store cannot be read.
    """
    with closing(Store.open(data_dir, create=False)) as store:
        return store.runs()


def record_history(data_dir: Path, ref: str) -> tuple[RowVersion, ...]:
    """Every version of a record, oldest first.

    Raises:
        UsageError: no record has that reference.
        StoreError, IntegrityError: the store cannot be read, or is not what was written.
    """
    with closing(Store.open(data_dir, create=False)) as store:
        versions = store.row_history(ref)
    if not versions:
        raise UsageError(f"no record is called {ref}", cure="`auditor explain` prints the reference of every record")
    return versions


def requests_behind(data_dir: Path, payloads: Iterable[str]) -> dict[str, list[str]]:
    """What was asked for the bytes of payloads, each request in one line without credentials.

    Raises:
        StoreError: the store cannot be read.
    """
    with closing(Store.open(data_dir, create=False)) as store:
        found = store.requests_for(payloads)
    return {sha256: [request_line(request) for request in requests] for sha256, requests in found.items()}


def request_line(request: Mapping[str, Any]) -> str:
    """A recorded request as a person would write it."""
    if "command" in request:
        return shlex.join(str(word) for word in request["command"])
    if "url" in request:
        query = urlencode(request.get("params") or {}, doseq=True)
        body = f"  {request['body']}" if request.get("body") else ""
        return f"{request.get('method', 'GET')} {request['url']}{f'?{query}' if query else ''}{body}"
    if "file" in request:
        return f"file {request['file']}"
    return canonical_bytes(dict(request)).decode()


def read_payload(data_dir: Path, prefix: str, pointer: str | None) -> bytes:
    """The bytes of a payload, or the text at a pointer in it.

    Args:
        prefix: its hash, or the beginning of it (at least 8 digits).

    Raises:
        UsageError: no payload, or several, begin so; or the pointer names no text in it.
        IntegrityError: it is damaged.
    """
    with closing(Store.open(data_dir, create=False)) as store:
        sha256 = _whole_hash(store, prefix)
        if pointer is None:
            return store.payload(sha256)
        text, _ = store.excerpt(sha256, pointer)
    if text is None:
        raise UsageError(f"{pointer} names no text in payload {sha256}", cure="leave --pointer out to see all of it")
    return text.encode()


def _latest(store: Store) -> int:
    judged = [run.number for run in store.runs() if run.status is RunStatus.COMPLETE and run.assessment_sha256]
    if not judged:
        raise UsageError("nothing was judged yet", cure="run `auditor audit` first")
    return judged[-1]


def _whole_hash(store: Store, prefix: str) -> str:
    if len(prefix) < 8:
        raise UsageError(f"{prefix!r} is too short", cure="give at least 8 digits of the hash")
    found = store.payloads_beginning(prefix.lower())
    if len(found) != 1:
        many = "no payload begins" if not found else f"{len(found)} payloads begin"
        raise UsageError(f"{many} with {prefix}", cure="`auditor explain` prints the hash of every payload it cites")
    return found[0]
