"""What SQL of a pack reads, as temporary views and tables that are made when a statement first names them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from auditor.assess import observed
from auditor.assess.items import Column, Columns
from auditor.assess.windows import MONTHS_SHOWN, QUARTERS_SHOWN, Window, calendar_periods
from auditor.errors import QueryError
from auditor.model.evidence import SourceState, Tier, make_ref
from auditor.model.rubric import RulePack, Sql, View
from auditor.model.streams import STREAMS
from auditor.model.tables import META_COLUMNS, PACK_META_COLUMNS, SCHEMA, quoted, stream_columns
from auditor.model.validate import row_key
from auditor.sql.parameters import FIXED_WINDOWS_D, pack_name
from auditor.sql.sandbox import Sandbox

RUNS = "source_run"
SERVICE = "service"
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CALENDARS = {"calendar_month": ("months", MONTHS_SHOWN), "calendar_quarter": ("quarters", QUARTERS_SHOWN)}

COPIED_ROWS = 10_000
"""Rows up to which a stream is read from a copy in memory."""

_COLUMNS_KEPT = 16
"""Columns that are remembered; an answer has at most eleven."""

GIVEN_REFS = "select unnest(from_json($refs, '[\"VARCHAR\"]'))"
"""References given as one JSON text `$refs`: of a list, DuckDB looks for pandas once per entry."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What every statement of an assessment shares."""

    pack: RulePack
    as_of: datetime
    zone: ZoneInfo
    sources: tuple[SourceState, ...]


