"""Which files a pack is made of, and whether this version of the auditor can read it."""

from __future__ import annotations

import re
from pathlib import Path

from auditor.errors import RulePackError
from auditor.rulepack.faults import Faults

CASES = ".cases.yaml"
"""Ending of the files that hold cases."""

_HASHED = ("pack.yaml", "parameters.yaml", "dimensions/*.yaml", "views/*.sql", "indicators/*/*.yaml")
_CASES = ("views/*.cases.yaml", "indicators/*/*.cases.yaml")
_FOLDERS = ("dimensions", "views", "indicators")
_CONDITION = re.compile(r"(>=|<)\s*([0-9]+(?:\.[0-9]+)*)\Z")


def hashed_files(path: Path) -> list[Path]:
    """The files that can change a result, in the order of their names."""
    files = {file for pattern in _HASHED for file in path.glob(pattern) if not file.name.endswith(CASES)}
    return sorted(files)


def check_files(path: Path, faults: Faults) -> None:
    """Note every file that looks like a part of the pack and is none, such as one with the ending `.yml`."""
    known = {*hashed_files(path), *(file for pattern in _CASES for file in path.glob(pattern))}
    for folder in _FOLDERS:
        for file in sorted((path / folder).rglob("*")):
            if file.is_file() and file not in known and file.suffix in (".yaml", ".yml", ".sql"):
                cure = "dimensions/*.yaml, views/*.sql and indicators/<DIMENSION>/<id>.yaml are read"
                faults.add("no part of a pack has such a name, so that this file would never be read", str(file), cure)


def check_version(required: str, version: str, place: str) -> None:
    """Compare the version a pack asks for with the one that is running.

    Args:
        required: conditions `>=1.2` and `<2`, joined by commas.
        version: of the auditor.

    Raises:
        RulePackError: it asks for another version, or cannot be understood.
    """
    running = _numbers(version)
    for part in required.split(","):
        condition = _CONDITION.match(part.strip())
        if condition is None:
            raise RulePackError(f"{required!r} names no versions", where=place, cure="such as `>=0.1` or `>=0.1, <2`")
        met = running >= _numbers(condition[2]) if condition[1] == ">=" else running < _numbers(condition[2])
        if not met:
            what = f"the pack needs auditor {required}, and this is {version}"
            raise RulePackError(what, where=place, cure="install that version of slm-auditor, or take another pack")


def _numbers(version: str) -> tuple[int, ...]:
    found = [int(part) for part in re.findall(r"[0-9]+", version)[:3]]
    return tuple(found + [0] * (3 - len(found)))
