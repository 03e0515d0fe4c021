"""Would an audit work: the data directory, the key of the pseudonyms, and every source by its own checks."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from auditor.api import Check
from auditor.canonical import JsonValue
from auditor.collect.checking import check_source
from auditor.errors import AuditorError, ExitCode, StoreError
from auditor.store.disk import disk_faults
from auditor.store.store import Store
from auditor.usecases.plan import AuditPlan, Clock, Progress


@dataclass(frozen=True, slots=True)
class Health:
    """What was found of one source, or of the installation itself (`of` is then `auditor`)."""

    of: str
    reader: str
    checks: tuple[Check, ...]

    @property
    def is_well(self) -> bool:
        """Whether everything is well."""
        return all(check.ok for check in self.checks)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was found, the installation first."""

    parts: tuple[Health, ...]

    @property
    def exit_code(self) -> ExitCode:
        """INCOMPLETE when anything is not well: an audit would run and have gaps."""
        return ExitCode.OK if all(part.is_well for part in self.parts) else ExitCode.INCOMPLETE

    def document(self) -> dict[str, JsonValue]:
        """As JSON."""
        return {
            "well": all(part.is_well for part in self.parts),
            "parts": [
                {
                    "of": part.of,
                    "reader": part.reader,
                    "checks": [
                        {"what": check.what, "ok": check.ok, "detail": check.detail, "cure": check.cure}
                        for check in part.checks
                    ],
                }
                for part in self.parts
            ],
        }

    def text(self) -> str:
        """One block a part, one line a check, the cure under what is not well."""
        return "\n\n".join("\n".join(_lines(part)) for part in self.parts)


def diagnose(plan: AuditPlan, now: Clock, progress: Progress) -> Diagnosis:
    """Look whether the sources of a plan would answer, without keeping anything they say."""
    parts = [Health("auditor", "", tuple(_installation(plan)))]
    for source in plan.sources:
        progress(f"checking {source.source_id}")
        checks = check_source(source, started=now(), equipment=plan.equipment, progress=progress)
        if not checks:
            checks = (Check("checks", ok=True, detail="the collector has none"),)
        parts.append(Health(source.source_id, f"{source.collector.name} {source.collector.version}", checks))
    return Diagnosis(tuple(parts))


def _installation(plan: AuditPlan) -> Iterable[Check]:
    try:
        yield Check("data directory", ok=True, detail=f"{plan.data_dir}: {_data_dir(plan.data_dir)}")
    except AuditorError as error:
        yield Check("data directory", ok=False, detail=_told(error), cure=error.cure)
    if plan.equipment.keyed is None:
        return
    try:
        plan.equipment.keyed()
        yield Check("key of the pseudonyms", ok=True, detail="it is there, outside the data directory")
    except AuditorError as error:
        yield Check("key of the pseudonyms", ok=False, detail=_told(error), cure=error.cure)


def _data_dir(place: Path) -> str:
    """What is in the data directory.

    Raises:
        StoreError: it cannot be used, or not be made.
        IntegrityError: its ledger is missing or damaged.
    """
    with disk_faults(place):
        if place.exists() and not (place.is_dir() and not any(place.iterdir())):
            with closing(Store.open(place, create=False)) as store:
                return f"runs: {len(store.runs())}, {_size_mb(place):.1f} MB"
        nearest = next(folder for folder in (place, *place.parents) if folder.exists())
        if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
            raise StoreError(
                "it cannot be made there", where=str(nearest), cure="name another place, or make it writable"
            )
    return "not there yet, the first run makes it"


def _size_mb(folder: Path) -> float:
    total_bytes = 0
    for path in folder.rglob("*"):
        with suppress(OSError):  # a run that goes on beside us removes what it does not need any more
            total_bytes += path.stat().st_size if path.is_file() else 0
    return total_bytes / 1e6


def _told(error: AuditorError) -> str:
    return f"{error.where}: {error.what}" if error.where else error.what


def _lines(part: Health) -> Iterable[str]:
    yield f"{part.of}  ({part.reader})" if part.reader else part.of
    for check in part.checks:
        yield f"  {'ok  ' if check.ok else 'FAIL'}  {check.what}: {check.detail}"
        if check.cure and not check.ok:
            yield f"        cure: {check.cure}"
