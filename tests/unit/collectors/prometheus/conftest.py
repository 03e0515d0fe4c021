"""Makes `prometheus_kit` importable for the tests beside it, and scripts a server with recorded answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from auditor.testing.server import Received, Reply, ScriptedServer

SAMPLES = Path(__file__).resolve().parents[4] / "collectors" / "prometheus" / "samples"


@pytest.fixture(scope="session")
def sample() -> Callable[[str], bytes]:
    """Call it with the name of a recorded answer."""
    return lambda name: (SAMPLES / name).read_bytes()


def matrix(*series: Any) -> Reply:
    return Reply({"status": "success", "data": {"resultType": "matrix", "result": list(series)}})


@pytest.fixture
def prometheus(sample: Callable[[str], bytes]) -> Iterator[ScriptedServer]:
    """A server that answers as the recorded Prometheus does; its queries give nothing unless a test says so."""
    with ScriptedServer() as server:
        for page in ("buildinfo", "runtimeinfo", "flags", "config"):
            server.route(f"/api/v1/status/{page}", Reply(sample(f"prometheus-{page}.json")))
        server.route("/api/v1/rules", Reply(sample("prometheus-rules.json")))
        server.route("/metrics", Reply("prometheus_tsdb_lowest_timestamp_seconds 1.5e+09\n"))
        server.route("/api/v1/query_range", lambda request: matrix())
        server.route("/api/v2/status", Reply(sample("alertmanager-status.json")))
        server.route("/api/v2/silences", Reply(sample("alertmanager-silences.json")))
        server.route("/api/v2/alerts", Reply(sample("alertmanager-alerts.json")))
        yield server


@pytest.fixture
def answer_queries(
    prometheus: ScriptedServer, sample: Callable[[str], bytes]
) -> Callable[[Callable[[str, int, int, int], Reply]], None]:
    """Call it with a function of query, start, end and step that answers range queries."""

    def answer(given: Callable[[str, int, int, int], Reply]) -> None:
        recorded = sample("prometheus-rules.json").replace(b"_rate5m", b"")  # rules that show no indicator
        prometheus.route("/api/v1/rules", Reply(recorded))

        def reply(request: Received) -> Reply:
            told = request.query if request.method == "GET" else parse_qs(request.body.decode())
            query, *bounds = (told[name][0] for name in ("query", "start", "end", "step"))
            return given(query, *(int(bound) for bound in bounds))

        prometheus.route("/api/v1/query_range", reply)

    return answer
