"""Whom an alert reaches: the routes of an Alertmanager configuration walked with the labels of each rule.

Mute times, active times and inhibition are noted, not judged: they depend on when an alert fires and on what else does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.recognise.alert_config import MAX_VALUE, AlertConfig, ConfigFault, Matcher, Route, read_config

__all__ = ["VERSION", "AlertConfig", "ConfigFault", "Routed", "kinds_of_receiver", "matched", "read_config", "route"]

VERSION = "alert_routes 1"
"""Changes whenever the same configuration and labels would give other receivers."""

KINDS = ("page", "ticket", "chat", "email", "webhook", "none")
"""Kinds of receivers, in the order they are given in."""

_BY_INTEGRATION = {
    "pagerduty_configs": "page",
    "opsgenie_configs": "page",
    "victorops_configs": "page",
    "pushover_configs": "page",
    "incidentio_configs": "page",
    "jira_configs": "ticket",
    "slack_configs": "chat",
    "msteams_configs": "chat",
    "msteamsv2_configs": "chat",
    "discord_configs": "chat",
    "telegram_configs": "chat",
    "webex_configs": "chat",
    "wechat_configs": "chat",
    "rocketchat_configs": "chat",
    "mattermost_configs": "chat",
    "email_configs": "email",
}
"""Kind by integration; every other one (a plain webhook, Amazon SNS, one not known here) is a `webhook`."""

_BY_ADDRESS = (
    ("page", re.compile(r"pagerduty|opsgenie|victorops|/jsm/ops|splunkoncall|incident\.io|oncall|squadcast|zenduty"
                        r"|ilert|pagertree|betterstack|goalert|signl4", re.IGNORECASE)),
    ("ticket", re.compile(r"\bjira|jiralert|service-now\.com|servicenow|atlassian\.net|zammad|glpi|otrs|freshservice"
                          r"|zendesk", re.IGNORECASE)),
    ("chat", re.compile(r"slack|msteams|office\.com/webhook|mattermost|discord|telegram|webex|rocket\.?chat"
                        r"|chat\.googleapis", re.IGNORECASE)),
)  # fmt: skip
"""Kind of a webhook by words of its address, the first that fits."""

_QUIET = frozenset({"none", "info"})


@dataclass(frozen=True, slots=True)
class Routed:
    """Whom the alerts of a rule reach.

    Attributes:
        kinds: kinds of the receivers, in the order of `KINDS`; None: undecided.
        receivers: names of the receivers, in the order of the routes.
        notes: the path of each route, and what may keep a notification from being sent; whole sentences.
        undecided: why it could not be decided; None when it was.
    """

    kinds: tuple[str, ...] | None
    receivers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    undecided: str | None = None


class _Open(Exception):
    """A matcher cannot be decided: the value of its label is only known when the alert fires, or is very long."""


def matched(root: Route, labels: Mapping[str, str]) -> tuple[Route, ...]:
    """The routes an alert with these labels takes; the root takes what no other route does.

    Args:
        root: the tree of routes.
        labels: all labels of the alert, `alertname` among them.
    """
    return tuple(_walk(root, labels))


def route(config: AlertConfig, labels: Mapping[str, str | None]) -> Routed:
    """Whom the alerts of one rule reach.

    Labels that the rule does not set may come from the series when it fires: the walk takes them as absent, and a note
    names those that a route asks for.

    Args:
        config: the configuration.
        labels: labels of the rule, its name as `alertname`.
    """
    known = {label: value for label, value in labels.items() if value is not None}
    try:
        routes = matched(config.root, known)
    except _Open as fault:
        return Routed(None, undecided=str(fault))
    kinds: set[str] = set()
    notes: list[str] = []
    for each in routes:
        if each.receiver not in config.receivers:
            return Routed(None, undecided=f"receiver {each.receiver} of {each.path} is not defined")
        of_receiver = kinds_of_receiver(config.receivers[each.receiver])
        kinds.update(of_receiver)
        notes += _route_notes(each, of_receiver)
    if len(kinds) > 1:
        kinds.discard("none")
    notes += _inhibition_notes(config, known)
    if absent := sorted(config.asked - known.keys()):
        notes.append(f"Routes ask for labels that the rule does not set: {', '.join(absent)}; a series may bring them.")
    if (severity := known.get("severity", "").lower()) in _QUIET:
        notes.append(f"Severity {severity} asks nobody to act: not paged, whatever the receiver.")
    return Routed(
        tuple(kind for kind in KINDS if kind in kinds), _distinct(each.receiver for each in routes), tuple(notes)
    )


def kinds_of_receiver(integrations: Mapping[str, Sequence[Any]]) -> tuple[str, ...]:
    """The kinds of a receiver; (`none`,) where nothing is configured.

    Args:
        integrations: integration (`slack_configs` and so on) -> its settings.
    """
    kinds = set()
    for integration, entries in integrations.items():
        for entry in entries:
            kinds.add(_BY_INTEGRATION.get(integration) or _kind_of_address(entry))
    return tuple(kind for kind in KINDS if kind in kinds) or ("none",)


def _walk(node: Route, labels: Mapping[str, str]) -> list[Route]:
    if not _meets(node.matchers, labels):
        return []
    taken: list[Route] = []
    for below in node.routes:
        found = _walk(below, labels)
        taken += found
        if found and not below.goes_on:
            break
    return taken or [node]


def _meets(matchers: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    open_one: Matcher | None = None
    for matcher in matchers:
        value = labels.get(matcher.label, "")
        if "{{" in value or (matcher.pattern is not None and len(value) > MAX_VALUE):
            open_one = matcher
        elif not matcher.matches(labels):
            return False
    if open_one is not None:
        why = "from a template" if "{{" in labels[open_one.label] else f"more than {MAX_VALUE} characters long"
        raise _Open(f"a route asks for {open_one}, and the rule makes that label {why}")
    return True


def _kind_of_address(entry: Any) -> str:
    address = entry.get("url") if isinstance(entry, dict) else None
    return next(
        (kind for kind, pattern in _BY_ADDRESS if isinstance(address, str) and pattern.search(address)), "webhook"
    )


def _route_notes(each: Route, kinds: Sequence[str]) -> Iterator[str]:
    conditions = ", ".join(str(matcher) for matcher in each.matchers)
    yield f"{each.path}{f' ({conditions})' if conditions else ''} leads to {each.receiver} ({', '.join(kinds)})."
    if each.mutes:
        yield f"{each.path} is silent in {', '.join(each.mutes)}."
    if each.actives:
        yield f"{each.path} is silent outside {', '.join(each.actives)}."


def _inhibition_notes(config: AlertConfig, labels: Mapping[str, str]) -> Iterator[str]:
    for one in config.inhibitions:
        try:
            if one.target and _meets(one.target, labels):
                source = ", ".join(str(matcher) for matcher in one.source)
                yield f"It is silent while an alert with {source or 'any labels'} fires on the same thing."
        except _Open as fault:
            yield f"Whether an inhibition silences it is not known: {fault}."


def _distinct(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
