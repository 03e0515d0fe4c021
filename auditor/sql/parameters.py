"""Parameters of statements: `$T`, fixed windows, `$W`, `$WE`, `$goal`, `$tz` and the pack's own `$p.<name>`.

DuckDB has no parameter with a dot in its name, so `$p.<name>` is written `$p_<name>` before anything reads the text;
both are equally long, so that lines and columns of messages stay right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

FIXED_WINDOWS_D: Mapping[str, int] = {"W30": 30, "W90": 90, "W180": 180, "W365": 365, "W730": 730}
"""Parameter -> days counted back from T."""

VIEW_PARAMETERS = frozenset({"T", "tz", *FIXED_WINDOWS_D})
"""What a view may use beside parameters of the pack; it is made once, whatever window an indicator looks at."""

INDICATOR_PARAMETERS = VIEW_PARAMETERS | {"W", "WE", "goal"}
"""What a statement of an indicator may use beside parameters of the pack."""

SAMPLES: Mapping[str, object] = {
    **dict.fromkeys(("T", "W", "WE", *FIXED_WINDOWS_D), datetime(2026, 1, 1, tzinfo=UTC)),
    "goal": 1.0,
    "tz": "UTC",
}
"""A value of the right type for each parameter that is not the pack's own, to check statements with."""

_PREFIX = "p_"
# What the first four alternatives match is left as it is: a `$p.x` inside of it is no parameter.
_PARAMETER = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\$p\.(?=[A-Za-z_])", re.DOTALL)


def rewritten(text: str) -> str:
    """The text with every `$p.<name>` outside of strings and comments written `$p_<name>`."""
    return _PARAMETER.sub(lambda found: "$p_" if found[0] == "$p." else found[0], text)


def pack_parameter(name: str) -> str:
    """Name under which a parameter of the pack stands in a statement, without `$`."""
    return _PREFIX + name


def pack_name(parameter: str) -> str | None:
    """The pack's name of a parameter as it stands in a statement, or None when it is not the pack's."""
    return parameter.removeprefix(_PREFIX) if parameter.startswith(_PREFIX) else None


def shown(parameter: str) -> str:
    """A parameter of a statement as an author writes it."""
    name = pack_name(parameter)
    return f"${parameter}" if name is None else f"$p.{name}"


def shown_text(text: str) -> str:
    """The text of a statement as an author writes it: the reverse of `rewritten`."""
    return re.sub(r"\$p_(?=[A-Za-z_])", "$p.", text)
