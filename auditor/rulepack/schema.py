"""JSON Schemas of a pack's files, for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.rulepack.case_forms import CaseForm, CasesForm, ExpectForm, ExpectRowsForm
from auditor.rulepack.files import DimensionForm, Form, IndicatorForm, PackForm, ParametersForm

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FORMS: Mapping[str, type[Form]] = {
    "pack": PackForm,
    "parameters": ParametersForm,
    "dimension": DimensionForm,
    "indicator": IndicatorForm,
}
_CASES: Mapping[str, type[Form]] = {"cases": ExpectForm, "view-cases": ExpectRowsForm}

NAMES = (*_FORMS, *_CASES)
"""Names of the schemas: one for each kind of file."""


def pack_schema(name: str) -> Mapping[str, Any]:
    """The JSON Schema of a kind of file.

    Raises:
        KeyError: `NAMES` does not have it.
    """
    if name in _FORMS:
        return {"$schema": _DIALECT, **_FORMS[name].model_json_schema()}
    schema, case, expect = (form.model_json_schema() for form in (CasesForm, CaseForm, _CASES[name]))
    # The forms keep what is inside open, so that each part is reported with its own line; the schema has it all.
    schema["properties"]["cases"]["items"] = {"$ref": "#/$defs/CaseForm"}
    case["properties"]["expect"] = {"$ref": "#/$defs/Expect"}
    definitions = {**schema.pop("$defs", {}), **case.pop("$defs", {}), **expect.pop("$defs", {})}
    return {"$schema": _DIALECT, **schema, "$defs": {**definitions, "CaseForm": case, "Expect": expect}}
