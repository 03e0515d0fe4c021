"""Finds the collectors that are installed, built-in ones and others by the same door: entry points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from auditor.api import Check, CollectContext, Collector, SourceRun
from auditor.errors import ConfigError
from auditor.model.evidence import Gap, GapReason, Record, SourceKind
from auditor.model.streams import STREAMS

GROUP = "auditor.collectors"
"""Entry-point group; an entry's name is the collector's name, its value names the class."""

_DISTRIBUTION = "slm-auditor"
_BUILT_IN_PACKAGE = "collectors"


class _AnySettings(BaseModel):
    """Settings of a collector that could not be loaded: nobody knows what they may be."""

    model_config = ConfigDict(frozen=True, extra="allow")


class UnavailableCollector:
    """Stands for a collector that is installed but cannot be loaded: its sources get a gap that says why.

    Args:
        name: name of its entry point.
        cause: why it cannot be loaded.
    """

    version: ClassVar[str] = "unavailable"
    kinds: ClassVar[frozenset[SourceKind]] = frozenset()
    streams: ClassVar[frozenset[str]] = frozenset()
    settings: ClassVar[type[BaseModel]] = _AnySettings

    def __init__(self, name: str, cause: str) -> None:
        self.name = name
        self._cause = cause

    def collect(self, ctx: CollectContext) -> Iterator[Record | Gap | SourceRun]:
        """One gap, and nothing else."""
        yield Gap(None, GapReason.CRASHED, f"the collector {self.name} cannot be loaded: {self._cause}")

    def check(self, ctx: CollectContext) -> Iterator[Check]:
        """One failed check."""
        yield Check("collector", False, self._cause, f"reinstall the package that brings {self.name}")


@dataclass(frozen=True, slots=True)
class Installed:
    """One collector that is installed.

    Attributes:
        name: name of its entry point.
        origin: distribution and version it comes from, and the object that was named.
        collector: the collector; an `UnavailableCollector` where it cannot be loaded.
        failure: why it cannot be loaded; None when it is loaded.
        settings_schema: JSON Schema of its settings; None when it is not loaded.
    """

    name: str
    origin: str
    collector: Collector
    failure: str | None
    settings_schema: dict[str, Any] | None


def all_collectors(entries: Iterable[EntryPoint] | None = None) -> tuple[Installed, ...]:
    """Every installed collector by name, loaded or with the reason why it cannot be.

    Args:
        entries: entry points to look at; None: those of the environment.

    Raises:
        ConfigError: the project was not installed, so that its own collectors are not on the list either.
    """
    found = list(entry_points(group=GROUP) if entries is None else entries)
    if entries is None and not any(_is_ours(entry) for entry in found):
        raise ConfigError(
            f"no collectors are installed: the metadata of {_DISTRIBUTION} is missing or out of date",
            cure="install the project, in a checkout with `pip install -e .` (`make` targets do it by themselves)",
        )
    return tuple(_load(entry) for entry in sorted(found, key=lambda entry: (entry.name, entry.value)))


def find_collector(name: str, entries: Iterable[EntryPoint] | None = None) -> Collector:
    """The collector of that name; one that cannot be loaded is found too, and its sources get a gap.

    Raises:
        ConfigError: no collector, or more than one, has that name.
    """
    installed = all_collectors(entries)
    matches = [entry for entry in installed if entry.name == name]
    if len(matches) == 1:
        return matches[0].collector
    if matches:
        origins = "; ".join(entry.origin for entry in matches)
        raise ConfigError(f"several packages bring a collector {name!r}: {origins}", cure="remove all but one of them")
    known = ", ".join(entry.name for entry in installed) or "none"
    raise ConfigError(f"there is no collector {name!r}", cure=f"installed collectors are: {known}")


def _load(entry: EntryPoint) -> Installed:
    distribution = "unknown" if entry.dist is None else f"{entry.dist.name} {entry.dist.version}"
    origin = f"{distribution} ({entry.value})"
    try:
        if _is_ours(entry):
            _check_built_in_package()
        collector = entry.load()()
        problem = _contract_problem(entry.name, collector)
        if problem is None:
            return Installed(entry.name, origin, collector, None, collector.settings.model_json_schema())
    except Exception as error:  # isolation: whatever a package does on import must not stop the others
        first_line = (str(error).strip().splitlines() or [""])[0]
        problem = f"{type(error).__name__}: {first_line}"
    return Installed(entry.name, origin, UnavailableCollector(entry.name, problem), problem, None)


def _is_ours(entry: EntryPoint) -> bool:
    return entry.dist is not None and entry.dist.name == _DISTRIBUTION


def _check_built_in_package() -> None:
    package = import_module(_BUILT_IN_PACKAGE)
    if getattr(package, "DISTRIBUTION", None) != _DISTRIBUTION:
        raise ImportError(
            f"the package `{_BUILT_IN_PACKAGE}` at {getattr(package, '__file__', 'an unknown place')} is not that of "
            f"{_DISTRIBUTION}; another package or a folder of that name is in its way"
        )


def _contract_problem(name: str, collector: object) -> str | None:
    """What hinders an object from being the collector of that name."""
    if not isinstance(collector, Collector):
        return "it lacks a part that every collector has (auditor.api.Collector)"
    if collector.name != name:
        return f"it calls itself {collector.name!r}, its entry point {name!r}"
    unknown = sorted(collector.streams - STREAMS.keys())
    if unknown:
        return f"it declares streams that do not exist: {', '.join(unknown)}"
    if not all(isinstance(kind, SourceKind) for kind in collector.kinds) or not collector.kinds:
        return "its kinds are not kinds of sources"
    config = getattr(collector.settings, "model_config", {})
    if not (config.get("frozen") and config.get("extra") == "forbid"):
        return "its settings are not frozen, or allow unknown keys"
    return None
