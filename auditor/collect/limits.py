"""How long and how often a pull may ask its source, and how long it waits before it asks again."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime

from auditor.collect.failures import Failure
from auditor.model.evidence import GapReason

RETRIES = 4
"""Times that one exchange is tried again (chosen: with the pauses below about 8 s)."""

LONGEST_PAUSE_S = 120.0
"""Longest pause that a source can ask for in `Retry-After`."""

_FIRST_PAUSE_S = 0.5
_JITTER = random.SystemRandom()


class Limits:
    """The clockwork of one pull: its deadline counts from here, its requests are counted together.

    Args:
        clock: seconds that never go back.
        sleep: waits; None: for real, and not longer than the run goes on.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] | None = None
    ) -> None:
        self.cancelled: threading.Event | None = None
        self.requests = 0
        self._clock = clock
        self._sleep = sleep
        self._began = clock()
        self._lock = threading.Lock()

    def spend(self, max_requests: int | None, deadline_s: float) -> None:
        """Count one request that is about to be made.

        Raises:
            Failure: the budget is used up, the deadline is over, or the run was given up.
        """
        self.check(deadline_s)
        with self._lock:
            if max_requests is not None and self.requests >= max_requests:
                noun = "request is" if max_requests == 1 else "requests is"
                raise Failure(GapReason.RATE_LIMITED, f"the budget of {max_requests} {noun} used up (max_requests)")
            self.requests += 1

    def check(self, deadline_s: float) -> None:
        """See whether the pull may go on.

        Raises:
            Failure: the deadline is over, or the run was given up.
        """
        if self.cancelled is not None and self.cancelled.is_set():
            raise Failure(GapReason.TIMED_OUT, "the run was given up")
        if self.left_s(deadline_s) <= 0:
            raise Failure(GapReason.TIMED_OUT, f"the time for one pull is over (deadline_s: {deadline_s:g})")

    def left_s(self, deadline_s: float) -> float:
        """Seconds until the deadline; negative after it."""
        return deadline_s - (self._clock() - self._began)

    def pause(self, seconds: float) -> None:
        """Wait; a run that is given up does not wait to the end."""
        if self._sleep is not None:
            self._sleep(seconds)
        elif self.cancelled is not None:
            self.cancelled.wait(seconds)
        else:
            time.sleep(seconds)


def pause_s(attempt: int, retry_after: str | None, answered_at: datetime) -> float:
    """Seconds to wait before the next attempt: as the source asks, else twice as long each time, a quarter at random.

    Args:
        attempt: attempts made, from 1.
        retry_after: the header, in seconds or as an HTTP date.
        answered_at: the source's own clock where it tells, else ours (UTC).
    """
    asked = _asked_pause_s(retry_after, answered_at)
    if asked is not None:
        return min(asked, LONGEST_PAUSE_S)
    return _FIRST_PAUSE_S * float(2 ** (attempt - 1)) * _JITTER.uniform(0.75, 1.25)


def http_date(text: str | None) -> datetime | None:
    """The instant that a header names; None where it names none."""
    try:
        moment = parsedate_to_datetime(text or "")
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo else None


def _asked_pause_s(retry_after: str | None, answered_at: datetime) -> float | None:
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    moment = http_date(text)
    return None if moment is None else max(0.0, (moment - answered_at).total_seconds())
