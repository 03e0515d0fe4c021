"""The `files` collector: evidence folders, and exports of other tools through a mapping."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from auditor.api import Check, CollectContext, EvidenceError, Gap, Record, SourceKind, SourceRun
from collectors.files.exports import read_exports
from collectors.files.folder import StreamFile, check_folder, load_manifest, stream_files
from collectors.files.mapping import load_mapping
from collectors.files.reading import read_stream_file
from collectors.files.settings import FilesSettings
from collectors.files.sources import EVIDENCE_STREAMS, Head

_YAML = "application/yaml"
# Where a mapping gives no instant itself, one is needed to check it; it is not kept.
_NO_INSTANT = "1970-01-01T00:00:00Z"


class FilesCollector:
    """Reads a folder as it is, or through a mapping."""

    name: ClassVar[str] = "files"
    version: ClassVar[str] = "1"
    kinds: ClassVar[frozenset[SourceKind]] = frozenset(SourceKind)
    streams: ClassVar[frozenset[str]] = frozenset(EVIDENCE_STREAMS)
    settings: ClassVar[type[FilesSettings]] = FilesSettings

    def collect(self, ctx: CollectContext) -> Iterator[Record | Gap | SourceRun]:
        """See `Collector.collect`.

        Raises:
            EvidenceError: the folder, its manifest or the mapping cannot be used; nothing is read.
        """
        settings: FilesSettings = ctx.settings
        folder = ctx.folder(settings.path)
        if settings.mapping is None:
            yield from _read_folder(ctx, folder)
            return
        check_folder(folder)
        place = ctx.folder(settings.mapping)
        mapping = load_mapping(place, ctx.as_of.astimezone(UTC).isoformat())
        ctx.keep_file(place, request={"file": place.name}, media_type=_YAML)
        yield from mapping.runs
        yield from read_exports(ctx, mapping, folder)

    def check(self, ctx: CollectContext) -> Iterator[Check]:
        """See `Collector.check`."""
        settings: FilesSettings = ctx.settings
        try:
            check_folder(settings.path)
            self._head(settings)
        except EvidenceError as error:
            yield Check("files", ok=False, detail=f"{error.where}: {error.what}", cure=error.cure)
        else:
            yield Check("files", ok=True, detail=f"{settings.mapping or settings.path} can be read")

    def audit_instant(self, settings: FilesSettings) -> datetime | None:
        """See `SelfDescribing.audit_instant`."""
        return self._head(settings).as_of

    def organisation(self, settings: FilesSettings) -> str | None:
        """See `SelfDescribing.organisation`."""
        return self._head(settings).organisation

    def _head(self, settings: FilesSettings) -> Head:
        if settings.mapping is None:
            return load_manifest(settings.path).head
        return load_mapping(settings.mapping, _NO_INSTANT).head


def _read_folder(ctx: CollectContext, folder: Path) -> Iterator[Record | Gap | SourceRun]:
    manifest = load_manifest(folder)
    ctx.keep_file(manifest.path, request={"file": manifest.path.name}, media_type=_YAML)
    yield from manifest.runs
    for found in stream_files(folder, manifest):
        if isinstance(found, StreamFile):
            ctx.progress(f"reading {found.path.name}")
            yield from read_stream_file(ctx, found, manifest.answering_for(found.stream))
        else:
            yield found
