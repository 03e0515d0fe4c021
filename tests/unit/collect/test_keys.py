"""Duplicate keys and dangling ids are found, without keeping the rows."""

from __future__ import annotations

import tracemalloc

import pytest

from auditor.collect.keys import PlaceLog, SeenKeys
from auditor.model.streams import STREAMS
from auditor.model.validate import check_row, row_key

EVERY_STREAM = frozenset(STREAMS)


def see(keys: SeenKeys, stream: str, place: str, **values: object) -> None:
    checked = check_row(STREAMS[stream], values)  # type: ignore[arg-type]
    assert checked.faults == ()
    keys.add(stream, "s", row_key(STREAMS[stream], checked.values), place)
    keys.note_references(stream, "s", checked.values, place, EVERY_STREAM)


def dangling(keys: SeenKeys) -> list[tuple[str, str | None]]:
    return [(entry.field, entry.value) for entry in keys.dangling()]


def test_places_come_back_as_they_were_given() -> None:
    places = ["a.jsonl:1", "b.csv:12", "https://host/x", "a.jsonl:2", "plain", "x:", "x:007", "x:99999999999999999999"]
    log = PlaceLog()
    for place in places:
        log.add(place)
    assert [log[number] for number in range(len(places))] == places


def test_a_row_that_comes_later_resolves_a_reference() -> None:
    keys = SeenKeys(STREAMS)
    see(keys, "document", "d:1", doc_id="d", kind="policy", owner="p-01", service_ids=["pay", "mail"])
    see(keys, "person", "p:1", person_id="p-01")
    see(keys, "service", "s:1", service_id="pay")
    assert dangling(keys) == [("service_ids", "mail")]


@pytest.mark.parametrize(
    ("reference", "resolves"),
    [
        ("i-1", True),
        ("pol/1@3", True),
        ("pol/1@4", False),
        ("weekly@2026-01-05T09:00:00Z", True),
        ("weekly@2026-01-06T09:00:00Z", False),
        ("latency:slow@2026-01-01T00:00:00Z", True),
        ("latency:slow@2026-01-02T00:00:00Z", False),
        ("T-1/time to resolution/2", True),
        ("T-1/time/to/resolution/1", True),
        ("T-1/time to resolution/9", False),
        ("nothing", False),
        ("@", False),
    ],
)
def test_references_to_rows_without_an_id_of_their_own_are_understood(reference: str, resolves: bool) -> None:
    keys = SeenKeys(STREAMS)
    see(keys, "meeting", "m:1", meeting_id="m", kind="cab", refs=[reference])
    see(keys, "improvement", "i:1", item_id="i-1", kind="action")
    see(keys, "document_revision", "r:1", doc_id="pol/1", version="3", at="2026-01-01T00:00:00Z")
    see(keys, "report_delivery", "q:1", report_id="weekly", due_at="2026-01-05T09:00:00Z", status="delivered")
    see(keys, "alert_event", "a:1", rule_id="latency:slow", service_id="pay", start="2026-01-01T00:00:00Z")
    see(keys, "sla_cycle", "c:1", ticket_id="T-1", metric_name="time to resolution", cycle_no=2)
    see(keys, "sla_cycle", "c:2", ticket_id="T-1", metric_name="time/to/resolution", cycle_no=1)
    found = [value for field, value in dangling(keys) if field == "refs"]
    assert found == ([] if resolves else [reference])


def test_the_keys_of_a_map_are_ids_too() -> None:
    keys = SeenKeys(STREAMS)
    see(
        keys,
        "report_delivery",
        "q:1",
        report_id="r",
        due_at="2026-01-05T09:00:00Z",
        status="delivered",
        values={"t-1": 99.5, "t-2": None},
    )
    see(keys, "target", "t:1", target_id="t-1", metric="availability", origin="slo")
    assert ("values", "t-2") in dangling(keys)
    assert ("values", "t-1") not in dangling(keys)


def test_a_field_that_may_hold_a_text_is_not_looked_up() -> None:
    keys = SeenKeys(STREAMS)
    see(keys, "kpi", "k:1", kpi_id="k", target="99.9 % of all calls")
    assert dangling(keys) == []


def test_an_id_that_dangles_in_many_rows_is_reported_once_at_its_first_place() -> None:
    keys = SeenKeys(STREAMS)
    for line in range(1, 100):
        see(keys, "ticket_event", f"e:{line}", ticket_id="T-9", at=f"2026-01-01T00:{line % 60:02}:00Z", kind="status")
    found = list(keys.dangling())
    assert [(entry.place, entry.value) for entry in found] == [("e:1", "T-9")]


def test_the_text_of_dangling_ids_is_kept_only_for_the_first_thousand() -> None:
    keys = SeenKeys(STREAMS)
    for number in range(1500):
        values = {field.name: None for field in STREAMS["sla_cycle"].fields} | {"ticket_id": f"T-{number}"}
        keys.note_references("sla_cycle", "s", values, f"c:{number + 1}", EVERY_STREAM)
    found = list(keys.dangling())
    assert len(found) == 1500
    assert (found[999].value, found[1000].value, found[1499].place) == ("T-999", None, "c:1500")


def test_twenty_thousand_keys_cost_less_than_three_megabytes() -> None:
    keys = SeenKeys(STREAMS)
    tracemalloc.start()
    for number in range(20_000):
        assert keys.add("ticket", "s", f"A-KEY-OF-COMMON-LENGTH-{number}", f"ticket.jsonl:{number + 1}") is None
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert used < 3_000_000
    assert keys.add("ticket", "s", "A-KEY-OF-COMMON-LENGTH-4711", "ticket.jsonl:999999") == "ticket.jsonl:4712"
