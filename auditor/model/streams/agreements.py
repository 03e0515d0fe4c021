"""What was agreed: agreements, their targets, and the catalogue of performance indicators."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal

from auditor.model.evidence import Tier
from auditor.model.streams.base import Field, stream
from auditor.model.streams.common import Texts


@stream(key=("agreement_id",), tier=Tier.R2)
class Agreement:
    """An SLA, SLR, OLA or underpinning contract."""

    agreement_id: Annotated[str, Field("Id of the agreement.")]
    doc_id: Annotated[
        str | None,
        Field("Document that holds it.", null="it stands in a contract register only", refers_to=("document",)),
    ] = None
    kind: Annotated[
        Literal["SLA", "SLR", "OLA", "UC"],
        Field("Service level agreement, requirement, operational level agreement, or underpinning contract."),
    ]
    kind_conf: Annotated[float | None, Field("How sure the kind is.", unit="share", low=0, high=1)] = None
    scope: Annotated[Literal["corporate", "customer", "service"] | None, Field("Level it is made for.")] = None
    service_ids: Annotated[Texts | None, Field("Services it covers.", refers_to=("service",))] = None
    provider: Annotated[str | None, Field("Party that provides.", refers_to=("party",))] = None
    consumer: Annotated[str | None, Field("Party that is served.", refers_to=("party",))] = None
    signed_by: Annotated[Texts | None, Field("Persons who signed it.", refers_to=("person",))] = None
    approved_at: Annotated[datetime | None, Field("When it was approved.", null="it is not approved")] = None
    effective_from: Annotated[date | None, Field("First day it holds.", null="open")] = None
    effective_to: Annotated[date | None, Field("Last day it holds.", null="open")] = None
    review_interval: Annotated[
        float | None, Field("Time between reviews.", unit="days", null="the rule pack's `review_max_d`", low=0)
    ] = None
    last_review_at: Annotated[datetime | None, Field("When it was last reviewed.")] = None
    last_review_by: Annotated[
        str | None, Field("Person who reviewed it.", null="nobody on record", refers_to=("person",))
    ] = None
    last_review_ref: Annotated[
        str | None,
        Field(
            "What shows the review: a meeting id, `doc_id@version`, or `no change:` with a reason.",
            null="nothing shows it",
            refers_to=("meeting", "document_revision"),
        ),
    ] = None
    spec_source: Annotated[
        str | None, Field("Path or macro the targets are rendered from.", null="they were typed by hand")
    ] = None
    last_sync_at: Annotated[datetime | None, Field("When the targets were last rendered from it.")] = None
    sections_found: Annotated[
        Mapping[str, bool | None] | None,
        Field(
            "Section key -> found. A key that is absent was not found; a key with null is undecided.",
            null="every section is undecided",
        ),
    ] = None


@stream(
    key=("target_id",),
    tier=Tier.R2,
    tier_by=(
        "origin",
        {"jsm": Tier.R3, "slo": Tier.R3, "zabbix_sla": Tier.R3, "config": Tier.R3, "doc": Tier.R2},
    ),
)
class Target:
    """One service level target, as a document states it or as a tool is configured with it."""

    target_id: Annotated[str, Field("Id of the target.")]
    service_id: Annotated[str | None, Field("Service it is for.", refers_to=("service",))] = None
    agreement_id: Annotated[str | None, Field("Agreement that carries it.", refers_to=("agreement",))] = None
    metric: Annotated[
        Literal[
            "availability",
            "incident_response",
            "resolution",
            "request_fulfilment",
            "latency",
            "error_rate",
            "capacity",
            "recovery_rto",
            "recovery_rpo",
            "change_success",
            "satisfaction",
            "workload_limit",
            "other",
        ]
        | None,
        Field("What is measured."),
    ] = None
    op: Annotated[str | None, Field("Comparison that must hold, such as `>=` or `<=`.")] = None
    value: Annotated[float | None, Field("Value to keep.", unit="as `unit` says")] = None
    unit: Annotated[str | None, Field("Unit of the value, such as `%`, `min` or `h`.")] = None
    window: Annotated[float | None, Field("Length of the period it is judged over.", unit="days", low=0)] = None
    calendar: Annotated[str | None, Field("Hours in which it counts.")] = None
    conditions: Annotated[
        str | None,
        Field("What it is limited to: `key=value` pairs joined by `;`, such as `priority=P1`.", null="no condition"),
    ] = None
    tool_measurable: Annotated[
        bool | None,
        Field("Whether a tool can measure it.", null="decided by the metric"),
    ] = None
    origin: Annotated[
        Literal["doc", "jsm", "slo", "zabbix_sla", "config"] | None, Field("Where the target was read from.")
    ] = None
    bound_to: Annotated[
        Texts | None, Field("Targets in tools that stand for this target of a document.", refers_to=("target",))
    ] = None
    bound_how: Annotated[Literal["id", "link", "name"] | None, Field("What the binding rests on.")] = None
    changed_at: Annotated[datetime | None, Field("When it was last changed.")] = None
    changed_by: Annotated[str | None, Field("Person who last changed it.", refers_to=("person",))] = None


@stream(key=("kpi_id",), tier=Tier.R2)
class Kpi:
    """One entry of the catalogue of performance indicators."""

    kpi_id: Annotated[str, Field("Id of the entry.")]
    name: Annotated[str | None, Field("Name.")] = None
    doc_id: Annotated[str | None, Field("Catalogue it stands in.", refers_to=("document",))] = None
    formula: Annotated[str | None, Field("How it is computed, in words or as a formula.")] = None
    source: Annotated[str | None, Field("Where its data comes from.")] = None
    owner: Annotated[str | None, Field("Person who answers for it.", refers_to=("person",))] = None
    target: Annotated[str | None, Field("Value to reach: a text, or the id of a target.", refers_to=("target",))] = None
    frequency: Annotated[str | None, Field("How often it is computed.")] = None
    leading: Annotated[bool | None, Field("Whether it speaks of what is to come.")] = None
    shown_in: Annotated[
        Texts | None,
        Field("Dashboards and reports that show it; empty: nowhere.", refers_to=("dashboard", "report_schedule")),
    ] = None
    expr_hash: Annotated[str | None, Field("Hash of the normalised query behind it.")] = None
