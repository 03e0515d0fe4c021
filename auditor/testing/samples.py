"""The sample source that a collector ships: what the conformance suite lets it read.

It is the file `samples/conformance.yaml` in the collector's package: data only, so that an author writes no test.
"""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from auditor.api import Collector
from auditor.errors import ConfigError
from auditor.testing.server import Received, Reply, ScriptedServer
from auditor.yamlfile import load_yaml

FILE = "samples/conformance.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SampleAnswer(_Strict):
    """What the scripted server answers to one request."""

    path: str = Field(description="Path that is asked for.")
    params: dict[str, str] = Field(default_factory=dict, description="Parameters that the request must have.")
    file: str | None = Field(default=None, description="File beside the sample with the body; none: an empty body.")
    status: int = Field(default=200, description="HTTP status.")
    headers: dict[str, str] = Field(default_factory=dict, description="More headers.")
    optional: bool = Field(
        default=False, description="The pull is whole without it, so that a refusal need not become a gap."
    )


class Sample(_Strict):
    """A sample source."""

    as_of: datetime = Field(description="Audit instant of the pulls.")
    settings: dict[str, Any] = Field(
        description="Settings of the source; `{server}`, `{samples}` and `{repository}` in texts are replaced."
    )
    answers: list[SampleAnswer] = Field(default_factory=list, description="What the server answers; none: no server.")
    git_bundle: str | None = Field(default=None, description="Bundle that is cloned to `{repository}`.")
    secrets: bool = Field(
        default=True, description="Give every secret setting a value; no: the settings refuse secrets for this source."
    )


@dataclass(frozen=True, slots=True)
class SampleSource:
    """A sample with its folder."""

    sample: Sample
    folder: Path

    def settings(self, collector: Collector, places: Mapping[str, str], more: Mapping[str, Any]) -> BaseModel:
        """Settings of the collector with the places filled in, and others on top.

        Raises:
            ConfigError: they are none.
        """
        values = {name: _filled(value, places) for name, value in self.sample.settings.items()}
        values |= {name: value for name, value in more.items() if name in collector.settings.model_fields}
        try:
            return collector.settings.model_validate(values)
        except ValidationError as error:
            raise ConfigError(
                f"the settings of the sample do not fit the collector: {error.errors()[0]['msg']}",
                where=str(self.folder / Path(FILE).name),
            ) from error

    def clone(self, target: Path) -> None:
        """Clone the sample's repository, where it has one."""
        if self.sample.git_bundle is not None:
            bundle = self.folder / self.sample.git_bundle
            subprocess.run(  # noqa: S603  the arguments are ours
                ["git", "clone", "--quiet", str(bundle), str(target)],  # noqa: S607
                check=True,
                capture_output=True,
            )


@dataclass(slots=True)
class SampleServer:
    """Serves the answers of a sample, with one path of them spoilt where a trial asks for it.

    Attributes:
        spoilt: path -> the answer that it gives instead.
        same_page: path that gives its first answer whatever is asked.
        altered: changes every sound body; None: they stay.
        more_headers: sent with every sound answer.
        asked: paths that were asked for.
    """

    source: SampleSource
    server: ScriptedServer
    spoilt: dict[str, Reply] = field(default_factory=dict)
    same_page: str | None = None
    altered: Callable[[bytes], bytes] | None = None
    more_headers: dict[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def start(self) -> None:
        """Route every path of the sample."""
        for path in {answer.path for answer in self.source.sample.answers}:
            self.server.route(path, self._reply)

    def _reply(self, request: Received) -> Reply:
        self.asked.add(request.path)
        if request.path in self.spoilt:
            return self.spoilt[request.path]
        answers = [answer for answer in self.source.sample.answers if answer.path == request.path]
        fitting = [answer for answer in answers if _fits(answer, request)]
        if self.same_page == request.path:
            fitting = answers
        if not fitting:
            return Reply({"error": "the sample has no answer to this"}, 404)
        # The most particular one: of two that fit, the one that asks for more.
        answer = max(fitting, key=lambda one: len(one.params)) if self.same_page is None else fitting[0]
        body = b"" if answer.file is None else (self.source.folder / answer.file).read_bytes()
        if self.altered is not None:
            body = self.altered(body)
        return Reply(body, answer.status, {**answer.headers, **self.more_headers})


def find_sample(collector: Collector) -> SampleSource | None:
    """The sample of a collector; None where its package ships none.

    Raises:
        ConfigError: the sample is malformed.
    """
    package = type(collector).__module__.rpartition(".")[0] or type(collector).__module__
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / FILE
    return read_sample(path) if path.is_file() else None


def read_sample(path: Path) -> SampleSource:
    """A sample from its file.

    Raises:
        ConfigError: it is malformed.
    """
    document = load_yaml(path, ConfigError)
    try:
        return SampleSource(Sample.model_validate(document.value), path.parent)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", where=str(path)) from error


def secret_settings(collector: Collector, canary: str) -> dict[str, SecretStr]:
    """A canary for every secret setting of a collector, each with its name in it."""
    return {
        name: SecretStr(f"{canary}-{name}")
        for name, each in collector.settings.model_fields.items()
        if SecretStr in (each.annotation, *getattr(each.annotation, "__args__", ()))
    }


def _filled(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, place in places.items():
            value = value.replace(f"{{{name}}}", place)
        return value
    if isinstance(value, list):
        return [_filled(entry, places) for entry in value]
    if isinstance(value, dict):
        return {name: _filled(entry, places) for name, entry in value.items()}
    return value


def _fits(answer: SampleAnswer, request: Received) -> bool:
    return all(wanted in request.query.get(name, []) for name, wanted in answer.params.items())
