"""`auditor audit` and `auditor assess`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.cli.options import (
    as_of_option,
    config_option,
    data_dir_option,
    find_data_dir,
    json_option,
    remember_data_dir,
    run_option,
)
from auditor.cli.output import Progress, print_json, wants_colour
from auditor.cli.places import DEFAULT_CONFIG, folder_data_dir
from auditor.errors import UsageError

if TYPE_CHECKING:
    from auditor.usecases.plan import AuditPlan
    from auditor.usecases.sealed import AuditResult

_EXAMPLES = """
    \b
    Examples:
      auditor audit evidence/                       one evidence folder, no configuration
      auditor audit evidence/ --as-of 2026-01-31    the same, judged at another instant
      auditor audit --config config.yaml            what a configuration says
      auditor audit evidence/ --json > result.json  for a script
"""


def _with_examples(command: click.Command) -> click.Command:
    command.help = (command.help or "") + _EXAMPLES
    return command


@_with_examples
@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@config_option
@click.option("--scope", help="Scope of the configuration.  [default: the only one]")
@as_of_option
@click.option("--strict", is_flag=True, help="Refuse evidence with any fault instead of recording gaps.")
@data_dir_option
@click.option("--out", "-o", type=click.Path(path_type=Path), help="Also write the reports into this directory.")
@json_option
def audit(
    folder: Path | None,
    config: Path | None,
    scope: str | None,
    as_of: datetime | None,
    strict: bool,
    data_dir: Path | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Collect evidence, judge it, and seal the result in the ledger.

    FOLDER is an evidence folder, audited by itself as of the instant in its manifest. Without FOLDER the configuration
    is used. Exit code 3 means that there is a result and that some evidence could not be had.
    """
    plan = _plan(folder, config, scope, as_of, strict=strict, data_dir=data_dir)
    result = run_audit(plan, quiet=as_json)
    if folder is not None:
        remember_data_dir(plan.data_dir.resolve())
    show_result(result, out, as_json=as_json)
    return int(result.exit_code)


def _plan(
    folder: Path | None,
    config: Path | None,
    scope: str | None,
    as_of: datetime | None,
    *,
    strict: bool,
    data_dir: Path | None,
) -> AuditPlan:
    from auditor.bootstrap import plan_for_folder, plan_from_config

    if folder is not None:
        if config is not None or scope is not None:
            raise UsageError("give FOLDER, or --config with --scope, not both", cure="`auditor audit --help`")
        place = data_dir or folder_data_dir(folder)
        return plan_for_folder(folder, data_dir=place, as_of=as_of, strict=strict)
    if config is None and not DEFAULT_CONFIG.is_file():
        raise UsageError(
            f"nothing to audit: no FOLDER was given, and there is no {DEFAULT_CONFIG} here",
            cure="`auditor audit FOLDER` audits an evidence folder; `auditor demo` shows one",
        )
    return plan_from_config(config or DEFAULT_CONFIG, scope, as_of=as_of, strict=strict, data_dir=data_dir)


def run_audit(plan: AuditPlan, *, quiet: bool) -> AuditResult:
    """Run the use case with progress on standard error."""
    from auditor.bootstrap import now
    from auditor.usecases.audit import audit as audit_use_case

    progress = Progress(enabled=not quiet)
    try:
        return audit_use_case(plan, now, progress)
    finally:
        progress.close()


def show_result(result: AuditResult, out: Path | None, *, as_json: bool) -> None:
    """Print a result, and write its reports where asked."""
    from auditor.assessment_document import document
    from auditor.report import terminal
    from auditor.usecases.report import write_reports

    files = write_reports(result.assessment, result.seal, out) if out is not None else []
    if as_json:
        print_json(document(result.assessment, result.seal))
        return
    width = min(shutil.get_terminal_size((100, 24)).columns, 120)
    click.echo(
        terminal.render(result.assessment, result.seal, width=width, colour=wants_colour(), files=files), nl=False
    )


@click.command()
@config_option
@data_dir_option
@run_option
@as_of_option
@click.option("--rule-pack", help="Another pack: a name, or a path.  [default: the one of the run]")
@click.option("--out", "-o", type=click.Path(path_type=Path), help="Also write the reports into this directory.")
@json_option
def assess(
    config: Path | None,
    data_dir: Path | None,
    run: int | None,
    as_of: datetime | None,
    rule_pack: str | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Judge stored evidence again, without asking any source.

    The evidence is that of the latest run, of --run, or of the last run at or before --as-of. Use it after a rule pack
    has changed, or to judge the past with today's rules. Evidence that was only collected so far is judged by the
    configuration.

    \b
    Examples:
      auditor assess                          today's rules on the latest evidence
      auditor assess --as-of 2026-01-31       what was known then, judged at that instant
      auditor assess --rule-pack ./my-pack    a pack of your own
    """
    from auditor.bootstrap import deriver, now
    from auditor.usecases.reassess import reassess

    progress = Progress(enabled=not as_json)
    try:
        result = reassess(
            find_data_dir(data_dir, config),
            run=run,
            as_of=as_of,
            rule_pack=rule_pack,
            deriver=deriver(),
            now=now,
            progress=progress,
            configured=_configured(config, data_dir),
        )
    finally:
        progress.close()
    show_result(result, out, as_json=as_json)
    return int(result.exit_code)


def _configured(config: Path | None, data_dir: Path | None) -> Callable[[], AuditPlan] | None:
    """Gives the plan of the configuration, without its secrets; None where there is no configuration."""
    from auditor.bootstrap import plan_from_config

    if config is None and not DEFAULT_CONFIG.is_file():
        return None
    place = config or DEFAULT_CONFIG
    return lambda: plan_from_config(place, None, as_of=None, strict=False, data_dir=data_dir, offline=True)
