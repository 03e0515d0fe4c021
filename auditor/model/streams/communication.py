"""What was told, when and to whom: reports, meetings, messages, feedback."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from auditor.model.evidence import Tier
from auditor.model.streams.base import Field, Final, stream
from auditor.model.streams.common import AUDIENCE, NOT_YET, REFERENCES, ContentTag, Texts


@stream(key=("report_id",), tier=Tier.R3)
class ReportSchedule:
    """A report that is meant to go out again and again; a row of the communication plan where it names one."""

    report_id: Annotated[str, Field("Id of the report.")]
    title: Annotated[str | None, Field("Title.")] = None
    audience: Annotated[Texts | None, Field("Parties and persons it is for.", refers_to=AUDIENCE)] = None
    cadence: Annotated[
        str | None,
        Field(
            "`daily`, `weekly`, `monthly`, `bimonthly` (every two months), `quarterly`, `half-yearly`, `yearly`, or "
            "a cron line."
        ),
    ] = None
    automatic: Annotated[bool | None, Field("Whether it goes out without a person.")] = None
    plan_doc_id: Annotated[
        str | None, Field("Communication plan that lists it.", null="not planned", refers_to=("document",))
    ] = None
    service_ids: Annotated[Texts | None, Field("Services it is about.", refers_to=("service",))] = None
    content_tags: Annotated[tuple[ContentTag, ...] | None, Field("What it contains.")] = None
    owner: Annotated[str | None, Field("Person who sends it.", refers_to=("person",))] = None
    channel: Annotated[str | None, Field("Way it is sent.")] = None
    enabled: Annotated[bool | None, Field("Whether the schedule is switched on.")] = None
    last_state: Annotated[str | None, Field("Outcome of its last run as the system names it.")] = None


@stream(
    key=("report_id", "due_at"),
    tier=Tier.R4,
    final=Final(("delivered_at", "period_start", "period_end", "values"), when="delivered_at"),
)
class ReportDelivery:
    """One issue of a report on its way to its readers."""

    report_id: Annotated[str, Field("Report it is an issue of.", refers_to=("report_schedule",))]
    due_at: Annotated[datetime, Field("When it was due.")]
    delivered_at: Annotated[datetime | None, Field("When it arrived.", null=NOT_YET)] = None
    period_start: Annotated[datetime | None, Field("Start of the period its values speak about.")] = None
    period_end: Annotated[datetime | None, Field("End of the period its values speak about, not part of it.")] = None
    status: Annotated[
        Literal["delivered", "late", "failed", "unknown"] | None,
        Field("What became of it; `unknown` is undecided."),
    ] = None
    recipients: Annotated[Texts | None, Field("Persons and parties it was sent to.", refers_to=AUDIENCE)] = None
    active_recipients: Annotated[int | None, Field("Recipients whose account still receives.", low=0)] = None
    opened: Annotated[int | None, Field("Recipients who opened it.", null="not tracked", low=0)] = None
    generated_by: Annotated[Literal["system", "human"] | None, Field("Who put it together.")] = None
    content_tags: Annotated[tuple[ContentTag, ...] | None, Field("What it contains.")] = None
    refs: Annotated[Texts | None, Field("Ids it quotes.", refers_to=REFERENCES)] = None
    values: Annotated[
        Mapping[str, float | None] | None,
        Field("Target id -> value that the report states.", unit="that of the target", refers_to=("target",)),
    ] = None
    doc_id: Annotated[str | None, Field("Document that holds it.", refers_to=("document",))] = None


@stream(key=("meeting_id",), tier=Tier.R4)
class Meeting:
    """A meeting that was planned, and what shows that it was held."""

    meeting_id: Annotated[str, Field("Id of the meeting.")]
    series: Annotated[
        str | None,
        Field(
            "Series it belongs to: `improvement-portfolio` prioritises the register; a report id makes it an item of "
            "that row of the communication plan."
        ),
    ] = None
    kind: Annotated[
        Literal["service_review", "mgmt_review", "cab", "planning", "retro", "training", "other"],
        Field("What the meeting is for."),
    ]
    planned_at: Annotated[datetime | None, Field("When it was to begin.")] = None
    held: Annotated[
        bool | None, Field("Whether it took place.", null="accepted in calendars, nothing shows it: undecided")
    ] = None
    attendees: Annotated[
        Texts | None,
        Field("Persons who came; while `held` is null an empty list counts as null.", refers_to=("person",)),
    ] = None
    parties: Annotated[Texts | None, Field("Parties that were invited.", refers_to=("party",))] = None
    service_ids: Annotated[Texts | None, Field("Services it was about.", refers_to=("service",))] = None
    minutes_doc: Annotated[
        str | None, Field("Document with its minutes.", null="no minutes", refers_to=("document",))
    ] = None
    minutes_sha: Annotated[str | None, Field("Hash of the text of its minutes.")] = None
    content_tags: Annotated[tuple[ContentTag, ...] | None, Field("What was spoken about.")] = None
    refs: Annotated[Texts | None, Field("Ids its minutes quote.", refers_to=REFERENCES)] = None


@stream(key=("id",), tier=Tier.R4)
class Feedback:
    """One answer or remark of somebody who is served."""

    id: Annotated[str, Field("Id of the feedback.")]
    kind: Annotated[Literal["csat", "survey", "nps", "complaint", "interview", "comment"], Field("How it was given.")]
    party: Annotated[str | None, Field("Party it comes from.", refers_to=("party",))] = None
    service_id: Annotated[str | None, Field("Service it is about.", refers_to=("service",))] = None
    ticket_id: Annotated[str | None, Field("Ticket it is about.", refers_to=("ticket",))] = None
    at: Annotated[datetime | None, Field("When it was given.")] = None
    score: Annotated[
        float | None,
        Field("Score, 0 the worst and 1 the best.", null="no score was given", unit="share", low=0, high=1),
    ] = None
    text_present: Annotated[bool | None, Field("Whether it has a text.")] = None
    themes: Annotated[Texts | None, Field("Themes its text was coded with.")] = None
    coded_at: Annotated[
        datetime | None, Field("When the themes were coded.", null="where themes are set: at once; else not coded")
    ] = None
    invited: Annotated[
        int | None,
        Field("People invited to the whole wave, the same on every row of it.", null="not known", low=0),
    ] = None
    topic: Annotated[Literal["service", "communication", "climate"] | None, Field("What was asked about.")] = None


@stream(key=("id",), tier=Tier.R4)
class Communication:
    """One message to customers or from them."""

    id: Annotated[str, Field("Id of the message.")]
    kind: Annotated[
        Literal[
            "incident_notice",
            "status_update",
            "maintenance_notice",
            "risk_notice",
            "channel_message",
            "needs_intake",
        ],
        Field("What the message is."),
    ]
    direction: Annotated[Literal["out", "in"] | None, Field("From IT or to IT.")] = None
    channel: Annotated[Literal["status_page", "email", "chat", "portal", "ticket"] | None, Field("Way it went.")] = None
    at: Annotated[datetime | None, Field("When it was sent.")] = None
    party: Annotated[
        str | None, Field("Sender of an inbound message.", null="an outbound message", refers_to=("party",))
    ] = None
    audience: Annotated[Texts | None, Field("Parties and persons it was for.", refers_to=AUDIENCE)] = None
    service_ids: Annotated[Texts | None, Field("Services it is about.", refers_to=("service",))] = None
    ticket_id: Annotated[str | None, Field("Ticket it is about.", refers_to=("ticket",))] = None
    automated: Annotated[bool | None, Field("Whether a system sent it.")] = None
    response_to: Annotated[str | None, Field("Message it answers.", refers_to=("communication",))] = None
