"""What somebody probably meant by a name that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Collection

_SHOWN = 12


def nearest(name: str, known: Collection[str], *, otherwise: str | None = None) -> str:
    """A cure for an unknown name: the nearest known one; else what is given, or the known ones as far as they fit."""
    if found := difflib.get_close_matches(name, known, n=1, cutoff=0.6):
        return f"did you mean {found[0]}?"
    if otherwise is not None:
        return otherwise
    if not known:
        return "leave it out"
    listed = sorted(known)
    rest = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return f"known are {', '.join(listed[:_SHOWN])}{rest}"
