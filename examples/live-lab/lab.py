"""Starts real monitoring servers on 127.0.0.1 in a folder of their own, and stops what it started.

Needs the programs of the Debian packages `prometheus`, `prometheus-alertmanager` and `victoria-metrics`; nothing is
installed, nothing outside the folder is touched. Every port is one that was free a moment ago.

    with Lab(folder) as lab:
        alertmanager = lab.alertmanager()
        prometheus = lab.prometheus(history=history.make(end).write(folder / "history.om"), alertmanager=alertmanager)
"""

from __future__ import annotations

import http.client
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

PROGRAMS = ("prometheus", "promtool", "prometheus-alertmanager", "victoria-metrics", "vmalert")
INSTALL = "apt-get install -y --no-install-recommends prometheus prometheus-alertmanager victoria-metrics"

_READY_S = 30.0
_STOP_S = 10.0

RULES = """\
groups:
  - name: slo-recording
    interval: 1m
    rules:
      - record: sli:availability:ratio_rate5m
        expr: sum by (job) (rate(http_requests_total{code!~"5.."}[5m])) / sum by (job) (rate(http_requests_total[5m]))
  - name: slo-alerts
    rules:
      - alert: ErrorBudgetBurnFast
        expr: (1 - sli:availability:ratio_rate5m) > 14.4 * 0.001
        for: 2m
        labels: {severity: page, team: payments}
        annotations: {summary: Fast burn}
      - alert: TargetDown
        expr: up == 0
        labels: {severity: ticket}
      - alert: AlwaysOn
        expr: vector(1)
        labels: {severity: none}
"""

ALERTMANAGER = """\
route:
  receiver: team
  group_by: [alertname]
  routes:
    - {matchers: ['severity="page"'], receiver: pager}
    - {matchers: ['severity="none"'], receiver: nobody}
receivers:
  - {name: team, webhook_configs: [{url: "http://127.0.0.1:9/hook"}]}
  - {name: pager, pagerduty_configs: [{routing_key: not-a-key}]}
  - {name: nobody}
"""


class LabError(Exception):
    """A server did not start; the message holds the end of what it said."""


