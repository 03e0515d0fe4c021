"""What kind of server answers, since when it remembers, and whether its silence about rules means anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import yaml

from auditor.api import Gap, GapReason, Refused
from collectors.prometheus.calls import Calls
from collectors.prometheus.instants import seconds

Flavour = Literal["prometheus", "victoria-metrics", "vmalert", "unknown"]

_LOWEST = re.compile(rb"^prometheus_tsdb_lowest_timestamp_seconds ([0-9.e+-]+)$", re.MULTILINE)
_ABSENT = (400, 404, 405)


@dataclass(frozen=True, slots=True)
class Server:
    """A server as it describes itself.

    Attributes:
        flavour: `prometheus` has a version; `victoria-metrics` answers as Prometheus does, but says nothing of itself
            and of no rule; `vmalert` has rules and no samples.
        version: as it says.
        oldest: instant of the oldest sample it can still give, in seconds since 1970; None: it does not say.
        config: its running configuration; None: it does not show it.
    """

    flavour: Flavour
    version: str | None = None
    oldest: float | None = None
    config: Any = None

    @property
    def external_labels(self) -> dict[str, str]:
        """Labels it puts on every alert it sends."""
        found = self.config.get("global") if isinstance(self.config, dict) else None
        labels = found.get("external_labels") if isinstance(found, dict) else None
        return {str(name): str(value) for name, value in labels.items()} if isinstance(labels, dict) else {}

    @property
    def shows_no_rule_files(self) -> bool:
        """Whether its running configuration proves that it has no rules."""
        return isinstance(self.config, dict) and bool(self.config) and not self.config.get("rule_files")


def describe(calls: Calls, started: float) -> Server:
    """Ask a server what it is.

    Args:
        started: start of the run, in seconds since 1970.

    Raises:
        Refused: it cannot be reached, or does not let us in.
    """
    build = _optional(calls, "/api/v1/status/buildinfo")
    version = build.get("version") if isinstance(build, dict) else None
    if build is not None and not version:
        return Server("victoria-metrics")
    runtime = _optional(calls, "/api/v1/status/runtimeinfo")
    flags = _optional(calls, "/api/v1/status/flags")
    oldest = _oldest(calls, runtime, flags, started)
    # No version page: vmalert has none, and neither had Prometheus before 2.14.
    return Server("prometheus" if version else "unknown", version, oldest, _running_config(calls))


def is_vmalert(groups: list[Any]) -> bool:
    """Whether rules come from a vmalert: only there each rule says which kind of data source it asks."""
    rules = [group.get("rules") for group in groups if isinstance(group, dict)]
    return any("datasourceType" in rule for found in rules if isinstance(found, list) for rule in found if rule)


def retention_gaps(since: float | None, asked: float, streams: tuple[str, ...]) -> Iterator[Gap]:
    """A gap per stream whose history begins later than was asked for, or at an instant that nobody knows.

    Args:
        since: where the history begins that is kept, with that of earlier pulls.
        asked: where it was to begin.
    """
    if since is None:
        detail = "the server does not say how far back its samples reach"
    else:
        detail = (
            f"the history begins {(since - asked) / 86_400:.1f} days after the time asked for: no samples are older"
        )
    for stream in streams:
        yield Gap(stream, GapReason.RETENTION, detail)


def _optional(calls: Calls, path: str) -> Any:
    """The data of a page that not every server has; None where it has not."""
    try:
        return calls.get(path).data
    except Refused as refused:
        if refused.status in _ABSENT:
            return None
        raise


def _running_config(calls: Calls) -> Any:
    try:
        data = _optional(calls, "/api/v1/status/config")
    except Refused as refused:
        if refused.status == 401:
            raise  # not closed on purpose: the login is not accepted
        return None
    text = data.get("yaml") if isinstance(data, dict) else None
    try:
        return yaml.safe_load(text) if isinstance(text, str) else None
    except yaml.YAMLError:
        return None


def _oldest(calls: Calls, runtime: Any, flags: Any, started: float) -> float | None:
    """The later of what retention allows and what the server says that it has."""
    bounds = []
    kept = runtime.get("storageRetention") if isinstance(runtime, dict) else None
    kept = kept or (flags.get("storage.tsdb.retention.time") if isinstance(flags, dict) else None)
    # `15d or 50GB`: the time limits as well as the size does.
    lengths = [seconds(part.strip()) for part in str(kept or "").split(" or ")]
    bounds += [started - length for length in lengths if length]
    try:
        found = _LOWEST.search(calls.answer("/metrics").body)
    except Refused:
        found = None  # proxies and Thanos do not show it
    if found is not None:
        # A server without any sample says the largest number that it knows.
        bounds.append(min(float(found.group(1)), started))
    return max(bounds, default=None)
