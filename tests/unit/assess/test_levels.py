import pytest

from auditor.assess.level import level_of, lower_cells_min
from auditor.assess.rate import every_indicator_once, rate_cell, rate_dimension, rating_of
from auditor.errors import AuditorError
from auditor.model.truth import FALSE, TRUE, UNKNOWN, Interval, Rating


def exactly(value: float) -> Interval:
    return Interval(value, value, value)


@pytest.mark.parametrize(
    ("degree", "rating"),
    [
        (0.0, "N"),
        (0.15, "N"),
        (0.1500000001, "N"),  # equal after rounding to nine decimals
        (0.151, "P-"),
        (0.325, "P-"),
        (0.33, "P+"),
        (0.5, "P+"),
        (0.501, "L-"),
        (0.675, "L-"),
        (0.68, "L+"),
        (0.85, "L+"),
        (0.851, "F"),
        (1.0, "F"),
    ],
)
def test_ratings_begin_above_their_cuts(degree, rating):
    assert rating_of(degree) == rating


def rate(world, *pairs):
    found = [world.observation(f"DOC-2.{n}", degree, role=role) for n, (role, degree) in enumerate(pairs)]
    return rate_cell(2, "", found)


def test_core_weighs_four_times_supporting(world):
    cell = rate(world, ("core", TRUE), ("core", TRUE), ("supporting", UNKNOWN))
    assert cell.degree.lo == pytest.approx(8 / 9)
    assert (cell.degree.hi, cell.rating_lo, cell.rating_hi) == (1.0, Rating.F, Rating.F)


def test_a_core_degree_at_the_gate_caps_its_cell_and_one_above_does_not(world):
    capped = rate(world, ("core", TRUE), ("core", TRUE), ("core", exactly(0.5)))
    assert (capped.degree.lo, capped.gated_lo, capped.gated_hi) == (0.5, True, True)
    free = rate(world, ("core", TRUE), ("core", TRUE), ("core", exactly(0.501)))
    assert free.degree.lo > 0.8
    assert not free.gated_lo


def test_supporting_indicators_never_gate(world):
    assert rate(world, ("core", TRUE), ("supporting", FALSE)).degree.lo == 0.8


def test_diagnostics_never_count(world):
    assert rate(world, ("core", TRUE), ("diagnostic", FALSE)).degree.lo == 1.0
    alone = rate(world, ("diagnostic", TRUE))
    assert (alone.status, alone.reason, alone.degree, alone.rating_lo) == ("not-assessed", "not-in-pack", UNKNOWN, None)


def test_a_cell_without_indicators_is_not_assessed(world):
    cell = rate_cell(3, "", [])
    assert (cell.status, cell.reason, cell.degree) == ("not-assessed", "not-in-pack", UNKNOWN)


def na(world, number=9, role="core"):
    return world.observation(f"DOC-2.{number}", UNKNOWN, role=role, status="not-applicable")


def test_what_is_not_applicable_is_dropped(world):
    cell = rate_cell(2, "", [world.observation("DOC-2.1", exactly(0.7)), na(world)])
    assert cell.degree == exactly(0.7)


def test_a_cell_whose_core_is_not_applicable_is_not_applicable(world):
    supporting = world.observation("DOC-2.1", FALSE, role="supporting")
    assert rate_cell(2, "", [na(world), supporting]).status == "not-applicable"


def test_a_point_needs_seven_tenths_of_the_core_and_every_gating_one(world):
    high, thin = Interval(0.6, 0.9, 1.0), Interval(0.6, None, 1.0)
    assert rate(world, ("core", high), ("core", high), ("core", thin)).degree.point is None  # 2 of 3 are not 0.7
    assert rate(world, *[("core", high)] * 3, ("core", thin)).degree.point == pytest.approx(0.9)
    assert rate(world, *[("core", high)] * 3, ("core", UNKNOWN)).degree.point is None


def dimension(world, *degrees, status=None):
    """A dimension with one core indicator for level 2, 3, ...; None: the pack has none; `na`: not applicable."""
    found = []
    for level, degree in enumerate(degrees, 2):
        if degree == "na":
            found.append(world.observation(f"DOC-{level}.1", UNKNOWN, status="not-applicable"))
        elif degree is not None:
            found.append(world.observation(f"DOC-{level}.1", degree))
    pack = world.pack(*[world.indicator(o.card.id) for o in found])
    definition = pack.dimensions["DOC"]
    cells = rate_dimension(definition, found)
    return level_of(definition, cells, {o.card.id: o for o in found}, lower_cells_min(pack))


