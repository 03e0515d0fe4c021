"""The rule pack of a run: where it came from, and with which overrides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from auditor.canonical import JsonValue
from auditor.model.rubric import RulePack
from auditor.rulepack.load import load_pack
from auditor.rulepack.locate import locate_pack


@dataclass(frozen=True, slots=True)
class PackInUse:
    """A loaded pack, the name or path it was asked for by, the scope's overrides, and the configuration's hash."""

    pack: RulePack
    place: str
    overrides: Mapping[str, object]
    config_sha256: str

    def facts(self) -> dict[str, JsonValue]:
        """Identity and overrides, as the manifest of a run keeps them."""
        return {
            "id": self.pack.id,
            "version": self.pack.version,
            "sha256": self.pack.sha256,
            "place": self.place,
            "parameters": {name: _plain(value) for name, value in sorted(self.overrides.items())},
        }

    def parameters_changed(self) -> dict[str, JsonValue]:
        """Name -> [default, used] of each parameter whose value differs from the pack's default."""
        if not self.overrides:
            return {}
        defaults = load_pack(locate_pack(self.place)).parameters
        return {
            name: [_plain(defaults[name].value), _plain(parameter.value)]
            for name, parameter in sorted(self.pack.parameters.items())
            if defaults[name].value != parameter.value
        }


def _plain(value: object) -> JsonValue:
    if isinstance(value, tuple | list):
        return [str(entry) for entry in value]
    if isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a parameter cannot be a {type(value).__name__}")
