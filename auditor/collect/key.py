"""The key of the pseudonyms: made on first use, kept outside the data directory, so that neither gives names alone."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from auditor.errors import ConfigError

KEY_BYTES = 32
"""Length of the key: that of the hash it is used with."""


def load_key(path: Path, *, data_dir: Path, make: bool = True) -> bytes:
    """The key of an installation; where there is none yet, one is made that only its owner can read.

    Args:
        path: the key file.
        data_dir: the data directory, in which the key must not lie: whoever gets a copy of it would get the names.
        make: whether one may be made; what was read with another key can only be read with that one.

    Returns:
        32 random bytes.

    Raises:
        ConfigError: the file lies in the data directory, cannot be read or made, or is no key.
    """
    if path.resolve().is_relative_to(data_dir.resolve()):
        raise ConfigError(
            "the key of the pseudonyms lies inside the data directory, where every copy of the data would have it",
            where=str(path),
            cure="name a place outside of it",
        )
    try:
        key = _read(path)
        if key is None and not make:
            raise ConfigError("the key of the pseudonyms is not there", where=str(path), cure="restore it from a copy")
        if key is None:
            _make(path)
            key = _read(path)
    except OSError as error:
        raise ConfigError(
            f"the key of the pseudonyms cannot be read or made ({error.strerror})",
            where=str(path),
            cure="make the folder writable, or name another place",
        ) from error
    if key is None or len(key) != KEY_BYTES:
        raise ConfigError(
            f"this is no key of pseudonyms: it has {len(key or b'')} bytes, not {KEY_BYTES}",
            where=str(path),
            cure="restore it from a copy; if there is none, remove it: a new one is made, and every person gets a new "
            "pseudonym, so that what is stored already no longer joins with what is read from then on",
        )
    return key


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _make(path: Path) -> None:
    """Write a new key under another name and link it: who reads finds a whole key or none, and the first one wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        try:
            os.write(descriptor, secrets.token_bytes(KEY_BYTES))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        with suppress(FileExistsError):  # another process was first: its key counts
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
