"""The configuration file: what it refuses, with file and line, and how secrets are read."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from auditor.api import Settings
from auditor.config import Config, bind_settings, load_config
from auditor.errors import ConfigError, ExitCode

GOOD = """format: 1
data_dir: store
sources:
  - id: desk
    collector: files
    settings: {path: evidence}
scopes:
  - id: main
    sources: [desk]
"""


class SecretSettings(Settings):
    path: Path
    token: SecretStr


def written(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_config(written(folder, text))
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value


def test_a_good_file_loads_and_its_data_directory_is_beside_it(tmp_path: Path) -> None:
    loaded = load_config(written(tmp_path, GOOD))
    assert loaded.data_dir == (tmp_path / "store").resolve()
    assert loaded.scope(None).time_zone == "UTC"


@pytest.mark.parametrize(
    ("wrong", "line", "words"),
    [
        (GOOD.replace("scopes:", "scope:"), 7, "scope: there is no such setting"),
        (GOOD + "    time_zone: Mars/Olympus\n", 10, "no time zone is called 'Mars/Olympus'"),
        (GOOD + "    parameters: [1]\n", 10, "parameters"),
        (GOOD.replace("format: 1", "format: 2"), 1, "format 2 is not known"),
        (GOOD.replace("id: main", "id: Main Street"), 8, "use lower-case letters"),
        (GOOD.replace("[desk]", "[desk, jira]"), 9, "names the source 'jira', which is not configured"),
        (GOOD.replace("[desk]", "[]"), 9, "must not be empty"),
        (GOOD + "  - id: main\n    sources: [desk]\n", 10, "two scopes are called 'main'"),
        (GOOD + "    sources: [desk]\n", 10, "the key 'sources' is given twice"),
        (GOOD.replace("data_dir: store", "data_dir: 7"), 2, "data_dir"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path, wrong: str, line: int, words: str) -> None:
    error = refusal(tmp_path, wrong)
    assert words in str(error)
    assert f"config.yaml:{line}" in str(error)


def test_every_fault_is_reported_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("collector: files", "colector: files") + "    time_zone: Nowhere\n"
    message = str(refusal(tmp_path, text))
    assert "sources.0.collector: this setting is missing" in message
    assert "sources.0.colector: there is no such setting" in message
    assert "Nowhere" in message


def test_a_file_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "config.yaml")


def test_an_empty_file_says_where_to_begin(tmp_path: Path) -> None:
    assert "config.example.yaml" in str(refusal(tmp_path, "# nothing yet\n"))


def test_several_scopes_ask_for_one(tmp_path: Path) -> None:
    loaded = load_config(written(tmp_path, GOOD + "  - id: other\n    sources: [desk]\n"))
    with pytest.raises(ConfigError, match="main, other"):
        loaded.scope(None)
    with pytest.raises(ConfigError, match="no scope 'third'"):
        loaded.scope("third")
    assert loaded.scope("other").id == "other"


def bound(folder: Path, token: str, environment: dict[str, str]) -> SecretSettings:
    text = GOOD.replace("{path: evidence}", f"{{path: evidence, token: '{token}'}}")
    return bind_settings(SecretSettings, load_config(written(folder, text)), 0, environment)


def test_a_secret_comes_from_the_environment_and_shows_nowhere(tmp_path: Path) -> None:
    settings = bound(tmp_path, "${DESK_TOKEN}", {"DESK_TOKEN": "s3cr3t-canary"})
    assert settings.token.get_secret_value() == "s3cr3t-canary"
    assert "canary" not in repr(settings)
    assert settings.path == tmp_path / "evidence"


def test_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cr3t-canary\n", encoding="utf-8")
    assert bound(tmp_path, "file:token", {}).token.get_secret_value() == "s3cr3t-canary"


@pytest.mark.parametrize("environment", [{}, {"DESK_TOKEN": ""}])
def test_a_missing_secret_names_the_variable_and_the_line(tmp_path: Path, environment: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"DESK_TOKEN is not set") as caught:
        bound(tmp_path, "${DESK_TOKEN}", environment)
    assert "config.yaml:6" in str(caught.value)


def test_a_missing_secret_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the secret's file"):
        bound(tmp_path, "file:nowhere", {})


def test_a_secret_that_is_written_out_is_refused_without_being_repeated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a secret is written out") as caught:
        bound(tmp_path, "s3cr3t-canary", {})
    assert "canary" not in str(caught.value)


def test_the_hash_of_a_configuration_changes_with_it(tmp_path: Path) -> None:
    first = load_config(written(tmp_path, GOOD)).sha256
    assert load_config(written(tmp_path, GOOD + "\n# a comment\n")).sha256 == first
    assert load_config(written(tmp_path, GOOD + "    title: Other\n")).sha256 != first


def test_the_example_runs_as_it_is_and_shows_every_setting() -> None:
    path = Path(__file__).parents[3] / "config.example.yaml"
    loaded = load_config(path)
    text = path.read_text(encoding="utf-8")
    assert loaded.scope(None).id == "ferry-line"
    for name in Config.model_fields:
        assert f"{name}:" in text
