"""Windows of time: in ranges, in names of recorded series (`ratio_rate5m`) and in labels that name one."""

from __future__ import annotations

import re

from auditor.recognise.promql_tree import Aggregate, Binary, Call, Negated, Node, Number, Recorded, Series, Text, Window

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_DURATION = re.compile(r"(?:\d+[smhdwy])+")
_PART = re.compile(r"(\d{1,9})([smhdwy])")
_IN_NAME = re.compile(
    r"(?:(?<=[_:])|(?<=rate)|(?<=ratio)|(?<=increase)|(?<=avg)|(?<=mean)|(?<=over))((?:\d{1,9}[smhdwy])+)(?![A-Za-z0-9])"
)


def duration_s(text: str) -> float | None:
    """Seconds of a duration such as `5m` or `1h30m`; None when the text is none."""
    if not _DURATION.fullmatch(text):
        return None
    return float(sum(int(number) * _UNITS_S[unit] for number, unit in _PART.findall(text)))


def name_window_s(name: str) -> float | None:
    """The window a metric name ends or goes on with; the last one where there are several."""
    found = _IN_NAME.findall(name)
    return duration_s(found[-1]) if found else None


def stem(name: str) -> str:
    """The name without its windows, the same for all series of one indicator."""
    return _IN_NAME.sub("#", name)


def window_s(node: Node) -> float | None:
    """The longest window an expression looks back over; a recorded series by its name where that says one.

    Returns:
        Seconds; None when nothing names a window.
    """
    match node:
        case Series():
            return _series_window_s(node)
        case Recorded(series=series, body=body):
            named = _series_window_s(series)
            return window_s(body) if named is None else named
        case Window(of=of, range_s=range_s):
            return max(range_s, window_s(of) or 0.0)
        case Number() | Text():
            return None
        case Binary(left=left, right=right):
            return _longest(window_s(left), window_s(right))
        case Call(args=args):
            return _longest(*(window_s(arg) for arg in args))
        case Aggregate(of=of) | Negated(of=of):
            return window_s(of)


def shape(node: Node) -> str:
    """The expression without its windows: equal for one indicator over different windows."""
    match node:
        case Number(value=value) | Text(value=value):
            return repr(value)
        case Series() | Recorded():
            series = node.series if isinstance(node, Recorded) else node
            kept = ",".join(f"{label}{op}{value}" for label, op, value in series.matchers if duration_s(value) is None)
            return f"{stem(series.name or '')}{{{kept}}}"
        case Window(of=of):
            return f"{shape(of)}[]"
        case Negated(of=of):
            return f"-{shape(of)}"
        case Call(name=name, args=args):
            return f"{name}({','.join(shape(arg) for arg in args)})"
        case Aggregate(op=op, of=of, grouping=grouping):
            return f"{op} {grouping}({shape(of)})"
        case Binary(op=op, left=left, right=right):
            return f"({shape(left)}{op}{shape(right)})"


def _series_window_s(series: Series) -> float | None:
    named = name_window_s(series.name) if series.name else None
    if named is not None:
        return named
    labelled = (duration_s(value) for label, op, value in series.matchers if op == "=" and "window" in label)
    return next((value for value in labelled if value is not None), None)


def _longest(*windows: float | None) -> float | None:
    return max((window for window in windows if window is not None), default=None)
