"""`auditor collect`, `auditor doctor` and `auditor replay`: sources without judging them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.cli.options import config_option, data_dir_option, find_data_dir, json_option
from auditor.cli.output import Progress, print_json
from auditor.cli.places import DEFAULT_CONFIG
from auditor.errors import UsageError

if TYPE_CHECKING:
    from auditor.canonical import JsonValue
    from auditor.usecases.collect import Collection
    from auditor.usecases.plan import AuditPlan

_GAPS_SHOWN = 5

scope_option = click.option("--scope", help="Scope of the configuration.  [default: the only one]")


def configured_plan(
    config: Path | None, scope: str | None, data_dir: Path | None, *, offline: bool = False
) -> AuditPlan:
    """The plan of a configuration.

    Args:
        offline: secrets are not needed, and not read.

    Raises:
        UsageError: there is no configuration.
        ConfigError: it is wrong.
    """
    from auditor.bootstrap import plan_from_config

    if config is None and not DEFAULT_CONFIG.is_file():
        raise UsageError(
            f"there is no {DEFAULT_CONFIG} here, and --config names none",
            cure="start from config.example.yaml in the project",
        )
    place = config or DEFAULT_CONFIG
    return plan_from_config(place, scope, as_of=None, strict=False, data_dir=data_dir, offline=offline)


@click.command()
@config_option
@scope_option
@data_dir_option
@json_option
def collect(config: Path | None, scope: str | None, data_dir: Path | None, as_json: bool) -> int:
    """Read the sources of a scope into the store, and judge nothing.

    Each source goes on from where its last committed pull ended. `auditor assess` judges what is stored. Exit code 3
    means that some evidence could not be had.

    \b
    Examples:
      auditor collect                      every source of the only scope
      auditor collect --scope payments     those of one scope
    """
    from auditor.bootstrap import now
    from auditor.usecases.collect import collect as collect_use_case

    plan = configured_plan(config, scope, data_dir)
    progress = Progress(enabled=not as_json)
    try:
        collection = collect_use_case(plan, now, progress)
    finally:
        progress.close()
    if as_json:
        print_json(_document(collection))
    else:
        click.echo(_text(collection))
    return int(collection.exit_code)


@click.command()
@config_option
@scope_option
@data_dir_option
@json_option
def doctor(config: Path | None, scope: str | None, data_dir: Path | None, as_json: bool) -> int:
    """Say whether an audit would work: data directory, key, and each source.

    Every source is asked whether it can be reached, lets us in, permits each stream, has a version we know, keeps the
    same time as we do, and how far back it remembers. Nothing that it answers is kept. Exit code 3 when anything is
    not well.

    \b
    Example:
      auditor doctor
    """
    from auditor.bootstrap import now
    from auditor.usecases.doctor import diagnose

    plan = configured_plan(config, scope, data_dir)
    progress = Progress(enabled=not as_json)
    try:
        diagnosis = diagnose(plan, now, progress)
    finally:
        progress.close()
    if as_json:
        print_json(diagnosis.document())
    else:
        click.echo(diagnosis.text())
    return int(diagnosis.exit_code)


@click.command()
@click.argument("run", required=False, type=click.IntRange(min=1))
@click.option("--source", help="Replay one source only.")
@config_option
@scope_option
@data_dir_option
@json_option
def replay(
    run: int | None, source: str | None, config: Path | None, scope: str | None, data_dir: Path | None, as_json: bool
) -> int:
    """Make a run again from its stored payloads, with the network closed.

    Every request is answered by the bytes it got in RUN (default: the latest run that read sources), the clock stands
    still, and records, gaps and assessment are compared with what was sealed. Secrets are not needed, and of a folder
    that was audited by itself neither a configuration nor the folder. Exit code 4 when anything differs, 3 when
    something could not be replayed.

    \b
    Examples:
      auditor replay                     the latest run, every source
      auditor replay 3 --source metrics  one source of run 3
    """
    from auditor.usecases.replay import replay as replay_use_case

    plan = _plan_of_stored(config, scope, data_dir)
    progress = Progress(enabled=not as_json)
    try:
        replayed = replay_use_case(plan, run, source, progress)
    finally:
        progress.close()
    if as_json:
        print_json(replayed.document())
    else:
        click.echo(replayed.text())
    return int(replayed.exit_code)


def _plan_of_stored(config: Path | None, scope: str | None, data_dir: Path | None) -> AuditPlan:
    """The plan of what was stored: that of a configuration, else that of a folder that was audited by itself."""
    from auditor.bootstrap import plan_for_stored_folder

    if config is not None or scope is not None or DEFAULT_CONFIG.is_file():
        return configured_plan(config, scope, data_dir, offline=True)
    return plan_for_stored_folder(find_data_dir(data_dir, None))


def _document(collection: Collection) -> dict[str, JsonValue]:
    return {
        "run": collection.run,
        "sources": [
            {
                "source_id": source.source_id,
                "status": source.values.get("status"),
                "gaps": [
                    {"stream": gap.stream, "reason": gap.reason.value, "detail": gap.detail, "place": gap.place}
                    for gap in source.gaps
                ],
            }
            for source in collection.sources
        ],
        "records": dict(sorted(_records(collection).items())),
    }


def _records(collection: Collection) -> Counter[str]:
    records: Counter[str] = Counter()
    for outcome in collection.outcomes:
        records.update(outcome.records)
    return records


def _text(collection: Collection) -> str:
    records = _records(collection)
    lines = [f"run {collection.run}: {sum(records.values())} records"]
    lines += [f"  {stream:20} {count:>8}" for stream, count in sorted(records.items())]
    for source in collection.sources:
        lines.append(f"{source.source_id}: {source.values.get('status')}, gaps: {len(source.gaps)}")
        reasons = Counter(f"{gap.stream or '-'}: {gap.reason.value}: {gap.detail}" for gap in source.gaps)
        shown = reasons.most_common(_GAPS_SHOWN)
        lines += [f"  {text}{f' ({times} times)' if times > 1 else ''}" for text, times in shown]
        if len(reasons) > _GAPS_SHOWN:
            lines.append(f"  and {len(reasons) - _GAPS_SHOWN} more (--json lists all)")
    return "\n".join(lines)