def missing_programs() -> list[str]:
    """Programs the lab needs that are not installed."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


@dataclass(slots=True)
class Server:
    """A server that was started.

    Attributes:
        url: where it listens.
        process: its process, a child of this one.
        log: file that holds what it says.
    """

    name: str
    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def port(self) -> int:
        """The port of its URL."""
        return int(self.url.rpartition(":")[2])

    def stop(self) -> None:
        """End it by its own process id; ask first, then insist."""
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Lab:
    """Servers in a folder; a context manager that stops them all at its end.

    Args:
        folder: a folder that may be written to; every server gets one of its own below it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers: list[Server] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop every server that was started, the latest first."""
        while self.servers:
            self.servers.pop().stop()

    def prometheus(
        self,
        *,
        history: Path | None = None,
        rules: Mapping[str, str] | None = None,
        alertmanager: Server | None = None,
        retention: str | None = "400d",
        web_config: str | None = None,
        interval: str = "5s",
    ) -> Server:
        """Start a Prometheus.

        Args:
            history: OpenMetrics text to fill it with.
            rules: file name -> rules; None: the lab's own.
            alertmanager: where its alerts go.
            retention: how long it keeps samples; None: its default of 15 days, which drops an older history at once.
            web_config: text of its web configuration, such as for basic authentication.
            interval: how often it scrapes and evaluates.
        """
        home, port = self._home("prometheus"), free_port()
        (home / "rules").mkdir()
        for name, text in ({"slo.yml": RULES} if rules is None else rules).items():
            (home / "rules" / name).write_text(text, encoding="utf-8")
        (home / "prometheus.yml").write_text(_prometheus_config(port, alertmanager, interval), encoding="utf-8")
        if history is not None:
            blocks = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "-q", "--max-block-duration=720h"]
            _run([*blocks, str(history), str(home / "data")])
        command = [
            "prometheus",
            f"--config.file={home / 'prometheus.yml'}",
            f"--storage.tsdb.path={home / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-lifecycle",
        ]
        if retention is not None:
            command.append(f"--storage.tsdb.retention.time={retention}")
        if web_config is not None:
            (home / "web.yml").write_text(web_config, encoding="utf-8")
            command.append(f"--web.config.file={home / 'web.yml'}")
        return self._start("prometheus", command, port, "/-/ready", home)

    def alertmanager(self, config: str = ALERTMANAGER) -> Server:
        """Start an Alertmanager that stands alone."""
        home, port = self._home("alertmanager"), free_port()
        (home / "alertmanager.yml").write_text(config, encoding="utf-8")
        command = [
            "prometheus-alertmanager",
            f"--config.file={home / 'alertmanager.yml'}",
            f"--storage.path={home / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ]
        return self._start("alertmanager", command, port, "/-/ready", home)

    def victoria_metrics(self, *, retention: str = "13") -> Server:
        """Start a single VictoriaMetrics; retention in months."""
        home, port = self._home("victoria-metrics"), free_port()
        command = [
            "victoria-metrics",
            f"-storageDataPath={home / 'data'}",
            f"-retentionPeriod={retention}",
            f"-httpListenAddr=127.0.0.1:{port}",
        ]
        return self._start("victoria-metrics", command, port, "/health", home)

    def vmalert(self, datasource: Server, rules: str = RULES, interval: str = "5s") -> Server:
        """Start a vmalert that reads from a VictoriaMetrics and writes to it."""
        home, port = self._home("vmalert"), free_port()
        (home / "rules.yml").write_text(rules, encoding="utf-8")
        command = [
            "vmalert",
            f"-datasource.url={datasource.url}",
            f"-remoteWrite.url={datasource.url}",
            "-notifier.url=http://127.0.0.1:9",  # nobody is told
            f"-rule={home / 'rules.yml'}",
            f"-httpListenAddr=127.0.0.1:{port}",
            f"-evaluationInterval={interval}",
        ]
        return self._start("vmalert", command, port, "/health", home)

    def _home(self, name: str) -> Path:
        home = self.folder / f"{name}-{len(self.servers)}"
        home.mkdir(parents=True)
        return home

    def _start(self, name: str, command: Sequence[str], port: int, ready: str, home: Path) -> Server:
        log = home / "log"
        with log.open("wb") as said:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=home)
        server = Server(name, f"http://127.0.0.1:{port}", process, log)
        self.servers.append(server)
        deadline = time.perf_counter() + _READY_S
        # With basic authentication the ready page says 401: the server is there.
        while status(port, ready) not in (200, 401):
            if process.poll() is not None or time.perf_counter() > deadline:
                server.stop()
                raise LabError(f"{name} did not start:\n{log.read_text(errors='replace')[-2_000:]}")
            time.sleep(0.05)
        return server


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def status(port: int, path: str) -> int | None:
    """HTTP status of a page on 127.0.0.1; None: nobody answers."""
    return send(port, "GET", path)


def send(port: int, method: str, path: str, body: bytes = b"", media_type: str = "text/plain") -> int | None:
    """Send a request to 127.0.0.1; the HTTP status of the answer, None where there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body=body or None, headers={"Content-Type": media_type} if body else {})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def fetch(port: int, path: str) -> bytes:
    """The body of a page on 127.0.0.1."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        raise LabError(f"{command[0]} failed:\n{done.stderr.decode(errors='replace')[-2_000:]}")


def _prometheus_config(port: int, alertmanager: Server | None, interval: str) -> str:
    alerting = ""
    if alertmanager is not None:
        alerting = (
            f'alerting: {{alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{alertmanager.port}"]}}]}}]}}\n'
        )
    return (
        f"global: {{scrape_interval: {interval}, evaluation_interval: {interval}, external_labels: {{cluster: lab}}}}\n"
        "rule_files: [rules/*.yml]\n"
        f"{alerting}"
        "scrape_configs:\n"
        f'  - {{job_name: prometheus, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}\n'
    )
