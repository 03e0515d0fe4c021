"""Real servers on 127.0.0.1 with 90 days of history: started once for all tests, stopped by their own process ids."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

_CHECKOUT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(_CHECKOUT / "tests" / "unit" / "collectors" / "prometheus"))

_REST_S = 3 * 3_600
"""The history ends so long before now: what a running Prometheus writes itself must not overlap with it."""


def _example(name: str) -> ModuleType:
    known = sys.modules.get(f"live_lab_{name}")
    if known is not None:
        return known
    spec = importlib.util.spec_from_file_location(
        f"live_lab_{name}", _CHECKOUT / "examples" / "live-lab" / f"{name}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


lab, history = _example("lab"), _example("history")


@dataclass
class Servers:
    """The servers of a session.

    Attributes:
        lab: starts more of them.
        history: what they were filled with.
        end: last instant of the history.
    """

    lab: Any
    history: Any
    history_file: Path
    end: datetime
    alertmanager: Any
    prometheus: Any
    victoria_metrics: Any
    vmalert: Any


@pytest.fixture(scope="session")
def programs() -> None:
    """The servers' programs are installed; where they must be and are not, that is a failure."""
    missing = lab.missing_programs()
    if not missing:
        return
    what = f"{', '.join(missing)} (install with: {lab.INSTALL})"
    required = os.environ.get("AUDITOR_REQUIRE", "").replace(" ", "").split(",")
    if "servers" in required:
        pytest.fail(f"{what} is missing, and AUDITOR_REQUIRE names servers", pytrace=False)
    pytest.skip(f"servers: {what} is missing")


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory, programs: None) -> Iterator[Servers]:
    """A Prometheus with an Alertmanager, and a VictoriaMetrics with a vmalert, all with the same history."""
    folder = tmp_path_factory.mktemp("servers")
    made = history.make(int(time.time()) - _REST_S)
    file = made.write(folder / "history.om")
    with lab.Lab(folder) as running:
        alertmanager = running.alertmanager()
        prometheus = running.prometheus(history=file, alertmanager=alertmanager)
        victoria = running.victoria_metrics()
        lab.send(victoria.port, "POST", "/api/v1/import/prometheus", file.read_bytes())
        lab.send(victoria.port, "GET", "/internal/force_flush")
        vmalert = running.vmalert(victoria)
        end = datetime.fromtimestamp(made.end, UTC)
        yield Servers(running, made, file, end, alertmanager, prometheus, victoria, vmalert)


@pytest.fixture
def wait_for() -> Callable[[Callable[[], bool], str], None]:
    """Call it with a condition and what it is about; fails when it does not come true within 30 seconds."""

    def wait(condition: Callable[[], bool], what: str) -> None:
        deadline = time.perf_counter() + 30
        while not condition():
            if time.perf_counter() > deadline:
                pytest.fail(f"{what} did not happen within 30 s", pytrace=False)
            time.sleep(0.2)

    return wait
