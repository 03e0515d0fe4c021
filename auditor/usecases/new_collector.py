"""Beginning a collector: a package that can be installed, with a sample on which it passes the conformance suite."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from auditor.collect.registry import all_collectors
from auditor.errors import UsageError

_NAME = re.compile(r"[a-z][a-z0-9_]{1,40}")
_SUFFIX = ".txt"


def make_collector(name: str, out: Path) -> Path:
    """Write the package of a new collector.

    Args:
        name: what `collector:` of a configuration will say.
        out: the folder that it is made in.

    Returns:
        The folder of the package.

    Raises:
        UsageError: the name is none, or taken; or something stands in the way.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name", cure="use lower-case letters, digits and _, beginning with a letter")
    if any(entry.name == name for entry in all_collectors()):
        raise UsageError(f"there is a collector {name!r} already", cure="choose another name")
    folder = out / name
    if folder.exists():
        raise UsageError("something of that name is there already", where=str(folder), cure="choose another name")
    package = f"auditor_{name}"
    words = {
        "name": name,
        "package": package,
        "dashed": name.replace("_", "-"),
        "title": "".join(part.capitalize() for part in name.split("_")),
    }
    for relative, template in _templates(files("auditor.usecases") / "templates" / "collector", ""):
        target = folder / (relative if relative in ("pyproject.toml", "README.md") else f"{package}/{relative}")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Template(template).substitute(words), encoding="utf-8")
    return folder


def _templates(folder: Traversable, prefix: str) -> list[tuple[str, str]]:
    """Path and text of every template, in order."""
    found: list[tuple[str, str]] = []
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            found += _templates(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(_SUFFIX):
            found.append((prefix + entry.name.removesuffix(_SUFFIX), entry.read_text(encoding="utf-8")))
    return found
