"""The conformance suite finds what hostile collectors do, and passes those that keep their promises."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, ClassVar

import pytest

from auditor.api import Check, Gap, GapReason, LiveSettings, Record, Refused, SourceKind, SourceRun
from auditor.collect.registry import all_collectors
from auditor.errors import ConfigError, UsageError
from auditor.testing.conformance import Finding, conform
from auditor.testing.samples import SampleSource, read_sample
from auditor.usecases.new_collector import make_collector

SAMPLE = """
as_of: 2026-01-01T06:00:00Z
settings: {url: "{server}"}
answers:
  - {path: /things, file: things.json, headers: {Date: "Thu, 01 Jan 2026 06:00:00 GMT"}}
"""
THINGS = '{"things": [{"id": "a", "description": "a thing"}, {"id": "b", "description": "another"}], "next": null}'
RUN = {"kind": "docs", "status": "ok", "streams": ["service"], "scope_complete": {"service": False}}
WHOLE = {**RUN, "scope_complete": {"service": True}}


class Honest:
    """Keeps every promise; the hostile ones break one each."""

    name = "honest"
    version = "1"
    kinds = frozenset({SourceKind.DOCS})
    streams: ClassVar[frozenset[str]] = frozenset({"service", "alert_event"})
    settings = LiveSettings
    redact = ()

    def collect(self, ctx: Any) -> Iterator[Any]:
        yield SourceRun(RUN)
        try:
            records = self.read(ctx)
        except Refused as refused:
            yield from self.refused(refused)
            return
        yield from records
        yield SourceRun(WHOLE, whole=frozenset({"service"}))

    def refused(self, refused: Refused) -> Iterator[Any]:
        yield refused.gap("service")
        yield SourceRun({**RUN, "status": "failed"})

    def read(self, ctx: Any) -> list[Record]:
        answer = ctx.http().get("/things")
        document = answer.json()
        if not isinstance(document, dict) or not isinstance(document.get("things"), list):
            raise Refused(GapReason.MALFORMED, "no things", place=answer.place, answer=answer)
        return [
            Record("service", {"service_id": thing["id"], "status": "live"}, answer.payload, f"/things/{position}")
            for position, thing in enumerate(document["things"])
        ]

    def check(self, ctx: Any) -> Iterator[Check]:
        try:
            answer = ctx.http().get("/things")
        except Refused as refused:
            yield Check("reachable", ok=False, detail=refused.detail)
            return
        yield Check("reachable", ok=True, detail="it answers")
        yield Check("clock", ok=True, detail=f"its clock says {answer.headers.get('date')}")


class Undeclared(Honest):
    """Fills a stream that it does not declare."""

    streams: ClassVar[frozenset[str]] = frozenset({"service"})

    def read(self, ctx: Any) -> list[Record]:
        records = super().read(ctx)
        return [*records, Record("ticket", {"ticket_id": "k", "kind": "incident"}, records[0].payload, "/things/0")]


class Unstable(Honest):
    """Numbers its rows anew each time."""

    numbers = itertools.count()

    def read(self, ctx: Any) -> list[Record]:
        return [
            Record(r.stream, {**r.values, "service_id": f"s-{next(self.numbers)}"}, r.payload, r.pointer)
            for r in super().read(ctx)
        ]


class Prophet(Honest):
    """Tells of alerts that have not happened yet."""

    def collect(self, ctx: Any) -> Iterator[Any]:
        streams = ["service", "alert_event"]
        yield SourceRun({**RUN, "streams": streams})
        record = super().read(ctx)[0]
        values = {"rule_id": "r", "service_id": "a", "start": "2026-02-01T00:00:00Z"}
        yield Record("alert_event", values, record.payload, record.pointer)


class Silent(Honest):
    """Takes a refusal for an empty source."""

    def refused(self, refused: Refused) -> Iterator[Any]:
        yield SourceRun(WHOLE, whole=frozenset({"service"}))


class Inventive(Honest):
    """Gives what it makes up when it is refused."""

    def collect(self, ctx: Any) -> Iterator[Any]:
        yield SourceRun(RUN)
        try:
            yield from self.read(ctx)
        except Refused as refused:
            payload = ctx.keep(b"{}", request={}, media_type="application/json")
            yield Record("service", {"service_id": "guess", "status": "live"}, payload, "")
            yield refused.gap("service")


class Fragile(Honest):
    """Falls over whatever it does not expect."""

    def read(self, ctx: Any) -> list[Record]:
        answer = ctx.http().get("/things")
        return [
            Record("service", {"service_id": thing["id"], "status": "live"}, answer.payload, f"/things/{position}")
            for position, thing in enumerate(answer.json()["things"])
        ]


class Talkative(Honest):
    """Keeps its token beside the evidence."""

    def read(self, ctx: Any) -> list[Record]:
        ctx.keep(ctx.settings.token.get_secret_value().encode(), request={}, media_type="text/plain")
        return super().read(ctx)


class Endless(Honest):
    """Turns the page for ever."""

    def read(self, ctx: Any) -> list[Record]:
        http = ctx.http()
        while http.get("/things").json()["next"] is None:
            pass
        return []


class Numb(Honest):
    """Its checks are always well."""

    def check(self, ctx: Any) -> Iterator[Check]:
        yield Check("reachable", ok=True, detail="surely")


def source(folder: Path) -> SampleSource:
    (folder / "things.json").write_text(THINGS, encoding="utf-8")
    (folder / "conformance.yaml").write_text(SAMPLE, encoding="utf-8")
    return read_sample(folder / "conformance.yaml")


def broken(findings: list[Finding]) -> dict[str, str]:
    return {finding.promise: finding.detail for finding in findings if not finding.ok}


def test_an_honest_collector_keeps_every_promise(tmp_path: Path) -> None:
    findings = conform(Honest(), source(tmp_path))
    assert broken(findings) == {}
    assert len(findings) > 25


@pytest.mark.parametrize(
    ("hostile", "promise", "words"),
    [
        (Undeclared, "yields declared streams and sound records only", "does not declare"),
        (Unstable, "gives the same ids again", "2 gone"),
        (Unstable, "adds nothing when nothing changed", "rows changed"),
        (Prophet, "honours the window: no event after the audit instant", "alert_event"),
        (Silent, "/things: 403", "no gap says so"),
        (Silent, "/things: a web page instead of JSON", "no gap says so"),
        (Inventive, "/things: 500", "does not have"),
        (Fragile, "/things: JSON of another shape", "crashed"),
        (Talkative, "keeps secrets to itself", "a payload"),
        (Numb, "check tells of a clock that is slow", "no check"),
    ],
)
def test_what_a_hostile_collector_does_is_found(
    tmp_path: Path, hostile: type[Honest], promise: str, words: str
) -> None:
    found = broken(conform(hostile(), source(tmp_path)))
    assert words in found[promise]


def test_a_collector_that_pages_for_ever_is_ended_by_its_budget(tmp_path: Path) -> None:
    found = broken(conform(Endless(), source(tmp_path)))
    assert "budget of 200 requests" in found["reads its sample"]


def test_a_collector_without_a_sample_breaks_the_first_promise() -> None:
    assert broken(conform(Honest())) == {"ships a sample": "there is no samples/conformance.yaml in its package"}


@pytest.mark.parametrize("name", [entry.name for entry in all_collectors()])
def test_every_registered_collector_keeps_its_promises(name: str) -> None:
    collector = next(entry.collector for entry in all_collectors() if entry.name == name)
    assert broken(conform(collector)) == {}


def test_a_new_collector_is_a_package_that_keeps_every_promise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_collector("my_monitor", tmp_path)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    entry = EntryPoint("my_monitor", "auditor_my_monitor.collector:COLLECTOR", "auditor.collectors")
    made = all_collectors([entry])[0]
    assert made.failure is None
    assert broken(conform(made.collector)) == {}


@pytest.mark.parametrize("name", ["files", "My", "", "a b", "../x"])
def test_a_name_that_is_taken_or_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        make_collector(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_malformed_sample_is_named_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "conformance.yaml").write_text("as_of: never\nsettings: {}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="as_of"):
        read_sample(tmp_path / "conformance.yaml")


def test_gaps_of_the_sample_do_not_excuse_gaps_of_a_fault(tmp_path: Path) -> None:
    class Gappy(Silent):
        def collect(self, ctx: Any) -> Iterator[Any]:
            yield from super().collect(ctx)
            yield Gap("service", GapReason.RETENTION, "nothing is older than a year", hides_rows=0)

    found = broken(conform(Gappy(), source(tmp_path)))
    assert "no gap says so" in found["/things: 500"]
