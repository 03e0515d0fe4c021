"""The views of a pack: one SELECT a file, each reading streams and views before it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from auditor.errors import RulePackError
from auditor.model.rubric import Sql, View
from auditor.rulepack.faults import Faults
from auditor.rulepack.relations import CALENDARS
from auditor.sql.bind import Binder
from auditor.sql.lint import lint_select

_NAME = re.compile(r"(?:[0-9]+-)?([a-z][a-z0-9-]*)\.sql\Z")


class Tables:
    """What a statement may read: the binder that knows it, and the streams behind each table."""

    def __init__(self, binder: Binder) -> None:
        self.binder = binder
        self._streams: dict[str, frozenset[str]] = dict.fromkeys(CALENDARS, frozenset())

    def add(self, view: str, columns: Mapping[str, str], streams: tuple[str, ...]) -> None:
        """Let later statements read a view."""
        self.binder.add(view, columns)
        self._streams[view] = frozenset(streams)

    def behind(self, tables: frozenset[str]) -> tuple[str, ...]:
        """Streams that are read through tables and views."""
        return tuple(sorted({name for table in tables for name in self._streams.get(table, frozenset((table,)))}))


def load_views(
    folder: Path, pack: Path, parameters: Mapping[str, object], tables: Tables, faults: Faults
) -> list[View]:
    """Load `views/*.sql` in the order of their names; each is added to `tables` for those after it."""
    views: list[View] = []
    for path in sorted(folder.glob("*.sql")):
        with faults.caught():
            views.append(_view(path, pack, parameters, tables))
    return views


def _view(path: Path, pack: Path, parameters: Mapping[str, object], tables: Tables) -> View:
    match = _NAME.match(path.name)
    if match is None:
        raise RulePackError(
            "a view's file is called NN-name.sql", where=str(path), cure="use lower-case letters, digits and -"
        )
    name = match[1].replace("-", "_")
    if name in tables.binder.tables:
        raise RulePackError(f"there is a table or view {name} already", where=str(path), cure="choose another name")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RulePackError("the view cannot be read as UTF-8 text", where=str(path), cure="mend the file") from error
    doc, body, line = _split(text)
    if not doc:
        raise RulePackError("the view has no description", where=f"{path}:1", cure="begin it with lines `-- ...`")
    linted = lint_select(body, tables=tables.binder, file=str(path), line=line, parameters=parameters)
    streams = tables.behind(linted.tables)
    tables.add(name, linted.types, streams)
    file = path.relative_to(pack).as_posix()
    return View(name, doc, Sql(linted.text, file, line, streams, tuple(sorted(linted.parameters))))


def _split(text: str) -> tuple[str, str, int]:
    """Description, statement, and the line the statement begins at."""
    lines = text.splitlines()
    count = next((index for index, line in enumerate(lines) if not line.startswith("--")), len(lines))
    doc = " ".join(line.removeprefix("--").strip() for line in lines[:count])
    return doc, "\n".join(lines[count:]), count + 1
