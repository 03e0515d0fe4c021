"""The answer to an indicator's items SELECT, checked: one entry per member of the population, by columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any, TypeAlias, TypeVar

from auditor.errors import QueryError

Columns: TypeAlias = Mapping[str, Sequence[Any]]
"""Column name -> values, all of equal length, as JSON carries them (instants as text of UTC)."""

REQUIRED = ("item", "met_lo", "met_hi", "evidence")
_CURE = "mend the items SELECT of the indicator"
_Found = TypeVar("_Found")


class Column(list[Any]):
    """The values of one column, which nobody changes, and what was found out about them.

    Many indicators ask about the same rows, so that whole columns come again; what was found out about one holds then.
    """

    __slots__ = ("_found",)

    def __init__(self, values: Iterable[Any]) -> None:
        super().__init__(values)
        self._found: dict[Callable[[Column], Any], Any] = {}

    def once(self, find: Callable[[Column], _Found]) -> _Found:
        """What a function of the values alone answers, which is computed when it is first asked for."""
        if find not in self._found:
            self._found[find] = find(self)
        found: _Found = self._found[find]
        return found


@dataclass(frozen=True, slots=True)
class Items:
    """Members of a population, by columns of equal length.

    Attributes:
        ids: unique names of the members.
        by_name: positions of the members in order of their names.
        lo, hi: how far each is met in 0..1; equal when decided.
        evidence: references of the rows each rests on, perhaps one twice.
        cited: all of them together.
        absent: streams (`stream` or `stream:kind`) whose rows were looked for and not found.
        undecided: members that the SELECT itself calls undecided.
        unsure: members of which it is not certain that they belong to the population.
        together: name that unsure members share which belong to it all or none; None: a member by itself.
        react_by: instants until which a reaction may still come.
    """

    ids: Sequence[str]
    by_name: Sequence[int]
    services: Sequence[str | None]
    lo: Sequence[float]
    hi: Sequence[float]
    evidence: Sequence[Sequence[str]]
    cited: frozenset[str]
    notes: Sequence[str | None]
    absent: Mapping[int, Sequence[str]]
    undecided: frozenset[int]
    unsure: frozenset[int]
    together: Sequence[str | None]
    react_by: Mapping[int, datetime]

    def __len__(self) -> int:
        return len(self.ids)


def read_items(columns: Columns) -> Items:
    """Check an answer.

    Exact duplicates of a row count once. A null `met_lo` is 0, a null `met_hi` is 1: the member is undecided.

    Raises:
        QueryError: a member without a name, two different rows for one member, limits outside 0..1 or in the wrong
            order, or a column of the wrong type.
    """
    _require(columns, REQUIRED)
    columns = _without_duplicates({name: _column(values) for name, values in columns.items()})
    ids, by_name = columns["item"].once(_names)
    lo = _limits(columns["met_lo"], 0.0, "met_lo")
    hi = _limits(columns["met_hi"], 1.0, "met_hi")
    _check_limits(ids, lo, hi)
    services = _texts(columns, "service_id", len(ids))
    evidence, cited = columns["evidence"].once(_evidence)
    return Items(
        ids=ids,
        by_name=by_name,
        services=services,
        lo=lo,
        hi=hi,
        evidence=evidence,
        cited=cited,
        notes=_texts(columns, "note", len(ids)),
        absent=_lists(columns, "absent"),
        undecided=_flags(columns, "undecided"),
        unsure=_flags(columns, "unsure"),
        together=_texts(columns, "together", len(ids)),
        react_by=_instants(columns, "react_by"),
    )


def number(value: Any, column: str) -> float | None:
    """A number or null from an answer.

    Raises:
        QueryError: something else.
    """
    if value is None:
        return None
    if isinstance(value, bool | int | float):
        return float(value)
    raise QueryError(f"column {column} holds {value!r} where a number belongs", cure=_CURE)


def refs(value: Any, column: str = "evidence") -> Sequence[str]:
    """A list of references from an answer, without nulls and duplicates, in order.

    Raises:
        QueryError: something else.
    """
    if value is None:
        return ()
    if not isinstance(value, list) or not all(entry is None or isinstance(entry, str) for entry in value):
        raise QueryError(f"column {column} holds {value!r} where a list of text belongs", cure=_CURE)
    return list(dict.fromkeys(entry for entry in value if entry is not None))


def _require(columns: Columns, names: Sequence[str]) -> None:
    missing = [name for name in names if name not in columns]
    if missing:
        raise QueryError(f"the answer has no column {', '.join(missing)}", cure=_CURE)


def _column(values: Sequence[Any]) -> Column:
    return values if isinstance(values, Column) else Column(values)


def _without_duplicates(columns: Mapping[str, Column]) -> Mapping[str, Column]:
    names = columns["item"]
    if names.once(_are_distinct):
        return columns
    rows = list(zip(*columns.values(), strict=True))
    first: dict[Any, tuple[Any, ...]] = {}
    for name, row in zip(names, rows, strict=True):
        if first.setdefault(name, row) != row:
            raise QueryError(f"two different rows for the item {name}", cure="make each item one row")
    return dict(zip(columns, map(Column, zip(*first.values(), strict=True)), strict=True))


def _are_distinct(names: Column) -> bool:
    if None in names:
        raise QueryError("a member of the population has no name (item is null)", cure=_CURE)
    return len(set(names)) == len(names)


# The columns of a large population hold one type and nothing else; that is found out at the speed of C.
def _are(values: Iterable[Any], kind: type) -> bool:
    return set(map(type, values)) <= {kind}


def _names(values: Column) -> tuple[Sequence[str], Sequence[int]]:
    """The names, and the positions in their order."""
    names = values if _are(values, str) else [_text(value, "item") for value in values]
    return names, sorted(range(len(names)), key=names.__getitem__)


def _evidence(values: Column) -> tuple[Sequence[Sequence[str]], frozenset[str]]:
    """The references of each member, and all of them together."""
    if _are(values, list) and _are(chain.from_iterable(values), str):
        lists: Sequence[Sequence[str]] = values
    else:
        lists = [refs(value) for value in values]
    return lists, frozenset(chain.from_iterable(lists))


def _limits(values: Column, default: float, column: str) -> Sequence[float]:
    if _are(values, float):
        return values
    numbers = (number(value, column) for value in values)
    return [default if value is None else value for value in numbers]


def _check_limits(ids: Sequence[str], lo: Sequence[float], hi: Sequence[float]) -> None:
    if not ids or (min(lo) >= 0.0 and max(hi) <= 1.0 and (lo == hi or all(map(float.__le__, lo, hi)))):
        return
    for name, low, high in zip(ids, lo, hi, strict=True):
        if not 0.0 <= low <= high <= 1.0:
            raise QueryError(f"the item {name} has limits {low:g} and {high:g}, not 0 <= lo <= hi <= 1", cure=_CURE)


def _text(value: Any, column: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise QueryError(f"column {column} holds {value!r} where text belongs", cure=_CURE)


def _texts(columns: Columns, name: str, length: int) -> Sequence[str | None]:
    if name not in columns:
        return [None] * length
    return [None if value is None else _text(value, name) for value in columns[name]]


def _lists(columns: Columns, name: str) -> Mapping[int, Sequence[str]]:
    return {index: refs(value, name) for index, value in enumerate(columns.get(name, ())) if value}


def _flags(columns: Columns, name: str) -> frozenset[int]:
    return frozenset(index for index, value in enumerate(columns.get(name, ())) if value)


def _instants(columns: Columns, name: str) -> Mapping[int, datetime]:
    found: dict[int, datetime] = {}
    for index, value in enumerate(columns.get(name, ())):
        if value is None:
            continue
        try:
            instant = datetime.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise QueryError(f"column {name} holds {value!r} where an instant belongs", cure=_CURE) from error
        found[index] = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    return found
