"""Which members an assessment lists: every exception up to a cap, and a seeded random sample of the met ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import compress, islice
from operator import not_

from auditor.assess.population import Members
from auditor.model.assessment import ItemResult

MAX_EXCEPTIONS = 100
MET_SAMPLE = 20
"""Met members that are listed; auditors take 20 to 40 of a control that runs daily."""

MAX_REFS = 25
"""References that one member lists; the number of the others is in its note."""

# Indicators that ask about the same rows list the same members: making one costs more than finding it.
_item_result = lru_cache(maxsize=4096)(ItemResult)


def listed(members: Members, seed: str) -> tuple[ItemResult, ...]:
    """The members to show, exceptions first, each part in order of their names.

    Args:
        members: the population.
        seed: text that the sample follows from.
    """
    order = members.items.by_name
    if members.pending or members.items.unsure or members.guards or members.lo != members.hi:
        is_met = [members.verdict(index) == "met" and index not in members.guards for index in order]
    else:
        is_met = [members.lo[index] == 1.0 for index in order]
    exceptions = list(islice(compress(order, map(not_, is_met)), MAX_EXCEPTIONS))
    chosen = exceptions + _sample(list(compress(order, is_met)), seed)
    return tuple(_results(members, chosen))


def _sample(indexes: list[int], seed: str) -> list[int]:
    """A random sample that is the same on every machine and Python: the digits of SHA-256 draw it."""
    rest = len(indexes)
    if rest <= MET_SAMPLE:
        return indexes
    moved: dict[int, int] = {}
    drawn = []
    for turn in range(MET_SAMPLE):
        pick = int.from_bytes(sha256(f"{seed}:{turn}".encode()).digest()[:8]) % rest
        drawn.append(moved.get(pick, pick))
        rest -= 1
        moved[pick] = moved.get(rest, rest)
    return [indexes[place] for place in sorted(drawn)]


def shortened(evidence: Sequence[str], note: str | None) -> tuple[tuple[str, ...], str | None]:
    """The references to list, in order, and the note, which tells how many are not listed."""
    if len(evidence) > 1:
        evidence = sorted(set(evidence))
    if len(evidence) <= MAX_REFS:
        return tuple(evidence), note
    more = f"and {len(evidence) - MAX_REFS} more rows"
    return tuple(evidence[:MAX_REFS]), f"{note}; {more}" if note else more


def _results(members: Members, indexes: Iterable[int]) -> Iterator[ItemResult]:
    items, reasons, guards = members.items, members.reasons, members.guards
    for index in indexes:
        evidence, note = shortened(items.evidence[index], items.notes[index])
        yield _item_result(
            items.ids[index],
            items.services[index],
            # Of equal values the first one is kept, and -0.0 equals 0.0.
            members.lo[index] + 0.0,
            members.hi[index] + 0.0,
            members.where(index),
            evidence,
            note,
            tuple(reasons[index]) if index in reasons else (),
            tuple(guards[index]) if index in guards else (),
        )
