"""What a pull leaves for the next one in its cursor: where it ended, and which document is which."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from collectors.git_docs.settings import GitDocsSettings

_FORMAT = 1
_DECISIVE = ("url", "branch", "include", "exclude", "web_url", "bots", "history_days", "max_document_kb")


@dataclass(frozen=True, slots=True)
class Known:
    """A document that an earlier pull gave.

    Attributes:
        created: seconds since 1970; None: unknown.
        updated: likewise.
    """

    doc_id: str
    created: int | None
    updated: int | None


@dataclass(frozen=True, slots=True)
class State:
    """The end of a pull.

    Attributes:
        head: newest commit that was read.
        settings: hash of the settings that decide what the rows are; under others everything is read again.
        documents: path at `head` -> document.
        retention_from: where the history begins, in seconds since 1970; None: with its first commit.
    """

    head: str
    settings: str
    documents: Mapping[str, Known] = field(default_factory=dict)
    retention_from: int | None = None

    def dump(self) -> str:
        """The text of the cursor."""
        documents = {
            path: [known.created, known.updated, *([] if known.doc_id == path else [known.doc_id])]
            for path, known in sorted(self.documents.items())
        }
        parts = {
            "format": _FORMAT,
            "head": self.head,
            "settings": self.settings,
            "retention_from": self.retention_from,
            "documents": documents,
        }
        return orjson.dumps(parts).decode()


def load_state(text: str | None) -> State | None:
    """What the cursor of an earlier pull says; None: there was none, or one of another format."""
    if text is None:
        return None
    parts = orjson.loads(text)
    if parts.get("format") != _FORMAT:
        return None
    documents = {
        path: Known(entry[2] if len(entry) > 2 else path, entry[0], entry[1])
        for path, entry in parts["documents"].items()
    }
    return State(parts["head"], parts["settings"], documents, parts["retention_from"])


def settings_hash(settings: GitDocsSettings, version: str) -> str:
    """Hash of the settings that decide what the rows are, and of the collector's version."""
    decisive = settings.model_dump(mode="json", include=set(_DECISIVE))
    return hashlib.sha256(orjson.dumps([version, decisive], option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def identified(paths: Iterable[str], before: Mapping[str, str], known: Mapping[str, Known]) -> dict[str, str]:
    """The id of each document: the one it has had, else its path.

    The id is the path a document had when it was first collected. It is what people cite at that time, and it stays
    when the document is renamed, so that neither its history nor a decision about it comes loose.

    Args:
        paths: of the documents now, as they can be stored.
        before: path now -> path when `known` was true, for documents that were there.
        known: path then -> document.
    """
    ids = {path: known[before[path]].doc_id for path in paths if before.get(path) in known}
    used = set(ids.values())
    for path in sorted(set(paths) - ids.keys()):
        doc_id, number = path, 2
        while doc_id in used:
            doc_id, number = f"{path}#{number}", number + 1
        ids[path] = doc_id
        used.add(doc_id)
    return ids
