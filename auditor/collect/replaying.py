"""A pull once more from what was kept of it: every request gets the answer it got then, and nothing is connected to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath
from threading import Lock
from typing import Any

import orjson

from auditor.canonical import canonical_bytes
from auditor.collect.exchanges import Ask, Exchange
from auditor.errors import IntegrityError
from auditor.fetch import Refused
from auditor.model.evidence import GapReason, PayloadRef


class Replay:
    """Answers from an exchange log; equal requests get their answers in the order of the recorded run.

    Args:
        lines: the log, a line of JSON each.
        payload: gives the bytes that are kept under a SHA-256.

    Raises:
        IntegrityError: a line is none of an exchange log.
    """

    def __init__(self, lines: Iterable[bytes], payload: Callable[[str], bytes]) -> None:
        self.payload = payload
        self.files: dict[str, tuple[PayloadRef, bool]] = {}
        """Name of a kept file (`folder:1/a.csv`) -> its payload, and whether it was compressed."""
        self.file_errors: dict[str, Mapping[str, Any]] = {}
        """Name of a file that could not be kept -> the error."""
        self.others: dict[str, list[list[str]]] = {}
        """Name of a folder -> what lay in it beside the kept files."""
        self.cursors: dict[str, str | None] = {}
        """Stream -> cursor that the recorded pull began from."""
        self._exchanges: dict[bytes, deque[Mapping[str, Any]]] = {}
        self._lock = Lock()
        for number, line in enumerate(lines, 1):
            try:
                self._take(orjson.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise IntegrityError(
                    "the exchange log of the run cannot be read",
                    where=f"line {number} of the exchange log",
                    cure="run `auditor verify`; restore the data directory from a copy where it finds damage",
                ) from error

    def exchange(self, ask: Ask) -> Exchange:
        """What came of the request in the recorded run.

        Raises:
            Refused: it was not asked, or not that often (reason `unreachable`).
        """
        with self._lock:
            entries = self._exchanges.get(ask.key)
            if not entries:
                often = "" if entries is None else " that often"
                detail = f"this was not asked{often} in the recorded run"
                raise Refused(GapReason.UNREACHABLE, detail, place=ask.place)
            entry = entries.popleft()
        return Exchange.of_entry(entry, ask)

    def kept_in(self, folder: str) -> dict[str, tuple[PayloadRef, bool, bytes]]:
        """Path inside a folder -> payload, whether it was compressed, content."""
        inside = f"{folder}/"
        return {
            name.removeprefix(inside): (payload, packed, self.payload(payload.sha256))
            for name, (payload, packed) in self.files.items()
            if name.startswith(inside)
        }

    def _take(self, entry: Mapping[str, Any]) -> None:
        if "request" in entry:
            # Made once to see that it can be: a fault is better found before the pull than within.
            Exchange.of_entry(entry, Ask(entry["request"], ""))
            self._exchanges.setdefault(canonical_bytes(entry["request"]), deque()).append(entry)
        elif "cursor" in entry:
            self.cursors.setdefault(entry["cursor"], entry["value"])
        elif "others" in entry:
            self.others[entry["folder"]] = [[_inside(path), kind] for path, kind in entry["others"]]
        elif "error" in entry:
            self.file_errors[_inside(entry["file"])] = entry["error"]
        else:
            payload = PayloadRef(entry["payload"]["sha256"], entry["payload"]["size"])
            self.files[_inside(entry["file"])] = (payload, entry["packed"])


def _inside(path: str) -> str:
    """The path; a log that was tampered with must not write outside of the private folder of a replay.

    Raises:
        ValueError: it leads out of its folder.
    """
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts:
        raise ValueError(f"{path!r} leads out of its folder")
    return path
