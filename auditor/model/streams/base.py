"""How one entity of evidence is defined: a frozen dataclass whose annotations say everything else.

From the definition come tables (`auditor.model.tables`), JSON Schema (`auditor.model.jsonschema`), validation
(`auditor.model.validate`) and the reference pages. There is no second list.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar, Union, dataclass_transform, get_args, get_origin, get_type_hints

from auditor.model.evidence import Tier


class FieldType(StrEnum):
    """The types a field of a stream can have; the value names the SQL type of its column."""

    TEXT = "VARCHAR"
    INT = "BIGINT"
    REAL = "DOUBLE"
    BOOL = "BOOLEAN"
    INSTANT = "TIMESTAMP"
    DATE = "DATE"
    TEXT_LIST = "VARCHAR[]"
    BOOL_MAP = "MAP(VARCHAR, BOOLEAN)"
    REAL_MAP = "MAP(VARCHAR, DOUBLE)"
    TEXT_MAP = "MAP(VARCHAR, VARCHAR)"
    JSON = "JSON"


NO_ROW = "there is none"
"""What null means in a field that holds the id of another row."""


@dataclass(frozen=True, slots=True)
class Field:
    """What a person needs to know of a field beyond its type; stands in `Annotated`.

    Attributes:
        doc: one line.
        unit: unit of a number, such as `ms` or `days`; None for text and plain counts.
        null: what null means where it has a meaning of its own; None: null is unknown. The id of another row has one
            without saying so: null is `NO_ROW`.
        refers_to: streams whose ids the field holds.
        low, high: inclusive bounds of a number.
        default: value of an absent field, where that is not null.
        booleans: a number that may also be given as true (1) or false (0).
    """

    doc: str
    unit: str | None = None
    null: str | None = None
    refers_to: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    default: bool | None = None
    booleans: bool = False


@dataclass(frozen=True, slots=True)
class FieldDef:
    """One field of a stream, complete."""

    name: str
    type: FieldType
    info: Field
    enum: tuple[str, ...] | None
    required: bool


@dataclass(frozen=True, slots=True)
class Final:
    """When the fields of a row that say what happened must not change any more.

    Attributes:
        fields: the fields that are final then; what was unknown may still become known.
        when: field that decides; None: every row is final at once.
        equals: its value of a final row; None: any value.
        sha_field: field that holds the hash of the final fields as they were first seen; None where there is none.
    """

    fields: tuple[str, ...]
    when: str | None = None
    equals: str | None = None
    sha_field: str | None = None

    def is_final(self, values: Mapping[str, Any]) -> bool:
        """Whether a row with these values is final."""
        if self.when is None:
            return True
        value = values.get(self.when)
        return value is not None and self.equals in (None, value)


@dataclass(frozen=True, slots=True)
class StreamDef:
    """One stream: an entity of the model as a typed table.

    Attributes:
        name: name of the stream, as in file names and SQL.
        doc: first line of the entity's docstring.
        fields: in the order of definition.
        key: fields that identify a row within its source.
        tier: default reliability of a row.
        tier_by: field and its values that decide the tier instead; other values take `tier`.
        tier_if: a tier and the fields that must all be set (neither null, false nor empty) for it; else `tier`.
        kind_field: field whose values `scope_complete` may list; None where there is none.
        control: an entity that people write (reviews), not evidence.
        final: when its rows must not change any more; None: they may at any time.
    """

    name: str
    doc: str
    fields: tuple[FieldDef, ...]
    key: tuple[str, ...]
    tier: Tier
    tier_by: tuple[str, Mapping[str, Tier]] | None
    tier_if: tuple[Tier, tuple[str, ...]] | None
    kind_field: str | None
    control: bool
    final: Final | None = None

    def field(self, name: str) -> FieldDef | None:
        """The field of that name, or None."""
        return next((entry for entry in self.fields if entry.name == name), None)

    def default_tier(self, values: Mapping[str, Any]) -> Tier:
        """Reliability of a row that names none itself."""
        if self.tier_if is not None:
            earned, needed = self.tier_if
            return earned if all(values.get(name) for name in needed) else self.tier
        if self.tier_by is None:
            return self.tier
        field_name, tiers = self.tier_by
        return tiers.get(str(values.get(field_name)), self.tier)


STREAMS: dict[str, StreamDef] = {}
"""Every stream by name, in the order of the model; filled by the `stream` decorator."""

_SCALARS: Mapping[Any, FieldType] = {
    str: FieldType.TEXT,
    int: FieldType.INT,
    float: FieldType.REAL,
    bool: FieldType.BOOL,
    datetime: FieldType.INSTANT,
    date: FieldType.DATE,
}
_MAP_VALUES: Mapping[Any, FieldType] = {
    bool: FieldType.BOOL_MAP,
    float: FieldType.REAL_MAP,
    str: FieldType.TEXT_MAP,
    object: FieldType.JSON,
}

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, frozen_default=True)
def stream(
    *,
    key: tuple[str, ...],
    tier: Tier,
    tier_by: tuple[str, Mapping[str, Tier]] | None = None,
    tier_if: tuple[Tier, tuple[str, ...]] | None = None,
    control: bool = False,
    final: Final | None = None,
) -> Callable[[type[T]], type[T]]:
    """Register a class as the definition of a stream; its name in snake case is the stream's.

    A field whose name is a word of Python is written with a final underscore, which is not part of the name.

    Raises:
        TypeError: an annotation that the model has no column for, or a key or final field that is none.
    """

    def define(cls: type[T]) -> type[T]:
        frozen: type[T] = dataclass(frozen=True, slots=True, kw_only=True)(cls)
        name = _snake_case(cls.__name__)
        hints = get_type_hints(frozen, include_extras=True)
        fields = tuple(_field_def(entry, hints[entry.name]) for entry in dataclasses.fields(frozen))  # type: ignore[arg-type]
        names = {entry.name for entry in fields}
        named = {*key, *_fields_of(final)}
        if not named <= names:
            raise TypeError(f"{name}: fields {sorted(named - names)} are not defined")
        doc = (cls.__doc__ or "").strip().splitlines()[0]
        kind_field = "kind" if "kind" in names else None
        STREAMS[name] = StreamDef(name, doc, fields, key, tier, tier_by, tier_if, kind_field, control, final)
        return frozen

    return define


def _fields_of(final: Final | None) -> set[str]:
    """Every field that a `Final` names."""
    if final is None:
        return set()
    return {*final.fields} | {name for name in (final.when, final.sha_field) if name is not None}


def _snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def _field_def(entry: dataclasses.Field[Any], hint: Any) -> FieldDef:
    base, info = get_args(hint) if get_origin(hint) is Annotated else (hint, None)
    if not isinstance(info, Field):
        raise TypeError(f"{entry.name}: every field is Annotated[type, Field(...)]")
    inner = _without_none(base)
    field_type, enum = _field_type(entry.name, inner)
    required = entry.default is dataclasses.MISSING
    if field_type is FieldType.TEXT and info.refers_to and info.null is None and not required:
        info = dataclasses.replace(info, null=NO_ROW)
    return FieldDef(entry.name.rstrip("_"), field_type, info, enum, required)


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (types.UnionType, Union):
        rest = [argument for argument in get_args(hint) if argument is not type(None)]
        if len(rest) == 1:
            return rest[0]
    return hint


def _field_type(name: str, hint: Any) -> tuple[FieldType, tuple[str, ...] | None]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return FieldType.TEXT, tuple(arguments)
    if origin is tuple:
        _, enum = _field_type(name, arguments[0])
        return FieldType.TEXT_LIST, enum
    if origin is not None and issubclass(origin, Mapping):
        return _MAP_VALUES[_without_none(arguments[1])], None
    if hint in _SCALARS:
        return _SCALARS[hint], None
    raise TypeError(f"{name}: the model has no column type for {hint}")
