"""What kind of agreement a document is, who it is between, and what it says about itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from auditor.model.evidence import Row, Tier
from auditor.model.sections import SECTION_KEYS
from auditor.model.streams import STREAMS
from auditor.model.validate import check_row, make_row
from auditor.recognise.agreements import Verdict, classify
from auditor.recognise.dates import find_date, find_interval_days
from auditor.recognise.facts import Facts, find_facts
from auditor.recognise.parties import PartyNames, Sides, find_sides
from auditor.recognise.sections import find_sections
from auditor.recognise.structure import Structure, form_of, parse
from auditor.recognise.targets import parse_targets

DOCUMENTS = Path(__file__).parent / "documents"
NOBODY = PartyNames([])


def party(party_id: str, kind: str, name: str) -> Row:
    checked = check_row(STREAMS["party"], {"party_id": party_id, "kind": kind, "name": name})
    return make_row(STREAMS["party"], "hr", checked.values, Tier.R4, "0" * 64, "line:1")


PARTIES = PartyNames(
    [
        party("port-it", "internal_team", "Port IT"),
        party("network", "internal_team", "Network team"),
        party("terminal", "customer", "Terminal operations"),
        party("tidewatch", "supplier", "Tidewatch Ltd"),
    ]
)


def structure_of(name: str) -> Structure:
    form = form_of(name)
    assert form is not None
    return parse((DOCUMENTS / name).read_text(encoding="utf-8"), form)


def verdict(structure: Structure, parties: PartyNames = NOBODY) -> Verdict:
    sides = find_sides(structure, parties)
    return classify(structure, parse_targets(structure), sides, parties=parties)


def of_text(text: str, parties: PartyNames = NOBODY) -> Verdict:
    return verdict(parse(text, "markdown"), parties)


@pytest.mark.parametrize(
    ("name", "state", "kind"),
    [
        ("sla.md", "decided", "SLA"),
        ("sla.adoc", "decided", "SLA"),
        ("sla.rst", "decided", "SLA"),
        ("sla.html", "decided", "SLA"),
        ("ola.md", "decided", "OLA"),
        ("uc.md", "decided", "UC"),
        ("slr.md", "decided", "SLR"),
        ("template.md", "none", None),
        ("minutes.md", "none", None),
        ("runbook.md", "none", None),
    ],
)
def test_the_samples_are_what_they_are(name: str, state: str, kind: str | None) -> None:
    found = verdict(structure_of(name))
    assert (found.state, found.kind) == (state, kind)


def test_a_title_alone_decides_nothing() -> None:
    found = of_text("# Service level agreement\n\nTo be written by the team that runs the thing, some day soon.\n")
    assert (found.state, found.kind) == ("none", None)


def test_wording_alone_decides_nothing() -> None:
    text = "# Notes\n\nWe commit to our customers and will provide what we agreed, as our provider guarantees.\n"
    assert of_text(text).state == "none"


def test_named_parties_and_wording_decide_nothing_without_a_title_or_a_target() -> None:
    text = (
        "# Notes\n\nProvider: Port IT\n\nCustomer: Terminal operations\n\n"
        "We commit to what we agreed and will provide it.\n"
    )
    found = of_text(text, PARTIES)
    assert {clue.group for clue in found.clues if clue.kind == "SLA"} == {"parties", "language"}
    assert found.state == "none"


def test_a_title_with_a_target_and_nothing_else_is_left_to_a_person() -> None:
    found = of_text("# SLA\n\nAvailability is 99 % per month, as seen at the edge of the network.\n")
    assert (found.state, found.kind, found.confidence) == ("ambiguous", "SLA", 0.55)
    assert found.reason == "its score is 0.55"


def test_what_says_that_it_is_about_agreements_is_none() -> None:
    body = "\n\nOur customers: we commit to availability of 99 % per month, as agreed. We will respond at once.\n"
    assert of_text("# Service level agreement" + body).kind == "SLA"
    for title in ("SLA template", "How to write an SLA", "SLA policy", "Glossary: SLA", "SLA metrics explained"):
        assert of_text(f"# {title}{body}").state != "decided", title


def test_unfilled_placeholders_make_it_a_template() -> None:
    filled = (DOCUMENTS / "sla.md").read_text(encoding="utf-8")
    unfilled = filled.replace("Terminal operations", "[name of the customer]").replace("berth planner", "[name of it]")
    assert of_text(filled).state == "decided"
    found = of_text(unfilled)
    assert (found.state, found.confidence) == ("ambiguous", 0.5)


def test_two_kinds_that_are_near_to_each_other_are_ambiguous() -> None:
    text = (
        "# Service level agreement and operational level agreement\n\nThis agreement commits the internal teams to "
        "support the SLA; between both teams there is a hand-over. We will provide it to customers as agreed.\n\n"
        "- Availability: 99 % per month\n"
    )
    found = of_text(text)
    assert (found.state, found.confidence) == ("ambiguous", 0.5)
    assert found.reason is not None
    assert "apart" in found.reason


def test_who_serves_whom_decides_between_kinds_when_parties_are_on_record() -> None:
    body = "\n\nProvider: {}\n\nCustomer: {}\n\nThe provider shall provide it as agreed and guarantees 99 % uptime.\n"
    assert of_text("# SLA" + body.format("Port IT", "Terminal operations"), PARTIES).kind == "SLA"
    assert of_text("# Operational level agreement" + body.format("Network team", "Port IT"), PARTIES).kind == "OLA"
    assert of_text("# Agreement" + body.format("Tidewatch Ltd", "Port IT"), PARTIES).state == "ambiguous"
    clues = of_text("# Agreement" + body.format("Tidewatch Ltd", "Port IT"), PARTIES).clues
    assert [clue.kind for clue in clues if clue.group == "parties"] == ["UC"]


def test_the_page_of_a_vendor_that_is_no_party_speaks_for_an_underpinning_contract() -> None:
    text = "# SLA\n\nProvider: Cloud Vendor\n\nCustomer: Terminal operations\n"
    clues = of_text(text, PARTIES).clues
    assert [(clue.kind, clue.first, clue.last) for clue in clues if clue.group == "parties"] == [("UC", 3, 5)]


def test_a_document_in_another_language_is_undecided_unless_it_declares_its_kind() -> None:
    text = "# SLA\n\n" + "Die Verfügbarkeit beträgt mindestens 99 % je Monat und wird am Eingang gemessen. " * 8
    assert of_text(text).state == "undecided"
    assert of_text(f"---\ntype: sla\n---\n{text}").state != "undecided"


def test_binary_and_endless_documents_are_undecided() -> None:
    assert of_text("SLA\0").state == "undecided"
    assert of_text("# SLA\n\n" + "- a\n" * 30_000).state == "undecided"


def test_the_lines_of_the_clues_prove_them() -> None:
    lines = (DOCUMENTS / "sla.md").read_text(encoding="utf-8").split("\n")
    clues = {clue.group: clue for clue in verdict(structure_of("sla.md"), PARTIES).clues if clue.kind == "SLA"}
    assert lines[clues["declared"].first - 1] == "type: sla"
    assert lines[clues["title"].first - 1].startswith("title: Service level agreement")
    assert "99.5 %" in lines[clues["content"].first - 1]


def sides(text: str) -> Sides:
    return find_sides(parse(text, "markdown"), PARTIES)


def test_parties_come_from_rows_lines_and_sentences() -> None:
    for text in (
        "| Provider | Port IT |\n|--|--|\n| Customer | Terminal operations |\n",
        "| Role | Who |\n|--|--|\n| Service provider | Port IT |\n| Customer | Terminal operations |\n",
        "Provider: Port IT\n\nCustomer: Terminal operations\n",
        "This is between Terminal operations and Port IT.\n",
    )[1:]:
        found = sides(text)
        assert found.provider is not None, text
        assert found.consumer is not None, text
        assert (found.provider.party_id, found.consumer.party_id) == ("port-it", "terminal"), text


def test_who_provides_is_not_guessed_from_the_order_of_names() -> None:
    found = sides("An agreement between Alpha and Beta.\n")
    assert found.provider is not None
    assert found.provider.party_id is None
    assert sides("Customer: TBD\n\nProvider: [name]\n") == Sides(None, None)


def facts(text: str) -> Facts:
    return find_facts(parse(text, "markdown"), {"p-01", "p-15"})


def test_the_sample_says_when_it_was_approved_and_by_whom() -> None:
    found = find_facts(structure_of("sla.md"), {"p-01", "p-15"})
    assert found == Facts(
        approved_on=date(2026, 2, 10),
        effective_from=date(2026, 3, 1),
        effective_to=None,
        review_due=date(2027, 2, 1),
        last_review_on=None,
        review_interval_days=182.0,
        signed_by=("p-01", "p-15"),
    )


@pytest.mark.parametrize("signature", ["", " ", "____", "[name]", "TBD", "pending"])
def test_a_date_beside_an_empty_signature_is_no_approval(signature: str) -> None:
    table = f"| Name | Signature | Date |\n|---|---|---|\n| p-01 | {signature} | 2026-01-02 |\n"
    assert facts(table).approved_on is None
    assert facts(table.replace(f"| {signature} | 2026", "| p-01 | 2026")).approved_on == date(2026, 1, 2)


@pytest.mark.parametrize(
    "line",
    [
        "It is to be approved on 2026-01-02.",
        "It was not approved on 2026-01-02.",
        "Approved: pending, planned for 2026-01-02",
        "Approval date: expected 2026-01-02",
    ],
)
def test_an_approval_that_is_still_to_come_is_none(line: str) -> None:
    assert facts(line).approved_on is None


def test_an_empty_signature_table_is_no_approval_and_half_a_one_is_none_either() -> None:
    table = "| Signature | Date |\n|--|--|\n| p-01 | {} |\n| p-15 | {} |\n"
    assert facts(table.format("", "")).approved_on is None
    assert facts(table.format("2026-01-02", "")).approved_on is None
    assert facts(table.format("2026-01-02", "2026-01-05")).approved_on == date(2026, 1, 5)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-01-31", date(2026, 1, 31)),
        ("on 3 March 2025", date(2025, 3, 3)),
        ("August 1, 2020", date(2020, 8, 1)),
        ("1st Sept 2020", date(2020, 9, 1)),
        ("03/04/2025", None),
        ("2026-02-30", None),
        ("2026-01-01 or 2026-01-02", None),
        ("soon", None),
    ],
)
def test_a_date_that_can_be_read_in_two_ways_is_none(text: str, day: date | None) -> None:
    assert find_date(text) == day


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("every six months", 182.0),
        ("annually", 365.0),
        ("each quarter", 91.0),
        ("every 2 weeks", 14.0),
        ("often", None),
    ],
)
def test_intervals_are_read_in_words_and_numbers(text: str, days: float | None) -> None:
    assert find_interval_days(text) == days


def found_keys(name: str, kind: str) -> set[str]:
    structure = structure_of(name)
    found = find_sections(structure, kind, parse_targets(structure))
    assert tuple(found) == SECTION_KEYS[kind].all
    return {key for key, place in found.items() if place is not None}


def test_sections_are_found_by_their_headings_with_content() -> None:
    must = set(SECTION_KEYS["SLA"].must)
    assert must <= found_keys("sla.md", "SLA")
    assert {"service_description", "hours", "priorities", "review"} <= found_keys("sla.md", "SLA")
    assert "escalation" not in found_keys("sla.md", "SLA")
    assert set(SECTION_KEYS["OLA"].must) <= found_keys("ola.md", "OLA")
    assert set(SECTION_KEYS["UC"].must) <= found_keys("uc.md", "UC")
    assert set(SECTION_KEYS["SLR"].must) <= found_keys("slr.md", "SLR")
    assert set(SECTION_KEYS["review_minutes"].must) <= found_keys("minutes.md", "review_minutes")
    assert "exceptions" not in found_keys("sla.rst", "SLA")


def test_a_heading_with_nothing_under_it_is_no_section() -> None:
    structure = parse("# SLA\n\n## Exceptions\n\nNone.\n\n## Targets\n\n", "markdown")
    found = find_sections(structure, "SLA", ())
    assert found["exceptions"] is None
    assert found["targets"] is None


def test_a_short_section_with_a_target_is_one() -> None:
    structure = parse("# SLA\n\n## Availability\n\n99 % per month\n", "markdown")
    place = find_sections(structure, "SLA", parse_targets(structure))["targets"]
    assert place is not None
    assert (place.first, place.last) == (3, 5)
