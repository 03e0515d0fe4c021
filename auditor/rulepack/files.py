"""The forms of a pack's files: what each YAML file may hold, checked with file and line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from auditor.errors import RulePackError
from auditor.rulepack.faults import joined
from auditor.sql.nearest import nearest
from auditor.yamlfile import YamlDocument

Text = Annotated[str, Field(min_length=1)]
IndicatorId = Annotated[str, Field(pattern=r"^[A-Z]{2,6}-[1-5]\.[0-9]+$")]
ParameterValue = bool | int | float | str | list[str]


class Form(BaseModel):
    """Base of every form: typed strictly, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PackForm(Form):
    """`pack.yaml`."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    version: Text
    title: Text
    requires_auditor: Text
    dimensions: Annotated[list[str], Field(min_length=1)]


class ParameterForm(Form):
    """One entry of `parameters.yaml`."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    value: ParameterValue
    unit: str | None = None
    low: float | int | None = None
    high: float | int | None = None
    doc: Text
    basis: Text


class ParametersForm(Form):
    """`parameters.yaml`."""

    parameters: list[ParameterForm]


class DimensionForm(Form):
    """`dimensions/*.yaml`."""

    code: Annotated[str, Field(pattern=r"^[A-Z]{2,6}$")]
    title: Text
    summary: Text
    statements: dict[Literal["1", "2", "3", "4", "5"], Text]


class NeedForm(Form):
    """A stream that is read for completeness of some kinds only."""

    use: Literal["population", "optional"]
    kinds: list[str] = Field(default_factory=list)


class WindowForm(Form):
    """A look-back window: exactly one of the three lengths."""

    days: Annotated[int, Field(ge=1, le=3660)] | None = None
    months: Annotated[int, Field(ge=1, le=15)] | None = None
    quarters: Annotated[int, Field(ge=1, le=5)] | None = None
    widen: list[Annotated[int, Field(ge=1, le=3660)]] = Field(default_factory=list)


class WhenEmptyForm(Form):
    """What an empty population means."""

    no_source: Literal["unknown"]
    nothing_found: Literal["unknown", "met", "not-met", "not-applicable"]
    proof: str | None = None


class GuardForm(Form):
    """A counter-check with an effect."""

    id: Text
    effect: Literal["factor", "cap", "undecided", "unknown", "flag"]
    amount: Annotated[float | int, Field(ge=0, le=1)] | None = None
    reason: str | None = None
    says: Text
    sql: Text


class NoteForm(Form):
    """A counter-check that is a condition of the items, or a limit."""

    id: Text
    says: Text


class RemediationForm(Form):
    """What to do."""

    effort: Literal["S", "M", "L"]
    text: Text


class GoalForm(Form):
    """A goal that is a parameter of the pack."""

    parameter: Text


class IndicatorForm(Form):
    """`indicators/<DIM>/<id>.yaml`."""

    id: IndicatorId
    aliases: list[IndicatorId] = Field(default_factory=list)
    version: Annotated[int, Field(ge=1)]
    lifecycle: Literal["experimental", "stable", "deprecated"]
    dimension: Text
    level: Annotated[int, Field(ge=1, le=5)]
    role: Literal["core", "supporting", "diagnostic"]
    type: Literal["population", "event", "checklist", "measure"]
    question: Text
    why: Text
    basis: Text
    asks: Literal["documented", "configured", "operating", "outcome"]
    needs: Annotated[dict[str, Literal["population", "optional"] | NeedForm], Field(min_length=1)]
    unit: Text
    direction: Literal["more", "less"]
    goal: Annotated[float | int, Field(ge=0)] | GoalForm
    min_n: Annotated[int, Field(ge=0)]
    max_pull_age: Literal["std"] | Annotated[int, Field(ge=1)]
    window: Literal["none"] | WindowForm
    reaction_window: Text
    when_empty: WhenEmptyForm
    per_service: bool
    items: Text
    guards: list[GuardForm] = Field(default_factory=list)
    conditions: list[NoteForm] = Field(default_factory=list)
    limits: list[NoteForm] = Field(default_factory=list)
    look_at: Text
    remediation: RemediationForm


_CURE = "compare with a pack that comes with the auditor"
FormT = TypeVar("FormT", bound=Form)


def read_form(form: type[FormT], document: YamlDocument, value: Any = None, at: Sequence[str | int] = ()) -> FormT:
    """A document, or a part of it, as its form.

    Args:
        value: the part; None: the whole document.
        at: path of the part inside the document.

    Raises:
        RulePackError: every fault, each with file and line.
    """
    content = document.value if value is None else value
    if not isinstance(content, Mapping):
        raise RulePackError("a map of keys and values is expected", where=document.place(tuple(at)), cure=_CURE)
    try:
        return form.model_validate(content)
    except ValidationError as error:
        raise _faults(form, error, document, tuple(at)) from error


def _faults(
    form: type[Form], error: ValidationError, document: YamlDocument, at: tuple[str | int, ...]
) -> RulePackError:
    found: dict[tuple[str | int, ...], RulePackError] = {}
    # Unknown keys first: a misspelt key is missing under its right name too.
    for fault in sorted(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden"):
        path = (*at, *(part for part in fault["loc"] if not _is_choice(part)))
        name = ".".join(str(part) for part in path)
        # Of a choice between forms the first one speaks for all.
        what = f"{name}: {_plain(form, fault)}"
        found.setdefault(path, RulePackError(what, where=document.place(path), cure=_CURE))
    return joined(list(found.values()))


def _is_choice(part: str | int) -> bool:
    """Pydantic names the branch of a union in the path; a person did not write that."""
    return isinstance(part, str) and (part.endswith("Form") or "[" in part or part in ("int", "float", "str", "bool"))


def _plain(form: type[Form], fault: Any) -> str:
    if fault["type"] == "extra_forbidden":
        return f"there is no such key; {nearest(str(fault['loc'][-1]), form.model_fields)}"
    known = {"missing": "this key is missing", "string_too_short": "must not be empty"}
    return known.get(fault["type"], str(fault["msg"]).removeprefix("Value error, "))
