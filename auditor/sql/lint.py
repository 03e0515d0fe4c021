"""What a statement of a pack or a mapping may be, checked before anything runs.

The first of two layers (the second is the sandbox): one SELECT; only the given tables and its own CTEs; only functions
and syntax from lists of what is allowed; only known parameters; and names and types that fit the tables.

Whole numbers up to 2147483647 are 32 bits wide in DuckDB, and so is what is computed from them: `30 * 86400000` fails
when it runs. Write `30 * 86400000::bigint`, or use intervals and `date_diff`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from auditor.errors import AuditorError, RulePackError
from auditor.sql.bind import Binder
from auditor.sql.faults import StatementError
from auditor.sql.functions import ALLOWED_FUNCTIONS, CURES
from auditor.sql.nearest import nearest
from auditor.sql.parameters import rewritten, shown
from auditor.sql.parse import called_function, parse_select
from auditor.sql.refusals import TABLE_FUNCTIONS
from auditor.sql.syntax import NAMED_SYNTAX, is_allowed_syntax, is_clock_as_column

_NO_SUCH_FUNCTION = "allowed are the functions of DuckDB that depend on nothing and give the same for the same rows"


@dataclass(frozen=True, slots=True)
class Linted:
    """What the lint found out about a statement that may run.

    Attributes:
        text: the statement to run: `$p.<name>` is written `$p_<name>`.
        tables: the given tables it reads.
        parameters: names of the parameters it uses as they stand in `text`, without `$`.
        columns: names of its columns, in order.
        types: column -> SQL type.
    """

    text: str
    tables: frozenset[str]
    parameters: frozenset[str]
    columns: tuple[str, ...]
    types: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a statement may use.

    Attributes:
        parameters: name as it stands in a statement (`T`, `p_<name>`) -> a value of its type.
        required_columns: columns it must have.
        optional_columns: columns it may have beside them; None: any.
        extra_functions: functions it may call beside those of `ALLOWED_FUNCTIONS`.
    """

    parameters: Mapping[str, object]
    required_columns: Collection[str] = ()
    optional_columns: Collection[str] | None = None
    extra_functions: frozenset[str] = frozenset()


def lint_select(
    text: str,
    *,
    tables: Mapping[str, Mapping[str, str]] | Binder,
    file: str,
    line: int,
    parameters: Mapping[str, object],
    required_columns: Collection[str] = (),
    optional_columns: Collection[str] | None = None,
    extra_functions: Collection[str] = (),
    error: type[AuditorError] = RulePackError,
) -> Linted:
    """Check one statement.

    Args:
        text: the statement as its author wrote it.
        tables: table -> column -> SQL type; or a binder, which is cheaper for many statements and which knows macros.
        file: file the text stands in, for messages.
        line: line of the file the text begins at.
        parameters: name as it stands in a statement (`T`, `p_<name>`) -> a value of its type.
        required_columns: columns the answer must have.
        optional_columns: columns the answer may have beside them; None: any.
        extra_functions: functions it may call beside those of `ALLOWED_FUNCTIONS`, such as macros of the binder.
        error: class of the error to raise.

    Raises:
        AuditorError: of the given class, with file and line.
    """
    rules = Rules(parameters, required_columns, optional_columns, frozenset(extra_functions))
    try:
        if isinstance(tables, Binder):
            return checked(text, tables, rules)
        with Binder(tables) as binder:
            return checked(text, binder, rules)
    except StatementError as fault:
        raise error(fault.what, where=f"{file}:{line + fault.line - 1}", cure=fault.cure) from fault


def checked(text: str, binder: Binder, rules: Rules) -> Linted:
    """Check one statement against rules.

    Raises:
        StatementError: it breaks one.
    """
    runnable = rewritten(text)
    names = names_used(runnable, binder.tables, rules)
    types = binder.columns(runnable, {name: rules.parameters[name] for name in names.parameters})
    _check_columns(types, rules)
    return Linted(runnable, frozenset(names.tables), frozenset(names.parameters), tuple(types), types)


@dataclass(frozen=True, slots=True)
class Names:
    """The given tables that a statement reads and the parameters it uses."""

    tables: set[str]
    parameters: set[str]


