"""The commits of a history: when each was made as far as that can be believed, and who took it in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import orjson

_DAY_S = 86_400
SKEW_S = _DAY_S
"""Seconds that clocks of authors may differ (chosen: a day, since zones are often set wrongly)."""

_MERGE = re.compile(rb"^commit ([0-9a-f]{40,64})\0([^\0]*)\0([^\0]*)\0([^\0]*)\0", re.MULTILINE)
_REQUEST = re.compile(
    r"\AMerge pull request |\AMerged PR \d|\AMerged in .*\(pull request #\d|^See merge request \S", re.MULTILINE
)

MERGE_FORMAT = "--format=commit %H%x00%aN%x00%aE%x00%B%x00"
"""What git prints of a commit before it is redacted: id, name, e-mail address, message."""


class Commit(NamedTuple):
    """One commit of a history.

    Attributes:
        at: committer date in seconds since 1970, UTC; the author date stays when a commit is applied again, the
            committer date says when it came into this history.
        doubt: why the date cannot be believed; None when it can.
    """

    id: str
    parents: tuple[str, ...]
    at: int
    doubt: str | None = None


def parse_commits(body: bytes, now: int) -> list[Commit]:
    """The commits that `git rev-list --timestamp --parents --topo-order` printed, newest first.

    A date is not believed when it lies before 1970 or in the future, or more than a day before that of a commit it
    builds on: nobody commits to what does not exist yet.

    Args:
        now: start of the run, in seconds since 1970.
    """
    lines = body.decode("ascii", "replace").splitlines()
    ids: dict[str, str] = {}
    latest: dict[str, int] = {}
    commits: list[Commit] = []
    for line in reversed(lines):
        stamp, identity, *parents = line.split(" ")
        at, identity = int(stamp), ids.setdefault(identity, identity)
        known = tuple(ids.setdefault(parent, parent) for parent in parents)
        floor = max((latest.get(parent, 0) for parent in known), default=0)
        doubt = _doubt(at, floor, now)
        latest[identity] = floor if doubt else max(at, floor)
        commits.append(Commit(identity, known, at, doubt))
    commits.reverse()
    return commits


def _doubt(at: int, floor: int, now: int) -> str | None:
    if at <= 0:
        return "it is dated before 1970"
    if at > now + SKEW_S:
        return "it is dated in the future"
    if at < floor - SKEW_S:
        return "it is dated before a commit that it builds on"
    return None


def merge_redaction(pseudonym: Callable[[str, str], str | None]) -> Callable[[bytes], bytes]:
    """What is kept of merges: who answered a request for a change, by pseudonym, one JSON line each.

    Args:
        pseudonym: (name, e-mail address) -> pseudonym; None for a bot.
    """

    def redact(printed: bytes) -> bytes:
        return b"".join(orjson.dumps(entry) + b"\n" for entry in requests(printed))

    def requests(printed: bytes) -> Iterator[dict[str, str | None]]:
        for match in _MERGE.finditer(printed):
            identity, name, address, message = (part.decode("utf-8", "replace") for part in match.groups())
            if _REQUEST.search(message):
                yield {"id": identity, "by": pseudonym(name, address)}

    return redact


def merged_by(commits: Sequence[Commit], requests: bytes) -> Mapping[str, str]:
    """For each commit that came in by a pull or merge request, the person who took it in.

    Args:
        commits: the history, newest first, from the end of its main line.
        requests: what `merge_redaction` kept.
    """
    people = {entry["id"]: entry["by"] for entry in map(orjson.loads, requests.splitlines()) if entry["by"]}
    by_id = {commit.id: commit for commit in commits}
    main_line: list[Commit] = []
    commit = commits[0] if commits else None
    while commit is not None:
        main_line.append(commit)
        commit = by_id.get(commit.parents[0]) if commit.parents else None
    seen = {commit.id for commit in main_line}
    taken: dict[str, str] = {}
    for merge in reversed(main_line):
        waiting = list(merge.parents[1:])
        while waiting:
            found = by_id.get(waiting.pop())
            if found is None or found.id in seen:
                continue
            seen.add(found.id)
            waiting.extend(found.parents)
            if merge.id in people:
                taken[found.id] = people[merge.id]
    return taken
