"""What one audit is asked to do, independent of where the request came from (a folder, or a configuration file)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from auditor.collect.runner import Equipment, SourceSpec
from auditor.ports import Deriver

Clock = Callable[[], datetime]
"""The current instant: UTC, aware, whole seconds."""

Progress = Callable[[str], None]
"""Told in a few words what is being done; called often."""


@dataclass(frozen=True, slots=True)
class AuditPlan:
    """One audit.

    Attributes:
        scope: id of the scope in the ledger.
        organisation: name for people; None when only the evidence may know it.
        rule_pack: name of a built-in pack, or path to one.
        parameters: the scope's overrides of pack parameters.
        sources: in order of trust.
        as_of: the audit instant T; None: that of the folder when it is the only source, else the start of the run.
        strict: refuse evidence with any fault instead of recording gaps.
        config_sha256: hash of the configuration without secrets.
        deriver: gives the evidence meaning when the state is built; None: nothing does.
        equipment: what every pull is given; clock and private folders are added by the run.
    """

    scope: str
    organisation: str | None
    time_zone: str
    rule_pack: str
    parameters: Mapping[str, object]
    sources: tuple[SourceSpec, ...]
    data_dir: Path
    as_of: datetime | None
    strict: bool
    config_sha256: str
    deriver: Deriver | None = None
    equipment: Equipment = field(default_factory=Equipment)
