"""What an assessment is asked for, beside pack and evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from auditor.canonical import JsonValue
from auditor.model.assessment import Assessment


@dataclass(frozen=True, slots=True)
class AssessmentRequest:
    """The scope and the instant that is judged, and the assessment before it.

    Attributes:
        as_of: the audit instant T (aware, whole seconds).
        evidence_sha256: digest of the evidence; also the seed of the item samples.
        previous: the latest assessment of the scope, from which values may be carried forward.
        previous_sha256: hash of its canonical bytes; given exactly when it is given.
        parameters_changed: parameters that differ from the pack's defaults: name -> [default, used].

    Raises:
        ValueError: `previous` without its hash or the other way round.
    """

    scope: str
    organisation: str | None
    time_zone: str
    as_of: datetime
    evidence_sha256: str
    engine_version: str
    previous: Assessment | None = None
    previous_sha256: str | None = None
    parameters_changed: Mapping[str, JsonValue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.previous is None) != (self.previous_sha256 is None):
            raise ValueError("a previous assessment and its hash go together")
