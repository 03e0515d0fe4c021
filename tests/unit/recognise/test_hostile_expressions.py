"""Expressions and alert configurations that are made to break or to stall: undecided with a reason, at once."""

from __future__ import annotations

import pytest

from auditor.recognise.alert_config import MAX_VALUE, ConfigFault
from auditor.recognise.alert_routes import read_config, route
from auditor.recognise.promql import RuleBook, RuleFacts, classify


def undecided(expr: str) -> str | None:
    rule = RuleFacts("r", "name", expr)
    found = classify(rule, RuleBook([rule]))
    assert (found.undecided is None) == (found.classes != ("unknown",))
    return found.undecided


@pytest.mark.parametrize(
    "expr",
    ["up @ -1 > 0", "up @\n -1 > 0", "up @ # a comment\n -1 > 0", "up @ -Inf > 0", "up @ 1e300 > 0", "up @ 1e17 > 0"],
)
def test_an_instant_that_no_clock_has_leaves_the_rule_undecided(expr: str) -> None:
    assert undecided(expr) is not None


def test_a_text_that_looks_like_such_an_instant_is_a_text() -> None:
    assert undecided('up{path="@ -1"} > 0') is None


@pytest.mark.parametrize(
    "expr",
    [
        '"' + '\\"' * 24_000,
        "'" + "\\'" * 24_000,
        "`" * 49_999,
        "[a" * 24_000,
        "(" * 5_000 + "up" + ")" * 5_000,
        "(" * 700 + "up" + ")" * 700,
        "-" * 700 + "up",
        "{" * 49_000,
        "a + " * 250_000 + "a",
        " and ".join(f"(a{n} > 1 or b{n} > 2)" for n in range(60)),
    ],
)
def test_expressions_made_to_stall_or_to_overflow_end_undecided(expr: str) -> None:
    assert undecided(expr) is not None


def config(*matchers: str) -> str:
    routes = "".join(f"  - receiver: desk\n    matchers: ['{matcher}']\n" for matcher in matchers)
    return f"route:\n  receiver: desk\n  routes:\n{routes}receivers: [{{name: desk}}]\n"


@pytest.mark.parametrize("pattern", ["a?" * 30 + "a" * 30, "a*" * 9 + "b", "(a|aa)" * 30 + "b", "a{0,9}" * 9, "(a*)+"])
def test_a_pattern_that_could_be_tried_for_hours_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigFault):
        read_config(config(f'team=~"{pattern}"'))


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        (".*web.*shop.*", "the web shop"),
        ("a.*|b.*|c.*|d.*|e.*|f.*", "f1"),
        ("(a|b|c)-?[0-9]{1,2}", "b-12"),
        ("[*+?(]*x", "(?x"),
        (r"\*\+\?\(\)", "*+?()"),
        ("(?i)web.*", "WEB1"),
    ],
)
def test_patterns_that_people_write_are_followed(pattern: str, value: str) -> None:
    text = config(f'team=~"{pattern}"').replace("  - receiver: desk", "  - receiver: pager")
    read = read_config(text.replace("receivers: [", "receivers: [{name: pager}, "))
    assert route(read, {"team": value}).receivers == ("pager",)
    assert route(read, {"team": "nobody"}).receivers == ("desk",)


def test_a_very_long_value_is_not_compared_with_a_pattern() -> None:
    read = read_config(config('team=~".*a.*b.*"', 'site="north"'))
    assert route(read, {"team": "x" * MAX_VALUE}).undecided is None
    assert route(read, {"team": "x" * (MAX_VALUE + 1)}).undecided is not None


@pytest.mark.parametrize(
    "place", ["matchers: [*a8]", "receiver: *a8", "match: {team: *a8}", "mute_time_intervals: [*a8]"]
)
def test_aliases_that_multiply_are_refused_before_they_are_written_out(place: str) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    text = "\n".join([*lines, "route:", "  receiver: desk", "  routes:", f"  - {place}", "receivers: [{name: desk}]"])
    with pytest.raises(ConfigFault):
        read_config(text)


def test_the_address_of_a_webhook_made_of_aliases_is_an_unknown_webhook() -> None:
    text = "a: &a [x, x]\nroute: {receiver: desk}\nreceivers: [{name: desk, webhook_configs: [{url: *a}]}]\n"
    assert route(read_config(text), {}).kinds == ("webhook",)
