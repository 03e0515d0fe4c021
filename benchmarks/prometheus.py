"""How fast the prometheus collector is against the bare download of the same answers, and what a night costs.

Usage: python benchmarks/prometheus.py [--smoke] [--folder FOLDER] [--rules N] [--indicators N] [--step SECONDS]

A server of the standard library in a process of its own answers from memory: rules, and indicators with a value at
every step of 90 days (from the start of the first month). Each is done in turn, on the same machine:

    bare        the requests that the collector made, with requests, parsed by orjson, and nothing kept
    collector   the collector with everything around it but the store
    store       the same into a data directory, then a night later: a new day, and one rule in a hundred changed

`--smoke` takes small sizes and fails when a night costs more than 2% of the requests or three times the new bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import random
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import requests

from auditor.collect.context import Context
from auditor.collect.pull import Pull
from auditor.collect.redact import Keyed
from auditor.collect.runner import Equipment, SourceSpec
from auditor.model.evidence import Gap, PayloadRef, Record, Row
from auditor.ports import Envelope, SourcePull
from auditor.recognise.hints import hints
from auditor.usecases.collect import collect
from auditor.usecases.plan import AuditPlan
from collectors.prometheus.collector import PrometheusCollector
from collectors.prometheus.settings import PrometheusSettings

T = datetime(2026, 3, 20, 6, tzinfo=UTC)
RULES, INDICATORS, STEP_S = 20_000, 2_000, 3_600
SMOKE = 500, 2_000, 7_200
NIGHT_REQUESTS, NIGHT_BYTES = 0.02, 3.0
_GROUP = 50
_UNIQUE = b"@@@@"


class Handler(BaseHTTPRequestHandler):
    """Answers from memory; the rules depend on the night that a query parameter of the address names."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    rules = 0

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the library's
        """Say nothing."""

    def answer(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        night, _, path = parts.path.strip("/").partition("/")
        told = parse_qs(body.decode() if body else parts.query)
        content = page(f"/{path}", int(night), told, self.rules)
        self.send_response_only(404 if content is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    do_GET = do_POST = answer  # noqa: N815


def page(path: str, night: int, told: Mapping[str, list[str]], rules: int) -> bytes | None:
    """The body of a page; None: there is none."""
    if path == "/api/v1/status/buildinfo":
        return b'{"status":"success","data":{"version":"2.42.0"}}'
    if path == "/api/v1/rules":
        return rules_page(night, rules)
    if path == "/metrics":
        return b"prometheus_tsdb_lowest_timestamp_seconds 1.6e+09\n"
    if path != "/api/v1/query_range":
        return None
    start, end, step = (int(told[name][0]) for name in ("start", "end", "step"))
    query = told["query"][0]
    marks = tuple(re.findall(r'"auditor_sli", "([^"]+)"', query))
    # Every batch has values of its own, so that no answer is kept twice.
    unique = hashlib.sha256(query.encode()).hexdigest()
    return range_page(marks, start, end, step).replace(_UNIQUE, str(int(unique[:8], 16) % 9_000 + 1_000).encode())


@lru_cache(maxsize=4)
def rules_page(night: int, count: int) -> bytes:
    """The rules of a night: all evaluated anew, one in a hundred changed."""
    groups: list[dict[str, Any]] = []
    evaluated = (T + timedelta(days=night)).isoformat().replace("+00:00", "Z")
    for number in range(count):
        if number % _GROUP == 0:
            groups.append({"name": f"group-{number // _GROUP}", "file": "rules.yml", "interval": 60, "rules": []})
        bound = 0.5 + number / count + (night if number % 100 == 0 else 0)
        groups[-1]["rules"].append(
            {
                "type": "alerting",
                "name": f"Alert{number}",
                "query": f'sum(rate(requests_total{{service="s{number % 300}"}}[5m])) > {bound}',
                "duration": 300,
                "labels": {"severity": "page", "service": f"s{number % 300}"},
                "annotations": {"summary": f"Service s{number % 300} is at its limit"},
                "alerts": [],
                "health": "ok",
                "evaluationTime": 0.0004,
                "lastEvaluation": evaluated,
                "state": "inactive",
            }
        )
    return orjson.dumps({"status": "success", "data": {"groups": groups}})


@lru_cache(maxsize=512)
def range_page(marks: tuple[str, ...], start: int, end: int, step: int) -> bytes:
    """A matrix with one series for each mark."""
    chance = random.Random(start)
    result = [
        {
            "metric": {"auditor_sli": mark},
            "values": [[at, f"0.99{chance.randrange(100):02d}@@@@"] for at in range(start, end + 1, step)],
        }
        for mark in marks
    ]
    return orjson.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}})


