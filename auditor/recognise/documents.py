"""One document of a state, and what the recognisers make of its text: fields of its own, agreement, targets.

A value that a source gave is never replaced; every row points to the lines that prove it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from auditor.canonical import JsonValue
from auditor.model.evidence import Row
from auditor.model.sections import SECTION_KEYS
from auditor.model.streams import STREAMS
from auditor.model.validate import check_row, make_row
from auditor.recognise import agreements, sections, targets
from auditor.recognise.agreements import Verdict, classify, is_english
from auditor.recognise.facts import Facts, find_facts
from auditor.recognise.parties import PartyNames, Sides, find_sides
from auditor.recognise.sections import FoundSection, find_sections
from auditor.recognise.services import ServiceNames, texts
from auditor.recognise.structure import Form, LineBytes, Structure, parse
from auditor.recognise.targets import ParsedTarget, parse_targets
from auditor.recognise.vocabulary import DOCUMENT_TITLES, NOT_AN_AGREEMENT

_TITLE_CONF = 0.7
"""How sure a kind of document is that its title alone gives (chosen: above `classify_min`, below what is stated)."""
_UNSURE_CONF = 0.5
_SERVICE_KEYS = ("services", "service", "service_ids")
_COVERED = re.compile(
    r"^(?:[0-9.]{1,8} )?(?:covered |supported |name of )?(?:the )?services?(?: names?| covered)?$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Known:
    """What the rows of the state already say, as far as a document may name it."""

    services: ServiceNames
    parties: PartyNames
    persons: Collection[str]


@dataclass(frozen=True)
class Reading:
    """A document with its text taken apart; its parts are worked out when they are asked for.

    Attributes:
        row: its row; the pointer names the bytes of its text.
        is_marked: whether a mark of the byte order stands before the text: it is no part of it, but of the payload.
    """

    row: Row
    text: str
    form: Form
    known: Known
    is_marked: bool = False

    @cached_property
    def doc_id(self) -> str:
        """Id of the document."""
        return str(self.row.values["doc_id"])

    @cached_property
    def structure(self) -> Structure:
        """The text taken apart."""
        return parse(self.text, self.form)

    @cached_property
    def targets(self) -> tuple[ParsedTarget, ...]:
        """The targets that stand in it."""
        return parse_targets(self.structure)

    @cached_property
    def sides(self) -> Sides:
        """Who it is between."""
        return find_sides(self.structure, self.known.parties)

    @cached_property
    def facts(self) -> Facts:
        """Its dates and signatures."""
        return find_facts(self.structure, self.known.persons)

    @cached_property
    def verdict(self) -> Verdict:
        """What kind of agreement it is."""
        labels = texts(self.row.values["labels"])
        return classify(self.structure, self.targets, self.sides, parties=self.known.parties, labels=labels)

    @cached_property
    def kind(self) -> tuple[str, float | None]:
        """Kind of the document and how sure it is: what the source states, else the agreement, else the title."""
        stated, conf = str(self.row.values["kind"]), self.row.values["kind_conf"]
        if stated != "other" or conf is not None:
            return stated, float(conf) if isinstance(conf, int | float) else None
        if self.verdict.kind is not None:
            return "agreement", self.verdict.confidence
        title = self.structure.title
        if title is None:
            return stated, None
        kind = next((kind for kind, pattern in DOCUMENT_TITLES if pattern.search(title[0])), None)
        if kind is None:
            return stated, None
        is_about = kind not in {"policy", "procedure"} and _is_about_such(title[0])
        return kind, _UNSURE_CONF if is_about else _TITLE_CONF

    @cached_property
    def section_kind(self) -> str | None:
        """The key of `SECTION_KEYS` whose sections it is to have; None: no kind that has any."""
        if self.kind[0] == "agreement":
            return self.verdict.kind
        return self.kind[0] if self.kind[0] in SECTION_KEYS else None

    @cached_property
    def found_sections(self) -> Mapping[str, FoundSection | None] | None:
        """Its sections by key; None: they cannot be decided."""
        if self.section_kind is None or not self.structure.is_whole or not is_english(self.structure):
            return None
        return find_sections(self.structure, self.section_kind, self.targets)

    @cached_property
    def service_ids(self) -> tuple[str, ...] | None:
        """The services it is for: stated, else in its title, else in a row or line labelled so; None: undecided."""
        given = self.row.values["service_ids"]
        if given is not None:
            return tuple(dict.fromkeys(self.known.services.exact(name) or name for name in texts(given)))
        for place in self._service_places():
            named = [m.row_id for m in self.known.services.find(place) if m.how == "parsed"]
            if named:
                return tuple(dict.fromkeys(named))
        return None

    def _service_places(self) -> Iterator[str]:
        for key in _SERVICE_KEYS:
            if entry := self.structure.front.get(key):
                yield " | ".join(entry.values)
        if self.structure.title is not None:
            yield self.structure.title[0]
        labelled: list[str] = []
        is_under = False
        for piece in self.structure.pieces:
            if piece.kind == "heading":
                is_under = _COVERED.match(piece.text) is not None
            elif piece.kind == "row":
                labelled += piece.cells[1:2] if _COVERED.match(piece.cells[0]) else ()
                labelled += [c for h, c in zip(piece.header, piece.cells, strict=False) if _COVERED.match(h)]
            elif is_under:
                labelled.append(piece.text)
            elif _COVERED.match(piece.text[:60].partition(":")[0]):
                labelled.append(piece.text.partition(":")[2])
        yield " | ".join(labelled)

    @cached_property
    def lines(self) -> LineBytes:
        """Where its lines lie in the payload."""
        start = int(self.row.pointer.removeprefix("bytes:").split("-")[0])
        return LineBytes(self.text, offset=start + (3 if self.is_marked else 0))

    def make(self, stream: str, values: Mapping[str, JsonValue], pointer: str) -> Row:
        """A row made from this document, no more reliable than the document itself.

        Raises:
            ValueError: a value does not fit the stream.
        """
        definition = STREAMS[stream]
        checked = check_row(definition, values)
        if checked.faults:
            raise ValueError(f"{self.doc_id}: {checked.faults[0].problem}")
        row = self.row
        tier = min(definition.default_tier(checked.values), row.reliability)
        return make_row(
            definition,
            row.source_id,
            checked.values,
            tier,
            row.payload_sha256,
            pointer,
            source_url=row.source_url,
            fetched_at=row.fetched_at,
        )


def document_values(reading: Reading) -> dict[str, JsonValue]:
    """The fields of the document's row, those that the source left open filled in."""
    kind, conf = reading.kind
    facts = reading.facts
    is_read = reading.structure.is_text and reading.structure.is_whole
    found: dict[str, JsonValue] = {
        "kind_conf": conf,
        "title": reading.structure.title[0] if reading.structure.title else None,
        "service_ids": list(reading.service_ids) if reading.service_ids is not None else None,
        "sections_found": section_map(reading.found_sections),
        "words": reading.structure.words if is_read else None,
        "placeholder_ratio": reading.structure.placeholder_ratio if is_read else None,
    }
    if kind == "agreement":
        found |= {"approved_at": instant(facts.approved_on), "last_review_at": instant(facts.last_review_on)}
        found |= {"review_due": facts.review_due.isoformat() if facts.review_due else None}
    given = {name: value for name, value in reading.row.values.items() if value is not None}
    return {**reading.row.values, **found, **given, "kind": kind, "service_ids": found["service_ids"]}


