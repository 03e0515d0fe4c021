"""A live source as a user has one: a collector begun by `collectors new`, installed, in front of a scripted server."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

from auditor.testing.server import Received, Reply, ScriptedServer

NAME = "my_monitor"
SECRET = "canary-51c0ffee"
PATH = "/api/services"


def install(folder: Path, path: list[str]) -> None:
    """Do what `pip install -e` does: put the package on the path, with the metadata that names its entry points."""
    metadata = folder / f"auditor_{NAME}-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: auditor-{NAME}\nVersion: 0.1.0\n")
    (metadata / "entry_points.txt").write_text(
        f"[auditor.collectors]\n{NAME} = auditor_{NAME}.collector:COLLECTOR\n", encoding="utf-8"
    )
    path.insert(0, str(folder))
    importlib.invalidate_caches()


def forget() -> None:
    """Let the package be imported anew, as another process would."""
    for name in [name for name in sys.modules if name.split(".")[0] == f"auditor_{NAME}"]:
        del sys.modules[name]
    importlib.invalidate_caches()


@dataclass
class System:
    """What the collector reads: services behind a token."""

    server: ScriptedServer
    services: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"id": "booking", "name": "Booking", "tier": 1},
            {"id": "wiki", "name": "Wiki", "tier": 3},
        ]
    )

    def start(self) -> None:
        """Answer from now on."""
        self.server.route(PATH, self._reply)

    def _reply(self, request: Received) -> Reply:
        if request.headers.get("authorization") != f"Bearer {SECRET}":
            return Reply({"error": f"not with {request.headers.get('authorization')}"}, 401)
        return Reply({"services": self.services}, headers={"Date": formatdate(usegmt=True)})


def configuration(url: str, *, more: str = "", settings: str = "") -> str:
    """A configuration with one live source."""
    return (
        "format: 1\ndata_dir: store\nkey_file: key\nsources:\n"
        f"  - id: monitor\n    collector: {NAME}\n"
        f"    settings: {{url: {json.dumps(url)}, token: '${{MONITOR_TOKEN}}', timeout_s: 2{settings}}}\n"
        f"{more}"
        "scopes:\n  - {id: main, title: A shop, sources: [monitor" + (", pages" if more else "") + "]}\n"
    )
