"""Names for the folders of a pull that are the same on every machine, and in a replay.

`folder:1` is the first folder that the collector asked for, `scratch` its private one.
"""

from __future__ import annotations

import gzip
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from auditor.model.evidence import PayloadRef

LISTED_ENTRIES = 10_000
"""Entries of a folder beside the kept files that are noted (chosen: a folder of evidence has far fewer)."""

SCRATCH = "scratch"


class Folders:
    """The folders that a collector reads, by name."""

    def __init__(self) -> None:
        self._places: dict[Path, str] = {}
        self._given: dict[str, str] = {}

    def add(self, path: Path, name: str | None = None) -> str:
        """Give a folder, or a single file, its name."""
        place = path.absolute()
        if place not in self._places:
            count = sum(1 for known in self._places.values() if known != SCRATCH)
            self._places[place] = name or f"folder:{count + 1}"
        self._given[str(path)] = self._places[place]
        return self._places[place]

    def names_of(self, path: Path) -> Iterator[str]:
        """The name of a file in every folder that it lies in."""
        place = path.absolute()
        for base, name in self._places.items():
            if place == base:
                yield name
            elif place.is_relative_to(base):
                yield f"{name}/{spelt(place.relative_to(base).as_posix())}"

    def path_of(self, name: str) -> Path:
        """The place of a folder with that name."""
        return next(place for place, known in self._places.items() if known == name)

    def described(self, text: str) -> str:
        """An argument, or a line of output, with names in the place of paths."""
        if text in self._given:
            return self._given[text]
        for base in sorted(self._places, key=lambda base: len(str(base)), reverse=True):
            # Whole names only: `/data` stands neither in `/database` nor in `/old/data`.
            text = re.sub(rf"(?<![\w.-]){re.escape(str(base))}(?![\w.-])", self._places[base], text)
        return text

    def cwd_name(self, path: Path) -> str:
        """How a working folder is recorded: by name where it lies in a folder of ours, else its last part."""
        return max(self.names_of(path), key=len, default=path.name)


def spelt(name: str) -> str:
    """A file name, or an argument, as text that can be written down, also where it is no UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def is_packed(path: Path) -> bool:
    """Whether a file is gzip-compressed, by its first bytes."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def listing(folder: Path, kept: frozenset[str]) -> list[list[str]]:
    """What lies in a folder beside the files that were kept: path and kind of each, so that a replay sees it too.

    Args:
        kept: paths inside the folder, with forward slashes.
    """
    found: list[list[str]] = []
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted([*folders, *files]):
            path = Path(place, name)
            inside = spelt(path.relative_to(folder).as_posix())
            if inside not in kept:
                found.append([inside, _kind(folder, path)])
            if len(found) == LISTED_ENTRIES:
                return found
    return found


def materialise(target: Path, kept: Mapping[str, tuple[PayloadRef, bool, bytes]], others: list[list[str]]) -> None:
    """Make a folder that looks like the recorded one to who lists it and reads the files that were kept.

    Args:
        target: the folder to make.
        kept: path inside the folder -> payload, whether it was compressed, content.
        others: what lay beside, as `listing` gave it.
    """
    target.mkdir(parents=True)
    for inside, (_, packed, content) in kept.items():
        unpack_to(_below(target, inside), content, packed=packed)
    for inside, kind in others:
        place = _below(target, inside)
        if kind == "folder":
            place.mkdir(exist_ok=True)
        elif kind == "file":
            place.touch()
        elif kind == "link-out":
            place.symlink_to(target.parent)
        elif kind == "link-nowhere":
            place.symlink_to(target / "nowhere")
        else:
            os.mkfifo(place)


def unpack_to(place: Path, content: bytes, *, packed: bool) -> None:
    """Write a file as it was: compressed where it was, since readers go by its name or its first bytes."""
    place.write_bytes(gzip.compress(content, 1, mtime=0) if packed else content)


def _below(target: Path, inside: str) -> Path:
    place = target / inside
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _kind(folder: Path, path: Path) -> str:
    try:
        if not path.resolve(strict=True).is_relative_to(folder.resolve()):
            return "link-out"
        mode = path.stat().st_mode
    except (OSError, RuntimeError):
        return "link-nowhere"
    return "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "other"
