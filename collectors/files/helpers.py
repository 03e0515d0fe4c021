"""The functions a mapping has beside those of SQL: `local_time` and `value_map`, as macros of the database."""

from __future__ import annotations

from collections.abc import Mapping

NAMES = ("local_time", "value_map")
"""Functions that the SELECTs of a mapping may call beside the usual ones."""

# Wall-clock time that happens twice, when clocks go back, is taken as the first of the two (as Python's fold=0 does);
# shifts of 2 h, 1 h and 30 min are all there have been since 1970. Time that never happens, when clocks go forward,
# comes back as text that is no instant, so that the check of the row names it with its line.
_LOCAL_TIME = (
    """
    create macro _earliest_instant(wall, zone, guess) as case
      when timezone(zone, guess - interval 2 hours) = wall then guess - interval 2 hours
      when timezone(zone, guess - interval 1 hour) = wall then guess - interval 1 hour
      when timezone(zone, guess - interval 30 minutes) = wall then guess - interval 30 minutes
      when timezone(zone, guess) = wall then guess
    end
    """,
    """
    create macro _instant_text(wall, zone, written) as coalesce(
      replace(cast(timezone('UTC', _earliest_instant(wall, zone, timezone(zone, wall))) as varchar), ' ', 'T') || 'Z',
      written || ' (no such time in ' || zone || ')'
    )
    """,
    r"""
    create macro local_time(written, zone) as case
      when written is null
        or not regexp_full_match(written, '\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?')
        or try_cast(written as timestamp) is null
      then written
      when zone = 'UTC' then replace(cast(cast(written as timestamp) as varchar), ' ', 'T') || 'Z'
      else _instant_text(cast(written as timestamp), zone, written)
    end
    """,
)


def macro_statements(values: Mapping[str, Mapping[str, str | None]]) -> tuple[str, ...]:
    """The statements that create the functions.

    Args:
        values: name of a value map -> text as the export has it -> text of the stream; None: null.
    """
    maps = "".join(f" when {_literal(name)} then {_lookup(entries)}" for name, entries in values.items())
    unknown = "error('there is no value map ' || map_name)"
    body = f"case map_name{maps} else {unknown} end" if values else unknown
    return (*_LOCAL_TIME, f"create macro value_map(map_name, given) as {body}")


def _lookup(entries: Mapping[str, str | None]) -> str:
    """Unknown texts come back as they are, so that the check of the row names them."""
    if not entries:
        return "given"
    cases = "".join(f" when {_literal(text)} then {_literal(wanted)}" for text, wanted in entries.items())
    return f"case given{cases} else given end"


def _literal(text: str | None) -> str:
    if text is None:
        return "null"
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
