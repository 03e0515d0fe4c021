"""The one place that picks concrete things: the clock, the collectors, and the plan of an audit."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from auditor.canonical import canonical_sha256
from auditor.collect.registry import find_collector
from auditor.collect.runner import SourceSpec
from auditor.config import LoadedConfig, ScopeConfig, bind_settings, load_config
from auditor.errors import UsageError
from auditor.model.rubric import DEFAULT_PACK
from auditor.rulepack.locate import locate_pack
from auditor.usecases.plan import AuditPlan

DEMO_ORGANISATION = "ferry-line"


def now() -> datetime:
    """The current instant in UTC, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def demo_folder() -> Path:
    """The evidence folder of the bundled reference organisation."""
    return locate_pack(DEFAULT_PACK) / "organisations" / DEMO_ORGANISATION / "evidence"


def plan_for_folder(folder: Path, *, data_dir: Path, as_of: datetime | None, strict: bool) -> AuditPlan:
    """The plan to audit one evidence folder without any configuration.

    Raises:
        EvidenceError: the folder cannot be read at all.
    """
    collector = find_collector("files")
    spec = SourceSpec("files", collector, collector.settings.model_validate({"path": folder}))
    return AuditPlan(
        scope="folder",
        organisation=spec.organisation(),
        time_zone="UTC",
        rule_pack=DEFAULT_PACK,
        parameters={},
        sources=(spec,),
        data_dir=data_dir,
        as_of=as_of,
        strict=strict,
        config_sha256=canonical_sha256({"collector": "files", "mapping": None}),
    )


def plan_from_config(
    path: Path, scope_id: str | None, *, as_of: datetime | None, strict: bool, data_dir: Path | None = None
) -> AuditPlan:
    """The plan to audit one scope of a configuration; `data_dir` is used instead of the one it names.

    Raises:
        ConfigError: the configuration is wrong, or names no or another scope.
        UsageError: `as_of` with a source that cannot answer for the past.
    """
    loaded = load_config(path)
    scope = loaded.scope(scope_id)
    sources = tuple(_spec(loaded, position) for position, _ in loaded.sources_of(scope))
    _check_as_of(as_of, sources)
    return AuditPlan(
        scope=scope.id,
        organisation=scope.title or _single_organisation(sources),
        time_zone=scope.time_zone,
        rule_pack=_pack_place(scope, path),
        parameters=dict(scope.parameters),
        sources=sources,
        data_dir=data_dir or loaded.data_dir,
        as_of=as_of,
        strict=strict,
        config_sha256=loaded.sha256,
    )


def _spec(loaded: LoadedConfig, position: int) -> SourceSpec:
    source = loaded.config.sources[position]
    collector = find_collector(source.collector)
    return SourceSpec(source.id, collector, bind_settings(collector.settings, loaded, position, os.environ))


def _check_as_of(as_of: datetime | None, sources: tuple[SourceSpec, ...]) -> None:
    live = [spec.source_id for spec in sources if spec.collector.name != "files"]
    if as_of is not None and live:
        raise UsageError(
            f"--as-of asks about the past, and live sources answer only for now: {', '.join(live)}",
            cure="leave --as-of out, or judge stored evidence with `auditor assess --as-of`",
        )


def _single_organisation(sources: tuple[SourceSpec, ...]) -> str | None:
    return sources[0].organisation() if len(sources) == 1 else None


def _pack_place(scope: ScopeConfig, path: Path) -> str:
    """A pack given as a path is relative to the configuration file, like every path in it."""
    is_path = "/" in scope.rule_pack or scope.rule_pack.startswith(".")
    return str(path.parent / scope.rule_pack) if is_path else scope.rule_pack
