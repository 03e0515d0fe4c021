"""Collects the faults of many files, so that an author sees all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from auditor.errors import RulePackError

_SHOWN = 50

T = TypeVar("T")


class Faults:
    """What is wrong so far."""

    def __init__(self) -> None:
        self._found: list[RulePackError] = []

    def __len__(self) -> int:
        return len(self._found)

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Note the fault of a block and go on after it."""
        try:
            yield
        except RulePackError as error:
            self.note(error)

    def attempt(self, make: Callable[[], T]) -> T | None:
        """What a function gives, or None after its fault was noted."""
        try:
            return make()
        except RulePackError as error:
            self.note(error)
            return None

    def note(self, error: RulePackError) -> None:
        """Note a fault that was raised."""
        self._found.append(error)

    def add(self, what: str, where: str, cure: str) -> None:
        """Note a fault."""
        self.note(RulePackError(what, where=where, cure=cure))

    def raise_any(self) -> None:
        """End here when anything was noted.

        Raises:
            RulePackError: the only fault, or all of them in one message.
        """
        if self._found:
            raise joined(self._found)


def joined(faults: Sequence[RulePackError]) -> RulePackError:
    """One error that tells of one or more: `file:line: what` a line, with the cure of the first."""
    first, *rest = faults
    if not rest:
        return first
    lines = [first.what, *(f"{error.where}: {error.what}" for error in rest[: _SHOWN - 1])]
    if len(rest) >= _SHOWN:
        lines.append(f"and {len(rest) - _SHOWN + 1} more")
    return RulePackError("\n".join(lines), where=first.where, cure=first.cure)
