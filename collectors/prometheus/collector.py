"""The `prometheus` collector: rules, alerts and indicators of a Prometheus, and the routes of its Alertmanager."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from auditor.api import Check, CollectContext, Cursor, Gap, Record, SourceKind, SourceRun
from collectors.prometheus.checks import check
from collectors.prometheus.pulling import Pulling
from collectors.prometheus.settings import PrometheusSettings


class PrometheusCollector:
    """Reads rules with their state, the history of alerts, and what indicators came to, month by month."""

    name: ClassVar[str] = "prometheus"
    version: ClassVar[str] = "1"
    kinds: ClassVar[frozenset[SourceKind]] = frozenset({SourceKind.MONITORING})
    streams: ClassVar[frozenset[str]] = frozenset({"monitoring_rule", "alert_event", "target", "sli_result"})
    settings: ClassVar[type[PrometheusSettings]] = PrometheusSettings

    def collect(self, ctx: CollectContext) -> Iterator[Record | Gap | SourceRun | Cursor]:
        """See `Collector.collect`."""
        return Pulling(ctx).run()

    def check(self, ctx: CollectContext) -> Iterator[Check]:
        """See `Collector.check`."""
        return check(ctx)
