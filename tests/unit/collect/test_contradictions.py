"""A stream that is called complete and has no row, while the rest of its source says that it has some."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from auditor.api import Check, CollectContext, Gap, GapReason, Record, Settings, SourceKind, SourceRun
from auditor.errors import EvidenceError

Runs = Callable[..., Any]
STREAMS = ("document", "person", "ticket", "sla_cycle")
COMPLETE = {"document": True, "person": True, "ticket": True}


class _None(Settings):
    pass


@dataclass
class Folder:
    """One source of an export with documents, an empty stream of persons, and what else a test asks for."""

    run: dict[str, Any]
    rows: tuple[tuple[str, dict[str, Any]], ...] = ()
    gaps: tuple[Gap, ...] = ()
    source_ids: tuple[str | None, ...] = (None,)
    whole: frozenset[str] = frozenset(STREAMS)
    name: ClassVar[str] = "folder"
    version: ClassVar[str] = "1"
    kinds: ClassVar[frozenset[SourceKind]] = frozenset({SourceKind.DOCS})
    streams: ClassVar[frozenset[str]] = frozenset(STREAMS)
    settings: ClassVar[type[Settings]] = _None

    def collect(self, ctx: CollectContext) -> Iterator[Any]:
        values = {"kind": "docs", "status": "ok", "streams": list(STREAMS), "origin": "export"}
        for source_id in self.source_ids:
            yield SourceRun(values | self.run, source_id, whole=self.whole)
        payload = ctx.keep(b"x", request={"file": "x"}, media_type="text/plain")
        for number, (stream, row) in enumerate(self.rows, start=1):
            source_id = row.pop("_source", self.source_ids[0])
            yield Record(stream, row, payload, f"line:{number}", f"{stream}.jsonl:{number}", source_id)
        yield from self.gaps

    def check(self, ctx: CollectContext) -> Iterator[Check]:
        yield from ()


def document(doc_id: str = "d1", **more: Any) -> tuple[str, dict[str, Any]]:
    return "document", {"doc_id": doc_id, "kind": "policy", **more}


def claims(ran: Any) -> Any:
    return ran.writer.pulls[0].values["scope_complete"]


def hiding(ran: Any) -> list[tuple[str | None, int | None]]:
    return [(gap.stream, gap.hides_rows) for gap in ran.outcome.gaps if gap.hides_rows != 0]


def test_an_empty_stream_that_nothing_contradicts_stays_complete(run: Runs) -> None:
    ran = run(Folder({"scope_complete": COMPLETE, "items": 1}, (document(),)))
    assert claims(ran) == COMPLETE
    assert ran.outcome.gaps == ()


def test_an_id_of_the_empty_stream_in_a_row_of_the_same_source_withdraws_its_completeness(run: Runs) -> None:
    ran = run(Folder({"scope_complete": COMPLETE}, (document(owner="p-01"),)))
    assert claims(ran) == COMPLETE | {"person": False}
    (gap,) = (gap for gap in ran.outcome.gaps if gap.hides_rows != 0)
    assert (gap.stream, gap.reason, gap.place, gap.hides_rows) == (
        "person",
        GapReason.MALFORMED,
        "document.jsonl:1",
        None,
    )
    assert gap.detail == (
        "person is declared complete and has no row, but owner of document names one: nothing is proven by its absence"
    )
    assert "person" not in ran.writer.pulls[0].snapshot_streams


def test_an_id_that_names_no_row_of_a_stream_with_rows_contradicts_nothing(run: Runs) -> None:
    rows = (document(owner="p-01"), ("person", {"person_id": "p-02"}))
    assert claims(run(Folder({"scope_complete": COMPLETE}, rows))) == COMPLETE


def test_an_id_in_a_row_of_another_source_contradicts_nothing(run: Runs) -> None:
    rows = (document(owner="p-01", _source="b"), document("d2", _source="a"))
    ran = run(Folder({"scope_complete": COMPLETE}, rows, source_ids=("a", "b")))
    assert [pull.values["scope_complete"]["person"] for pull in ran.writer.pulls] == [True, False]


def test_more_items_than_rows_withdraw_the_completeness_of_the_empty_stream(run: Runs) -> None:
    ran = run(Folder({"scope_complete": {"document": True, "ticket": ["incident"]}, "items": 4}, (document(),)))
    assert claims(ran) == {"document": True, "ticket": False}
    assert hiding(ran) == [("ticket", 3)]
    assert "the source counts 4 items, 3 more than its rows" in ran.details[0]


def test_which_of_several_empty_streams_the_missing_items_are_of_is_not_known(run: Runs) -> None:
    ran = run(Folder({"scope_complete": COMPLETE, "items": 4}, (document(),)))
    assert claims(ran) == {"document": True, "person": False, "ticket": False}
    assert hiding(ran) == [("person", None), ("ticket", None)]


def test_a_refused_row_is_an_item_as_well(run: Runs) -> None:
    rows = (document(), document("d2", words="many"))
    assert claims(run(Folder({"scope_complete": COMPLETE, "items": 2}, rows))) == COMPLETE


def test_an_unknown_number_of_refused_rows_leaves_the_number_of_missing_ones_unknown(run: Runs) -> None:
    damaged = Gap("document", GapReason.MALFORMED, "the file is cut off")
    ran = run(Folder({"scope_complete": {"ticket": True}, "items": 4}, (document(),), (damaged,)))
    assert ("ticket", None) in hiding(ran)


def test_the_items_of_a_live_source_are_no_rows(run: Runs) -> None:
    ran = run(Folder({"scope_complete": COMPLETE, "items": 9, "origin": None}, (document(),)))
    assert claims(ran) == COMPLETE


def test_rows_that_an_earlier_pull_may_have_given_contradict_nothing(run: Runs) -> None:
    """A pull that asks for changes only gives no person again."""
    rows = (document(owner="p-01"),)
    ran = run(Folder({"scope_complete": COMPLETE, "items": 9}, rows, whole=frozenset({"document"})))
    assert claims(ran) == COMPLETE


def test_what_nobody_called_complete_cannot_be_withdrawn(run: Runs) -> None:
    ran = run(Folder({"scope_complete": {"document": True, "person": False}, "items": 9}, (document(owner="p-01"),)))
    assert hiding(ran) == []


def test_a_contradiction_is_a_fault_under_strict(run: Runs) -> None:
    with pytest.raises(EvidenceError, match="person is declared complete and has no row"):
        run(Folder({"scope_complete": COMPLETE}, (document(owner="p-01"),)), strict=True)


def test_a_row_that_may_be_of_several_sources_is_counted_at_one_and_missing_in_all(run: Runs) -> None:
    gap = Gap("person", GapReason.MALFORMED, "the line is no JSON", "person.jsonl:7", hides_rows=1)
    ran = run(Folder({}, gaps=(gap,), source_ids=("a", "b")))
    assert [(gap.source_id, gap.hides_rows) for gap in ran.outcome.gaps] == [("a", 1), ("b", 0)]
    assert ran.details == ["the line is no JSON", "the line is no JSON (counted at source a)"]
    assert all("person" not in pull.snapshot_streams for pull in ran.writer.pulls), "nobody may take it for gone"


def test_it_is_not_counted_at_a_source_whose_pull_failed(run: Runs) -> None:
    class OneFailed(Folder):
        def collect(self, ctx: CollectContext) -> Iterator[Any]:
            for thing in super().collect(ctx):
                failed = isinstance(thing, SourceRun) and thing.source_id == "a"
                yield SourceRun({**thing.values, "status": "failed"}, "a", whole=thing.whole) if failed else thing

    gap = Gap("person", GapReason.MALFORMED, "the line is no JSON", "person.jsonl:7", hides_rows=1)
    ran = run(OneFailed({}, gaps=(gap,), source_ids=("a", "b")))
    assert [(gap.source_id, gap.hides_rows) for gap in ran.outcome.gaps] == [("a", 0), ("b", 1)]


def test_an_unknown_number_of_rows_of_several_sources_is_unknown_in_each(run: Runs) -> None:
    gap = Gap("person", GapReason.MALFORMED, "the file is no text", "person.jsonl")
    ran = run(Folder({}, gaps=(gap,), source_ids=("a", "b")))
    assert [gap.hides_rows for gap in ran.outcome.gaps] == [None, None]
