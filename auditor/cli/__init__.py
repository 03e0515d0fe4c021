"""The `auditor` command: parse, call a use case, print."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import click

from auditor.cli.output import print_json, say
from auditor.cli.root import root
from auditor.errors import AuditorError, ExitCode


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(given))


def run(arguments: Sequence[str]) -> int:
    """Run one command; every failure becomes one message (a JSON document with `--json`) and an exit code."""
    as_json = "--json" in arguments
    try:
        result = root.main(args=list(arguments), prog_name="auditor", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        return _failed(as_json, ExitCode.USAGE, error.format_message(), None, _help_hint(error))
    except AuditorError as error:
        return _failed(as_json, error.exit_code, error.what, error.where, error.cure)
    except (KeyboardInterrupt, click.Abort):
        return _interrupted(as_json)
    except (BrokenPipeError, SystemExit):
        # The reader of the output went away (click then leaves by itself): it had enough, and that is no error. What is
        # still buffered must not fail again when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
        return ExitCode.OK
    except Exception as error:  # the last door: a person gets a message, never a stack trace
        if isinstance(error.__cause__, KeyboardInterrupt):  # what DuckDB makes of Ctrl-C in a statement of the store
            return _interrupted(as_json)
        if os.environ.get("AUDITOR_DEBUG"):
            traceback.print_exc()
        what = f"internal error: {type(error).__name__}: {error}"
        cure = "run again with AUDITOR_DEBUG=1 and report what it prints; stored evidence is unharmed"
        return _failed(as_json, ExitCode.INTERNAL, what, None, cure)
    return int(result or ExitCode.OK)


def _interrupted(as_json: bool) -> int:
    return _failed(as_json, ExitCode.INTERRUPTED, "interrupted; nothing of this run was kept", None, None)


def _failed(as_json: bool, code: int, what: str, where: str | None, cure: str | None) -> int:
    if as_json:
        print_json({"error": {"what": what, "where": where, "cure": cure, "exit_code": int(code)}})
    message = f"auditor: {where + ': ' if where else ''}{what}"
    say(message + (f"\n  cure: {cure}" if cure else ""))
    return int(code)


def _help_hint(error: click.ClickException) -> str | None:
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"`{error.ctx.command_path} --help` shows what there is"
    return None
