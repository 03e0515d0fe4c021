"""Payloads: the bytes that sources answered with, compressed under the SHA-256 of their content, identical ones once.

Small payloads are written by a pool in batches, because making a file durable is waiting: sixteen at a time take half
as long each. A payload counts when the run commits; until then `PayloadWriter.flush` must have returned.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from auditor.canonical import sha256_hex
from auditor.errors import EvidenceError, IntegrityError
from auditor.model.evidence import PayloadRef
from auditor.store.disk import CHUNK, disk_faults, fsync_path, move_durably, write_durably
from auditor.store.layout import Layout

_THREADS = 16
_BATCH_FILES = 512
_BATCH_BYTES = 8 << 20
_LEVEL = 1
"""Of compression: level 6 takes three times as long for a tenth less (answers of a Prometheus: 52 and 15 ms per MB, 32%
and 36% of the size)."""

_GZIP_MAGIC = b"\x1f\x8b"
_BOMB_FLOOR = 64 << 20
_BOMB_RATIO = 200


class PayloadWriter:
    """Keeps the payloads of one run.

    Args:
        layout: the data directory.
        folder: private folder on the same file system for unfinished files.
        is_kept: whether an earlier run keeps the payload of that hash; only then is a file on disk trusted, because
            a run that died may have left it without making it durable.
    """

    def __init__(self, layout: Layout, folder: Path, is_kept: Callable[[str], bool]) -> None:
        self._layout = layout
        self._folder = folder
        self._is_kept = is_kept
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="payloads")
        self._waiting: dict[str, bytes] = {}
        self._waiting_bytes = 0
        self._folders: set[Path] = set()
        self._unsettled: set[Path] = set()
        self.new: dict[str, int] = {}
        """SHA-256 -> length of every payload that no earlier run keeps."""

    def keep(self, data: bytes) -> PayloadRef:
        """Keep bytes; they are on disk after `flush`.

        Raises:
            StoreError: the disk is full.
        """
        sha256 = sha256_hex(data)
        if not self.has(sha256):
            self.new[sha256] = len(data)
            self._waiting[sha256] = data
            self._waiting_bytes += len(data)
            if len(self._waiting) >= _BATCH_FILES or self._waiting_bytes >= _BATCH_BYTES:
                self._write_waiting()
        return PayloadRef(sha256, len(data))

    def keep_file(self, path: Path) -> PayloadRef:
        """Keep the content of a file in bounded memory; a gzip file is kept as what it holds.

        The file is hashed first, so that one that is kept already is not compressed again.

        Raises:
            StoreError: the disk is full.
            EvidenceError: the file unpacks to more than 200 times its size (and more than 64 MiB).
            OSError, EOFError, zlib.error: the file cannot be read, or its compressed content is damaged.
        """
        reference = _measure(content_chunks(path))
        if self.has(reference.sha256):
            return reference
        target = self._folder / "file.gz"
        # The file may have changed since it was measured: what counts is what was written.
        reference = self._compress(path, target)
        if not self.has(reference.sha256):
            with disk_faults(self._layout.payloads):
                move_durably(target, self._place(reference.sha256))
            self.new[reference.sha256] = reference.size
        target.unlink(missing_ok=True)
        return reference

    def has(self, sha256: str) -> bool:
        """Whether the payload is kept, by this run or an earlier one."""
        return sha256 in self.new or self._is_kept(sha256)

    def flush(self) -> None:
        """Make everything durable that was kept so far.

        Raises:
            StoreError: the disk is full.
        """
        self._write_waiting()
        with disk_faults(self._layout.payloads):
            if self._unsettled:
                list(self._pool.map(fsync_path, [*sorted(self._unsettled), self._layout.payloads]))
                self._unsettled.clear()

    def close(self) -> None:
        """End the pool; what was not flushed is lost."""
        self._pool.shutdown(cancel_futures=True)

    def _write_waiting(self) -> None:
        with disk_faults(self._layout.payloads):
            places = [(sha256, self._place(sha256)) for sha256 in self._waiting]
            list(self._pool.map(self._write, places))
        self._waiting.clear()
        self._waiting_bytes = 0

    def _write(self, entry: tuple[str, Path]) -> None:
        sha256, place = entry
        packed = gzip.compress(self._waiting[sha256], _LEVEL, mtime=0)
        write_durably(packed, self._folder / f"{sha256}.gz", place)

    def _place(self, sha256: str) -> Path:
        place = self._layout.payload(sha256)
        folder = place.parent
        if folder not in self._folders:
            folder.mkdir(mode=0o700, exist_ok=True)
            self._folders.add(folder)
        self._unsettled.add(folder)
        return place

    def _compress(self, path: Path, target: Path) -> PayloadRef:
        digest, size = hashlib.sha256(), 0
        with disk_faults(target):
            raw = target.open("wb")
        with raw, gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as packed:
            for chunk in content_chunks(path):
                digest.update(chunk)
                size += len(chunk)
                with disk_faults(target):
                    packed.write(chunk)
            with disk_faults(target):
                packed.close()
                raw.close()
        return PayloadRef(digest.hexdigest(), size)


def content_chunks(path: Path) -> Iterator[bytes]:
    """The content of a file in pieces, unpacked where it is gzip-compressed (by its first bytes, not its name).

    Raises:
        EvidenceError: it unpacks to more than a real export does.
        OSError, EOFError, zlib.error: it cannot be read, or its compressed content is damaged.
    """
    with path.open("rb") as raw:
        is_packed = raw.read(2) == _GZIP_MAGIC
        raw.seek(0)
        if not is_packed:
            yield from iter(lambda: raw.read(CHUNK), b"")
            return
        limit = max(_BOMB_FLOOR, _BOMB_RATIO * os.fstat(raw.fileno()).st_size)
        size = 0
        with gzip.GzipFile(fileobj=raw) as unpacked:
            while chunk := unpacked.read(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise EvidenceError(
                        f"the file unpacks to more than {_BOMB_RATIO} times its size, which no export does",
                        where=str(path),
                        cure="unpack it yourself, and give the unpacked file if it is what it should be",
                    )
                yield chunk


def payload_chunks(layout: Layout, sha256: str) -> Iterator[bytes]:
    """The content of a payload in pieces; the hash is checked at the end, so use nothing before the iterator ends.

    Raises:
        IntegrityError: the payload is missing, damaged, or not what its name says.
        StoreError: it cannot be read.
    """
    place = layout.payload(sha256)
    digest = hashlib.sha256()
    try:
        with gzip.open(place) as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                yield chunk
    except FileNotFoundError:
        raise _damaged(sha256, place, "is missing") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as fault:
        raise _damaged(sha256, place, f"cannot be unpacked ({fault})") from fault
    if digest.hexdigest() != sha256:
        raise _damaged(sha256, place, f"holds other bytes (their hash is {digest.hexdigest()})")


def read_payload(layout: Layout, sha256: str) -> bytes:
    """The bytes of a payload, checked.

    Raises:
        IntegrityError: the payload is missing, damaged, or not what its name says.
        StoreError: it cannot be read.
    """
    with disk_faults(layout.payload(sha256)):
        return b"".join(payload_chunks(layout, sha256))


def _measure(chunks: Iterator[bytes]) -> PayloadRef:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    return PayloadRef(digest.hexdigest(), size)


def _damaged(sha256: str, place: Path, problem: str) -> IntegrityError:
    return IntegrityError(
        f"payload {sha256} {problem}", where=str(place), cure="restore the file from a copy of the data directory"
    )
