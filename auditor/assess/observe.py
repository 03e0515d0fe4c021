"""Observing: one indicator, its sources and its rows, as one observation."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.assess.basis import Basis
from auditor.assess.carry import carried
from auditor.assess.completeness import Freshness
from auditor.assess.confidence import OBSERVED_SERVICES, confidence
from auditor.assess.evaluate import evaluate
from auditor.assess.question import Evaluation, Question, unknown
from auditor.assess.request import AssessmentRequest
from auditor.assess.session import Session
from auditor.assess.weak import STRONG, combine
from auditor.errors import QueryError
from auditor.model.assessment import IndicatorCard, Observation, Reason, ReasonNote, WindowUsed
from auditor.model.rubric import Effect, Indicator
from auditor.model.truth import UNKNOWN
from auditor.sql.parameters import shown_text


@dataclass(frozen=True, slots=True)
class _Asked:
    indicator: Indicator
    basis: Basis
    session: Session
    request: AssessmentRequest


def observe(indicator: Indicator, session: Session, request: AssessmentRequest) -> Observation:
    """Observe one indicator. A statement that fails makes this indicator unknown and no other."""
    asked = _Asked(indicator, Basis.of(indicator, session.facts), session, request)
    try:
        return _observe(asked)
    except QueryError as error:
        place = f" ({error.where})" if error.where else ""
        cure = f"; {error.cure}" if error.cure else ""
        return _observation(asked, unknown((ReasonNote(Reason.RULE_FAILED, f"{error.what}{place}{cure}"),)))


def _observe(asked: _Asked) -> Observation:
    basis = asked.basis
    if reasons := basis.without_source():
        return _observation(asked, unknown(reasons))
    if reasons := basis.aged():
        last = _carried(asked, reasons)
        return last if last is not None else _observation(asked, unknown(reasons))
    evaluation = _evaluate(asked)
    stale = tuple(note for note in evaluation.reasons if note.reason is Reason.STALE_PULL)
    if stale and (last := _carried(asked, stale)) is not None:
        return last
    return _observation(asked, evaluation)


def _carried(asked: _Asked, reasons: tuple[ReasonNote, ...]) -> Observation | None:
    """The value carried forward, while no pull is older than twice its limit."""
    if asked.basis.freshness is not Freshness.LATE:
        return None
    return carried(asked.indicator, asked.request, asked.session.setting.pack.id, reasons)


def _evaluate(asked: _Asked) -> Evaluation:
    """Evaluate on all rows, and on strong rows alone where there are weak ones."""
    session = asked.session
    seed = f"{asked.request.evidence_sha256}:{asked.indicator.id}"
    full = evaluate(Question(asked.basis, session.full, session.setting, seed))
    if nothing := session.full.citing_nothing(full.cited):
        cure = "cite the _ref of the rows that a verdict rests on"
        raise QueryError(f"it cites {nothing[0]!r}, which is no row of the evidence", cure=cure)
    weakest = session.weakest_read(asked.indicator)
    if weakest is None or weakest >= STRONG:
        return full
    strong = evaluate(Question(asked.basis, session.strong, session.setting, seed))
    cited = session.full.weakest_of(full.cited)
    return combine(strong, full, weakest if cited is None or cited >= STRONG else cited)


def _observation(asked: _Asked, evaluation: Evaluation) -> Observation:
    window = evaluation.window
    sure: tuple[float | None, str | None] = (None, None)
    if evaluation.status == "measured":
        sure = _confidence(asked, evaluation)
    flags = [
        f"{guard.says}: {guard.note}" if guard.note else guard.says
        for guard in evaluation.guards
        if guard.effect == Effect.FLAG.value
    ]
    if evaluation.total and _reads_observed_services(asked):
        flags.append("nobody lists services, so they are those that at least two sources name")
    return Observation(
        card=card_of(asked.indicator),
        status=evaluation.status,
        degree=evaluation.degree if evaluation.status == "measured" else UNKNOWN,
        value=evaluation.value,
        n=evaluation.n,
        counts=evaluation.counts,
        window=WindowUsed(window.starts, window.ends, window.label, window.note) if window else None,
        reasons=evaluation.reasons,
        guards=evaluation.guards,
        flags=(*flags, *evaluation.flags),
        carried_from=None,
        confidence=sure[0],
        confidence_limit=sure[1],
        items=evaluation.items,
        items_omitted=evaluation.total - len(evaluation.items),
    )


def _confidence(asked: _Asked, evaluation: Evaluation) -> tuple[float, str | None]:
    caps = dict(evaluation.caps)
    if _reads_observed_services(asked):
        caps["binding"] = OBSERVED_SERVICES
    weakest = asked.session.full.weakest_of(evaluation.cited)
    return confidence(weakest=weakest, kind=asked.indicator.type, n=evaluation.n, caps=caps)


def _reads_observed_services(asked: _Asked) -> bool:
    needed = {stream.stream for stream in (*asked.basis.population, *asked.basis.optional)}
    return asked.session.facts.observed_services and "service" in needed


def card_of(indicator: Indicator) -> IndicatorCard:
    """The indicator's definition as assessments print it."""
    return IndicatorCard(
        id=indicator.id,
        version=indicator.version,
        dimension=indicator.dimension,
        level=indicator.level,
        role=indicator.role.value,
        type=indicator.type.value,
        question=indicator.question,
        why=indicator.why,
        basis=indicator.basis,
        asks=indicator.asks.value,
        unit=indicator.unit,
        direction=indicator.direction.value,
        goal=indicator.goal,
        min_n=indicator.min_n,
        look_at=indicator.look_at,
        sql=shown_text(indicator.items.text),
        sql_place=f"{indicator.items.file}:{indicator.items.line}",
        limits=tuple(limit.says for limit in indicator.limits),
        remediation=indicator.remediation.text,
        effort=indicator.remediation.effort.value,
    )
