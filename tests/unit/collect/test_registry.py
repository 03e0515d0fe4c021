"""Collectors are found by entry points, and a broken one is named instead of hiding the others."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

import auditor.collect.registry as registry
from auditor.api import Check, CollectContext, GapReason, Settings, SourceKind, SourceRun
from auditor.collect.registry import all_collectors, find_collector
from auditor.errors import ConfigError
from auditor.model.streams import STREAMS
from collectors.files.collector import FilesCollector


class OurSettings(Settings):
    site: str


class Good:
    name: ClassVar[str] = "good"
    version: ClassVar[str] = "1"
    kinds: ClassVar[frozenset[SourceKind]] = frozenset({SourceKind.GIT})
    streams: ClassVar[frozenset[str]] = frozenset({"document"})
    settings: ClassVar[type[BaseModel]] = OurSettings

    def collect(self, ctx: CollectContext) -> Iterator[SourceRun]:
        yield from ()

    def check(self, ctx: CollectContext) -> Iterator[Check]:
        yield from ()


class WrongStreams(Good):
    streams = frozenset({"weather"})


class OpenSettings(Good):
    settings = BaseModel


class NoKinds(Good):
    kinds = frozenset()


class Failing:
    def __init__(self) -> None:
        raise RuntimeError("no licence\nand a stack")


@pytest.fixture
def entry(monkeypatch: pytest.MonkeyPatch) -> Callable[..., EntryPoint]:
    """Call it with a name and an object to get an entry point that loads the object."""
    module = types.ModuleType("collector_for_tests")
    monkeypatch.setitem(sys.modules, "collector_for_tests", module)

    def make(name: str, thing: Any) -> EntryPoint:
        setattr(module, thing.__name__, thing)
        return EntryPoint(name, f"collector_for_tests:{thing.__name__}", registry.GROUP)

    return make


def test_the_built_in_collectors_are_found_through_the_same_door() -> None:
    (files,) = (found for found in all_collectors() if found.name == "files")
    assert isinstance(files.collector, FilesCollector)
    assert files.failure is None
    assert files.origin.startswith("slm-auditor ")
    assert files.settings_schema is not None
    assert set(files.settings_schema["properties"]) == {"path", "mapping"}


def test_every_collector_that_comes_along_declares_streams_of_the_model() -> None:
    for found in all_collectors():
        assert found.collector.streams <= STREAMS.keys()


def test_a_collector_of_another_package_is_loaded(entry: Callable[..., EntryPoint]) -> None:
    (found,) = all_collectors([entry("good", Good)])
    assert isinstance(found.collector, Good)
    assert found.settings_schema is not None


@pytest.mark.parametrize(
    ("name", "thing", "cause"),
    [
        ("broken", Failing, "RuntimeError: no licence"),
        ("other", Good, "it calls itself 'good', its entry point 'other'"),
        ("good", WrongStreams, "it declares streams that do not exist: weather"),
        ("good", OpenSettings, "its settings are not frozen, or allow unknown keys"),
        ("good", NoKinds, "its kinds are not kinds of sources"),
        ("good", dict, "it lacks a part that every collector has (auditor.api.Collector)"),
    ],
)
def test_a_collector_that_cannot_be_used_is_reported_with_its_cause(
    entry: Callable[..., EntryPoint], name: str, thing: Any, cause: str
) -> None:
    found = all_collectors([entry(name, thing), entry("fine", type("Fine", (Good,), {"name": "fine"}))])
    by_name = {installed.name: installed for installed in found}
    assert by_name[name].failure == cause
    assert by_name["fine"].failure is None


def test_a_module_that_does_not_exist_is_reported_with_its_name() -> None:
    (found,) = all_collectors([EntryPoint("gone", "no_such_module_anywhere:X", registry.GROUP)])
    assert found.failure is not None
    assert "no_such_module_anywhere" in found.failure


def test_sources_of_a_collector_that_cannot_be_loaded_get_a_gap(
    entry: Callable[..., EntryPoint], run: Callable[..., Any]
) -> None:
    ran = run(find_collector("broken", [entry("broken", Failing)]))
    (gap,) = ran.outcome.gaps
    assert gap.reason is GapReason.CRASHED
    assert gap.detail == "the collector broken cannot be loaded: RuntimeError: no licence"
    assert ran.writer.pulls[0].values["status"] == "failed"


def test_a_name_that_no_collector_has_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="no collector 'fils'") as refused:
        find_collector("fils")
    assert "files" in str(refused.value.cure)


def test_two_packages_with_one_name_are_refused(entry: Callable[..., EntryPoint]) -> None:
    with pytest.raises(ConfigError, match="several packages"):
        find_collector("good", [entry("good", Good), entry("good", WrongStreams)])


def test_a_checkout_without_installation_is_told_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "entry_points", lambda **_: ())
    with pytest.raises(ConfigError) as refused:
        find_collector("files")
    assert "pip install -e ." in str(refused.value.cure)


def test_a_package_that_has_taken_our_name_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = types.ModuleType("collectors")
    foreign.__file__ = "elsewhere/collectors/__init__.py"
    monkeypatch.setitem(sys.modules, "collectors", foreign)
    (found,) = (found for found in all_collectors() if found.name == "files")
    assert found.failure is not None
    assert "elsewhere/collectors" in found.failure
    assert "in its way" in found.failure
