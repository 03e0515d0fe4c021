"""What is done to get better: improvements, training, business goals, and the links between rows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from auditor.model.evidence import Tier
from auditor.model.streams.base import Field, stream
from auditor.model.streams.common import NOT_YET, REFERENCES, Texts


@stream(key=("item_id",), tier=Tier.R4)
class Improvement:
    """A follow-up action, or an item of the improvement register."""

    item_id: Annotated[str, Field("Id of the item.")]
    kind: Annotated[
        Literal["action", "improvement", "experiment"],
        Field("An action follows one failure or review; improvements and experiments are the register."),
    ]
    tags: Annotated[Texts | None, Field("Tags; `communication` and `sla_change` have a meaning for indicators.")] = None
    origin: Annotated[
        Literal[
            "breach",
            "major_incident",
            "complaint",
            "csat",
            "review",
            "trend",
            "forecast",
            "benchmark",
            "market",
            "technology",
            "idea",
            "audit",
            "learning",
        ]
        | None,
        Field("What gave rise to it."),
    ] = None
    origin_ref: Annotated[str | None, Field("Row that gave rise to it.", refers_to=REFERENCES)] = None
    target_id: Annotated[str | None, Field("Target it improves.", null="no one target", refers_to=("target",))] = None
    proposer: Annotated[str | None, Field("Person who proposed it.", refers_to=("person",))] = None
    owner: Annotated[str | None, Field("Person who carries it out.", refers_to=("person",))] = None
    priority: Annotated[str | None, Field("Priority as the register names it.")] = None
    opened: Annotated[datetime | None, Field("When it was entered.")] = None
    due: Annotated[datetime | None, Field("When it is due.")] = None
    original_due: Annotated[datetime | None, Field("When it was due at first.")] = None
    closed: Annotated[datetime | None, Field("When it was closed.", null=NOT_YET)] = None
    closed_by: Annotated[str | None, Field("Person who closed it.", refers_to=("person",))] = None
    status: Annotated[Literal["open", "in_progress", "done", "cancelled"] | None, Field("How far it has come.")] = None
    metric: Annotated[str | None, Field("What shows its effect.")] = None
    baseline: Annotated[float | None, Field("Value of the metric before.", unit="that of the metric")] = None
    goal_value: Annotated[float | None, Field("Value to reach.", unit="that of the metric")] = None
    result_value: Annotated[float | None, Field("Value measured afterwards.", unit="that of the metric")] = None
    result_at: Annotated[datetime | None, Field("When the result was measured.", null=NOT_YET)] = None
    service_ids: Annotated[Texts | None, Field("Services it improves.", refers_to=("service",))] = None
    goal_ids: Annotated[Texts | None, Field("Business goals it serves.", refers_to=("business_goal",))] = None


@stream(
    key=("person_id", "course_id", "assigned_at", "completed_at"),
    tier=Tier.R0,
    tier_by=("verified_by", {"issuer": Tier.R5, "lms": Tier.R4, "calendar": Tier.R4, "self": Tier.R0}),
)
class TrainingRecord:
    """One person and one course, from assignment to follow-up."""

    person_id: Annotated[str, Field("Person who learns.", refers_to=("person",))]
    course_id: Annotated[str, Field("Course or certificate.")]
    topics: Annotated[
        tuple[
            Literal[
                "sla_mgmt",
                "reporting",
                "negotiation",
                "analytics",
                "adv_analytics",
                "crm",
                "strategy",
                "tooling",
            ],
            ...,
        ]
        | None,
        Field("What it teaches."),
    ] = None
    level: Annotated[Literal["basic", "intermediate", "advanced"] | None, Field("How demanding it is.")] = None
    kind: Annotated[
        Literal["session", "elearning", "certification", "community", "conference", "teaching"],
        Field("How it is taught."),
    ]
    assigned_at: Annotated[datetime | None, Field("When it was assigned.")] = None
    self_enrolled: Annotated[bool | None, Field("Whether the person chose it unasked.")] = None
    completed_at: Annotated[datetime | None, Field("When it was completed.", null=NOT_YET)] = None
    passed: Annotated[bool | None, Field("Whether a test was passed.", null="no test on record")] = None
    score: Annotated[float | None, Field("Score as the course counts it.")] = None
    hours: Annotated[float | None, Field("Time spent.", unit="h", low=0)] = None
    course_hours: Annotated[float | None, Field("Length of the course.", unit="h", low=0)] = None
    followup_at: Annotated[
        datetime | None,
        Field(
            "When its effect at work was evaluated.",
            null="not evaluated; on every row of a source: the source does not record it",
        ),
    ] = None
    expires_at: Annotated[
        datetime | None,
        Field("When it runs out.", null="it does not; of a certification: not known"),
    ] = None
    verified_by: Annotated[Literal["issuer", "lms", "calendar", "self"] | None, Field("Who vouches for the row.")] = (
        None
    )


@stream(key=("goal_id",), tier=Tier.R2)
class BusinessGoal:
    """A goal of the business, or one of its processes."""

    goal_id: Annotated[str, Field("Id of the goal.")]
    kind: Annotated[Literal["business", "cx", "strategy", "okr", "process"], Field("What the goal is.")]
    title: Annotated[str | None, Field("Title.")] = None
    owner: Annotated[str | None, Field("Person who answers for it.", refers_to=("person",))] = None
    party: Annotated[str | None, Field("Party whose goal it is.", refers_to=("party",))] = None
    valid_from: Annotated[date | None, Field("First day it holds.", null="open")] = None
    valid_to: Annotated[date | None, Field("Last day it holds.", null="open")] = None
    doc_id: Annotated[str | None, Field("Document that states it.", refers_to=("document",))] = None
    measure: Annotated[str | None, Field("What shows that it is reached.")] = None
    it_dependent: Annotated[bool | None, Field("Whether it depends on IT services.")] = None
    changed_at: Annotated[datetime | None, Field("When it was last changed.")] = None


@stream(
    key=("from_type", "from_id", "to_type", "to_id", "rel"),
    tier=Tier.R0,
    tier_by=("how", {"explicit": Tier.R4, "parsed": Tier.R2, "inferred": Tier.R0}),
)
class Link:
    """A relation between two rows."""

    from_type: Annotated[str, Field("Stream of the one row.")]
    from_id: Annotated[str, Field("Id of the one row.", refers_to=(*REFERENCES, "service", "party", "person"))]
    to_type: Annotated[str, Field("Stream of the other row.")]
    to_id: Annotated[str, Field("Id of the other row.", refers_to=(*REFERENCES, "service", "party", "person"))]
    rel: Annotated[str | None, Field("Name of the relation.")] = None
    at: Annotated[datetime | None, Field("When it was set.")] = None
    note: Annotated[str | None, Field("Why, in words.", null="no reason is given")] = None
    how: Annotated[
        Literal["explicit", "parsed", "inferred"] | None,
        Field("Whether somebody set it, a text names it, or names merely match."),
    ] = None
