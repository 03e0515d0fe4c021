"""How long it takes to keep payloads of 1.5 kB with their envelopes and seal them in the chain; growth of an idle run.

Usage: python benchmarks/store.py [--smoke] [--folder FOLDER]

Each size is a data directory of its own: one run keeps all payloads, a second one reads the same payloads again. Beside
it, in the same minute on the same disk, the plain way: at most 1,000 of the payloads, each written to a file of its own
and made durable. Times per payload are compared with those of the plain way and of the first size.
`--smoke` takes small sizes and fails when an idle run grows by 100 kB.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from auditor.model.evidence import SourceKind
from auditor.ports import Envelope, SourcePull
from auditor.store.store import Store
from auditor.store.verify import verify

PAYLOAD_BYTES = 1_500
SIZES = (1_000, 10_000, 100_000)
SMOKE_SIZES = (200, 1_000)
PLAIN = 1_000
IDLE_LIMIT_BYTES = 100_000
T = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE_RUN = {"source_id": "desk", "kind": "ticketing", "status": "ok", "ended": "2026-01-01T00:00:00Z"}


@dataclass(frozen=True, slots=True)
class Measured:
    payloads: int
    store_s: float
    plain_each_s: float
    idle_s: float
    idle_bytes: int
    verify_s: float


def payloads(count: int) -> Iterator[bytes]:
    """Text that compresses about as well as an API's JSON does (to a third)."""
    words = [f"{random.Random(number).getrandbits(40):010x}" for number in range(400)]
    for number in range(count):
        pick = random.Random(number)
        text = f'{{"id":{number},"text":"{" ".join(pick.choices(words, k=140))}"'
        yield text.ljust(PAYLOAD_BYTES - 1)[: PAYLOAD_BYTES - 1].encode() + b"}"


def run(folder: Path, data: list[bytes]) -> float:
    """One run that keeps all payloads and seals them; seconds."""
    begun = time.perf_counter()
    store = Store.open(folder)
    with store.begin("benchmark", "collect", T) as opened:
        for number, entry in enumerate(data):
            request = {"method": "GET", "url": "https://desk.example/rest/api/3/search", "startAt": number}
            opened.keep(entry, Envelope("desk", request, "application/json", T, "benchmark 1"))
        opened.source_done(SourcePull("desk", SourceKind.TICKETING, SOURCE_RUN))
        opened.commit(as_of=T, engine_version="0", config_sha256="", rule_pack={}, assessment=b"{}", ended=T)
    store.close()
    return time.perf_counter() - begun


def plain(folder: Path, data: list[bytes]) -> float:
    """Every payload in a file of its own, durable; seconds for each."""
    folder.mkdir()
    begun = time.perf_counter()
    for number, entry in enumerate(data):
        with (folder / str(number)).open("wb") as out:
            out.write(entry)
            out.flush()
            os.fsync(out.fileno())
    return (time.perf_counter() - begun) / len(data)


def disk_use(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measure(folder: Path, count: int) -> Measured:
    data = list(payloads(count))
    plain_each_s = plain(folder / "plain", data[:PLAIN])
    shutil.rmtree(folder / "plain")
    store_s = run(folder / "data", data)
    before = disk_use(folder / "data")
    idle_s = run(folder / "data", data)
    idle_bytes = disk_use(folder / "data") - before
    store = Store.open(folder / "data")
    begun = time.perf_counter()
    problems = verify(store)
    verify_s = time.perf_counter() - begun
    store.close()
    if problems:
        sys.exit(f"the data directory is not sound: {problems[0]}")
    shutil.rmtree(folder / "data")
    return Measured(count, store_s, plain_each_s, idle_s, idle_bytes, verify_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="small sizes; fails when an idle run grows too much")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="where to write (a folder on a real disk)")
    options = parser.parse_args()
    print("payloads  store s  ms each  x first  plain ms each  x plain  idle s  idle kB  verify s")
    first: Measured | None = None
    too_large = False
    for count in SMOKE_SIZES if options.smoke else SIZES:
        with tempfile.TemporaryDirectory(prefix="benchmark-", dir=options.folder) as folder:
            found = measure(Path(folder), count)
        first = first or found
        too_large |= found.idle_bytes >= IDLE_LIMIT_BYTES
        each_s, first_each_s = found.store_s / found.payloads, first.store_s / first.payloads
        print(
            f"{found.payloads:8,}  {found.store_s:7.2f}  {1000 * each_s:7.3f}  {each_s / first_each_s:7.2f}  "
            f"{1000 * found.plain_each_s:13.3f}  {each_s / found.plain_each_s:7.2f}  {found.idle_s:6.2f}  "
            f"{found.idle_bytes / 1000:7.1f}  {found.verify_s:8.2f}",
            flush=True,
        )
    if options.smoke and too_large:
        sys.exit(f"an idle run grew the data directory by {IDLE_LIMIT_BYTES / 1000:.0f} kB or more")


if __name__ == "__main__":
    main()
