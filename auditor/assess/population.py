"""Who counts, and how: the rules that turn the members of a population into verdicts before anything is counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from auditor.assess.items import Items
from auditor.model.assessment import Reason, ReasonNote

Absence = Callable[[str], "ReasonNote | None"]
"""(`stream` or `stream:kind`) -> why its absence is not proven, or None when it is."""


@dataclass(slots=True)
class Members:
    """The members with their verdicts; guards still change them, nothing else does.

    Attributes:
        lo, hi: verdict of each member.
        pending: members whose time to react has not run out: out of the low estimate and the point; in the high one
            when they may be met already.
        reasons: why a member is undecided.
        guards: ids of the guards that hold for a member.
    """

    items: Items
    lo: list[float]
    hi: list[float]
    pending: frozenset[int] = frozenset()
    reasons: dict[int, list[ReasonNote]] = field(default_factory=dict)
    guards: dict[int, list[str]] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> Members:
        """No members at all."""
        return cls(Items((), (), (), (), (), (), frozenset(), (), {}, frozenset(), frozenset(), (), {}), [], [])

    def undecide(self, index: int, reason: ReasonNote) -> None:
        """Make a member undecided: it fails in the low estimate and passes in the high one."""
        self.lo[index], self.hi[index] = 0.0, 1.0
        notes = self.reasons.setdefault(index, [])
        if reason not in notes:
            notes.append(reason)

    def doubt(self, index: int, reason: ReasonNote) -> None:
        """Make a member fail in the low estimate only."""
        high = self.hi[index]
        self.undecide(index, reason)
        self.hi[index] = high

    def where(self, index: int) -> Literal["both", "lo", "hi", "no"]:
        """The estimates in which a member counts."""
        low, high = self.lo[index], self.hi[index]
        if index in self.pending:
            return "hi" if low < high else "no"
        if index not in self.items.unsure or low < high:
            return "both"
        return "hi" if low == 1.0 else "lo"

    def verdict(self, index: int) -> str:
        """A member's result in a word or two, the same as `ItemResult.verdict`."""
        where, low = self.where(index), self.lo[index]
        if where == "no":
            return "left out"
        if where != "both" or low != self.hi[index]:
            return "undecided"
        return {1.0: "met", 0.0: "not met"}.get(low, "partly met")


def judge(items: Items, absence: Absence, aged: Mapping[str, ReasonNote], as_of: datetime) -> Members:
    """Apply what holds for every indicator.

    Args:
        items: the population.
        absence: tells whether a stream's absence is proven.
        aged: prefix `<stream>:<source>:` of references to rows of a pull beyond its limit -> the reason.
        as_of: the audit instant T.
    """
    members = Members(items, list(items.lo), list(items.hi))
    _without_evidence(members)
    for index, specs in items.absent.items():
        for spec in specs:
            if (reason := absence(spec)) is not None:
                members.undecide(index, reason)
    if aged:
        _aged(members, aged)
    for index in items.undecided:
        members.undecide(index, _undecided(items, index))
    _open_verdicts(members)
    members.pending = frozenset(
        index for index, instant in items.react_by.items() if instant > as_of and members.lo[index] < 1.0
    )
    return members


def _without_evidence(members: Members) -> None:
    items = members.items
    if all(items.evidence):
        return
    for index, evidence in enumerate(items.evidence):
        if not evidence and members.lo[index] > 0.0 and index not in items.absent:
            members.doubt(index, ReasonNote(Reason.UNDECIDED_ITEMS, "met without evidence"))


def _aged(members: Members, aged: Mapping[str, ReasonNote]) -> None:
    prefixes = tuple(aged)
    for index, evidence in enumerate(members.items.evidence):
        for prefix in sorted({prefix for ref in evidence if ref.startswith(prefixes) for prefix in _of(ref, prefixes)}):
            members.undecide(index, aged[prefix])


def _of(ref: str, prefixes: Sequence[str]) -> list[str]:
    return [prefix for prefix in prefixes if ref.startswith(prefix)]


def _open_verdicts(members: Members) -> None:
    if members.lo == members.hi:
        return
    for index, (low, high) in enumerate(zip(members.lo, members.hi, strict=True)):
        if low < high and index not in members.reasons:
            members.reasons[index] = [_undecided(members.items, index)]


def _undecided(items: Items, index: int) -> ReasonNote:
    return ReasonNote(Reason.UNDECIDED_ITEMS, items.notes[index] or "the evidence does not decide it")
