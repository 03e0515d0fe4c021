"""An Alertmanager configuration as a tree of routes, receivers and inhibitions; matchers of the old and new syntax."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

MAX_CHARS = 4_000_000
"""Longest configuration that is read."""
MAX_ROUTES = 20_000
"""Most routes that are read; YAML aliases could make a short text mean very many."""
MAX_DEPTH = 60
"""Deepest nesting of routes that is read."""

_MATCHER = re.compile(r'\s*(?:([A-Za-z_:][A-Za-z0-9_:]*)|"((?:\\.|[^"\\])*)")\s*(=~|!=|!~|=)\s*(.*?)\s*', re.DOTALL)
_TRUE = frozenset({"true", "yes", "on", "y"})
_REPEATED_GROUP = re.compile(r"\)[*+{]")
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*+\]|\(\?[^)]{1,12}?[:>)]|[*+?{][0-9,]*+}?\??|.", re.DOTALL)
MAX_VALUE = 200
"""Longest value of a label that is compared with a pattern."""
_MAX_WAYS = MAX_VALUE**3
"""Most ways in which a pattern may divide such a value: three times anything at all, as in `.*a.*b.*`."""
_FOREIGN_PATTERN = re.compile(r"\[\[:|\\[pPQzC]")
_ESCAPES = {"n": "\n", '"': '"', "\\": "\\"}


class ConfigFault(ValueError):
    """A configuration, or a matcher in it, that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label; a label that is absent is the empty text."""

    label: str
    op: str
    value: str
    pattern: re.Pattern[str] | None = None

    def __str__(self) -> str:
        return f'{self.label}{self.op}"{self.value}"'

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert with these labels meets it; a pattern must meet the whole value."""
        value = labels.get(self.label, "")
        met = value == self.value if self.pattern is None else self.pattern.fullmatch(value) is not None
        return met is (self.op in {"=", "=~"})


