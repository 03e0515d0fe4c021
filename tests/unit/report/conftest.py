"""Builds assessments as the engine makes them: every status, every reason, guards, and text that means harm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from auditor.model.assessment import (
    ASSESSMENT_FORMAT,
    Assessment,
    Blocker,
    CellResult,
    DimensionResult,
    GapView,
    GuardOutcome,
    IndicatorCard,
    ItemCounts,
    ItemResult,
    Measured,
    Observation,
    PackView,
    Reason,
    ReasonNote,
    RecordView,
    Seal,
    SourceView,
    WindowUsed,
)
from auditor.model.truth import FALSE, UNKNOWN, Interval, Rating

TITLES = {
    "DOC": "Documentation",
    "TOOL": "Tools and automation",
    "INT": "Process integration",
    "TRN": "Training and awareness",
    "PM": "Performance measurement",
    "COM": "Stakeholder communication",
    "CI": "Continuous improvement",
}
STATEMENTS = (
    "Nothing is agreed in writing; what users may expect is decided from day to day.",
    "The most important services have a written service level that can be measured.",
    "All services, their internal agreements and the contracts beneath them are documented and fit each other.",
    "Documents change when performance data or feedback give cause.",
    "Documents follow the tools by themselves, and people decide on what is proposed.",
)
HOSTILE = (
    "<script>alert(1)</script>",
    "</pre></style></details><img src=x onerror=alert(1)>",
    "\u202egnp.exe\u202c \x1b[31mred\x07 \x00 end",
    "| pipe ` tick ``` fence [link](javascript:alert(1)) <!-- {{ 7 * 7 }} {% raw %}",
    "x" * 10_000,
    "a\nb\r\n# heading\n\n- list\u2028sep",
    "\u65e5\u672c\u8a9e\u306e\u30b5\u30fc\u30d3\u30b9 e\u0301 \U0001f469\u200d\U0001f4bb",
    '" onmouseover="alert(1)" \'',
)
WINDOW = WindowUsed(
    datetime(2025, 10, 3, tzinfo=UTC),
    datetime(2026, 1, 1, tzinfo=UTC),
    "last 90 days",
    "widened from 30 days, which held 4 events",
)


def card(id_: str, *, role: str = "core", unit: str = "share", goal: float = 1.0, question: str = "") -> IndicatorCard:
    dimension, rest = id_.split("-")
    return IndicatorCard(
        id=id_,
        version=1,
        dimension=dimension,
        level=int(rest[0]),
        role=role,
        type="population",
        question=question or "What share of the major services has a written, measurable service level in force?",
        why="A level that nobody wrote down cannot be kept, and cannot be missed.",
        basis="ISO/IEC 20000-1:2018 8.3.3",
        asks="documented",
        unit=unit,
        direction="more",
        goal=goal,
        min_n=1,
        look_at="the agreement's page and the sentence with the target",
        sql="select item, met_lo, met_hi, evidence\nfrom major_service\nwhere tier <= $p.major_tier_max",
        sql_place=f"indicators/{dimension}/{id_}.yaml:31",
        limits=("A catalogue that lists too few services is seen only where tickets name the others.",),
        remediation="Write down one availability and one response target for each service that is named here.",
        effort="M",
    )


def item(name: str, lo: float, hi: float, *refs: str, counted: str = "both", note: str | None = None) -> ItemResult:
    reasons = (ReasonNote(Reason.UNDECIDED_ITEMS, "The kind of the document is not sure (0.55)."),) if lo != hi else ()
    guards = ("placeholders",) if lo == 0.0 and hi == 0.0 else ()
    return ItemResult(name, name, lo, hi, counted, refs, note, reasons, guards)  # type: ignore[arg-type]


def observation(definition: IndicatorCard, degree: Interval, **changes: object) -> Observation:
    base = Observation(
        card=definition,
        status="measured",
        degree=degree,
        value=Measured(degree.lo, degree.point, degree.hi),
        n=1,
        counts=ItemCounts(1, 0, 0, 0, 0),
        window=None,
        reasons=(),
        guards=(),
        flags=(),
        carried_from=None,
        confidence=0.6,
        confidence_limit="reliability",
        items=(),
        items_omitted=0,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def unknown(id_: str, *notes: ReasonNote, **changes: object) -> Observation:
    nothing = {
        "status": "unknown",
        "value": Measured(None, None, None),
        "n": 0,
        "counts": ItemCounts(0, 0, 0, 0, 0),
        "confidence": None,
        "confidence_limit": None,
        "reasons": notes,
    }
    return observation(card(id_, question=f"Is {id_} so?"), UNKNOWN, **(nothing | changes))


def record(number: int, name: str, source_url: str | None = "https://wiki.example.org/page?id=7&v=2") -> RecordView:
    ref = f"agreement:docs:a-{number:05d}"
    return RecordView(
        ref=ref,
        stream="agreement",
        source_id="docs",
        key=f"a-{number:05d}",
        values={
            "agreement_id": f"a-{number:05d}",
            "kind": "SLA",
            "kind_conf": 0.95,
            "scope": name,
            "service_ids": [name, "svc-2"],
            "approved_at": "2025-03-01T09:00:00Z",
            "effective_to": None,
            "sections_found": {"service_levels": True, "owner": None},
        },
        reliability="R2",
        fetched_at="2026-01-01T00:00:00Z",
        source_url=source_url,
        row_sha256=f"{number:064x}",
        payload_sha256=f"{number + 1:064x}",
        pointer=f"line:{number + 1}",
        excerpt=f'{{"agreement_id": "a-{number:05d}", "scope": "{name}"}}',
        excerpt_cut=number % 5 == 0,
        derived_by="agreements 1" if number % 2 else None,
    )


def cell(level: int, status: str, degree: Interval = UNKNOWN, **changes: object) -> CellResult:
    rated = status == "rated"
    base = CellResult(
        level=level,
        statement=STATEMENTS[level - 1],
        status=status,  # type: ignore[arg-type]
        reason=Reason.NOT_IN_PACK if status == "not-assessed" else None,
        degree=degree,
        rating_lo=_rating(degree.lo) if rated else None,
        rating_point=_rating(degree.point) if rated and degree.point is not None else None,
        rating_hi=_rating(degree.hi) if rated else None,
        gated_lo=rated and degree.lo == 0.5,
        gated_hi=False,
        indicators=(),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def _rating(degree: float) -> Rating:
    cuts = ((0.15, Rating.N), (0.325, Rating.P_MINUS), (0.5, Rating.P_PLUS), (0.675, Rating.L_MINUS))
    return next((rating for cut, rating in cuts if degree <= cut), Rating.L_PLUS if degree <= 0.85 else Rating.F)


def _dimension(code: str, levels: tuple[int, int | None, int], *cells: CellResult, **changes: object):
    base = DimensionResult(
        code=code,
        title=TITLES[code],
        assessed=True,
        why_not_assessed=None,
        confirmed=levels[0],
        point=levels[1],
        possible=levels[2],
        level_1_is_proven=False,
        cells=(cell(1, "floor", Interval(1.0, 1.0, 1.0)), *cells),
        blockers=(),
        unbanked=(),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def _not_in_pack(code: str) -> DimensionResult:
    return _dimension(
        code,
        (1, None, 5),
        *(cell(level, "not-assessed") for level in (2, 3, 4, 5)),
        assessed=False,
        why_not_assessed="The rule pack has no indicators for level 2.",
        blockers=(Blocker(2, None, "evidence", "The rule pack has no indicators for level 2."),),
    )


def _dimensions() -> dict[str, DimensionResult]:
    rest = tuple(cell(level, "not-assessed") for level in (3, 4, 5))
    doc2 = cell(2, "rated", Interval(0.5, 0.642857142857, 0.866666667), indicators=("DOC-2.1", "DOC-2.2", "DOC-2.3"))
    tool = (
        cell(2, "rated", Interval(0.9, 0.95, 1.0), indicators=("TOOL-2.1",)),
        cell(3, "rated", Interval(0.4, 0.7, 1.0), indicators=("TOOL-3.1",)),
        cell(4, "unknown", indicators=("TOOL-4.1",)),
        cell(5, "rated", Interval(0.9, 0.95, 1.0), indicators=("TOOL-5.1",)),
    )
    pm2 = cell(2, "rated", Interval(0.1, 0.2, 0.3), indicators=("PM-2.1", "PM-2.2"))
    blocker = Blocker(2, "DOC-2.1", "practice", "DOC-2.1: 4 of 6 major services have no written target: mail, shop.")
    return {
        "DOC": _dimension(
            "DOC", (1, 2, 3), doc2, *rest, blockers=(blocker, Blocker(2, "DOC-2.2", "sample", "2 more good months."))
        ),
        "TOOL": _dimension(
            "TOOL",
            (2, 3, 5),
            *tool,
            unbanked=(5,),
            blockers=(Blocker(3, "TOOL-3.1", "sample", "TOOL-3.1: 5 more good results would confirm it."),),
        ),
        "INT": _dimension(
            "INT",
            (1, None, 5),
            cell(2, "unknown", indicators=("INT-2.1",)),
            *rest,
            assessed=False,
            why_not_assessed="No source answers for improvement and meeting.",
            blockers=(Blocker(2, "INT-2.1", "evidence", "INT-2.1 is unknown: no source answers for meeting."),),
        ),
        "TRN": _not_in_pack("TRN"),
        "PM": _dimension(
            "PM",
            (1, 1, 1),
            pm2,
            *rest,
            level_1_is_proven=True,
            blockers=(Blocker(2, "PM-2.1", "practice", "PM-2.1: 1 of 12 target-months has a result."),),
        ),
        "COM": _dimension("COM", (2, 2, 2), cell(2, "rated", Interval(1.0, 1.0, 1.0)), cell(3, "not-applicable")),
        "CI": _not_in_pack("CI"),
    }


def _observations(items: tuple[ItemResult, ...]) -> dict[str, Observation]:
    guard = GuardOutcome(
        "placeholders", "factor", 0.5, True, 2, "A template is no agreement.", "40 % placeholders", (items[0].evidence)
    )
    doubt = GuardOutcome("burst", "undecided", None, False, 0, "All approved on one day.", None, ())
    found = [
        observation(
            card("DOC-2.1"),
            Interval(0.333333333, 0.4, 0.5),
            n=len(items),
            counts=ItemCounts(3, 2, 1, 1, 1),
            items=items,
            items_omitted=412,
            reasons=(
                ReasonNote(
                    Reason.UNDECIDED_ITEMS, "One document is of doubtful kind.", ("document", "agreement"), (0,)
                ),
            ),
            guards=(guard, doubt),
            flags=("small population",),
        ),
        observation(
            card("DOC-2.2", goal=0.9),
            Interval(0.55, 1.0, 1.0),
            n=12,
            window=WINDOW,
            reasons=(
                ReasonNote(Reason.THIN_SAMPLE, "12 cases."),
                ReasonNote(Reason.CONFLICT, "Wiki against contract."),
            ),
        ),
        observation(
            card("DOC-2.3", role="supporting", unit="d", goal=30.0),
            Interval(0.5, 0.5, 0.5),
            value=Measured(60.25, 60.25, 60.25),
            carried_from="c" * 64,
            reasons=(ReasonNote(Reason.STALE_PULL, "Last sound pull 10 days ago."),),
        ),
        observation(card("DOC-1.1", role="diagnostic"), Interval(0.2, 0.2, 0.2)),
        observation(card("TOOL-2.1"), Interval(0.9, 0.95, 1.0)),
        observation(card("TOOL-3.1"), Interval(0.4, 0.7, 1.0), reasons=(ReasonNote(Reason.RETENTION, "40 days."),)),
        unknown("TOOL-4.1", ReasonNote(Reason.RULE_FAILED, "Timed out after 30 s.")),
        observation(card("TOOL-5.1"), Interval(0.9, 0.95, 1.0)),
        unknown("INT-2.1", ReasonNote(Reason.NO_SOURCE, "", ("meeting", "improvement"))),
        observation(card("PM-2.1"), FALSE, counts=ItemCounts(0, 1, 0, 0, 0)),
        unknown(
            "PM-2.2",
            ReasonNote(Reason.SCOPE_INCOMPLETE, "Nobody vouches for sla_cycle.", ("sla_cycle",)),
            ReasonNote(Reason.PARTIAL_SOURCE, "12 tickets were denied.", ("ticket",), (1,)),
            ReasonNote(Reason.AMBIGUOUS_SERVICE, "Queue `ops` is no service."),
        ),
        observation(
            card("PM-2.3"), Interval(0.0, None, 1.0), status="not-applicable", confidence=None, confidence_limit=None
        ),
    ]
    return {entry.card.id: entry for entry in found}


def _sources() -> tuple[SourceView, ...]:
    run = {
        "source_id": "docs",
        "kind": "docs",
        "started": "2025-12-31T23:00:00Z",
        "ended": "2026-01-01T00:00:00Z",
        "status": "ok",
        "window_from": "2024-01-01T00:00:00Z",
        "window_to": "2026-01-01T00:00:00Z",
        "items": 1200,
        "denied": 0,
        "retention_from": None,
        "streams": ["agreement", "document"],
        "scope_complete": {"agreement": ["SLA", "OLA"], "document": True, "meeting": False},
        "declared_by": "p-01",
        "declared_at": "2025-12-01T00:00:00Z",
    }
    broken = {"source_id": "tickets", "kind": "ticketing", "status": "failed", "streams": None, "scope_complete": None}
    return (
        SourceView("docs", "docs", run, "2026-01-01T00:00:00Z", {"agreement": 9, "document": 1191}),
        SourceView("tickets", "ticketing", broken, None, {}),
    )


def build(*, names: tuple[str, ...] = (), count: int = 8) -> Assessment:
    """An assessment with `count` items that each cite one record; names replace ids where they are given."""
    verdicts = ((1.0, 1.0, "both"), (0.0, 0.0, "both"), (0.0, 1.0, "both"), (0.5, 0.5, "both"))
    odd = ((0.0, 0.0, "lo"), (1.0, 1.0, "hi"), (0.0, 0.0, "no"))
    items, records = [], []
    for number in range(count):
        name = names[number % len(names)] if names else f"svc-{number}"
        lo, hi, counted = (verdicts + odd)[number % 7]
        url = ("https://wiki.example.org/a?b=1&c=2", "javascript:alert(1)", None)[number % 3]
        records.append(record(number, name, url))
        refs = (records[-1].ref, f"document:docs:gone-{number}") if number % 4 == 0 else (records[-1].ref,)
        items.append(item(name, lo, hi, *refs, counted=counted, note=f"about {name}" if number % 2 else None))
    if records:
        records[-1] = replace(records[-1], excerpt=None, excerpt_cut=False, fetched_at=None)
    label = names[0] if names else "Example organisation"
    gap = GapView("docs", "agreement", "malformed", f"kind is not one of SLA, SLR: {label}", "agreement.csv:12", 14, 14)
    return Assessment(
        format=ASSESSMENT_FORMAT,
        engine_version="0.1.0",
        organisation=label,
        scope="default",
        time_zone="Europe/Berlin",
        as_of="2026-01-01T00:00:00Z",
        evidence_sha256="e" * 64,
        rule_pack=PackView(
            "slm-maturity", "1.0.0", "Service level management maturity", "f" * 64, {"classify_min": [0.6, 0.7]}
        ),
        sources=_sources(),
        gaps=(gap, GapView("tickets", None, "forbidden", "The token may not read project OPS.", None, 1, None)),
        dimensions=_dimensions(),
        observations=_observations(tuple(items)),
        records={entry.ref: entry for entry in records},
        records_omitted=3,
    )


@pytest.fixture(scope="session")
def build_assessment() -> Callable[..., Assessment]:
    return build


@pytest.fixture(scope="session")
def assessment() -> Assessment:
    return build()


@pytest.fixture(scope="session")
def hostile() -> Assessment:
    return build(names=HOSTILE, count=24)


@pytest.fixture(scope="session")
def hostile_names() -> tuple[str, ...]:
    return HOSTILE


@pytest.fixture(scope="session")
def seal() -> Seal:
    return Seal(run=7, assessment_sha256="a" * 64, manifest_sha256="b" * 64)
