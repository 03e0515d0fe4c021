"""What people decide about the evidence and its results: the entities that no system can deliver."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from auditor.model.evidence import Tier
from auditor.model.streams.base import Field, stream
from auditor.model.streams.common import Texts

_WHOLE_SCOPE = "the whole audit"


@stream(
    key=("indicator_id", "scope", "at"),
    tier=Tier.R0,
    tier_if=(Tier.R1, ("independent", "evidence_url")),
    control=True,
)
class Attestation:
    """A person states what no source can answer; it fills what is unknown only."""

    indicator_id: Annotated[str, Field("Indicator it answers.")]
    scope: Annotated[str | None, Field("Scope or service it holds for.", null=_WHOLE_SCOPE)] = None
    value: Annotated[float, Field("Degree that is stated.", unit="share", low=0, high=1)]
    statement: Annotated[str | None, Field("What is stated, in words.")] = None
    by: Annotated[str, Field("Person who states it.", refers_to=("person",))]
    at: Annotated[datetime, Field("When it was stated.")]
    expires: Annotated[datetime | None, Field("When it ends.", null="after the default time of the rule pack")] = None
    evidence_url: Annotated[str | None, Field("Where it can be checked.", null="a bare statement")] = None
    independent: Annotated[bool | None, Field("Whether the person does not answer for the result.")] = None


@stream(key=("indicator_id", "scope", "at"), tier=Tier.R0, control=True)
class Waiver:
    """A gap that is accepted, or an indicator that is out of scope, for a time."""

    indicator_id: Annotated[str, Field("Indicator it takes out.")]
    scope: Annotated[str | None, Field("Scope or service it holds for.", null=_WHOLE_SCOPE)] = None
    reason: Annotated[str | None, Field("Why.")] = None
    approved_by: Annotated[Texts | None, Field("Persons who approved it.", refers_to=("person",))] = None
    at: Annotated[datetime, Field("When it was approved.")]
    expires: Annotated[datetime | None, Field("When it ends.")] = None


@stream(key=("indicator_id", "scope", "at"), tier=Tier.R0, control=True)
class Override:
    """A reviewer corrects the result of one indicator."""

    indicator_id: Annotated[str, Field("Indicator that is corrected.")]
    scope: Annotated[str | None, Field("Scope or service it holds for.", null=_WHOLE_SCOPE)] = None
    from_: Annotated[float | None, Field("Degree before.", unit="share", null="it was unknown", low=0, high=1)] = None
    to: Annotated[float, Field("Degree after.", unit="share", low=0, high=1)]
    justification: Annotated[str | None, Field("Why.")] = None
    by: Annotated[Texts | None, Field("Persons who decided it.", refers_to=("person",))] = None
    at: Annotated[datetime, Field("When it was decided.")]
    expires: Annotated[datetime | None, Field("When it ends.")] = None
    evidence_sha: Annotated[str | None, Field("Hash of the evidence it was decided on; other evidence voids it.")] = (
        None
    )


@stream(
    key=("stream", "key", "field", "at"),
    tier=Tier.R0,
    tier_if=(Tier.R1, ("evidence_url",)),
    control=True,
)
class Ruling:
    """A person decides one field of one row."""

    stream: Annotated[str, Field("Stream of the row.")]
    key: Annotated[str, Field("Key of the row, its parts percent-encoded and joined by `/`.")]
    field: Annotated[str, Field("Field that is decided.")]
    value: Annotated[str | None, Field("Value it takes, in the form of a CSV cell.", null="the field is unknown")] = (
        None
    )
    reason: Annotated[str | None, Field("Why.")] = None
    by: Annotated[str, Field("Person who decides.", refers_to=("person",))]
    at: Annotated[datetime, Field("When it was decided.")]
    expires: Annotated[datetime | None, Field("When it ends.", null="never")] = None
    evidence_url: Annotated[str | None, Field("Where it can be checked.", null="a bare statement")] = None
    evidence_sha: Annotated[str | None, Field("Hash of the row it was decided on; another row voids it.")] = None
