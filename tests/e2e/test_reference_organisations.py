"""The reference organisations get what was worked out for them by hand, from the definitions and their stories."""

from __future__ import annotations

import json
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from auditor.cli import run
from auditor.errors import ConfigError
from auditor.yamlfile import load_yaml

ORGANISATIONS = Path(__file__).parents[2] / "rules/slm-maturity/organisations"
EXPECTED = sorted(ORGANISATIONS.glob("*/expected.yaml"))


@pytest.fixture(scope="module", params=EXPECTED, ids=lambda path: path.parent.name)
def organisation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is expected of an organisation, and the assessment that an audit of it writes."""
    expected: Path = request.param
    place = tmp_path_factory.mktemp(expected.parent.name)
    folder = expected.parent / "evidence"
    with chdir(place):
        code = run(["audit", str(folder), "--strict", "--data-dir", str(place / "data"), "--out", str(place)])
    assert code == 0
    return load_yaml(expected, ConfigError).value, json.loads((place / "assessment.json").read_bytes())


def test_there_is_an_organisation_with_an_expected_assessment() -> None:
    assert EXPECTED


def test_every_indicator_has_the_degree_that_was_worked_out_by_hand(
    organisation: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    expected, assessment = organisation
    observations = assessment["observations"]
    assert set(observations) == set(expected["indicators"])
    for indicator, wanted in expected["indicators"].items():
        degree = observations[indicator]["degree"]
        found = [degree["lo"], degree["point"], degree["hi"]]
        # The degree comes from a share that is itself rounded to nine decimals.
        assert found == pytest.approx(wanted["degree"], abs=2e-9), f"{indicator}: {wanted['because']}"
        assert observations[indicator]["n"] == wanted["n"], f"{indicator}: {wanted['because']}"


def test_every_dimension_has_the_levels_that_were_worked_out_by_hand(
    organisation: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    expected, assessment = organisation
    assert set(assessment["dimensions"]) == set(expected["dimensions"])
    for code, wanted in expected["dimensions"].items():
        dimension = assessment["dimensions"][code]
        levels = [dimension["confirmed"], dimension["point"], dimension["possible"]]
        if wanted["levels"] == "not assessed":
            assert not dimension["assessed"], code
            assert levels == [1, None, 5], code
        else:
            assert dimension["assessed"], code
            assert levels == wanted["levels"], f"{code}: {wanted['because']}"
