"""Rule files, such as those of a work tree, held against the rules that the server runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser
import yaml

from auditor.api import CollectContext, Gap, GapReason
from collectors.prometheus.expressions import can_parse
from collectors.prometheus.instants import seconds
from collectors.prometheus.rules import Rule

_SUFFIXES = (".yml", ".yaml", ".rules")
_MAX_BYTES = 10_000_000

Identity = tuple[str, str, str]
"""Group, kind and name of a rule."""

Content = tuple[str, float, tuple[tuple[str, str], ...]]
"""What a rule does: its expression in one form, how long it waits, its labels."""


@dataclass(frozen=True, slots=True)
class FileRule:
    """One rule of a rule file."""

    identity: Identity
    content: Content
    place: str


def differences(ctx: CollectContext, folder: Path, rules: Sequence[Rule]) -> Iterator[Gap]:
    """A gap without missing rows for every rule that stands in the files and not on the server, and the reverse."""
    if not ctx.folder(folder).is_dir():
        detail = f"the folder of rule files {folder.name!r} is not there"
        yield Gap("monitoring_rule", GapReason.NOT_CONFIGURED, detail, None, None, 0)
        return
    written: list[FileRule] = []
    for path in _files(ctx.folder(folder)):
        found = _read(ctx, path, ctx.folder(folder))
        if isinstance(found, Gap):
            yield found
        else:
            written += found
    running = [((rule.group, str(rule.kind), rule.name), _running_content(rule)) for rule in rules]
    yield from _compare(written, running)


def _compare(written: Sequence[FileRule], running: Sequence[tuple[Identity, Content]]) -> Iterator[Gap]:
    on_server, in_files = Counter(running), Counter((rule.identity, rule.content) for rule in written)
    known = {identity for identity, _ in running}
    for rule in written:
        key = rule.identity, rule.content
        if on_server[key] >= in_files[key]:
            continue
        group, kind, name = rule.identity
        what = "is another one on the server" if rule.identity in known else "is not on the server"
        yield _difference(f"{kind} rule {name!r} of group {group!r} {what}", rule.place)
    named = {rule.identity for rule in written}
    for identity in dict.fromkeys(identity for identity, _ in running if identity not in named):
        group, kind, name = identity
        yield _difference(f"{kind} rule {name!r} of group {group!r} is on the server and in no rule file", None)


def _difference(detail: str, place: str | None) -> Gap:
    return Gap("monitoring_rule", GapReason.NOT_CONFIGURED, detail, place, None, 0)


def _files(folder: Path) -> Iterator[Path]:
    """The files of rules below a folder; a link that leads out of it is not followed."""
    root = folder.resolve()
    for path in sorted(folder.rglob("*")):
        if path.suffix in _SUFFIXES and path.is_file() and path.resolve().is_relative_to(root):
            yield path


def _read(ctx: CollectContext, path: Path, folder: Path) -> list[FileRule] | Gap:
    name = path.relative_to(folder).as_posix()
    try:
        if path.stat().st_size > _MAX_BYTES:
            return Gap("monitoring_rule", GapReason.TRUNCATED, "the rule file is larger than 10 MB", name, None, 0)
        ctx.keep_file(path, request={"file": name}, media_type="application/yaml")
        document = yaml.safe_load(path.read_bytes())
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        detail = f"the rule file cannot be read ({type(error).__name__})"
        return Gap("monitoring_rule", GapReason.MALFORMED, detail, name, None, 0)
    groups = document.get("groups") if isinstance(document, Mapping) else None
    return [rule for group in (groups if isinstance(groups, list) else ()) for rule in _rules_of(group, name)]


def _rules_of(group: Any, place: str) -> Iterator[FileRule]:
    rules = group.get("rules") if isinstance(group, Mapping) else None
    for rule in rules if isinstance(rules, list) else ():
        if isinstance(rule, Mapping) and (rule.get("alert") or rule.get("record")):
            kind = "alert" if rule.get("alert") else "recording"
            identity = str(group.get("name")), kind, str(rule.get("alert") or rule.get("record"))
            labels = rule.get("labels")
            content = _content(str(rule.get("expr")), seconds(str(rule.get("for") or "0s")) or 0.0, labels)
            yield FileRule(identity, content, place)


def _running_content(rule: Rule) -> Content:
    duration = rule.body.get("duration")
    return _content(rule.expr, float(duration) if isinstance(duration, int | float) else 0.0, rule.labels)


def _content(expr: str, for_s: float, labels: Any) -> Content:
    pairs = labels.items() if isinstance(labels, Mapping) else ()
    return _plain(expr), for_s, tuple(sorted((str(name), str(value)) for name, value in pairs))


def _plain(expr: str) -> str:
    """An expression in one form, since servers print their own; of another dialect or huge, without its blanks."""
    try:
        if can_parse(expr):
            return str(promql_parser.parse(expr).prettify())
    except ValueError:
        pass
    return "".join(expr.split()).replace("'", '"')
