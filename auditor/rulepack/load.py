"""Loading a rule pack: every file read strictly, every statement linted, every fault named with file and line."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from auditor import __version__
from auditor.errors import RulePackError
from auditor.model.rubric import LEVELS, Dimension, Indicator, Parameter, RulePack
from auditor.rulepack.faults import Faults
from auditor.rulepack.files import DimensionForm, IndicatorForm, PackForm, read_form
from auditor.rulepack.indicators import Context, build_indicator
from auditor.rulepack.layout import CASES, check_files, check_version, hashed_files
from auditor.rulepack.parameters import declared_parameters, goal_parameters, overridden
from auditor.rulepack.relations import evidence_tables
from auditor.rulepack.views import Tables, load_views
from auditor.sql.bind import Binder
from auditor.sql.nearest import nearest
from auditor.sql.parameters import INDICATOR_PARAMETERS, SAMPLES, VIEW_PARAMETERS, pack_parameter
from auditor.yamlfile import YamlDocument, load_yaml


def load_pack(path: Path, overrides: Mapping[str, object] | None = None) -> RulePack:
    """Load and check a pack.

    Args:
        path: its folder (see `locate_pack`).
        overrides: parameter -> the scope's value.

    Raises:
        RulePackError: anything in it is wrong; every fault with file and line.
    """
    faults = Faults()
    document = load_yaml(path / "pack.yaml", RulePackError)
    pack = read_form(PackForm, document)
    check_version(pack.requires_auditor, __version__, document.place(("requires_auditor",)))
    check_files(path, faults)
    dimensions = _dimensions(path, pack, faults)
    documents = _indicator_documents(path, faults)
    parameters = _parameters(path, documents, overrides or {}, faults)
    with Binder(evidence_tables()) as binder:
        tables = Tables(binder)
        before = len(faults)
        views = load_views(path / "views", path, _samples(VIEW_PARAMETERS, parameters), tables, faults)
        if len(faults) > before:
            # Indicators read views: where a view is missing, their messages would only be its echo.
            faults.raise_any()
        indicators = _indicators(path, documents, parameters, dimensions, tables, faults)
    faults.raise_any()
    order = {code: position for position, code in enumerate(dimensions)}
    indicators.sort(key=lambda entry: (order[entry.dimension], entry.level, int(entry.id.rpartition(".")[2])))
    return RulePack(
        id=pack.id,
        version=pack.version,
        title=pack.title,
        sha256=_hash(path),
        dimensions=dimensions,
        indicators={indicator.id: indicator for indicator in indicators},
        views=tuple(views),
        parameters=parameters,
    )


def _samples(names: frozenset[str], parameters: Mapping[str, Parameter]) -> dict[str, object]:
    """A value of the right type for every parameter a statement may use."""
    own = {pack_parameter(name): _sample(entry.value) for name, entry in parameters.items() if "." not in name}
    return {**{name: SAMPLES[name] for name in sorted(names)}, **own}


def _sample(value: float | str | tuple[str, ...]) -> object:
    # An empty list would have no type.
    return ("",) if value == () else value


def _indicators(
    path: Path,
    documents: list[tuple[IndicatorForm, YamlDocument]],
    parameters: Mapping[str, Parameter],
    dimensions: Mapping[str, Dimension],
    tables: Tables,
    faults: Faults,
) -> list[Indicator]:
    samples = _samples(INDICATOR_PARAMETERS, parameters)
    indicators = []
    for form, document in documents:
        if form.dimension not in dimensions:
            place = document.place(("dimension",))
            faults.add(f"there is no dimension {form.dimension}", place, nearest(form.dimension, dimensions))
        file = document.path.relative_to(path).as_posix()
        indicator = build_indicator(form, Context(tables, parameters, samples, file, document), faults)
        if indicator is not None:
            indicators.append(indicator)
    return indicators


def _dimensions(path: Path, pack: PackForm, faults: Faults) -> dict[str, Dimension]:
    found: dict[str, Dimension] = {}
    for file in sorted((path / "dimensions").glob("*.yaml")):
        with faults.caught():
            document = load_yaml(file, RulePackError)
            form = read_form(DimensionForm, document)
            missing = [level for level in LEVELS if str(level) not in form.statements]
            if missing:
                faults.add(f"no statement for level {missing[0]}", document.place(("statements",)), "write all five")
            if form.code in found:
                faults.add(f"the dimension {form.code} is defined twice", document.place(("code",)), "keep one of them")
            statements = tuple(form.statements.get(level, "") for level in ("1", "2", "3", "4", "5"))
            found[form.code] = Dimension(form.code, form.title, form.summary, statements)
    if sorted(found) != sorted(pack.dimensions):
        listed, defined = ", ".join(pack.dimensions), ", ".join(found) or "none"
        what = f"the pack lists the dimensions {listed}, and its files define {defined}"
        faults.add(what, str(path / "pack.yaml"), "let both agree")
    return {code: found[code] for code in pack.dimensions if code in found}


def _indicator_documents(path: Path, faults: Faults) -> list[tuple[IndicatorForm, YamlDocument]]:
    documents: list[tuple[IndicatorForm, YamlDocument]] = []
    taken: dict[str, str] = {}
    for file in sorted((path / "indicators").glob("*/*.yaml")):
        if file.name.endswith(CASES):
            continue
        with faults.caught():
            document = load_yaml(file, RulePackError)
            form = read_form(IndicatorForm, document)
            for name in (form.id, *form.aliases):
                if name in taken:
                    faults.add(f"the id {name} is taken by {taken[name]}", document.place(("id",)), "ids never repeat")
                taken.setdefault(name, file.relative_to(path).as_posix())
            documents.append((form, document))
    return documents


def _parameters(
    path: Path, documents: list[tuple[IndicatorForm, YamlDocument]], overrides: Mapping[str, object], faults: Faults
) -> dict[str, Parameter]:
    file = path / "parameters.yaml"
    document = None
    with faults.caught():
        document = load_yaml(file, RulePackError) if file.exists() else None
    declared = declared_parameters(document, faults)
    return overridden({**declared, **goal_parameters(form for form, _ in documents)}, overrides, faults)


def _hash(path: Path) -> str:
    """Hash over the files that can change a result: names and contents, in the order of names."""
    digest = hashlib.sha256()
    for file in hashed_files(path):
        name, data = file.relative_to(path).as_posix().encode(), file.read_bytes()
        digest.update(b"%d:%s%d:%s" % (len(name), name, len(data), data))
    return digest.hexdigest()
