"""Rules of the rules API as rows of `monitoring_rule`; pure."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from auditor.api import JsonValue
from collectors.prometheus.instants import instant

_KINDS = {"alerting": "alert", "recording": "recording"}
_HEALTH = {"ok": "ok", "err": "err"}
_EXPLICIT_LABELS = ("service", "service_id")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as the server has it.

    Attributes:
        rule_id: file name, group and name; a part of a hash behind it where these are not unique.
        pointer: JSON pointer into the rules answer.
        body: the rule as it came.
        page: position of the rules answer among those that were asked for.
    """

    rule_id: str
    pointer: str
    group: str
    interval_s: float | None
    body: Mapping[str, Any]
    page: int = 0

    @property
    def name(self) -> str:
        """Its name: of an alert, or of the series it records."""
        return str(self.body.get("name"))

    @property
    def kind(self) -> str | None:
        """`alert`, `recording`, or None for a type that is not known."""
        return _KINDS.get(str(self.body.get("type")))

    @property
    def labels(self) -> dict[str, str]:
        """The labels it sets."""
        found = self.body.get("labels")
        return {str(name): str(value) for name, value in found.items()} if isinstance(found, Mapping) else {}

    @property
    def expr(self) -> str:
        """Its expression."""
        return str(self.body.get("query") or "")


@dataclass(slots=True)
class _Found:
    """Entries that are rules: their ids where no other rule has it, page, pointer, group and body; and what is none.

    Attributes:
        strange: entries that are no rule; None: groups of which nobody knows how many rules they have.
    """

    rules: list[tuple[str, int, str, Mapping[str, Any], Mapping[str, Any]]] = field(default_factory=list)
    strange: int | None = 0

    def take(self, page: int, number: int, group: Any) -> None:
        """Look through a group."""
        entries = group.get("rules") if isinstance(group, Mapping) else None
        if not isinstance(entries, list):
            self.strange = None
            return
        for position, body in enumerate(entries):
            if not isinstance(body, Mapping) or not body.get("name") or str(body.get("type")) not in _KINDS:
                self.strange = None if self.strange is None else self.strange + 1
                continue
            file = PurePosixPath(str(group.get("file") or "")).name
            plain = f"{file}/{group.get('name')}/{body['name']}" if file else f"{group.get('name')}/{body['name']}"
            self.rules.append((plain, page, f"/data/groups/{number}/rules/{position}", group, body))


def read_rules(*pages: Sequence[Any]) -> tuple[list[Rule], int | None]:
    """The rules of the answers, and how many entries are none; None: that cannot be counted.

    Args:
        pages: the member `data.groups` of each.
    """
    found = _Found()
    for page, groups in enumerate(pages):
        for number, group in enumerate(groups):
            found.take(page, number, group)
    times = Counter(plain for plain, *_ in found.rules)
    marked = Counter[str]()
    result = []
    for plain, page, pointer, group, body in found.rules:
        rule_id = plain
        if times[plain] > 1:
            rule_id = f"{plain}#{_mark(group, body)}"
            marked[rule_id] += 1
            if marked[rule_id] > 1:  # the same rule twice
                rule_id = f"{rule_id}.{marked[rule_id]}"
        interval = group.get("interval")
        interval_s = float(interval) if isinstance(interval, int | float) else None
        result.append(Rule(rule_id, pointer, str(group.get("name")), interval_s, body, page))
    return result, found.strange


def _mark(group: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    said = json.dumps([group.get("file"), body.get("query"), body.get("labels")], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:8]


def rule_row(rule: Rule, system: str, service_id: str | None, target_id: str | None) -> dict[str, JsonValue]:
    """The row of a rule, without what only other answers tell.

    A rule whose last evaluation is the zero of Go was never evaluated: its health, `ok` all the same, says nothing.
    """
    body = rule.body
    last_eval = instant(body.get("lastEvaluation"))
    health = _HEALTH.get(str(body.get("health")), "unknown") if last_eval is not None else "unknown"
    duration = body.get("duration")
    labels = rule.labels
    return {
        "rule_id": rule.rule_id,
        "system": system,
        "kind": rule.kind,
        "name": rule.name,
        "expr": rule.expr or None,
        "interval_s": rule.interval_s,
        "for_s": float(duration) if rule.kind == "alert" and isinstance(duration, int | float) else None,
        "labels": dict(labels),
        "severity": labels.get("severity"),
        "service_id": service_id,
        "target_id": target_id,
        "health": health,
        "last_eval": last_eval,
    }


@dataclass(frozen=True, slots=True)
class Services:
    """Which service labels speak of.

    Attributes:
        labels: labels to look at, the first that tells counts.
        mapped: value of a label -> id of the service.
    """

    labels: Sequence[str]
    mapped: Mapping[str, str]

    def of(self, labels: Mapping[str, str]) -> str | None:
        """The service that labels name.

        A value that is not mapped names a service only in a label that is called so: a job or an app is often none.
        """
        known = set(self.mapped.values())
        for name in self.labels:
            value = labels.get(name)
            if value and (value in self.mapped or value in known or name in _EXPLICIT_LABELS):
                return self.mapped.get(value, value)
        return None

    def named(self, value: str) -> str:
        """The service that a value names which is said to name one."""
        return self.mapped.get(value, value)


class AlertIndex:
    """Finds the rule an alert came from, by its name and labels."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._by_name: dict[str, list[tuple[Rule, dict[str, str]]]] = {}
        for rule in rules:
            if rule.kind == "alert":
                # A label with a template has a value of its own in every alert.
                fixed = {name: value for name, value in rule.labels.items() if "{{" not in value}
                self._by_name.setdefault(rule.name, []).append((rule, fixed))

    def rule_id(self, labels: Mapping[str, str]) -> str:
        """Id of the rule; of one that is not there any more, the name of the alert."""
        name = labels.get("alertname", "")
        fitting = [
            (len(fixed), rule.rule_id)
            for rule, fixed in self._by_name.get(name, ())
            if all(labels.get(key) == value for key, value in fixed.items())
        ]
        return max(fitting, default=(0, name))[1]


def alert_labels(rule: Rule, external: Mapping[str, str]) -> dict[str, str]:
    """The labels that every alert of a rule carries, with those the server puts on all of them."""
    return {**external, **rule.labels, "alertname": rule.name}
