"""A generated organisation through the real engine, and where the two computations differ."""

from __future__ import annotations

from collections.abc import Iterator

import plain_reference
from plain_generator import Organisation
from plain_reference import Cell, Degree
from plain_world import instant

from auditor.assess.engine import assess
from auditor.assess.request import AssessmentRequest
from auditor.assess.session import open_session
from auditor.model.assessment import Assessment, DimensionResult, Observation
from auditor.model.evidence import SourceKind, SourceState
from auditor.model.rubric import RulePack
from auditor.testing.bench import EvidenceBench

TOLERANCE = 1.1e-9
CORE = {"DOC": ("DOC-2.1", "DOC-2.2"), "PM": ("PM-2.1", "PM-2.2", "PM-2.3"), "TOOL": ("TOOL-2.1", "TOOL-2.2")}
SUPPORTING = {"DOC": ("DOC-2.3", "DOC-2.4"), "PM": ("PM-2.4",), "TOOL": ("TOOL-2.3",)}


def audited(bench: EvidenceBench, pack: RulePack, organisation: Organisation) -> Assessment:
    world = organisation.world
    bench.fill(world.rows)
    sources = [
        SourceState(
            row["source_id"], SourceKind(row["kind"]), row, None if row["status"] == "failed" else instant(row["ended"])
        )
        for row in world.sources
    ]
    request = AssessmentRequest("plain", None, organisation.zone, world.now, "0" * 64, "test")
    with open_session(
        bench.sandbox, pack, as_of=world.now, time_zone=organisation.zone, sources=sources, gaps=()
    ) as session:
        return assess(pack, session, request, lambda sha256, pointer: (None, False))


def differences(organisation: Organisation, found: Assessment) -> Iterator[str]:
    """One line per indicator, cell or level that came out otherwise."""
    expected = {
        name: plain_reference.judged(organisation.world, name, rule)
        for name, rule in plain_reference.indicators(organisation.zone).items()
    }
    for name, degree in expected.items():
        yield from _indicator(name, degree, found.observations[name])
    for code, dimension in found.dimensions.items():
        if code in CORE:
            cell = plain_reference.cell(
                [expected[name] for name in CORE[code]], [expected[name] for name in SUPPORTING[code]]
            )
            yield from _dimension(code, cell, dimension)


def _indicator(name: str, wanted: Degree, found: Observation) -> Iterator[str]:
    if wanted.applies != (found.status != "not-applicable"):
        yield f"{name}: applies {wanted.applies}, engine says {found.status}"
    elif wanted.applies:
        pairs = ((wanted.lo, found.degree.lo), (wanted.point, found.degree.point), (wanted.hi, found.degree.hi))
        same_n = wanted.n is None or found.status == "unknown" or wanted.n == found.n
        if not all(_equal(*pair) for pair in pairs) or not same_n:
            reasons = sorted({note.reason.value for note in found.reasons})
            yield f"{name}: plain {_shown(wanted)} n={wanted.n}, engine {_shown(found.degree)} n={found.n} {reasons}"


def _dimension(code: str, wanted: Cell, found: DimensionResult) -> Iterator[str]:
    cell = next(entry for entry in found.cells if entry.level == 2)
    degree = cell.degree
    pairs = ((wanted.lo, degree.lo), (wanted.point, degree.point), (wanted.hi, degree.hi))
    if not all(_equal(*pair) for pair in pairs):
        yield f"{code} cell 2: plain {_shown(wanted)}, engine {_shown(degree)}"
    letters = tuple(None if r is None else r.letter for r in (cell.rating_lo, cell.rating_point, cell.rating_hi))
    plain = tuple(None if x is None else plain_reference.letter(x) for x in (wanted.lo, wanted.point, wanted.hi))
    if letters != plain:
        yield f"{code} cell 2: plain ratings {plain}, engine {letters}"
    levels = (found.confirmed, found.point, found.possible)
    if levels != plain_reference.levels(wanted):
        yield f"{code}: plain levels {plain_reference.levels(wanted)}, engine {levels}"
    if found.level_1_is_proven != (wanted.hi <= plain_reference.GATE):
        yield f"{code}: level 1 proven is {found.level_1_is_proven} with a cell up to {wanted.hi}"


def _equal(wanted: float | None, found: float | None) -> bool:
    if wanted is None or found is None:
        return wanted is found
    return abs(wanted - found) <= TOLERANCE


def _shown(degree: Degree | Cell | object) -> str:
    values = (degree.lo, degree.point, degree.hi)  # type: ignore[attr-defined]
    return "/".join("null" if value is None else f"{value:.6g}" for value in values)
