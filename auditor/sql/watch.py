"""Stopping a statement when its time is up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Watch:
    """Calls `interrupt` when what runs under `limited` takes longer than the limit.

    One sleeping thread serves every statement of a session, because a thread for each would cost a third of the time
    of a small statement. The thread never sleeps longer than the limit, so no deadline that is set while it sleeps
    can lie before its waking.
    """

    def __init__(self, interrupt: Callable[[], None], timeout_s: float) -> None:
        self._interrupt = interrupt
        self._timeout_s = timeout_s
        self._changed = threading.Condition()
        self._deadline_s: float | None = None
        self._fired = False
        self._closed = False
        self._thread: threading.Thread | None = None

    @contextmanager
    def limited(self) -> Iterator[Callable[[], bool]]:
        """Limit what runs inside; yields a function that tells whether the interrupt came from here."""
        self._start()
        with self._changed:
            self._fired = False
            self._deadline_s = time.monotonic() + self._timeout_s
        try:
            yield lambda: self._fired
        finally:
            with self._changed:
                self._deadline_s = None

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sql-watch", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                now_s = time.monotonic()
                if self._deadline_s is not None and now_s >= self._deadline_s:
                    # Still holding the lock: an interrupt that came late would hit the next statement.
                    self._fired = True
                    self._deadline_s = None
                    self._interrupt()
                rest_s = self._timeout_s if self._deadline_s is None else self._deadline_s - now_s
                self._changed.wait(rest_s)
