"""What the recognisers make of a state: new rows, completed rows, and nothing that a source said otherwise."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson
import pytest

from auditor.canonical import JsonValue
from auditor.model.evidence import Row, Tier
from auditor.model.streams import STREAMS
from auditor.model.validate import check_row, make_row
from auditor.ports import Derived
from auditor.recognise.deriver import make_deriver

DOCUMENTS = Path(__file__).parent / "documents"
LEAD = b"blob of 8 bytes\n"
"""What stands before the text in the payload, as in the answer of a program that gives several files."""


class State:
    """A state in memory."""

    def __init__(self) -> None:
        self.stored: dict[str, list[Row]] = {}
        self.payloads: dict[str, bytes] = {}

    def add(self, stream: str, values: dict[str, Any], *, source: str = "git", **place: str) -> Row:
        checked = check_row(STREAMS[stream], values)
        assert not checked.faults
        sha256, pointer = place.get("payload", "0" * 64), place.get("pointer", "line:1")
        tier = STREAMS[stream].default_tier(checked.values)
        row = make_row(STREAMS[stream], source, checked.values, tier, sha256, pointer)
        self.stored.setdefault(stream, []).append(row)
        return row

    def add_document(self, doc_id: str, data: bytes | str, **values: JsonValue) -> Row:
        content = data if isinstance(data, bytes) else data.encode()
        payload = LEAD + content + b"\n"
        sha256 = hashlib.sha256(payload).hexdigest()
        self.payloads[sha256] = payload
        pointer = f"bytes:{len(LEAD)}-{len(LEAD) + len(content)}"
        row = {"doc_id": doc_id, "kind": "other", "status": "current", **values}
        return self.add("document", row, payload=sha256, pointer=pointer)

    def rows(self, stream: str) -> Iterator[Row]:
        return iter(sorted(self.stored.get(stream, ()), key=lambda row: row.ref))

    def text(self, payload_sha256: str, pointer: str) -> str | None:
        start, end = (int(part) for part in pointer.removeprefix("bytes:").split("-"))
        try:
            return self.payloads[payload_sha256][start:end].decode("utf-8-sig").rstrip("\r\n")
        except UnicodeDecodeError:
            return None


def derived(state: State) -> list[Derived]:
    return list(make_deriver().derive(state))


def rows(state: State, stream: str) -> list[Row]:
    return [entry.row for entry in derived(state) if entry.row.stream == stream]


def values_of(found: Sequence[Row], *names: str) -> list[tuple[JsonValue, ...]]:
    return [tuple(row.values[name] for name in names) for row in found]


@pytest.fixture
def port() -> State:
    """A port whose documents lie in a repository."""
    state = State()
    for service in ("berth-planner", "gate-control"):
        state.add("service", {"service_id": service, "name": service.replace("-", " ")}, source="catalogue")
    state.add("party", {"party_id": "port-it", "kind": "internal_team", "name": "Port IT"}, source="hr")
    state.add("party", {"party_id": "terminal", "kind": "customer", "name": "Terminal operations"}, source="hr")
    for person in ("p-01", "p-15"):
        state.add("person", {"person_id": person}, source="hr")
    state.add("ticket", {"ticket_id": "OPS-417", "kind": "incident"}, source="jira")
    state.add_document("agreements/sla.md", (DOCUMENTS / "sla.md").read_bytes())
    state.add_document("internal/ola.md", (DOCUMENTS / "ola.md").read_bytes())
    return state


def test_an_agreement_gets_a_row_with_what_its_text_says(port: State) -> None:
    agreements = {row.values["agreement_id"]: row.values for row in rows(port, "agreement")}
    sla = agreements["agreements/sla.md#sla"]
    assert set(agreements) == {"agreements/sla.md#sla", "internal/ola.md#ola"}
    expected = {
        "doc_id": "agreements/sla.md",
        "kind": "SLA",
        "kind_conf": 1.0,
        "scope": "service",
        "service_ids": ["berth-planner"],
        "provider": "port-it",
        "consumer": "terminal",
        "signed_by": ["p-01", "p-15"],
        "approved_at": "2026-02-10T00:00:00Z",
        "effective_from": "2026-03-01",
        "review_interval": 182,
        "last_review_at": None,
    }
    assert {name: sla[name] for name in expected} == expected
    sections = sla["sections_found"]
    assert isinstance(sections, dict)
    assert (sections["targets"], sections["exceptions"], sections["escalation"]) == (True, True, False)


def test_every_derived_row_points_to_the_bytes_that_prove_it(port: State) -> None:
    texts = {}
    for entry in derived(port):
        row = entry.row
        if row.stream in {"target", "agreement", "link"}:
            texts[unquote(row.key)] = port.text(row.payload_sha256, row.pointer)
            assert row.source_id == "git"
            assert row.reliability <= Tier.R3
            assert entry.recogniser
    assert texts["agreements/sla.md#sla/resolution/P1"] == "| P1       | 15 minutes | 4 hours  |"
    assert texts["agreements/sla.md#sla"] == "type: sla"
    (ticket_line,) = (text for key, text in texts.items() if "OPS-417" in key)
    assert ticket_line is not None
    assert "OPS-417" in ticket_line


def test_targets_are_of_the_one_service_the_agreement_covers(port: State) -> None:
    targets = [row for row in rows(port, "target") if row.values["agreement_id"] == "agreements/sla.md#sla"]
    assert {row.values["service_id"] for row in targets} == {"berth-planner"}
    assert {row.values["origin"] for row in targets} == {"doc"}
    assert values_of(targets, "target_id", "value", "unit", "window")[0] == (
        "agreements/sla.md#sla/availability",
        99.5,
        "%",
        30,
    )


def test_documents_are_linked_to_what_they_name(port: State) -> None:
    found = set(values_of(rows(port, "link"), "from_id", "to_type", "to_id", "rel", "how"))
    assert found == {
        ("agreements/sla.md", "service", "berth-planner", "describes", "parsed"),
        ("agreements/sla.md", "document", "internal/ola.md", "links", "parsed"),
        ("agreements/sla.md", "ticket", "OPS-417", "mentions", "parsed"),
        ("internal/ola.md", "service", "berth-planner", "describes", "parsed"),
    }


def test_a_link_that_a_source_gave_is_not_made_again(port: State) -> None:
    ends = {"from_type": "document", "from_id": "agreements/sla.md", "to_type": "ticket", "to_id": "OPS-417"}
    port.add("link", {**ends, "rel": "mentions", "how": "explicit"}, source="jira")
    assert "OPS-417" not in {row.values["to_id"] for row in rows(port, "link")}


def test_the_document_is_completed_and_what_its_source_said_stays() -> None:
    state = State()
    state.add_document(
        "sla.md", (DOCUMENTS / "sla.md").read_bytes(), title="Given", approved_at="2020-01-01T00:00:00Z", words=7
    )
    (document,) = rows(state, "document")
    assert document.values["kind"] == "agreement"
    assert (document.values["title"], document.values["words"]) == ("Given", 7)
    assert document.values["approved_at"] == "2020-01-01T00:00:00Z"
    assert document.values["review_due"] == "2027-02-01"
    (agreement,) = rows(state, "agreement")
    assert agreement.values["approved_at"] == "2020-01-01T00:00:00Z"


def test_a_stated_kind_of_document_stays() -> None:
    state = State()
    state.add_document("report.md", (DOCUMENTS / "sla.md").read_bytes(), kind="report", kind_conf=1.0)
    (document,) = rows(state, "document")
    assert (document.values["kind"], document.values["kind_conf"]) == ("report", 1)


def test_an_agreement_that_a_source_gave_is_not_made_again(port: State) -> None:
    given = {"agreement_id": "C-7", "doc_id": "agreements/sla.md", "kind": "SLA", "kind_conf": 0.9}
    port.add("agreement", {**given, "service_ids": ["gate-control"]}, source="register")
    agreements = {row.values["agreement_id"]: row for row in rows(port, "agreement")}
    assert set(agreements) == {"C-7", "internal/ola.md#ola"}
    row = agreements["C-7"]
    assert (row.source_id, row.values["service_ids"], row.values["approved_at"]) == ("register", ["gate-control"], None)
    assert row.values["sections_found"] is not None  # it was null: the text fills it
    targets = [row for row in rows(port, "target") if row.values["agreement_id"] == "C-7"]
    assert {row.values["service_id"] for row in targets} == {"gate-control"}


def test_a_document_that_two_given_agreements_name_gets_no_third_one(port: State) -> None:
    for agreement_id in ("C-7", "C-8"):
        values = {"agreement_id": agreement_id, "doc_id": "agreements/sla.md", "kind": "SLA"}
        port.add("agreement", values, source="register")
    assert {row.values["agreement_id"] for row in rows(port, "agreement")} == {"internal/ola.md#ola"}


def test_targets_that_a_source_gave_are_not_joined_by_others(port: State) -> None:
    port.add("agreement", {"agreement_id": "C-7", "doc_id": "agreements/sla.md", "kind": "SLA"}, source="register")
    port.add("target", {"target_id": "t", "agreement_id": "C-7"}, source="register")
    assert [row for row in rows(port, "target") if row.values["agreement_id"] == "C-7"] == []


def test_headings_in_the_history_become_section_keys(port: State) -> None:
    revision = {"doc_id": "agreements/sla.md", "version": "c1"}
    port.add("document_revision", {**revision, "sections_changed": ["5. exceptions", "signatures", "service hours"]})
    port.add("document_revision", {**revision, "version": "c2", "sections_changed": None})
    port.add("document_revision", {**revision, "version": "c3", "sections_changed": ["targets"]})
    found = values_of(rows(port, "document_revision"), "version", "sections_changed")
    assert found == [("c1", ["exceptions", "hours"])]


def test_no_agreement_is_made_of_templates_minutes_and_other_languages() -> None:
    state = State()
    for name in ("template.md", "minutes.md", "runbook.md"):
        state.add_document(name, (DOCUMENTS / name).read_bytes())
    state.add_document("fr.md", "# SLA\n\n" + "La disponibilité est de 99 % par mois selon notre accord. " * 10)
    assert rows(state, "agreement") == []
    assert rows(state, "target") == []
    kinds = {str(row.values["doc_id"]): row.values["kind"] for row in rows(state, "document")}
    assert kinds["minutes.md"] == "review_minutes"
    assert kinds["runbook.md"] == "procedure"


def test_rows_without_a_text_of_their_own_are_left_alone() -> None:
    state = State()
    state.add("document", {"doc_id": "sla.md", "kind": "agreement", "title": "SLA"}, source="pages")
    state.add_document("broken.md", b"# SLA \xff\xfe")
    state.add_document("picture.png", b"SLA")
    assert derived(state) == []


def test_a_mark_of_the_byte_order_does_not_shift_the_pointers() -> None:
    state = State()
    state.add_document("sla.md", b"\xef\xbb\xbf" + (DOCUMENTS / "sla.md").read_bytes().split(b"---\n", 2)[2])
    (availability,) = (row for row in rows(state, "target") if row.values["metric"] == "availability")
    text = state.text(availability.payload_sha256, availability.pointer)
    assert text == "Availability is at least 99.5 % per month, measured at the load balancer."


def test_the_same_rows_give_the_same_derived_rows_in_the_same_order(port: State) -> None:
    first = [(entry.row, entry.recogniser) for entry in derived(port)]
    for stream in port.stored:
        port.stored[stream].reverse()
    assert [(entry.row, entry.recogniser) for entry in derived(port)] == first
    keys = [(entry.row.stream, entry.row.source_id, entry.row.key) for entry in derived(port)]
    assert len(keys) == len(set(keys))


def test_a_folder_of_given_rows_gains_nothing_from_documents(checkout: Path) -> None:
    state = State()
    evidence = checkout / "rules" / "slm-maturity" / "organisations" / "ferry-line" / "evidence"
    for stream in ("service", "party", "person", "document", "document_revision", "agreement", "target", "link"):
        for line in (evidence / f"{stream}.jsonl").read_bytes().splitlines():
            state.add(stream, orjson.loads(line), source="folder")
    assert derived(state) == []