def agreement_row(reading: Reading) -> Row | None:
    """The agreement a document is; None where it is none, or that is undecided."""
    verdict, facts = reading.verdict, reading.facts
    if verdict.kind is None:
        return None
    document = document_values(reading)
    spec = reading.structure.front.get("spec_source")
    provider, consumer = reading.sides.provider, reading.sides.consumer
    signed_by = list(facts.signed_by) if facts.signed_by is not None else None
    values: dict[str, JsonValue] = {
        "agreement_id": f"{reading.doc_id}#{verdict.kind.lower()}",
        "doc_id": reading.doc_id,
        "kind": verdict.kind,
        "kind_conf": verdict.confidence,
        "scope": "service" if reading.service_ids else None,
        "service_ids": document["service_ids"],
        "provider": provider.party_id if provider else None,
        "consumer": consumer.party_id if consumer else None,
        "signed_by": signed_by,
        "approved_at": document["approved_at"],
        "effective_from": facts.effective_from.isoformat() if facts.effective_from else None,
        "effective_to": facts.effective_to.isoformat() if facts.effective_to else None,
        "review_interval": facts.review_interval_days,
        "last_review_at": document["last_review_at"],
        "spec_source": spec.values[0] if spec else None,
        "sections_found": section_map(reading.found_sections),
    }
    return reading.make("agreement", values, _deciding_lines(reading))


def target_rows(reading: Reading, agreement_id: str, service_ids: Sequence[str]) -> Iterator[Row]:
    """The targets of a document as rows of an agreement."""
    counts: dict[str, int] = {}
    for target in reading.targets:
        name = f"{agreement_id}/{target.metric}"
        if target.conditions:
            name += f"/{target.conditions.split(';', 1)[0].split('=', 1)[1]}"
        counts[name] = counts.get(name, 0) + 1
        labelled = reading.known.services.exact(target.label) if target.label else None
        conditions = target.conditions
        if labelled and conditions and conditions.startswith("case="):
            conditions = None
        values: dict[str, JsonValue] = {
            "target_id": name if counts[name] == 1 else f"{name}-{counts[name]}",
            "service_id": labelled or (service_ids[0] if len(service_ids) == 1 else None),
            "agreement_id": agreement_id,
            "metric": target.metric,
            "op": target.op,
            "value": target.value,
            "unit": target.unit,
            "window": target.window_days,
            "calendar": target.calendar,
            "conditions": conditions,
            "origin": "doc",
        }
        yield reading.make("target", values, reading.lines.pointer(target.first, target.last))


def section_map(found: Mapping[str, FoundSection | None] | None) -> dict[str, JsonValue] | None:
    """Sections as a field holds them: key -> found."""
    return None if found is None else {key: place is not None for key, place in found.items()}


def instant(day: object) -> str | None:
    """The first instant of a day, as a field holds it; None for no day."""
    return None if day is None else f"{day}T00:00:00Z"


RECOGNISERS = f"{agreements.VERSION}, {sections.VERSION}, {targets.VERSION}"
"""What an agreement and its targets are made by."""


def _is_about_such(title: str) -> bool:
    """Whether a title says that the document is a form or a guide for such documents."""
    match = NOT_AN_AGREEMENT.search(title)
    return match is not None and match[0].casefold() in {"template", "templates", "sample", "example", "how to"}


def _deciding_lines(reading: Reading) -> str:
    """The lines of the strongest clue for the kind."""
    clues = [clue for clue in reading.verdict.clues if clue.kind == reading.verdict.kind]
    best = max(clues, key=lambda clue: clue.weight)
    return reading.lines.pointer(best.first, best.last)
