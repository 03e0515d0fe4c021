"""Documents and their history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal

from auditor.model.evidence import Tier
from auditor.model.streams.base import Field, Final, stream
from auditor.model.streams.common import REFERENCES, Texts

SECTIONS_NULL = "every section is undecided"
"""Null of a map of sections as a whole."""


@stream(key=("doc_id",), tier=Tier.R2)
class Document:
    """A document in its current state, classified by kind."""

    doc_id: Annotated[str, Field("Id of the document.")]
    kind: Annotated[
        Literal[
            "agreement",
            "catalogue",
            "procedure",
            "policy",
            "comm_plan",
            "training_plan",
            "review_minutes",
            "report",
            "strategy",
            "process_register",
            "improvement_register",
            "kpi_catalogue",
            "postmortem",
            "market_input",
            "tech_input",
            "other",
        ],
        Field("What the document is."),
    ]
    kind_conf: Annotated[float | None, Field("How sure the kind is.", unit="share", low=0, high=1)] = None
    title: Annotated[str | None, Field("Title.")] = None
    service_ids: Annotated[Texts | None, Field("Services it is about.", refers_to=("service",))] = None
    status: Annotated[Literal["current", "draft", "archived"] | None, Field("Whether it is in force.")] = None
    created: Annotated[datetime | None, Field("When it was created.")] = None
    updated: Annotated[datetime | None, Field("When it was last changed.")] = None
    owner: Annotated[str | None, Field("Person who answers for it.", refers_to=("person",))] = None
    approved_at: Annotated[datetime | None, Field("When it was approved.")] = None
    last_review_at: Annotated[datetime | None, Field("When it was last reviewed.")] = None
    review_due: Annotated[date | None, Field("Day of its next review.")] = None
    sections_found: Annotated[
        Mapping[str, bool | None] | None,
        Field(
            "Section key -> found. A key that is absent was not found; a key with null is undecided.",
            null=SECTIONS_NULL,
        ),
    ] = None
    words: Annotated[int | None, Field("Length.", unit="words", low=0)] = None
    labels: Annotated[
        Texts | None,
        Field("Labels; `slm-process`, `error-budget` and `capacity` have a meaning for indicators."),
    ] = None
    placeholder_ratio: Annotated[
        float | None, Field("Part of the text that is unfilled template.", unit="share", low=0, high=1)
    ] = None
    sim_cluster: Annotated[str | None, Field("Cluster of near copies it belongs to.", null="it has no near copy")] = (
        None
    )
    views_90d: Annotated[
        int | None, Field("Views in the last 90 days.", null="the system does not count views", low=0)
    ] = None


@stream(key=("doc_id", "version"), tier=Tier.R4, final=Final(("at", "author", "message", "chars_changed")))
class DocumentRevision:
    """One version in a document's history, or one proposal to change it."""

    doc_id: Annotated[str, Field("Document that was changed.", refers_to=("document",))]
    version: Annotated[str, Field("Version number or commit.")]
    at: Annotated[datetime | None, Field("When it was made.")] = None
    author: Annotated[str | None, Field("Person or account that made it.", refers_to=("person",))] = None
    is_bot: Annotated[bool | None, Field("Whether an account without a person made it.")] = None
    message: Annotated[str | None, Field("Comment of the change.")] = None
    chars_changed: Annotated[int | None, Field("Size of the change.", unit="characters", low=0)] = None
    sections_changed: Annotated[Texts | None, Field("Keys of the sections that were changed.")] = None
    targets_changed: Annotated[int | None, Field("Number of service level targets that were changed.", low=0)] = None
    cause_refs: Annotated[
        Texts | None, Field("Ids that its comment or text gives as the cause.", refers_to=REFERENCES)
    ] = None
    decision: Annotated[
        Literal["approved", "rejected"] | None, Field("Outcome where it was a proposal.", null="it was no proposal")
    ] = None
    decided_by: Annotated[str | None, Field("Person who decided the proposal.", refers_to=("person",))] = None
