"""Makes a git repository of service level documents with a year of history: what people and a bot would have written.

The people do not exist: authors are roles at example.org.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

_MANAGER = ("Service level manager", "slm@example.org")
_OWNER = ("Owner of checkout", "checkout-owner@example.org")
_BOT = ("report-bot[bot]", "report-bot@example.org")

_SLA = """\
---
type: sla
service: {service}
owner: slm@example.org
approved: {approved:%Y-%m-%d}
review: {review:%Y-%m-%d}
---
# Service level agreement: {title}

## Parties

| Role | Party |
| --- | --- |
| Provider | Platform team (internal IT) |
| Customer | Web shop department |

## Service description

{title} lets customers of the web shop {does}. It runs in two data centres and is watched around the clock; planned work
is announced five days ahead.

## Service levels

| Service level | Target | Measured |
| --- | --- | --- |
| Availability | {availability} % per month | from the share of good requests |
| P1 incidents | respond within 15 minutes, resolve within 4 hours | service desk clocks |
| P2 incidents | respond within 1 hour, resolve within 8 hours | service desk clocks |

## Workload limits

The levels hold for up to 4,000 requests a minute. Above that the provider does what it reasonably can and reports it in
the next review.

## Exceptions

Announced maintenance on Sunday nights between 02:00 and 04:00 is not counted, and neither is the loss of the customer's
own network.

## Responsibilities

The provider measures, reports every month and calls a review when a level was missed. The customer names the contacts
and announces campaigns two weeks ahead.

## Review

Both parties review this agreement every six months. It was agreed and signed by the provider and the customer on
{approved:%Y-%m-%d}.
"""

_CATALOGUE = """\
---
type: catalogue
owner: slm@example.org
---
# Service catalogue

| Service | Description | Owner | Users | Depends on |
| --- | --- | --- | --- | --- |
| checkout | takes orders and payments | checkout-owner@example.org | customers of the web shop | search |
| search | finds products | slm@example.org | customers of the web shop | - |
"""

_RUNBOOK = """\
# Runbook: fast burn of the error budget

1. Look at the share of failed requests of the last five minutes.
2. Roll the last release back when it is younger than an hour.
3. Tell the service desk, which tells the customers.
"""

_REPORT = """\
---
type: report
service: {service}
---
# Service report of {month:%B %Y}: {service}

Availability was {actual} %, target {availability} %.
"""

_TEMPLATE = """\
# Service level agreement (template)

Service: <name of the service>. Provider: [..]. Customer: [..]. Availability: XX % per month.
"""


def make_repository(folder: Path, now: datetime, library: Path | None = None) -> Path:
    """Write the repository.

    Args:
        folder: where it is made.
        now: the last commit is a day before (UTC).
        library: a folder of other documents that are committed beside them.
    """
    folder.mkdir(parents=True)
    _git(folder, "init", "--quiet", "--initial-branch=main")
    start = now - timedelta(days=330)
    first = {"title": "Checkout", "service": "checkout", "does": "order and pay", "approved": start}
    _write(
        folder, "agreements/checkout.md", _SLA.format(**first, availability="99.5", review=start + timedelta(days=182))
    )
    _write(folder, "catalogue.md", _CATALOGUE)
    _write(folder, "templates/sla.md", _TEMPLATE)
    _commit(folder, start, _MANAGER, "First agreement, catalogue and template")
    if library is not None:
        for path in sorted(library.iterdir()):
            if path.is_file() and path.suffix != ".csv":
                (folder / "library").mkdir(exist_ok=True)
                shutil.copyfile(path, folder / "library" / path.name)
        _commit(folder, start + timedelta(days=20), _MANAGER, "Documents of others, to compare with")
    _write(folder, "runbooks/error-budget-burn.md", _RUNBOOK)
    _commit(folder, start + timedelta(days=60), _OWNER, "Runbook for the fast burn alert")
    renewed = now - timedelta(days=120)
    values = {**first, "approved": renewed, "review": renewed + timedelta(days=182)}
    _write(folder, "agreements/checkout.md", _SLA.format(**values, availability="99.9"))
    _commit(
        folder,
        renewed,
        _MANAGER,
        "Review with the web shop: availability 99.9 %\n\nReviewed-by: Owner <checkout-owner@example.org>",
    )
    for months in (3, 2, 1):
        month = now - timedelta(days=30 * months)
        text = _REPORT.format(service="checkout", month=month, actual="99.93", availability="99.9")
        _write(folder, "reports/checkout.md", text)
        _commit(folder, month + timedelta(days=29), _BOT, "Monthly figures")
    return folder


def _write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _commit(folder: Path, at: datetime, author: tuple[str, str], message: str) -> None:
    name, mail = author
    who = {"NAME": name, "EMAIL": mail, "DATE": f"{at:%Y-%m-%dT%H:%M:%S+00:00}"}
    roles = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in who.items()}
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", message, env=roles)


def _git(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    quiet = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", *arguments], cwd=folder, env={**plain, **quiet, **(env or {})}, check=True)
