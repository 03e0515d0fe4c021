"""The `git_docs` collector: documents and their revisions from one git repository."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from auditor.api import Check, CollectContext, Refused, SourceKind
from collectors.git_docs.git import open_repository, reach
from collectors.git_docs.pull import STREAMS_ANSWERED, Pull, Thing
from collectors.git_docs.settings import GitDocsSettings


class GitDocsCollector:
    """Reads the documents of one git repository, and who changed what in them when."""

    name: ClassVar[str] = "git_docs"
    version: ClassVar[str] = "1"
    kinds: ClassVar[frozenset[SourceKind]] = frozenset({SourceKind.GIT})
    streams: ClassVar[frozenset[str]] = frozenset(STREAMS_ANSWERED)
    settings: ClassVar[type[GitDocsSettings]] = GitDocsSettings

    def collect(self, ctx: CollectContext) -> Iterator[Thing]:
        """See `Collector.collect`."""
        pull = Pull(ctx, self.version)
        yield pull.source_run("ok")
        try:
            yield from pull.read()
        except Refused as refused:
            yield refused.gap(None)
            yield pull.source_run("partial" if pull.rows else "failed")
            return
        yield pull.source_run("ok" if pull.is_whole else "partial")

    def check(self, ctx: CollectContext) -> Iterator[Check]:
        """See `Collector.check`."""
        settings: GitDocsSettings = ctx.settings
        what = "repository"
        try:
            if settings.url:
                head = reach(ctx, settings)
            else:
                repository = open_repository(ctx, settings)
                shallow = repository.is_shallow()
                head = repository.commit_id()
                if shallow:
                    cure = "clone it with its whole history (git fetch --unshallow)"
                    yield Check("history", ok=False, detail="the history was cut off", cure=cure)
        except Refused as refused:
            yield Check(what, ok=False, detail=refused.detail, cure="check `path` or `url`, and the token")
            return
        if head is None:
            yield Check(what, ok=False, detail=f"{settings.branch} names no commit", cure="check `branch`")
        else:
            yield Check(what, ok=True, detail=f"{settings.branch} is at {head[:12]}")
