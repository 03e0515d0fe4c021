"""What is remembered of indicators from pull to pull: how far each was read, and the sums of the months that are open.

It is kept in the cursor of `sli_result`, so that a night costs the day that is new and not the month.
"""

from __future__ import annotations

import base64
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from collectors.prometheus.series import Steps, Sums
from collectors.prometheus.slis import Sli

_FORM = 1


@dataclass(slots=True)
class Account:
    """The sums of one target.

    Attributes:
        first, last: ends of its first and latest step with data, in seconds since 1970.
        days: day -> sums; only days of months that are not closed.
        lost: month that is open -> instant its budget was used up.
        spoilt: days of months that are not closed with values that cannot be; nothing of them counts.
    """

    first: int
    last: int
    days: dict[str, Sums] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    spoilt: set[str] = field(default_factory=set)

    def add(self, steps: Steps, after: int, until: int) -> None:
        """Add the steps that ended after one instant and at or before another."""
        for day, at in steps.spoilt.items():
            if at <= until:
                self.spoilt.add(day)
                self.days.pop(day, None)
        for day, sums in steps.by_day(after, until):
            if day in self.spoilt:
                continue
            known = self.days.get(day)
            self.days[day] = sums if known is None else [known[0] + sums[0], known[1] + sums[1], known[2] + sums[2]]
        latest = bisect_right(steps.times, until)
        if latest:
            self.last = max(self.last, steps.times[latest - 1])

    def copy(self) -> Account:
        """The same sums, to be added to without a trace."""
        days = {day: list(sums) for day, sums in self.days.items()}
        return Account(self.first, self.last, days, dict(self.lost), set(self.spoilt))

    def said(self) -> list[Any]:
        """As a cursor keeps it; `_account_of` reads it."""
        return [self.first, self.last, self.days, self.lost, sorted(self.spoilt)]

    def month(self, month: str) -> Sums:
        """Sums of a month."""
        picked = [sums for day, sums in self.days.items() if day.startswith(month)]
        return [sum(numbers) for numbers in zip(*picked, strict=True)] or [0.0, 0.0, 0.0]

    def forget(self, month: str) -> None:
        """Drop what is known of a month that is closed."""
        self.days = {day: sums for day, sums in self.days.items() if not day.startswith(month)}
        self.spoilt = {day for day in self.spoilt if not day.startswith(month)}
        self.lost.pop(month, None)


@dataclass(slots=True)
class Book:
    """One indicator: how far it was read, and its targets.

    Attributes:
        digest: what was measured; another one begins anew.
        since: where its history begins, in seconds since 1970.
        done: end of the last step that is settled.
        accounts: value of the service label (empty where there is none) -> sums.
    """

    digest: str
    since: int
    done: int
    accounts: dict[str, Account] = field(default_factory=dict)


@dataclass(slots=True)
class Bank:
    """Every indicator that was measured."""

    step_s: int
    books: dict[str, Book] = field(default_factory=dict)

    def book(self, sli: Sli, start: int) -> Book:
        """The book of an indicator; a new one where it is new, or measures something else than before."""
        known = self.books.get(sli.sli_id)
        if known is None or known.digest != sli.digest:
            known = self.books[sli.sli_id] = Book(sli.digest, start, start)
        return known

    def oldest(self) -> int | None:
        """The first instant any target has data of; None where none has."""
        return min((account.first for book in self.books.values() for account in book.accounts.values()), default=None)

    def to_text(self) -> str:
        """The text of a cursor: compressed JSON in base64."""
        said = {
            "form": _FORM,
            "step_s": self.step_s,
            "books": {
                sli_id: [
                    book.digest,
                    book.since,
                    book.done,
                    {name: a.said() for name, a in book.accounts.items()},
                ]
                for sli_id, book in self.books.items()
            },
        }
        return packed(said)


def bank_of(text: str | None, step_s: int) -> Bank:
    """The bank of a cursor; an empty one where there is none, or where it was kept with another step or form."""
    said: Any = unpacked(text)
    if not isinstance(said, Mapping) or said.get("form") != _FORM or said.get("step_s") != step_s:
        return Bank(step_s)
    books = {
        sli_id: Book(digest, since, done, {name: _account_of(*said) for name, said in accounts.items()})
        for sli_id, (digest, since, done, accounts) in said["books"].items()
    }
    return Bank(step_s, books)


def _account_of(
    first: int, last: int, days: dict[str, Sums], lost: dict[str, int], spoilt: Iterable[str] = ()
) -> Account:
    return Account(first, last, days, lost, set(spoilt))


def packed(said: object) -> str:
    """JSON as the text of a cursor."""
    return base64.b64encode(zlib.compress(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), 6)).decode()


def unpacked(text: str | None) -> Any:
    """The JSON of a cursor; None where there is none, or where it is damaged."""
    if not text:
        return None
    try:
        return orjson.loads(zlib.decompress(base64.b64decode(text, validate=True)))
    except (ValueError, zlib.error):
        return None
