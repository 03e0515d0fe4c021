"""Moves the incident export of `examples/servicenow-incidents` in time, so that it looks as it would be pulled today.

All dates are moved by whole weeks, which keeps every weekday: the last incident is opened within the week before the
audit. What happens after the audit instant has not happened yet: later changes are left out, later resolutions and
closures are blank, and so is the verdict on a clock that still runs.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

_TIME = "%Y-%m-%d %H:%M:%S"
_MISSING = ("", "?")
_DATES = ("opened_at", "resolved_at", "closed_at", "sys_created_at", "sys_updated_at")


def shift_export(exports: Path, mapping: Path, target: Path, now: datetime) -> Path:
    """Write the moved export and its mapping into a folder.

    Args:
        exports: folder of the export, `incidents_*.csv` and `events_*.csv.gz`.
        mapping: the mapping file that reads it.
        target: an empty folder.
        now: the audit instant (UTC).

    Returns:
        The mapping of the moved export.
    """
    incidents, events = next(exports.glob("incidents_*.csv")), next(exports.glob("events_*.csv.gz"))
    with incidents.open(newline="", encoding="utf-8") as file:
        last = max(datetime.strptime(row["opened_at"], _TIME) for row in csv.DictReader(file))  # noqa: DTZ007
    naive = now.replace(tzinfo=None)
    weeks = timedelta(weeks=(naive - timedelta(days=1) - last) // timedelta(weeks=1))
    target.mkdir(parents=True)
    with incidents.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        _write(target / "incidents_moved.csv", rows.fieldnames or (), _moved(rows, weeks, naive, "opened_at"))
    with gzip.open(events, "rt", newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        _write(target / "events_moved.csv.gz", rows.fieldnames or (), _moved(rows, weeks, naive, "sys_updated_at"))
    return _write_mapping(mapping, target / "mapping.yaml", last + weeks, now)


def _moved(rows: csv.DictReader[str], weeks: timedelta, now: datetime, happens: str) -> Iterator[dict[str, str]]:
    for row in rows:
        for name in _DATES:
            if (text := row.get(name, "")) in _MISSING:
                continue
            moved = datetime.strptime(text, _TIME) + weeks  # noqa: DTZ007  the export names no zone
            if moved <= now:
                row[name] = moved.strftime(_TIME)
            elif name == happens:
                break
            else:
                row[name] = ""
                row["made_sla"] = "" if name == "closed_at" else row["made_sla"]
        else:
            yield row


def _write(path: Path, columns: Iterable[str], rows: Iterator[dict[str, str]]) -> None:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(columns))
        writer.writeheader()
        writer.writerows(rows)


def categories(target: Path) -> list[str]:
    """The categories of a moved export, in order: what its tickets call a service."""
    with (target / "incidents_moved.csv").open(newline="", encoding="utf-8") as file:
        return sorted({row["category"].zfill(2) for row in csv.DictReader(file) if row["category"] not in _MISSING})


def _write_mapping(mapping: Path, target: Path, last: datetime, now: datetime) -> Path:
    """The same mapping with the dates of the moved export; services come from a catalogue instead."""
    instant = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    text = mapping.read_text(encoding="utf-8")
    text = re.sub(r"^as_of: \S+.*$", f"as_of: {instant}", text, flags=re.MULTILINE)
    text = re.sub(r"window_from: \S+", f"window_from: {last - timedelta(days=31):%Y-%m-%dT00:00:00Z}", text)
    text = re.sub(r"window_to: \S+", f"window_to: {instant}", text)
    text = re.sub(
        r"^    scope: .*$", "    scope: incidents of one month, moved by whole weeks", text, flags=re.MULTILINE
    )
    text = re.sub(r"(?ms)^  service:\n.*?(?=^  ticket:\n)", "", text)
    target.write_text(text, encoding="utf-8")
    return target
