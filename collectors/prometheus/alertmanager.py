"""What the Alertmanager tells: how alerts are routed, what is silenced; its answers, and what they mean for a rule."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.api import Gap, GapReason, Http, Redaction, Refused
from collectors.prometheus.instants import epoch

REDACTED = (Redaction(frozenset({"createdBy"}), "person"), Redaction(frozenset({"comment"}), "text"))
"""Who made a silence, and why. Of the Alertmanager's answers only: those of Prometheus hold no persons, are large, and
its page of metrics is no JSON that could be redacted."""

SHARE_D = 90
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence.

    Attributes:
        matchers: name, value, whether the value is a regular expression, whether it must match (else must not).
        start, end: seconds since 1970.
    """

    matchers: tuple[tuple[str, str, bool, bool], ...]
    start: float
    end: float

    def covers(self, labels: Mapping[str, str]) -> bool:
        """Whether it silences every alert with these labels; a label that only single alerts have is absent here."""
        return bool(self.matchers) and all(
            _matches(labels.get(name, ""), value, is_regex) == is_equal
            for name, value, is_regex, is_equal in self.matchers
        )


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """What one Alertmanager answered.

    Attributes:
        config: its running configuration as YAML, secrets masked; None: it was not shown.
        silences: those it still remembers; None: they were not shown.
    """

    config: str | None
    silences: tuple[Silence, ...] | None


def ask(http: Http) -> Generator[Gap, None, Alertmanager]:
    """Ask for configuration, silences and alerts; yields what was refused, returns what was learnt."""
    config, silences = None, None
    try:
        status = http.get("/api/v2/status")
        body = status.json()
        found = body.get("config") if isinstance(body, Mapping) else None
        text = found.get("original") if isinstance(found, Mapping) else None
        config = text if isinstance(text, str) and text else None
        if config is None:
            detail = "the Alertmanager shows no configuration: whom alerts reach is not known"
            yield Gap("monitoring_rule", GapReason.MALFORMED, detail, status.place, None, 0)
    except Refused as refused:
        yield refused.gap("monitoring_rule", hides_rows=0)
    try:
        silences = read_silences(http.get("/api/v2/silences").json())
        _list(http.get("/api/v2/alerts").json())  # kept as evidence of what was open
    except Refused as refused:
        yield refused.gap("monitoring_rule", hides_rows=0)
    return Alertmanager(config, silences)


def read_silences(body: Any) -> tuple[Silence, ...]:
    """The silences of an answer; those that were never active are left out.

    Raises:
        Refused: it is no list of silences.
    """
    return tuple(silence for entry in _list(body) if (silence := _silence(entry)) is not None)


def _list(body: Any) -> list[Mapping[str, Any]]:
    """The objects of an answer.

    Raises:
        Refused: it is no list of objects.
    """
    if not isinstance(body, list) or not all(isinstance(entry, Mapping) for entry in body):
        raise Refused(GapReason.MALFORMED, "the answer of the Alertmanager is no list of objects")
    return body


def _silence(entry: Mapping[str, Any]) -> Silence | None:
    start, end = epoch(entry.get("startsAt")), epoch(entry.get("endsAt"))
    matchers = tuple(
        (str(one.get("name")), str(one.get("value")), bool(one.get("isRegex")), one.get("isEqual") is not False)
        for one in entry.get("matchers") or ()
        if isinstance(one, Mapping)
    )
    return Silence(matchers, start, end) if start is not None and end is not None and end > start else None


def _matches(value: str, wanted: str, is_regex: bool) -> bool:
    if not is_regex:
        return value == wanted
    try:
        return re.fullmatch(wanted, value) is not None
    except re.error:
        return False  # a form of regular expression that only Go knows


def muted_share(silences: Sequence[Silence], labels: Mapping[str, str], now: float) -> float | None:
    """Part of the last 90 days in which every alert with these labels was silenced.

    An Alertmanager forgets silences some days after their end (120 hours by default): what it remembers is no more than
    a lower bound, which is the share itself only where it is all of the time.

    Returns:
        1 where the silences cover all of it, else None: nobody knows.
    """
    begin = now - SHARE_D * _DAY_S
    spans = sorted((max(silence.start, begin), min(silence.end, now)) for silence in silences if silence.covers(labels))
    reached = begin
    for start, end in spans:
        if start > reached:
            return None
        reached = max(reached, end)
    return 1.0 if reached >= now else None


def silenced_at(silences: Sequence[Silence], labels: Mapping[str, str], at: float) -> bool:
    """Whether a silence that is remembered covered these labels at an instant."""
    return any(silence.start <= at < silence.end and silence.covers(labels) for silence in silences)
