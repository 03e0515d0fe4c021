"""`auditor show`: what is stored, as it is."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from auditor.cli.options import config_option, data_dir_option, find_data_dir, json_option, run_option
from auditor.cli.output import print_json
from auditor.errors import UsageError


@click.group()
def show() -> None:
    """Show what is stored: runs, gaps, records, payloads."""


@show.command()
@config_option
@data_dir_option
@json_option
def runs(config: Path | None, data_dir: Path | None, as_json: bool) -> int:
    """List every run, those that were interrupted too.

    \b
    Example:
      auditor show runs
    """
    from auditor.usecases.listing import runs_document, runs_text
    from auditor.usecases.stored import list_runs

    found = list_runs(find_data_dir(data_dir, config))
    if as_json:
        print_json({"runs": runs_document(found)})
    else:
        click.echo(runs_text(found))
    return 0


@show.command()
@config_option
@data_dir_option
@run_option
@json_option
def gaps(config: Path | None, data_dir: Path | None, run: int | None, as_json: bool) -> int:
    """List what could not be collected, with an example place of each.

    \b
    Example:
      auditor show gaps --run 3
    """
    from auditor.usecases.listing import gaps_document, gaps_text
    from auditor.usecases.stored import open_assessment

    assessment, _ = open_assessment(find_data_dir(data_dir, config), run)
    if as_json:
        print_json({"gaps": gaps_document(assessment.gaps)})
    else:
        click.echo(gaps_text(assessment.gaps))
    return 0


@show.command()
@click.argument("ref")
@config_option
@data_dir_option
@json_option
def record(ref: str, config: Path | None, data_dir: Path | None, as_json: bool) -> int:
    """Show every version of the record REF (`stream:source:key`) with the request it answers, oldest first.

    \b
    Example:
      auditor show record service:catalogue:booking
    """
    from auditor.usecases.listing import history_document, history_text
    from auditor.usecases.stored import record_history, requests_behind

    place = find_data_dir(data_dir, config)
    versions = record_history(place, ref)
    requests = requests_behind(place, [version.row.payload_sha256 for version in versions])
    if as_json:
        print_json({"ref": ref, "versions": history_document(versions, requests)})
    else:
        click.echo(history_text(versions, requests))
    return 0


@show.command()
@click.argument("sha256")
@click.option("--pointer", help="Only the text at this pointer, such as line:12.")
@config_option
@data_dir_option
def payload(sha256: str, pointer: str | None, config: Path | None, data_dir: Path | None) -> int:
    """Print the stored bytes of a payload, checked against their hash SHA256 (its first digits are enough).

    \b
    Examples:
      auditor show payload 3f2a9c01
      auditor show payload 3f2a9c01 --pointer line:12
    """
    from auditor.usecases.stored import read_payload

    data = read_payload(find_data_dir(data_dir, config), sha256, pointer)
    if sys.stdout.isatty() and b"\0" in data:
        raise UsageError("the payload is not text", cure="redirect the output to a file")
    click.echo(data, nl=pointer is not None and not data.endswith(b"\n"))
    return 0
