"""The whole judgement: every indicator observed, every cell rated, every dimension's level found.

Pure: the same evidence, rule pack, instant and request give the same assessment, whatever the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from auditor.assess.level import level_of, lower_cells_min
from auditor.assess.observe import observe
from auditor.assess.rate import every_indicator_once, rate_dimension
from auditor.assess.records import cited_refs, record_views
from auditor.assess.request import AssessmentRequest
from auditor.assess.session import Session
from auditor.model.assessment import (
    ASSESSMENT_FORMAT,
    Assessment,
    DimensionResult,
    Observation,
    PackView,
    SourceView,
)
from auditor.model.rubric import RulePack
from auditor.ports import PayloadText


def assess(pack: RulePack, session: Session, request: AssessmentRequest, payload_text: PayloadText) -> Assessment:
    """Judge evidence with a rule pack.

    Args:
        pack: the rule pack, the one that the session was opened with.
        session: the evidence.
        request: scope, instant and the assessment before.
        payload_text: reads the bytes that cited rows came from.

    Raises:
        ValueError: session and request speak of different packs, instants or zones.
        QueryError: the evidence itself cannot be read (statements of the pack never raise it here).
    """
    _check(pack, session, request)
    indicators = pack.indicators.values()
    session.full.admit(sql for each in indicators for sql in (each.items, *(guard.sql for guard in each.guards)))
    observed = [observe(indicator, session, request) for indicator in indicators]
    observations = every_indicator_once(pack, observed)
    sources = _sources(session)
    records, omitted = record_views(
        session.sandbox,
        cited_refs(observed),
        payload_text,
        pulled={source.source_id: source.last_ok_ended for source in sources if source.last_ok_ended},
        earlier=request.previous.records if request.previous else {},
    )
    return Assessment(
        format=ASSESSMENT_FORMAT,
        engine_version=request.engine_version,
        organisation=request.organisation,
        scope=request.scope,
        time_zone=request.time_zone,
        as_of=_instant(request.as_of),
        evidence_sha256=request.evidence_sha256,
        rule_pack=PackView(pack.id, pack.version, pack.title, pack.sha256, dict(request.parameters_changed)),
        sources=sources,
        gaps=session.gaps,
        dimensions=_dimensions(pack, observations),
        observations=observations,
        records=records,
        records_omitted=omitted,
    )


def _check(pack: RulePack, session: Session, request: AssessmentRequest) -> None:
    setting = session.setting
    asked = (pack.sha256, request.as_of.astimezone(UTC), request.time_zone)
    if asked != (setting.pack.sha256, setting.as_of, setting.zone.key):
        raise ValueError("the session was opened for another rule pack, instant or time zone")


def _dimensions(pack: RulePack, observations: Mapping[str, Observation]) -> Mapping[str, DimensionResult]:
    enough = lower_cells_min(pack)
    results = {}
    for code, dimension in pack.dimensions.items():
        own = [observation for observation in observations.values() if observation.card.dimension == code]
        results[code] = level_of(dimension, rate_dimension(dimension, own), observations, enough)
    return results


def _sources(session: Session) -> tuple[SourceView, ...]:
    rows = session.rows_by_source()
    return tuple(
        SourceView(
            source_id=state.source_id,
            kind=state.kind.value,
            run=dict(state.values),
            last_ok_ended=_instant(state.last_ok_ended) if state.last_ok_ended else None,
            rows=rows.get(state.source_id, {}),
        )
        for state in session.setting.sources
    )


def _instant(instant: datetime) -> str:
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
