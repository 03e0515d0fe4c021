"""The one place that picks concrete things: the clock, the collectors, and the plan of an audit."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path

from auditor.canonical import canonical_sha256
from auditor.collect.declaration import Declaration
from auditor.collect.key import load_key
from auditor.collect.redact import Keyed
from auditor.collect.registry import find_collector
from auditor.collect.runner import Equipment, SourceSpec
from auditor.config import LoadedConfig, ScopeConfig, bind_settings, load_config
from auditor.errors import EvidenceError, UsageError
from auditor.model.rubric import DEFAULT_PACK
from auditor.ports import Deriver
from auditor.recognise.deriver import make_deriver
from auditor.recognise.hints import hints
from auditor.rulepack.locate import locate_pack
from auditor.usecases.plan import AuditPlan

DEMO_ORGANISATION = "ferry-line"


def now() -> datetime:
    """The current instant in UTC, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def deriver() -> Deriver:
    """What gives stored evidence its meaning when a state is built."""
    return make_deriver()


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
    return _folder_plan(spec, spec.organisation(), data_dir=data_dir, as_of=as_of, strict=strict)


def plan_for_stored_folder(data_dir: Path) -> AuditPlan:
    """The plan to replay the audit of a folder from what is stored; the folder itself need not be there any more."""
    collector = find_collector("files")
    spec = SourceSpec("files", collector, collector.settings.model_validate({"path": data_dir}))
    return _folder_plan(spec, None, data_dir=data_dir, as_of=None, strict=False)


def plan_from_config(
    path: Path,
    scope_id: str | None,
    *,
    as_of: datetime | None,
    strict: bool,
    data_dir: Path | None = None,
    offline: bool = False,
) -> AuditPlan:
    """The plan to audit one scope of a configuration.

    Args:
        data_dir: used instead of the one that the configuration names.
        offline: no source will be asked: secrets are not read, and a key of pseudonyms is not made.

    Raises:
        ConfigError: the configuration is wrong, or names no or another scope.
        UsageError: `as_of` with a source that cannot answer for the past.
    """
    loaded = load_config(path)
    scope = loaded.scope(scope_id)
    environment = None if offline else os.environ
    sources = tuple(_spec(loaded, position, environment) for position, _ in loaded.sources_of(scope))
    store = data_dir or loaded.data_dir
    _check_as_of(as_of, sources)
    return AuditPlan(
        scope=scope.id,
        organisation=scope.title or _single_organisation(sources),
        time_zone=scope.time_zone,
        rule_pack=_pack_place(scope, path),
        parameters=dict(scope.parameters),
        sources=sources,
        data_dir=store,
        as_of=as_of,
        strict=strict,
        config_sha256=loaded.sha256,
        deriver=deriver(),
        equipment=Equipment(keyed=_key_ring(loaded.key_file, store, make=not offline), recognised=hints),
    )


def _folder_plan(
    spec: SourceSpec, organisation: str | None, *, data_dir: Path, as_of: datetime | None, strict: bool
) -> AuditPlan:
    return AuditPlan(
        scope="folder",
        organisation=organisation,
        time_zone="UTC",
        rule_pack=DEFAULT_PACK,
        parameters={},
        sources=(spec,),
        data_dir=data_dir,
        as_of=as_of,
        strict=strict,
        config_sha256=canonical_sha256({"collector": "files", "mapping": None}),
        deriver=deriver(),
    )


def _spec(loaded: LoadedConfig, position: int, environment: Mapping[str, str] | None) -> SourceSpec:
    source = loaded.config.sources[position]
    collector = find_collector(source.collector)
    declaration = None
    if source.complete and source.declared_by and source.declared_at:
        at = datetime.combine(date.fromisoformat(source.declared_at), time(), UTC)
        declaration = Declaration(frozenset(source.complete), source.declared_by, at)
    settings = bind_settings(collector.settings, loaded, position, environment)
    return SourceSpec(source.id, collector, settings, declaration)


def _key_ring(key_file: Path, data_dir: Path, *, make: bool) -> Callable[[], Keyed]:
    """Reads the key of the pseudonyms when it is needed first, and may make it where there is none yet."""

    @cache
    def keyed() -> Keyed:
        return Keyed(load_key(key_file, data_dir=data_dir, make=make))

    return keyed


def _check_as_of(as_of: datetime | None, sources: tuple[SourceSpec, ...]) -> None:
    live = [spec.source_id for spec in sources if spec.collector.name != "files"]
    if as_of is not None and live:
        raise UsageError(
            f"--as-of asks about the past, and live sources answer only for now: {', '.join(live)}",
            cure="leave --as-of out, or judge stored evidence with `auditor assess --as-of`",
        )


def _single_organisation(sources: tuple[SourceSpec, ...]) -> str | None:
    """What the only source says; one that cannot be read says why when it is read, or when a doctor looks at it."""
    try:
        return sources[0].organisation() if len(sources) == 1 else None
    except EvidenceError:
        return None


def _pack_place(scope: ScopeConfig, path: Path) -> str:
    """A pack given as a path is relative to the configuration file, like every path in it."""
    is_path = "/" in scope.rule_pack or scope.rule_pack.startswith(".")
    return str(path.parent / scope.rule_pack) if is_path else scope.rule_pack
