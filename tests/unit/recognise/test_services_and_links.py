"""Names of services in text, ids of other rows, and links between documents."""

from __future__ import annotations

import pytest

from auditor.canonical import JsonValue
from auditor.model.evidence import Row, Tier
from auditor.model.streams import STREAMS
from auditor.model.validate import check_row, make_row
from auditor.recognise.hints import hints
from auditor.recognise.links import find_references, linked_paths
from auditor.recognise.services import ServiceNames
from auditor.recognise.structure import parse


def service(service_id: str, name: str | None = None, *aliases: str) -> Row:
    checked = check_row(STREAMS["service"], {"service_id": service_id, "name": name, "aliases": list(aliases)})
    return make_row(STREAMS["service"], "catalogue", checked.values, Tier.R4, "0" * 64, "line:1")


SERVICES = ServiceNames(
    [
        service("berth-planner", "Berth Planner", "BPL"),
        service("berth-planner-archive", "Berth planner archive"),
        service("gate", "Gate Control Service"),
        service("north", "Mail"),
        service("south", "mail"),
        service("db", "DB"),
    ],
    {"gate": ["Barrier desk"]},
)


def found(text: str) -> list[tuple[str, str]]:
    return [(mention.row_id, mention.how) for mention in SERVICES.find(text)]


def test_ids_names_and_aliases_are_found_whatever_their_case_and_punctuation() -> None:
    assert found("The BERTH_PLANNER, bpl and the barrier-desk.") == [
        ("berth-planner", "parsed"),
        ("berth-planner", "parsed"),
        ("gate", "parsed"),
    ]


def test_the_longest_name_wins_and_parts_of_words_are_no_names() -> None:
    assert found("the berth planner archive") == [("berth-planner-archive", "parsed")]
    assert found("berth planners; floodgates") == []


def test_a_near_name_and_a_name_that_two_share_are_inferred() -> None:
    assert found("gate control is down") == [("gate", "inferred")]
    assert found("mail is down") == [("north", "inferred"), ("south", "inferred")]
    assert SERVICES.exact("mail") is None


def test_a_name_of_two_letters_is_not_looked_for() -> None:
    assert found("the DB is full") == []


def test_exact_is_the_whole_text() -> None:
    assert SERVICES.exact("Berth planner") == "berth-planner"
    assert SERVICES.exact("the berth planner") is None
    assert SERVICES.exact("gate control") is None  # near names never bind


def test_hints_name_the_services_behind_the_names_of_a_tool() -> None:
    facts: dict[str, JsonValue] = {
        "names": ["Gate", "gates", 7],
        "known": ["gate", "mail"],
        "aliases": {"mail": ["post"]},
    }
    assert hints("services", facts) == {"services": {"Gate": "gate"}}
    assert hints("services", {"names": ["Post"], "known": ["mail"], "aliases": {"mail": ["post"]}}) == {
        "services": {"Post": "mail"}
    }
    assert hints("services", {}) == {"services": {}}


def test_only_ids_of_rows_that_are_known_are_references() -> None:
    structure = parse(
        "---\nrefs: [sla, OPS-1]\n---\nSee OPS-1, OPS-2, UTF-8 and the sla.\n\nAgain OPS-2.\n", "markdown"
    )
    ids = {"OPS-1": "ticket", "OPS-2": "ticket", "sla": "agreement"}
    assert [(ref.stream, ref.row_id, ref.rel, ref.first) for ref in find_references(structure, ids)] == [
        ("agreement", "sla", "refs", 2),
        ("ticket", "OPS-1", "refs", 2),
        ("ticket", "OPS-1", "mentions", 4),
        ("ticket", "OPS-2", "mentions", 4),
    ]


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("[a](b.md)", "docs/b.md"),
        ("[a](../c/b.md#part)", "c/b.md"),
        ("[a](/top.md)", "top.md"),
        ("[a](<b%20c.md>)", "docs/b c.md"),
        ('<a href="x.html?y=1">', "docs/x.html"),
        ("xref:b.adoc[a]", "docs/b.adoc"),
        ("`a <b.rst>`_", "docs/b.rst"),
        ("[a](https://example.org/b.md)", None),
        ("[a](mailto:x@example.org)", None),
        ("[a](../../b.md)", None),
        ("[a](#here)", None),
    ],
)
def test_relative_links_lead_to_paths_and_others_do_not(link: str, path: str | None) -> None:
    assert list(linked_paths(f"first\n{link}\n", "docs/a.md")) == ([] if path is None else [(path, 2)])
