"""Documents in pieces: two documents that differ in a few places share the pieces that are equal.

Where to cut depends on the bytes around a place, so that after an insertion the cuts soon fall where they fell before.
Canonical JSON is cut after a closing brace that is followed by a comma.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from auditor.canonical import sha256_hex

_SMALLEST = 4 << 10
_LARGEST = 256 << 10
_ONE_IN = 32
_MARK_BYTES = 48
_PLACE_TO_CUT = re.compile(rb"\},")


def split(document: bytes) -> Iterator[tuple[str, bytes]]:
    """The pieces of a document in order: hash and bytes of each."""
    for piece in _cut(document):
        yield sha256_hex(piece), piece


def pack(piece: bytes) -> bytes:
    """A piece as it is kept."""
    return zlib.compress(piece, 6)


def unpack(packed: bytes) -> bytes:
    """The bytes of a kept piece.

    Raises:
        zlib.error: they are damaged.
    """
    return zlib.decompress(packed)


def _cut(document: bytes) -> Iterator[bytes]:
    start = 0
    for match in _PLACE_TO_CUT.finditer(document):
        end = match.end()
        if end - start < _SMALLEST:
            continue
        mark = document[max(0, end - _MARK_BYTES) : end]
        if zlib.crc32(mark) % _ONE_IN == 0 or end - start > _LARGEST:
            yield document[start:end]
            start = end
    if start < len(document):
        yield document[start:]
