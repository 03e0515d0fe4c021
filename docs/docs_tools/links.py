"""Check: internal links and their anchors resolve."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

from docs_tools.markdown import anchors, links

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def broken_links(checkout: Path, pages: Iterable[Path]) -> list[str]:
    """One message for each link of the pages (relative to the checkout) that leads nowhere, with file and line."""
    root = checkout.resolve()
    known: dict[Path, set[str]] = {}
    messages = []
    for page in pages:
        for line, target in links((root / page).read_text(encoding="utf-8")):
            if _SCHEME.match(target):
                continue
            problem = _problem(root, root / page, unquote(target), known)
            if problem:
                messages.append(f"{page}:{line}: the link to {target} {problem}")
    return messages


def _problem(root: Path, page: Path, target: str, known: dict[Path, set[str]]) -> str | None:
    path_text, _, anchor = target.partition("#")
    path = (page.parent / path_text).resolve() if path_text else page
    if not path.is_relative_to(root):
        return "leaves the project"
    if not path.exists():
        return "leads to no file"
    if not anchor:
        return None
    if path.suffix != ".md":
        return "names an anchor in a file that is no page"
    if path not in known:
        known[path] = anchors(path.read_text(encoding="utf-8"))
    return None if anchor in known[path] else "names an anchor that the page does not have"
