"""What contradicts a declared completeness: rows must be there of a stream of which none was given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from auditor.canonical import JsonValue
from auditor.collect.keys import Dangling
from auditor.model.evidence import Gap, GapReason


def contradictions(
    values: Mapping[str, JsonValue],
    whole: Collection[str],
    rows: Counter[str],
    gaps: Sequence[Gap],
    referred: Mapping[str, Dangling],
) -> Iterator[Gap]:
    """A gap for every stream that the source calls complete, gave no row of, and yet says that it has rows of.

    Either another row of the source refers to one, or its `items` are more than there are rows. Only exports count
    their items in rows, so only they are held to it.

    Args:
        values: the checked `source_run` of the source.
        whole: streams of which everything is read; of others an earlier pull may have given the rows.
        rows: rows that were loaded, by stream.
        gaps: what was refused.
        referred: stream -> an id in a row of this source that must name a row of it and does not.
    """
    declared = values["scope_complete"]
    claims = declared if isinstance(declared, dict) else {}
    empty = [stream for stream, claim in claims.items() if claim and stream in whole and not rows[stream]]
    missing = _missing(values, rows, gaps)
    for stream in empty:
        if (dangling := referred.get(stream)) is not None:
            why = f"{dangling.field} of {dangling.stream} names one"
            yield _withdrawn(stream, why, None, dangling.place)
        elif missing > 0:
            known = len(empty) == 1 and all(gap.hides_rows is not None for gap in gaps)
            why = f"the source counts {values['items']} items, {missing} more than its rows"
            yield _withdrawn(stream, why, missing if known else None, None)


def _missing(values: Mapping[str, JsonValue], rows: Counter[str], gaps: Sequence[Gap]) -> int:
    """Items of an export that are neither rows nor known to be refused ones; 0 where it does not count its items."""
    items = values["items"]
    if not isinstance(items, int) or values["origin"] is None:
        return 0
    refused = sum(gap.hides_rows or 0 for gap in gaps if gap.reason is GapReason.MALFORMED)
    return max(0, items - rows.total() - refused)


def _withdrawn(stream: str, why: str, hidden: int | None, place: str | None) -> Gap:
    detail = f"{stream} is declared complete and has no row, but {why}: nothing is proven by its absence"
    return Gap(stream, GapReason.MALFORMED, detail, place, hides_rows=hidden)
