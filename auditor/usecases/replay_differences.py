"""What a replayed pull gives otherwise than the recorded one: sources, rows, counts, gaps, cursors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.collect.memory import MemoryEvidence
from auditor.model.evidence import Gap, Row
from auditor.model.streams import STREAMS
from auditor.ports import SourcePull
from auditor.store.first_seen import LISTED, contradicts, is_finding, is_store_gap
from auditor.store.store import RunRecord, Store


@dataclass(frozen=True, slots=True)
class Then:
    """What was sealed of the sources of one recorded pull.

    Attributes:
        sources: id -> entry of the manifest.
        rows: reference -> row as it was after the run, rows of earlier pulls among them.
        gaps: those of the pull.
    """

    sources: Mapping[str, Mapping[str, Any]]
    rows: Mapping[str, Row]
    gaps: Collection[Gap]


def sealed(store: Store, record: RunRecord, source_id: str, made: Iterable[str]) -> Then:
    """What was sealed of a configured source: its own entries, and those of the sources inside it.

    Args:
        record: the run.
        made: sources of the replayed pull, whose rows are wanted too.
    """
    entries = store.manifest(record.number)["sources"]
    is_alone = len(record.source_order) == 1
    own = {name: entry for name, entry in entries.items() if is_alone or name.partition("/")[0] == source_id}
    rows = {row.ref: row for name in {*own, *made} for row in store.rows_at(record.number, name)}
    gaps = [gap for gap in store.gaps_at(record.number) if gap.source_id in own]
    return Then(own, rows, gaps)


def differences(made: MemoryEvidence, then: Then) -> Iterator[str]:
    """One sentence for each thing that is not as it was."""
    pulls = {pull.source_id: pull for pull in made.pulls}
    yield from (f"source {source_id} did not come again" for source_id in sorted(then.sources.keys() - pulls.keys()))
    yield from (f"source {source_id} is new" for source_id in sorted(pulls.keys() - then.sources.keys()))
    yield from _rows(made.rows, then)
    for source_id in sorted(pulls.keys() & then.sources.keys()):
        yield from _pull(pulls[source_id], then.sources[source_id])
        yield from _counts(source_id, made.rows.values(), then.sources[source_id]["records"])
        yield from _closed(pulls[source_id], made.rows, then.rows)
    yield from _gaps([gap for pull in made.pulls for gap in _owned(pull)], then.gaps)


def _rows(made: Mapping[str, Row], then: Then) -> Iterator[str]:
    """Rows that came again and are not what is stored.

    The store keeps what a final row said first, so a row that contradicts it is what it was when the run found the same
    contradiction.
    """
    findings = [gap for gap in then.gaps if is_finding(gap)]
    named = {gap.place for gap in findings if gap.place is not None}
    listed = Counter((gap.source_id, gap.stream) for gap in findings if gap.place is not None)
    contradicting: set[str] = set()
    for ref, row in sorted(made.items()):
        stored = then.rows.get(ref)
        if stored is None:
            yield f"{ref} is not stored"
        elif row.sha256 == stored.sha256:
            continue
        elif contradicts(STREAMS[row.stream], stored.values, row.values) and (
            ref in named or listed[row.source_id, row.stream] >= LISTED
        ):
            contradicting.add(ref)
        else:
            yield f"{ref} has other values: {_changed_fields(stored, row)}"
    yield from (f"{ref} contradicted what was seen first, and does not now" for ref in sorted(named - contradicting))


def _changed_fields(stored: Row, made: Row) -> str:
    """Names of the fields whose values differ, and of the reliability."""
    names = sorted(stored.values.keys() | made.values.keys())
    changed = [name for name in names if stored.values.get(name) != made.values.get(name)]
    if stored.reliability is not made.reliability:
        changed.append("reliability")
    return ", ".join(changed)


def _pull(made: SourcePull, then: Mapping[str, Any]) -> Iterator[str]:
    """What a pull says of itself, and where the next one begins."""
    said = then["source_run"]
    # A collector that does not say which version of its tool it read gets its own name there.
    own = {"tool_version"} if said.get("tool_version") == then.get("collector") else set()
    for name in sorted((said.keys() | made.values.keys()) - own):
        if said.get(name) != made.values.get(name):
            yield f"{made.source_id}: {name} was {said.get(name)!r}, is {made.values.get(name)!r}"
    # Streams for which a pull gave no cursor keep an earlier one; that is no part of the pull.
    for stream, cursor in sorted(made.cursors.items()):
        if then["cursors"].get(stream) != cursor:
            yield f"{made.source_id}: the cursor of {stream} was {then['cursors'].get(stream)!r}, is {cursor!r}"
    for stream in sorted(made.snapshot_streams ^ set(then["snapshot_streams"])):
        yield f"{made.source_id}: {stream} was {'' if stream in then['snapshot_streams'] else 'not '}read whole"


def _counts(source_id: str, made: Iterable[Row], then: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    counts = Counter(row.stream for row in made if row.source_id == source_id)
    for stream in sorted(counts.keys() | then.keys()):
        read = then.get(stream, {}).get("read", 0)
        if counts[stream] != read:
            yield f"{source_id}: {read} rows of {stream} were read, {counts[stream]} now"


def _closed(pull: SourcePull, made: Mapping[str, Row], stored: Mapping[str, Row]) -> Iterator[str]:
    """Rows that are stored although the replayed pull would have closed them."""
    for ref, row in sorted(stored.items()):
        if row.source_id != pull.source_id:
            continue
        missing = row.stream in pull.snapshot_streams and ref not in made
        if missing or (row.stream in pull.swept and row.key not in pull.swept[row.stream]):
            yield f"{ref} is stored and did not come again"


def _owned(pull: SourcePull) -> Iterator[Gap]:
    for gap in pull.gaps:
        yield Gap(gap.stream, gap.reason, gap.detail, None, gap.source_id or pull.source_id, gap.hides_rows)


def _gaps(made: Iterable[Gap], then: Iterable[Gap]) -> Iterator[str]:
    """Gaps that only one side has; what the store itself found is no part of a pull."""
    now, before = Counter(map(_shown, made)), Counter(_shown(gap) for gap in then if not is_store_gap(gap))
    yield from (f"this gap did not come again: {text}" for text in sorted((before - now).keys()))
    yield from (f"this gap is new: {text}" for text in sorted((now - before).keys()))


def _shown(gap: Gap) -> str:
    hidden = "" if gap.hides_rows is None else f" ({gap.hides_rows} rows)"
    return f"{gap.source_id}, {gap.stream or 'all streams'}: {gap.reason.value}: {gap.detail}{hidden}"
