"""The command group; each command is imported only when it is used, so that `--help` is quick."""

from __future__ import annotations

from importlib import import_module

import click

import auditor

_COMMANDS = {
    "audit": "auditor.cli.audit:audit",
    "assess": "auditor.cli.audit:assess",
    "collect": "auditor.cli.collect:collect",
    "doctor": "auditor.cli.collect:doctor",
    "demo": "auditor.cli.demo:demo",
    "report": "auditor.cli.report:report",
    "show": "auditor.cli.show:show",
    "explain": "auditor.cli.explain:explain",
    "verify": "auditor.cli.verify:verify",
    "replay": "auditor.cli.collect:replay",
    "collectors": "auditor.cli.collectors:collectors",
    "rules": "auditor.cli.rules:rules",
    "schema": "auditor.cli.schema:schema",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{_COMMANDS[cmd_name]} is not a command")
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(auditor.__version__, "-V", "--version", prog_name="auditor")
def root() -> None:
    """Audit how mature service level management is, from evidence.

    Evidence goes in (pulled from your systems, or a folder of files; see `auditor collectors list` and `auditor schema
    folder`), an assessment comes out: for each of seven dimensions a level as confirmed..possible, and for every number
    the records it rests on.

    \b
    Begin with:
      auditor demo                 audit a bundled organisation and write its reports
      auditor audit FOLDER         audit your own evidence folder
      auditor doctor               would an audit of the sources in config.yaml work?
      auditor explain DOC          why a dimension stands where it stands, down to the bytes
      auditor verify               check that nothing stored has changed

    Exit codes: 0 complete, 2 usage or configuration, 3 incomplete (gaps, a pull that is old or failed, or a rule that
    failed), 4 integrity broken,
    5 internal error, 130 interrupted.
    """
