"""What a person declares of a source in the configuration: that there is no more of some streams than it holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from auditor.canonical import JsonValue

_OF_DOCUMENTS = frozenset({"document", "document_revision", "agreement", "target", "link"})
"""What a document may be, have or hold: one that was not read, or not understood, may be a row of each."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """Completeness that somebody vouches for.

    Attributes:
        streams: streams of which the source has everything there is.
        by: who says so.
        at: when it was said.
    """

    streams: frozenset[str]
    by: str
    at: datetime


def vouched(
    values: Mapping[str, JsonValue],
    declaration: Declaration,
    hiding: Collection[str | None],
    gapped: Collection[str | None],
) -> dict[str, JsonValue]:
    """The values of a pull with what was declared of its source.

    A declaration speaks of a sound pull only: of a stream with hidden rows, of documents and what they hold where one
    of them has any gap, or of a pull that is not `ok`, nobody can vouch; and what the source itself says of its
    completeness, yes or in part, stays.

    Args:
        values: fields of `source_run`.
        declaration: of its source.
        hiding: streams of which rows are missing; None among them: any may be.
        gapped: streams with a gap of any kind.
    """
    streams = values["streams"]
    if values["status"] != "ok" or values["denied"] or None in hiding or not isinstance(streams, list):
        return dict(values)
    own = values["scope_complete"]
    complete = dict(own) if isinstance(own, dict) else {}
    unseen = {*hiding, *(_OF_DOCUMENTS if "document" in gapped else ())}
    new = [
        name for name in streams if name in declaration.streams and name not in unseen and not complete.get(str(name))
    ]
    if not new:
        return dict(values)
    at = f"{declaration.at.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
    return {
        **values,
        "scope_complete": complete | {str(name): True for name in new},
        "declared_by": values["declared_by"] or declaration.by,
        "declared_at": values["declared_at"] or at,
    }
