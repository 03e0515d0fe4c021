"""The books of one pull: its sources, their rows, their gaps, and what the pull amounts to in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import NoneType

from auditor.api import Collector, Cursor, Keys, Refused, SourceRun
from auditor.canonical import JsonValue
from auditor.collect.contradictions import contradictions
from auditor.collect.declaration import Declaration, vouched
from auditor.collect.gaplog import GapLog
from auditor.collect.keys import Dangling, SeenKeys
from auditor.collect.marks import Marks, mark_problem
from auditor.collect.registry import UnavailableCollector
from auditor.collect.stamp import Stamped, is_a, stamp
from auditor.model.evidence import PULL_AGE_DAYS, Gap, GapReason, Record, SourceKind
from auditor.model.streams import STREAMS
from auditor.model.validate import check_row, unknown_field_problem
from auditor.ports import EvidenceWriter, SourcePull

_LISTED_PROBLEMS = 20
_UNKNOWN_FIELDS_COUNTED = 200
_RUN = STREAMS["source_run"]


@dataclass(frozen=True, slots=True)
class CollectOutcome:
    """What one configured source gave.

    Attributes:
        pulls: one per source inside it.
        records: rows that were written, by stream.
        gaps: every gap of the pulls.
    """

    pulls: tuple[SourcePull, ...]
    records: Mapping[str, int]
    gaps: tuple[Gap, ...]


@dataclass(slots=True)
class _Source:
    """One source inside the pull: its checked `source_run` values, and what has been read of it.

    Attributes:
        streams: the streams it answers for.
        whole: those of them of which everything is read.
    """

    values: dict[str, JsonValue]
    streams: frozenset[str]
    whole: frozenset[str]
    gaps: GapLog = field(default_factory=GapLog)
    rows: Counter[str] = field(default_factory=Counter)


class Pull:
    """Takes what a collector yields, one thing at a time, and keeps the books.

    Args:
        source_id: the configured source.
        kept: hashes of the bytes that were kept in this pull.
        started: start of the run (UTC).
        prefix_ids: write inner sources as `<source_id>/<inner id>`.
        resumed: streams that are not read from the beginning.
        shown: takes secrets out of a text.
        declaration: what a person declares of the source; None: nothing.
    """

    def __init__(
        self,
        source_id: str,
        collector: Collector,
        writer: EvidenceWriter,
        kept: set[str],
        *,
        started: datetime,
        prefix_ids: bool,
        resumed: Collection[str] = (),
        shown: Callable[[str], str] = str,
        declaration: Declaration | None = None,
    ) -> None:
        self.source_id = source_id
        self.problems = 0
        self.first_problems: list[str] = []
        self._collector = collector
        self._writer = writer
        self._kept = kept
        self._started = f"{started.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
        self._prefix_ids = prefix_ids
        self._sources: dict[str, _Source] = {}
        self._stray = GapLog()
        self._answered: set[str] = set()
        self._keys = SeenKeys(STREAMS)
        self._unknown_fields: dict[tuple[str, str, str], tuple[str, int]] = {}
        self._crashed = False
        self._resumed = frozenset(resumed)
        self._shown = shown
        self._declaration = declaration
        self._marks = Marks()

    def source_run(self, run: SourceRun) -> None:
        """Open a source, or replace what is known of one that is open."""
        if not is_a(run.values, Mapping) or not is_a(run.whole, frozenset):
            self.foreign(run)
            return
        source_id = self._full_id(run.source_id)
        values: dict[str, JsonValue] = {**self._stamps(), "ended": self._started}
        values |= {name: value for name, value in run.values.items() if value is not None}
        checked = check_row(_RUN, {**values, "source_id": source_id})
        problems = [fault.problem for fault in checked.faults]
        problems += [unknown_field_problem(_RUN, name) for name in checked.unknown_fields]
        problems += self._promise_problems(checked.values)
        if problems:
            detail = f"the pull describes itself wrongly: {'; '.join(problems)}"
            self._note(Gap(None, GapReason.MALFORMED, detail, source_id=source_id), source_id)
            return
        streams = _names(checked.values["streams"])
        known = self._sources.get(source_id)
        if known is None:
            self._sources[source_id] = _Source(checked.values, streams, run.whole & streams)
        else:
            # The origin decided the tier of rows that are written already.
            known.values = {**checked.values, "origin": known.values["origin"]}
            known.streams, known.whole = streams, run.whole & streams
        self._answered |= streams

    def record(self, record: Record) -> None:
        """Load one record, or say why not."""
        source_id = self._full_id(record.source_id)
        source = self._sources.get(source_id)
        problem = self._not_admitted(record, source)
        if problem is not None or source is None:
            self._refuse(record, source_id, problem or "")
            return
        stream = STREAMS[record.stream]
        stamped = stamp(stream, record, source_id, source.values["origin"])
        row, place = stamped.row, record.place or record.pointer
        if row is None:
            self._refuse(record, source_id, stamped.problem or "", stamped.row_kind)
            return
        if row.payload_sha256 not in self._kept:
            self._refuse(record, source_id, "the row points into bytes that were not kept", stamped.row_kind)
            return
        first = self._keys.add(stream.name, source_id, row.key, place)
        if first is not None:
            problem = f"a second row of {stream.name} with the key {row.key!r}; the first stands at {first}"
            self._refuse(record, source_id, problem, stamped.row_kind)
            return
        self._remarks(stream.name, source_id, stamped, place)
        self._keys.note_references(stream.name, source_id, row.values, place, self._answered)
        self._writer.add(row)
        source.rows[stream.name] += 1

    def gap(self, gap: Gap) -> None:
        """Take a gap; one that names a stream but no source counts for every source that answers for the stream."""
        if not _is_sound(gap):
            self.foreign(gap)
            return
        if gap.source_id is not None or self.source_id in self._sources:
            owners = [self._full_id(gap.source_id)]
        else:
            owners = [name for name, source in self._sources.items() if gap.stream in source.streams]
        if not owners:
            self._note(replace(gap, source_id=self.source_id), None)
        first = self._counting(owners)
        for position, owner in enumerate(owners):
            own = replace(gap, source_id=owner)
            if gap.hides_rows and owner != first:
                own = replace(own, detail=f"{gap.detail} (counted at source {first})", hides_rows=0)
            self._note(own, owner, counted=position == 0, hides=gap.hides_rows != 0)

    def mark(self, mark: Cursor | Keys) -> None:
        """Take a cursor or a key sweep; both are of the collector's own source."""
        problem = mark_problem(mark, self._collector.streams)
        if problem is None and self.source_id not in self._sources:
            problem = f"a mark of {mark.stream} came before the source said what it is"
        if problem is not None:
            self._note(Gap(None, GapReason.MALFORMED, problem, source_id=self.source_id), self.source_id)
        elif isinstance(mark, Cursor):
            self._marks.reach(mark)
        else:
            self._marks.sweep(mark)

    def foreign(self, thing: object) -> None:
        """Refuse something that is neither a record nor a gap nor a pull."""
        detail = f"the collector yielded a {type(thing).__name__} that is none of the things it may yield"
        self._note(Gap(None, GapReason.MALFORMED, detail, source_id=self.source_id), self.source_id)

    def crashed(self, cause: str) -> None:
        """The collector ended by an error: whatever it was reading is incomplete."""
        self._end_early(Gap(None, GapReason.CRASHED, f"the collector {self._collector.name} failed: {cause}"))

    def refused(self, refusal: Refused) -> None:
        """The collector could not go on without what its source refused."""
        self._end_early(refusal.gap(None))

    def _end_early(self, gap: Gap) -> None:
        self._crashed = True
        for position, owner in enumerate(self._sources or [None]):
            self._note(replace(gap, source_id=owner or self.source_id), owner, counted=position == 0)

    def look_up_references(self) -> None:
        """Note what can only be known at the end.

        That is how often a field was unknown, ids that name no row, and what contradicts a declared completeness.
        """
        for field_id, (place, rows) in self._unknown_fields.items():
            self._note(_unknown_field(field_id, place, rows), field_id[0])
        referred: dict[tuple[str, str], Dangling] = {}
        for dangling in self._keys.dangling():
            if not self._resumed.isdisjoint(dangling.refers_to):
                continue  # an earlier pull may have brought the row
            if len(dangling.refers_to) == 1:
                referred.setdefault((dangling.source_id, dangling.refers_to[0]), dangling)
            named = "an id" if dangling.value is None else repr(dangling.value)
            detail = f"{dangling.field}: {named} names no row of {' or '.join(dangling.refers_to)}"
            gap = Gap(dangling.stream, GapReason.MALFORMED, detail, dangling.place, dangling.source_id, 0)
            self._note(gap, dangling.source_id)
        self._withdraw_completeness(referred)
        self._check_sweeps()

    def close(self) -> CollectOutcome:
        """Write the pull of every source."""
        if not self._sources:
            self._sources[self.source_id] = _Source(self._nothing_read(), frozenset(), frozenset())
        first = next(iter(self._sources.values()))
        for gap in self._stray:
            first.gaps.add(gap)
        pulls = tuple(self._source_pull(source_id, source) for source_id, source in self._sources.items())
        for pull in pulls:
            self._writer.source_done(pull)
        records: Counter[str] = sum((source.rows for source in self._sources.values()), Counter())
        return CollectOutcome(pulls, dict(records), tuple(gap for pull in pulls for gap in pull.gaps))

    def _counting(self, owners: Sequence[str]) -> str | None:
        """The source that counts a row which may be of any of several: one whose pull is not given up anyway."""
        sound = (name for name in owners if name in self._sources and self._sources[name].values["status"] != "failed")
        return next(sound, next(iter(owners), None))

    def _withdraw_completeness(self, referred: Mapping[tuple[str, str], Dangling]) -> None:
        """Take back every completeness that the rest of its source contradicts.

        Args:
            referred: an id that names no row, by the source it stands in and the stream whose row it must name.
        """
        for source_id, source in self._sources.items():
            own = {stream: dangling for (owner, stream), dangling in referred.items() if owner == source_id}
            for gap in contradictions(source.values, source.whole, source.rows, tuple(source.gaps), own):
                declared = source.values["scope_complete"]
                kept = dict(declared) if isinstance(declared, dict) else {}
                source.values["scope_complete"] = kept | {str(gap.stream): False}
                self._note(replace(gap, source_id=source_id), source_id)

    def _check_sweeps(self) -> None:
        """Let no row be deleted by a key sweep of a stream that was not seen whole."""
        source = self._sources.get(self.source_id)
        for stream in sorted(self._marks.swept):
            if source is None or stream not in self._sound_streams(source):
                del self._marks.swept[stream]
                detail = "the pull has gaps, so no row was deleted although its key did not come"
                self._note(Gap(stream, GapReason.MALFORMED, detail, None, self.source_id, 0), self.source_id)

    def _sound_streams(self, source: _Source) -> frozenset[str]:
        """Streams of which no row can have been missed; none where the pull as a whole is unsound."""
        hiding = source.gaps.hiding_streams
        is_sound = source.values["status"] == "ok" and not source.values["denied"] and not self._crashed
        return source.streams - hiding if is_sound and None not in hiding else frozenset()

    def _source_pull(self, source_id: str, source: _Source) -> SourcePull:
        values = dict(source.values)
        if values["items"] is None:
            values["items"] = source.rows.total()
        if self._crashed:
            values["status"] = "partial" if source.rows else "failed"
            values["scope_complete"] = None
        elif self._declaration is not None:
            values = vouched(values, self._declaration, source.gaps.hiding_streams, source.gaps.streams)
        marks = self._marks if source_id == self.source_id else Marks()
        return SourcePull(
            source_id,
            SourceKind(str(values["kind"])),
            values,
            tuple(source.gaps),
            source.whole & self._sound_streams(source),
            marks.cursors,
            marks.swept,
            None if isinstance(self._collector, UnavailableCollector) else self._reader,
        )

    def _nothing_read(self) -> dict[str, JsonValue]:
        """A source that never said what it is: failed, of the kind whose evidence goes stale soonest."""
        kinds = sorted(self._collector.kinds or SourceKind, key=lambda kind: (PULL_AGE_DAYS[kind], kind.value))
        values: dict[str, JsonValue] = {
            **self._stamps(),
            "source_id": self.source_id,
            "kind": kinds[0].value,
            "ended": self._started,
            "status": "failed",
            "streams": sorted(self._collector.streams),
        }
        return check_row(_RUN, values).values

    def _promise_problems(self, values: Mapping[str, JsonValue]) -> list[str]:
        """Where a pull contradicts what its collector declares."""
        problems = []
        kind, listed, complete = values["kind"], _names(values["streams"]), values["scope_complete"]
        if kind is not None and kind not in self._collector.kinds:
            problems.append(f"kind {kind!r} is none that the collector declares")
        problems += [
            f"stream {name!r} is none the collector declares" for name in sorted(listed - self._collector.streams)
        ]
        if isinstance(complete, Mapping):
            problems += [
                f"scope_complete names {name!r}, which is not in streams" for name in complete if name not in listed
            ]
        return problems

    def _not_admitted(self, record: Record, source: _Source | None) -> str | None:
        if not _is_stream(record.stream):
            return f"there is no stream {record.stream!r}"
        if record.stream not in self._collector.streams or record.stream == _RUN.name:
            return f"the collector does not declare the stream {record.stream}"
        if source is None:
            return f"a record of {record.stream} came before its source said what it is"
        if record.stream not in source.streams:
            return f"its source does not list {record.stream} among its streams"
        return None

    def _remarks(self, stream: str, source_id: str, stamped: Stamped, place: str) -> None:
        if stamped.remark is not None:
            self._note(Gap(stream, GapReason.MALFORMED, stamped.remark, place, source_id, 0), source_id)
        for name in stamped.unknown_fields:
            field_id = (source_id, stream, name)
            if field_id not in self._unknown_fields and len(self._unknown_fields) >= _UNKNOWN_FIELDS_COUNTED:
                self._note(_unknown_field(field_id, place, 1), source_id)
                continue
            first, rows = self._unknown_fields.get(field_id, (place, 0))
            self._unknown_fields[field_id] = (first, rows + 1)

    def _refuse(self, record: Record, source_id: str, problem: str, row_kind: str | None = None) -> None:
        stream = record.stream if _is_stream(record.stream) else None
        place = record.place if is_a(record.place, str) else None
        self._note(Gap(stream, GapReason.MALFORMED, problem, place, source_id, 1, row_kind), source_id)

    def _note(self, gap: Gap, owner: str | None, *, counted: bool = True, hides: bool | None = None) -> None:
        """Book a gap on a source, or on the pull as a whole where no such source is open."""
        gap = replace(gap, detail=self._shown(gap.detail), place=None if gap.place is None else self._shown(gap.place))
        if gap.reason is GapReason.MALFORMED and (gap.hides_rows != 0 if hides is None else hides):
            self._marks.hold(gap.stream)
        source = None if owner is None else self._sources.get(owner)
        (self._stray if source is None else source.gaps).add(gap, hides=hides)
        if counted:
            self.problems += 1
            if len(self.first_problems) < _LISTED_PROBLEMS:
                self.first_problems.append(f"{gap.place}: {gap.detail}" if gap.place else gap.detail)

    def _full_id(self, inner: str | None) -> str:
        if inner is None:
            return self.source_id
        return f"{self.source_id}/{inner}" if self._prefix_ids else str(inner)

    def _stamps(self) -> dict[str, JsonValue]:
        return {"started": self._started, "tool_version": self._reader}

    @property
    def _reader(self) -> str:
        return f"{self._collector.name} {self._collector.version}"


def _names(streams: JsonValue) -> frozenset[str]:
    return frozenset(str(name) for name in streams) if isinstance(streams, list) else frozenset()


def _unknown_field(field_id: tuple[str, str, str], place: str, rows: int) -> Gap:
    source_id, stream, name = field_id
    times = "" if rows == 1 else f" (in {rows} rows)"
    detail = f"{unknown_field_problem(STREAMS[stream], name)}{times}; it was left out"
    return Gap(stream, GapReason.MALFORMED, detail, place, source_id, 0)


def _is_sound(gap: Gap) -> bool:
    """Whether a gap keeps the types it declares; a hostile collector's need not."""
    hides = gap.hides_rows
    return (
        is_a(gap.reason, GapReason)
        and is_a(gap.detail, str)
        and (gap.stream is None or _is_stream(gap.stream))
        and (hides is None or (is_a(hides, int) and hides >= 0))
        and all(is_a(text, str, NoneType) for text in (gap.place, gap.source_id, gap.row_kind))
    )


def _is_stream(name: object) -> bool:
    return isinstance(name, str) and name in STREAMS
