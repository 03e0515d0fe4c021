"""What all recognisers together make of a state: documents get their meaning, monitoring rules their class."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from auditor.canonical import JsonValue
from auditor.model.evidence import Row
from auditor.model.streams import STREAMS
from auditor.model.validate import check_row, make_row, row_key
from auditor.ports import Derived, Deriver, StateReader
from auditor.recognise import agreements, links, revisions, rules, sections, services, structure, targets
from auditor.recognise.documents import (
    RECOGNISERS,
    Known,
    Reading,
    agreement_row,
    document_values,
    section_map,
    target_rows,
)
from auditor.recognise.links import Reference, find_references, linked_paths
from auditor.recognise.parties import PartyNames
from auditor.recognise.revisions import ChangedSections
from auditor.recognise.rules import derive_rules
from auditor.recognise.services import ServiceNames, texts
from auditor.recognise.structure import form_of

_FORMAT = "deriver 1"
_ID_FIELDS: Mapping[str, str] = {
    "document": "doc_id",
    "agreement": "agreement_id",
    "target": "target_id",
    "ticket": "ticket_id",
    "meeting": "meeting_id",
    "improvement": "item_id",
    "business_goal": "goal_id",
    "kpi": "kpi_id",
    "report_schedule": "report_id",
}
"""Streams whose ids a document may cite."""
_TEXT_POINTER = re.compile(r"bytes:([0-9]+)-[0-9]+")
_SAME_PATH = re.compile(r"#[0-9]+$")


def make_deriver() -> Deriver:
    """The deriver of all recognisers."""
    return _Deriver()


class _Deriver:
    @property
    def version(self) -> str:
        """See `Deriver.version`."""
        modules = (agreements, sections, targets, services, links, revisions, structure, rules)
        return ", ".join([_FORMAT, *(module.VERSION for module in modules)])

    def derive(self, state: StateReader) -> Iterator[Derived]:
        """See `Deriver.derive`."""
        names = ServiceNames(state.rows("service"))
        yield from derive_rules(state, names)
        documents = [row for row in state.rows("document") if _form(row) and _TEXT_POINTER.fullmatch(row.pointer)]
        if documents:
            yield from _derive_documents(state, names, documents)


@dataclass(slots=True)
class _Index:
    """What the rows of a state say of each other."""

    known: Known
    ids: dict[str, str]
    documents: dict[str, set[str]]
    agreements_of: dict[str, list[Row]]
    agreement_ids: set[str]
    with_targets: set[str]
    links: set[str]
    revisions: dict[tuple[str, str], list[Row]] = field(default_factory=dict)


def _derive_documents(state: StateReader, names: ServiceNames, documents: list[Row]) -> Iterator[Derived]:
    index = _index(state, names)
    wanted = {(row.source_id, str(row.values["doc_id"])) for row in documents}
    for row in state.rows("document_revision"):
        place = (row.source_id, str(row.values["doc_id"]))
        if place in wanted and row.values["sections_changed"] is not None:
            index.revisions.setdefault(place, []).append(row)
    for row in documents:
        text = state.text(row.payload_sha256, row.pointer)
        if text is not None:
            yield from _derive_document(_reading(state, row, text, index.known), index)


def _reading(state: StateReader, row: Row, text: str, known: Known) -> Reading:
    match = _TEXT_POINTER.fullmatch(row.pointer)
    start = int(match[1]) if match else 0
    # A mark of the byte order is a text of nothing, while its first byte alone is no text: it is not in the text.
    places = (f"bytes:{start}-{start + 1}", f"bytes:{start}-{start + 3}")
    is_marked = [state.text(row.payload_sha256, place) for place in places] == [None, ""]
    form = _form(row)
    assert form is not None  # noqa: S101 - only such rows are read
    return Reading(row, text, form, known, is_marked=is_marked)


def _derive_document(reading: Reading, index: _Index) -> Iterator[Derived]:
    values = document_values(reading)
    if values != reading.row.values:
        yield Derived(_replaced(reading.row, values), RECOGNISERS)
    yield from _derive_agreement(reading, index)
    yield from _derive_revisions(reading, index)
    yield from _derive_links(reading, index)


def _derive_agreement(reading: Reading, index: _Index) -> Iterator[Derived]:
    given = index.agreements_of.get(reading.doc_id, [])
    agreement = agreement_row(reading)
    if len(given) == 1:
        yield from _complete_agreement(reading, given[0], index)
    elif not given and agreement is not None and str(agreement.values["agreement_id"]) not in index.agreement_ids:
        yield Derived(agreement, RECOGNISERS)
        agreement_id = str(agreement.values["agreement_id"])
        for row in target_rows(reading, agreement_id, reading.service_ids or ()):
            yield Derived(row, targets.VERSION)


def _complete_agreement(reading: Reading, given: Row, index: _Index) -> Iterator[Derived]:
    """An agreement that a source gave: what it holds stays, its text adds sections and targets where there are none."""
    kind, agreement_id = reading.verdict.kind, str(given.values["agreement_id"])
    if given.values["sections_found"] is None and kind == given.values["kind"] and reading.found_sections is not None:
        yield Derived(
            _replaced(given, {**given.values, "sections_found": section_map(reading.found_sections)}), RECOGNISERS
        )
    if agreement_id not in index.with_targets:
        for row in target_rows(reading, agreement_id, texts(given.values["service_ids"])):
            yield Derived(row, targets.VERSION)


def _derive_revisions(reading: Reading, index: _Index) -> Iterator[Derived]:
    rows = index.revisions.get((reading.row.source_id, reading.doc_id), ())
    if reading.section_kind is None or not rows:
        return
    changed = ChangedSections(reading.structure, reading.section_kind)
    for row in rows:
        keys = list(changed.keys(texts(row.values["sections_changed"])))
        if keys != row.values["sections_changed"]:
            yield Derived(_replaced(row, {**row.values, "sections_changed": keys}), revisions.VERSION)


def _derive_links(reading: Reading, index: _Index) -> Iterator[Derived]:
    found: dict[str, tuple[Reference, dict[str, JsonValue]]] = {}
    for reference in _references(reading, index):
        values: dict[str, JsonValue] = {
            "from_type": "document",
            "from_id": reading.doc_id,
            "to_type": reference.stream,
            "to_id": reference.row_id,
            "rel": reference.rel,
            "how": reference.how,
        }
        key = row_key(STREAMS["link"], values)
        is_better = key in found and found[key][0].how == "inferred" and reference.how == "parsed"
        if key not in index.links and reference.row_id != reading.doc_id and (key not in found or is_better):
            found[key] = (reference, values)
    for reference, values in found.values():
        yield Derived(
            reading.make("link", values, reading.lines.pointer(reference.first, reference.last)), links.VERSION
        )


def _references(reading: Reading, index: _Index) -> Iterator[Reference]:
    yield from find_references(reading.structure, index.ids)
    own = index.documents.get(reading.row.source_id, set())
    for path, line in linked_paths(reading.text, _SAME_PATH.sub("", reading.doc_id)):
        if path in own:
            yield Reference("document", path, "links", "parsed", line, line)
    stated = set(reading.service_ids or ())
    for piece in reading.structure.pieces:
        for mention in reading.known.services.find(piece.text):
            rel = "describes" if mention.row_id in stated else "mentions"
            yield Reference("service", mention.row_id, rel, mention.how, piece.first, piece.last)


def _index(state: StateReader, names: ServiceNames) -> _Index:
    ids: dict[str, str] = {}
    several: set[str] = set()
    documents: dict[str, set[str]] = {}
    given: dict[str, list[Row]] = {}
    for stream, name in _ID_FIELDS.items():
        for row in state.rows(stream):
            row_id = str(row.values[name])
            if ids.setdefault(row_id, stream) != stream:
                several.add(row_id)
            if stream == "document":
                documents.setdefault(row.source_id, set()).add(row_id)
            elif stream == "agreement" and row.values["doc_id"] is not None:
                given.setdefault(str(row.values["doc_id"]), []).append(row)
    agreement_ids = {row_id for row_id, stream in ids.items() if stream == "agreement"}
    for row_id in several:
        del ids[row_id]
    persons = frozenset(str(row.values["person_id"]) for row in state.rows("person"))
    known = Known(names, PartyNames(state.rows("party")), persons)
    with_targets = {str(row.values["agreement_id"]) for row in state.rows("target")}
    return _Index(known, ids, documents, given, agreement_ids, with_targets, {row.key for row in state.rows("link")})


def _replaced(row: Row, values: Mapping[str, JsonValue]) -> Row:
    definition = STREAMS[row.stream]
    checked = check_row(definition, values)
    return make_row(
        definition,
        row.source_id,
        checked.values,
        row.reliability,
        row.payload_sha256,
        row.pointer,
        source_url=row.source_url,
        fetched_at=row.fetched_at,
    )


def _form(row: Row) -> structure.Form | None:
    return form_of(_SAME_PATH.sub("", str(row.values["doc_id"])))
