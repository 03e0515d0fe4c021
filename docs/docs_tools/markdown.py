"""The little that the checks need to know of Markdown: fences, headings and their anchors, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import run

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})\s*([\w-]*)")
_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$")
_INLINE_CODE = re.compile(r"(`+)(.+?)\1")
_LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s+\"[^\"]*\")?\s*$")
_EXPLICIT_ANCHOR = re.compile(r"<a\s+(?:id|name)=\"([^\"]+)\"")


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: its language, the text between the fences, the line of its first fence, the line before that."""

    language: str
    text: str
    line: int
    line_before: str


def tracked_files(checkout: Path) -> list[Path]:
    """Files that are committed or would be, relative to the checkout, sorted.

    Raises:
        subprocess.CalledProcessError: the folder is no git checkout.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = run(command, cwd=checkout, capture_output=True, check=True, text=True).stdout
    return sorted(Path(name) for name in listed.split("\0") if name and (checkout / name).is_file())


def fences(text: str) -> list[Fence]:
    """Every fenced block, in order."""
    return [block for block, _ in _walk(text) if block is not None]


def prose(text: str) -> Iterator[tuple[int, str]]:
    """Line numbers and lines outside of fenced blocks."""
    return ((line, content) for block, (line, content) in _walk(text) if block is None)


def _walk(text: str) -> Iterator[tuple[Fence | None, tuple[int, str]]]:
    mark, began, language, before, previous = "", 0, "", "", ""
    inside: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        match = _FENCE.match(line)
        if not mark and match:
            mark, language, began, inside, before = match[1], match[2], number, [], previous
        elif mark and match and match[1].startswith(mark) and not line.strip().strip("`~"):
            yield Fence(language, "\n".join(inside), began, before), (began, "")
            mark = ""
        elif mark:
            inside.append(line)
        else:
            yield None, (number, line)
            previous = line.strip() or previous
    if mark:
        yield Fence(language, "\n".join(inside), began, before), (began, "")


def anchors(text: str) -> set[str]:
    """Anchors that links may point at: of headings, as code hosts make them, and explicit ones."""
    found: set[str] = set()
    for _, line in prose(text):
        found.update(_EXPLICIT_ANCHOR.findall(line))
        heading = _HEADING.match(line)
        if heading:
            found.add(_unused(slug(heading[1]), found))
    return found


def slug(heading: str) -> str:
    """The anchor of a heading's text."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    kept = re.sub(r"[^\w\- ]", "", plain.lower())
    return kept.strip().replace(" ", "-")


def _unused(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 0
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name


def links(text: str) -> Iterator[tuple[int, str]]:
    """Line and target of every link and image outside of code."""
    for number, line in prose(text):
        without_code = _INLINE_CODE.sub("", line)
        for match in _LINK.finditer(without_code):
            yield number, match[1]
        definition = _DEFINITION.match(without_code)
        if definition:
            yield number, definition[1]
