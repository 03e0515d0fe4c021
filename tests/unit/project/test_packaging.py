"""What is installed, and from what: pinned requirements, the wheel, the sdist."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import auditor

CHECKOUT = Path(__file__).resolve().parents[3]
LOCKS = ("run.txt", "dev.txt", "duckdb2.txt")


def settings() -> dict[str, object]:
    return tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))


def locked(name: str) -> dict[str, str]:
    """Package -> what follows it, continuation lines joined."""
    text = (CHECKOUT / "requirements" / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {re.split(r"[=<>~! \[;]", line, maxsplit=1)[0]: line for line in lines}


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_has_an_exact_version_and_hashes_and_no_address(name: str) -> None:
    entries = locked(name)
    assert entries
    for package, line in entries.items():
        assert re.match(r"^[a-z0-9.-]+==[0-9][^ ]* ", line), line[:60]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), package
        assert "://" not in line, package


def test_the_locks_hold_what_the_package_asks_for_in_the_versions_it_allows() -> None:
    project = settings()["project"]
    assert isinstance(project, dict)
    pinned = locked("run.txt")
    for text in project["dependencies"]:
        wanted = Requirement(text)
        version = re.match(r"\S+==(\S+)", pinned[wanted.name])
        assert version, wanted
        assert wanted.specifier.contains(version[1]), (text, version[1])


def test_development_uses_the_versions_that_are_run() -> None:
    development = locked("dev.txt")
    assert {name: line for name, line in locked("run.txt").items() if development.get(name) != line} == {}


def test_the_locks_pin_duckdb_on_the_1_5_line_and_the_second_engine_on_2_0() -> None:
    assert locked("run.txt")["duckdb"].startswith("duckdb==1.5.")
    assert set(locked("duckdb2.txt")) == {"duckdb"}
    assert locked("duckdb2.txt")["duckdb"].startswith("duckdb==2.0.")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel, built without isolation."""
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(target)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


@pytest.mark.slow
def test_the_wheel_holds_both_packages_and_every_rule_and_nothing_else(built: Path) -> None:
    names = set(zipfile.ZipFile(next(built.glob("*.whl"))).namelist())
    rules = [path for path in (CHECKOUT / "rules").rglob("*") if path.is_file()]
    assert rules
    assert {f"auditor/_rules/{path.relative_to(CHECKOUT / 'rules').as_posix()}" for path in rules} <= names
    assert {name.split("/")[0] for name in names} == {
        "auditor",
        "collectors",
        f"slm_auditor-{auditor.__version__}.dist-info",
    }
    licences = {name.rsplit("/", 1)[1] for name in names if "/licenses/" in name}
    assert licences == {"LICENSE", "NOTICE"}


@pytest.mark.slow
def test_the_wheel_holds_what_is_not_python_too(built: Path) -> None:
    names = set(zipfile.ZipFile(next(built.glob("*.whl"))).namelist())
    data = [
        path.relative_to(CHECKOUT).as_posix()
        for package in ("auditor", "collectors")
        for path in (CHECKOUT / package).rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"}
    ]
    assert set(data) <= names


@pytest.mark.slow
def test_the_sdist_holds_what_a_packager_needs(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    assert {"pyproject.toml", "LICENSE", "NOTICE", "requirements/dev.txt", "tests/conftest.py", "Makefile"} <= names
    assert [name for name in names if name.startswith((".venv", "build/", ".git/"))] == []
