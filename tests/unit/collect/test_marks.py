"""Cursors, key sweeps and refusals of one pull."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from auditor.api import (
    Check,
    CollectContext,
    Cursor,
    Gap,
    GapReason,
    Keys,
    LiveSettings,
    Record,
    Refused,
    Settings,
    SourceKind,
    SourceRun,
)
from auditor.collect.runner import SourceSpec, collect_source
from auditor.ports import SourcePull

RUN = {"kind": "ticketing", "status": "ok", "streams": ["ticket", "ticket_event"]}
Runs = Callable[..., Any]


class _None(Settings):
    pass


@dataclass
class Desk:
    """A collector that yields what a test gives it."""

    things: tuple[Any, ...]
    says: Mapping[str, Any] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()
    ends_with: Exception | None = None
    version: str = "1"
    name: ClassVar[str] = "desk"
    kinds: ClassVar[frozenset[SourceKind]] = frozenset({SourceKind.TICKETING})
    streams: ClassVar[frozenset[str]] = frozenset({"ticket", "ticket_event"})
    settings: ClassVar[type[Settings]] = _None

    def collect(self, ctx: CollectContext) -> Iterator[Any]:
        yield SourceRun({**RUN, **self.says}, whole=self.whole)
        for thing in self.things:
            yield thing(ctx) if callable(thing) else thing
        if self.ends_with is not None:
            raise self.ends_with

    def check(self, ctx: CollectContext) -> Iterator[Check]:
        yield from ()


def ticket(number: int, **values: Any) -> Callable[[CollectContext], Record]:
    def make(ctx: CollectContext) -> Record:
        payload = ctx.keep(b"%d" % number, request={"page": number}, media_type="text/plain")
        return Record("ticket", {"ticket_id": f"t-{number}", "kind": "incident"} | values, payload, "line:1")

    return make


def pull_of(run: Runs, *things: Any, **desk: Any) -> SourcePull:
    (pull,) = run(Desk(things, **desk)).writer.pulls
    return pull


BAD = ticket(9, created="yesterday")
KEYS = Keys("ticket", frozenset({"t-1"}))


def test_the_last_cursor_of_each_stream_counts(run: Runs) -> None:
    things = (Cursor("ticket", "a"), Cursor("ticket_event", "x"), ticket(1), Cursor("ticket", "b"))
    pull = pull_of(run, *things)
    assert pull.cursors == {"ticket": "b", "ticket_event": "x"}
    assert pull.collector == "desk 1"


@pytest.mark.parametrize(
    ("thing", "says"),
    [
        (Cursor("service", "a"), "a cursor is of a stream that the collector does not declare"),
        (Cursor("nonsense", "a"), "a cursor is of a stream that the collector does not declare"),
        (Cursor("ticket", 7), "a cursor is not text"),  # type: ignore[arg-type]
        (Keys("service", frozenset()), "a key sweep is of a stream that the collector does not declare"),
        (Keys("ticket", ["a"]), "the keys of a key sweep are no set of texts"),  # type: ignore[arg-type]
        (Keys("ticket", frozenset({1})), "the keys of a key sweep are no set of texts"),  # type: ignore[arg-type]
    ],
)
def test_a_mark_that_cannot_be_meant_is_a_gap(run: Runs, thing: Any, says: str) -> None:
    pull = pull_of(run, thing)
    assert [(gap.reason, gap.detail) for gap in pull.gaps] == [(GapReason.MALFORMED, says)]
    assert (pull.cursors, pull.swept) == ({}, {})


def test_a_mark_before_the_source_said_what_it_is_is_a_gap(run: Runs) -> None:
    @dataclass
    class Hasty(Desk):
        def collect(self, ctx: CollectContext) -> Iterator[Any]:
            yield Cursor("ticket", "a")
            yield SourceRun(RUN)

    (pull,) = run(Hasty(())).writer.pulls
    assert pull.cursors == {}
    assert "came before the source said what it is" in pull.gaps[0].detail


def test_a_cursor_does_not_move_past_a_row_that_could_not_be_loaded(run: Runs) -> None:
    things = (ticket(1), Cursor("ticket", "a"), BAD, Cursor("ticket", "b"), Cursor("ticket_event", "x"))
    assert pull_of(run, *things).cursors == {"ticket": "a", "ticket_event": "x"}
    whole = Gap(None, GapReason.MALFORMED, "half of everything is no JSON")
    assert pull_of(run, Cursor("ticket", "a"), whole, Cursor("ticket", "b")).cursors == {"ticket": "a"}


def test_a_cursor_moves_past_what_will_never_come_and_past_remarks(run: Runs) -> None:
    retention = Gap("ticket", GapReason.RETENTION, "older ones are gone")
    remark = Gap("ticket", GapReason.MALFORMED, "an odd field", hides_rows=0)
    assert pull_of(run, retention, remark, Cursor("ticket", "b")).cursors == {"ticket": "b"}


def test_keys_of_several_sweeps_count_together(run: Runs) -> None:
    assert pull_of(run, KEYS, Keys("ticket", frozenset({"t-2"}))).swept == {"ticket": frozenset({"t-1", "t-2"})}


@pytest.mark.parametrize(
    ("things", "desk"),
    [
        ((KEYS, BAD), {}),
        ((Gap("ticket", GapReason.TIMED_OUT, "late"), KEYS), {}),
        ((KEYS, Gap(None, GapReason.SERVER_ERROR, "down")), {}),
        ((KEYS,), {"says": {"status": "partial"}}),
        ((KEYS,), {"says": {"denied": 1}}),
        ((KEYS,), {"ends_with": ValueError("half way")}),
        ((KEYS,), {"ends_with": Refused(GapReason.RATE_LIMITED, "slow down")}),
    ],
    ids=["a bad row", "a gap", "a gap of the source", "partial", "denied", "a crash", "a refusal"],
)
def test_a_sweep_of_a_stream_that_was_not_seen_whole_deletes_nothing(run: Runs, things: Any, desk: Any) -> None:
    pull = pull_of(run, *things, **desk)
    assert pull.swept == {}
    (gap,) = [gap for gap in pull.gaps if gap.detail.startswith("the pull has gaps, so no row was deleted")]
    assert (gap.stream, gap.reason, gap.hides_rows) == ("ticket", GapReason.MALFORMED, 0)


def test_a_gap_of_another_stream_hinders_no_sweep(run: Runs) -> None:
    pull = pull_of(run, Gap("ticket_event", GapReason.TIMED_OUT, "late"), KEYS)
    assert set(pull.swept) == {"ticket"}


@pytest.mark.parametrize(("things", "status"), [((ticket(1), Cursor("ticket", "a")), "partial"), ((), "failed")])
def test_a_refusal_that_ends_the_pull_is_a_gap_with_its_reason(run: Runs, things: Any, status: str) -> None:
    refusal = Refused(GapReason.FORBIDDEN, "the token may not browse", place="https://desk.example.org/x", status=403)
    pull = pull_of(
        run, *things, ends_with=refusal, says={"scope_complete": {"ticket": True}}, whole=frozenset({"ticket"})
    )
    expected = Gap(None, GapReason.FORBIDDEN, "the token may not browse", "https://desk.example.org/x", "site")
    assert pull.gaps == (expected,)
    assert (pull.values["status"], pull.values["scope_complete"], pull.snapshot_streams) == (status, None, frozenset())
    assert pull.cursors == ({"ticket": "a"} if things else {})


def test_an_id_that_an_earlier_pull_may_have_brought_is_not_missed(run: Runs) -> None:
    def event(ctx: CollectContext) -> Record:
        payload = ctx.keep(b"e", request={"page": "e"}, media_type="text/plain")
        values = {"ticket_id": "t-0", "at": "2025-12-01T00:00:00Z", "kind": "worklog"}
        return Record("ticket_event", values, payload, "line:1")

    assert len(pull_of(run, event).gaps) == 1
    outcome = collect_source(
        SourceSpec("site", Desk((event,)), _None()),
        run(Desk(())).writer,
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
        started=datetime(2026, 1, 1, tzinfo=UTC),
        strict=False,
        prefix_ids=False,
        progress=lambda _: None,
        cursors={"ticket": "a"},
    )
    assert outcome.gaps == ()


SECRET = "canary/ü 7"
USED = LiveSettings(
    url="https://desk.example.org", username="bot", password=SecretStr(SECRET), token=SecretStr("tok-1")
)
BASIC = base64.b64encode(f"bot:{SECRET}".encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        f"said {SECRET}",
        f"https://bot:{quote(SECRET, safe='')}@desk.example.org/",
        f"Authorization: Basic {BASIC}",
        "Bearer tok-1",
    ],
)
def test_no_secret_of_the_settings_stands_in_any_message(run: Runs, text: str) -> None:
    told: list[str] = []

    def telling(ctx: CollectContext) -> Gap:
        ctx.progress(text)
        return Gap("ticket", GapReason.SERVER_ERROR, text, place=text)

    outcome = collect_source(
        SourceSpec("site", Desk((telling, ticket(1, created=text)), ends_with=ValueError(text)), USED),
        run(Desk(())).writer,
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
        started=datetime(2026, 1, 1, tzinfo=UTC),
        strict=False,
        prefix_ids=False,
        progress=told.append,
    )
    shown = "".join([*told, *(f"{gap.detail} {gap.place}" for gap in outcome.gaps)])
    assert len(outcome.gaps) == 3
    assert shown.count("***") >= 5
    for secret in (SECRET, quote(SECRET, safe=""), BASIC, "tok-1"):
        assert secret not in shown
