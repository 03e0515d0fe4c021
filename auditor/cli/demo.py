"""`auditor demo`."""

from __future__ import annotations

from pathlib import Path

import click

from auditor.cli.audit import run_audit, show_result
from auditor.cli.options import json_option, remember_data_dir
from auditor.cli.output import say


@click.command()
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("auditor-demo"),
    show_default=True,
    help="Directory for the reports and the store.",
)
@json_option
def demo(out: Path, as_json: bool) -> int:
    """Audit a bundled organisation that does not exist, and write its reports.

    Needs no source and no configuration. The organisation is a regional ferry line whose evidence has typical flaws:
    an agreement that nobody reads any more, a service that nobody measures, clocks that stand still.

    \b
    Example:
      auditor demo && auditor explain DOC-2.4
    """
    from auditor.bootstrap import demo_folder, plan_for_folder

    data_dir = out / "data"
    plan = plan_for_folder(demo_folder(), data_dir=data_dir, as_of=None, strict=True)
    result = run_audit(plan, quiet=as_json)
    remember_data_dir(data_dir.resolve())
    show_result(result, out, as_json=as_json)
    if not as_json:
        say(
            f"\nOpen {out / 'report.html'} in a browser: every number opens down to the bytes it rests on.\n"
            "Then try:\n"
            "  auditor explain DOC-2.4     why this indicator is not fully met\n"
            "  auditor show runs           what was run\n"
            "  auditor verify              prove that nothing stored has changed"
        )
    return int(result.exit_code)
