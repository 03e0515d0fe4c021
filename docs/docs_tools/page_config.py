"""The page of the configuration file, from the models that check it and the settings of each collector."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from auditor.config import Config

_INTRODUCTION = """# Configuration

One YAML file, checked strictly: an unknown setting, a wrong type or a key given twice is refused with its file and
line. `config.example.yaml` is a complete file that runs as it is; `auditor schema config` prints the JSON Schema for an
editor. Paths are relative to the file. A secret stands in it as a reference only: `${NAME}` for an environment
variable, `file:PATH` for a file.

What `sources[].settings` holds depends on the collector; see [collectors](collectors.md).

| setting | type | default | means |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its path in the file, its type in words, its default (None: required) and what it means."""

    path: str
    type: str
    default: str | None
    doc: str


def config_page() -> str:
    """The whole page."""
    return _INTRODUCTION + settings_rows(Config)


def settings_rows(model: type[BaseModel]) -> str:
    """The rows of a table with every setting of a model."""
    return "".join(_row(setting) for setting in settings_of(model))


def settings_of(model: type[BaseModel], prefix: str = "") -> Iterator[Setting]:
    """Every setting of a model, those of models inside it too."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        inner, suffix = _inner_model(field.annotation)
        yield Setting(path, _type_name(field.annotation), _default(field), field.description or "")
        if inner is not None:
            yield from settings_of(inner, f"{path}{suffix}.")


def _inner_model(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if not arguments:
        return None, ""
    suffix = {list: "[]", dict: ".NAME"}.get(origin, "") if origin is not None else ""
    for argument in reversed(arguments):
        model, deeper = _inner_model(argument)
        if model is not None:
            return model, suffix + deeper
    return None, ""


def _type_name(annotation: Any) -> str:
    if annotation is Any:
        return "anything"
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (types.UnionType, Union):
        return " or ".join(_type_name(argument) for argument in arguments if argument is not type(None))
    if origin in (list, tuple, set, frozenset):
        return f"list of {_type_name(arguments[0])}"
    if origin is dict:
        return f"map of {_type_name(arguments[0])} to {_type_name(arguments[1])}"
    if origin is Literal:
        return "one of " + ", ".join(f"`{value}`" for value in arguments)
    if origin is Annotated:
        return _type_name(arguments[0])
    return _PLAIN.get(getattr(annotation, "__name__", ""), "settings")


_PLAIN = {
    "str": "text",
    "int": "whole number",
    "float": "number",
    "bool": "true or false",
    "Path": "path",
    "SecretStr": "reference to a secret",
    "datetime": "instant",
    "date": "date",
}


def _default(field: FieldInfo) -> str | None:
    if field.is_required():
        return None
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None:
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`" if value or value == 0 else "empty"


def _row(setting: Setting) -> str:
    default = "required" if setting.default is None else setting.default
    cells = (f"`{setting.path}`", setting.type, default, setting.doc)
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n"
