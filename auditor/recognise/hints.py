"""What collectors may ask between their two passes: facts they just read, and what the recognisers make of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from auditor.canonical import JsonValue
from auditor.recognise import alert_routes
from auditor.recognise.services import service_hints
from auditor.recognise.slis import recognise_slis

Facts = Mapping[str, JsonValue]


def hints(kind: str, facts: Facts) -> Mapping[str, JsonValue]:
    """Hints of one kind.

    Args:
        kind: `slis` (facts: `rules`, `service_labels`), `receivers` (facts: `config`, `rules`),
            `services` (facts: `names`, `known`, `aliases`).
        facts: what was read, as JSON values; entries of another form than expected are passed over.

    Returns:
        `slis`: see `recognise_slis`. `receivers`: rule id -> kinds of receivers, `notes`: rule id -> sentences,
        `undecided`: rule id -> reason (such a rule is not in `receivers`). `services`: see `service_hints`. An unknown
        kind gives none.
    """
    recogniser = _RECOGNISERS.get(kind)
    return {} if recogniser is None else recogniser(facts)


def _slis(facts: Facts) -> Mapping[str, JsonValue]:
    labels = facts.get("service_labels")
    names = [label for label in labels if isinstance(label, str)] if isinstance(labels, list) else []
    return recognise_slis(list(_rules(facts)), names)


def _receivers(facts: Facts) -> Mapping[str, JsonValue]:
    receivers: dict[str, JsonValue] = {}
    notes: dict[str, JsonValue] = {}
    undecided: dict[str, JsonValue] = {}
    config: alert_routes.AlertConfig | None = None
    fault = ""
    try:
        config = alert_routes.read_config(str(facts.get("config") or ""))
    except alert_routes.ConfigFault as error:
        fault = str(error)
    for rule in _rules(facts):
        rule_id = str(rule.get("rule_id"))
        if config is None:
            undecided[rule_id] = fault
            continue
        routed = alert_routes.route(config, _labels(rule))
        if routed.kinds is None:
            undecided[rule_id] = routed.undecided
            continue
        receivers[rule_id] = list(routed.kinds)
        notes[rule_id] = list(routed.notes)
    return {"receivers": receivers, "notes": notes, "undecided": undecided}


def _rules(facts: Facts) -> Iterator[Mapping[str, JsonValue]]:
    rules = facts.get("rules")
    yield from (rule for rule in (rules if isinstance(rules, list) else ()) if isinstance(rule, dict))


def _labels(rule: Mapping[str, JsonValue]) -> dict[str, str | None]:
    """The labels its alerts carry; its name is one of them."""
    labels = rule.get("labels")
    found = (
        {key: None if value is None else str(value) for key, value in labels.items()}
        if isinstance(labels, dict)
        else {}
    )
    if "alertname" not in found and isinstance(rule.get("name"), str):
        found["alertname"] = str(rule["name"])
    return found


_RECOGNISERS: Mapping[str, Callable[[Facts], Mapping[str, JsonValue]]] = {
    "slis": _slis,
    "receivers": _receivers,
    "services": service_hints,
}
