"""Reads the history of alerts, a day at a time, and yields what began and ended in it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any

from auditor.api import Gap, GapReason, JsonValue, Record, Refused
from collectors.prometheus.alertmanager import Silence, silenced_at
from collectors.prometheus.alerts import FIRING, STEP_S, AlertLog, Event, log_of
from collectors.prometheus.calls import Calls, Reply
from collectors.prometheus.instants import DAY_S, day_of, epoch, iso
from collectors.prometheus.rules import AlertIndex, Rule, Services

_REST_S = 7_200
"""A rest of the day that is asked together with the day before it."""


def pull_alerts(
    calls: Calls,
    log: AlertLog,
    settled: int,
    until: int,
    index: AlertIndex,
    services: Services,
    silences: Sequence[Silence] | None,
    progress: Callable[[str], None],
) -> Generator[Record | Gap, None, tuple[bool, AlertLog]]:
    """Read on where a log ends; returns whether everything was read, and the log of what is settled.

    Args:
        settled: how far the log is to be brought, in seconds since 1970.
        until: how far is looked at; what is behind `settled` is asked for again by the next pull.
        silences: those the Alertmanager remembers; None: it is not known what was silenced.
    """
    reply: Reply | None = None
    kept = _copy(log) if log.done >= settled else log
    while log.done < until:
        end = until if until - log.done <= DAY_S + _REST_S else log.done + DAY_S
        progress(f"alerts until {iso(end)}")
        try:
            reply = _series(calls, log.done + STEP_S, end)
        except Refused as refused:
            yield refused.gap("alert_event")
            return False, kept
        result = reply.data["result"]
        cuts = (settled, end) if log.done < settled < end else (end,)
        for cut in cuts:
            part = _between(result, log.done, cut) if len(cuts) > 1 else result
            for event in log.take(part, cut, index, services):
                yield _record(event, reply, result, silences)
            if cut == settled < until:
                kept = _copy(log)
    if reply is not None:
        for (rule_id, service), start in sorted(log.firing.items()):
            event = Event(rule_id, service, start, None, log.shown.get((rule_id, service), -1))
            yield _record(event, reply, reply.data["result"], silences)
    return True, kept


def _copy(log: AlertLog) -> AlertLog:
    return log_of(log.to_text(), log.done)


def _between(result: Sequence[Any], after: int, until: int) -> list[dict[str, Any]]:
    """The series with what they have of a time, in their order."""
    return [
        {**series, "values": [value for value in series["values"] if after < value[0] <= until]} for series in result
    ]


def _series(calls: Calls, start: int, end: int) -> Reply:
    """What fired in a time.

    Raises:
        Refused: there is no answer, or one that does not say when something fired.
    """
    reply = calls.query_range(FIRING, start, end, STEP_S)
    if not all(isinstance(series.get("values"), list) for series in reply.data["result"]):
        detail = "series of alerts hold no values: when these fired is not known"
        raise Refused(GapReason.MALFORMED, detail, place=reply.answer.place)
    return reply


def unseen(log: AlertLog, rules: Sequence[Rule], settled: int) -> Iterator[str]:
    """Rules that fire by their own word, long enough to show in the history of alerts, and do not show there.

    Args:
        settled: how far the history is read, in seconds since 1970.
    """
    index = AlertIndex(rules)
    for rule in rules:
        alerts = rule.body.get("alerts")
        for alert in alerts if isinstance(alerts, list) else ():
            labels = alert.get("labels") if isinstance(alert, Mapping) and alert.get("state") == "firing" else None
            since = epoch(str(alert.get("activeAt"))) if isinstance(labels, Mapping) else None
            if labels is None or since is None:
                continue
            since += _seconds(rule.body.get("duration")) + (rule.interval_s or 0.0) + STEP_S
            # To the day: evaluations that lie far apart leave holes.
            first = day_of(int(max(since, settled - DAY_S)))
            if since <= settled and not any(day >= first for day in log.seconds.get(index.rule_id(labels), ())):
                yield rule.rule_id
                break


def _seconds(said: object) -> float:
    return float(said) if isinstance(said, int | float) else 0.0


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
