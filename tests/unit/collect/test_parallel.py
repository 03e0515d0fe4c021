"""Several sources at a time: in the order of the plan whatever the timing, and all of them end together."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

import pytest

from auditor.collect.parallel import MAX_THREADS, Stopped, in_parallel


def test_results_stand_in_the_order_of_the_jobs() -> None:
    gates = [threading.Event() for _ in range(3)]

    def job(number: int) -> Callable[[], int]:
        def work() -> int:
            if number + 1 < len(gates):
                gates[number + 1].wait(10)  # the last one ends first
            gates[number].set()
            return number

        return work

    assert in_parallel([job(number) for number in range(3)], threading.Event()) == [0, 1, 2]


def test_no_more_than_four_run_at_a_time_and_four_do() -> None:
    running, most, lock = 0, 0, threading.Lock()
    meeting = threading.Barrier(MAX_THREADS, timeout=10)

    def job() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        meeting.wait()
        with lock:
            running -= 1

    in_parallel([job] * (2 * MAX_THREADS), threading.Event())
    assert most == MAX_THREADS


def test_the_first_failure_gives_up_the_others_and_is_the_one_that_is_raised() -> None:
    cancelled, done = threading.Event(), []

    def waits() -> None:
        cancelled.wait(10)
        done.append("stopped")
        raise Stopped

    def fails() -> None:
        raise ValueError("no manifest")

    with pytest.raises(ValueError, match="no manifest"):
        in_parallel([waits, fails], cancelled)
    assert done == ["stopped"]


def test_ctrl_c_leaves_a_job_behind_that_does_not_look() -> None:
    never, cancelled = threading.Event(), threading.Event()

    def deaf() -> None:
        never.wait(60)

    def interrupts() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        never.wait(60)

    with pytest.raises(KeyboardInterrupt):
        in_parallel([deaf, interrupts], cancelled)
    assert cancelled.is_set()
    never.set()
