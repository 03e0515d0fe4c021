"""Asks for the rules, page by page where a server gives them so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.api import Gap, GapReason, Refused
from collectors.prometheus.calls import Calls, Reply

MAX_PAGES = 500
"""Pages that are asked for (chosen: far more groups than one server evaluates)."""

_PATH = "/api/v1/rules"


@dataclass(frozen=True, slots=True)
class RulePages:
    """The answers about rules.

    Attributes:
        replies: the answers in order; at least one.
        groups: the groups of each.
        cut: why there may be more than these; None: they are all.
    """

    replies: Sequence[Reply]
    groups: Sequence[Sequence[Any]]
    cut: Gap | None

    @property
    def all_groups(self) -> list[Any]:
        """The groups of all answers."""
        return [group for page in self.groups for group in page]


def ask_rules(calls: Calls) -> RulePages:
    """Ask for all rules.

    Raises:
        Refused: the first answer is none.
    """
    replies = [calls.get(_PATH)]
    pages = [_groups(replies[0])]
    tokens: set[str] = set()
    while (token := _next_token(replies[-1])) is not None:
        place = replies[-1].answer.place
        if token in tokens or len(replies) == MAX_PAGES:
            detail = f"the pages of rules do not end: the server was asked for {len(replies)}"
            return RulePages(replies, pages, _cut(detail, place))
        tokens.add(token)
        try:
            # Prometheus takes a token only together with a limit.
            reply = calls.get(_PATH, {"group_limit": str(len(pages[0]) or 1), "group_next_token": token})
            groups = _groups(reply)
        except Refused as refused:
            return RulePages(replies, pages, _cut(f"a page of rules is missing: {refused.detail}", refused.place))
        known = {_name(group) for page in pages for group in page} - {None}
        if any(_name(group) in known for group in groups):
            return RulePages(replies, pages, _cut("a page of rules repeats groups of one before it", place))
        replies.append(reply)
        pages.append(groups)
    return RulePages(replies, pages, _warned(replies))


def _warned(replies: Sequence[Reply]) -> Gap | None:
    for reply in replies:
        if reply.warnings:
            return _cut(f"the server calls its answer incomplete: {reply.warnings[0]}", reply.answer.place)
    return None


def _cut(detail: str, place: str | None) -> Gap:
    return Gap("monitoring_rule", GapReason.TRUNCATED, detail, place)


def _next_token(reply: Reply) -> str | None:
    token = reply.data.get("groupNextToken")
    return str(token) if token else None


def _name(group: Any) -> tuple[str, str] | None:
    return (str(group.get("file")), str(group.get("name"))) if isinstance(group, Mapping) else None


def _groups(reply: Reply) -> list[Any]:
    """The groups of an answer.

    Raises:
        Refused: it holds none.
    """
    groups = reply.data.get("groups") if isinstance(reply.data, Mapping) else None
    if not isinstance(groups, list):
        raise Refused(GapReason.MALFORMED, "the answer about rules holds no groups", place=reply.answer.place)
    return groups
