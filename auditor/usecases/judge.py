"""Judging stored evidence: state file -> session -> assessment. Shared by `audit`, `assess` and `verify`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import auditor
from auditor.assess.engine import assess
from auditor.assess.request import AssessmentRequest
from auditor.assess.session import open_session
from auditor.assessment_document import load
from auditor.canonical import JsonValue, sha256_hex
from auditor.model.assessment import Assessment
from auditor.model.evidence import Gap, SourceState
from auditor.model.rubric import RulePack
from auditor.ports import PayloadText
from auditor.sql.sandbox import Limits, Sandbox


@dataclass(frozen=True, slots=True)
class StoredEvidence:
    """Evidence as of one run: the state file, its digest, and what is known of the sources."""

    state: Path
    digest: str
    sources: Sequence[SourceState]
    gaps: Sequence[Gap]
    excerpt: PayloadText


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an assessment is made for; `previous` is the canonical document of the scope's assessment before it."""

    scope: str
    organisation: str | None
    time_zone: str
    as_of: datetime
    parameters_changed: Mapping[str, JsonValue]
    previous: bytes | None


def judge(pack: RulePack, evidence: StoredEvidence, judgement: Judgement) -> Assessment:
    """Assess stored evidence; the same arguments give the same assessment."""
    with (
        Sandbox.open_file(evidence.state, Limits()) as sandbox,
        open_session(
            sandbox,
            pack,
            as_of=judgement.as_of,
            time_zone=judgement.time_zone,
            sources=evidence.sources,
            gaps=evidence.gaps,
        ) as session,
    ):
        request = AssessmentRequest(
            scope=judgement.scope,
            organisation=judgement.organisation,
            time_zone=judgement.time_zone,
            as_of=judgement.as_of,
            evidence_sha256=evidence.digest,
            engine_version=auditor.__version__,
            previous=None if judgement.previous is None else load(judgement.previous),
            previous_sha256=None if judgement.previous is None else sha256_hex(judgement.previous),
            parameters_changed=judgement.parameters_changed,
        )
        return assess(pack, session, request, evidence.excerpt)
