"""The exported files of a mapping as tables of text, each row with the line it stands on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from auditor.api import CollectContext, JsonValue, PayloadRef
from collectors.files.csvfile import read_csv, read_header
from collectors.files.folder import file_problem
from collectors.files.jsonl import read_jsonl
from collectors.files.lines import BadRow, TextFile
from collectors.files.mapping import TableSpec
from collectors.files.reading import changed_meanwhile, keep_file

LINE_COLUMN = "_line"
"""Column that names the physical line of a row; its value also names the file, so only its order has a meaning."""

_FILE_STEP = 1 << 40
_BATCH_ROWS = 5000


@dataclass(slots=True)
class ExportFile:
    """One file of a table; `lines` is how many lines were read of it."""

    path: Path
    name: str
    payload: PayloadRef | None = None
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """Something of a table that could not be read; how many rows of a stream are missing through it nobody can tell."""

    place: str
    what: str


@dataclass(slots=True)
class Table:
    """One table: its files, its columns, and what is wrong with them as a whole."""

    spec: TableSpec
    files: list[ExportFile] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def locate(self, line: object) -> tuple[ExportFile, int] | None:
        """File and physical line that a value of `_line` stands for; None: it stands for none."""
        if not isinstance(line, int) or isinstance(line, bool) or line < 1:
            return None
        number, physical = divmod(line, _FILE_STEP)
        if number >= len(self.files) or not 1 <= physical <= self.files[number].lines:
            return None
        return self.files[number], physical


def open_table(spec: TableSpec, folder: Path) -> Table:
    """Find the files of a table and its columns, which are those of all its files together."""
    table = Table(spec)
    for path in sorted(folder.glob(spec.pattern)):
        name = path.relative_to(folder).as_posix()
        problem = file_problem(folder, path)
        if problem is None:
            table.files.append(ExportFile(path, name))
        else:
            table.problems.append(Problem(name, problem))
    if not table.files:
        table.problems.append(Problem(spec.pattern, f"no file for the table {spec.name} can be read"))
    unnamed = [fault for file in table.files if (fault := _add_columns(table, file))]
    if not table.columns:
        table.problems += unnamed  # else they are met again when the table is loaded
    return table


def load_table(
    ctx: CollectContext, table: Table, insert: Callable[[list[dict[str, JsonValue]]], None]
) -> Iterator[Problem]:
    """Keep the files of a table and hand their rows over in batches; yields what is no row."""
    for position, file in enumerate(table.files):
        payload = keep_file(ctx, file.path, file.name, is_csv=table.spec.is_csv)
        if isinstance(payload, str):
            yield Problem(file.name, payload)
            continue
        file.payload = payload
        text = TextFile(file.path, table.spec.encoding)
        batch: list[dict[str, JsonValue]] = []
        for row in read_csv(text, table.spec.delimiter) if table.spec.is_csv else read_jsonl(text):
            if isinstance(row, BadRow):
                yield Problem(file.name if row.line is None else f"{file.name}:{row.line}", row.problem)
                continue
            file.lines = row.line
            cells = row.values
            if not table.spec.is_csv:
                cells = {name: _text(value) for name, value in cells.items()}
            cells[LINE_COLUMN] = position * _FILE_STEP + row.line
            batch.append(cells)
            if len(batch) == _BATCH_ROWS:
                insert(batch)
                batch = []
        insert(batch)
        if changed_meanwhile(text, payload):
            yield Problem(file.name, "the file changed while it was read")


def _add_columns(table: Table, file: ExportFile) -> Problem | None:
    """Add the columns of a file that the table does not have yet; returns why the file has none.

    SQL takes no notice of case in names, so two columns may not differ in case alone.
    """
    names = _column_names(table.spec, file)
    if isinstance(names, Problem):
        return names
    known = {name.casefold(): name for name in table.columns}
    for name in names:
        same = known.setdefault(name.casefold(), name)
        if same != name:
            table.problems.append(Problem(file.name, f"the columns {same!r} and {name!r} differ in case only"))
        elif name == LINE_COLUMN:
            table.problems.append(Problem(file.name, f"a column is called {LINE_COLUMN}, a name that is taken"))
        elif name not in table.columns:
            table.columns.append(name)
    return None


def _column_names(spec: TableSpec, file: ExportFile) -> list[str] | Problem:
    text = TextFile(file.path, spec.encoding)
    try:
        if spec.is_csv:
            header = read_header(text, spec.delimiter)
            return Problem(file.name, header.problem) if isinstance(header, BadRow) else header
        names: dict[str, None] = {}
        for row in read_jsonl(text):
            if not isinstance(row, BadRow):
                names.update(dict.fromkeys(row.values))
    except OSError as error:
        return Problem(file.name, f"the file cannot be read ({error.strerror})")
    return list(names) or Problem(file.name, "the file holds no row, so that its columns are not known")


def _text(value: JsonValue) -> str | None:
    """A value as the text of a table's cell: texts as they are, anything else as JSON, null as null."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
