"""Whom alerts reach, by a configuration of Alertmanager and the labels of a rule."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.recognise.alert_config import parse_matchers
from auditor.recognise.alert_routes import ConfigFault, kinds_of_receiver, matched, read_config, route

CONFIG = """
route:
  receiver: quiet
  routes:
    - matchers: ['severity="page"', 'team=~"shop|cart"']
      receiver: pager
      continue: true
      mute_time_intervals: [weekends]
    - match: {severity: page}
      receiver: chat
      routes:
        - match_re: {team: "sh.*"}
          receiver: desk
          active_time_intervals: [office-hours]
    - matchers: ['{severity="ticket", env!="test"}']
      receiver: desk
receivers:
  - name: quiet
  - name: pager
    pagerduty_configs: [{service_key: <secret>}]
  - name: chat
    slack_configs: [{channel: '#alerts'}]
    email_configs: [{to: desk@example.org}]
  - name: desk
    webhook_configs: [{url: "https://jira.example.org/hook"}]
inhibit_rules:
  - source_matchers: [severity="page"]
    target_matchers: [severity="ticket"]
    equal: [service]
"""


def routed(text: str = CONFIG, **labels: str):
    return route(read_config(text), labels)


def test_a_match_that_goes_on_adds_the_next_one():
    result = routed(severity="page", team="shop")
    assert (result.receivers, result.kinds) == (("pager", "desk"), ("page", "ticket"))


def test_a_match_that_does_not_go_on_ends_the_walk():
    result = routed(severity="page", team="bank")
    assert (result.receivers, result.kinds) == (("chat",), ("chat", "email"))


def test_what_no_route_takes_goes_to_the_root_and_reaches_nobody():
    assert routed(severity="other").kinds == ("none",)


def test_an_absent_label_is_the_empty_text():
    assert routed(severity="ticket").kinds == ("ticket",)
    assert routed(severity="ticket", env="test").kinds == ("none",)


def test_the_path_and_the_silent_times_are_noted():
    notes = routed(severity="page", team="shop").notes
    assert 'route.routes[0] (severity="page", team=~"shop|cart") leads to pager (page).' in notes
    assert "route.routes[0] is silent in weekends." in notes
    assert "route.routes[1].routes[0] is silent outside office-hours." in notes


def test_inhibition_is_noted_and_not_judged():
    result = routed(severity="ticket", env="live")
    assert any("silent while" in note for note in result.notes)
    assert result.kinds == ("ticket",)
    assert not any("silent while" in note for note in routed(severity="page").notes)


def test_labels_that_only_a_series_may_bring_are_named():
    assert any("env, team" in note for note in routed(severity="page").notes)


@pytest.mark.parametrize("severity", ["none", "info", "Info"])
def test_a_severity_that_asks_for_nothing_is_noted(severity: str):
    assert any("not paged" in note for note in routed(severity=severity).notes)


def test_a_label_from_a_template_is_undecided_only_where_a_route_depends_on_it():
    assert routed(severity="{{ $labels.level }}").kinds is None
    assert "template" in (routed(severity="{{ $labels.level }}").undecided or "")
    assert routed(severity="other", summary="{{ $value }}").kinds == ("none",)
    assert routed(severity="other", team="{{ $labels.team }}").kinds == ("none",)  # another matcher fails already


def test_a_receiver_that_is_not_defined_is_undecided():
    result = routed("route: {receiver: nobody}\nreceivers: [{name: other}]")
    assert result.kinds is None
    assert "nobody" in (result.undecided or "")


@pytest.mark.parametrize(
    ("integrations", "kinds"),
    [
        ({}, ("none",)),
        ({"opsgenie_configs": [{}]}, ("page",)),
        ({"victorops_configs": [{}]}, ("page",)),
        ({"pushover_configs": [{}]}, ("page",)),
        ({"msteams_configs": [{}]}, ("chat",)),
        ({"telegram_configs": [{}]}, ("chat",)),
        ({"webex_configs": [{}]}, ("chat",)),
        ({"email_configs": [{}], "discord_configs": [{}]}, ("chat", "email")),
        ({"jira_configs": [{}]}, ("ticket",)),
        ({"sns_configs": [{}]}, ("webhook",)),
        ({"never_heard_of_configs": [{}]}, ("webhook",)),
        ({"webhook_configs": [{"url": "<secret>"}]}, ("webhook",)),
        ({"webhook_configs": [{"url": "https://events.pagerduty.com/x"}]}, ("page",)),
        ({"webhook_configs": [{"url": "https://api.atlassian.com/jsm/ops/integration/v2"}]}, ("page",)),
        ({"webhook_configs": [{"url": "https://acme.service-now.com/api"}]}, ("ticket",)),
        ({"webhook_configs": [{"url": "http://prometheus-msteams:2000/x"}]}, ("chat",)),
        ({"webhook_configs": [{"url_file": "/etc/url"}]}, ("webhook",)),
    ],
)
def test_kinds_of_receivers(integrations, kinds):
    assert kinds_of_receiver(integrations) == kinds


@pytest.mark.parametrize(
    ("text", "labels", "met"),
    [
        ('a="b"', {"a": "b"}, True),
        ("a = b", {"a": "b"}, True),
        ('{a!="b",c=~"d|e"}', {"a": "x", "c": "e"}, True),
        ('a=~"b"', {"a": "bb"}, False),  # the whole value
        ('a!~"b.*"', {"a": "bb"}, False),
        ('a=""', {}, True),
        ('a!=""', {}, False),
        (r'a="x\"y"', {"a": 'x"y'}, True),
        ('a="x,y"', {"a": "x,y"}, True),
        ('"a.b"="c"', {"a.b": "c"}, True),
        ('a=~"(?i)page"', {"a": "PAGE"}, True),
    ],
)
def test_matchers_of_both_syntaxes(text, labels, met):
    assert all(matcher.matches(labels) for matcher in parse_matchers(text)) is met


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no mapping"),
        ("- a", "no mapping"),
        ("route: [", "no YAML"),
        ("receivers: []", "no mapping"),
        ("route: {routes: []}", "no receiver"),
        ("route: {receiver: a, routes: {b: c}}", "no list"),
        ("route: {receiver: a, routes: [{matchers: ['a~b']}]}", "no matcher"),
        ("""route: {receiver: a, routes: [{matchers: ['a="b']}]}""", "not closed"),
        ("route: {receiver: a, routes: [{match_re: {a: '('}}]}", "no pattern"),
        ("route: {receiver: a, routes: [{match_re: {a: '(x+)+y'}}]}", "repeats a group"),
        ("route: {receiver: a, routes: [{match_re: {a: '(x|xx)*y'}}]}", "repeats a group"),
        ("route: {receiver: a, routes: [{match_re: {a: '[[:alpha:]]'}}]}", "RE2"),
        ("x: &x {receiver: a}\nroute: {<<: *x}", "merged"),
        ("route: {receiver: a, routes: " + "[{routes: " * 80 + "[]" + "}]" * 80 + "}", "deeper"),
        ("route: " + "[" * 9000, "no YAML"),
        ("a" * 4_000_001, "characters"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, word: str):
    with pytest.raises(ConfigFault, match=word):
        read_config(text)


def test_aliases_cannot_make_a_short_text_mean_very_many_routes():
    levels = "\n".join(f"l{n}: &l{n} {{routes: [*l{n - 1}, *l{n - 1}, *l{n - 1}]}}" for n in range(1, 15))
    text = f"l0: &l0 {{match: {{a: b}}}}\n{levels}\nroute: {{receiver: a, routes: [*l14]}}"
    with pytest.raises(ConfigFault, match="routes"):
        read_config(text)


def test_values_that_yaml_could_take_for_something_else_stay_text():
    config = read_config("route: {receiver: a, routes: [{match: {on: yes, n: 010}, receiver: b}]}\nreceivers: []")
    assert [each.receiver for each in matched(config.root, {"on": "yes", "n": "010"})] == ["b"]


SCALARS = st.sampled_from(["a", "", "true", "a=~b", 'a="b"', "{{ x }}", "[", None, 5, 1.5, True])
KEYS = (
    "route",
    "routes",
    "receiver",
    "receivers",
    "matchers",
    "match",
    "match_re",
    "name",
    "continue",
    "inhibit_rules",
    "target_matchers",
    "slack_configs",
    "webhook_configs",
    "url",
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(st.builds(lambda route, receivers: {"route": route, "receivers": receivers}, TREES, TREES) | TREES)
def test_every_configuration_is_read_or_refused(data: object):
    try:
        config = read_config(json.dumps(data))
    except ConfigFault:
        return
    result = route(config, {"a": "b"})
    assert (result.kinds is None) == (result.undecided is not None)
