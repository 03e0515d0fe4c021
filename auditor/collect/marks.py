"""How far a pull came: the cursors it reached, and the keys that its source still has."""

from __future__ import annotations

from auditor.api import Cursor, Keys
from auditor.collect.stamp import is_a


class Marks:
    """Cursors and key sweeps of one pull.

    Attributes:
        cursors: stream -> the last cursor that counts.
        swept: stream -> keys of all rows that the source still has.
    """

    def __init__(self) -> None:
        self.cursors: dict[str, str] = {}
        self.swept: dict[str, frozenset[str]] = {}
        self._held: set[str | None] = set()

    def hold(self, stream: str | None) -> None:
        """Let later cursors of a stream (None: of every stream) not count.

        What could not be loaded is asked for again the next time, or its gap would be gone and the row still missing.
        """
        self._held.add(stream)

    def reach(self, cursor: Cursor) -> None:
        """Take a cursor."""
        if not self._held & {None, cursor.stream}:
            self.cursors[cursor.stream] = cursor.value

    def sweep(self, keys: Keys) -> None:
        """Take the keys of a stream; those of several sweeps of one stream count together."""
        self.swept[keys.stream] = self.swept.get(keys.stream, frozenset()) | keys.keys


def mark_problem(mark: Cursor | Keys, streams: frozenset[str]) -> str | None:
    """What is wrong with a cursor or key sweep; None when nothing is.

    Args:
        streams: those that the collector declares.
    """
    what = "cursor" if isinstance(mark, Cursor) else "key sweep"
    if not is_a(mark.stream, str) or mark.stream not in streams:
        return f"a {what} is of a stream that the collector does not declare"
    if isinstance(mark, Cursor):
        return None if is_a(mark.value, str) else "a cursor is not text"
    is_sound = is_a(mark.keys, frozenset) and all(is_a(key, str) for key in mark.keys)
    return None if is_sound else "the keys of a key sweep are no set of texts"
