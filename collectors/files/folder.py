"""An evidence folder: its manifest, and the files of its streams."""

from __future__ import annotations

import difflib
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from auditor.api import EvidenceError, Gap, GapReason, SourceRun
from collectors.files.sources import EVIDENCE_STREAMS, Faults, Head, load_document, read_head, read_sources

MANIFEST = "manifest.yaml"

_NOUN = "manifest"
_HEAD_KEYS = ("format", "organisation", "as_of", "sources")
_FORMS = (".jsonl", ".jsonl.gz", ".csv", ".csv.gz")
_NO_EVIDENCE = (".md", ".txt", ".rst")
_NO_EVIDENCE_NAMES = ("README", "LICENSE", "LICENCE", "NOTICE", "CHANGELOG")


@dataclass(frozen=True, slots=True)
class Manifest:
    """A checked manifest."""

    head: Head
    runs: tuple[SourceRun, ...]
    path: Path

    def answering_for(self, stream: str) -> list[str]:
        """Ids of the sources that answer for a stream."""
        return [run.source_id for run in self.runs if stream in run.whole and run.source_id is not None]


@dataclass(frozen=True, slots=True)
class StreamFile:
    """One file of the folder that holds rows of a stream, as CSV or as JSON Lines."""

    stream: str
    path: Path
    is_csv: bool


def load_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of a folder.

    Raises:
        EvidenceError: there is no such folder, or its manifest is missing or wrong; every fault with its line.
    """
    check_folder(folder)
    faults: Faults = load_document(folder / MANIFEST, _NOUN)
    value = faults.document.value
    faults.unknown_keys((), value, _HEAD_KEYS)
    for name in ("organisation", "as_of"):
        if value.get(name) is None:
            faults.add((name,), f"{name} is missing")
    manifest = Manifest(read_head(faults), tuple(read_sources(faults, {}, {})), folder / MANIFEST)
    faults.raise_if_any()
    return manifest


def check_folder(folder: Path) -> None:
    """Refuse what is no folder that can be listed.

    Raises:
        EvidenceError: it is missing, a file, or may not be read.
    """
    if not folder.is_dir():
        what = "this is not a folder" if folder.exists() else "there is no such folder"
        raise EvidenceError(what, where=str(folder), cure="give the folder that holds the evidence")
    try:
        next(folder.iterdir(), None)
    except OSError as error:
        raise EvidenceError(
            f"the folder cannot be listed: {error.strerror}", where=str(folder), cure="check its permissions"
        ) from error


def stream_files(folder: Path, manifest: Manifest) -> Iterator[StreamFile | Gap]:
    """The files to read, in the order of the model; what lies in the folder and is not read is a gap."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        form = next((form for form in _FORMS if path.name.endswith(form)), None)
        stream = path.name.removesuffix(form) if form else None
        if stream in EVIDENCE_STREAMS:
            found.setdefault(stream, []).append(path)
        elif not _is_no_evidence(path):
            yield _not_read(path, stream)
    for stream in EVIDENCE_STREAMS:
        paths = found.get(stream, [])
        if len(paths) > 1:
            names = " and ".join(path.name for path in paths)
            detail = f"{stream} is given by {names}; neither was read, keep one of them"
            yield Gap(stream, GapReason.MALFORMED, detail, paths[0].name)
        elif paths:
            yield _readable(folder, stream, paths[0], manifest)


def _readable(folder: Path, stream: str, path: Path, manifest: Manifest) -> StreamFile | Gap:
    problem = file_problem(folder, path)
    if problem is not None:
        return Gap(stream, GapReason.FORBIDDEN, problem, path.name)
    if not manifest.answering_for(stream):
        detail = f"no source of the manifest lists {stream} under streams, so the file was not read"
        return Gap(stream, GapReason.NOT_CONFIGURED, detail, path.name)
    return StreamFile(stream, path, is_csv=".csv" in path.suffixes[-2:])


def file_problem(folder: Path, path: Path) -> str | None:
    """Why a file of a folder may not be opened: it leads out of the folder, or is no regular file."""
    try:
        if not path.resolve(strict=True).is_relative_to(folder.resolve()):
            return "it is a link that leads out of the folder, so it was not read"
        if not stat.S_ISREG(path.stat().st_mode):
            return "it is not a regular file, so it was not read"
    except (OSError, RuntimeError):
        return "it is a link that leads nowhere"
    return None


def _is_no_evidence(path: Path) -> bool:
    return (
        path.name == MANIFEST
        or path.name.startswith(".")
        or path.suffix.lower() in _NO_EVIDENCE
        or path.stem.upper() in _NO_EVIDENCE_NAMES
    )


def _not_read(path: Path, stream: str | None) -> Gap:
    if path.is_dir():
        return Gap(None, GapReason.NOT_SUPPORTED, "a folder inside the folder is not read", f"{path.name}/", None, 0)
    name = stream or path.name.split(".")[0]
    close = difflib.get_close_matches(name.casefold(), EVIDENCE_STREAMS, n=1)
    hint = f"; was it meant to be {close[0]}.jsonl or {close[0]}.csv?" if close else ""
    detail = f"the file was not read: its name is not that of a stream with .jsonl or .csv{hint}"
    return Gap(None, GapReason.NOT_SUPPORTED, detail, path.name, None, 0)
