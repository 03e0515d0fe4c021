"""A sound pack loads into what its files say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from rulepack_kit import FILES, load_error, spoil, write_pack

from auditor.model.rubric import Asks, Direction, Effect, EmptyResult, IndicatorType, Need, Role, Use, WindowRule
from auditor.rulepack.load import load_pack


def test_an_indicator_is_what_its_file_says(pack: Path) -> None:
    indicator = load_pack(pack).indicators["DOC-2.1"]
    assert (indicator.version, indicator.level, indicator.role, indicator.type) == (
        1,
        2,
        Role.CORE,
        IndicatorType.POPULATION,
    )
    assert indicator.needs == (Need("service", Use.POPULATION), Need("agreement", Use.OPTIONAL, ("SLA",)))
    assert (indicator.goal, indicator.goal_parameter) == (0.9, "goal.DOC-2.1")
    assert (indicator.window, indicator.reaction_window, indicator.max_pull_age_d) == (None, None, None)
    assert (indicator.asks, indicator.direction, indicator.per_service) == (Asks.DOCUMENTED, Direction.MORE, True)
    assert indicator.when_empty.nothing_found is EmptyResult.FALSE
    assert [(guard.id, guard.effect, guard.amount) for guard in indicator.guards] == [
        ("one-agreement", Effect.FACTOR, 0.5)
    ]
    assert [condition.id for condition in indicator.conditions] == ["live"]
    assert [limit.id for limit in indicator.limits] == ["elsewhere"]


def test_a_measure_has_window_proof_goal_parameter_and_aliases(pack: Path) -> None:
    indicator = load_pack(pack).indicators["PM-2.1"]
    assert indicator.window == WindowRule("days", 30, (90, 180))
    assert (indicator.goal, indicator.goal_parameter, indicator.max_pull_age_d) == (0.8, "measured_goal", 7)
    assert indicator.aliases == ("PM-2.9",)
    assert indicator.when_empty.proof is not None
    assert indicator.when_empty.proof.reads == ("source_run",)
    assert indicator.items.parameters == ("W", "WE", "goal")


def test_statements_tell_streams_through_views_and_where_they_stand(pack: Path) -> None:
    loaded = load_pack(pack)
    items = loaded.indicators["DOC-2.1"].items
    assert items.reads == ("agreement", "service")
    assert (items.file, items.text.splitlines()[0].split()[0]) == ("indicators/DOC/DOC-2.1.yaml", "select")
    lines = (pack / items.file).read_text().splitlines()
    assert lines[items.line - 1].strip() == items.text.splitlines()[0]
    assert [view.name for view in loaded.views] == ["live_service", "agreed_service"]
    first, second = loaded.views
    assert first.doc == "Live services. One row each."
    assert (first.sql.line, first.sql.parameters, first.sql.reads) == (3, ("p_tier_max",), ("service",))
    assert second.sql.reads == ("agreement", "service")
    assert second.sql.parameters == ("T", "p_kinds")
    assert "$p_tier_max" in first.sql.text


def test_indicators_stand_in_the_order_of_dimensions_levels_and_numbers(tmp_path: Path) -> None:
    more = {}
    for number in ("10", "9"):
        text = FILES["indicators/DOC/DOC-2.1.yaml"].replace("DOC-2.1", f"DOC-2.{number}")
        more[f"indicators/DOC/DOC-2.{number}.yaml"] = text
    more["pack.yaml"] = FILES["pack.yaml"].replace("[DOC, PM]", "[PM, DOC]")
    loaded = load_pack(write_pack(tmp_path, more))
    assert list(loaded.indicators) == ["PM-2.1", "DOC-2.1", "DOC-2.9", "DOC-2.10"]
    assert list(loaded.dimensions) == ["PM", "DOC"]
    assert loaded.dimensions["DOC"].statements == ("Nothing.", "Something.", "Much.", "All.", "All, from one source.")


def test_parameters_are_overridden_within_their_bounds(pack: Path) -> None:
    loaded = load_pack(pack, {"tier_max": 3, "goal.DOC-2.1": 1, "kinds": ["SLA", "OLA"], "measured_goal": 0.5})
    assert loaded.parameters["tier_max"].value == 3
    assert loaded.parameters["kinds"].value == ("SLA", "OLA")
    assert loaded.indicators["DOC-2.1"].goal == 1.0
    assert loaded.indicators["PM-2.1"].goal == 0.5
    assert loaded.parameters["goal.DOC-2.1"].low == 0


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("tier_max", 5, "above 4"),
        ("tier_max", 0, "below 1"),
        ("tier_max", 2.5, "not a whole number"),
        ("tier_max", "2", "not a number"),
        ("tier_max", True, "type"),
        ("kinds", "SLA", "list of texts"),
        ("kinds", [1], "list of texts"),
        ("goal.DOC-2.1", 1.5, "above 1"),
        ("goal.DOC-2.1", -0.1, "below 0"),
        ("goal.PM-2.1", 1, "no parameter goal.PM-2.1"),
        ("tier_maks", 2, "no parameter tier_maks"),
    ],
)
def test_an_override_that_does_not_fit_is_refused_by_name(pack: Path, name: str, value: object, says: str) -> None:
    error = load_error(pack, {name: value})
    assert says in error.what
    assert error.where == f"parameter {name}"


def test_the_nearest_parameter_is_suggested(pack: Path) -> None:
    assert load_error(pack, {"tier_maks": 2}).cure == "did you mean tier_max?"


def test_the_hash_changes_with_what_can_change_a_result_and_with_nothing_else(pack: Path, tmp_path: Path) -> None:
    before = load_pack(pack).sha256
    shutil.copytree(pack, tmp_path / "copy")
    assert load_pack(tmp_path / "copy").sha256 == before
    (pack / "CHANGELOG.md").write_text("Other words.\n")
    spoil(pack, "indicators/DOC/DOC-2.1.cases.yaml", "A service with an agreement.", "Another name.")
    assert load_pack(pack, {"tier_max": 3}).sha256 == before
    hashes = {before}
    for file, old, new in (
        ("pack.yaml", "0.1.0", "0.1.1"),
        ("parameters.yaml", "value: 2", "value: 3"),
        ("dimensions/01-documentation.yaml", "Much.", "More."),
        ("views/01-live-service.sql", "One row", "A row"),
        ("indicators/DOC/DOC-2.1.yaml", "goal: 0.9", "goal: 0.8"),
    ):
        spoil(pack, file, old, new)
        hashes.add(load_pack(pack).sha256)
    assert len(hashes) == 6


def test_a_pack_without_views_and_parameters_is_a_pack(tmp_path: Path) -> None:
    left_out = {
        name: None for name in FILES if name.startswith(("views", "indicators/DOC")) or name == "parameters.yaml"
    }
    indicator = FILES["indicators/PM/PM-2.1.yaml"].replace("{parameter: measured_goal}", "0.5")
    loaded = load_pack(write_pack(tmp_path, {**left_out, "indicators/PM/PM-2.1.yaml": indicator}))
    assert (list(loaded.indicators), loaded.views, list(loaded.parameters)) == (["PM-2.1"], (), ["goal.PM-2.1"])
