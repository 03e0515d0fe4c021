"""Runs audits that are killed, or starved of disk; started by test_crash.py as its own process.

Usage: crash_child.py MODE BASE WORK

Every step copies the data directory BASE (none: starts a new one), lets one child process audit it under a hardship,
and has another one look at what is left. MODE says which hardship:
    kill   SIGKILL at the N-th write, for every write of the audit
    full   a full disk (ENOSPC) at the N-th write, for every write of the audit
    limit  files may not grow past a limit (RLIMIT_FSIZE), for several limits
    small  WORK is a small file system that is filled but for some bytes, for several amounts
What counts as a write: an fsync, a rename, a removal, a new folder, a commit of SQLite, a COPY or CHECKPOINT of DuckDB.
The product knows nothing of this: the functions are replaced in the child before it starts. Prints one JSON line per
step: the hardship, how the audit ended, what it said, and what was found wrong.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
import sqlite3
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Self

sys.path.insert(0, str(Path(__file__).parent))

import duckdb
from store_kit import SCOPE, TICKETS, T, a_gap, audit, rows_of

from auditor.errors import StoreError
from auditor.store.store import Store
from auditor.store.verify import verify

CHANGED = {**TICKETS, "t-0": {"priority": "other"}, "t-9": {}}
GONE = {key: CHANGED[key] for key in CHANGED if key != "t-1"}
LATER = T + timedelta(days=1)
SIZES = (0, 4_000, 40_000, 150_000, 1_000_000, 10_000_000)


class Trap:
    """Counts the writes of this process, and springs just before one of them is done.

    What the disk holds just after a write is what it holds just before the next one.
    """

    def __init__(self, spring_at: int, spring: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._spring_at = spring_at
        self._spring = spring
        self.sprung_at: str | None = None

    def step(self, name: str) -> None:
        with self._lock:
            self._count += 1
            if self._count != self._spring_at:
                return
            self.sprung_at = name
        print(f"at {name}", flush=True)
        self._spring()

    def wrap(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self.step(name)
            return function(*args, **kwargs)

        return wrapped


def install(trap: Trap) -> None:
    """Replace the functions that write."""
    for name in ("fsync", "replace", "unlink"):
        setattr(os, name, trap.wrap(name, getattr(os, name)))
    mkdir = os.mkdir
    os.mkdir = lambda path, *args, **kwargs: (
        mkdir(path, *args, **kwargs) if Path(path).exists() else trap.wrap("mkdir", mkdir)(path, *args, **kwargs)
    )

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
            run = super().execute
            return trap.wrap("commit", run)(sql, *args) if sql == "commit" else run(sql, *args)

    connect = sqlite3.connect
    sqlite3.connect = lambda *args, **kwargs: connect(*args, factory=Connection, **kwargs)

    class Engine:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self._real = duckdb_connect(*args, **kwargs)

        def execute(self, sql: str, *args: Any) -> Any:
            is_write = sql.startswith(("copy", "checkpoint"))
            return (trap.wrap(sql.split()[0], self._real.execute) if is_write else self._real.execute)(sql, *args)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            self._real.close()

    duckdb_connect = duckdb.connect
    duckdb.connect = Engine


def in_child(work: Callable[[], int]) -> tuple[int, str]:
    """Run in a forked process; its exit code (negative: the signal that killed it) and what it printed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        code = 99
        try:
            with os.fdopen(os.dup(writer), "w") as out:
                sys.stdout = sys.stderr = out
                code = work()
        except BaseException:
            os.write(writer, traceback.format_exc()[-3000:].encode())
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as text:
        output = text.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), output


def audit_under(data: Path, hardship: Callable[[], Trap | None]) -> int:
    """Audit changed evidence.

    Exit code 0: nothing came in the way; 3: the audit could do without the write; 7: refused for want of disk.
    """
    trap = hardship()
    try:
        store = Store.open(data)
        audit(store, GONE, gaps=[a_gap()], ended=LATER)
        store.close()
    except StoreError as error:
        print(error)
        return 7 if "disk full" in error.what else 8
    return 3 if trap is not None and trap.sprung_at else 0


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refuse() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def trapped(number: int, spring: Callable[[], None]) -> Trap:
    trap = Trap(number, spring)
    install(trap)
    return trap


def limited(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def filled(folder: Path, free: int) -> None:
    """Leave only so many bytes of a small file system."""
    room = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    (folder / "filler").write_bytes(bytes(max(0, room - free)))


def look(data: Path, before: int, committed: bool | None) -> int:
    """What a reader finds, whether everything is sound, and whether the next audit works."""
    problems: list[str] = []
    store = Store.open(data)
    complete = [record.number for record in store.runs() if record.status == "complete"]
    if len(complete) - before not in ({0, 1} if committed is None else {int(committed)}):
        problems.append(f"{before} runs were complete, now {len(complete)}")
    problems += [str(problem) for problem in verify(store)]
    for run in complete[-1:]:
        rows = rows_of(store.state_at(run), "ticket", "_key")
        expected = TICKETS if len(complete) == before else GONE
        if [key for (key,) in rows] != sorted(expected):
            problems.append(f"run {run} reads {rows}")
        store.assessment(run)
    cursor = None if not complete else (T if len(complete) == before else LATER).isoformat()
    with store.begin(SCOPE, "look", T) as opened:
        if opened.cursors("desk", "desk 1").get("ticket") != cursor:
            problems.append(f"the next pull begins at {opened.cursors('desk', 'desk 1')}")
    seal = audit(store, GONE, gaps=[a_gap()])
    if list((store.layout.tmp).iterdir()):
        problems.append("tmp is not empty")
    if len(list(store.layout.segments.iterdir())) != (3 if before else 2):
        problems.append("segments were left over")
    payloads = sum(1 for path in store.layout.payloads.rglob("*.gz"))
    if payloads != (3 if before else 2):
        problems.append(f"{payloads} payloads are there")
    if store.previous_assessment(SCOPE) != store.assessment(seal.run):
        problems.append("the next run is not the latest")
    print("\n".join(problems))
    return 1 if problems else 0


def hardships(mode: str, work: Path) -> Iterator[tuple[int, Callable[[], Trap | None]]]:
    if mode in ("kill", "full"):
        for number in count(1):
            yield number, partial(trapped, number, die if mode == "kill" else refuse)
    for size in SIZES:
        yield size, partial(limited, size) if mode == "limit" else partial(filled, work, size)


def main(mode: str, base: Path, work: Path) -> None:
    before = 1 if base.exists() else 0
    for number, hardship in hardships(mode, work):
        data = work / "data"
        shutil.rmtree(data, ignore_errors=True)
        if before:
            shutil.copytree(base, data)
        code, said = in_child(partial(audit_under, data, hardship))
        (work / "filler").unlink(missing_ok=True)
        expected = (-signal.SIGKILL, 0) if mode == "kill" else (7, 3, 0)
        looked, found = in_child(partial(look, data, before, None if mode == "kill" else code != 7))
        fault = "" if code in expected and looked == 0 else f"exit {code}, then {looked}: {found}"
        print(json.dumps({"hardship": number, "exit": code, "said": said, "fault": fault}), flush=True)
        if code == 0:
            return


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
