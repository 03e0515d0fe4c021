"""What a document says about itself at its top: front matter, header attributes, meta elements, title."""

from __future__ import annotations

import html
import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime

import yaml

from collectors.git_docs.patch import front_matter_end, heading, underlined

_LARGEST_CHARS = 16_384
_FIELD = re.compile(r":([A-Za-z][\w -]*):[ \t]+(.+)")
_META = re.compile(r"<meta\s+name\s*=\s*[\"']([^\"']+)[\"']\s+content\s*=\s*[\"']([^\"']*)[\"']", re.IGNORECASE)
_HTML_TITLE = re.compile(r"<title[^>]*>(.*?)</title>|<h1[^>]*>(.*?)</h1>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_HEADER_LINES = 40
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TITLE_CHARS = 300


def facts_of(text: str, name: str) -> Mapping[str, str | tuple[str, ...]]:
    """The facts a document states at its top, names in lower case with `_`; lists stay lists, the rest is text.

    YAML between `---` and TOML between `+++` in any of them, `:name: value` in AsciiDoc and reStructuredText, `<meta
    name= content=>` in HTML. What cannot be read states nothing.
    """
    lines = text[:_LARGEST_CHARS].splitlines()
    end = front_matter_end(lines)
    if end:
        return _plain(_loaded("\n".join(lines[1 : end - 1]), lines[0].rstrip()))
    if name.lower().endswith((".html", ".htm")):
        found = [(match[1], html.unescape(match[2])) for match in _META.finditer(text[:_LARGEST_CHARS])]
        return _plain(dict(found))
    if name.lower().endswith((".adoc", ".asciidoc", ".rst")):
        matches = (_FIELD.fullmatch(line.rstrip()) for line in lines[:_HEADER_LINES])
        return _plain({match[1]: match[2] for match in matches if match is not None})
    return {}


def _loaded(block: str, rule: str) -> object:
    try:
        return tomllib.loads(block) if rule == "+++" else yaml.load(block, _LOADER)  # noqa: S506  a safe one
    except (yaml.YAMLError, tomllib.TOMLDecodeError, ValueError, RecursionError):
        return None


def _plain(loaded: object) -> Mapping[str, str | tuple[str, ...]]:
    if not isinstance(loaded, Mapping):
        return {}
    facts: dict[str, str | tuple[str, ...]] = {}
    for name, value in loaded.items():
        key = re.sub(r"\W+", "_", str(name).strip().casefold())
        if isinstance(value, list):
            facts[key] = tuple(text for entry in value if (text := _scalar(entry)))
        elif text := _scalar(value):
            facts[key] = text
    return facts


def _scalar(value: object) -> str | None:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value).strip() or None if isinstance(value, str | int | float) else None


def title_of(text: str, name: str, facts: Mapping[str, str | tuple[str, ...]]) -> str | None:
    """The title that a document states, else its first heading; None: it has neither."""
    stated = facts.get("title")
    if isinstance(stated, str):
        return stated[:_TITLE_CHARS]
    if name.lower().endswith((".html", ".htm")):
        match = _HTML_TITLE.search(text)
        return None if match is None else _clean(html.unescape(_TAG.sub(" ", match[1] or match[2] or "")))
    lines = text.splitlines()
    for number in range(front_matter_end(lines), len(lines)):
        if heading(lines[number]) is not None:
            return _clean(re.sub(r"^[ \t]*(?:#{1,6}|={1,6})[ \t]+|[ \t#=]+$", "", lines[number]))
        if underlined(lines, number) is not None:
            return _clean(lines[number])
    return None


def _clean(text: str) -> str | None:
    return " ".join(text.split())[:_TITLE_CHARS] or None
