"""The syntax a statement may be made of, by SQLGlot's names for it; what is not listed is refused."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

_CLAUSES = (
    exp.Select,
    exp.Union,
    exp.Except,
    exp.Intersect,
    exp.Subquery,
    exp.With,
    exp.CTE,
    exp.From,
    exp.Join,
    exp.Lateral,
    exp.Unnest,
    exp.Values,
    exp.Table,
    exp.TableAlias,
    exp.Where,
    exp.Group,
    exp.GroupingSets,
    exp.Cube,
    exp.Rollup,
    exp.Having,
    exp.Qualify,
    exp.Order,
    exp.Ordered,
    exp.Limit,
    exp.LimitOptions,
    exp.Offset,
    exp.Distinct,
    exp.Window,
    exp.WindowSpec,
    exp.Filter,
    exp.WithinGroup,
    exp.IgnoreNulls,
    exp.RespectNulls,
)
_NAMES_AND_VALUES = (
    exp.Identifier,
    exp.Column,
    exp.PositionalColumn,
    exp.Alias,
    exp.Dot,
    exp.Star,
    exp.Var,
    exp.Literal,
    exp.Boolean,
    exp.Null,
    exp.Interval,
    exp.DataType,
    exp.DataTypeParam,
    exp.ColumnDef,
    exp.Array,
    exp.List,
    exp.Struct,
    exp.Map,
    exp.ToMap,
    exp.PropertyEQ,
    exp.Tuple,
    exp.Paren,
)
_OPERATORS = (
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Div,
    exp.IntDiv,
    exp.Mod,
    exp.Pow,
    exp.Neg,
    exp.DPipe,
    exp.And,
    exp.Or,
    exp.Not,
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.NullSafeEQ,
    exp.NullSafeNEQ,
    exp.Is,
    exp.In,
    exp.Between,
    exp.Like,
    exp.ILike,
    exp.Escape,
    exp.Any,
    exp.All,
    exp.Exists,
    exp.Case,
    exp.If,
    exp.Cast,
    exp.TryCast,
    exp.Bracket,
    exp.Slice,
    exp.Lambda,
    exp.Comprehension,
    exp.JSONExtract,
    exp.JSONExtractScalar,
    exp.JSONPath,
    exp.JSONPathKey,
    exp.JSONPathRoot,
    exp.JSONPathSubscript,
    exp.JSONPathWildcard,
    exp.ArrayOverlaps,
    exp.AtTimeZone,
)
# Calls with a syntax of their own: SQLGlot does not keep where their name stands. All others are checked by name.
_CALLS = (
    exp.AnyValue,
    exp.ArgMax,
    exp.ArgMin,
    exp.Ceil,
    exp.Chr,
    exp.Extract,
    exp.Floor,
    exp.GroupConcat,
    exp.Max,
    exp.Min,
    exp.PercentileCont,
    exp.PercentileDisc,
    exp.StrPosition,
    exp.Substring,
    exp.Trim,
)

_ALLOWED = frozenset((*_CLAUSES, *_NAMES_AND_VALUES, *_OPERATORS, *_CALLS))

_CLOCK = ("the clock is not there", "use $T, the instant of the audit")
_OTHER_MEANING = ("the operator ~ means something else in DuckDB 2", "use regexp_matches or regexp_full_match")
_NO_SAMPLE = ("a random sample is not the same twice", "leave the sample out")
_PLAIN_STRING = ("this kind of string is not allowed", "write it between single quotes")
NAMED_SYNTAX: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("CurrentDate", "CurrentTime", "CurrentTimestamp", "Localtime", "Localtimestamp"), _CLOCK),
    **dict.fromkeys(("RegexpLike", "RegexpFullMatch"), _OTHER_MEANING),
    **dict.fromkeys(("ByteString", "RawString", "HexString", "BitString", "Heredoc", "National"), _PLAIN_STRING),
    "TableSample": _NO_SAMPLE,
    "Pivot": ("PIVOT is not allowed", "group, with FILTER for each column"),
    "Columns": ("COLUMNS is not allowed", "name the columns"),
    "HistoricalData": ("a table has no other versions here", "leave AT out"),
    "Into": ("SELECT INTO writes a table", "leave INTO out"),
    "Lock": ("there is nothing to lock", "leave FOR UPDATE out"),
    **dict.fromkeys(
        ("Insert", "Update", "Delete", "Merge"), ("a statement that changes data is not allowed", "only read")
    ),
}
"""Kind of syntax that is refused -> what is wrong with it, and the cure."""


_CLOCK_COLUMNS = frozenset({"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"})


def is_clock_as_column(node: exp.Expr) -> bool:
    """Whether a node is a quoted name that DuckDB takes for the clock where no table has such a column."""
    return isinstance(node, exp.Column) and not node.table and node.name.lower() in _CLOCK_COLUMNS


def is_allowed_syntax(node: exp.Expr) -> bool:
    """Whether a node is of a kind that may stand in a statement."""
    return type(node) in _ALLOWED
