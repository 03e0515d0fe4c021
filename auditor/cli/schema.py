"""`auditor schema`."""

from __future__ import annotations

import click

from auditor.cli.output import print_json
from auditor.errors import UsageError


@click.command()
@click.argument("name", required=False)
def schema(name: str | None) -> int:
    """Print the JSON Schema of a file format; without NAME, the names there are.

    NAME is a stream of the evidence folder (such as `ticket`), the `folder` as a whole, its `manifest`, the `config`,
    an `assessment`, or a file of a rule pack (such as `indicator`).

    \b
    Examples:
      auditor schema
      auditor schema sla_cycle
      auditor schema assessment > assessment.schema.json
    """
    from auditor.usecases.schemas import schema_names, schema_of

    if name is None:
        click.echo("\n".join(schema_names()))
        return 0
    document = schema_of(name)
    if document is None:
        raise UsageError(f"there is no schema {name!r}", cure="`auditor schema` lists the names")
    print_json(document)
    return 0
