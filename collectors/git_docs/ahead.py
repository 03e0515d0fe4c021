"""Makes the next item while the last one is worked on."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")

_PATIENCE_S = 5.0
"""Seconds to wait for the item that nobody wants any more (chosen: most take about one)."""


@dataclass(frozen=True, slots=True)
class _Made(Generic[T]):
    item: T


def ahead(items: Iterator[T]) -> Generator[T, None, None]:
    """The items in their order, each made in one other thread while the caller works on the one before.

    There is never more than one made in advance, so that what making them leaves behind (such as the record of what
    was asked) has the same order as without the thread.

    Raises:
        BaseException: what making an item raised, in its place.
    """
    wanted: SimpleQueue[bool] = SimpleQueue()
    made: SimpleQueue[_Made[T] | BaseException | None] = SimpleQueue()

    def make() -> None:
        while wanted.get():
            try:
                made.put(_Made(next(items)))
            except StopIteration:
                made.put(None)
            except BaseException as error:  # it is raised again in the thread that waits
                made.put(error)

    thread = threading.Thread(target=make, daemon=True)
    thread.start()
    try:
        wanted.put(True)
        while (outcome := made.get()) is not None:
            if isinstance(outcome, BaseException):
                raise outcome
            wanted.put(True)
            yield outcome.item
    finally:
        wanted.put(False)
        thread.join(_PATIENCE_S)
