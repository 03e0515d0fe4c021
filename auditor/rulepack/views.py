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

_FILE = re.compile(r"(?:[0-9]+-)?[a-z][a-z0-9-]*\.sql\Z")


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
    paths = sorted(folder.glob("*.sql"))
    later = {view_name(path): path.name for path in paths}
    failed: set[str] = set()
    for path in paths:
        try:
            views.append(_view(path, pack, parameters, tables))
            later.pop(views[-1].name, None)
        except RulePackError as error:
            failed.add(view_name(path))
            # What reads a view that failed fails with it; the first message is enough.
            if error.what not in {_no_table(name) for name in failed - {view_name(path)}}:
                faults.note(_explained(error, later))
    return views


def view_name(path: Path) -> str:
    """Name of the view in a file, or of the cases beside it: without number and endings, `-` is `_`."""
    return re.sub(r"\A[0-9]+-", "", path.name.partition(".")[0]).replace("-", "_")


def _explained(error: RulePackError, later: Mapping[str, str]) -> RulePackError:
    """An error about a missing table, with the true reason where that is a view that comes later."""
    for name, file in later.items():
        if error.what == _no_table(name):
            what = f"the view {name} is not there yet: {file} comes later, or is this one"
            return RulePackError(what, where=error.where, cure="number the files so that each reads earlier ones only")
    return error


def _no_table(name: str) -> str:
    return f"there is no table {name!r}"


def _view(path: Path, pack: Path, parameters: Mapping[str, object], tables: Tables) -> View:
    if not _FILE.match(path.name):
        cure = "use lower-case letters, digits and -, such as 01-live-service.sql"
        raise RulePackError("the name of the file does not fit a view", where=str(path), cure=cure)
    name = view_name(path)
    if name in tables.binder.tables:
        raise RulePackError(f"there is a table or view {name} already", where=str(path), cure="choose another name")
    doc, body, line = _split(_read(path))
    if not doc:
        raise RulePackError("the view has no description", where=f"{path}:1", cure="begin it with lines `-- ...`")
    linted = lint_select(body, tables=tables.binder, file=str(path), line=line, parameters=parameters)
    streams = tables.behind(linted.tables)
    tables.add(name, linted.types, streams)
    file = path.relative_to(pack).as_posix()
    return View(name, doc, Sql(linted.text, file, line, streams, tuple(sorted(linted.parameters))))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RulePackError("the view cannot be read as UTF-8 text", where=str(path), cure="mend the file") from error


def _split(text: str) -> tuple[str, str, int]:
    """Description, statement, and the line the statement begins at."""
    lines = text.splitlines()
    count = next((index for index, line in enumerate(lines) if not line.startswith("--")), len(lines))
    doc = " ".join(line.removeprefix("--").strip() for line in lines[:count])
    return doc, "\n".join(lines[count:]), count + 1
