"""Tickets and what happened to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from auditor.model.evidence import Tier
from auditor.model.streams.base import Field, stream
from auditor.model.streams.common import NOT_YET, Texts


@stream(key=("ticket_id",), tier=Tier.R4)
class Ticket:
    """An incident, request, problem, change, complaint or task."""

    ticket_id: Annotated[str, Field("Id of the ticket.")]
    kind: Annotated[
        Literal["incident", "request", "problem", "change", "complaint", "task"], Field("What the ticket is.")
    ]
    service_ids: Annotated[Texts | None, Field("Services it concerns.", refers_to=("service",))] = None
    priority: Annotated[str | None, Field("Priority as the tool names it.")] = None
    major: Annotated[bool | None, Field("Whether it is a major incident.")] = None
    reporter_party: Annotated[
        str | None, Field("Party that raised it.", null="internal or automatic", refers_to=("party",))
    ] = None
    created: Annotated[datetime | None, Field("When it was raised.")] = None
    acked: Annotated[datetime | None, Field("When somebody took it up.")] = None
    resolved: Annotated[datetime | None, Field("When it was resolved.", null=NOT_YET)] = None
    due: Annotated[datetime | None, Field("When it is due.")] = None
    status_cat: Annotated[str | None, Field("Category of its status.")] = None
    resolution: Annotated[str | None, Field("How it was closed.")] = None
    auto_created: Annotated[bool | None, Field("Whether a system raised it.")] = None
    reopened: Annotated[int | None, Field("How often it was opened again.", low=0)] = None
    fields: Annotated[
        Mapping[str, str | None] | None,
        Field(
            "Further fields as text (booleans `true` and `false`, instants ISO 8601 with Z): `change_type` (standard, "
            "normal, major, emergency), `sla_impact` (absent or null: not assessed; `none` is an assessment), `risk`, "
            "`root_cause`, `customer_visible`, `planned_start`.",
            null="every one of them is undecided",
        ),
    ] = None


@stream(key=("ticket_id", "at", "actor", "kind", "field", "to"), tier=Tier.R4)
class TicketEvent:
    """One change of a ticket, comment or work log."""

    ticket_id: Annotated[str, Field("Ticket it happened to.", refers_to=("ticket",))]
    at: Annotated[datetime, Field("When it happened.")]
    actor: Annotated[str | None, Field("Person or account that did it.", refers_to=("person",))] = None
    is_bot: Annotated[bool | None, Field("Whether an account without a person did it.")] = None
    kind: Annotated[
        Literal["status", "field", "comment_public", "comment_internal", "worklog"], Field("What happened.")
    ]
    field: Annotated[
        str | None,
        Field("Field that changed, such as assignee, priority, status or due.", null="a comment or work log"),
    ] = None
    mentions: Annotated[
        tuple[Literal["sla", "escalation"], ...] | None,
        Field("What its text speaks of, by recogniser; empty: neither."),
    ] = None
    from_: Annotated[str | None, Field("Value before.")] = None
    to: Annotated[str | None, Field("Value after.")] = None
