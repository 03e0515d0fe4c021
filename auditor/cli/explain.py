"""`auditor explain`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.canonical import JsonValue
from auditor.cli.options import config_option, data_dir_option, find_data_dir, json_option, run_option
from auditor.cli.output import print_json

if TYPE_CHECKING:
    from auditor.assess.explain import Why


_NAMELESS = ("blocker", "reason", "guard")


@click.command()
@click.argument("target")
@config_option
@data_dir_option
@run_option
@click.option("--depth", type=click.IntRange(min=0), help="Levels of the tree to print.  [default: all]")
@json_option
def explain(
    target: str, config: Path | None, data_dir: Path | None, run: int | None, depth: int | None, as_json: bool
) -> int:
    """Explain a result, from a level down to the bytes it rests on.

    TARGET is a dimension (DOC), a cell (DOC/2), an indicator (DOC-2.1), an item (DOC-2.1/booking) or the reference of
    a record.

    \b
    Examples:
      auditor explain DOC --depth 2
      auditor explain DOC-2.4
      auditor explain PM-2.1/crew-roster
    """
    from auditor.assess.explain import explain as why
    from auditor.usecases.stored import open_assessment, requests_behind

    place = find_data_dir(data_dir, config)
    assessment, seal = open_assessment(place, run)
    tree = why(assessment, target)
    shown = [(level, step) for level, step in tree.walk() if depth is None or level <= depth]
    requests = requests_behind(place, [step.target for _, step in shown if step.kind == "payload"])
    if as_json:
        document = _document(tree, depth, requests)
        print_json({"run": seal.run, "assessment_sha256": seal.assessment_sha256, "why": document})
    else:
        for level, step in shown:
            _print(level, step, requests.get(step.target, []) if step.kind == "payload" else [])
    return 0


def _print(level: int, step: Why, requests: Sequence[str]) -> None:
    from auditor.usecases.listing import requests_text

    indent = "  " * level
    click.echo(f"{indent}{_named(step)}")
    for line in requests_text(requests):
        click.echo(f"{indent}  {line}")
    if step.excerpt is not None:
        for line in step.excerpt.splitlines():
            click.echo(f"{indent}  | {line}")


def _named(step: Why) -> str:
    """A step with the name by which `explain` or `show` finds it."""
    if step.kind == "payload":
        return f"payload {step.target}, {step.says}"
    return step.says if step.kind in _NAMELESS else f"{step.target}: {step.says}"


def _document(step: Why, depth: int | None, requests: Mapping[str, list[str]]) -> dict[str, JsonValue]:
    below = None if depth is None else depth - 1
    asked: dict[str, JsonValue] = {"requests": list(requests.get(step.target, []))} if step.kind == "payload" else {}
    return {
        **asked,
        "kind": step.kind,
        "target": step.target,
        "says": step.says,
        "excerpt": step.excerpt,
        "because": [] if depth == 0 else [_document(cause, below, requests) for cause in step.because],
    }
