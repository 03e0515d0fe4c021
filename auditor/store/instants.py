"""Instants in the ledger: ISO 8601 text in UTC that ends in Z."""

from __future__ import annotations

from datetime import UTC, datetime


def instant_text(moment: datetime) -> str:
    """Canonical text of an aware instant.

    Raises:
        ValueError: the instant has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def parse_instant(text: str) -> datetime:
    """The aware instant that `instant_text` wrote.

    Raises:
        ValueError: the text is no instant.
    """
    return datetime.fromisoformat(text).astimezone(UTC)
