"""The collectors that are installed, to be listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auditor.canonical import JsonValue
from auditor.collect.registry import Installed, all_collectors


@dataclass(frozen=True, slots=True)
class CollectorListing:
    """Every installed collector, loaded or with the reason why it cannot be."""

    installed: tuple[Installed, ...]

    def document(self) -> dict[str, JsonValue]:
        """As JSON, with the settings of each as JSON Schema."""
        return {
            "collectors": [
                {
                    "name": entry.name,
                    "version": entry.collector.version,
                    "from": entry.origin,
                    "kinds": sorted(kind.value for kind in entry.collector.kinds),
                    "streams": sorted(entry.collector.streams),
                    "failure": entry.failure,
                    "settings": entry.settings_schema,
                }
                for entry in self.installed
            ]
        }

    def text(self) -> str:
        """One block a collector: where it comes from, what it fills, its settings."""
        return "\n\n".join(_block(entry) for entry in self.installed)


def collector_listing() -> CollectorListing:
    """Look at what is installed.

    Raises:
        ConfigError: the project itself is not installed.
    """
    return CollectorListing(all_collectors())


def _block(entry: Installed) -> str:
    head = f"{entry.name} {entry.collector.version}  from {entry.origin}"
    if entry.failure is not None:
        return f"{head}\n  cannot be loaded: {entry.failure}"
    kinds = ", ".join(sorted(kind.value for kind in entry.collector.kinds))
    streams = ", ".join(sorted(entry.collector.streams))
    settings = "\n".join(f"    {line}" for line in _settings(entry.settings_schema or {}))
    return f"{head}\n  kinds: {kinds}\n  streams: {streams}\n  settings:\n{settings}"


def _settings(schema: Mapping[str, Any]) -> list[str]:
    required = set(schema.get("required", ()))
    lines = []
    for name, facts in schema.get("properties", {}).items():
        if name in required:
            note = "  (required)"
        else:
            note = "" if facts.get("default") in (None, "", [], {}) else f"  (default {facts['default']})"
        lines.append(f"{name}: {facts.get('description', '').strip()}{note}")
    return lines
