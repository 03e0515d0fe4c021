"""Whatever a collector does, rows keep to their streams, and everything else is a gap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr

from auditor.api import Check, CollectContext, Gap, GapReason, Record, Settings, SourceKind, SourceRun, Tier
from auditor.collect.runner import SourceSpec, collect_source
from auditor.errors import EvidenceError, StoreError
from auditor.model.evidence import PayloadRef

RUN = {"kind": "docs", "status": "ok", "streams": ["document", "person", "ticket", "training_record", "attestation"]}
Runs = Callable[..., Any]
Script = Callable[[CollectContext], Iterator[Any]]


class _None(Settings):
    pass


@dataclass
class Scripted:
    """A collector that does what a test tells it to; it can be as hostile as Python allows."""

    script: Script
    name: ClassVar[str] = "scripted"
    version: ClassVar[str] = "7"
    kinds: ClassVar[frozenset[SourceKind]] = frozenset({SourceKind.DOCS, SourceKind.TICKETING})
    streams: ClassVar[frozenset[str]] = frozenset(RUN["streams"])
    settings: ClassVar[type[Settings]] = _None

    def collect(self, ctx: CollectContext) -> Iterator[Any]:
        yield from self.script(ctx)

    def check(self, ctx: CollectContext) -> Iterator[Check]:
        yield from ()


def record(ctx: CollectContext, stream: str, values: Any, **more: Any) -> Record:
    payload = ctx.keep(b"page 1", request={"url": "/1"}, media_type="application/json")
    return Record(stream, values, payload, more.pop("pointer", "/0"), more.pop("place", "page:1"), **more)


def yielding(*things: Callable[[CollectContext], Any], run: Any = None) -> Scripted:
    def script(ctx: CollectContext) -> Iterator[Any]:
        yield SourceRun(RUN | (run or {}), whole=frozenset({"document", "ticket"}))
        for thing in things:
            yield thing(ctx)

    return Scripted(script)


def document(doc_id: str = "d1", **more: Any) -> Callable[[CollectContext], Record]:
    values = {"doc_id": doc_id, "kind": "policy"} | more.pop("values", {})
    return lambda ctx: record(ctx, "document", values, **more)


def test_a_sound_record_becomes_a_row_with_its_provenance(run: Runs) -> None:
    at = datetime(2025, 12, 31, tzinfo=UTC)
    ran = run(yielding(document(source_url="https://example.org/d1", fetched_at=at, pointer="/results/0")))
    (row,) = ran.writer.rows
    assert (row.stream, row.source_id, row.key, row.pointer) == ("document", "site", "d1", "/results/0")
    assert (row.source_url, row.fetched_at, row.reliability) == ("https://example.org/d1", at, Tier.R2)
    assert ran.outcome.records == {"document": 1}
    assert ran.outcome.gaps == ()
    (pull,) = ran.writer.pulls
    assert pull.values["items"] == 1
    assert pull.values["tool_version"] == "scripted 7"
    assert pull.snapshot_streams == {"document", "ticket"}
    assert ran.writer.envelopes[0].collector == "scripted 7"


@pytest.mark.parametrize(
    ("thing", "says", "stream"),
    [
        (lambda ctx: record(ctx, "service", {"service_id": "s"}), "does not declare the stream service", "service"),
        (lambda ctx: record(ctx, "source_run", {}), "does not declare the stream source_run", "source_run"),
        (lambda ctx: record(ctx, "nonsense", {}), "there is no stream 'nonsense'", None),
        (lambda ctx: record(ctx, ["list"], {}), "there is no stream ['list']", None),  # type: ignore[arg-type]
        (lambda ctx: record(ctx, "document", {"doc_id": 7, "kind": "policy"}), "doc_id is not text: 7", "document"),
        (lambda ctx: record(ctx, "document", {"doc_id": "x", "kind": "poem"}), "kind is not one of", "document"),
        (lambda ctx: record(ctx, "document", {"kind": "policy"}), "doc_id is missing", "document"),
        (lambda ctx: record(ctx, "document", "text"), "no map of field names", "document"),
        (lambda ctx: record(ctx, "document", {1: 2}), "no map of field names", "document"),
        (lambda ctx: record(ctx, "document", {"doc_id": object(), "kind": "policy"}), "doc_id is not text", "document"),
        (lambda _: Record("document", {"doc_id": "x", "kind": "policy"}, None, "/0"), "does not point", "document"),  # type: ignore[arg-type]
        (
            lambda _: Record("document", {"doc_id": "x", "kind": "policy"}, PayloadRef("0" * 64, 1), "/0", "page:1"),
            "bytes that were not kept",
            "document",
        ),
        (document(fetched_at=datetime(2026, 1, 1)), "fetched_at is not an instant", "document"),  # noqa: DTZ001
        (document(place=7), "place is not text", "document"),
        (document(reliability=5), "reliability is not a tier", "document"),
        (document(source_id="other"), "before its source said what it is", "document"),
        (lambda _: "a text", "yielded a str", None),
        (lambda _: Gap("nonsense", GapReason.MALFORMED, "x"), "yielded a Gap", None),
        (lambda _: Gap(None, "broken", "x"), "yielded a Gap", None),  # type: ignore[arg-type]
        (lambda _: SourceRun("text"), "yielded a SourceRun", None),  # type: ignore[arg-type]
    ],
)
def test_what_a_hostile_collector_yields_is_refused_with_its_reason(
    run: Runs, thing: Any, says: str, stream: str | None
) -> None:
    ran = run(yielding(thing, document("sound")))
    (gap,) = ran.outcome.gaps
    assert says in gap.detail
    assert (gap.stream, gap.reason) == (stream, GapReason.MALFORMED)
    assert [row.key for row in ran.writer.rows] == ["sound"]


def test_a_row_that_is_not_loaded_hides_one_row_of_its_kind(run: Runs) -> None:
    ran = run(yielding(document("x", values={"words": "many"})))
    (gap,) = ran.outcome.gaps
    assert (gap.hides_rows, gap.row_kind, gap.place) == (1, "policy", "page:1")
    assert gap.detail == "words is not a whole number: 'many'"
    assert ran.writer.pulls[0].snapshot_streams == {"ticket"}


def test_every_fault_of_a_row_is_named_in_one_gap(run: Runs) -> None:
    ran = run(yielding(document("x", values={"words": "many", "created": "yesterday"})))
    (gap,) = ran.outcome.gaps
    assert "words is not" in gap.detail
    assert "created is not" in gap.detail


def test_the_second_row_with_a_key_is_refused_and_both_places_are_named(run: Runs) -> None:
    ran = run(yielding(document(place="a.jsonl:4"), document(place="a.jsonl:9", values={"title": "other"})))
    (gap,) = ran.outcome.gaps
    assert gap.place == "a.jsonl:9"
    assert gap.detail == "a second row of document with the key 'd1'; the first stands at a.jsonl:4"
    assert gap.hides_rows == 1
    assert ran.writer.rows[0].values["title"] is None


def test_one_key_in_two_sources_is_no_duplicate(run: Runs) -> None:
    def script(ctx: CollectContext) -> Iterator[Any]:
        yield SourceRun(RUN, "a")
        yield SourceRun(RUN, "b")
        yield document(source_id="a")(ctx)
        yield document(source_id="b")(ctx)

    ran = run(Scripted(script))
    assert ran.outcome.gaps == ()
    assert [row.source_id for row in ran.writer.rows] == ["a", "b"]


def test_sources_inside_a_source_are_prefixed_only_when_asked(run: Runs) -> None:
    def script(ctx: CollectContext) -> Iterator[Any]:
        yield SourceRun(RUN, "a")
        yield document(source_id="a")(ctx)
        yield Gap("document", GapReason.FORBIDDEN, "no access", source_id="a")

    ran = run(Scripted(script), prefix_ids=True)
    assert ran.writer.rows[0].source_id == "site/a"
    assert ran.writer.pulls[0].source_id == "site/a"
    assert ran.outcome.gaps[0].source_id == "site/a"
    assert ran.writer.pulls[0].values["source_id"] == "site/a"


@pytest.mark.parametrize(
    ("stated", "tier", "remarks"), [(Tier.R0, Tier.R0, 0), (Tier.R2, Tier.R2, 0), (Tier.R5, Tier.R2, 1)]
)
def test_a_record_may_lower_its_tier_and_never_raise_it(run: Runs, stated: Tier, tier: Tier, remarks: int) -> None:
    ran = run(yielding(document(reliability=stated)))
    assert ran.writer.rows[0].reliability is tier
    assert len(ran.outcome.gaps) == remarks
    assert all(gap.hides_rows == 0 and "above R2" in gap.detail for gap in ran.outcome.gaps)


def test_hand_kept_lists_are_capped(run: Runs) -> None:
    training = {"person_id": "p-01", "course_id": "c", "kind": "session", "verified_by": "issuer"}
    attestation = {
        "indicator_id": "DOC-1.1",
        "scope": "main",
        "value": 1,
        "statement": "it is so",
        "by": "p-01",
        "at": "2026-01-01T00:00:00Z",
        "expires": "2026-06-01T00:00:00Z",
        "evidence_url": "https://example.org/proof",
        "independent": True,
    }
    things = (
        document(),
        lambda ctx: record(ctx, "ticket", {"ticket_id": "t", "kind": "incident"}),
        lambda ctx: record(ctx, "ticket", {"ticket_id": "u", "kind": "incident"}, reliability=Tier.R1),
        lambda ctx: record(ctx, "ticket", {"ticket_id": "v", "kind": "incident"}, reliability=Tier.R3),
        lambda ctx: record(ctx, "training_record", training),
        lambda ctx: record(ctx, "attestation", attestation),
    )
    ran = run(yielding(*things, run={"origin": "hand_kept"}))
    assert [(row.stream, row.reliability) for row in ran.writer.rows] == [
        ("document", Tier.R2),
        ("ticket", Tier.R2),
        ("ticket", Tier.R1),
        ("ticket", Tier.R2),
        ("training_record", Tier.R0),
        ("attestation", Tier.R0),
    ]
    default = run(yielding(*things))
    assert [row.reliability for row in default.writer.rows] == [Tier.R2, Tier.R4, Tier.R1, Tier.R3, Tier.R5, Tier.R1]


def test_a_later_source_run_cannot_take_back_that_the_list_is_hand_kept(run: Runs) -> None:
    later = SourceRun(RUN | {"origin": "export", "denied": 3}, whole=frozenset({"document"}))
    ran = run(yielding(document(), lambda _: later, document("d2"), run={"origin": "hand_kept"}))
    assert ran.writer.pulls[0].values["origin"] == "hand_kept"
    assert ran.writer.pulls[0].values["denied"] == 3
    assert ran.writer.pulls[0].snapshot_streams == set()


def test_an_unknown_field_is_reported_once_and_the_row_stays(run: Runs) -> None:
    things = [document(f"d{n}", values={"titel": "x"}, place=f"f:{n + 1}") for n in range(3)]
    ran = run(yielding(*things))
    (gap,) = ran.outcome.gaps
    assert len(ran.writer.rows) == 3
    assert (gap.hides_rows, gap.place) == (0, "f:1")
    assert gap.detail == "document has no field 'titel'; did you mean 'title'? (in 3 rows); it was left out"


def test_unknown_fields_without_end_do_not_fill_the_memory(run: Runs) -> None:
    things = [document(f"d{n}", values={f"field{n}": n}) for n in range(600)]
    ran = run(yielding(*things))
    assert len(ran.writer.rows) == 600
    assert len(ran.outcome.gaps) < 310


def test_an_id_that_names_no_row_is_reported_and_the_row_stays(run: Runs) -> None:
    person = lambda ctx: record(ctx, "person", {"person_id": "p-02"}, place="person.jsonl:1")  # noqa: E731
    things = (
        document("d1", values={"owner": "p-01"}, place="document.jsonl:1"),
        document("d2", values={"owner": "p-02"}, place="document.jsonl:2"),
        document("d3", values={"owner": "p-01"}, place="document.jsonl:3"),
        person,
    )
    ran = run(yielding(*things))
    (gap,) = ran.outcome.gaps
    assert (gap.detail, gap.place, gap.hides_rows) == ("owner: 'p-01' names no row of person", "document.jsonl:1", 0)
    assert len(ran.writer.rows) == 4
    assert ran.writer.pulls[0].snapshot_streams == {"document", "ticket"}


def test_an_id_of_a_stream_that_nobody_answers_for_is_not_reported(run: Runs) -> None:
    ran = run(yielding(document(values={"owner": "p-01"}), run={"streams": ["document"]}))
    assert ran.outcome.gaps == ()


def test_a_crash_half_way_keeps_what_was_read_and_says_so_without_a_stack(run: Runs) -> None:
    def script(ctx: CollectContext) -> Iterator[Any]:
        yield SourceRun(RUN | {"scope_complete": {"document": True}}, whole=frozenset({"document"}))
        yield document()(ctx)
        raise RuntimeError("connection lost\nTraceback of something")

    ran = run(Scripted(script))
    (gap,) = ran.outcome.gaps
    assert (gap.reason, gap.stream, gap.hides_rows) == (GapReason.CRASHED, None, None)
    assert gap.detail == "the collector scripted failed: RuntimeError: connection lost"
    (pull,) = ran.writer.pulls
    assert pull.values["status"] == "partial"
    assert pull.values["scope_complete"] is None
    assert pull.snapshot_streams == set()
    assert len(ran.writer.rows) == 1


def test_a_crash_before_anything_is_a_failed_pull(run: Runs) -> None:
    def script(ctx: CollectContext) -> Iterator[Any]:
        raise MemoryError
        yield

    ran = run(Scripted(script))
    (pull,) = ran.writer.pulls
    assert pull.values["status"] == "failed"
    assert pull.values["streams"] == sorted(RUN["streams"])
    assert pull.kind is SourceKind.TICKETING  # the one of its kinds whose evidence goes stale soonest
    assert ran.details == ["the collector scripted failed: MemoryError"]


def test_a_crash_does_not_tell_the_secrets_of_the_settings(run: Runs) -> None:
    class WithSecret(Settings):
        token: SecretStr

    def script(ctx: CollectContext) -> Iterator[Any]:
        raise ValueError(f"bad header: Bearer {ctx.settings.token.get_secret_value()}")
        yield

    writer = run(yielding()).writer
    outcome = collect_source(
        SourceSpec("site", Scripted(script), WithSecret(token=SecretStr("hunter2"))),
        writer,
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
        started=datetime(2026, 1, 1, tzinfo=UTC),
        strict=False,
        prefix_ids=False,
        progress=lambda _: None,
    )
    assert outcome.gaps[0].detail.endswith("ValueError: bad header: Bearer ***")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), StoreError("the disk is full"), EvidenceError("no manifest")])
def test_an_interrupt_a_full_store_and_refused_evidence_are_no_crashes(run: Runs, error: BaseException) -> None:
    def script(ctx: CollectContext) -> Iterator[Any]:
        yield SourceRun(RUN)
        raise error

    with pytest.raises(type(error)):
        run(Scripted(script))


def test_a_failing_writer_is_not_taken_for_a_crash_of_the_collector(run: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    from auditor.collect.pull import Pull

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Pull, "record", full)
    with pytest.raises(OSError, match="no space left"):
        run(yielding(document()))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"kind": "weather"}, "kind is not one of"),
        ({"kind": "git"}, "kind 'git' is none that the collector declares"),
        ({"status": None}, "status is missing"),
        ({"streams": ["document", "kpi"]}, "stream 'kpi' is none the collector declares"),
        ({"scope_complete": {"party": True}}, "scope_complete names 'party', which is not in streams"),
        ({"ended": "soon"}, "ended is not an instant"),
        ({"mood": "good"}, "source_run has no field 'mood'"),
    ],
)
def test_a_source_that_describes_itself_wrongly_is_not_read(run: Runs, values: Any, says: str) -> None:
    ran = run(yielding(document(), run=values))
    assert says in ran.details[0]
    assert ran.writer.rows == []
    assert ran.writer.pulls[0].values["status"] == "failed"


def test_a_record_of_a_stream_that_its_source_does_not_list_is_refused(run: Runs) -> None:
    ran = run(yielding(document(), run={"streams": ["ticket"]}))
    assert ran.details == ["its source does not list document among its streams"]


def test_strict_refuses_and_lists_the_first_twenty_of_all_problems(run: Runs) -> None:
    things = [document(f"d{n}", values={"words": "many"}, place=f"document.jsonl:{n + 1}") for n in range(250)]
    with pytest.raises(EvidenceError) as refused:
        run(yielding(*things), strict=True)
    text = str(refused.value)
    assert "250 problems" in text
    assert "document.jsonl:1: words is not a whole number: 'many'" in text
    assert "document.jsonl:20:" in text
    assert "document.jsonl:21:" not in text
    assert "and 230 more" in text


def test_strict_lets_sound_evidence_pass(run: Runs) -> None:
    assert run(yielding(document()), strict=True).outcome.records == {"document": 1}


def test_strict_writes_no_pull_of_what_it_refuses(run: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[object] = []
    monkeypatch.setattr("auditor.collect.pull.Pull.close", closed.append)
    with pytest.raises(EvidenceError):
        run(yielding(document(values={"titel": "x"})), strict=True)
    assert closed == []


def test_a_gap_of_a_stream_counts_for_every_source_that_answers_for_it(run: Runs) -> None:
    def script(ctx: CollectContext) -> Iterator[Any]:
        yield SourceRun(RUN, "a", whole=frozenset({"document"}))
        yield SourceRun(RUN | {"streams": ["ticket"]}, "b", whole=frozenset({"ticket"}))
        yield Gap("document", GapReason.MALFORMED, "the file is damaged", "document.jsonl")
        yield Gap(None, GapReason.NOT_SUPPORTED, "an odd file", "odd.xlsx", hides_rows=0)

    ran = run(Scripted(script))
    by_source = {pull.source_id: pull for pull in ran.writer.pulls}
    assert [gap.detail for gap in by_source["a"].gaps] == ["the file is damaged", "an odd file"]
    assert by_source["a"].gaps[0].source_id == "a"
    assert by_source["a"].gaps[1].source_id == "site"
    assert by_source["a"].snapshot_streams == set()
    assert by_source["b"].gaps == ()
    assert by_source["b"].snapshot_streams == {"ticket"}


def test_ten_thousand_bad_rows_leave_a_hundred_gaps_and_their_sum(run: Runs) -> None:
    things = [document(f"d{n}", values={"words": "many"}, place=f"f:{n + 1}") for n in range(10_000)]
    ran = run(yielding(*things))
    assert len(ran.outcome.gaps) == 101
    last = ran.outcome.gaps[-1]
    assert last.detail == "and 9900 more like the one before"
    assert (last.hides_rows, last.row_kind, last.stream) == (9900, "policy", "document")
