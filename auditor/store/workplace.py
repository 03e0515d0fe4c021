"""Temporary places that a crash cannot leave behind for ever, and the lock of the one writer."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from auditor.errors import StoreError


@contextmanager
def workplace(tmp: Path) -> Iterator[Path]:
    """A private folder for as long as the block runs.

    It is locked meanwhile, so that `clean` in another process tells a live one from one that a dead process left.
    """
    path, descriptor = _locked_folder(tmp)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(descriptor)


def clean(tmp: Path) -> None:
    """Remove what dead processes left."""
    for entry in list(tmp.iterdir()):
        if not entry.is_dir():
            entry.unlink(missing_ok=True)
            continue
        descriptor = os.open(entry, os.O_RDONLY)
        try:
            if _try_lock(descriptor):
                shutil.rmtree(entry, ignore_errors=True)
        finally:
            os.close(descriptor)


@contextmanager
def writer_lock(lock: Path, *, command: str, started: str) -> Iterator[None]:
    """Hold the data directory for writing; the system lets go of it when the process dies.

    Raises:
        StoreError: another process writes; the message names it.
    """
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _try_lock(descriptor):
            raise StoreError(
                f"another run writes to this data directory ({_holder(descriptor)})",
                where=str(lock.parent),
                cure="wait until it ends, or stop it; reading commands work meanwhile",
            )
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps({"pid": os.getpid(), "command": command, "started": started}).encode())
        yield
    finally:
        os.close(descriptor)


def _locked_folder(tmp: Path) -> tuple[Path, int]:
    while True:
        path = Path(tempfile.mkdtemp(dir=tmp))
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue  # `clean` of another process came between
        if _try_lock(descriptor) and path.exists():
            return path, descriptor
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        if fault.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


def _holder(descriptor: int) -> str:
    try:
        holder = json.loads(os.pread(descriptor, 4096, 0))
        return f"process {int(holder['pid'])}, `{holder['command']}`, started {holder['started']}"
    except (ValueError, KeyError, TypeError):
        return "it has not said yet which"
