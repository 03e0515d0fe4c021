"""Reads monitoring: a Prometheus or what speaks its API, and the Alertmanager behind it."""

from collectors.prometheus.collector import PrometheusCollector

COLLECTOR = PrometheusCollector
"""What the entry point names."""

__all__ = ["COLLECTOR"]