@dataclass(frozen=True, slots=True)
class Route:
    """One node of the tree.

    Attributes:
        path: where it stands: `route`, `route.routes[2]` and so on.
        receiver: name of its receiver, its own or that of the route above.
        matchers: all must be met.
        goes_on: a match does not end the search among its siblings (`continue`).
        mutes: names of time intervals it is silent in.
        actives: names of time intervals it is silent outside of.
        routes: the routes below it.
    """

    path: str
    receiver: str
    matchers: tuple[Matcher, ...]
    goes_on: bool
    mutes: tuple[str, ...]
    actives: tuple[str, ...]
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class Inhibition:
    """Alerts that meet `target` are silent while one that meets `source` fires."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]


@dataclass(frozen=True, slots=True)
class AlertConfig:
    """A configuration.

    Attributes:
        root: the tree of routes.
        receivers: name -> integration (`slack_configs` and so on) -> its settings.
        inhibitions: rules that silence alerts while others fire.
        asked: labels that some route asks for.
    """

    root: Route
    receivers: Mapping[str, Mapping[str, Sequence[Any]]]
    inhibitions: tuple[Inhibition, ...]
    asked: frozenset[str]


def read_config(text: str) -> AlertConfig:
    """Read the YAML of a configuration.

    Raises:
        ConfigFault: it is no YAML, has no route with a receiver, or uses what is not understood here.
    """
    if len(text) > MAX_CHARS:
        raise ConfigFault(f"the configuration has {len(text)} characters, more than {MAX_CHARS}")
    try:
        # The base loader leaves every scalar text, as Alertmanager's own does where it wants text: `yes` stays `yes`.
        data = yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506 -- the base loader makes nothing but text
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigFault(f"the configuration is no YAML: {' '.join(str(error).split())[:200]}") from error
    top = _mapping(data, "the configuration")
    receivers = {}
    for entry in _list(top.get("receivers"), "receivers"):
        receiver = _mapping(entry, "a receiver")
        receivers[_text(receiver.get("name", ""), "the name of a receiver")] = {
            key: _list(value, key) for key, value in receiver.items() if key.endswith("_configs") and value
        }
    root = _route(top.get("route"), "route", "", 0, iter(range(MAX_ROUTES)))
    inhibitions = tuple(_inhibition(entry) for entry in _list(top.get("inhibit_rules"), "inhibit_rules"))
    return AlertConfig(root, receivers, inhibitions, frozenset(_asked(root)))


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """Matchers as one text: `severity="page", team=~"a|b"`, in braces or without.

    Raises:
        ConfigFault: one of them is none.
    """
    inner = text.removeprefix("{").removesuffix("}")
    return tuple(_matcher(piece) for piece in _pieces(inner))


def _route(data: Any, path: str, receiver: str, depth: int, budget: Iterator[int]) -> Route:
    if depth > MAX_DEPTH or next(budget, None) is None:
        raise ConfigFault(f"more than {MAX_ROUTES} routes, or routes nested deeper than {MAX_DEPTH}")
    node = _mapping(data, path)
    own = _text(node.get("receiver") or receiver, f"receiver of {path}")
    if not own:
        raise ConfigFault(f"{path} has no receiver")
    below = tuple(
        _route(entry, f"{path}.routes[{at}]", own, depth + 1, budget)
        for at, entry in enumerate(_list(node.get("routes"), f"{path}.routes"))
    )
    return Route(
        path=path,
        receiver=own,
        matchers=_all_matchers(node, "", path),
        goes_on=_text(node.get("continue", ""), f"continue of {path}").lower() in _TRUE,
        mutes=tuple(_text(name, path) for name in _list(node.get("mute_time_intervals"), path)),
        actives=tuple(_text(name, path) for name in _list(node.get("active_time_intervals"), path)),
        routes=below,
    )


def _asked(root: Route) -> Iterator[str]:
    yield from (matcher.label for matcher in root.matchers)
    for below in root.routes:
        yield from _asked(below)


def _inhibition(data: Any) -> Inhibition:
    rule = _mapping(data, "an inhibit rule")
    return Inhibition(
        _all_matchers(rule, "source_", "an inhibit rule"), _all_matchers(rule, "target_", "an inhibit rule")
    )


def _all_matchers(node: Mapping[str, Any], prefix: str, where: str) -> tuple[Matcher, ...]:
    """The matchers of a route or of one side of an inhibition, from all three ways to write them."""
    found = [
        Matcher(label, "=", _text(value, f"match of {where}"))
        for label, value in _mapping(node.get(f"{prefix}match") or {}, f"match of {where}").items()
    ]
    found += [
        Matcher(label, "=~", _text(value, f"match_re of {where}"), _pattern(value))
        for label, value in _mapping(node.get(f"{prefix}match_re") or {}, f"match_re of {where}").items()
    ]
    for line in _list(node.get(f"{prefix}matchers"), f"matchers of {where}"):
        found += parse_matchers(_text(line, f"matchers of {where}"))
    return tuple(found)


def _pieces(text: str) -> Iterator[str]:
    """The parts of a text between commas outside quotes."""
    piece: list[str] = []
    quoted = escaped = False
    for char in text:
        if char == "," and not quoted:
            yield "".join(piece)
            piece = []
            continue
        if char == '"' and not escaped:
            quoted = not quoted
        escaped = char == "\\" and not escaped
        piece.append(char)
    if piece:
        yield "".join(piece)


def _matcher(text: str) -> Matcher:
    match = _MATCHER.fullmatch(text)
    if match is None:
        raise ConfigFault(f"no matcher: {text[:80]!r}")
    plain, quoted, op, raw = match.groups()
    label = plain if plain is not None else _unescaped(quoted)
    if raw.startswith('"'):
        if len(raw) < 2 or not raw.endswith('"'):
            raise ConfigFault(f"no matcher: the quote is not closed in {text[:80]!r}")
        raw = raw[1:-1]
    value = _unescaped(raw)
    return Matcher(label, op, value, _pattern(value) if "~" in op else None)


def _unescaped(raw: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), raw, flags=re.DOTALL)


def _pattern(text: str) -> re.Pattern[str]:
    r"""The pattern for the whole of a value.

    Alertmanager's patterns are RE2. What Python reads differently, or could take very long over, is refused.
    """
    if _REPEATED_GROUP.search(text):
        # RE2 takes linear time over anything; here `(a|aa)+` on a value that nearly fits would not end.
        raise ConfigFault(f"the pattern {text[:80]!r} repeats a group, which is not followed here")
    if _FOREIGN_PATTERN.search(text):
        raise ConfigFault(f"the pattern {text[:80]!r} uses what only RE2 knows")
    if _ways(text) > _MAX_WAYS:
        raise ConfigFault(f"the pattern {text[:80]!r} could fit in too many ways, which are not tried here")
    try:
        return re.compile(text, re.ASCII)
    except (re.error, RecursionError, OverflowError) as error:
        raise ConfigFault(f"no pattern: {text[:80]!r} ({error})") from error


def _ways(text: str) -> int:
    """At most so many ways to divide a value of `MAX_VALUE` characters are tried before a pattern is given up.

    Repetitions and alternatives that follow one another multiply, alternatives beside one another add up.
    """
    above: list[tuple[int, int]] = []
    beside, ways = 0, 1
    for piece in _PIECE.findall(text):
        if piece[0] == "(":
            above.append((beside, ways))
            beside, ways = 0, 1
        elif piece == ")" and above:
            inner = beside + ways
            beside, ways = above.pop()
            ways *= inner
        elif piece == "|":
            beside, ways = beside + ways, 1
        elif piece[0] in "*+{":
            ways *= MAX_VALUE
        elif piece[0] == "?":
            ways *= 2
        if ways > _MAX_WAYS:
            break
    return beside + ways


def _text(data: Any, what: str) -> str:
    """A text; lists and maps are refused, since aliases could make a short one mean more than memory holds."""
    if not isinstance(data, str):
        raise ConfigFault(f"{what} is no text")
    return data


def _mapping(data: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise ConfigFault(f"{what} is no mapping")
    if "<<" in data:
        raise ConfigFault(f"{what} is merged from another one (<<), which is not followed here")
    return data


def _list(data: Any, what: str) -> Sequence[Any]:
    if data is None or data == "":
        return ()
    if not isinstance(data, list):
        raise ConfigFault(f"{what} is no list")
    return data
