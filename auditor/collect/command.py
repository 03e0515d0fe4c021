"""Runs a program that reads a source: no shell, bounded in time and output, and gone when we go."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from auditor.collect.failures import Failure
from auditor.collect.limits import Limits
from auditor.model.evidence import GapReason

_READ_BYTES = 1 << 20
_LOOK_UP_S = 0.2
_STDERR_BYTES = 64 << 10


def run_program(
    arguments: Sequence[str],
    *,
    cwd: Path | None,
    stdin: bytes,
    env: Mapping[str, str],
    limits: Limits,
    deadline_s: float,
    max_bytes: int,
) -> tuple[int, bytes, bytes]:
    """Run a program to its end.

    Args:
        env: variables beside our own, of which those of git are not handed on; messages come in English unless they
            say otherwise.
        deadline_s: seconds after the start of the pull when it is ended.
        max_bytes: output that is taken at most.

    Returns:
        Exit code, standard output, and the first 64 KiB of standard error.

    Raises:
        Failure: it cannot be run, gives too much, or does not end in time.
    """
    try:
        process = subprocess.Popen(  # noqa: S603  no shell; the arguments are the collector's own
            list(arguments),
            cwd=cwd,
            env={**_inherited(), "LC_ALL": "C.UTF-8", **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError:
        is_folder = cwd is not None and not cwd.is_dir()
        missing = "the folder to run it in does not exist" if is_folder else f"the program {arguments[0]} is missing"
        raise Failure(GapReason.NOT_CONFIGURED, missing) from None
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or "its arguments are not valid"
        raise Failure(GapReason.NOT_CONFIGURED, f"the program {arguments[0]} cannot be run ({words})") from None
    try:
        return _talk(process, stdin, limits, deadline_s, max_bytes)
    finally:
        _end(process)


def _inherited() -> dict[str, str]:
    """Our own variables. Without git's: inside a hook they would lead it to another repository than it is run in."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def _talk(
    process: subprocess.Popen[bytes], stdin: bytes, limits: Limits, deadline_s: float, max_bytes: int
) -> tuple[int, bytes, bytes]:
    assert process.stdin is not None  # noqa: S101  all three were asked for
    assert process.stdout is not None  # noqa: S101
    assert process.stderr is not None  # noqa: S101
    output: dict[str, bytearray] = {"out": bytearray(), "err": bytearray()}
    left = memoryview(stdin)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, "out")
        selector.register(process.stderr, selectors.EVENT_READ, "err")
        os.set_blocking(process.stdin.fileno(), False)
        selector.register(process.stdin, selectors.EVENT_WRITE, "in")
        while selector.get_map():
            limits.check(deadline_s)
            ready = selector.select(_LOOK_UP_S)
            # What a program leaves running in the background may hold its pipes open for ever.
            if not ready and process.poll() is not None:
                break
            for key, _ in ready:
                if key.data == "in":
                    left = _write(key.fd, left)
                    is_over = not left
                else:
                    piece = os.read(key.fd, _READ_BYTES)
                    is_over = not piece
                    _take(output, key.data, piece, max_bytes)
                if is_over:
                    selector.unregister(key.fileobj)
                    if key.data == "in":
                        process.stdin.close()
    while True:
        limits.check(deadline_s)
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_LOOK_UP_S), bytes(output["out"]), bytes(output["err"])


def _write(descriptor: int, left: memoryview) -> memoryview:
    try:
        return left[os.write(descriptor, left[:_READ_BYTES]) :]
    except BlockingIOError:
        return left
    except BrokenPipeError:  # it does not want to know more
        return left[:0]


def _take(output: dict[str, bytearray], name: str, piece: bytes, max_bytes: int) -> None:
    if name == "err":
        output[name] += piece[: _STDERR_BYTES - len(output[name])]
        return
    output[name] += piece
    if len(output[name]) > max_bytes:
        raise Failure(GapReason.TRUNCATED, f"the program prints more than {max_bytes >> 20} MB (max_answer_mb)")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and whatever it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
