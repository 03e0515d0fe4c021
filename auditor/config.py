"""`config.yaml`: which sources there are, and what each assessment speaks about.

Every problem is reported with its file and line, all at once. Secrets stand in the file as references only
(`${NAME}` for an environment variable, `file:PATH` for a file); they are read when a source is bound and never kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from auditor.canonical import canonical_sha256
from auditor.errors import ConfigError
from auditor.model.rubric import DEFAULT_PACK
from auditor.model.streams import STREAMS
from auditor.yamlfile import YamlDocument, load_yaml

CONFIG_FORMAT = 1
_STAND_IN = "this secret was not read"

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
ParameterValue = bool | int | float | str | list[str]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SourceConfig(_Strict):
    """One configured system."""

    id: Identifier = Field(description="Name of the source in assessments and messages.")
    collector: str = Field(description="The collector that reads it, such as `files`.")
    settings: dict[str, Any] = Field(default_factory=dict, description="Settings of the collector.")
    complete: list[str] = Field(
        default_factory=list,
        description="Streams of which there is nothing beside this source, so that what it does not have is not there.",
    )
    declared_by: str | None = Field(default=None, description="Who vouches for `complete`.")
    declared_at: str | None = Field(default=None, description="Day on which it was declared, such as 2026-01-31.")

    @model_validator(mode="after")
    def _somebody_vouches(self) -> Self:
        unknown = sorted(set(self.complete) - STREAMS.keys())
        if unknown:
            raise ValueError(f"`complete` names {unknown[0]!r}, which is no stream")
        if self.complete and (self.declared_by is None or self.declared_at is None):
            raise ValueError("`complete` needs `declared_by` and `declared_at`: somebody has to vouch for it")
        if self.declared_at is not None:
            try:
                date.fromisoformat(self.declared_at)
            except ValueError as error:
                raise ValueError(f"{self.declared_at!r} is no day; write it as 2026-01-31") from error
        return self


class ScopeConfig(_Strict):
    """What one assessment speaks about."""

    id: Identifier = Field(description="Name of the scope; it stands in every row of the ledger.")
    title: str | None = Field(default=None, description="Name for people, such as the organisation's.")
    sources: list[Identifier] = Field(
        min_length=1, description="Sources it is judged by, in order of trust: the first that has a value wins."
    )
    time_zone: str = Field(default="UTC", description="IANA zone that calendar months and quarters are counted in.")
    rule_pack: str = Field(default=DEFAULT_PACK, description="Name of a built-in rule pack, or a path to one.")
    parameters: dict[str, ParameterValue] = Field(
        default_factory=dict, description="Parameters of the rule pack that differ from its defaults."
    )

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"no time zone is called {name!r}; use an IANA name such as Europe/Berlin") from error
        return name


class Config(_Strict):
    """The whole file."""

    format: int = Field(description=f"Version of this file's format: {CONFIG_FORMAT}.")
    data_dir: str = Field(
        default=".auditor/data", description="Directory of the store, relative to the configuration file."
    )
    key_file: str = Field(
        default=".auditor/pseudonyms.key",
        description="Key that people's pseudonyms are made with, relative to the configuration file and outside of "
        "data_dir; made by the first run that needs it.",
    )
    sources: list[SourceConfig] = Field(min_length=1, description="The systems evidence is read from.")
    scopes: list[ScopeConfig] = Field(min_length=1, description="The assessments to make.")

    @field_validator("format")
    @classmethod
    def _known_format(cls, number: int) -> int:
        if number != CONFIG_FORMAT:
            raise ValueError(f"format {number} is not known to this version, which reads format {CONFIG_FORMAT}")
        return number


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A checked configuration and the document it came from, for messages with lines."""

    config: Config
    document: YamlDocument
    path: Path

    @property
    def data_dir(self) -> Path:
        """The store's directory as a full path."""
        return (self.path.parent / self.config.data_dir).resolve()

    @property
    def key_file(self) -> Path:
        """The file of the pseudonyms' key as a full path."""
        return (self.path.parent / self.config.key_file).resolve()

    @property
    def sha256(self) -> str:
        """Hash of the configuration as written; secrets are references there, so none is in it."""
        return canonical_sha256(self.document.value)

    def scope(self, scope_id: str | None) -> ScopeConfig:
        """The scope of that id, or the only one.

        Raises:
            ConfigError: no such scope, or several and none named.
        """
        scopes = self.config.scopes
        names = ", ".join(scope.id for scope in scopes)
        if scope_id is None:
            if len(scopes) == 1:
                return scopes[0]
            raise ConfigError(
                f"the configuration has {len(scopes)} scopes: {names}",
                where=str(self.path),
                cure="name one with --scope",
            )
        for scope in scopes:
            if scope.id == scope_id:
                return scope
        raise ConfigError(f"there is no scope {scope_id!r}", where=str(self.path), cure=f"scopes are: {names}")

    def sources_of(self, scope: ScopeConfig) -> list[tuple[int, SourceConfig]]:
        """The scope's sources with their positions in the file, in the scope's order."""
        by_id = {source.id: (position, source) for position, source in enumerate(self.config.sources)}
        return [by_id[source_id] for source_id in scope.sources]


