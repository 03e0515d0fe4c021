"""The page of the command line, from the commands' own help."""

from __future__ import annotations

from collections.abc import Iterator

import click

from auditor.cli.root import root

_WIDTH = 100

_INTRODUCTION = """# Command line

Results go to standard output, everything else to standard error. `--json` prints exactly one JSON document on standard
output, also when the command fails. Colour is for terminals and honours `NO_COLOR`. What the process returns is listed
in [exit codes](exit-codes.md).
"""


def cli_page() -> str:
    """The whole page."""
    return "\n".join([_INTRODUCTION, *(_section(context) for context in command_contexts())])


def command_contexts() -> Iterator[click.Context]:
    """The program and each of its commands, parents before children, with the names a person types."""
    yield from _walk(root, "auditor", None)


def _walk(command: click.Command, name: str, parent: click.Context | None) -> Iterator[click.Context]:
    settings = {**command.context_settings, "terminal_width": _WIDTH, "max_content_width": _WIDTH, "color": False}
    context = click.Context(command, info_name=name, parent=parent, **settings)
    yield context
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            sub_command = command.get_command(context, child)
            if sub_command is not None and not sub_command.hidden:
                yield from _walk(sub_command, child, context)


def _section(context: click.Context) -> str:
    help_text = "\n".join(line.rstrip() for line in context.get_help().splitlines())
    return f"## {context.command_path}\n\n```text\n{help_text}\n```\n"
