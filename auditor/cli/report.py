"""`auditor report`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from auditor.cli.options import config_option, data_dir_option, find_data_dir, run_option
from auditor.cli.output import say
from auditor.errors import UsageError


@click.command()
@config_option
@data_dir_option
@run_option
@click.option(
    "--format",
    "-f",
    "format_",
    type=click.Choice(["text", "html", "md", "json"]),
    default="text",
    show_default=True,
    help="Form of the report.",
)
@click.option("--out", "-o", type=click.Path(path_type=Path), help="File to write.  [default: standard output]")
@click.option(
    "--from",
    "from_",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Render an assessment JSON file.",
)
def report(
    config: Path | None, data_dir: Path | None, run: int | None, format_: str, out: Path | None, from_: Path | None
) -> int:
    """Render a stored assessment again.

    Every form is made from the stored assessment alone: the same run gives the same bytes.

    \b
    Examples:
      auditor report                              the table of the latest run
      auditor report -f html -o report.html       one page that opens down to the bytes
      auditor report -r 3 -f md                   run 3, for a wiki or a pull request
      auditor report --from assessment.json -f html -o report.html
    """
    from auditor.usecases.report import rendered
    from auditor.usecases.stored import open_assessment, read_assessment

    if format_ == "html" and out is None and sys.stdout.isatty():
        raise UsageError("the page would fill the terminal", cure="name a file with --out report.html")
    if from_ is not None:
        assessment, seal = read_assessment(from_)
    else:
        assessment, seal = open_assessment(find_data_dir(data_dir, config), run)
    data = rendered(assessment, seal, format_)
    if out is None:
        click.echo(data, nl=False)
    else:
        from auditor.usecases.files import write_whole

        write_whole(out, data)
        say(f"written: {out}")
    return 0
