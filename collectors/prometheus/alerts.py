"""The history of alerts: when each rule fired for each service, from the series that the rules leave behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from collectors.prometheus.bank import packed, unpacked
from collectors.prometheus.instants import DAY_S, day_of, day_start
from collectors.prometheus.rules import AlertIndex, Services

FIRING = 'ALERTS{alertstate="firing"}'
STEP_S = 60
"""Seconds to which start and end of an alert are known (chosen: half of what people react in)."""

SHARE_D = 90
_FORM = 1

Key = tuple[str, str]
"""Rule and service; the service is empty where none is named."""


@dataclass(frozen=True, slots=True)
class Event:
    """One alert of one rule for one service, over all its instances.

    Attributes:
        start, end: seconds since 1970; the end is None while it fires.
        series: position of a series of the latest answer that shows it.
    """

    rule_id: str
    service: str
    start: int
    end: int | None
    series: int


@dataclass(slots=True)
class AlertLog:
    """What is remembered from pull to pull; it is kept in the cursor of `alert_event`.

    Attributes:
        since: where the history begins, in seconds since 1970.
        done: how far it was read.
        firing: alerts that fired at `done`, and since when.
        seconds: rule -> day -> seconds it fired, of the last 90 days.
        observed: what the left sides of rules came to (`observe.Seen`).
        shown: rule and service -> position of a series of the latest answer; not kept.
    """

    since: int
    done: int
    firing: dict[Key, int] = field(default_factory=dict)
    seconds: dict[str, dict[str, int]] = field(default_factory=dict)
    observed: dict[str, list[Any]] = field(default_factory=dict)
    shown: dict[Key, int] = field(default_factory=dict)

    def to_text(self) -> str:
        """The text of a cursor."""
        firing = [[rule_id, service, start] for (rule_id, service), start in sorted(self.firing.items())]
        said = {
            "form": _FORM,
            "since": self.since,
            "done": self.done,
            "firing": firing,
            "seconds": self.seconds,
            "observed": self.observed,
        }
        return packed(said)

    def skip_to(self, oldest: int) -> None:
        """Begin anew where a server has forgotten what came after `done`; what was between is not known."""
        if oldest > self.done:
            self.since = self.done = -(-oldest // STEP_S) * STEP_S
            self.firing.clear()
            self.seconds.clear()

    def take(self, result: Sequence[Any], end: int, index: AlertIndex, services: Services) -> Iterator[Event]:
        """Take the answer for the time from `done` to `end`; yields the alerts that ended in it."""
        times: dict[Key, set[int]] = {}
        by_rule: dict[str, set[int]] = {}
        self.shown.clear()
        for position, series in enumerate(result):
            labels = series["metric"]
            if labels.get("alertstate") != "firing":
                continue  # a server that does not know a filter may ignore it
            rule_id = index.rule_id(labels)
            key = rule_id, services.of(labels) or ""
            self.shown.setdefault(key, position)
            steps = [value[0] for value in series["values"]]
            times.setdefault(key, set()).update(steps)
            by_rule.setdefault(rule_id, set()).update(steps)
        before, self.done = self.done, end
        for rule_id, steps_of_rule in by_rule.items():
            days = self.seconds.setdefault(rule_id, {})
            for at in steps_of_rule:
                day = day_of(at - 1)
                days[day] = days.get(day, 0) + STEP_S
        for key in sorted({*times, *self.firing}):
            yield from self._runs(key, sorted(times.get(key, ())), before, self.shown.get(key, -1))

    def _runs(self, key: Key, times: Sequence[int], before: int, series: int) -> Iterator[Event]:
        start = self.firing.pop(key, None)
        last = before if start is not None else None
        for at in times:
            if start is None or last is None or at - last > STEP_S:
                if start is not None and last is not None:
                    yield Event(*key, start, last + STEP_S, series)
                start = at
            last = at
        if start is None or last is None:
            return
        if last == self.done:
            self.firing[key] = start
        else:
            yield Event(*key, start, last + STEP_S, series)

    def forget(self, now: int) -> None:
        """Drop days that no share is computed from any more."""
        oldest = day_of(now - SHARE_D * DAY_S)
        self.seconds = {
            rule_id: kept
            for rule_id, days in self.seconds.items()
            if (kept := {day: number for day, number in days.items() if day >= oldest})
        }

    def firing_share(self, rule_id: str) -> float | None:
        """Part of the last 90 days a rule fired; None where less than half of them was seen."""
        begin = max(self.since, self.done - SHARE_D * DAY_S)
        seen = self.done - begin
        if seen < SHARE_D * DAY_S / 2:
            return None
        days = self.seconds.get(rule_id, {})
        fired = sum(number for day, number in days.items() if day_start(day) + DAY_S > begin)
        return round(min(fired / seen, 1.0), 6)


def log_of(text: str | None, start: int) -> AlertLog:
    """The log of a cursor; a new one where there is none."""
    said: Any = unpacked(text)
    if not isinstance(said, Mapping) or said.get("form") != _FORM:
        return AlertLog(start, start)
    firing = {(rule_id, service): at for rule_id, service, at in said["firing"]}
    seconds = {rule_id: dict(days) for rule_id, days in said["seconds"].items()}
    return AlertLog(said["since"], said["done"], firing, seconds, said["observed"])
