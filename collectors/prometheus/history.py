"""Reads the history of alerts, a day at a time, and yields what began and ended in it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from auditor.api import Gap, GapReason, JsonValue, Record, Refused
from collectors.prometheus.alertmanager import Silence, silenced_at
from collectors.prometheus.alerts import FIRING, STEP_S, AlertLog, Event
from collectors.prometheus.calls import Calls, Reply
from collectors.prometheus.instants import DAY_S, iso
from collectors.prometheus.rules import AlertIndex, Services

_REST_S = 7_200
"""A rest of the day that is asked together with the day before it."""


def pull_alerts(
    calls: Calls,
    log: AlertLog,
    settled: int,
    index: AlertIndex,
    services: Services,
    silences: Sequence[Silence] | None,
    progress: Callable[[str], None],
) -> Generator[Record | Gap, None, bool]:
    """Bring a log up to an instant; returns whether everything was read.

    Args:
        settled: seconds since 1970.
        silences: those the Alertmanager remembers; None: it is not known what was silenced.
    """
    reply: Reply | None = None
    while log.done < settled:
        end = settled if settled - log.done <= DAY_S + _REST_S else log.done + DAY_S
        progress(f"alerts until {iso(end)}")
        try:
            reply = calls.query_range(FIRING, log.done + STEP_S, end, STEP_S)
        except Refused as refused:
            yield refused.gap("alert_event")
            return False
        if reply.warnings:
            detail = f"the server calls its answer incomplete: {reply.warnings[0]}"
            yield Gap("alert_event", GapReason.TRUNCATED, detail, reply.answer.place)
            return False
        result = reply.data["result"]
        for event in log.take(result, end, index, services):
            yield _record(event, reply, result, silences)
    if reply is not None:
        for (rule_id, service), start in sorted(log.firing.items()):
            event = Event(rule_id, service, start, None, log.shown.get((rule_id, service), -1))
            yield _record(event, reply, reply.data["result"], silences)
    return True


def _record(event: Event, reply: Reply, result: Sequence[object], silences: Sequence[Silence] | None) -> Record:
    """The row of an alert; where its silences are forgotten by now, nobody knows whether it was silenced."""
    series = result[event.series] if 0 <= event.series < len(result) else None
    labels = series.get("metric") if isinstance(series, dict) else None
    silenced: bool | None = None
    if silences is not None and isinstance(labels, dict):
        silenced = True if silenced_at(silences, labels, event.start) else False if event.end is None else None
    row: dict[str, JsonValue] = {
        "rule_id": event.rule_id,
        "service_id": event.service or None,
        "start": iso(event.start),
        "end": None if event.end is None else iso(event.end),
        "silenced": silenced,
    }
    pointer = f"/data/result/{event.series}" if event.series >= 0 else "/data/result"
    return Record("alert_event", row, reply.answer.payload, pointer, reply.answer.place)
