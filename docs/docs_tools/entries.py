"""Check: every command, option, setting, collector, exit code and reason has an entry that says something."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from auditor.config import Config
from auditor.errors import ExitCode
from auditor.model.assessment import Reason
from auditor.model.evidence import GapReason
from docs_tools.markdown import anchors, slug
from docs_tools.page_cli import command_contexts
from docs_tools.page_collectors import own_collectors
from docs_tools.page_config import settings_of

REFERENCE = Path("docs/reference")


def missing_entries(checkout: Path) -> list[str]:
    """One message for each thing that a person can use and cannot look up."""
    reference = checkout / REFERENCE
    return [
        *_commands(list(command_contexts()), _read(reference / "cli.md")),
        *_settings(_read(reference / "config.md")),
        *_collectors(checkout, _read(reference / "collectors.md")),
        *_table_rows(_read(reference / "exit-codes.md"), "exit-codes.md", [str(int(code)) for code in ExitCode]),
        *_table_rows(_read(reference / "reasons.md"), "reasons.md", [f"`{word}`" for word in (*GapReason, *Reason)]),
    ]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _commands(contexts: list[click.Context], page: str) -> Iterator[str]:
    known = anchors(page)
    for context in contexts:
        name = context.command_path
        if slug(name) not in known:
            yield f"{REFERENCE}/cli.md: no entry for the command `{name}`"
        if not context.command.help:
            yield f"auditor/cli: the command `{name}` has no help"
        for parameter in context.command.get_params(context):
            if isinstance(parameter, click.Option) and not parameter.hidden:
                option = max(parameter.opts, key=len)
                if not parameter.help:
                    yield f"auditor/cli: the option {option} of `{name}` has no help"
                if option not in page:
                    yield f"{REFERENCE}/cli.md: no entry for the option {option} of `{name}`"


def _settings(page: str) -> Iterator[str]:
    for setting in settings_of(Config):
        if not setting.doc:
            yield f"auditor/config.py: the setting {setting.path} has no description"
        if f"`{setting.path}`" not in page:
            yield f"{REFERENCE}/config.md: no entry for the setting {setting.path}"


def _collectors(checkout: Path, page: str) -> Iterator[str]:
    known = anchors(page)
    for collector in own_collectors():
        folder = Path("collectors") / collector.name
        if collector.name not in known:
            yield f"{REFERENCE}/collectors.md: no entry for the collector {collector.name}"
        if not inspect.getdoc(type(collector)):
            yield f"{folder}: the collector has no docstring"
        if not (checkout / folder / "README.md").is_file():
            yield f"{folder}: the collector has no README.md"
        for setting in settings_of(collector.settings):
            if not setting.doc:
                yield f"{folder}: the setting {setting.path} has no description"
            if f"`{setting.path}`" not in page:
                yield f"{REFERENCE}/collectors.md: no entry for the setting {setting.path} of {collector.name}"


def _table_rows(page: str, name: str, wanted: list[str]) -> Iterator[str]:
    first_cells = {line.split("|")[1].strip() for line in page.splitlines() if line.startswith("|")}
    for word in wanted:
        if word not in first_cells:
            yield f"{REFERENCE}/{name}: no row for {word}"
