"""What somebody probably meant by a name that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Collection

_SHOWN = 12


def nearest(name: str, known: Collection[str]) -> str:
    """A cure for an unknown name: the nearest known one, or the known ones as far as they fit a line."""
    if found := difflib.get_close_matches(name, known, n=1, cutoff=0.6):
        return f"did you mean {found[0]}?"
    if not known:
        return "leave it out"
    listed = sorted(known)
    rest = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return f"known are {', '.join(listed[:_SHOWN])}{rest}"
