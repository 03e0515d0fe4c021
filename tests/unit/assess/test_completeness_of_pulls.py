"""What a pull proves when the one after it failed, and when it is dated after the audit instant."""

from dataclasses import replace
from datetime import timedelta

import pytest

from auditor.model.evidence import Gap, GapReason

BROKEN = Gap(None, GapReason.UNREACHABLE, "no route to host")


def given(world, *covered):
    return {"service": world.services("a", "b"), "agreement": world.agreements(*covered)}


def failed_after(world, sound, *, streams=("service", "agreement")):
    """The source after a pull that failed an hour before T, and a sound one before it."""
    failed = world.source(streams=streams, status="failed", age_d=0.04, complete=False, gaps=[BROKEN])
    return replace(failed, last_ok_ended=sound.last_ok_ended, last_ok_values=sound.values, last_ok_gaps=sound.gaps)


def test_a_failed_pull_leaves_what_the_sound_one_before_it_proves(world):
    """Service b has no agreement: the pull of two days ago had all there are."""
    source = failed_after(world, world.source(age_d=2))
    audit = world.audit(world.indicator(), given(world, "a"), sources=[source])
    degree = audit.observations["DOC-2.1"].degree
    assert (degree.lo, degree.point, degree.hi) == (0.5, 0.5, 0.5)
    assert [view.detail for view in audit.gaps] == ["no route to host"]


def test_what_the_sound_pull_did_not_see_stays_unseen_after_a_failed_one(world):
    hidden = Gap("service", GapReason.MALFORMED, "bad tier", "service.jsonl:3", "src", 1)
    source = failed_after(world, world.source(age_d=2, gaps=[hidden]))
    audit = world.audit(world.indicator(), given(world, "a", "b"), sources=[source])
    observation = audit.observations["DOC-2.1"]
    assert observation.degree.lo == pytest.approx(2 / 3)
    assert {view.detail for view in audit.gaps} == {"no route to host", "bad tier"}
    named = {audit.gaps[position].detail for note in observation.reasons for position in note.gaps}
    assert named == {"no route to host", "bad tier"}


@pytest.mark.parametrize(
    "sound",
    [{"complete": False}, {"status": "partial", "denied": 1}, {"retention_days": 30}],
    ids=lambda how: next(iter(how)),
)
def test_a_failed_pull_makes_nothing_complete_that_the_sound_one_left_open(world, sound):
    source = failed_after(world, world.source(age_d=2, **sound))
    assert world.observe(world.indicator(), given(world, "a"), sources=[source]).degree.hi == 1.0


def test_the_statement_of_the_sound_pull_ages_like_its_rows(world):
    source = failed_after(world, world.source(age_d=8))
    found = world.observe(world.indicator(), given(world, "a"), sources=[source])
    assert (found.status, found.reasons[0].reason) == ("unknown", "stale-pull")


def test_a_stream_that_only_the_failed_pull_lists_was_never_seen(world):
    sources = [failed_after(world, world.source(age_d=2, streams=["service"])), world.source("docs", ["agreement"])]
    rows = {"service": world.services("a", "b"), "agreement": world.agreements("a", _source="docs")}
    assert world.observe(world.indicator(), rows, sources=sources).degree.hi == 1.0


def test_a_stream_that_the_failed_pull_forgets_is_still_answered_for(world):
    source = failed_after(world, world.source(age_d=2), streams=["service"])
    assert world.observe(world.indicator(), given(world, "a"), sources=[source]).degree.hi == 0.5


@pytest.mark.parametrize(("minutes", "status"), [(-60, "measured"), (5, "measured"), (5.1, "unknown")])
def test_a_pull_that_began_after_the_audit_instant_is_no_fresh_evidence(world, minutes, status):
    source = world.source(age_d=-minutes / 1440)
    found = world.observe(world.indicator(), given(world, "a", "b"), sources=[source])
    assert found.status == status
    if status == "unknown":
        assert [(note.reason, note.detail) for note in found.reasons] == [
            ("stale-pull", "service: src dated after the audit instant")
        ]


def test_a_pull_that_began_before_the_audit_instant_may_end_after_it(world):
    source = world.source(age_d=-0.02)
    began = {**source.values, "started": world.days_ago(0.01)}
    found = world.observe(world.indicator(), given(world, "a", "b"), sources=[replace(source, values=began)])
    assert found.status == "measured"


def test_items_that_rest_on_a_pull_after_the_audit_instant_are_undecided(world):
    sources = [world.source(streams=["service"]), world.source("docs", ["agreement"], age_d=-1)]
    rows = {"service": world.services("a", "b"), "agreement": world.agreements("a", _source="docs")}
    found = world.observe(world.indicator(), rows, sources=sources)
    assert found.status == "unknown"
    assert {note.detail for item in found.items for note in item.reasons} == {
        "agreement: docs dated after the audit instant"
    }


def test_a_value_is_not_carried_forward_over_a_pull_that_is_dated_after_the_audit_instant(world):
    first = world.audit(world.indicator(), given(world, "a"))
    later = world.audit(world.indicator(), given(world), sources=[world.source(age_d=-1)], previous=first)
    assert later.observations["DOC-2.1"].status == "unknown"


def test_a_failed_pull_after_the_audit_instant_leaves_the_sound_one_before_it(world):
    source = failed_after(world, world.source(age_d=2))
    late = {**source.values, "started": world.days_ago(-1), "ended": world.days_ago(-1)}
    found = world.observe(world.indicator(), given(world, "a"), sources=[replace(source, values=late)])
    assert (found.degree.lo, found.degree.hi) == (0.5, 0.5)
    assert world.T - source.last_ok_ended == timedelta(days=2)
