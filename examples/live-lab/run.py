"""One audit of live sources, twice: a real Prometheus with Alertmanager, a git repository, and exported tickets.

    python examples/live-lab/run.py                       small samples of the project's own
    python examples/live-lab/run.py --data DIR            real data: rule files, documents and an incident log in DIR

Starts the servers on 127.0.0.1 in a folder of its own, fills them with 90 days of history, writes a configuration, and
runs `auditor doctor`, `audit` (twice), `explain`, `verify` and `replay` as a user would. Everything it makes lies in
`--work`; the servers are stopped by their own pid at the end, whatever happens.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import documents  # noqa: E402  they stand beside this file
import history  # noqa: E402
import tickets  # noqa: E402
from lab import INSTALL, RULES, Lab, Server, fetch, missing_programs  # noqa: E402

TICKETS = HERE.parent / "servicenow-incidents"
# The two categories with the most incidents stand for the two services that are monitored.
CHECKOUT, SEARCH = "category-26", "category-53"
HISTORY_D = 125
NAMES = {CHECKOUT: "checkout", SEARCH: "search"}

CATALOGUE = """\
format: 1
organisation: Live laboratory
as_of: {instant}
sources:
  - source_id: register
    kind: docs
    status: ok
    origin: hand_kept
    started: {instant}
    ended: {instant}
    streams: [service]
    scope_complete: {{service: true}}
    declared_by: slm
    declared_at: {instant}
"""

CONFIG = """\
format: 1
data_dir: data
sources:
  - id: metrics
    collector: prometheus
    settings:
      url: {prometheus}
      alertmanager_url: {alertmanager}
      history_d: 92
      services: {{checkout: {checkout}, search: {search}}}
      slis:
        - id: checkout-availability
          service: {checkout}
          good: sum(increase(http_requests_total{{job="checkout",code!~"5.."}}[$window]))
          total: sum(increase(http_requests_total{{job="checkout"}}[$window]))
          objective: 0.999
        - id: search-availability
          service: {search}
          good: sum(increase(http_requests_total{{job="search",code!~"5.."}}[$window]))
          total: sum(increase(http_requests_total{{job="search"}}[$window]))
          objective: 0.995
  - id: handbook
    collector: git_docs
    settings:
      path: documents
  - id: desk
    collector: files
    settings:
      path: tickets
      mapping: tickets/mapping.yaml
  - id: catalogue
    collector: files
    settings:
      path: catalogue
scopes:
  - id: live-lab
    title: Live laboratory
    sources: [catalogue, desk, metrics, handbook]
"""


def main() -> int:
    """Run it; exit code 0 when every command ended as it should."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with prometheus-rules, documents and uci-incidents")
    parser.add_argument("--work", type=Path, default=Path("live-lab"), help="folder to work in (default: live-lab)")
    parser.add_argument("--keep", action="store_true", help="leave the servers running until Enter is pressed")
    given = parser.parse_args()
    if missing := missing_programs():
        print(f"these programs are missing: {', '.join(missing)}\ninstall them: {INSTALL}", file=sys.stderr)
        return 2
    if given.work.exists():
        print(f"{given.work} is there already; remove it, or name another folder with --work", file=sys.stderr)
        return 2
    given.work.mkdir(parents=True)
    with Lab(given.work.resolve() / "servers") as lab:
        prepare(lab, given.work.resolve(), given.data)
        well = all(list(story(given.work.resolve())))
        if given.keep:
            input("servers are running; press Enter to stop them ")
    return 0 if well else 1


def prepare(lab: Lab, work: Path, data: Path | None) -> None:
    """Start the servers and write everything that is read."""
    now = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251  the history ends when the audit begins
    began = time.perf_counter()
    alertmanager = lab.alertmanager()
    # The three full months before the audit, which begin up to 123 days ago.
    text = history.make(int(now.timestamp()) - 600, HISTORY_D).write(work / "history.om")
    rules = {"slo.yml": RULES, **(sound_rules(data / "prometheus-rules", work) if data else {})}
    prometheus = lab.prometheus(history=text, rules=rules, alertmanager=alertmanager)
    settle(prometheus, rules)
    documents.make_repository(work / "documents", now, data / "documents" if data else None)
    exports = data / "uci-incidents" if data else TICKETS / "exports"
    tickets.shift_export(exports, TICKETS / "mapping.yaml", work / "tickets", now)
    write_catalogue(work, now)
    config = CONFIG.format(
        prometheus=prometheus.url,
        alertmanager=alertmanager.url,
        checkout=CHECKOUT,
        search=SEARCH,
        day=f"{now:%Y-%m-%d}",
    )
    (work / "config.yaml").write_text(config, encoding="utf-8")
    seconds = time.perf_counter() - began
    print(f"== prepared in {seconds:.1f} s: {prometheus.url}, {alertmanager.url}, {len(rules)} rule files")