L, N = exactly(0.7), exactly(0.1)


@pytest.mark.parametrize(
    ("cells", "confirmed", "point", "possible"),
    [
        ((TRUE, TRUE, TRUE, TRUE), 5, 5, 5),
        ((TRUE, TRUE, TRUE, L), 5, 5, 5),
        ((TRUE, L, TRUE, TRUE), 3, 3, 3),
        ((L, TRUE, TRUE, TRUE), 2, 2, 2),
        ((N, TRUE, TRUE, TRUE), 1, 1, 1),
        ((TRUE, N, TRUE, TRUE), 2, 2, 2),
        ((TRUE, UNKNOWN, TRUE, TRUE), 2, 2, 5),
        ((TRUE, UNKNOWN, N, TRUE), 2, 2, 3),
        ((Interval(0.6, 0.9, 1.0), TRUE, TRUE, TRUE), 2, 5, 5),
        ((Interval(0.2, 0.6, 0.8), TRUE, TRUE, TRUE), 1, 2, 2),
        ((TRUE, TRUE, None, None), 3, 3, 5),
        ((TRUE, "na", TRUE, N), 4, 4, 4),
        ((TRUE, "na", "na", TRUE), 2, 2, 2),
        ((TRUE, "na", N, TRUE), 3, 3, 3),
        ((TRUE, TRUE, TRUE, "na"), 5, 5, 5),
        (("na", TRUE, N, N), 3, 3, 3),
    ],
)
def test_levels_are_staged(world, cells, confirmed, point, possible):
    found = dimension(world, *cells)
    assert found.assessed
    assert (found.confirmed, found.point, found.possible) == (confirmed, point, possible)


@pytest.mark.parametrize(
    "cells", [(UNKNOWN, TRUE, TRUE, TRUE), (None, TRUE, TRUE, TRUE), ("na", UNKNOWN), (), ("na", "na", TRUE)]
)
def test_a_dimension_of_whose_first_cell_nothing_is_known_has_no_level(world, cells):
    found = dimension(world, *cells)
    assert not found.assessed
    assert found.why_not_assessed
    assert (found.confirmed, found.point) == (1, None)


def test_an_empty_pack_leaves_everything_possible_and_nothing_shown(world):
    found = dimension(world)
    assert (found.assessed, found.confirmed, found.possible) == (False, 1, 5)
    assert found.blockers[0].indicator is None


def test_level_1_is_proven_only_when_evidence_excludes_level_2(world):
    assert dimension(world, Interval(0.1, 0.3, 0.5)).level_1_is_proven
    at_least = dimension(world, Interval(0.1, 0.3, 0.6))
    assert (at_least.confirmed, at_least.level_1_is_proven) == (1, False)


def test_lower_cells_may_be_relaxed_by_a_parameter(world):
    pack = world.pack(lower_cells_min="L+")
    assert lower_cells_min(pack) == {Rating.L_PLUS, Rating.F}
    assert lower_cells_min(world.pack()) == {Rating.F}


def test_strengths_above_the_cell_that_stops_are_kept_apart(world):
    assert dimension(world, TRUE, N, TRUE, L).unbanked == (4, 5)
    assert dimension(world, L, TRUE, N, TRUE).unbanked == (3, 5)
    assert dimension(world, TRUE, TRUE, TRUE, TRUE).unbanked == ()


def test_a_point_outside_of_the_bounds_of_levels_is_kept_within(world):
    """Thin samples can confirm a cell that has no point of its own."""
    found = dimension(world, Interval(0.9, None, 1.0), TRUE, TRUE, TRUE)
    assert (found.confirmed, found.point) == (5, 5)


def test_every_indicator_of_the_pack_is_observed_exactly_once(world):
    pack = world.pack(world.indicator("DOC-2.1"), world.indicator("DOC-2.2"))
    one, two = (world.observation(id, TRUE) for id in ("DOC-2.1", "DOC-2.2"))
    assert list(every_indicator_once(pack, [two, one])) == ["DOC-2.1", "DOC-2.2"]
    for wrong, named in (([one], "DOC-2.2"), ([one, one], "DOC-2.2"), ([one, two, two], "DOC-2.2")):
        with pytest.raises(AuditorError, match=named):
            every_indicator_once(pack, wrong)
    with pytest.raises(AuditorError, match="DOC-2.3"):
        every_indicator_once(pack, [one, two, world.observation("DOC-2.3", TRUE)])
