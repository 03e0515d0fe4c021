from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from auditor.assess.windows import calendar_periods, shortened, window_lengths, window_of
from auditor.model.rubric import WindowRule

BERLIN, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_window_of_days_ends_at_the_audit_instant() -> None:
    window = window_of(WindowRule("days", 90), 90, at("2026-01-01T12:00"), UTC_ZONE)
    assert (window.starts, window.ends) == (at("2025-10-03T12:00"), at("2026-01-01T12:00"))
    assert window.note is None


def test_months_are_full_ones_of_the_zone_across_clock_changes() -> None:
    periods = calendar_periods(at("2025-11-15T00:00"), BERLIN, "months", 3)
    assert [(p.n, p.starts, p.ends) for p in periods] == [
        (1, at("2025-09-30T22:00"), at("2025-10-31T23:00")),  # October has 745 hours in Berlin
        (2, at("2025-08-31T22:00"), at("2025-09-30T22:00")),
        (3, at("2025-07-31T22:00"), at("2025-08-31T22:00")),
    ]


def test_a_month_that_ends_at_the_audit_instant_is_full() -> None:
    assert calendar_periods(at("2026-01-01T00:00"), UTC_ZONE, "months", 1)[0].starts == at("2025-12-01T00:00")
    # An hour before midnight in UTC it is already January in Berlin.
    assert calendar_periods(at("2025-12-31T23:00"), BERLIN, "months", 1)[0].starts == at("2025-11-30T23:00")
    assert calendar_periods(at("2025-12-31T22:59:59"), BERLIN, "months", 1)[0].starts == at("2025-10-31T23:00")


def test_quarters_are_calendar_quarters() -> None:
    first, second = calendar_periods(at("2026-02-10T00:00"), UTC_ZONE, "quarters", 2)
    assert (first.starts, first.ends) == (at("2025-10-01T00:00"), at("2026-01-01T00:00"))
    assert (second.starts, second.ends) == (at("2025-07-01T00:00"), at("2025-10-01T00:00"))


def test_a_calendar_window_spans_its_full_periods_only() -> None:
    window = window_of(WindowRule("months", 3, (6, 12)), 6, at("2026-01-20T08:00"), UTC_ZONE)
    assert (window.starts, window.ends) == (at("2025-07-01T00:00"), at("2026-01-01T00:00"))
    assert window.note == "widened from 3 months: too few events"


def test_lengths_are_tried_in_the_order_of_the_rule() -> None:
    assert list(window_lengths(WindowRule("days", 90, (180, 365)))) == [90, 180, 365]


def test_a_window_is_cut_to_what_the_sources_hold_while_half_of_it_remains() -> None:
    rule, as_of = WindowRule("days", 90), at("2026-01-01T00:00")
    window = window_of(rule, 90, as_of, UTC_ZONE)
    half = shortened(window, rule, at("2025-11-17T00:00"), UTC_ZONE)
    assert half is not None
    assert half.starts == at("2025-11-17T00:00")
    assert half.note == "shortened: the sources hold nothing older than 2025-11-17"
    assert shortened(window, rule, at("2025-11-18T00:00"), UTC_ZONE) is None
    assert shortened(window, rule, at("2025-01-01T00:00"), UTC_ZONE) is window


def test_a_shortened_calendar_window_keeps_full_months_only() -> None:
    rule, as_of = WindowRule("months", 3), at("2026-01-10T00:00")
    cut = shortened(window_of(rule, 3, as_of, UTC_ZONE), rule, at("2025-10-15T00:00"), UTC_ZONE)
    assert cut is not None
    assert cut.starts == at("2025-11-01T00:00")
    assert shortened(window_of(rule, 3, as_of, UTC_ZONE), rule, at("2025-11-02T00:00"), UTC_ZONE) is None
