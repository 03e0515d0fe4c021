"""How commands speak: documents on standard output, everything else on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

import click
import orjson

from auditor.canonical import JsonValue


def print_json(document: Mapping[str, JsonValue] | list[JsonValue]) -> None:
    """Print the one JSON document of a command."""
    click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def say(text: str) -> None:
    """Tell a person something beside the result."""
    click.echo(text, err=True)


def wants_colour() -> bool:
    """True on a terminal, unless NO_COLOR is set (see no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


class Progress:
    """One line on standard error that tells what is being done; silent in pipes and with `--json`."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled and sys.stderr.isatty()
        self._shown = False

    def __call__(self, text: str) -> None:
        """Replace the line."""
        if self._enabled:
            click.echo(f"\r\x1b[2K{text[:100]}", nl=False, err=True)
            self._shown = True

    def close(self) -> None:
        """Clear the line."""
        if self._shown:
            click.echo("\r\x1b[2K", nl=False, err=True)
            self._shown = False