def load_config(path: Path) -> LoadedConfig:
    """Read and check a configuration file.

    Raises:
        ConfigError: it cannot be read, or anything in it is wrong; every fault with its line.
    """
    document = load_yaml(path, ConfigError)
    if not isinstance(document.value, Mapping):
        raise ConfigError(
            "the file holds no settings", where=str(path), cure="start from config.example.yaml in the project"
        )
    try:
        config = Config.model_validate(document.value)
    except ValidationError as error:
        raise _as_config_error(error, document, ()) from error
    loaded = LoadedConfig(config, document, path.resolve())
    _check_references(loaded)
    return loaded


def _check_references(loaded: LoadedConfig) -> None:
    config, document = loaded.config, loaded.document
    known = {source.id for source in config.sources}
    _check_ids("sources", [source.id for source in config.sources], document)
    _check_ids("scopes", [scope.id for scope in config.scopes], document)
    for position, scope in enumerate(config.scopes):
        for index, source_id in enumerate(scope.sources):
            if source_id not in known:
                raise ConfigError(
                    f"scope {scope.id!r} names the source {source_id!r}, which is not configured",
                    where=document.place(("scopes", position, "sources", index)),
                    cure=f"configured sources are: {', '.join(sorted(known))}",
                )


def _check_ids(section: str, ids: Sequence[str], document: YamlDocument) -> None:
    for position, id_ in enumerate(ids):
        if id_ in ids[:position]:
            raise ConfigError(
                f"two {section} are called {id_!r}",
                where=document.place((section, position, "id")),
                cure="give each its own id",
            )


SettingsT = TypeVar("SettingsT", bound=BaseModel)


def bind_settings(
    model: type[SettingsT], loaded: LoadedConfig, position: int, environment: Mapping[str, str] | None
) -> SettingsT:
    """The typed settings of the source at a position, with its secrets resolved and its paths made absolute.

    Relative values of `Path` fields are relative to the configuration file.

    Args:
        environment: variables that secrets may refer to; None: no secret is read, and each gets a stand-in.

    Raises:
        ConfigError: a wrong setting, or a secret that is missing or written out in the file.
    """
    source = loaded.config.sources[position]
    at: tuple[str | int, ...] = ("sources", position, "settings")
    values: dict[str, Any] = dict(source.settings)
    for name, field in model.model_fields.items():
        if name not in values or not isinstance(values[name], str):
            continue
        if _speaks_of(field.annotation, SecretStr):
            place = loaded.document.place((*at, name))
            values[name] = SecretStr(_secret(values[name], place, loaded.path.parent, environment))
        elif _speaks_of(field.annotation, Path):
            values[name] = loaded.path.parent / values[name]
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _as_config_error(error, loaded.document, at) from error


def _speaks_of(annotation: Any, wanted: type) -> bool:
    return annotation is wanted or wanted in getattr(annotation, "__args__", ())


def _secret(reference: str, place: str, base: Path, environment: Mapping[str, str] | None) -> str:
    if environment is None:
        return _STAND_IN
    if reference.startswith("${") and reference.endswith("}"):
        name = reference[2:-1]
        if not environment.get(name):
            raise ConfigError(
                f"the environment variable {name} is not set", where=place, cure=f"set {name}, or refer to a file"
            )
        return environment[name]
    if reference.startswith("file:"):
        path = base / reference.removeprefix("file:")
        try:
            return path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"the secret's file {path} cannot be read", where=place, cure="check its name and permissions"
            ) from error
    raise ConfigError(
        "a secret is written out in the configuration",
        where=place,
        cure="write a reference instead: ${NAME} for an environment variable, or file:PATH",
    )


def _as_config_error(error: ValidationError, document: YamlDocument, at: Sequence[str | int]) -> ConfigError:
    faults = []
    for fault in error.errors():
        path = (*at, *fault["loc"])
        setting = ".".join(str(part) for part in path)
        faults.append((document.place(path), f"{setting}: {_plain(fault['type'], fault['msg'])}"))
    first_place, first = faults[0]
    rest = "".join(f"\n{place}: {what}" for place, what in faults[1:])
    return ConfigError(
        f"{first}{rest}", where=first_place, cure="`auditor schema config` prints every setting and its type"
    )


def _plain(kind: str, message: str) -> str:
    known = {
        "extra_forbidden": "there is no such setting",
        "missing": "this setting is missing",
        "too_short": "this list must not be empty",
        "string_pattern_mismatch": "use lower-case letters, digits, - and _, beginning with a letter or digit",
    }
    return known.get(kind, message.removeprefix("Value error, "))
