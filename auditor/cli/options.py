"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from auditor.cli.places import DEFAULT_CONFIG, LAST
from auditor.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])

FIRST_YEAR, LAST_YEAR = 1970, 9998
"""Years that can be audited (chosen): windows reach back from the audit instant, and calendars end somewhere."""


class Instant(click.ParamType[datetime]):
    """An instant: ISO 8601 with a zone, or a date, which means its first second in UTC."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Parse; a text without a zone is refused unless it is a plain date."""
        if isinstance(value, datetime):
            return value
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not an instant; write 2026-01-31T06:00:00Z or 2026-01-31", param, ctx)
        if parsed.tzinfo is None and len(value) > len("2026-01-31"):
            self.fail(f"{value!r} names no time zone; end it in Z for UTC", param, ctx)
        if not FIRST_YEAR <= parsed.year <= LAST_YEAR:
            self.fail(f"{value!r} is not between the years {FIRST_YEAR} and {LAST_YEAR}", param, ctx)
        aware = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
        return aware.replace(microsecond=0)


def json_option(command: Command) -> Command:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print exactly one JSON document.")(command)


def config_option(command: Command) -> Command:
    """`--config`."""
    return click.option(
        "--config",
        "-c",
        type=click.Path(path_type=Path, dir_okay=False),
        help=f"Configuration file.  [default: {DEFAULT_CONFIG} where there is one]",
    )(command)


def data_dir_option(command: Command) -> Command:
    """`--data-dir`."""
    return click.option(
        "--data-dir",
        "-d",
        type=click.Path(path_type=Path, file_okay=False),
        help="Directory of the store.  [default: that of the configuration, else of the last folder audited here]",
    )(command)


def run_option(command: Command) -> Command:
    """`--run`."""
    return click.option("--run", "-r", type=click.IntRange(min=1), help="Number of a run.  [default: the latest]")(
        command
    )


def as_of_option(command: Command) -> Command:
    """`--as-of`."""
    return click.option("--as-of", type=Instant(), help="Judge as of this instant, such as 2026-01-31T06:00:00Z.")(
        command
    )


def find_data_dir(data_dir: Path | None, config: Path | None) -> Path:
    """The store a reading command speaks of.

    Raises:
        UsageError: none was named, and nothing was audited here yet.
        ConfigError: the configuration is wrong.
    """
    if data_dir is not None:
        return data_dir
    if config is None and DEFAULT_CONFIG.is_file():
        config = DEFAULT_CONFIG
    if config is not None:
        from auditor.config import load_config

        return load_config(config).data_dir
    try:
        return Path(LAST.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError):
        raise UsageError(
            "nothing has been audited from this directory yet",
            cure="run `auditor audit FOLDER` first, or name a store with --data-dir",
        ) from None


def remember_data_dir(data_dir: Path) -> None:
    """Let later commands in this directory speak of this store."""
    LAST.parent.mkdir(mode=0o700, exist_ok=True)
    LAST.write_text(f"{data_dir}\n", encoding="utf-8")
