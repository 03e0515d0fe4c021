"""Every kind of bad pack is refused with what is wrong, the place, and a cure."""

from __future__ import annotations

from pathlib import Path

import pytest
from rulepack_kit import FILES, load_error, spoil, write_pack

DOC = "indicators/DOC/DOC-2.1.yaml"
PM = "indicators/PM/PM-2.1.yaml"
VIEW = "views/01-live-service.sql"
SECOND = "views/02-agreed-service.sql"
GUARD = "      select null as item\n      from agreed_service\n      having count(distinct _ref) = 1\n"

# Name: file, what stands there, what stands there now, what is said; the place is the first line that differs, or the
# line that is given.
FAULTS: dict[str, tuple[str, ...]] = {
    # pack.yaml, parameters.yaml, dimensions
    "newer auditor": ("pack.yaml", '">=0.1"', '">=99"', "the pack needs auditor >=99"),
    "older auditor": ("pack.yaml", '">=0.1"', '">=0.0.1, <0.1"', "the pack needs auditor >=0.0.1, <0.1"),
    "odd version": ("pack.yaml", '">=0.1"', '"~=0.1"', "'~=0.1' names no versions"),
    "unknown key": ("pack.yaml", "title: A", "titel: x\ntitle: A", "titel: there is no such key; did you mean title?"),
    "pack id": ("pack.yaml", "id: small", "id: Small Pack", "id: "),
    "duplicate key": ("pack.yaml", "version: 0.1.0", "id: other\nversion: 0.1.0", "the key 'id' is given twice"),
    "bad default": (
        "parameters.yaml",
        "  - name: tier_max\n    value: 2",
        "  - name: tier_max\n    value: 7",
        "the default of tier_max is above 4",
    ),
    "parameter name": ("parameters.yaml", "name: kinds", "name: Kinds", "parameters.1.name: "),
    "undocumented parameter": (
        "parameters.yaml",
        "doc: Kinds of agreement that count.",
        'doc: ""',
        "parameters.1.doc: must not be empty",
    ),
    "parameter twice": (
        "parameters.yaml",
        "  - name: kinds",
        "  - name: tier_max",
        "the parameter tier_max is declared twice",
    ),
    "empty statement": ("dimensions/01-documentation.yaml", "3: Much.", '3: ""', "statements.3: must not be empty"),
    "level six": ("dimensions/01-documentation.yaml", "  5: All, from", "  6: All, from", "statements.6"),
    # forms of indicators
    "unknown field": (DOC, "asks: documented", "ask: documented", "ask: there is no such key; did you mean asks?"),
    "wrong type": (DOC, "level: 2", 'level: "2"', "level: Input should be a valid integer"),
    "YAML of old": (DOC, "per_service: true", "per_service: yes", "per_service: Input should be a valid boolean"),
    "unknown choice": (DOC, "role: core", "role: chief", "role: Input should be 'core', 'supporting' or 'diagnostic'"),
    "goal": (DOC, "goal: 0.9", "goal: high", "goal"),
    "goal below zero": (DOC, "goal: 0.9", "goal: -1", "goal"),
    "goal parameter": (
        PM,
        "{parameter: measured_goal}",
        "{parameter: measured}",
        "the goal measured is no number of parameters.yaml",
    ),
    "goal is a list": (PM, "{parameter: measured_goal}", "{parameter: kinds}", "the goal kinds is no number"),
    "no effect": (DOC, "effect: factor", "effect: halve", "guards.0.effect: Input should be"),
    "needless amount": (DOC, "effect: factor", "effect: flag", "guard one-agreement: an amount belongs to"),
    "no reason": (
        DOC,
        "    effect: factor\n    amount: 0.5",
        "    effect: unknown",
        "guard one-agreement: a reason belongs to",
    ),
    "unknown reason": (
        DOC,
        "    effect: factor\n    amount: 0.5",
        "    effect: unknown\n    reason: stale",
        "there is no reason 'stale'",
        "    reason: stale",
    ),
    "window": (
        PM,
        "{days: 30, widen: [90, 180]}",
        "{days: 30, months: 1}",
        "a window has one of days, months and quarters",
    ),
    "window narrows": (PM, "{days: 30, widen: [90, 180]}", "{days: 30, widen: [20]}", "a window has one of"),
    "alias": (DOC, "lifecycle: stable", "aliases: [doc-2]\nlifecycle: stable", "aliases.0"),
    # what belongs together
    "level in the id": (
        DOC,
        "level: 2",
        "level: 3",
        "the id DOC-2.1 does not fit dimension DOC and level 3",
        "id: DOC-2.1",
    ),
    "dimension in the id": (
        DOC,
        "dimension: DOC",
        "dimension: PM",
        "the id DOC-2.1 does not fit dimension PM and level 2",
        "id: DOC-2.1",
    ),
    "unknown stream": (
        DOC,
        "  service: population",
        "  servce: optional\n  service: population",
        "there is no stream 'servce'",
    ),
    "control stream": (
        DOC,
        "  service: population",
        "  waiver: optional\n  service: population",
        "there is no stream 'waiver'",
    ),
    "unknown kind": (DOC, "kinds: [SLA]", "kinds: [SLAs]", "the stream agreement has no kind 'SLAs'"),
    "undeclared read": (
        DOC,
        "  agreement: {use: optional, kinds: [SLA]}\n",
        "",
        "DOC-2.1 reads the stream agreement, which its needs do not name",
        "needs:",
    ),
    "unused need": (
        DOC,
        "  service: population",
        "  party: optional\n  service: population",
        "DOC-2.1 needs the stream party and never reads it",
    ),
    "check twice": (
        DOC,
        "id: live",
        "id: one-agreement",
        "two counter-checks are called one-agreement",
        "guards:",
    ),
    # statements: the line inside the block is meant
    "unknown column": (DOC, "list(s._ref)", "list(s._reff)", 'does not have a column named "_reff"'),
    "unknown table": (
        DOC,
        "from live_service as s left",
        "from live_servce as s left",
        "there is no table 'live_servce'",
    ),
    "unknown function": (DOC, "list(s._ref)", "lizt(s._ref)", "the function lizt is not allowed"),
    "clock": (DOC, "list(s._ref)", "list(now())", "the function now is not allowed"),
    "unknown parameter": (PM, "period_end > $W ", "period_end > $W31 ", "there is no parameter $W31"),
    "unknown pack parameter": (VIEW, "$p.tier_max", "$p.tier", "there is no parameter $p.tier"),
    "window in a view": (VIEW, "tier <= $p.tier_max", "$W is null", "there is no parameter $W"),
    "window without one": (DOC, "as evidence\n", "as evidence, $W as react_by\n", "there is no parameter $W"),
    "syntax in the items": (DOC, "  group by s.service_id", "  group by by s.service_id", "SQL syntax"),
    "syntax in a guard": (
        DOC,
        "      having count(distinct _ref) = 1",
        "      having count(distinct _ref = 1",
        "SQL syntax",
    ),
    "file in a guard": (
        DOC,
        "      from agreed_service\n",
        "      from read_csv('/etc/hostname')\n",
        "the table function read_csv is not allowed",
    ),
    "table of a file": (
        DOC,
        "      from agreed_service\n",
        "      from '/etc/hostname'\n",
        "there is no table '/etc/hostname'",
    ),
    "proof": (
        PM,
        "select count(*) > 0 from source_run",
        "select count(*) from source_run",
        "a proof answers with one boolean",
    ),
    "syntax in a view": (VIEW, "where status", "were status", "SQL syntax"),
    "delete in a view": (
        SECOND,
        "where list_contains($p",
        "; delete from service --",
        "only one SELECT may stand here",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_is_named_with_its_file_and_line(pack: Path, name: str) -> None:
    file, old, new, says, *line = FAULTS[name]
    place = spoil(pack, file, old, new)
    if line:
        place = f"{pack / file}:{(pack / file).read_text().splitlines().index(line[0]) + 1}"
    error = load_error(pack)
    assert says in error.what.splitlines()[0]
    assert error.where == place


# Statements whose columns do not fit: the place is the first line of the statement.
SHAPES = {
    "missing column": ("    list(s._ref) as evidence\n", "    1 as service\n", "the column evidence is missing"),
    "needless column": ("as evidence\n", "as evidence, 1 as weight\n", "there is no use for the column weight"),
    "measure column": ("as met_lo", "as value_lo", "the column met_lo is missing"),
    "evidence is text": ("list(s._ref) as evidence", "min(s._ref) as evidence", "the column evidence is VARCHAR"),
    "degree is boolean": (
        "cast(count(a.service_id) > 0 as double) as met_lo",
        "count(a.service_id) > 0 as met_lo",
        "the column met_lo is BOOLEAN",
    ),
    "id is a number": (
        "s.service_id as item,",
        "count(*) as item,",
        "the column item is BIGINT, where text is expected",
    ),
    "id is null": ("s.service_id as item,", "null as item,", "the column item is"),
    "no service": ("as item, s.service_id,", "as item,", "per_service asks for the column service_id"),
    "reaction": (
        "as evidence\n",
        "as evidence, $T as react_by\n",
        "a reaction window and the column react_by go together",
    ),
    "absent is text": (
        "as evidence\n",
        "as evidence, 'agreement' as absent\n",
        "the column absent is VARCHAR, where a list of texts",
    ),
    "two of one name": ("as evidence\n", "as evidence, 'x' as item\n", "two columns named item"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_columns_that_do_not_fit_are_named_at_the_statement(pack: Path, name: str) -> None:
    old, new, says = SHAPES[name]
    spoil(pack, DOC, old, new)
    error = load_error(pack)
    assert says in error.what
    first = FILES[DOC].splitlines().index("items: |") + 2
    assert error.where == f"{pack / DOC}:{first}"


def test_a_guard_has_columns_of_its_own(pack: Path) -> None:
    spoil(pack, DOC, "select null as item", "select null as item, 'x' as evidence")
    error = load_error(pack)
    assert "the column evidence is VARCHAR" in error.what
    assert error.where == f"{pack / DOC}:{FILES[DOC].splitlines().index(GUARD.splitlines()[0]) + 1}"


def test_null_and_empty_lists_fit_every_optional_column(pack: Path) -> None:
    from auditor.rulepack.load import load_pack

    spoil(pack, DOC, "as evidence\n", "as evidence, null as note, [] as absent, null as undecided, null as unsure\n")
    assert load_pack(pack).indicators["DOC-2.1"].items


def test_a_view_that_reads_a_later_view_is_told_so(tmp_path: Path) -> None:
    folder = write_pack(tmp_path, {"views/00-early.sql": "-- Early.\nselect service_id\nfrom live_service\n"})
    error = load_error(folder)
    assert error.what == "the view live_service is not there yet: 01-live-service.sql comes later, or is this one"
    assert error.where == f"{folder / 'views/00-early.sql'}:3"
    assert "number the files" in str(error.cure)


def test_views_that_read_each_other_are_refused(tmp_path: Path) -> None:
    changed = {VIEW: "-- One.\nselect service_id from agreed_service\n"}
    error = load_error(write_pack(tmp_path, changed))
    assert "agreed_service is not there yet" in error.what


def test_a_view_that_fails_is_named_once_and_not_through_those_that_read_it(pack: Path) -> None:
    spoil(pack, VIEW, "from service", "from servce")
    error = load_error(pack)
    assert error.what == "there is no table 'servce'"


@pytest.mark.parametrize(
    ("file", "text", "says", "line"),
    [
        ("views/03-service.sql", "-- A view.\nselect 1 as one\n", "there is a table or view service already", ""),
        (
            "views/03-live-service.sql",
            "-- A view.\nselect 1 as one\n",
            "there is a table or view live_service already",
            "",
        ),
        ("views/03-calendar-month.sql", "-- A view.\nselect 1 as one\n", "there is a table or view calendar_month", ""),
        ("views/03-Other.sql", "-- A view.\nselect 1 as one\n", "the name of the file does not fit a view", ""),
        ("views/03-other.sql", "select 1 as one\n", "the view has no description", ":1"),
        ("views/03-other.sql", "-- Only words.\n", "only one SELECT may stand here", ":2"),
        ("views/03-other.yml", "x: 1\n", "would never be read", ""),
        ("indicators/DOC-2.2.yaml", "x: 1\n", "would never be read", ""),
        ("indicators/DOC/more/DOC-2.2.yaml", "x: 1\n", "would never be read", ""),
        ("indicators/DOC/DOC-2.2.yml", "x: 1\n", "would never be read", ""),
        ("indicators/DOC/DOC-2.2.yaml", "", "a map of keys and values is expected", ":1"),
        ("indicators/DOC/DOC-2.2.yaml", "x: [1\n", "not YAML", ":2"),
        (
            "dimensions/03-doc.yaml",
            FILES["dimensions/01-documentation.yaml"],
            "the dimension DOC is defined twice",
            ":1",
        ),
    ],
)
def test_a_file_that_does_not_belong_is_named(tmp_path: Path, file: str, text: str, says: str, line: str) -> None:
    folder = write_pack(tmp_path, {file: text})
    error = load_error(folder)
    assert says in error.what
    assert error.where == f"{folder / file}{line}"


def test_files_and_ids_go_together(tmp_path: Path) -> None:
    text = FILES[DOC]
    error = load_error(write_pack(tmp_path / "name", {"indicators/DOC/DOC-2.2.yaml": text, DOC: None}))
    assert error.what == "DOC-2.1 stands in DOC/DOC-2.2.yaml"
    error = load_error(write_pack(tmp_path / "folder", {"indicators/PM/DOC-2.1.yaml": text, DOC: None}))
    assert error.what == "DOC-2.1 stands in PM/DOC-2.1.yaml"
    both = load_error(write_pack(tmp_path / "twice", {"indicators/PM/DOC-2.1.yaml": text}))
    assert both.what.splitlines()[0] == "the id DOC-2.1 is taken by indicators/DOC/DOC-2.1.yaml"


def test_an_alias_is_an_id_that_is_taken(pack: Path) -> None:
    place = spoil(pack, PM, "aliases: [PM-2.9]", "aliases: [DOC-2.1]")
    error = load_error(pack)
    assert error.what == "the id DOC-2.1 is taken by indicators/DOC/DOC-2.1.yaml"
    assert error.where == place.replace(":2", ":1")


def test_dimensions_of_pack_and_files_agree(pack: Path) -> None:
    spoil(pack, "pack.yaml", "[DOC, PM]", "[DOC]")
    error = load_error(pack)
    assert "the pack lists the dimensions DOC, and its files define DOC, PM" in error.what
    assert "there is no dimension PM" in error.what


def test_a_dimension_without_all_statements_is_refused(pack: Path) -> None:
    spoil(pack, "dimensions/01-documentation.yaml", "  3: Much.\n", "")
    assert load_error(pack).what.startswith("no statement for level 3")


def test_many_faults_are_told_at_once_each_with_its_place(pack: Path) -> None:
    places = [
        spoil(pack, "parameters.yaml", "    high: 4", "    high: 1"),
        spoil(pack, DOC, "list(s._ref)", "list(s._reff)"),
        spoil(pack, DOC, "having count(distinct _ref) = 1", "having count(distinct nothing) = 1"),
        spoil(pack, PM, "period_end > $W ", "period_end > $W31 "),
    ]
    error = load_error(pack)
    told = str(error)
    assert len(error.what.splitlines()) == 4
    for place in places[1:]:
        assert place in told
    assert str(pack / "parameters.yaml") in told


def test_the_list_of_faults_ends_somewhere(tmp_path: Path) -> None:
    broken = {
        f"indicators/DOC/DOC-2.{number}.yaml": FILES[DOC]
        .replace("DOC-2.1", f"DOC-2.{number}")
        .replace("list(s._ref)", "list(s._reff)")
        for number in range(2, 72)
    }
    lines = load_error(write_pack(tmp_path, broken)).what.splitlines()
    assert len(lines) == 51
    assert lines[-1] == "and 20 more"


def test_a_folder_without_a_pack_is_refused(tmp_path: Path) -> None:
    error = load_error(tmp_path)
    assert error.where == str(tmp_path / "pack.yaml")


def test_a_view_that_is_not_text_is_refused(pack: Path) -> None:
    (pack / VIEW).write_bytes(b"-- \xff\xfe\nselect 1 as one")
    error = load_error(pack)
    assert error.what == "the view cannot be read as UTF-8 text"
