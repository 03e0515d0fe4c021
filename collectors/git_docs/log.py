"""What `git diff-tree --stdin` prints of commits: what is kept of it, and what it says.

Kept is what git printed but for the head of each commit: a line `commit {JSON}` takes its place that holds a pseudonym
instead of name and address, and the ids that the message names instead of the message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import orjson

WITH_AUTHOR = "--format=commit %H%x00%aN%x00%aE%x00%B%x00"
"""Format of the head of a commit; `.mailmap` has its say in name and address."""

WITHOUT_AUTHOR = "--format=commit %H%x00%x00%x00%x00"
"""The same where only the changed files matter."""

# A message cannot hold NUL, and no line of a patch begins with the letter c: neither can be taken for a head. Patterns
# begin with plain text, line break included, because only then the search for them is fast.
_HEAD = re.compile(rb"\ncommit ([0-9a-f]{40,64})\0([^\0]*)\0([^\0]*)\0([^\0]*)\0")
_KEPT_HEAD = re.compile(rb"\ncommit (\{.*\})(?=\n|\Z)")
_PATCH = re.compile(rb"\ndiff --(git|cc|combined) (.*)")
_ESCAPED = re.compile(rb"\\([0-7]{3}|.)")
_ESCAPES = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}

# Keys as Jira writes them, and numbers as ServiceNow does. Bare `#12` is not one: in most messages it names the
# request that brought the change, not what caused it.
_TICKET = re.compile(r"[A-Z](?<![\w-][A-Z])(?:[A-Z0-9_]+-[1-9]\d*|[A-Z]{1,7}\d{5,10})(?![\w-])")
_CAUSES = re.compile(
    r"^(?:cause|causes|caused-by|refs?|references|relates-to|because-of|fixes|closes|resolves):[ \t]*(.+)$",
    re.IGNORECASE | re.MULTILINE,
)
_APPROVALS = re.compile(
    r"^(?:reviewed-by|approved-by|signed-off-by):[ \t]*(.*?)[ \t]*<([^<>\s]+)>[ \t]*$", re.IGNORECASE | re.MULTILINE
)
_NOT_TICKETS = frozenset({"UTF", "SHA", "ISO", "RFC", "CVE", "COVID", "TLS", "HTTP", "UTC", "GMT"})


@dataclass(frozen=True, slots=True)
class Person:
    """An author as it may be kept."""

    pseudonym: str
    is_bot: bool


class Change(NamedTuple):
    """What a commit did to one file.

    Attributes:
        status: A added, M modified, R renamed, D deleted, T its type changed.
        old_path: the path before; that of a file that was not renamed is `path`.
        is_file: whether it is a plain file afterwards, not a link and not a submodule.
        same_content: whether its bytes stayed as they were.
        start: first byte of its patch in the output; without a patch, of the line that names it.
        end: the byte after it.
        has_patch: whether there is a patch.
    """

    status: str
    path: str
    old_path: str
    is_file: bool
    same_content: bool
    start: int
    end: int
    has_patch: bool


class Entry(NamedTuple):
    """One commit with its changes.

    Attributes:
        author: pseudonym; None where it was not asked for, or there is no address.
        cause_refs: ids that the message names, each once.
        approved_by: pseudonyms of the persons in its trailers that are neither author nor bot.
    """

    commit: str
    author: str | None
    is_bot: bool | None
    cause_refs: tuple[str, ...]
    approved_by: tuple[str, ...]
    changes: tuple[Change, ...]


def redaction(person: Callable[[str, str], Person | None]) -> Callable[[bytes], bytes]:
    """The function that makes what is kept from what git printed.

    Args:
        person: (name, e-mail address) -> who that is; None where both are empty.
    """

    def head(match: re.Match[bytes]) -> bytes:
        identity, name, address, message = (part.decode("utf-8", "replace") for part in match.groups())
        author = person(name, address)
        approvals = _APPROVALS.findall(message) if "-by:" in message.casefold() else ()
        named = (person(*approval) for approval in approvals)
        approvers = {who.pseudonym: None for who in named if who is not None and not who.is_bot and who != author}
        kept = {
            "id": identity,
            "author": author and author.pseudonym,
            "bot": author and author.is_bot,
            "refs": cause_refs(message),
            "approved_by": list(approvers),
        }
        return b"\ncommit " + orjson.dumps(kept)

    return lambda printed: _HEAD.sub(head, b"\n" + printed)[1:]


def cause_refs(message: str) -> list[str]:
    """The ids that a message names: tickets anywhere in it, and what trailers such as `Cause:` list, in their order."""
    found = [match[0] for match in _TICKET.finditer(message) if match[0].partition("-")[0] not in _NOT_TICKETS]
    for listed in _CAUSES.findall(message) if ":" in message else ():
        words = (word.strip(".,;:()[]<>\"'") for word in listed.replace(",", " ").split())
        found += [word for word in words if any(letter.isdigit() or letter in "-_" for letter in word)]
    return list(dict.fromkeys(found))


def parse_log(body: bytes) -> Iterator[Entry]:
    """The commits in kept output, in its order; a commit without a change has no entry."""
    # With a line break before it, a head is found at the place where it begins in `body`.
    heads = list(_KEPT_HEAD.finditer(b"\n" + body))
    starts = [head.start() for head in heads]
    for head, end in zip(heads, [*starts[1:], len(body)], strict=True):
        kept = orjson.loads(head[1])
        changes = tuple(_changes(body, head.end() - 1, end))
        yield Entry(kept["id"], kept["author"], kept["bot"], tuple(kept["refs"]), tuple(kept["approved_by"]), changes)


def _changes(body: bytes, start: int, end: int) -> Iterator[Change]:
    first = body.find(b"\ndiff --", start, end)
    raw_end = end if first < 0 else first
    position = start
    raws: list[tuple[_Raw, tuple[int, int]]] = []
    for line in body[start:raw_end].split(b"\n"):
        if line[:1] == b":":
            raws.append((_raw(line), (position, position + len(line))))
        position += len(line) + 1
    if len(raws) == 1 and not raws[0][0].is_merge and raws[0][0].status != "T" and first >= 0:
        # Most commits change one document; what is left of them is its patch.
        yield _change(*raws[0], (first + 1, end))
        return
    heads = list(_PATCH.finditer(body, raw_end, end)) if first >= 0 else []
    spans = list(pairwise([*(match.start() + 1 for match in heads), end]))
    of_merges = {unquoted(match[2]): span for match, span in zip(heads, spans, strict=True) if match[1] != b"git"}
    in_order = iter(spans)
    for raw, named in raws:
        span = of_merges.get(raw.path) if raw.is_merge else _next_span(in_order, raw.status)
        # A merge without a patch took every line from one of its parents.
        if span is not None or not raw.is_merge:
            yield _change(raw, named, span)


def _change(raw: _Raw, named: tuple[int, int], span: tuple[int, int] | None) -> Change:
    start, end = named if span is None else span
    return Change(raw.status, raw.path, raw.old_path, raw.is_file, raw.same_content, start, end, span is not None)


def _next_span(spans: Iterator[tuple[int, int]], status: str) -> tuple[int, int] | None:
    """Where the patch of the next file is; a change of type has two, and the second has what is there afterwards."""
    first = next(spans, None)
    return next(spans, None) if status == "T" else first


class _Raw(NamedTuple):
    is_merge: bool
    status: str
    path: str
    old_path: str
    is_file: bool
    same_content: bool


def _raw(line: bytes) -> _Raw:
    """A line of `--raw`; of a merge it has as many colons as parents, and the path after the merge only."""
    facts, *paths = line.split(b"\t")
    words = facts.split(b" ")
    parents = words[0].count(b":")
    ids = words[parents + 1 : -1]
    path = unquoted(paths[-1])
    old_path = path if len(paths) == 1 else unquoted(paths[0])
    letter = chr(words[-1][0]) if parents == 1 else "M"
    is_same = ids.count(ids[0]) == len(ids)
    return _Raw(parents > 1, letter, path, old_path, words[parents].lstrip(b":").startswith(b"100"), is_same)


def unquoted(path: bytes) -> str:
    """A path as git prints it in a line: one with unusual characters stands in quotes, with escapes as in C.

    Bytes that are no UTF-8 become lone surrogates, as everywhere in Python.
    """
    if path[:1] == b'"' and path[-1:] == b'"' and len(path) > 1:
        path = _ESCAPED.sub(_unescaped, path[1:-1])
    return path.decode("utf-8", "surrogateescape")


def _unescaped(match: re.Match[bytes]) -> bytes:
    text: bytes = match[1]
    return bytes([int(text, 8) & 0xFF]) if len(text) == 3 else _ESCAPES.get(text, text)


def storable(path: str) -> str:
    """A path as text that can be stored: bytes that are no UTF-8 are written in hexadecimal."""
    return path if path.isascii() else path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
