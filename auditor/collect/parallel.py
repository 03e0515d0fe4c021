"""Several sources at a time, each in a thread of its own: waiting for one must not stop the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

MAX_THREADS = 4
"""Sources read at a time (chosen: most of the time is waiting, and each holds its own keys in memory)."""

_PATIENCE_S = 1.0

T = TypeVar("T")


class Stopped(Exception):
    """The run was given up while a source was being read."""


def in_parallel(jobs: Sequence[Callable[[], T]], cancelled: threading.Event) -> list[T]:
    """Do the jobs, at most four at a time, and give their results in the order of the jobs.

    The first job that fails, or Ctrl-C, sets `cancelled`; jobs that do not look at it are left behind after a second,
    in threads that do not keep the process alive.

    Raises:
        BaseException: that of the first failed job in the order of the jobs, `Stopped` aside.
    """
    if len(jobs) == 1:
        return [jobs[0]()]
    work = _Work(jobs, cancelled)
    threads = [threading.Thread(target=work.run, daemon=True) for _ in range(min(MAX_THREADS, len(jobs)))]
    try:
        for thread in threads:
            thread.start()
        for _ in jobs:
            if work.finished.get() is not None:
                break
    finally:
        if not work.is_done:
            cancelled.set()
            for thread in threads:
                thread.join(_PATIENCE_S / len(threads))
    return work.outcome()


class _Work(Generic[T]):
    """Jobs, and what became of them."""

    def __init__(self, jobs: Sequence[Callable[[], T]], cancelled: threading.Event) -> None:
        self.finished: SimpleQueue[BaseException | None] = SimpleQueue()
        self._jobs = jobs
        self._cancelled = cancelled
        self._results: dict[int, T] = {}
        self._errors: dict[int, BaseException] = {}
        self._waiting: SimpleQueue[int] = SimpleQueue()
        for number in range(len(jobs)):
            self._waiting.put(number)

    @property
    def is_done(self) -> bool:
        return len(self._results) == len(self._jobs)

    def run(self) -> None:
        """What each thread does."""
        while not self._cancelled.is_set():
            try:
                number = self._waiting.get_nowait()
            except Empty:
                return
            try:
                self._results[number] = self._jobs[number]()
                self.finished.put(None)
            except BaseException as error:  # it is raised again in the thread that waits
                self._errors[number] = error
                self.finished.put(error)

    def outcome(self) -> list[T]:
        errors = [self._errors[number] for number in sorted(self._errors)]
        for error in errors:
            if not isinstance(error, Stopped):
                raise error
        return [self._results[number] for number in range(len(self._jobs))]
