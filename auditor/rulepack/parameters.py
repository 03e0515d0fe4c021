"""The parameters of a pack: defaults from its files, values from the scope's overrides, within their bounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from auditor.model.rubric import Parameter
from auditor.rulepack.faults import Faults
from auditor.rulepack.files import IndicatorForm, ParameterForm, ParametersForm, ParameterValue, read_form
from auditor.sql.nearest import nearest
from auditor.yamlfile import YamlDocument

GOAL_PREFIX = "goal."
_MEND = "mend parameters.yaml"


def declared_parameters(document: YamlDocument | None, faults: Faults) -> dict[str, Parameter]:
    """The parameters of `parameters.yaml` by name; no file, no parameters."""
    parameters: dict[str, Parameter] = {}
    if document is None:
        return parameters
    with faults.caught():
        for position, form in enumerate(read_form(ParametersForm, document).parameters):
            place = document.place(("parameters", position))
            if form.name in parameters:
                faults.add(f"the parameter {form.name} is declared twice", place, _MEND)
            parameter = _parameter(form)
            problem = _problem(parameter, parameter.value)
            if problem:
                value_at = document.place(("parameters", position, "value"))
                faults.add(f"the default of {form.name} {problem}", value_at, _MEND)
            parameters[form.name] = parameter
    return parameters


def goal_parameters(forms: Iterable[IndicatorForm]) -> dict[str, Parameter]:
    """The goals that indicators state themselves, as parameters `goal.<indicator>`."""
    goals = {}
    for form in forms:
        if isinstance(form.goal, float | int):
            name = GOAL_PREFIX + form.id
            high = 1.0 if form.unit == "share" else None
            doc = f"Goal of {form.id} ({form.unit})."
            goals[name] = Parameter(name, float(form.goal), form.unit, 0.0, high, doc, form.basis)
    return goals


def overridden(
    parameters: Mapping[str, Parameter], overrides: Mapping[str, object], faults: Faults
) -> dict[str, Parameter]:
    """The parameters with the scope's values in place of defaults."""
    used = dict(parameters)
    for name, value in overrides.items():
        parameter = parameters.get(name)
        place = f"parameter {name}"
        if parameter is None:
            cure = nearest(name, parameters, otherwise="`auditor rules docs` lists the parameters")
            faults.add(f"the rule pack has no parameter {name}", place, cure)
            continue
        plain = tuple(value) if isinstance(value, list) else value
        problem = _problem(parameter, plain)
        if problem:
            faults.add(f"the value {value!r} {problem}", place, "give a value within the bounds")
        elif isinstance(plain, bool | int | float | str | tuple):
            number = float(plain) if isinstance(parameter.value, float) and isinstance(plain, int) else plain
            used[name] = replace(parameter, value=number)
    return used


def _parameter(form: ParameterForm) -> Parameter:
    low = None if form.low is None else float(form.low)
    high = None if form.high is None else float(form.high)
    return Parameter(form.name, _value(form.value), form.unit, low, high, form.doc, form.basis)


def _value(value: ParameterValue) -> float | int | str | tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else value


def _problem(parameter: Parameter, value: object) -> str | None:
    """What is wrong with a value of a parameter, to follow its name."""
    default = parameter.value
    if isinstance(default, tuple):
        return (
            None
            if isinstance(value, tuple) and all(isinstance(entry, str) for entry in value)
            else "is no list of texts"
        )
    if isinstance(default, bool) or isinstance(value, bool):
        return None if isinstance(default, bool) and isinstance(value, bool) else "is not of the default's type"
    if isinstance(default, str):
        return None if isinstance(value, str) else "is not text"
    if not isinstance(value, int | float):
        return "is not a number"
    if isinstance(default, int) and not isinstance(value, int):
        return "is not a whole number"
    if parameter.low is not None and value < parameter.low:
        return f"is below {parameter.low:g}"
    if parameter.high is not None and value > parameter.high:
        return f"is above {parameter.high:g}"
    return None
