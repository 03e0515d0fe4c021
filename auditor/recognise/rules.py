"""Monitoring rules in the state: their class as the expression shows it, and the service that their labels name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Protocol

from auditor.canonical import JsonValue
from auditor.model.evidence import Row
from auditor.model.streams import STREAMS
from auditor.model.validate import make_row
from auditor.ports import Derived, StateReader
from auditor.recognise import promql
from auditor.recognise.promql import Classified, RuleBook, RuleFacts, classify

VERSION = f"rules 1, {promql.VERSION}"
"""Changes whenever the same rows would give others."""

PROMQL_SYSTEMS = frozenset(
    {"prometheus", "alertmanager", "victoriametrics", "vmalert", "thanos", "mimir", "cortex", "loki", "grafana"}
)
"""Systems whose rules are read as PromQL; what is not PromQL there is unknown, with the reason."""
PROMQL_KINDS = frozenset({"alert", "recording"})
"""Kinds that are read as PromQL where the system is not said."""

SERVICE_LABELS = (
    "service",
    "service_name",
    "sloth_service",
    "app",
    "application",
    "app_kubernetes_io_name",
    "job",
    "team",
)
"""Labels that may name a service, by convention; only an exact id, name or alias of a known service counts."""


class ExactNames(Protocol):
    """The known services."""

    def exact(self, text: str) -> str | None:
        """The one service whose id, name or declared alias a text is; None where there is none, or several."""
        ...


def derive_rules(state: StateReader, services: ExactNames) -> Iterator[Derived]:
    """The rows of `monitoring_rule` that recognition changes: class, reason for being void, service.

    A rule of a system whose language is not read here keeps the class it was given; without one it is unknown.

    Args:
        state: the rows.
        services: the known services.
    """
    rows = sorted(state.rows("monitoring_rule"), key=lambda row: (row.source_id, row.ref))
    for _, of_source in groupby(rows, key=lambda row: row.source_id):
        together = list(of_source)
        book = RuleBook(facts_of(row) for row in together if _is_promql(row.values))
        for row in together:
            values = {**row.values, **_class_values(row, book), **_service_values(row.values, services)}
            if values != row.values:
                yield Derived(_with_values(row, values), promql.VERSION)


def facts_of(row: Row) -> RuleFacts:
    """What a row says about a rule."""
    values = row.values
    labels, given = values.get("labels"), values.get("class")
    return RuleFacts(
        rule_id=str(values["rule_id"]),
        name=_text(values.get("name")),
        expr=_text(values.get("expr")),
        recording=values.get("kind") == "recording",
        labels={label: _text(value) for label, value in labels.items()} if isinstance(labels, Mapping) else {},
        given=tuple(str(name) for name in given)
        if isinstance(given, Sequence) and not isinstance(given, str)
        else None,
        given_void=_text(values.get("void_reason")),
        health=_text(values.get("health")),
        last_eval=_instant(values.get("last_eval")),
        pulled_at=row.fetched_at,
        observed_min_30d=_number(values.get("observed_min_30d")),
        observed_max_30d=_number(values.get("observed_max_30d")),
        firing_share_90d=_number(values.get("firing_share_90d")),
    )


def service_by_labels(labels: Mapping[str, str | None], services: ExactNames) -> str | None:
    """The service that labels name exactly; None where none does, or two labels name two services."""
    found = {
        service
        for label in SERVICE_LABELS
        if (text := labels.get(label)) and (service := services.exact(text)) is not None
    }
    return found.pop() if len(found) == 1 else None


def _is_promql(values: Mapping[str, JsonValue]) -> bool:
    system = values.get("system")
    return values.get("kind") in PROMQL_KINDS if system is None else str(system).lower() in PROMQL_SYSTEMS


def _class_values(row: Row, book: RuleBook) -> dict[str, JsonValue]:
    if not _is_promql(row.values):
        return {} if row.values.get("class") is not None else {"class": ["unknown"]}
    result: Classified = classify(facts_of(row), book)
    return {"class": list(result.classes), "void_reason": result.void_reason}


def _service_values(values: Mapping[str, JsonValue], services: ExactNames) -> dict[str, JsonValue]:
    labels = values.get("labels")
    if values.get("service_id") is not None or not isinstance(labels, Mapping):
        return {}
    service = service_by_labels({label: _text(value) for label, value in labels.items()}, services)
    return {} if service is None else {"service_id": service}


def _with_values(row: Row, values: Mapping[str, JsonValue]) -> Row:
    return make_row(
        STREAMS[row.stream],
        row.source_id,
        values,
        row.reliability,
        row.payload_sha256,
        row.pointer,
        source_url=row.source_url,
        fetched_at=row.fetched_at,
    )


def _text(value: JsonValue) -> str | None:
    return None if value is None else str(value)


def _number(value: JsonValue) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _instant(value: JsonValue) -> datetime | None:
    return None if value is None else datetime.fromisoformat(str(value))