def write_catalogue(work: Path, now: datetime) -> None:
    """A hand-kept list of services as an evidence folder: every category of the tickets, two of them major."""
    folder = work / "catalogue"
    folder.mkdir()
    (folder / "manifest.yaml").write_text(CATALOGUE.format(instant=f"{now:%Y-%m-%dT%H:%M:%SZ}"), encoding="utf-8")
    with (folder / "service.jsonl").open("w", encoding="utf-8") as file:
        for category in tickets.categories(work / "tickets"):
            name = f"category-{category}"
            known = NAMES.get(name)
            row = {"service_id": name, "name": known or f"Category {category}", "status": "live", "major": bool(known)}
            file.write(json.dumps({**row, "aliases": [known] if known else []}) + "\n")


def sound_rules(folder: Path, work: Path) -> dict[str, str]:
    """The rule files of a folder that Prometheus itself accepts, by name."""
    found: dict[str, str] = {}
    for number, path in enumerate(sorted(path for path in folder.rglob("*") if path.suffix in (".yml", ".yaml"))):
        checked = subprocess.run(["promtool", "check", "rules", str(path)], capture_output=True, cwd=work, check=False)
        if checked.returncode == 0:
            found[f"{number:03}-{path.stem}.yml"] = path.read_text(encoding="utf-8")
    return found


def settle(prometheus: Server, rules: dict[str, str]) -> None:
    """Wait until every group was evaluated once: a rule that never was says nothing about its health."""
    for _ in range(120):
        groups = json.loads(fetch(prometheus.port, "/api/v1/rules"))["data"]["groups"]
        if groups and all(rule["health"] != "unknown" for group in groups for rule in group["rules"]):
            return
        time.sleep(0.5)
    print(f"   some of the {len(rules)} rule files were not evaluated within a minute", file=sys.stderr)


def story(work: Path) -> Iterator[bool]:
    """The commands, one after the other; for each whether it ended as it should."""
    yield show(work, "doctor") == 0
    first = audit(work, "first")
    yield first in (0, 3)
    time.sleep(1)
    yield audit(work, "second") == first
    yield show(work, "explain", f"TOOL-2.1/{CHECKOUT}") == 0
    yield show(work, "verify") == 0
    yield show(work, "replay", "--config", "config.yaml") == 0


def audit(work: Path, title: str) -> int:
    """One audit with its figures, `first` or `second`; the exit code."""
    store = work / "data"
    size, began = disk_bytes(store), time.perf_counter()
    code, said = auditor(work, "audit", "--config", "config.yaml", "--json", "--out", f"report-{title}")
    seconds = time.perf_counter() - began
    result: dict[str, Any] = json.loads(said)
    if "dimensions" not in result:
        print(said)
        return code
    grown = disk_bytes(store) - size
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\n== {title} audit: exit code {code}, {seconds:.1f} s, up to {memory:.0f} MB, {grown / 1e6:.2f} MB on disk")
    for source in result["sources"]:
        rows = ", ".join(f"{stream} {count}" for stream, count in sorted(source["rows"].items()))
        print(f"   {source['source_id']}: {source['run']['status']}: {rows}")
    gaps = Counter((gap["source_id"], gap["stream"] or "-", gap["reason"]) for gap in result["gaps"])
    for (source_id, stream, reason), count in sorted(gaps.items()):
        print(f"   gap in {source_id}: {stream}: {reason}: {count} times")
    for code_name, dimension in result["dimensions"].items():
        point = dimension["point"] if dimension["assessed"] else "not assessed"
        print(f"   {code_name:5} {dimension['confirmed']}..{dimension['possible']}  point {point}")
    return code


def show(work: Path, *command: str) -> int:
    """Run a command and print what it says; its exit code."""
    began = time.perf_counter()
    code, said = auditor(work, *command)
    print(f"\n== auditor {' '.join(command)}: exit code {code}, {time.perf_counter() - began:.1f} s\n{said.rstrip()}")
    return code


def auditor(work: Path, *command: str) -> tuple[int, str]:
    """Exit code and standard output of the command that is installed beside this Python."""
    program = shutil.which("auditor", path=str(Path(sys.executable).parent)) or "auditor"
    done = subprocess.run([program, *command], cwd=work, stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout


def disk_bytes(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.exists() else 0


if __name__ == "__main__":
    sys.exit(main())
