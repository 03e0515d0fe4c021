"""`auditor rules`: what a rule pack holds, whether it is sound, and whether its cases come out."""

from __future__ import annotations

from pathlib import Path

import click

from auditor.cli.options import json_option
from auditor.cli.output import print_json, say
from auditor.errors import ExitCode, UsageError
from auditor.model.rubric import DEFAULT_PACK

_pack_argument = click.argument("pack", default=DEFAULT_PACK)


@click.group()
def rules() -> None:
    """Look into, check and test a rule pack.

    PACK is the name of a built-in pack or a path to one; by default it is the built-in pack for service level
    management.
    """


@rules.command("list")
@_pack_argument
@json_option
def list_(pack: str, as_json: bool) -> int:
    """List the indicators of PACK with their cells.

    \b
    Example:
      auditor rules list
    """
    from auditor.usecases.rules import pack_listing

    listing = pack_listing(pack)
    if as_json:
        print_json(listing.document())
    else:
        click.echo(listing.text())
    return 0


@rules.command()
@_pack_argument
@json_option
def lint(pack: str, as_json: bool) -> int:
    """Check PACK: SQL, needs, cases, parameters; exit code 2 when anything is found.

    \b
    Example:
      auditor rules lint ./my-pack
    """
    from auditor.usecases.rules import lint_findings

    findings = lint_findings(pack)
    if as_json:
        print_json({"findings": [{"where": finding.where, "what": finding.what} for finding in findings]})
    else:
        for finding in findings:
            click.echo(f"{finding.where}: {finding.what}")
        say(f"{len(findings)} findings" if findings else "nothing to mend")
    return int(ExitCode.USAGE if findings else ExitCode.OK)


@rules.command()
@_pack_argument
@click.option("--only", help="Run the cases of one indicator or view only, such as DOC-2.1.")
@json_option
def test(pack: str, only: str | None, as_json: bool) -> int:
    """Run the cases of PACK; exit code 2 when one comes out differently.

    \b
    Examples:
      auditor rules test
      auditor rules test --only DOC-2.1
    """
    from auditor.rulepack.locate import locate_pack
    from auditor.testing.cases import run_cases

    results = run_cases(locate_pack(pack), only=only)
    if not results:
        raise UsageError(
            f"there are no cases{f' of {only}' if only else ''}", cure="`auditor rules list` shows the ids"
        )
    failed = [result for result in results if not result.passed]
    if as_json:
        print_json(
            {
                "cases": [
                    {
                        "of": result.subject,
                        "name": result.name,
                        "passed": result.passed,
                        "difference": result.difference,
                    }
                    for result in results
                ]
            }
        )
    else:
        for result in failed:
            click.echo(f"{result.subject}: {result.name}\n{result.difference}")
        click.echo(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return int(ExitCode.USAGE if failed else ExitCode.OK)


@rules.command()
@_pack_argument
@click.option("--out", "-o", type=click.Path(path_type=Path), help="File to write.  [default: standard output]")
def docs(pack: str, out: Path | None) -> int:
    """Render PACK as a catalogue in Markdown.

    \b
    Example:
      auditor rules docs -o catalogue.md
    """
    from auditor.usecases.files import write_whole
    from auditor.usecases.rules import pack_catalogue

    text = pack_catalogue(pack)
    if out is None:
        click.echo(text, nl=False)
    else:
        write_whole(out, text.encode())
        say(f"written: {out}")
    return 0
