"""Every error the auditor raises on purpose, and the exit codes of its command.

AuditorError
    UsageError          the command line or the request makes no sense          exit 2
    ConfigError         a configuration file is wrong                           exit 2
    RulePackError       a rule pack cannot be loaded at all                     exit 2
    EvidenceError       an evidence folder or mapping cannot be read at all     exit 2
    StoreError          the data directory cannot be used (busy, newer, full)   exit 2
    IntegrityError      stored evidence or the ledger is not what was written   exit 4
    QueryError          one SQL statement failed, timed out or was refused      never leaves the engine

Missing evidence is not an error: it is a `Gap` and an unknown observation.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process tells a script. Where several apply: 5, 4, 2, 1, 3, 0."""

    OK = 0
    GATE_NOT_MET = 1
    USAGE = 2
    INCOMPLETE = 3
    INTEGRITY = 4
    INTERNAL = 5
    INTERRUPTED = 130


class AuditorError(Exception):
    """An error with one message for a person: what is wrong, where, and the cure.

    Args:
        what: the fault in one sentence.
        where: file, file:line, setting path, or record the fault is at; None where there is no place.
        cure: what to do about it; None where nothing can be said.
    """

    exit_code = ExitCode.INTERNAL

    def __init__(self, what: str, *, where: str | None = None, cure: str | None = None) -> None:
        self.what = what
        self.where = where
        self.cure = cure
        super().__init__(what, where, cure)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        cure = f"\n  cure: {self.cure}" if self.cure else ""
        return f"{place}{self.what}{cure}"


class UsageError(AuditorError):
    """The request makes no sense as it was given."""

    exit_code = ExitCode.USAGE


class ConfigError(AuditorError):
    """A configuration file is wrong."""

    exit_code = ExitCode.USAGE


class RulePackError(AuditorError):
    """A rule pack cannot be loaded at all."""

    exit_code = ExitCode.USAGE


class EvidenceError(AuditorError):
    """An evidence folder or a mapping cannot be read at all."""

    exit_code = ExitCode.USAGE


class StoreError(AuditorError):
    """The data directory cannot be used."""

    exit_code = ExitCode.USAGE


class IntegrityError(AuditorError):
    """What is stored is not what was written."""

    exit_code = ExitCode.INTEGRITY


class QueryError(AuditorError):
    """One SQL statement failed, timed out or was refused; its indicators become unknown."""