def names_used(text: str, tables: Collection[str], rules: Rules) -> Names:
    """The names a statement uses, once its form is found to be allowed; whether they fit is not looked at.

    Args:
        text: the statement as it would run.
        tables: names of the tables it may read.

    Raises:
        StatementError: it is not one SELECT, or holds anything that is not allowed.
    """
    parsed = parse_select(text)
    nodes = list(parsed.query.walk())
    own = _own_tables(nodes, tables)
    found = Names(set(), set())
    for node in nodes:
        called = called_function(node, text)
        if called is not None:
            if not isinstance(node.parent, exp.Table):
                _check_function(called, node, rules)
        elif isinstance(node, exp.Table):
            table = _table_name(node, text, own, tables)
            if table is not None:
                found.tables.add(table)
        elif isinstance(node, exp.Placeholder):
            found.parameters.add(_parameter_name(node, text, rules))
        elif isinstance(node, exp.Lambda) and parsed.arrow_line is not None:
            cure = "write `lambda x: ...`"
            raise StatementError("a lambda with an arrow is no SQL of DuckDB 2", parsed.arrow_line, cure)
        elif is_clock_as_column(node) or not is_allowed_syntax(node):
            _refuse_syntax(node)
    return found


def _own_tables(nodes: Sequence[exp.Expr], tables: Collection[str]) -> frozenset[str]:
    own = set()
    for cte in nodes:
        if not isinstance(cte, exp.CTE):
            continue
        name = cte.alias.lower()
        if name in tables:
            raise StatementError(
                f"the CTE {name} has the name of a table", _line(cte.args["alias"]), "give it another name"
            )
        own.add(name)
    return frozenset(own)


def _table_name(node: exp.Table, text: str, own: frozenset[str], tables: Collection[str]) -> str | None:
    """The given table a reference reads; None for a CTE or an allowed table function."""
    if not isinstance(node.this, exp.Identifier):
        called = called_function(node.this, text) or type(node.this).__name__
        if called not in TABLE_FUNCTIONS:
            cure = f"tables may be made by {', '.join(sorted(TABLE_FUNCTIONS))} only"
            raise StatementError(f"the table function {called} is not allowed", _line(node.this), cure)
        return None
    name = node.name.lower()
    if node.db or node.catalog:
        raise StatementError(f"the table {name} is named with a schema", _line(node.this), "name the table alone")
    if name in own:
        return None
    if name not in tables:
        cure = nearest(name, {*tables, *own})
        raise StatementError(f"there is no table {node.name!r}", _line(node.this), cure)
    return name


def _check_function(name: str, node: exp.Expr, rules: Rules) -> None:
    if name not in ALLOWED_FUNCTIONS and name not in rules.extra_functions:
        cure = CURES.get(name) or nearest(name, ALLOWED_FUNCTIONS | rules.extra_functions, otherwise=_NO_SUCH_FUNCTION)
        raise StatementError(f"the function {name} is not allowed", _line(node), cure)


def _parameter_name(node: exp.Placeholder, text: str, rules: Rules) -> str:
    name = str(node.name)
    if name not in rules.parameters:
        known = [shown(parameter) for parameter in rules.parameters]
        where = text.find(f"${name}")
        line = text.count("\n", 0, max(where, 0)) + 1
        raise StatementError(f"there is no parameter {shown(name)} here", line, nearest(shown(name), known))
    return name


def _refuse_syntax(node: exp.Expr) -> None:
    kind = "CurrentTimestamp" if is_clock_as_column(node) else type(node).__name__
    what, cure = NAMED_SYNTAX.get(kind, (f"this syntax ({kind}) is not allowed", "write it as a plain SELECT"))
    raise StatementError(what, _line(node), cure)


def _check_columns(types: Mapping[str, str], rules: Rules) -> None:
    missing = [name for name in rules.required_columns if name not in types]
    if missing:
        raise StatementError(f"the column {missing[0]} is missing", 1, f"select {', '.join(missing)} as well")
    if rules.optional_columns is not None:
        known = {*rules.required_columns, *rules.optional_columns}
        for name in types:
            if name not in known:
                raise StatementError(f"there is no use for the column {name}", 1, nearest(name, known))


def _line(node: exp.Expr) -> int:
    """Line a node stands on: its own, or that of the first name in it, or that of the nearest node above."""
    current: exp.Expr | None = node
    while current is not None:
        for inner in current.walk():
            if "line" in inner.meta:
                return int(inner.meta["line"])
        current = current.parent
    return 1
