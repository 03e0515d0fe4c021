"""The tree keeps its shape: sizes, names, places, import directions, and nothing of the machine it was made on."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
MODULE_LINES = 500
FUNCTION_LINES = 60
TOP_LEVEL = frozenset(
    {
        ".ci",
        ".gitignore",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "Makefile",
        "NOTICE",
        "README.md",
        "SECURITY.md",
        "auditor",
        "benchmarks",
        "collectors",
        "config.example.yaml",
        "docs",
        "examples",
        "pyproject.toml",
        "requirements",
        "rules",
        "tests",
    }
)
# Assembled here so that this file does not hold what it refuses.
REGISTRIES = tuple(
    "".join(parts)
    for parts in (
        ("pypi", ".org"),
        ("pypi", ".python.org"),
        ("files.python", "hosted.org"),
        ("registry.npm", "js.org"),
        ("npm", "js.com"),
        ("registry.yarn", "pkg.com"),
        ("conda.ana", "conda.org"),
        ("--index", "-url"),
        ("--extra-index", "-url"),
        ("--find", "-links"),
    )
)
MACHINE_PATHS = re.compile(
    "|".join(("/wo" + r"rk\b", "/ro" + r"ot\b", "/ho" + r"me/\w", "/Us" + r"ers/\w", "/o" + r"pt/\w"))
)
MACHINE_TEMPORARY = re.compile(r"""["'(= ]/t""" + r"mp/\w")

VIOLATIONS = {
    "auditor/model/upwards.py": "import auditor.usecases\n",
    "auditor/usecases/favourite.py": "import collectors.files\n",
    "auditor/assess/online.py": "import socket\n",
    "auditor/store/hen.py": "import auditor.store.eggs.egg\n",
    "auditor/store/eggs/__init__.py": "",
    "auditor/store/eggs/egg.py": "import auditor.store.hen\n",
    "collectors/nosy/__init__.py": "import auditor.store\nimport collectors.files\n",
}


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [Path(name) for name in listed.stdout.split("\0") if name and (CHECKOUT / name).is_file()]


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked():
        try:
            yield path, (CHECKOUT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def python_files(*folders: str) -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and path.parts[0] in folders]


def parsed(path: Path) -> ast.Module:
    return ast.parse((CHECKOUT / path).read_text(encoding="utf-8"))


def longest_functions(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min((decorator.lineno for decorator in node.decorator_list), default=node.lineno)
            yield (node.end_lineno or first) - first + 1, f"{path}:{node.lineno} {node.name}"


def test_no_module_is_longer_than_the_limit() -> None:
    sizes = [
        ((CHECKOUT / path).read_text(encoding="utf-8").count("\n"), str(path))
        for path in tracked()
        if path.suffix == ".py"
    ]
    assert [entry for entry in sizes if entry[0] > MODULE_LINES] == []


def test_no_function_is_longer_than_the_limit() -> None:
    files = python_files("auditor", "collectors", "docs", "examples", "benchmarks")
    assert files
    assert [entry for path in files for entry in longest_functions(path) if entry[0] > FUNCTION_LINES] == []


def test_the_top_of_the_tree_holds_only_what_the_design_names() -> None:
    assert {path.parts[0] for path in tracked()} - TOP_LEVEL == set()


def test_every_module_says_what_it_is_for() -> None:
    files = python_files("auditor", "collectors", "docs", "examples", "benchmarks")
    assert [str(path) for path in files if not ast.get_docstring(parsed(path))] == []


def test_no_tracked_file_names_a_package_registry() -> None:
    found = [f"{path}: {word}" for path, text in texts() for word in REGISTRIES if word in text]
    assert found == []


def test_no_file_but_code_names_a_local_folder_as_an_address() -> None:
    found = [str(path) for path, text in texts() if path.suffix != ".py" and "file:" + "///" in text]
    assert found == []


def test_no_tracked_file_names_a_path_of_the_machine_it_was_made_on() -> None:
    found = [
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
        for path, text in texts()
        for pattern in (MACHINE_PATHS, MACHINE_TEMPORARY)
        for match in pattern.finditer(text)
    ]
    assert found == []


def test_no_lock_file_that_records_addresses_is_tracked() -> None:
    refused = {"uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "package-lock.json", "yarn.lock"}
    assert [str(path) for path in tracked() if path.name in refused] == []


def test_rules_are_data_without_python() -> None:
    assert [str(path) for path in tracked() if path.parts[0] == "rules" and path.suffix in {".py", ".pyc"}] == []


def unexplained_handlers(path: Path) -> Iterator[str]:
    """Handlers that catch everything, let nothing on, and have no comment beside, above or just inside."""
    lines = (CHECKOUT / path).read_text(encoding="utf-8").splitlines()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ExceptHandler):
            caught = "Exception" if node.type is None else ast.unparse(node.type)
            passes_on = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
            near = lines[node.lineno - 2 : node.lineno + 1]
            if re.search(r"\b(Base)?Exception\b", caught) and not passes_on and not any("#" in line for line in near):
                yield f"{path}:{node.lineno}"


def test_every_except_that_catches_everything_says_why() -> None:
    files = python_files("auditor", "collectors", "docs", "examples", "benchmarks")
    assert [place for path in files for place in unexplained_handlers(path)] == []


def test_nothing_is_left_to_do_in_the_code() -> None:
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b|NotImplemented" + r"Error")
    found = [
        f"{path}:{number}"
        for path, text in texts()
        if path.suffix in {".py", ".yaml", ".sql", ".md", ".j2", ".html"}
        for number, line in enumerate(text.splitlines(), start=1)
        if marks.search(line)
    ]
    assert found == []


def test_every_module_of_the_package_has_a_layer() -> None:
    """`exhaustive` finds a module without a layer only when the contracts run; a layer that is gone stops them."""
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "layers")
    named = {name.strip() for layer in layers for name in re.split(r"[|:]", layer)}
    package = CHECKOUT / "auditor"
    present = {path.stem for path in package.glob("*.py") if path.stem != "__init__"}
    present |= {path.parent.name for path in package.glob("*/__init__.py")}
    assert named == present


def lint_imports(folder: Path) -> str:
    """What import-linter says of a tree."""
    command = "from importlinter.cli import lint_imports_command as run; run()"
    arguments = [sys.executable, "-c", command, "--no-logo", "--no-cache"]
    return subprocess.run(arguments, cwd=folder, capture_output=True, text=True).stdout


def test_every_import_contract_is_kept() -> None:
    report = lint_imports(CHECKOUT)
    assert " 0 broken." in report, report


def test_every_import_contract_can_be_broken(tmp_path: Path) -> None:
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    for package in ("auditor", "collectors"):
        shutil.copytree(CHECKOUT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for path, text in VIOLATIONS.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    report = lint_imports(tmp_path)
    assert report.count(" BROKEN") == 6, report
