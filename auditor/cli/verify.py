"""`auditor verify`."""

from __future__ import annotations

from pathlib import Path

import click

from auditor.cli.options import config_option, data_dir_option, find_data_dir, json_option
from auditor.cli.output import Progress, print_json
from auditor.errors import ExitCode


@click.command()
@config_option
@data_dir_option
@json_option
def verify(config: Path | None, data_dir: Path | None, as_json: bool) -> int:
    """Prove that what is stored is what was written, and that it still gives the same assessments.

    Hashes every payload and segment again, compares each row of the ledger with its manifest, follows the chain of
    manifests, and computes every assessment again with the rule pack that judged it. Exit code 4 when anything differs.

    \b
    Example:
      auditor verify && echo unchanged
    """
    from auditor.bootstrap import deriver
    from auditor.usecases.verify import verify_store

    progress = Progress(enabled=not as_json)
    try:
        found = verify_store(find_data_dir(data_dir, config), progress, deriver())
    finally:
        progress.close()
    if as_json:
        print_json(
            {
                "intact": not found.problems,
                "runs": found.runs,
                "head_sha256": found.head_sha256,
                "not_computed_again": list(found.not_computed_again),
                "problems": [{"where": problem.where, "what": problem.what} for problem in found.problems],
            }
        )
    else:
        for problem in found.problems:
            click.echo(str(problem))
        for note in found.not_computed_again:
            click.echo(note)
        click.echo(f"head of the chain: {found.head_sha256 or 'none yet'}")
        word = f"{len(found.problems)} problems" if found.problems else "nothing has changed"
        click.echo(f"{found.runs} runs checked: {word}")
    return int(ExitCode.INTEGRITY if found.problems else ExitCode.OK)
