"""Who wrote a commit, without the name: a pseudonym, and whether it is an account that no person uses."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from collectors.git_docs.log import Person

LookUp = Callable[[str, str], "Person | None"]
"""(name, e-mail address) -> who that is; None where both are empty."""


def look_up(pseudonym: Callable[[str], str], bots: Sequence[str]) -> LookUp:
    """The function that knows authors; it remembers them.

    Args:
        pseudonym: of an e-mail address, or of a name where there is no address.
        bots: words that make a bot of an author where they stand alone in its name, or before the @ of its address:
            a company called after a bot has people too.
    """
    words = "|".join(re.escape(word) for word in bots)
    pattern = re.compile(rf"(?<![a-z0-9])(?:{words})(?![a-z0-9])", re.IGNORECASE) if words else None
    known: dict[tuple[str, str], Person | None] = {}

    def person(name: str, address: str) -> Person | None:
        key = (name, address)
        if key not in known:
            identity = address.strip() or name.strip()
            local = address.partition("@")[0]
            is_bot = pattern is not None and bool(pattern.search(name) or pattern.search(local))
            known[key] = Person(pseudonym(identity), is_bot) if identity else None
        return known[key]

    return person
