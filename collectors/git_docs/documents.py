"""The documents of one commit: which there are, and what they say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from auditor.api import Gap, GapReason, PayloadRef, Refused
from collectors.git_docs.git import Repository
from collectors.git_docs.log import storable
from collectors.git_docs.mapping import UNREADABLE, Text, read_text
from collectors.git_docs.settings import GitDocsSettings

_BATCH_FILES = 500
_BATCH_BYTES = 8 << 20
_BY_ENDING = re.compile(r"\*\*/\*([\w.-]+)")
_LINK, _SUBMODULES = "120000", ".gitmodules"


@dataclass(frozen=True, slots=True)
class File:
    """A document in the tree of a commit: path with its bytes as they are, and the id of its content."""

    path: str
    blob: str


@dataclass(frozen=True, slots=True)
class Located:
    """A text and where it is kept."""

    text: Text
    payload: PayloadRef
    pointer: str


@dataclass(slots=True)
class Listing:
    """The documents of a commit.

    Attributes:
        gaps: what matches the settings and is not read.
    """

    files: list[File] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def included(settings: GitDocsSettings) -> list[str]:
    """The globs of documents as git takes them; letter case does not matter.

    The history needs no more: what is excluded now is no document whose history is looked for.
    """
    return [_pathspec(glob) for glob in settings.include]


def pathspecs(settings: GitDocsSettings) -> list[str]:
    """The globs of documents without those that are none."""
    return [*included(settings), *(f":(exclude,glob,icase){glob}" for glob in settings.exclude)]


def _pathspec(glob: str) -> str:
    # The same set of files, but git compares only their ends: three times as fast.
    match = _BY_ENDING.fullmatch(glob)
    return f":(icase)*{match[1]}" if match else f":(glob,icase){glob}"


def list_documents(repository: Repository, commit: str, specs: Sequence[str]) -> Listing:
    """Every document in the tree of a commit.

    Raises:
        Refused: the tree cannot be read.
    """
    empty = repository.run("hash-object", "-t", "tree", "--stdin").text().strip()
    # A comparison with nothing: unlike `ls-tree`, it knows globs, and the same ones as the history.
    listing = Listing()
    for mode, blob, path in _compared(repository, empty, commit, [*specs, f":(top,glob){_SUBMODULES}"]):
        if path == _SUBMODULES:
            detail = "documents in submodules are not read; make each submodule a source of its own"
            listing.gaps.append(Gap("document", GapReason.NOT_SUPPORTED, detail, path, hides_rows=0))
        elif mode.startswith("100"):
            listing.files.append(File(path, blob))
        else:
            what = "a symbolic link is not followed" if mode == _LINK else "a submodule is not read"
            listing.gaps.append(Gap("document", GapReason.NOT_SUPPORTED, what, storable(path), hides_rows=0))
    return listing


def changed_paths(repository: Repository, base: str, commit: str, specs: Sequence[str]) -> set[str]:
    """Paths whose content differs between two commits.

    Raises:
        Refused: one of the trees cannot be read.
    """
    return {path for _, _, path in _compared(repository, base, commit, specs)}


def _compared(repository: Repository, base: str, commit: str, specs: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """(mode, blob, path) of everything that differs, as it is in the second commit."""
    answer = repository.run("diff-tree", "-r", "-z", "--raw", "--no-renames", base, commit, "--", *specs)
    parts = answer.body.split(b"\0")
    for facts, path in zip(parts[::2], parts[1::2], strict=False):
        _, mode, _, blob, _ = facts.decode("ascii").split(" ")
        yield mode, blob, path.decode("utf-8", "surrogateescape")


class TextReader:
    """Reads the text of documents; each content once, whatever number of documents have it.

    Attributes:
        found: path -> text and place; those that cannot be read at all are missing.
        gaps: what is wrong with the others.
    """

    def __init__(self, repository: Repository, max_bytes: int, pseudonym: Callable[[str], str]) -> None:
        self.found: dict[str, Located] = {}
        self.gaps: list[Gap] = []
        self._repository = repository
        self._max_bytes = max_bytes
        self._pseudonym = pseudonym

    def read(self, files: Iterable[File]) -> None:
        """Read documents.

        Raises:
            Refused: the time is over.
        """
        paths: dict[str, list[str]] = {}
        for file in files:
            paths.setdefault(file.blob, []).append(file.path)
        for batch in self._batches(paths):
            self._read(batch, paths)

    def _batches(self, paths: dict[str, list[str]]) -> Iterator[list[str]]:
        if not paths:
            return
        batch: list[str] = []
        waiting = 0
        for blob, size in self._sizes(list(paths)):
            if size is None:
                self._unread(paths[blob], GapReason.MALFORMED, "the repository is damaged: the content is missing")
            elif size > self._max_bytes:
                detail = f"the document has {size} bytes, more than max_document_kb allows"
                self._unread(paths[blob], GapReason.TRUNCATED, detail)
            else:
                batch.append(blob)
                waiting += size
            if len(batch) == _BATCH_FILES or waiting > _BATCH_BYTES:
                yield batch
                batch, waiting = [], 0
        if batch:
            yield batch

    def _sizes(self, blobs: list[str]) -> Iterator[tuple[str, int | None]]:
        answer = self._repository.run("cat-file", "--batch-check", stdin=_lines(blobs), allow=(0, 128))
        lines = answer.body.decode("ascii", "replace").splitlines()
        sizes = {words[0]: int(words[2]) for line in lines if len(words := line.split(" ")) == 3}
        yield from ((blob, sizes.get(blob)) for blob in blobs)

    def _read(self, blobs: list[str], paths: dict[str, list[str]]) -> None:
        try:
            answer = self._repository.run("cat-file", "--batch", stdin=_lines(blobs))
        except Refused as refused:
            if refused.status is None:
                raise
            self._halve(blobs, paths)
            return
        position = 0
        for blob in blobs:
            line_end = answer.body.index(b"\n", position)
            words = answer.body[position:line_end].split(b" ")
            start = line_end + 1
            if len(words) != 3:
                self._unread(paths[blob], GapReason.MALFORMED, "the repository is damaged: the content is missing")
                position = start
                continue
            end = start + int(words[2])
            for path in paths[blob]:
                located = Located(self._text(path, answer.body[start:end]), answer.payload, f"bytes:{start}-{end}")
                self.found[path] = located
            position = end + 1

    def _halve(self, blobs: list[str], paths: dict[str, list[str]]) -> None:
        """A damaged object ends the whole command: find it."""
        if len(blobs) == 1:
            self._unread(paths[blobs[0]], GapReason.MALFORMED, "the repository is damaged: the content cannot be read")
            return
        middle = len(blobs) // 2
        self._read(blobs[:middle], paths)
        self._read(blobs[middle:], paths)

    def _text(self, path: str, content: bytes) -> Text:
        problem = "it holds NUL bytes, so it is no text" if b"\0" in content else None
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            problem = problem or f"byte {error.start + 1} is 0x{content[error.start]:02x}"
            text = ""
        if problem is None:
            return read_text(text, path, self._pseudonym)
        detail = f"the document is not UTF-8 text ({problem}); what it says is not known"
        self.gaps.append(Gap("document", GapReason.MALFORMED, detail, storable(path), hides_rows=0))
        return UNREADABLE

    def _unread(self, paths: Sequence[str], reason: GapReason, detail: str) -> None:
        self.gaps += [Gap("document", reason, detail, storable(path), hides_rows=1) for path in paths]


def _lines(blobs: Sequence[str]) -> bytes:
    return "".join(f"{blob}\n" for blob in blobs).encode()
