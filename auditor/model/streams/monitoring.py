"""What watches the services: rules, the alerts they raised, dashboards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from auditor.model.evidence import Tier
from auditor.model.streams.base import Field, stream
from auditor.model.streams.common import Texts


@stream(key=("rule_id",), tier=Tier.R3)
class MonitoringRule:
    """A rule that watches, records or acts, as it is configured."""

    rule_id: Annotated[str, Field("Id of the rule.")]
    system: Annotated[str | None, Field("System it is configured in, such as prometheus or zabbix.")] = None
    kind: Annotated[Literal["alert", "recording", "trigger", "slo", "automation"], Field("What the rule is.")]
    name: Annotated[str | None, Field("Name.")] = None
    expr: Annotated[str | None, Field("Its expression in the system's own language.")] = None
    interval_s: Annotated[float | None, Field("Time between evaluations.", null="not known", unit="s", low=0)] = None
    for_s: Annotated[float | None, Field("Time the condition must hold before it fires.", unit="s", low=0)] = None
    labels: Annotated[Mapping[str, str | None] | None, Field("Labels of the rule.")] = None
    severity: Annotated[str | None, Field("Severity as the system names it.")] = None
    service_id: Annotated[str | None, Field("Service it watches.", refers_to=("service",))] = None
    target_id: Annotated[
        str | None, Field("Target it watches.", null="it watches no one target", refers_to=("target",))
    ] = None
    class_: Annotated[
        tuple[
            Literal[
                "threshold",
                "burn_single",
                "burn_multi_rate",
                "burn_multiwindow",
                "time_remaining",
                "predictive",
                "trend",
                "anomaly",
                "void",
                "unknown",
            ],
            ...,
        ]
        | None,
        Field("How it decides; the recogniser checks it against `expr`.", null="derived from `expr`"),
    ] = None
    void_reason: Annotated[
        Literal["zero_horizon", "unreachable", "no_data", "always_firing", "self_comparison", "name_only"] | None,
        Field("Why it can tell nothing.", null="it is not void"),
    ] = None
    health: Annotated[Literal["ok", "err", "unknown"] | None, Field("State of its last evaluation.")] = None
    last_eval: Annotated[datetime | None, Field("When it was last evaluated.")] = None
    receivers: Annotated[
        tuple[Literal["page", "ticket", "chat", "email", "webhook", "none"], ...] | None,
        Field("Whom its alerts reach; `none` is a receiver that reaches nobody."),
    ] = None
    muted_share_90d: Annotated[
        float | None, Field("Part of the last 90 days it was silenced.", unit="share", low=0, high=1)
    ] = None
    observed_min_30d: Annotated[
        float | None, Field("Least value its left side took in 30 days.", null="not observed")
    ] = None
    observed_max_30d: Annotated[
        float | None, Field("Greatest value its left side took in 30 days.", null="not observed")
    ] = None
    firing_share_90d: Annotated[
        float | None,
        Field("Part of the last 90 days it was firing.", null="not observed", unit="share", low=0, high=1),
    ] = None


@stream(key=("rule_id", "service_id", "start"), tier=Tier.R5)
class AlertEvent:
    """One alert from its start to its end."""

    rule_id: Annotated[str, Field("Rule that fired.", refers_to=("monitoring_rule",))]
    service_id: Annotated[str | None, Field("Service it is about.", refers_to=("service",))] = None
    start: Annotated[datetime, Field("When it began to fire.")]
    end: Annotated[datetime | None, Field("When it stopped.", null="still firing")] = None
    silenced: Annotated[bool | None, Field("Whether it was silenced.")] = None
    notified: Annotated[
        bool | None, Field("Whether somebody was told.", null="no paging log is connected: undecided")
    ] = None
    channel: Annotated[str | None, Field("Way it was told.")] = None
    ack_at: Annotated[
        datetime | None,
        Field(
            "When somebody acknowledged it.",
            null="where `notified` is set: nobody did; where `notified` is null: unknown",
        ),
    ] = None
    ack_by: Annotated[str | None, Field("Person who acknowledged it.", refers_to=("person",))] = None
    ticket_id: Annotated[str | None, Field("Ticket it led to.", refers_to=("ticket",))] = None
    test: Annotated[bool | None, Field("Whether it was fired as a test.")] = None
    simulated: Annotated[
        bool, Field("Whether it comes from a backtest; then only indicators that say so count it.", default=False)
    ] = False


@stream(key=("dash_id",), tier=Tier.R3)
class Dashboard:
    """A dashboard and who can see it."""

    dash_id: Annotated[str, Field("Id of the dashboard.")]
    title: Annotated[str | None, Field("Title.")] = None
    service_ids: Annotated[Texts | None, Field("Services it shows.", refers_to=("service",))] = None
    target_ids: Annotated[
        Texts | None, Field("Targets it shows beside their measured values.", refers_to=("target",))
    ] = None
    live: Annotated[bool | None, Field("Whether it shows live data.")] = None
    refresh_s: Annotated[float | None, Field("Time between refreshes.", unit="s", low=0)] = None
    updated: Annotated[datetime | None, Field("When it was last changed.")] = None
    party_ids: Annotated[Texts | None, Field("Parties that can open it.", refers_to=("party",))] = None
    viewers_30d: Annotated[
        int | None, Field("People who opened it in the last 30 days.", null="the system does not count them", low=0)
    ] = None
    audience: Annotated[Literal["ops", "customer", "exec"] | None, Field("For whom it was made.")] = None
