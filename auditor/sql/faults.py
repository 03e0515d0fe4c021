"""What is wrong with a statement, before it is known which file it stands in."""

from __future__ import annotations


class StatementError(Exception):
    """A statement may not run: what is wrong, the 1-based line inside its text, and the cure."""

    def __init__(self, what: str, line: int, cure: str) -> None:
        super().__init__(what, line, cure)
        self.what = what
        self.line = line
        self.cure = cure
