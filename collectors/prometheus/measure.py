"""Measures indicators, a few days at a time, and yields what every calendar month came to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import orjson

from auditor.api import CollectContext, Cursor, Gap, GapReason, JsonValue, PayloadRef, Record, Refused
from collectors.prometheus.bank import Account, Bank, Book
from collectors.prometheus.calls import BAD_QUERY, Calls, Warned
from collectors.prometheus.instants import DAY_S, iso, month_bounds, month_of, months
from collectors.prometheus.results import Period, crossing_bounds, crossing_day, period, result_row, workings
from collectors.prometheus.series import Answered, Steps, instant_of_loss, read_matrix
from collectors.prometheus.slis import BATCH, PORTION, Sli, batch_query, batches

MAX_POINTS = 10_000
"""Steps per query; Prometheus refuses more than 11,000 points per series."""

_REST_S = 7_200
"""A rest of the day that is asked together with the day before it."""

_FORGET_AFTER_S = 90 * DAY_S
"""A series without data for so long is gone: no more results are made of it."""

_TOO_MUCH = frozenset({GapReason.TIMED_OUT, GapReason.TRUNCATED})
_OVERLOADED = (503, 504)
"""Prometheus says 503 of a query that takes too long, proxies say 504."""

Yielded = Record | Gap | Cursor


@dataclass(slots=True)
class _Outcome:
    """What one batch gave so far: rows with their workings, and the answers they come from."""

    rows: list[tuple[dict[str, JsonValue], dict[str, JsonValue]]] = field(default_factory=list)
    answers: list[PayloadRef] = field(default_factory=list)


@dataclass(slots=True)
class Measurement:
    """One pull of indicators.

    Attributes:
        start: where the history of a new indicator begins.
        settled: end of the last step whose data will not change any more.
        until: end of the last step that is looked at.
        complete: whether every indicator was read to its end.
        stopped: whether the server gives no more.
        told: indicators of which it was said that series of theirs are left out.
        impossible: indicator -> how many of its values cannot be, and one of them.
        careful: whether the server found a query too long, so that less is asked for at once.
    """

    ctx: CollectContext
    calls: Calls
    bank: Bank
    start: int
    settled: int
    until: int
    complete: bool = True
    stopped: bool = False
    told: set[str] = field(default_factory=set)
    impossible: dict[str, tuple[int, str]] = field(default_factory=dict)
    careful: bool = False

    def run(self, slis: Sequence[Sli], *, forget: bool) -> Iterator[Yielded]:
        """Measure; the cursor comes last, or when the server gives no more.

        Args:
            forget: whether indicators that are not among these are gone.
        """
        books = {sli.sli_id: self.bank.book(sli, self.start) for sli in slis}
        ordered = sorted(slis, key=lambda sli: books[sli.sli_id].done)
        begun = 0
        for done, same in groupby(ordered, lambda sli: books[sli.sli_id].done):
            waiting = list(same)
            while waiting and not self.stopped:
                days = self._days(done)
                batch = next(batches(waiting, BATCH if self.careful else PORTION // days))
                waiting = waiting[len(batch) :]
                begun += len(batch)
                self.ctx.progress(f"indicators {begun} of {len(ordered)}, {self.bank.step_s} s steps")
                yield from self._batch(batch, days)
        yield from self._impossible_gaps()
        if forget:
            self.bank.books = {sli_id: book for sli_id, book in self.bank.books.items() if sli_id in books}
        yield Cursor("sli_result", self.bank.to_text())

    def _days(self, done: int) -> int:
        """How many days are asked for at once: a night costs one, and a long time is cut into few pieces."""
        left = -(-(self.until - _REST_S - done) // DAY_S)
        return 1 if self.careful else max(1, min(left, PORTION // BATCH))

    def _batch(self, batch: tuple[Sli, ...], days: int) -> Iterator[Yielded]:
        outcome, left, tail = _Outcome(), list(batch), Answered()
        at = self.bank.books[batch[0].sli_id].done
        while at < self.until and left:
            end = self._chunk_end(at, days)
            try:
                answered = self._ask(left, at, end, outcome)
            except Refused as refused:
                smaller = self._smaller(tuple(left), end - at, days, refused)
                if smaller:
                    yield from self._save(left, outcome)
                    for part, fewer in smaller:
                        if not self.stopped:
                            yield from self._batch(part, fewer)
                    return
                yield self._refusal(left, refused)
                left = []
                break
            for sli_id, fault in answered.faults.items():
                self.complete = False
                left = [sli for sli in left if sli.sli_id != sli_id]
                yield Gap("sli_result", GapReason.MALFORMED, f"indicator {sli_id!r}: {fault}")
            yield from self._unnamed(left, answered)
            self._note_impossible(answered)
            for sli in left:
                self._bank(sli, answered.steps.get(sli.sli_id, {}), end, outcome)
            at, tail = end, answered
        if not self.stopped:
            for sli in left:
                yield from self._open(sli, tail.steps.get(sli.sli_id, {}), outcome)
        yield from self._save(batch, outcome)

    def _smaller(
        self, batch: tuple[Sli, ...], length_s: int, days: int, refused: Refused
    ) -> list[tuple[tuple[Sli, ...], int]]:
        """Batches, each with its days, to ask for instead of what was refused; none where less does not help."""
        is_long = length_s > DAY_S + _REST_S
        if isinstance(refused, Warned):
            # Of a query: of one of them, and the others are sound. Else less does not help.
            middle = len(batch) // 2 if refused.is_of_query else 0
            return [(batch[:middle], days), (batch[middle:], days)] if middle else []
        if refused.status in BAD_QUERY:
            # The query of one of them is wrong, or comes to more than the server counts with.
            middle = len(batch) // 2
            if middle:
                return [(batch[:middle], days), (batch[middle:], days)]
            return [(batch, 1)] if is_long else []
        is_too_much = refused.reason in _TOO_MUCH or refused.status in _OVERLOADED
        parts = [(part, 1) for part in batches(batch)]
        if self.careful or not is_too_much or not (is_long or len(parts) > 1):
            return []
        self.careful = True
        return parts

    def _unnamed(self, slis: Sequence[Sli], answered: Answered) -> Iterator[Gap]:
        """Say once per indicator that some of its series name no service."""
        for sli in slis:
            if sli.sli_id in answered.unnamed - self.told:
                self.complete = False
                self.told.add(sli.sli_id)
                detail = f"indicator {sli.sli_id!r}: series without the label {sli.service_label!r} are left out"
                yield Gap("sli_result", GapReason.MALFORMED, detail)

    def _note_impossible(self, answered: Answered) -> None:
        for sli_id, values in answered.impossible.items():
            number, example = self.impossible.get(sli_id, (0, values[0]))
            self.impossible[sli_id] = number + len(values), example

    def _impossible_gaps(self) -> Iterator[Gap]:
        """Say once per indicator how many of its values cannot be."""
        for sli_id, (number, example) in self.impossible.items():
            self.complete = False
            said = f"its query gives {example}, which cannot be; days with such values ({number}) count as missing"
            yield Gap("sli_result", GapReason.MALFORMED, f"indicator {sli_id!r}: {said}")

    def _chunk_end(self, at: int, days: int) -> int:
        length = DAY_S * max(1, min(days, MAX_POINTS * self.bank.step_s // DAY_S))
        return self.until if self.until - at <= length + _REST_S else at + length

    def _ask(self, slis: Sequence[Sli], after: int, end: int, outcome: _Outcome) -> Answered:
        """The steps that ended after one instant and up to another."""
        step = self.bank.step_s
        reply = self.calls.query_range(batch_query(slis), after + step, end, step)
        outcome.answers.append(reply.answer.payload)
        return read_matrix(reply.data["result"], slis, step)

    def _refusal(self, slis: Sequence[Sli], refused: Refused) -> Gap:
        """A query that is wrong, or a warning, concerns its indicators only; any other refusal ends the measuring."""
        self.complete = False
        if isinstance(refused, Warned):
            named = ", ".join(repr(sli.sli_id) for sli in slis[:3]) + (", ..." if len(slis) > 3 else "")
            return Gap("sli_result", refused.reason, f"indicators {named}: {refused.detail}", refused.place)
        if refused.status not in BAD_QUERY:
            self.stopped = True
            return refused.gap("sli_result")
        said = _error_text(refused)
        return Gap("sli_result", GapReason.MALFORMED, f"indicator {slis[0].sli_id!r}: {said}", refused.place)

    def _bank(self, sli: Sli, found: dict[str, Steps], end: int, outcome: _Outcome) -> None:
        """Take the settled steps of a chunk, and close the months that are over."""
        book = self.bank.books[sli.sli_id]
        before, done = book.done, min(end, self.settled)
        for value, steps in found.items():
            if steps.times and steps.times[0] <= done:
                account = book.accounts.setdefault(value, Account(steps.times[0], steps.times[0]))
                account.add(steps, before, done)
        book.done = max(before, done)
        if month_of(before) == month_of(book.done):
            return
        for month in months(before, book.done):
            if before < month_bounds(month)[1] <= book.done:
                self._close(sli, book, month, outcome)

    def _close(self, sli: Sli, book: Book, month: str, outcome: _Outcome) -> None:
        month_end = month_bounds(month)[1]
        for value, account in list(book.accounts.items()):
            if account.first > month_end:
                continue
            if month_end - account.last > _FORGET_AFTER_S:
                del book.accounts[value]
                continue
            found = period(sli, account, month, self.bank.step_s, closed=True)
            self._add_row(sli, value, account, found, self._lost_at(sli, value, account, found, outcome), outcome)
            account.forget(month)

    def _open(self, sli: Sli, found: dict[str, Steps], outcome: _Outcome) -> Iterator[Yielded]:
        """The months that are not closed, with what is not settled yet."""
        book = self.bank.books[sli.sli_id]
        values = dict.fromkeys([*book.accounts, *(value for value, steps in found.items() if steps.times)])
        if not values:
            self.complete = False
            detail = f"indicator {sli.sli_id!r}: its query gave no value since {iso(book.since)}"
            yield Gap("sli_result", GapReason.NOT_CONFIGURED, detail)
        for value in values:
            steps = found.get(value, Steps((), (), None))
            banked = book.accounts.get(value)
            account = Account(steps.times[0], steps.times[0]) if banked is None else banked.copy()
            account.add(steps, book.done, self.until)
            for month in months(book.done, self.until - 1):
                if self.until > month_bounds(month)[0]:
                    shown = period(sli, account, month, self.bank.step_s, closed=False)
                    lost_at = account.lost.get(month) or self._lost_at(sli, value, account, shown, outcome)
                    if banked is not None and lost_at is not None and lost_at <= book.done:
                        banked.lost[month] = lost_at
                    self._add_row(sli, value, account, shown, lost_at, outcome)

    def _lost_at(self, sli: Sli, value: str, account: Account, found: Period, outcome: _Outcome) -> int | None:
        """When the budget was used up, to a step: the day it happened in is asked for once more."""
        crossing = crossing_day(account, found) if found.lost else None
        if crossing is None:
            return None
        day, spent = crossing
        start, end = crossing_bounds(day)
        try:
            answered = self._ask([sli], start, min(end, self.until), outcome)
        except Refused:
            return None  # that the target was lost is known, only the instant is not
        steps = answered.steps.get(sli.sli_id, {}).get(value)
        if steps is None or found.budget is None:
            return None
        return instant_of_loss(steps, spent, found.budget, start, end)

    def _add_row(
        self, sli: Sli, value: str, account: Account, found: Period, lost_at: int | None, outcome: _Outcome
    ) -> None:
        row = result_row(sli, value, account, found, lost_at, self.ctx.started.timestamp())
        outcome.rows.append((row, {**workings(sli, account, found), "row": row}))

    def _save(self, batch: Sequence[Sli], outcome: _Outcome) -> Iterator[Record]:
        """Keep what the rows were computed from, and yield them."""
        if not outcome.rows:
            return
        said = {
            "answers": [payload.sha256 for payload in outcome.answers],
            "results": [basis for _, basis in outcome.rows],
        }
        payload = self.ctx.keep(
            orjson.dumps(said, option=orjson.OPT_SORT_KEYS),
            request={"computed": "sli_result", "indicators": [sli.sli_id for sli in batch]},
            media_type="application/json",
        )
        for position, (row, _) in enumerate(outcome.rows):
            yield Record("sli_result", row, payload, f"/results/{position}")
        outcome.rows.clear()


def _error_text(refused: Refused) -> str:
    """What a server says of a query that it refuses; its body need not be JSON."""
    if refused.answer is None:
        return refused.detail
    try:
        body = refused.answer.json()
    except Refused:
        return refused.answer.body[:200].decode("utf-8", "replace").strip()
    return str(body.get("error") or refused.detail) if isinstance(body, dict) else refused.detail
