"""The page of the collectors, from what is registered under the entry-point group."""

from __future__ import annotations

import inspect

from auditor.api import STREAMS, Collector
from auditor.collect.registry import all_collectors
from docs_tools.page_config import settings_rows

_ALL = STREAMS.keys() - {"source_run"}  # its rows are what the pull itself amounts to

_INTRODUCTION = """# Collectors

A collector reads one kind of source. The ones below come with the project; any installed distribution can add more
through the entry-point group `auditor.collectors`.
"""


def collectors_page() -> str:
    """The whole page."""
    return "\n".join([_INTRODUCTION, *(_section(collector) for collector in own_collectors())])


def own_collectors() -> list[Collector]:
    """The collectors of this project, by name.

    Raises:
        RuntimeError: one of them cannot be loaded, so that nothing can be said of it.
    """
    own = [entry for entry in all_collectors() if entry.origin.startswith("slm-auditor ")]
    for entry in own:
        if entry.failure is not None:
            raise RuntimeError(f"the collector {entry.name} cannot be loaded: {entry.failure}")
    return [entry.collector for entry in own]


def _section(collector: Collector) -> str:
    doc = inspect.cleandoc(type(collector).__doc__ or "").partition("\n\nAttributes:")[0]
    kinds = ", ".join(f"`{kind}`" for kind in sorted(collector.kinds))
    streams = "[all of them](streams.md)" if collector.streams >= _ALL else _links(collector.streams)
    facts = f"Version {collector.version}. Sources of kind {kinds}. Streams: {streams}."
    readme = f"[How to set it up](../../collectors/{collector.name}/README.md)."
    table = "| setting | type | default | means |\n| --- | --- | --- | --- |\n" + settings_rows(collector.settings)
    return f"## {collector.name}\n\n{doc}\n\n{facts} {readme}\n\n{table}"


def _links(streams: frozenset[str]) -> str:
    return ", ".join(f"[{name}](streams.md#{name})" for name in STREAMS if name in streams)
