"""One pull of one repository: what is new since the last one, from the newest commit back."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import quote

from auditor.api import (
    STREAMS,
    CollectContext,
    Cursor,
    Gap,
    GapReason,
    JsonValue,
    Keys,
    Record,
    Refused,
    SourceKind,
    SourceRun,
    row_key,
)
from collectors.git_docs.documents import File, Located, TextReader, changed_paths, included, list_documents, pathspecs
from collectors.git_docs.git import Repository, open_repository
from collectors.git_docs.history import History, Note
from collectors.git_docs.log import storable
from collectors.git_docs.mapping import document_row, instant
from collectors.git_docs.people import look_up
from collectors.git_docs.settings import GitDocsSettings
from collectors.git_docs.state import Known, State, identified, load_state, settings_hash
from collectors.git_docs.trail import Trail

DOCUMENT, REVISION = "document", "document_revision"
STREAMS_GIVEN = (DOCUMENT, REVISION)
"""Streams that the collector fills."""

STREAMS_ANSWERED = (*STREAMS_GIVEN, "agreement", "target", "link")
"""What recognisers find in its documents it answers for too, though no record of it comes from here."""

Thing = Record | Gap | SourceRun | Cursor | Keys
"""What a pull yields."""


@dataclass(slots=True)
class _Times:
    """When documents were created and changed, by their path at the newest commit, in seconds since 1970."""

    created: dict[str, int | None] = field(default_factory=dict)
    updated: dict[str, int] = field(default_factory=dict)

    def add(self, path: str, note: Note) -> None:
        if note.is_birth:
            self.created[path] = note.at
        if note.at is not None and note.is_content:
            self.updated[path] = max(note.at, self.updated.get(path, note.at))

    def known(self, path: str, doc_id: str, earlier: Known | None) -> Known:
        """A document as the next pull will know it."""
        created, updated = self.created.get(path), self.updated.get(path)
        if earlier is None:
            return Known(doc_id, created, updated)
        return Known(doc_id, created if earlier.created is None else earlier.created, updated or earlier.updated)


@dataclass(frozen=True, slots=True)
class _Range:
    """The commits of a pull: from `head` back to `base`, which an earlier pull knew as `earlier`."""

    head: str
    base: str | None
    is_shallow: bool
    earlier: Mapping[str, Known]


class Pull:
    """One pull.

    Attributes:
        rows: records given so far.
        is_whole: whether every commit could be read, as far as the pull has come.
    """

    def __init__(self, ctx: CollectContext, version: str) -> None:
        self.rows = 0
        self.is_whole = True
        self._ctx = ctx
        self._settings: GitDocsSettings = ctx.settings
        self._hash = settings_hash(self._settings, version)
        self._cutoff = int((ctx.as_of - timedelta(days=self._settings.history_days)).timestamp())
        self._retention_from: int | None = None

    def source_run(self, status: str) -> SourceRun:
        """What the pull amounts to so far."""
        settings = self._settings
        values: dict[str, JsonValue] = {
            "kind": SourceKind.GIT.value,
            "status": status,
            "scope": f"branch {settings.branch}: {', '.join(settings.include)}",
            "window_from": instant(self._cutoff),
            "window_to": instant(int(self._ctx.as_of.timestamp())),
            "retention_from": instant(self._retention_from),
            "streams": list(STREAMS_ANSWERED),
        }
        return SourceRun(values)

    def read(self) -> Iterator[Thing]:
        """Everything but the `SourceRun`s.

        Raises:
            Refused: the repository cannot be read (further).
        """
        repository = open_repository(self._ctx, self._settings)
        is_shallow = repository.is_shallow()
        head = repository.commit_id()
        if head is None:
            yield self._nothing(repository)
            return
        state = load_state(self._ctx.cursor(REVISION))
        base = state.head if state is not None and state.settings == self._hash else None
        if base not in (None, head) and not repository.holds(str(base), head):
            detail = "the history was written anew since the last pull; all of it is read again"
            yield Gap(REVISION, GapReason.MALFORMED, detail, base, hides_rows=0)
            base = None
        if state is not None and base is not None:
            self._retention_from = state.retention_from
        if state is not None and base == head:
            yield Cursor(REVISION, state.dump())
            return
        yield from self._read(repository, _Range(head, base, is_shallow, state.documents if state is not None else {}))

    def _nothing(self, repository: Repository) -> Keys:
        """A repository without a commit has no documents; a branch that is missing says nothing."""
        branch = self._settings.branch
        if branch != "HEAD" or repository.has_branches():
            raise Refused(GapReason.NOT_CONFIGURED, f"the repository has no branch {branch} (setting branch)")
        return Keys(DOCUMENT, frozenset())

    def _read(self, repository: Repository, span: _Range) -> Iterator[Thing]:
        specs, settings = pathspecs(self._settings), self._settings
        listing = list_documents(repository, span.head, specs)
        yield from listing.gaps
        self._ctx.progress(f"{len(listing.files)} documents")
        max_bytes = settings.max_document_kb * 1000
        reader = TextReader(repository, max_bytes, self._ctx.pseudonym)
        reader.read(self._changed(repository, span, specs, listing.files))
        person = look_up(self._ctx.pseudonym, settings.bots)
        now = int(self._ctx.started.timestamp())
        history = History(
            repository, included(settings), person, self._cutoff, now, max_bytes, is_shallow=span.is_shallow
        )
        trail: Trail[Note] = Trail.of(file.path for file in listing.files)
        styles = {path: located.text.style for path, located in reader.found.items()}
        notes: Iterable[tuple[str, Note]] = history.walk(span.head, span.base, trail, styles)
        if span.base is not None:
            # What a document was called then is known only when the whole range was walked.
            notes = list(notes)
            unread = {path for path, _ in notes} - reader.found.keys()
            reader.read(file for file in listing.files if file.path in unread)
        known = yield from self._revisions(notes, span, listing.files, trail, reader.found)
        for path, located in reader.found.items():
            yield self._document(storable(path), known[storable(path)], located)
        yield from reader.gaps
        yield from history.gaps
        if span.base is None:
            self._retention_from = history.retention_from
        self.is_whole = not history.unread
        if self.is_whole:
            keys = (row_key(STREAMS[DOCUMENT], {"doc_id": entry.doc_id}) for entry in known.values())
            yield Keys(DOCUMENT, frozenset(keys))
            yield Cursor(REVISION, State(span.head, self._hash, known, self._retention_from).dump())

    def _changed(self, repository: Repository, span: _Range, specs: list[str], files: list[File]) -> list[File]:
        """The documents to read: at a first pull all, later those that differ from the last one."""
        if span.base is None:
            return files
        changed = changed_paths(repository, span.base, span.head, specs)
        return [file for file in files if file.path in changed]

    def _revisions(
        self,
        notes: Iterable[tuple[str, Note]],
        span: _Range,
        files: list[File],
        trail: Trail[Note],
        found: Mapping[str, Located],
    ) -> Generator[Record, None, dict[str, Known]]:
        """The revisions of the documents that can be read; returned is what the next pull is to know of each."""
        paths = {storable(file.path): file.path for file in files}
        before = {path: path for path in paths}
        if span.base is not None:
            before = {storable(now): storable(then) for then, now in trail.document_at.items()}
        ids = identified(paths, before, span.earlier)
        times = _Times()
        for path, note in notes:
            times.add(path, note)
            if note.row is not None and path in found:
                yield self._revision(ids[storable(path)], note)
        earlier = {shown: span.earlier.get(before.get(shown, "")) for shown in paths}
        return {shown: times.known(path, ids[shown], earlier[shown]) for shown, path in paths.items()}

    def _document(self, path: str, known: Known, located: Located) -> Record:
        row = document_row(known.doc_id, path, located.text, created=known.created, updated=known.updated)
        page = self._page("blob", f"{self._settings.branch}/{quote(path)}")
        self.rows += 1
        return Record(DOCUMENT, row, located.payload, located.pointer, path, source_url=page)

    def _revision(self, doc_id: str, note: Note) -> Record:
        values = {"doc_id": doc_id, **(note.row or {})}
        place, page = f"{note.path}@{note.commit[:12]}", self._page("commit", note.commit)
        self.rows += 1
        return Record(REVISION, values, note.payload, note.pointer, place, source_url=page)

    def _page(self, kind: str, name: str) -> str | None:
        web = self._settings.web_url
        return None if web is None else f"{web.rstrip('/')}/{kind}/{name}"
