"""Migrations of the ledger: numbered SQL files, each applied once, in one transaction."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import resources

from auditor.errors import StoreError

_NAME = re.compile(r"([0-9]{4})_[a-z0-9_]+\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the ledger's schema: brings version `version - 1` to `version`."""

    version: int
    name: str
    sql: str


@cache
def known_migrations() -> tuple[Migration, ...]:
    """The migrations this version ships, in order."""
    folder = resources.files("auditor.store") / "migrations"
    found = [
        Migration(int(match[1]), entry.name, entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if (match := _NAME.fullmatch(entry.name))
    ]
    return tuple(sorted(found, key=lambda migration: migration.version))


def schema_version(connection: sqlite3.Connection) -> int:
    """Version of a ledger; 0 when it is empty."""
    (version,) = connection.execute("pragma user_version").fetchone()
    return int(version)


def check_version(connection: sqlite3.Connection, place: str) -> None:
    """Refuse a ledger of a newer version.

    Raises:
        StoreError: the ledger was migrated by a newer auditor.
    """
    version, newest = schema_version(connection), known_migrations()[-1].version
    if version > newest:
        raise StoreError(
            f"the ledger has schema version {version}; this auditor knows versions up to {newest}",
            where=place,
            cure="use the newer auditor that wrote it",
        )


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the block's statements, or none of them."""
    connection.execute("begin immediate")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:  # a full disk may have ended it already
            connection.execute("rollback")
        raise


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    """Apply the migrations a ledger has not seen; one that fails leaves the ledger at the version before it."""
    for migration in migrations:
        with transaction(connection):
            # Read inside of the transaction: another process may have migrated meanwhile.
            if schema_version(connection) < migration.version:
                for statement in _statements(migration.sql):
                    connection.execute(statement)
                connection.execute(f"pragma user_version = {migration.version}")


def _statements(sql: str) -> Iterator[str]:
    """The statements of a script; `executescript` would commit before each script and break the transaction."""
    statement = ""
    for line in sql.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
