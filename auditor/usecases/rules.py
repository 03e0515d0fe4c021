"""Looking into a rule pack: its indicators, its lint findings, its catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.canonical import JsonValue
from auditor.model.rubric import LEVELS, RulePack
from auditor.rulepack.cases import load_pack_cases
from auditor.rulepack.catalogue import catalogue
from auditor.rulepack.lint import Finding, lint_pack
from auditor.rulepack.load import load_pack
from auditor.rulepack.locate import locate_pack


@dataclass(frozen=True, slots=True)
class PackListing:
    """A pack, to be listed."""

    pack: RulePack

    def document(self) -> dict[str, JsonValue]:
        """As JSON: identity, indicators, and cells without any."""
        return {
            "id": self.pack.id,
            "version": self.pack.version,
            "sha256": self.pack.sha256,
            "indicators": [
                {
                    "id": entry.id,
                    "version": entry.version,
                    "role": entry.role.value,
                    "type": entry.type.value,
                    "question": entry.question,
                }
                for entry in self.pack.indicators.values()
            ],
            "cells_without_indicators": list(self._empty_cells()),
        }

    def text(self) -> str:
        """As a table."""
        head = f"{self.pack.title} ({self.pack.id} {self.pack.version}, hash {self.pack.sha256[:12]})"
        lines = [
            f"{entry.id:9} {entry.role.value:11} {entry.type.value:11} {entry.question}"
            for entry in self.pack.indicators.values()
        ]
        empty = ", ".join(self._empty_cells())
        return "\n".join([head, "", *lines, "", f"cells without indicators (not assessed): {empty or 'none'}"])

    def _empty_cells(self) -> tuple[str, ...]:
        filled = {(entry.dimension, entry.level) for entry in self.pack.indicators.values()}
        return tuple(
            f"{code}/{level}" for code in self.pack.dimensions for level in LEVELS if (code, level) not in filled
        )


def pack_listing(place: str) -> PackListing:
    """The pack of a name or path.

    Raises:
        RulePackError: there is none, or it does not load.
    """
    return PackListing(load_pack(locate_pack(place)))


def lint_findings(place: str) -> list[Finding]:
    """What there is to mend in a pack.

    Raises:
        RulePackError: there is none, or it does not load.
    """
    return lint_pack(locate_pack(place))


def pack_catalogue(place: str) -> str:
    """The catalogue of a pack in Markdown.

    Raises:
        RulePackError: there is none, or it does not load.
    """
    path = locate_pack(place)
    return catalogue(load_pack(path), load_pack_cases(path))
