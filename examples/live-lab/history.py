"""A history of two services, the same at every run: what a Prometheus would have recorded in the days before.

Writes OpenMetrics text for `promtool tsdb create-blocks-from openmetrics`, and keeps the numbers it was made of, so
that a result can be computed from them by hand.

    checkout   a short outage 20 days before the end, and a counter that starts again after a restart
    search     an outage of three hours 55 days before the end, and two days without monitoring 33 days before it
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

DAY_S = 86_400
STEP_S = 300
SERVICES = ("checkout", "search")
ALERT = "ErrorBudgetBurnFast"

_ERRORS = {"checkout": 0.0003, "search": 0.0004}
_ERRORS_WHEN_DOWN = 0.6
# Days before the end, and seconds.
_OUTAGES = {"checkout": (20, 2_400), "search": (55, 10_800)}
_HOLES = {"checkout": None, "search": (33, 2 * DAY_S)}
_RESTARTS = {"checkout": 10, "search": None}


@dataclass(slots=True)
class Sample:
    """One scrape of one service.

    Attributes:
        at: seconds since 1970.
        good, bad: requests since the scrape before.
        good_counter, bad_counter: what the counters showed.
        seen: whether it was scraped.
        down: whether the service was down.
    """

    at: int
    good: int
    bad: int
    good_counter: int
    bad_counter: int
    seen: bool
    down: bool


@dataclass(slots=True)
class History:
    """The scrapes of every service, in order of time."""

    start: int
    end: int
    services: dict[str, list[Sample]] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """OpenMetrics text; promtool wants the samples of one series together."""
        yield "# TYPE http_requests counter"
        for service, samples in self.services.items():
            for code in ("200", "500"):
                for sample in samples:
                    if sample.seen:
                        value = sample.good_counter if code == "200" else sample.bad_counter
                        yield f'http_requests_total{{job="{service}",code="{code}"}} {value} {sample.at}'
        yield "# TYPE sli:availability:ratio_rate5m gauge"
        for service, samples in self.services.items():
            for sample in samples:
                if sample.seen:
                    ratio = sample.good / (sample.good + sample.bad)
                    yield f'sli:availability:ratio_rate5m{{job="{service}"}} {ratio:.6f} {sample.at}'
        yield "# TYPE ALERTS gauge"
        for service, samples in self.services.items():
            labels = f'alertname="{ALERT}",alertstate="firing",job="{service}",severity="page",team="payments"'
            for sample in samples:
                if sample.seen and sample.down:
                    yield f"ALERTS{{{labels}}} 1 {sample.at}"
        yield "# EOF"

    def write(self, path: Path) -> Path:
        """Write the text to a file."""
        path.write_text("".join(f"{line}\n" for line in self.lines()), encoding="utf-8")
        return path


def make(end: int, days: int = 90) -> History:
    """The history that ends at or just before an instant.

    Args:
        end: seconds since 1970.
        days: how long it is.
    """
    end -= end % STEP_S
    history = History(end - days * DAY_S, end)
    for service in SERVICES:
        history.services[service] = list(_samples(service, history.start, end))
    return history


def _samples(service: str, start: int, end: int) -> Iterator[Sample]:
    chance = random.Random(service)
    outage, hole = _span(_OUTAGES[service], end), _span(_HOLES[service], end)
    restart = _RESTARTS[service]
    good_counter = bad_counter = 0
    for at in range(start, end + 1, STEP_S):
        requests = 3_000 + chance.randrange(600)
        down = at in outage
        bad = int(requests * (_ERRORS_WHEN_DOWN if down else _ERRORS[service]) + chance.random())
        if restart is not None and at == end - restart * DAY_S:
            good_counter = bad_counter = 0
        good_counter += requests - bad
        bad_counter += bad
        yield Sample(at, requests - bad, bad, good_counter, bad_counter, at not in hole, down)


def _span(span: tuple[int, int] | None, end: int) -> range:
    if span is None:
        return range(0)
    begin = end - span[0] * DAY_S
    return range(begin, begin + span[1])