class Relations:
    """One session of the evidence: all rows, or those of a tier and above.

    Args:
        sandbox: a session of its own, with schema `evidence` filled.
        setting: pack, instant, zone and sources.
        weakest: rows of lower tiers are not there.
        observed_services: make `service` from what other streams name.
    """

    def __init__(self, sandbox: Sandbox, setting: Setting, weakest: Tier, *, observed_services: bool = False) -> None:
        self._sandbox = sandbox
        self._setting = setting
        self._weakest = weakest
        self._observed_services = observed_services
        self._views: Mapping[str, View] = {view.name: view for view in setting.pack.views}
        self._known = frozenset((*STREAMS, *self._views, *_CALENDARS))
        self._made: dict[str, QueryError | None] = {}
        self._tiers: dict[str, tuple[Tier, Tier] | None] = {}
        self._cited: dict[str, int] = {}
        # Many indicators ask about the same rows, so that whole columns come again, and what is cited with them.
        self._citing_nothing = lru_cache(maxsize=_COLUMNS_KEPT)(self._without_row)
        self._weakest_of = lru_cache(maxsize=_COLUMNS_KEPT)(self._weakest_row)
        self._column_of = lru_cache(maxsize=_COLUMNS_KEPT)(_column_of)

    def admit(self, statements: Iterable[Sql]) -> None:
        """Have many statements judged at once, which costs a third of judging each when it is asked."""
        self._sandbox.admit([sql.text for sql in statements])

    def columns(self, sql: Sql, window: Window | None = None, goal: float | None = None) -> Columns:
        """The answer of a SELECT, by columns.

        Raises:
            QueryError: the statement, or a view it reads, failed.
        """
        with self._prepared(sql.text):
            return self._fetch(sql.text, self._values(sql, window, goal))

    def rows_of(self, view: View) -> Columns:
        """The rows of a view, by columns.

        Raises:
            QueryError: the view, or one that it reads, failed.
        """
        with self._prepared(view.name):
            return self._fetch(f"select * from {quoted(view.name)}", {})

    def holds(self, sql: Sql, window: Window | None, goal: float) -> bool:
        """Whether a SELECT of one boolean answers true (null and no row do not).

        Raises:
            QueryError: the statement failed, or its answer is more than one value.
        """
        with self._prepared(sql.text):
            answer = self._sandbox.query(sql.text, self._values(sql, window, goal))
        if len(answer.columns) != 1 or len(answer.rows) > 1:
            raise QueryError("a proof answers with one boolean", where=f"{sql.file}:{sql.line}")
        return bool(answer.rows) and answer.rows[0][0] is True

    def reads(self, text: str) -> frozenset[str]:
        """Streams that a text names, directly or through views (at least these)."""
        found: set[str] = set()
        pending = [text]
        while pending:
            new = (_words(pending.pop()) & self._known) - found
            found |= new
            pending += [self._views[name].sql.text for name in new if name in self._views]
        return frozenset(name for name in found if name in STREAMS and not STREAMS[name].control)

    def is_empty(self, stream: str) -> bool:
        """Whether a stream has no row."""
        with self._prepared(stream):
            return not self._sandbox.query(f"select 1 from {quoted(stream)} limit 1").rows

    def tiers_of(self, streams: Collection[str]) -> Mapping[str, tuple[Tier, Tier]]:
        """Lowest and highest tier of the rows of each stream; streams without rows are left out."""
        new = sorted(set(streams) - self._tiers.keys())
        if new:
            each = "select '{0}', min(_reliability), max(_reliability) from {1}"
            sql = "\nunion all ".join(each.format(stream, quoted(stream)) for stream in new)
            with self._prepared(" ".join(new)):
                for stream, lowest, highest in self._sandbox.query(sql).rows:
                    self._tiers[stream] = None if lowest is None else (Tier(lowest), Tier(highest))
        found = {stream: self._tiers[stream] for stream in sorted(streams)}
        return {stream: tiers for stream, tiers in found.items() if tiers is not None}

    def citing_nothing(self, cited: frozenset[str]) -> Sequence[str]:
        """References that name no row of any stream, in order; each one that does is looked up once."""
        return self._citing_nothing(cited)

    def weakest_of(self, cited: frozenset[str]) -> Tier | None:
        """Lowest tier among the rows that are cited by reference; None when no row is."""
        return self._weakest_of(cited)

    def _without_row(self, cited: frozenset[str]) -> Sequence[str]:
        if self._cited.keys() >= cited:
            return ()
        by_stream: dict[str, list[str]] = {}
        for ref in sorted(cited - self._cited.keys()):
            by_stream.setdefault(ref.partition(":")[0], []).append(ref)
        for stream, refs in by_stream.items():
            if stream in STREAMS and not STREAMS[stream].control:
                self._look_up(stream, refs)
        return [ref for refs in by_stream.values() for ref in refs if ref not in self._cited]

    def _weakest_row(self, cited: frozenset[str]) -> Tier | None:
        nothing = set(self.citing_nothing(cited))
        return min(map(Tier, {self._cited[ref] for ref in cited if ref not in nothing}), default=None)

    def _look_up(self, stream: str, refs: Sequence[str]) -> None:
        """Remember the tier of each row that is referred to."""
        sql = f"select _ref, min(_reliability) from {quoted(stream)} where _ref in ({GIVEN_REFS}) group by _ref"
        with self._prepared(stream):
            self._cited.update(self._sandbox.query(sql, {"refs": orjson.dumps(refs).decode()}).rows)

    def close(self) -> None:
        """Drop the session with everything that was made in it."""
        self._sandbox.close()

    def _fetch(self, text: str, params: Mapping[str, Any]) -> Columns:
        return {name: self._column_of(encoded) for name, encoded in self._sandbox.columns(text, params).items()}

    def _values(self, sql: Sql, window: Window | None, goal: float | None) -> dict[str, Any]:
        return {name: self._value(name, window, goal) for name in sql.parameters}

    def _value(self, name: str, window: Window | None, goal: float | None) -> Any:
        setting = self._setting
        if name in FIXED_WINDOWS_D:
            return setting.as_of - timedelta(days=FIXED_WINDOWS_D[name])
        if (own := pack_name(name)) is not None:
            return setting.pack.parameters[own].value
        if name in ("W", "WE") and window is None:
            raise QueryError(f"${name} is used where there is no window")
        known = {
            "T": setting.as_of,
            "W": window and window.starts,
            "WE": window and window.ends,
            "goal": goal,
            "tz": setting.zone.key,
        }
        return known[name]

    @contextmanager
    def _prepared(self, text: str) -> Iterator[None]:
        """Make what a text names; when it fails, a view that could not be made is the reason to give."""
        named = sorted(self._known & _words(text))
        failed = [error for name in named if (error := self._make(name)) is not None]
        try:
            yield
        except QueryError as error:
            if failed:
                raise failed[0] from error
            raise

    def _make(self, name: str) -> QueryError | None:
        """Make a relation once; the error when that failed, the same one every time."""
        if name not in self._made:
            self._made[name] = None
            try:
                self._create(name)
            except QueryError as error:
                self._made[name] = error
        return self._made[name]

    def _create(self, name: str) -> None:
        if name in self._views:
            self._create_view(self._views[name])
        elif name in _CALENDARS:
            self._create_calendar(name)
        elif name == RUNS:
            self._create_runs()
        elif name == SERVICE and self._observed_services:
            with self._prepared(" ".join(observed.STREAMS_THAT_NAME_SERVICES)):
                self._sandbox.setup(f"create temp table service as {observed.services_sql()}")
        elif name in STREAMS and not STREAMS[name].control:
            self._sandbox.setup(self._stream_sql(name))

    def _create_view(self, view: View) -> None:
        try:
            with self._prepared(view.sql.text):
                self._sandbox.keep(view.name, view.sql.text, self._values(view.sql, None, None))
        except QueryError as error:
            where = error.where or f"{view.sql.file}:{view.sql.line}"
            raise QueryError(f"view {view.name} failed: {error.what}", where=where, cure=error.cure) from error

    def _stream_sql(self, name: str) -> str:
        pulls = {state.source_id: state.last_ok_ended for state in self._setting.sources if state.last_ok_ended}
        cases = " ".join(f"when {_literal(source)} then {_instant(ended)}" for source, ended in sorted(pulls.items()))
        fetched = f"coalesce(_fetched_at, case _source_id {cases} end)" if cases else "_fetched_at"
        fields = ", ".join(map(quoted, stream_columns(STREAMS[name])))
        condition = f" where _reliability >= {int(self._weakest)}" if self._weakest else ""
        return (
            f"create temp {self._kind(name)} {quoted(name)} as select {fields}, _ref, _source_id, _reliability, "
            f"{fetched} as _fetched_at from {SCHEMA}.{quoted(name)}{condition}"
        )

    def _kind(self, name: str) -> str:
        """A small stream is copied: planning a small statement takes a third longer where it reads a view."""
        rows = self._sandbox.query(f"select count(*) from {SCHEMA}.{quoted(name)}").rows[0][0]
        return "table" if rows <= COPIED_ROWS else "view"

    def _create_runs(self) -> None:
        stream = STREAMS[RUNS]
        columns = {**stream_columns(stream), **{name: META_COLUMNS[name] for name in PACK_META_COLUMNS}}
        listed = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
        self._sandbox.setup(f"create temp table {RUNS} ({listed})")
        rows = [
            {
                **state.values,
                "_ref": make_ref(
                    RUNS, state.source_id, row_key(stream, {**state.values, "source_id": state.source_id})
                ),
                "_source_id": state.source_id,
                "_reliability": int(stream.default_tier(state.values)),
                "_fetched_at": state.values.get("ended"),
            }
            for state in self._setting.sources
        ]
        self._sandbox.load_rows(RUNS, columns, rows)

    def _create_calendar(self, name: str) -> None:
        unit, count = _CALENDARS[name]
        periods = calendar_periods(self._setting.as_of, self._setting.zone, unit, count)
        rows = ", ".join(f"({p.n}, {_instant(p.starts)}, {_instant(p.ends)})" for p in periods)
        self._sandbox.setup(f"create temp view {name} as select * from (values {rows}) as period(n, starts, ends)")


@lru_cache(maxsize=8192)
def _words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(text))


def _column_of(encoded: str) -> Column:
    try:
        return Column(orjson.loads(encoded))
    except orjson.JSONDecodeError as error:
        raise QueryError("the answer holds a number that is not finite", cure="guard the division") from error


def _literal(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def _instant(instant: datetime) -> str:
    return f"timestamp '{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'"
