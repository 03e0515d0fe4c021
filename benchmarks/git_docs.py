"""How long the `git_docs` collector takes over a history of 100,000 commits, and how much memory.

    python benchmarks/git_docs.py            the whole measurement
    python benchmarks/git_docs.py --smoke    a small one that only shows that it runs

The time is compared with that of `git log --raw --numstat` over the same history, its output thrown away, because
absolute times say more about the machine than about the collector. Memory is the peak beyond interpreter and imports,
with everything that is kept hashed and let go, as a store does. What is aimed at is printed beside what was measured; a
missed aim is no failure, since a busy machine misses it, too.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.api import Gap, Record
from auditor.collect.context import Context
from auditor.collect.redact import Keyed
from auditor.model.evidence import PayloadRef, Row
from auditor.ports import Envelope, SourcePull
from collectors.git_docs.collector import GitDocsCollector
from collectors.git_docs.settings import GitDocsSettings

AIM_RATIO = 3.0
AIM_MB = 300.0
T = datetime(2026, 1, 1, tzinfo=UTC)
DOCUMENTS = 300
SECTIONS = ("Service level targets", "Exceptions", "Workload limits", "Responsibilities", "Review", "Escalation")


def history(commits: int) -> Iterator[bytes]:
    """A stream for `git fast-import`: agreements of about 3 kB whose figures and sentences change one at a time.

    Every 500th commit renames a document, every 40th is a bot's, every 25th is a merge of a side branch.
    """
    names = [f"docs/{number // 20:02}/agreement-{number}.md" for number in range(DOCUMENTS)]
    turns = [0] * DOCUMENTS
    step = timedelta(days=700) / commits
    on_side = b""
    for number in range(commits):
        which = (number * 7919) % DOCUMENTS
        turns[which] += 1
        who = b"Robot <release-bot@example.org>" if number % 40 == 0 else f"A <{which % 30}@example.org>".encode()
        when = int((T - timedelta(days=701) + step * number).timestamp())
        is_side, is_merge = number % 25 == 23, number % 25 == 24
        yield b"commit refs/heads/%s\nmark :%d\n" % (b"side" if is_side else b"main", number + 1)
        yield b"author %s %d +0000\ncommitter %s %d +0000\n" % (who, when, who, when)
        yield _data(b"OPS-%d: change of agreement %d\n" % (number, which))
        if number:
            yield b"from :%d\n" % (number - 1 if is_merge else number)
        if is_merge:
            yield b"merge :%d\n" % number + on_side
        if number % 500 == 480:
            renamed = names[which].replace(".md", "-x.md")
            yield b"R %s %s\n" % (names[which].encode(), renamed.encode()) if turns[which] > 1 else b""
            names[which] = renamed
        change = b"M 100644 inline %s\n%s" % (names[which].encode(), _data(_document(which, turns[which]).encode()))
        on_side = change if is_side else b""
        yield b"" if is_merge else change


def _document(which: int, turn: int) -> str:
    parts = [f"---\ntitle: Agreement {which}\ntype: agreement\nservices: [service-{which}]\n---\n# Agreement {which}\n"]
    for position, section in enumerate(SECTIONS):
        changes = (turn + position) // len(SECTIONS)
        parts.append(
            f"\n## {section}\n\nAvailability of part {position}: {90 + changes % 10}.{changes % 7} % per month.\n"
        )
        parts += [f"Sentence {line} of section {position} says what both sides have agreed on.\n" for line in range(6)]
    return "".join(parts)


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


class Sink:
    """Hashes what it is given and lets it go; rows go nowhere, since no runner makes any here."""

    kept_bytes = 0

    def keep(self, data: bytes, envelope: Envelope) -> PayloadRef:
        self.kept_bytes += len(data)
        return PayloadRef(hashlib.sha256(data).hexdigest(), len(data))

    def keep_file(self, path: Path, envelope: Envelope) -> PayloadRef:
        return self.keep(path.read_bytes(), envelope)

    def add(self, row: Row) -> None:
        raise TypeError("only a runner adds rows")

    def source_done(self, pull: SourcePull) -> None:
        raise TypeError("only a runner closes a pull")


def make_repository(path: Path, commits: int) -> float:
    """Make it; gives the seconds that took."""
    start = time.perf_counter()
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(path)], check=True)
    importer = subprocess.Popen(["git", "fast-import", "--quiet"], cwd=path, stdin=subprocess.PIPE)
    assert importer.stdin is not None
    for piece in history(commits):
        importer.stdin.write(piece)
    importer.stdin.close()
    assert importer.wait() == 0
    return time.perf_counter() - start


def git_s(path: Path) -> float:
    """Seconds of git alone."""
    start = time.perf_counter()
    command = ["git", "log", "--raw", "--numstat", "main"]
    subprocess.run(command, cwd=path, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def collect_s(path: Path, tmp: Path) -> tuple[float, Counter[str], int]:
    """Seconds of the collector, what it yielded, and the bytes it kept."""
    settings = GitDocsSettings(path=path, branch="main")
    sink = Sink()
    keyed = Keyed(b"k" * 32)
    context = Context("docs", settings, T, T, False, "git_docs 1", sink, lambda _: None, keyed=lambda: keyed, tmp=tmp)
    start = time.perf_counter()
    found: Counter[str] = Counter()
    for thing in GitDocsCollector().collect(context):
        found[thing.stream if isinstance(thing, Record) else type(thing).__name__] += 1
        if isinstance(thing, Gap):
            print(f"gap: {thing.place}: {thing.detail}", file=sys.stderr)
    elapsed = time.perf_counter() - start
    context.close()
    return elapsed, found, sink.kept_bytes


def cpu_s() -> float:
    """Seconds of processor time that this process and the programs it ran have used."""
    return sum(os.times()[:4])


def main() -> int:
    """Measure and print one line of JSON, and one for each aim that was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="a small history, whose ratio says nothing")
    arguments = parser.parse_args()
    commits = 1_000 if arguments.smoke else 100_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "repository.git"
        made_s = make_repository(path, commits)
        before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        git_s(path)  # so that both find the files in memory
        started_cpu_s = cpu_s()
        plain_s = git_s(path)
        plain_cpu_s = cpu_s() - started_cpu_s
        elapsed_s, found, kept_bytes = collect_s(path, Path(folder))
        elapsed_cpu_s = cpu_s() - started_cpu_s - plain_cpu_s
        peak_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024
    ratio = elapsed_s / plain_s
    result = {
        "commits": commits,
        "found": dict(found),
        "made_s": round(made_s, 1),
        "git_log_s": round(plain_s, 2),
        "git_log_cpu_s": round(plain_cpu_s, 2),
        "collect_s": round(elapsed_s, 2),
        "collect_cpu_s": round(elapsed_cpu_s, 2),
        "ratio": round(ratio, 2),
        "aimed_ratio": AIM_RATIO,
        "peak_mb": round(peak_mb, 1),
        "aimed_mb": AIM_MB,
        "kept_mb": round(kept_bytes / 1e6, 1),
    }
    print(json.dumps(result))
    if ratio > AIM_RATIO and not arguments.smoke:
        print(f"missed: {ratio:.1f} times the time of git log, {AIM_RATIO:g} are aimed at")
    if peak_mb > AIM_MB:
        print(f"missed: {peak_mb:.0f} MB of memory, {AIM_MB:g} are aimed at")
    return 0


if __name__ == "__main__":
    sys.exit(main())
