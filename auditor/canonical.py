"""Canonical JSON: the one byte form that is hashed, compared and stored.

Keys are sorted, there is no white space, text is UTF-8, and reals are rounded to 12 significant digits so that two
orders of summation cannot give two hashes.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import orjson

JsonValue: TypeAlias = "str | int | float | bool | None | Sequence[JsonValue] | Mapping[str, JsonValue]"
"""A value that JSON can carry; instants are ISO 8601 text that ends in Z."""

_SIGNIFICANT_DIGITS = 12


def round_real(value: float) -> float:
    """Round a real to 12 significant digits; the form in which reals are stored and hashed.

    Raises:
        ValueError: the value is infinite or not a number, which JSON cannot carry.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a finite number")
    return float(f"{value:.{_SIGNIFICANT_DIGITS}g}")


def _rounded(value: JsonValue) -> JsonValue:
    if isinstance(value, float):
        return round_real(value)
    if isinstance(value, str) or value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Mapping):
        return {key: _rounded(entry) for key, entry in value.items()}
    return [_rounded(entry) for entry in value]


def canonical_bytes(value: JsonValue) -> bytes:
    """The canonical JSON bytes of a value, without a final line end.

    Raises:
        ValueError: a real is infinite or not a number.
        TypeError: a value that JSON cannot carry, or a map with a key that is not text.
    """
    return orjson.dumps(_rounded(value), option=orjson.OPT_SORT_KEYS)


def sha256_hex(data: bytes) -> str:
    """SHA-256 of bytes as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def canonical_sha256(value: JsonValue) -> str:
    """SHA-256 of the canonical JSON of a value."""
    return sha256_hex(canonical_bytes(value))
