"""Sealing an assessment in the ledger, and what it tells a script."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import auditor
from auditor.assessment_document import dump
from auditor.canonical import JsonValue
from auditor.errors import ExitCode
from auditor.model.assessment import Assessment, Observation, Reason, Seal
from auditor.store.store import OpenRun
from auditor.usecases.packs import PackInUse

_LOST = frozenset({Reason.RULE_FAILED, Reason.STALE_PULL, Reason.PARTIAL_SOURCE})
"""Reasons that speak of evidence which should have been there; what was never configured is no loss."""


@dataclass(frozen=True, slots=True)
class AuditResult:
    """A committed assessment and where it stands in the ledger."""

    assessment: Assessment
    seal: Seal

    @property
    def exit_code(self) -> ExitCode:
        """INCOMPLETE when a gap was recorded, a pull was unsound or too old, or an indicator failed to run; else OK."""
        unsound = any(
            source.run.get("status") != "ok" or source.run.get("denied") for source in self.assessment.sources
        )
        lost = any(
            note.reason in _LOST
            for observation in self.assessment.observations.values()
            for note in observation.reasons
        )
        return ExitCode.INCOMPLETE if self.assessment.gaps or unsound or lost else ExitCode.OK


def commit(run: OpenRun, assessment: Assessment, pack: PackInUse, as_of: datetime, ended: datetime) -> AuditResult:
    """Write the assessment and the run's manifest; from here on the run happened.

    Raises:
        StoreError: the disk is full; nothing of the run counts.
    """
    seal = run.commit(
        as_of=as_of,
        engine_version=auditor.__version__,
        config_sha256=pack.config_sha256,
        rule_pack=pack.facts(),
        assessment=dump(assessment),
        observations=[_summary(observation) for observation in assessment.observations.values()],
        ended=ended,
    )
    return AuditResult(assessment, seal)


def _summary(observation: Observation) -> dict[str, JsonValue]:
    return {
        "indicator": observation.card.id,
        "version": observation.card.version,
        "status": observation.status,
        "lo": observation.degree.lo,
        "point": observation.degree.point,
        "hi": observation.degree.hi,
        "n": observation.n,
    }