def serve(rules: int, told: Connection) -> None:
    """The server's process."""
    Handler.rules = rules
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.send(server.server_address[1])
    server.serve_forever()


class Memory:
    """Keeps nothing but what is counted."""

    def __init__(self) -> None:
        self.rows = 0
        self.asked: list[tuple[str, str, str | None]] = []

    def keep(self, data: bytes, envelope: Envelope) -> PayloadRef:
        return PayloadRef(hashlib.sha256(data).hexdigest(), len(data))

    def keep_file(self, path: Path, envelope: Envelope) -> PayloadRef:
        return self.keep(path.read_bytes(), envelope)

    def add(self, row: Row) -> None:
        self.rows += 1

    def source_done(self, pull: SourcePull) -> None:
        self.pull = pull


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Time that something took: on the clock, and of this process alone, which other load does not lengthen."""

    clock_s: float
    process_s: float

    @classmethod
    def since(cls, begun: Elapsed) -> Elapsed:
        return cls(time.perf_counter() - begun.clock_s, time.process_time() - begun.process_s)

    @classmethod
    def now(cls) -> Elapsed:
        return cls(time.perf_counter(), time.process_time())

    def __str__(self) -> str:
        return f"{self.clock_s:8.2f} s {self.process_s:8.2f} s of CPU"

    def times_as_fast(self, other: Elapsed) -> str:
        return f"{other.clock_s / self.clock_s:.2f} of the bare speed ({other.process_s / self.process_s:.2f} by CPU)"


@dataclass(frozen=True, slots=True)
class Night:
    """What one pull into a data directory came to."""

    elapsed: Elapsed
    requests: int
    records: int
    gaps: int
    answer_bytes: int
    disk_bytes: int


def settings(port: int, night: int, indicators: int, step_s: int) -> PrometheusSettings:
    slis = [
        {"id": f"sli-{number}", "service": f"s{number % 300}", "query": f'sli{{n="{number}"}}', "objective": 0.99}
        for number in range(indicators)
    ]
    given = {"url": f"http://127.0.0.1:{port}/{night}", "slis": slis, "step_s": step_s, "max_requests": 200_000}
    return PrometheusSettings.model_validate({**given, "deadline_s": 7_200})


def in_memory(given: PrometheusSettings) -> tuple[Elapsed, int]:
    """The collector and what surrounds it but the store: seconds and rows."""
    memory, collector = Memory(), PrometheusCollector()
    keyed = Keyed(b"k" * 32)
    context = Context(
        "metrics", given, T, T, False, "prometheus 1", memory, lambda _: None, keyed=lambda: keyed, recognised=hints
    )
    begun = Elapsed.now()
    books = Pull("metrics", collector, memory, context.kept, started=T, prefix_ids=False)
    try:
        for thing in collector.collect(context):
            if isinstance(thing, Record):
                books.record(thing)
            elif isinstance(thing, Gap):
                books.gap(thing)
            elif hasattr(thing, "whole"):
                books.source_run(thing)
            else:
                books.mark(thing)
    finally:
        context.close()
    books.look_up_references()
    books.close()
    return Elapsed.since(begun), memory.rows


def bare(asked: list[Mapping[str, Any]]) -> tuple[Elapsed, int]:
    """The same requests with nothing around them: seconds and bytes."""
    begun, size = Elapsed.now(), 0
    with requests.Session() as session:
        session.trust_env = False
        for one in asked:
            answer = session.request(one["method"], one["url"], data=one.get("body"))
            size += len(answer.content)
            if answer.headers["Content-Type"] == "application/json" and answer.content.startswith(b"{"):
                orjson.loads(answer.content)
    return Elapsed.since(begun), size


def into_store(folder: Path, given: PrometheusSettings, at: datetime, calls: list[Mapping[str, Any]]) -> Night:
    """A run that collects into a data directory; notes the requests it makes."""
    noted = _noting(calls)
    before = disk_use(folder)
    key = Keyed(b"k" * 32)
    plan = AuditPlan(
        scope="benchmark",
        organisation=None,
        time_zone="UTC",
        rule_pack="slm-maturity",
        parameters={},
        sources=(SourceSpec("metrics", PrometheusCollector(), given),),
        data_dir=folder,
        as_of=at,
        strict=False,
        config_sha256="",
        equipment=Equipment(keyed=lambda: key, recognised=hints),
    )
    begun = Elapsed.now()
    with noted as sizes:
        done = collect(plan, lambda: at, lambda _: None)
    elapsed = Elapsed.since(begun)
    (outcome,) = done.outcomes
    return Night(
        elapsed, len(calls), sum(outcome.records.values()), len(outcome.gaps), sum(sizes), disk_use(folder) - before
    )


class _noting:  # noqa: N801  used like a function
    """Notes every request that goes through requests, and the size of its answer."""

    def __init__(self, calls: list[Mapping[str, Any]]) -> None:
        self._calls = calls
        self._sizes: list[int] = []

    def __enter__(self) -> list[int]:
        self._original = requests.Session.request

        def request(session: Any, method: str, url: str, **more: Any) -> Any:
            made = requests.Request(method, url, params=more.get("params"), data=more.get("data")).prepare()
            self._calls.append({"method": method, "url": made.url, "body": more.get("data")})
            response = self._original(session, method, url, **more)
            self._sizes.append(len(response.content))
            return response

        requests.Session.request = request  # type: ignore[method-assign]
        return self._sizes

    def __exit__(self, *_: object) -> None:
        requests.Session.request = self._original  # type: ignore[method-assign]


def disk_use(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.exists() else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="small sizes; fails when a night costs too much")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="where to write (a folder on a real disk)")
    parser.add_argument("--rules", type=int, default=RULES)
    parser.add_argument("--indicators", type=int, default=INDICATORS)
    parser.add_argument("--step", type=int, default=STEP_S, help="seconds between two values of an indicator")
    told = parser.parse_args()
    rules, indicators, step_s = SMOKE if told.smoke else (told.rules, told.indicators, told.step)
    mine, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(rules, theirs), daemon=True)
    server.start()
    folder = Path(tempfile.mkdtemp(prefix="prometheus-benchmark-", dir=told.folder))
    try:
        measured = measure(folder, int(mine.recv()), indicators, step_s)
    finally:
        server.terminate()
        server.join()
        shutil.rmtree(folder)
    report(measured, rules, indicators, step_s, strict=told.smoke)


def measure(
    folder: Path, port: int, indicators: int, step_s: int
) -> tuple[Night, Night, tuple[Elapsed, int], tuple[Elapsed, int]]:
    first_calls: list[Mapping[str, Any]] = []
    first = into_store(folder / "data", settings(port, 0, indicators, step_s), T, first_calls)
    night = into_store(folder / "data", settings(port, 1, indicators, step_s), T + timedelta(days=1), [])
    bare(first_calls)  # the server makes each answer once
    downloads = bare(first_calls)
    return first, night, in_memory(settings(port, 0, indicators, step_s)), downloads


def report(
    measured: tuple[Night, Night, tuple[Elapsed, int], tuple[Elapsed, int]],
    rules: int,
    indicators: int,
    step_s: int,
    *,
    strict: bool,
) -> None:
    first, night, (memory_s, rows), (bare_s, size) = measured
    share, ratio = night.requests / first.requests, night.disk_bytes / night.answer_bytes
    megabytes = size / 1e6
    print(f"{rules} rules, {indicators} indicators by {step_s} s: {megabytes:.1f} MB in {first.requests} answers")
    print(f"bare       {bare_s}  {megabytes / bare_s.clock_s:.1f} MB/s")
    print(f"collector  {memory_s}  {rows / memory_s.clock_s:.0f} rows/s, {memory_s.times_as_fast(bare_s)}")
    print(
        f"store      {first.elapsed}  {first.records} rows, {first.gaps} gaps, {first.disk_bytes / 1e6:.1f} MB on disk"
    )
    print(
        f"night      {night.elapsed}  {night.requests} requests ({100 * share:.2f}%), "
        f"{night.disk_bytes / 1e6:.2f} MB on disk for {night.answer_bytes / 1e6:.2f} MB of answers ({ratio:.2f})"
    )
    if strict and (share > NIGHT_REQUESTS or ratio > NIGHT_BYTES):
        sys.exit("a night costs too much")


if __name__ == "__main__":
    main()
