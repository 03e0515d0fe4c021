"""Where everything lies in a data directory, and which directories are refused."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from auditor.errors import IntegrityError, StoreError
from auditor.store.disk import fsync_path, write_durably

FORMAT = 1
"""Format of the data directory that this version writes and reads."""

_FORMAT_LINE = re.compile(r"auditor-data ([0-9]+)\n?")
_FOLDERS = ("payloads", "segments", "states", "tmp")
_FILES = ("format", "ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm", "lock")
_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Layout:
    """The places inside a data directory; `root` is absolute."""

    root: Path

    @property
    def payloads(self) -> Path:
        """Compressed payloads in 256 folders by the first two digits of their hash."""
        return self.root / "payloads"

    @property
    def segments(self) -> Path:
        """Immutable Parquet files, one per run and stream."""
        return self.root / "segments"

    @property
    def states(self) -> Path:
        """Cached DuckDB files by digest."""
        return self.root / "states"

    @property
    def tmp(self) -> Path:
        """Work places of live processes; what a dead one left is removed by the next run."""
        return self.root / "tmp"

    @property
    def ledger(self) -> Path:
        """The SQLite ledger."""
        return self.root / "ledger.sqlite"

    @property
    def lock(self) -> Path:
        """Held by the one process that writes."""
        return self.root / "lock"

    @property
    def format_file(self) -> Path:
        """Version of the directory; it is written last, so that a directory without it was never finished."""
        return self.root / "format"

    def payload(self, sha256: str) -> Path:
        """Where the payload of that hash lies, or would."""
        return self.payloads / sha256[:2] / f"{sha256}.gz"

    def state(self, digest: str) -> Path:
        """Where the state of that digest lies, or would."""
        return self.states / f"state-{digest}.duckdb"


def check_directory(path: Path, *, create: bool) -> Layout:
    """Look at a directory before anything in it is touched.

    Returns:
        Its layout; nothing is created yet (see `finish_directory`).

    Raises:
        StoreError: it is no data directory, one of a newer format, or must not become one.
        IntegrityError: its ledger is gone.
    """
    layout = Layout(path.absolute())
    if _GLOB & set(str(layout.root)):
        raise StoreError(
            "the path of a data directory may not contain any of * ? [",
            where=str(layout.root),
            cure="choose another place",
        )
    if layout.format_file.is_file():
        _check_format(layout)
        if not layout.ledger.is_file():
            raise IntegrityError(
                "the ledger is missing, and with it every run",
                where=str(layout.ledger),
                cure="restore the data directory from a copy",
            )
    elif not create:
        raise StoreError("there is no data directory", where=str(layout.root), cure="run `auditor audit` first")
    else:
        _check_may_become(layout)
    return layout


def make_folders(layout: Layout) -> None:
    """Create the folders that are missing, readable by their owner only; `finish_directory` ends a new directory."""
    layout.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not layout.format_file.exists():
        layout.root.chmod(0o700)
    for name in _FOLDERS:
        (layout.root / name).mkdir(mode=0o700, exist_ok=True)


def finish_directory(layout: Layout) -> None:
    """Declare a new data directory complete."""
    with tempfile.TemporaryDirectory(dir=layout.tmp) as folder:
        write_durably(f"auditor-data {FORMAT}\n".encode(), Path(folder) / "format", layout.format_file)
    fsync_path(layout.root)


def _check_format(layout: Layout) -> None:
    text = layout.format_file.read_text(errors="replace")
    match = _FORMAT_LINE.fullmatch(text)
    if match is None:
        raise StoreError(
            f"this is not the version of a data directory: {text[:40]!r}",
            where=str(layout.format_file),
            cure=f"restore the file; its one line is `auditor-data {FORMAT}`",
        )
    if int(match[1]) > FORMAT:
        raise StoreError(
            f"the data directory has format {match[1]}; this auditor knows formats up to {FORMAT}",
            where=str(layout.root),
            cure="use the newer auditor that wrote it",
        )


def _check_may_become(layout: Layout) -> None:
    if not layout.root.exists():
        return
    if not layout.root.is_dir():
        raise StoreError("this is a file, not a directory", where=str(layout.root), cure="choose another place")
    foreign = sorted({entry.name for entry in layout.root.iterdir()} - {*_FOLDERS, *_FILES})
    if foreign:
        raise StoreError(
            f"the directory holds other things ({', '.join(foreign[:3])}) and is no data directory",
            where=str(layout.root),
            cure="choose an empty or a new directory",
        )
