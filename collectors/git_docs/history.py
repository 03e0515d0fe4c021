"""The history of the documents: every commit that changed one, newest first, with what is to be told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from auditor.api import Answer, Gap, GapReason, JsonValue, PayloadRef, Refused
from collectors.git_docs.ahead import ahead
from collectors.git_docs.commits import MERGE_FORMAT, Commit, merge_redaction, merged_by, parse_commits
from collectors.git_docs.git import Repository
from collectors.git_docs.log import WITH_AUTHOR, WITHOUT_AUTHOR, Change, Person, parse_log, redaction, storable
from collectors.git_docs.mapping import revision_row
from collectors.git_docs.patch import HEADING_PATTERN, Measured, Style, measure
from collectors.git_docs.trail import Trail

_CHUNK = 2_000
_PATCH = ("--patch", "--unified=0", "--irreversible-delete", "--no-ext-diff", "--no-textconv", "--no-color")
_UNKNOWN_STYLE = Style(0, underlined=True)
_STREAM = "document_revision"


class Note(NamedTuple):
    """What one commit did to one document.

    Attributes:
        row: fields of `document_revision` but its `doc_id`; None for a commit before the window.
        at: committer date in seconds since 1970; None where it is not believed.
        is_birth: whether the document began with it.
        is_content: whether its bytes changed, not only its name.
        path: what it was called then, as it can be stored.
    """

    row: Mapping[str, JsonValue] | None
    commit: str
    path: str
    at: int | None
    is_birth: bool
    is_content: bool
    payload: PayloadRef
    pointer: str


class _Known(NamedTuple):
    """What is known before the changes are: commits by id, who took them in, how documents write headings."""

    commits: Mapping[str, Commit]
    takers: Mapping[str, str]
    styles: Mapping[str, Style]


class _Piece(NamedTuple):
    """What git said of some commits of which `before` come earlier in the walk, or why it said nothing."""

    before: int
    is_recent: bool
    found: Answer | Gap


@dataclass(slots=True)
class History:
    """Walks a range of commits.

    Attributes:
        specs: which files are documents, as git takes them.
        cutoff: seconds since 1970; of older commits only dates are read.
        now: start of the run, in seconds since 1970.
        max_bytes: largest document that is compared.
        is_shallow: whether the history was cut off.
        gaps: what could not be read or is not believed, after the walk.
        unread: commits that could not be read.
        retention_from: where a history that was cut off begins, in seconds since 1970; None: it was not.
    """

    repository: Repository
    specs: Sequence[str]
    person: Callable[[str, str], Person | None]
    cutoff: int
    now: int
    max_bytes: int
    is_shallow: bool
    gaps: list[Gap] = field(default_factory=list)
    unread: int = 0
    retention_from: int | None = None

    def walk(
        self, head: str, base: str | None, trail: Trail[Note], styles: Mapping[str, Style]
    ) -> Iterator[tuple[str, Note]]:
        """(path at `head`, note) for every change of a document of the trail.

        Args:
            base: commit up to which everything was read before; None: none was.
            trail: the documents at `head`.
            styles: path at `head` -> how the document writes headings.

        Raises:
            Refused: the commits cannot be listed, or the time is over.
        """
        without = [f"^{base}"] if base is not None else []
        listed = self.repository.run("rev-list", "--timestamp", "--parents", "--topo-order", head, *without)
        commits = parse_commits(listed.body, self.now)
        if not commits:
            return
        takers = self._takers(commits, [head, *without])
        readable = self._readable(commits)
        known = _Known({commit.id: commit for commit in commits}, takers, styles)
        with closing(ahead(self._pieces(readable))) as pieces:
            for piece in pieces:
                self.repository.ctx.progress(f"{piece.before} of {len(readable)} commits read")
                if isinstance(piece.found, Gap):
                    self.unread += 1
                    self.gaps.append(piece.found)
                else:
                    yield from self._followed(piece.found, known, trail, is_recent=piece.is_recent)

    def _followed(
        self, answer: Answer, known: _Known, trail: Trail[Note], *, is_recent: bool
    ) -> Iterator[tuple[str, Note]]:
        """Goes back over what git said of some commits."""
        for entry in parse_log(answer.body):
            commit = known.commits[entry.commit]
            changes = [change for change in entry.changes if change.is_file or change.status == "D"]
            notes = []
            for change in changes:
                row = None
                if is_recent and change.status != "D":
                    style = known.styles.get(trail.document_at.get(change.path, ""), _UNKNOWN_STYLE)
                    measured = _measured(answer.body, change, style)
                    row = revision_row(commit, entry, measured, known.takers.get(commit.id))
                notes.append(_note(commit, change, row, answer.payload))
            yield from trail.follow(changes, notes)
            if commit.doubt and is_recent and notes:
                detail = f"the date of the commit is not used: {commit.doubt}"
                self.gaps.append(Gap(_STREAM, GapReason.MALFORMED, detail, commit.id, hides_rows=0))

    def _takers(self, commits: Sequence[Commit], bounds: Sequence[str]) -> Mapping[str, str]:
        """Commit -> who took it in by a pull or merge request."""
        if all(len(commit.parents) < 2 for commit in commits):
            return {}

        def pseudonym(name: str, address: str) -> str | None:
            person = self.person(name, address)
            return None if person is None or person.is_bot else person.pseudonym

        kept = self.repository.run(
            "rev-list", "--min-parents=2", MERGE_FORMAT, *bounds, redact=merge_redaction(pseudonym)
        )
        return merged_by(commits, kept.body)

    def _readable(self, commits: Sequence[Commit]) -> list[Commit]:
        """The commits that can be compared with what was before: not those at which the history was cut off."""
        if not self.is_shallow:
            return list(commits)
        ends = [commit for commit in commits if not commit.parents]
        if ends:
            self.retention_from = max(commit.at for commit in ends)
            detail = "the history was cut off when the repository was cloned; earlier revisions are not here"
            self.gaps.append(Gap(_STREAM, GapReason.RETENTION, detail, ends[0].id))
        return [commit for commit in commits if commit.parents]

    def _pieces(self, commits: Sequence[Commit]) -> Iterator[_Piece]:
        for before, chunk, is_recent in _chunks(commits, self.cutoff):
            yield from (_Piece(before, is_recent, found) for found in self._found(chunk, is_recent=is_recent))

    def _found(self, chunk: Sequence[Commit], *, is_recent: bool) -> Iterator[Answer | Gap]:
        """What git says of some commits; where it fails, of each half of them."""
        try:
            yield self._compared(chunk, is_recent=is_recent)
        except Refused as refused:
            if refused.status is None and refused.reason is not GapReason.TRUNCATED:
                raise
            if len(chunk) > 1:
                middle = len(chunk) // 2
                yield from self._found(chunk[:middle], is_recent=is_recent)
                yield from self._found(chunk[middle:], is_recent=is_recent)
                return
            is_large = refused.reason is GapReason.TRUNCATED
            what = "is too large (max_answer_mb)" if is_large else "cannot be read: the repository is damaged"
            reason = GapReason.TRUNCATED if is_large else GapReason.MALFORMED
            yield Gap(_STREAM, reason, f"the commit {what}", chunk[0].id)

    def _compared(self, chunk: Sequence[Commit], *, is_recent: bool) -> Answer:
        config = {
            "core.quotePath": "false",
            "i18n.logOutputEncoding": "UTF-8",
            "mailmap.blob": f"{self.repository.branch}:.mailmap",
            "diff.default.xfuncname": HEADING_PATTERN,
            "core.bigFileThreshold": str(self.max_bytes),
        }
        settings = [word for name, value in config.items() for word in ("-c", f"{name}={value}")]
        return self.repository.run(
            *settings,
            *("diff-tree", "--stdin", "-r", "--root", "--cc", "--find-renames", "--full-index", "--raw"),
            *((*_PATCH, WITH_AUTHOR) if is_recent else (WITHOUT_AUTHOR,)),
            "--",
            *self.specs,
            stdin="".join(f"{commit.id}\n" for commit in chunk).encode(),
            redact=redaction(self.person),
        )


def _measured(body: bytes, change: Change, style: Style) -> Measured | None:
    return measure(body[change.start : change.end], style) if change.has_patch else None


def _note(commit: Commit, change: Change, row: Mapping[str, JsonValue] | None, payload: PayloadRef) -> Note:
    return Note(
        row,
        commit.id,
        storable(change.path),
        None if commit.doubt else commit.at,
        change.status == "A",
        not change.same_content,
        payload,
        f"bytes:{change.start}-{change.end}",
    )


def _chunks(commits: Sequence[Commit], cutoff: int) -> Iterator[tuple[int, Sequence[Commit], bool]]:
    """(number of commits before, commits that are read at once, whether they lie in the window)."""
    start = 0
    for is_recent, group in groupby(commits, lambda commit: commit.at >= cutoff or commit.doubt is not None):
        waiting = list(group)
        for first in range(0, len(waiting), _CHUNK):
            yield start + first, waiting[first : first + _CHUNK], is_recent
        start += len(waiting)
