"""`auditor collectors`: what reads sources, and whether it keeps its promises."""

from __future__ import annotations

from pathlib import Path

import click

from auditor.cli.options import json_option
from auditor.cli.output import print_json, say
from auditor.errors import ExitCode


@click.group()
def collectors() -> None:
    """List, test and begin collectors: the plug-ins that read one kind of source each."""


@collectors.command("list")
@json_option
def list_(as_json: bool) -> int:
    """List the installed collectors, where they come from, what they fill, and their settings.

    \b
    Examples:
      auditor collectors list
      auditor collectors list --json
    """
    from auditor.usecases.collectors import collector_listing

    listing = collector_listing()
    if as_json:
        print_json(listing.document())
    else:
        click.echo(listing.text())
    return 0


@collectors.command()
@click.argument("names", nargs=-1)
@json_option
def test(names: tuple[str, ...], as_json: bool) -> int:
    """Try whether collectors keep their promises, on the samples that they ship; exit code 2 when one does not.

    NAMES are installed collectors; without any, all are tried. Every answer of the sample is spoilt in every way that
    real systems do: refused, cut, slow, malformed, repeated. No real system is asked.

    \b
    Examples:
      auditor collectors test
      auditor collectors test prometheus
    """
    from auditor.collect.registry import all_collectors, find_collector
    from auditor.testing.conformance import conform

    tried = [find_collector(name) for name in names] or [entry.collector for entry in all_collectors()]
    findings = {collector.name: conform(collector) for collector in tried}
    broken = sum(not finding.ok for found in findings.values() for finding in found)
    if as_json:
        print_json(
            {
                name: [{"promise": each.promise, "ok": each.ok, "detail": each.detail} for each in found]
                for name, found in findings.items()
            }
        )
        return int(ExitCode.USAGE if broken else ExitCode.OK)
    for name, found in findings.items():
        kept = sum(finding.ok for finding in found)
        click.echo(f"{name}: {kept} of {len(found)} promises kept")
        for finding in found:
            if not finding.ok:
                click.echo(f"  BROKEN  {finding.promise}: {finding.detail}")
    return int(ExitCode.USAGE if broken else ExitCode.OK)


@collectors.command()
@click.argument("name")
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder to make the package in.  [default: this one]",
)
def new(name: str, out: Path) -> int:
    """Begin a collector of your own: a package that can be installed, with a sample that its tests already pass.

    NAME is what `collector:` of the configuration will say: lower-case letters, digits and underscores.

    \b
    Example:
      auditor collectors new my_monitor && pip install -e my_monitor && auditor collectors test my_monitor
    """
    from auditor.usecases.new_collector import make_collector

    folder = make_collector(name, out)
    say(f"written: {folder}\nnext: pip install -e {folder} && auditor collectors test {name}")
    return 0
