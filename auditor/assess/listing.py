"""Which members an assessment lists: every exception up to a cap, and a seeded random sample of the met ones."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from auditor.assess.population import Members
from auditor.model.assessment import ItemResult

MAX_EXCEPTIONS = 100
MET_SAMPLE = 20
"""Met members that are listed; auditors take 20 to 40 of a control that runs daily."""

MAX_REFS = 25
"""References that one member lists; the number of the others is in its note."""


def listed(members: Members, seed: str) -> tuple[ItemResult, ...]:
    """The members to show, exceptions first, each part in order of their names.

    Args:
        members: the population.
        seed: text that the sample follows from.
    """
    names = members.items.ids
    if members.pending or members.items.unsure or members.guards or members.lo != members.hi:
        is_met = [members.verdict(index) == "met" and index not in members.guards for index in range(len(names))]
    else:
        is_met = [low == 1.0 for low in members.lo]
    met = [index for index, good in enumerate(is_met) if good]
    exceptions = [index for index, good in enumerate(is_met) if not good]
    exceptions.sort(key=names.__getitem__)
    met.sort(key=names.__getitem__)
    chosen = exceptions[:MAX_EXCEPTIONS] + _sample(met, seed)
    return tuple(_result(members, index) for index in chosen)


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


def _result(members: Members, index: int) -> ItemResult:
    items = members.items
    evidence, note = shortened(items.evidence[index], items.notes[index])
    return ItemResult(
        item=items.ids[index],
        service_id=items.services[index],
        lo=members.lo[index],
        hi=members.hi[index],
        counted=members.where(index),
        evidence=evidence,
        note=note,
        reasons=tuple(members.reasons.get(index, ())),
        guards=tuple(members.guards.get(index, ())),
    )
