"""What a rule in PromQL can see coming, by its expression; expressions are our own, after public conventions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.recognise.promql import Classified, RuleBook, RuleFacts, classify, weaker

PULLED = datetime(2026, 3, 2, 5, tzinfo=UTC)


def judged(expr: str, *others: RuleFacts, **facts) -> Classified:
    rule = RuleFacts("r", facts.pop("name", "Alert"), expr, **facts)
    return classify(rule, RuleBook([rule, *others]))


def recording(name: str, expr: str, **labels: str) -> RuleFacts:
    return RuleFacts(name, name, expr, recording=True, labels=labels)


MULTIWINDOW = [
    "shop:errors:ratio_rate1h > 14.4 * 0.001 and shop:errors:ratio_rate5m > 14.4 * 0.001",
    "sum(rate(e[1h])) / sum(rate(t[1h])) > 0.0144 and sum(rate(e[5m])) / sum(rate(t[5m])) > 14.4 * (1 - 0.999)",
    "1 - sli:shop:ratio_rate6h > 0.006 and 1 - sli:shop:ratio_rate30m > 0.006",
    "sli:shop:ratio_rate1h < 1 - 14.4 * 0.001 and sli:shop:ratio_rate5m < 1 - 14.4 * 0.001",
    "max(x:burnrate1h) without (a) > 14 and on (b) max(x:burnrate5m) without (a) > 14",
    "0.0144 < job:error_ratio:rate1h_ratio and 0.0144 < job:error_ratio:rate5m_ratio",
    "sum(rate(e[1h])) > 14.4 * 0.001 * sum(rate(t[1h])) and sum(rate(e[5m])) > 14.4 * 0.001 * sum(rate(t[5m]))",
    "100 * x:error_ratio:ratio_rate1h > 1.44 and 100 * x:error_ratio:ratio_rate5m > 1.44",
    '(err:ratio{window="1h"} > 0.01 and err:ratio{window="5m"} > 0.01)',
    "(x:burnrate1h > bool 14) * on(job) (x:burnrate5m > bool 14) == 1",
    "sum(x:burnrate1h > 14.4 and x:burnrate5m > 14.4) > 0",
]


@pytest.mark.parametrize("expr", MULTIWINDOW)
def test_two_windows_of_one_share_with_one_limit_are_a_burn_rate(expr: str):
    assert judged(expr).classes == ("burn_multiwindow",)


@pytest.mark.parametrize(
    "expr",
    [
        "queue_length_rate5m > 100 and queue_length_rate1h > 100",  # no share
        "x:burnrate1h > 14 and y:burnrate5m > 13",  # two limits
        "cpu:ratio_rate5m > 0.9 and cpu:ratio_rate10m > 0.9",  # windows too near
        "x:ratio_rate1h > 0.1 and y:ratio_rate5m > 0.1",  # two things
        "x:ratio_rate1h > 0.1 and x:ratio_rate5m < 0.1",  # opposite directions
        "x:ratio_rate1h > 0.1 unless x:ratio_rate5m > 0.1",  # the second one silences
        "rate(errors_total[1h]) > 0 and rate(errors_total[5m]) > 0",
    ],
)
def test_two_windows_that_are_no_pair_are_no_multiwindow(expr: str):
    assert "burn_multiwindow" not in judged(expr).classes


def test_alternatives_with_other_rates_are_multi_rate():
    expr = "(x:burnrate1h > 14.4 and x:burnrate5m > 14.4) or (x:burnrate6h > 6 and x:burnrate30m > 6)"
    assert judged(expr).classes == ("burn_multi_rate", "burn_multiwindow")


def test_alternatives_with_one_rate_are_not_multi_rate():
    expr = "(x:burnrate1h > 6 and x:burnrate5m > 6) or (x:burnrate6h > 6 and x:burnrate30m > 6)"
    assert judged(expr).classes == ("burn_multiwindow",)


def test_alerts_of_one_indicator_with_other_rates_are_multi_rate_together():
    slow = RuleFacts("slow", "Slow", "x:burnrate3d > 1 and x:burnrate6h > 1")
    assert judged("x:burnrate1h > 14.4 and x:burnrate5m > 14.4", slow).classes == (
        "burn_multi_rate",
        "burn_multiwindow",
    )
    elsewhere = RuleFacts("slow", "Slow", "y:burnrate3d > 1 and y:burnrate6h > 1")
    assert judged("x:burnrate1h > 14.4 and x:burnrate5m > 14.4", elsewhere).classes == ("burn_multiwindow",)


@pytest.mark.parametrize(
    "expr",
    [
        "x:burnrate1h > 14.4",
        "slo:current_burn_rate:ratio > 2",
        "error_budget_remaining < 0.1",
        "slo:period_error_budget_remaining:ratio{a='b'} <= 0.25",
        "x:errors:ratio_rate1h / (1 - 0.999) > 14.4",
        "sum(rate(e[1h])) / sum(rate(t[1h])) > 14.4 * 0.001",
        "x:errors:ratio_rate1h > 6 * slo:error_budget:ratio",
    ],
)
def test_one_window_against_the_budget_is_a_single_burn_rate(expr: str):
    assert judged(expr).classes == ("burn_single",)


@pytest.mark.parametrize(
    "expr",
    [
        "up == 0",
        "absent(up{job='shop'})",
        "vector(1)",
        "rate(e[5m]) / rate(t[5m]) > 0.05",
        "llm_spend / llm_budget_limit > 0.9",
        "kafka_burrow_lag > 100",
        "x:errors:ratio_rate1h * 100 > 5",
        "x unless on (job) predict_linear(x[6h], 14400) > 1",
        "delta(jobs_total[5m]) > 5",
        "x offset 1h > 5",
        "x != x",
    ],
)
def test_a_fixed_condition_is_a_threshold(expr: str):
    assert judged(expr).classes == ("threshold",)


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("predict_linear(disk_free[6h], 4 * 3600) < 0", "predictive"),
        ("disk_free < 10 and predict_linear(disk_free[6h:5m], 14400) < 0", "predictive"),
        ("predict_linear(x[1h], 1799) > 5", "trend"),
        ("predict_linear(x[1h], 1800) > 5", "predictive"),
        ("predict_linear(x[1h], 60) > 5 and predict_linear(x[1h], 7200) > 5", "predictive"),
        ("deriv(x[10m]) > 5", "trend"),
        ("delta(queue_length[10m]) > 5", "trend"),
        ("holt_winters(x[1d], 0.5, 0.5) > 5", "trend"),
        ("double_exponential_smoothing(x[1d], 0.5, 0.5) > 5", "trend"),
        ("queue + deriv(queue[1h]) * 3600 > 1000", "predictive"),
        ("queue + deriv(queue[1h]) * 60 > 1000", "trend"),
        ("disk_free / -deriv(disk_free[1h]) < 4 * 3600", "predictive"),
        ("disk_free / -deriv(disk_free[1h]) / 3600 < 4", "predictive"),
        ("queue > 100 and deriv(queue[1h]) > 0", "predictive"),
        ("queue > 100 and deriv(queue[1h]) >= 0", "trend"),  # standing still is enough
        ("queue > 100 and deriv(other[1h]) > 0", "trend"),
        ("(x - avg_over_time(x[1d])) / stddev_over_time(x[1d]) > 3", "anomaly"),
        ("abs(x - quantile_over_time(0.5, x[1d])) > 3 * mad_over_time(x[1d])", "anomaly"),
        ("x > 2 * quantile_over_time(0.99, x[1w])", "anomaly"),
        ("x / (x offset 1w) > 2", "anomaly"),
        ("sum(rate(x[5m])) < 0.5 * sum(rate(x[5m] offset 1w))", "anomaly"),
        ("(x - x:avg_over_time_1w) / x:stddev_over_time_1w > 3", "anomaly"),
    ],
)
def test_what_looks_ahead_or_at_the_usual(expr: str, expected: str):
    assert judged(expr).classes == (expected,)


def test_a_short_range_for_a_long_horizon_is_a_note_only():
    result = judged("predict_linear(x[10m], 86400) > 5")
    assert result.classes == ("predictive",)
    assert "further ahead" in result.notes[0]


@pytest.mark.parametrize(
    ("expr", "reason"),
    [
        ("predict_linear(x[1h], 0) > 5", "zero_horizon"),
        ("predict_linear(x[1h], 60 - 60) > 5", "zero_horizon"),
        ("predict_linear(x[1h], -3600) > 5", "zero_horizon"),
        ("x > x", "self_comparison"),
        ("(sum(x)) >= sum(x)", "self_comparison"),
        ("x > x or predict_linear(y[1h], 3600) < predict_linear(y[1h], 3600)", "self_comparison"),
        ("x > x and y > 5", "self_comparison"),
    ],
)
def test_what_can_tell_nothing_is_void(expr: str, reason: str):
    assert judged(expr) == Classified(("void",), reason)


def test_a_comparison_with_itself_beside_one_that_tells_something_is_passed_over():
    assert judged("x >= x and predict_linear(y[2h], 7200) > 5").classes == ("predictive",)
    assert judged("x > x or y > 5").classes == ("threshold",)


@pytest.mark.parametrize("name", ["PredictDiskFull", "disk-forecast", "ML_latency", "Ai check", "forecastingQueue"])
def test_a_promise_in_the_name_of_a_threshold_is_void(name: str):
    assert judged("x > 5", name=name).void_reason == "name_only"
    assert judged("predict_linear(x[2h], 7200) > 5", name=name).classes == ("predictive",)


@pytest.mark.parametrize("name", ["MailQueue", "HtmlErrors", "unpredicted", "AIOps"])
def test_other_names_promise_nothing(name: str):
    assert judged("x > 5", name=name).classes == ("threshold",)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"health": "err"}, "no_data"),
        ({"last_eval": PULLED - timedelta(minutes=61), "pulled_at": PULLED}, "no_data"),
        ({"firing_share_90d": 0.91}, "always_firing"),
        ({"observed_min_30d": 0.0, "observed_max_30d": 9.0}, "unreachable"),
    ],
)
def test_data_can_show_that_a_rule_is_void(facts: dict, reason: str):
    result = judged("predict_linear(x[1h], 3600) > 1e30", **facts)
    assert (result.classes, result.void_reason) == (("void",), reason)


@pytest.mark.parametrize(
    "facts",
    [
        {"health": "ok", "last_eval": PULLED - timedelta(minutes=60), "pulled_at": PULLED},
        {"firing_share_90d": 0.9},
        {"observed_min_30d": 0.0, "observed_max_30d": 0.0},  # a quiet month shows nothing
        {"observed_min_30d": 0.0, "observed_max_30d": 4.0},
        {"observed_min_30d": None, "observed_max_30d": 4.0},
        {"health": "unknown"},
    ],
)
def test_data_that_show_nothing_leave_the_class(facts: dict):
    assert judged("predict_linear(x[1h], 3600) > 100", **facts).classes == ("predictive",)


def test_the_limit_is_held_against_the_left_side_as_it_is_written():
    facts = {"observed_min_30d": 0.0, "observed_max_30d": 50.0}  # of the left side with its factor
    assert judged("1000 * x > 90", **facts).classes == ("threshold",)
    assert judged("1e9 < 1000 * x", **facts).void_reason == "unreachable"
    assert judged("-1000 * x < -1e9", **facts | {"observed_min_30d": -50.0}).void_reason == "unreachable"


def test_a_share_can_always_reach_a_limit_below_one():
    facts = {"observed_min_30d": 0.0, "observed_max_30d": 0.00001}
    assert judged("x:errors:ratio_rate1h > 14.4 * 0.01", **facts).classes == ("burn_single",)


@pytest.mark.parametrize(
    ("expr", "word"),
    [
        ('{app="shop"} |= "error"', "LogQL"),
        ("rollup_rate(x[5m]) > 1", "MetricsQL"),
        ("rate(x) > 1", "not PromQL"),
        ("sum(", "not PromQL"),
        ("   # nothing", "empty"),
        ("{{ .Values.expr }}", "template"),
        ("(" * 300 + "x" + ")" * 300, "nested"),
        (" or ".join(f"x{n} > 1" for n in range(500)), "operators"),
        ("x" * 60_000, "characters"),
        ("predict_linear(x[1h], scalar(y)) > 1", "horizon"),
        ("shop:slo_alert:fast", "shop:slo_alert:fast"),
    ],
)
def test_what_cannot_be_read_is_undecided_with_its_reason(expr: str, word: str):
    result = judged(expr)
    assert result.classes == ("unknown",)
    assert result.undecided is not None
    assert word in result.undecided


def test_a_rule_without_expression_is_unknown_even_where_its_source_gives_a_class():
    rule = RuleFacts("r", "Alert", None, given=("predictive",))
    result = classify(rule, RuleBook([rule]))
    assert (result.classes, result.undecided) == (("unknown",), "the expression is not known")


def test_recorded_series_are_looked_into_one_level():
    conditions = recording("shop:slo_alert:fast", "x:burnrate1h > 14.4 and x:burnrate5m > 14.4")
    assert judged("shop:slo_alert:fast", conditions).classes == ("burn_multiwindow",)
    assert judged("shop:slo_alert:fast > 0", conditions).classes == ("burn_multiwindow",)
    forecast = recording("disk:in_4h", "predict_linear(disk[6h], 14400)")
    assert judged("disk:in_4h < 0", forecast).classes == ("predictive",)
    divided = recording("shop:budget_use", "x:errors:ratio_rate1h / (1 - 0.999)")
    assert judged("shop:budget_use > 14.4", divided).classes == ("burn_single",)


def test_of_several_recording_rules_of_one_name_the_one_with_the_labels_asked_for_counts():
    far = recording("disk:ahead", "predict_linear(disk[6h], 14400)", disk="a")
    near = recording("disk:ahead", "disk", disk="b")
    assert judged('disk:ahead{disk="a"} < 0', near, far).classes == ("predictive",)
    assert judged('disk:ahead{disk="b"} < 0', far, near).classes == ("threshold",)
    assert judged('disk:ahead{disk="c"} < 0', far, near).classes == ("threshold",)


def test_recording_rules_that_record_each_other_end():
    one, other = recording("a:x", "b:x + 1"), recording("b:x", "a:x - 1")
    assert judged("a:x > 5", one, other).classes == ("threshold",)


def test_a_recording_rule_itself_decides_nothing():
    rule = recording("a:b:ratio_rate5m", "rate(e[5m]) / rate(t[5m])", sloth_id="a")
    result = classify(rule, RuleBook([rule]))
    assert (result.classes, result.undecided) == (("unknown",), None)


@pytest.mark.parametrize(
    ("labels", "expr"),
    [
        ({"sloth_severity": "page"}, "slow_requests > 5"),
        ({"grafana_slo_severity": "critical"}, "slow_requests > 5"),
        ({"slo": "shop"}, "increase(shop:burnrate_errors[5m]) > 5"),
    ],
)
def test_labels_of_a_generator_make_it_a_burn_rate(labels: dict[str, str], expr: str):
    assert judged(expr, labels=labels).classes == ("burn_single",)
    assert judged("x > x", labels=labels).classes == ("void",)
    assert judged("{", labels=labels).classes == ("unknown",)


@pytest.mark.parametrize(
    ("given_classes", "derived", "expected"),
    [
        (None, ("threshold",), ("threshold",)),
        (("predictive",), ("threshold",), ("threshold",)),
        (("threshold",), ("predictive",), ("threshold",)),
        (("threshold", "burn_multiwindow"), ("burn_single",), ("burn_single",)),
        (("threshold", "trend"), ("burn_single",), ("trend",)),
        (("anomaly",), ("trend",), ("trend",)),
        (("time_remaining",), ("predictive",), ("predictive",)),
        (("burn_multiwindow",), ("unknown",), ("unknown",)),
        (("void",), ("predictive",), ("void",)),
    ],
)
def test_of_a_given_and_a_derived_class_the_weaker_counts(given_classes, derived, expected):
    assert weaker(given_classes, derived) == expected


def test_a_reason_for_being_void_that_is_given_counts():
    assert judged("predict_linear(x[2h], 7200) > 5", given_void="unreachable") == Classified(("void",), "unreachable")


def test_the_share_of_the_budget_is_factor_times_window_by_thirty_days():
    assert judged(MULTIWINDOW[0]).budget_share == pytest.approx(0.02)
    assert judged("x:burnrate3d > 1 and x:burnrate6h > 1").budget_share == pytest.approx(0.1)
    assert judged("x:errors:ratio_rate1h > 0.01 and x:errors:ratio_rate5m > 0.01").budget_share is None


def test_variables_of_dashboards_are_series_and_ranges():
    assert judged('rate(x{job="$job"}[$__rate_interval]) > $limit').classes == ("threshold",)
    assert "variable" in judged("rate(x[${window:raw}]) > [[limit]]").notes[0]


EXPRESSIONS = st.recursive(
    st.sampled_from(
        ["x", "a:b:ratio_rate5m", "1", "0.001", "rate(x[5m])", "x:burnrate1h", "predict_linear(x[1h], 60)"]
    ),
    lambda inner: (
        st.builds(
            "({} {} {})".format,
            inner,
            st.sampled_from(["and", "or", "unless", ">", "<", "==", "*", "/", "-", "+", "^"]),
            inner,
        )
        | st.builds("sum by (a) ({})".format, inner)
        | st.builds("-{}".format, inner)
    ),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(EXPRESSIONS | st.text(max_size=60))
def test_every_text_has_a_class_and_nothing_breaks(expr: str):
    result = judged(expr)
    assert result.classes
    assert (result.void_reason is not None) == (result.classes == ("void",))
    assert result.undecided is None or result.classes == ("unknown",)
