"""From what was read to rows of `document` and `document_revision`; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import PurePosixPath

from auditor.api import STREAMS, JsonValue
from collectors.git_docs.commits import Commit
from collectors.git_docs.head import facts_of, title_of
from collectors.git_docs.log import Entry
from collectors.git_docs.patch import Measured, Style, front_matter_end, style_of

Facts = Mapping[str, str | tuple[str, ...]]

_KINDS = frozenset(next(field.enum or () for field in STREAMS["document"].fields if field.name == "kind"))
_STATES = {
    "current": ("current", "approved", "active", "published", "final", "in force", "accepted", "valid"),
    "draft": ("draft", "proposed", "in review", "review", "wip", "pending"),
    "archived": ("archived", "deprecated", "obsolete", "superseded", "retired", "withdrawn", "expired"),
}
_STATE_OF = {word: state for state, words in _STATES.items() for word in words}
_FOLDERS = {
    "draft": "draft",
    "drafts": "draft",
    "archive": "archived",
    "archived": "archived",
    "attic": "archived",
    "obsolete": "archived",
}
_SERVICES = ("service_ids", "services", "service")
_LABELS = ("labels", "tags", "keywords")
_OWNERS = ("owner", "document_owner", "responsible")
_APPROVED = ("approved_at", "approved", "approval_date")
_REVIEWED = ("last_review_at", "last_review", "last_reviewed", "reviewed")
_DUE = ("review_due", "next_review", "review_by")


@dataclass(frozen=True, slots=True)
class Text:
    """What is known of a document by its text.

    Attributes:
        values: fields of `document` that the text decides.
        style: how it writes headings.
    """

    values: Mapping[str, JsonValue]
    style: Style


UNREADABLE = Text({"kind": "other"}, Style(0, underlined=True))
"""Of a document whose text cannot be read, and of one that is not read."""


def read_text(text: str, path: str, pseudonym: Callable[[str], str]) -> Text:
    """What a document says.

    Args:
        path: where it is now; its ending tells its format, its folders its state where it does not state one.
        pseudonym: of a person's name or address.
    """
    facts = facts_of(text, path)
    stated_kind = _word(facts, ("type", "kind"))
    kind = stated_kind if stated_kind in _KINDS else None
    owner = _first(facts, _OWNERS)
    values: dict[str, JsonValue] = {
        "kind": kind or "other",
        "kind_conf": None if kind is None else 1.0,
        "title": title_of(text, path, facts),
        "service_ids": _listed(facts, _SERVICES),
        "status": _state(facts, path),
        "owner": None if owner is None else pseudonym(_address(owner)),
        "approved_at": _instant(_first(facts, _APPROVED)),
        "last_review_at": _instant(_first(facts, _REVIEWED)),
        "review_due": _day(_first(facts, _DUE)),
        "words": _words(text),
        "labels": _listed(facts, _LABELS),
    }
    return Text(values, style_of(text, path))


def document_row(
    doc_id: str, path: str, text: Text, *, created: int | None, updated: int | None
) -> dict[str, JsonValue]:
    """A row of `document`.

    Args:
        created: committer date of the commit that added it, in seconds since 1970; None: before what can be read.
        updated: that of the last commit that changed its content; None: likewise.
    """
    values = {"status": _state({}, path), **text.values}
    return {"doc_id": doc_id, **values, "created": instant(created), "updated": instant(updated)}


def revision_row(
    commit: Commit, entry: Entry, measured: Measured | None, merged_by: str | None
) -> dict[str, JsonValue]:
    """A row of `document_revision` but for its `doc_id`.

    Args:
        measured: what its patch changes; None where that could not be read.
        merged_by: pseudonym of the person who answered the request it came in by; None: there was none.
    """
    deciders = [*entry.approved_by, *([merged_by] if merged_by is not None and merged_by != entry.author else [])]
    return {
        "version": commit.id,
        "at": None if commit.doubt else instant(commit.at),
        "author": entry.author,
        "is_bot": entry.is_bot,
        "chars_changed": None if measured is None else measured.chars,
        "sections_changed": None if measured is None or measured.sections is None else list(measured.sections),
        "targets_changed": None if measured is None else measured.figures,
        "cause_refs": list(entry.cause_refs),
        "decision": "approved" if deciders else None,
        "decided_by": deciders[0] if deciders else None,
    }


def instant(seconds: int | None) -> str | None:
    """Seconds since 1970 as an instant."""
    return None if seconds is None else f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}Z"


def _first(facts: Facts, names: tuple[str, ...]) -> str | None:
    for name in names:
        value = facts.get(name)
        if value:
            return value if isinstance(value, str) else value[0]
    return None


def _word(facts: Facts, names: tuple[str, ...]) -> str | None:
    found = _first(facts, names)
    return None if found is None else re.sub(r"[\s-]+", "_", found.casefold())


def _listed(facts: Facts, names: tuple[str, ...]) -> list[str] | None:
    for name in names:
        value = facts.get(name)
        if value is not None:
            given = value.split(",") if isinstance(value, str) else value
            return list(dict.fromkeys(text for entry in given if (text := entry.strip())))
    return None


def _state(facts: Facts, path: str) -> str:
    """A document on the branch is in force, unless it or its folder says otherwise."""
    stated = _first(facts, ("status", "state"))
    if stated is not None and stated.casefold() in _STATE_OF:
        return _STATE_OF[stated.casefold()]
    folders = (_FOLDERS.get(part.casefold()) for part in PurePosixPath(path).parts[:-1])
    return next((state for state in folders if state), "current")


def _address(person: str) -> str:
    """The e-mail address in `Name <address>`, else the text: the same person has the same pseudonym as in commits."""
    match = re.search(r"<([^<>\s]+@[^<>\s]+)>", person)
    return match[1] if match else person


def _day(text: str | None) -> str | None:
    try:
        return None if text is None else date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        return None


def _instant(text: str | None) -> str | None:
    """An instant with a zone, or the start of a day in UTC; anything else is none."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return _day(text)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _words(text: str) -> int:
    lines = text.splitlines()
    return sum(len(line.split()) for line in lines[front_matter_end(lines) :])
