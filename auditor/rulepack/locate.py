"""Where a rule pack lies: in the wheel, in a checkout, or at a path of its own."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from auditor.errors import RulePackError


def locate_pack(name_or_path: str) -> Path:
    """The folder of a pack.

    Args:
        name_or_path: name of a built-in pack, or a path (anything with a separator, or beginning with a dot).

    Raises:
        RulePackError: there is no such pack, or the folder holds none.
    """
    if "/" in name_or_path or "\\" in name_or_path or name_or_path.startswith("."):
        folder = Path(name_or_path)
    else:
        folder = _built_in() / name_or_path
    if not (folder / "pack.yaml").is_file():
        raise RulePackError(
            f"there is no rule pack {name_or_path!r}",
            where=str(folder),
            cure=f"built-in packs are: {', '.join(built_in_packs())}; a pack of your own is a folder with a pack.yaml",
        )
    return folder


def built_in_packs() -> tuple[str, ...]:
    """Names of the packs that come with the auditor."""
    return tuple(sorted(entry.parent.name for entry in _built_in().glob("*/pack.yaml")))


def _built_in() -> Path:
    """`auditor/_rules` of a wheel, else `rules` beside the package in a checkout."""
    package = Path(str(files("auditor")))
    in_wheel = package / "_rules"
    return in_wheel if in_wheel.is_dir() else package.parent / "rules"
