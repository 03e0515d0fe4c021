"""Durable writes, and what a full, failing or damaged disk looks like to a person."""

from __future__ import annotations

import errno
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from auditor.errors import AuditorError, IntegrityError, StoreError

CHUNK = 1 << 20
"""Bytes read at a time from anything that may be large."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FULL_TEXTS = ("no space left on device", "file too large", "disk quota", "disk full", "disk is full")
_CURE_FULL = "free some space and run again; nothing of the unfinished run counts, earlier runs are untouched"
_CURE_DAMAGED = "restore the data directory from a copy, then run `auditor verify`"


def fsync_path(path: Path) -> None:
    """Make a file, or the entries of a directory, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(data: bytes, temporary: Path, final: Path) -> None:
    """Write bytes to a temporary name, make them durable, then give them their name in one step."""
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(descriptor)
    temporary.replace(final)


def move_durably(temporary: Path, final: Path) -> None:
    """Make a finished file durable and give it its name; the entry itself is durable after `fsync_path(parent)`."""
    fsync_path(temporary)
    temporary.replace(final)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def disk_faults(where: Path) -> Iterator[None]:
    """Turn what the operating system, SQLite and DuckDB say about a disk into one message.

    Raises:
        StoreError: the disk is full, or the place cannot be read or written.
        IntegrityError: the ledger is damaged.
    """
    try:
        yield
    except OSError as fault:
        raise _from_system(fault, where) from fault
    except sqlite3.Error as fault:
        raise _from_sqlite(fault, where) from fault
    except duckdb.Error as fault:
        raise _from_duckdb(fault, where) from fault


def _full(detail: str, where: Path) -> StoreError:
    return StoreError(f"disk full, or a file grew past its limit ({detail})", where=str(where), cure=_CURE_FULL)


def _from_system(fault: OSError, where: Path) -> AuditorError:
    place = Path(fault.filename) if isinstance(fault.filename, str) else where
    detail = fault.strerror or str(fault)
    if fault.errno in _FULL:
        return _full(detail, place)
    return StoreError(f"the data directory cannot be used: {detail}", where=str(place))


def _from_sqlite(fault: sqlite3.Error, where: Path) -> AuditorError:
    code = getattr(fault, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    if primary in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return _full(str(fault), where)
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError("the ledger is in use by another program", where=str(where), cure="try again when it ended")
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return StoreError(f"the ledger cannot be opened for writing: {fault}", where=str(where))
    return IntegrityError(f"the ledger is damaged: {fault}", where=str(where), cure=_CURE_DAMAGED)


def _from_duckdb(fault: duckdb.Error, where: Path) -> AuditorError:
    text = str(fault).splitlines()[0]
    sign = next((sign for sign in _FULL_TEXTS if sign in text.lower()), None)
    if sign is not None:
        return _full(sign, where)
    if isinstance(fault, duckdb.OutOfMemoryException):
        return StoreError(f"not enough memory for the rows of this run: {text}", where=str(where))
    return StoreError(f"the evidence could not be written or read: {text}", where=str(where))
