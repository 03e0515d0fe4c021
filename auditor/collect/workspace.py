"""The folders of one pull: those it reads, its private one, and in a replay those that stand for them."""

from __future__ import annotations

import shutil
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from auditor.canonical import JsonValue
from auditor.collect.exchanges import ExchangeLog
from auditor.collect.folders import SCRATCH, Folders, is_packed, listing, materialise, unpack_to
from auditor.collect.replaying import Replay
from auditor.model.evidence import PayloadRef


class Workspace:
    """Knows the folders of a pull, and notes what is kept of them.

    Args:
        tmp: where private folders may be made; None: where the system makes them.
        replay: the recorded run whose files stand for those of the folders.
    """

    def __init__(self, tmp: Path | None, replay: Replay | None) -> None:
        self._private = Path(tempfile.mkdtemp(prefix="auditor-", dir=tmp))
        self._replay = replay
        self._folders = Folders()
        self._stands_for: dict[Path, Path] = {}
        self._kept: dict[str, set[str]] = {}
        self.log = ExchangeLog(self._private / "exchanges.ndjson")

    def scratch(self) -> Path:
        """The private folder of the collector."""
        scratch = self._private / SCRATCH
        if not scratch.exists():
            scratch.mkdir()
            self._folders.add(scratch, SCRATCH)
        return scratch

    def folder(self, path: Path) -> Path:
        """The folder, or file, to read in the place of `path`: itself unless this is a replay."""
        if self._replay is None:
            self._folders.add(path)
            return path
        if path not in self._stands_for:
            self._stands_for[path] = self._materialised(path, self._replay)
        return self._stands_for[path]

    def described(self, text: str) -> str:
        """The text with names of folders in the place of their paths."""
        return self._folders.described(text)

    def cwd_name(self, path: Path) -> str:
        """How a working folder is recorded."""
        return self._folders.cwd_name(path)

    def recorded_file(self, path: Path) -> PayloadRef | None:
        """In a replay: what was kept of a file that only the recorded run had, such as one in its private folder.

        Raises:
            OSError, EOFError, zlib.error: it could not be kept then either.
        """
        if self._replay is None:
            return None
        for name in self._folders.names_of(path):
            if name in self._replay.file_errors:
                raise _error_of(self._replay.file_errors[name])
            if name in self._replay.files and not path.exists():
                return self._replay.files[name][0]
        return None

    def note_file(self, path: Path, payload: PayloadRef) -> None:
        """Note that a file was kept, where it lies in a folder of the pull."""
        for name in self._folders.names_of(path):
            recorded = self._replay.files.get(name) if self._replay else None
            packed = recorded[1] if recorded else is_packed(path)
            self.log.add({"file": name, "payload": {"sha256": payload.sha256, "size": payload.size}, "packed": packed})
            folder, _, inside = name.partition("/")
            if inside:
                self._kept.setdefault(folder, set()).add(inside)

    def note_failed_file(self, path: Path, error: Exception) -> None:
        """Note that a file could not be kept, where it lies in a folder of the pull."""
        for name in self._folders.names_of(path):
            self.log.add({"file": name, "error": _entry_of(error)})

    def note_others(self) -> None:
        """Note what else lay in the folders of which files were kept."""
        for folder, kept in self._kept.items():
            if folder != SCRATCH:
                others = listing(self._folders.path_of(folder), frozenset(kept))
                if others:
                    self.log.add({"folder": folder, "others": others})

    def close(self) -> None:
        """Remove what is private."""
        self.log.close()
        shutil.rmtree(self._private, ignore_errors=True)

    def _materialised(self, path: Path, replay: Replay) -> Path:
        number = len(self._stands_for) + 1
        name, target = f"folder:{number}", self._private / "folders" / str(number)
        if name in replay.files or name in replay.file_errors:
            target.mkdir(parents=True)
            target /= path.name
            payload, packed = replay.files.get(name, (None, False))
            unpack_to(target, b"" if payload is None else replay.payload(payload.sha256), packed=packed)
        else:
            materialise(target, replay.kept_in(name), replay.others.get(name, []))
        self._folders.add(target, name)
        return target


def _entry_of(error: Exception) -> dict[str, JsonValue]:
    kind = "zlib" if isinstance(error, zlib.error) else "eof" if isinstance(error, EOFError) else "os"
    number, words = getattr(error, "errno", None), getattr(error, "strerror", None)
    return {"kind": kind, "errno": number, "words": words or str(error)}


def _error_of(entry: Mapping[str, Any]) -> Exception:
    words = str(entry["words"])
    if entry["kind"] == "zlib":
        return zlib.error(words)
    if entry["kind"] == "eof":
        return EOFError(words)
    return OSError(words) if entry["errno"] is None else OSError(entry["errno"], words)
