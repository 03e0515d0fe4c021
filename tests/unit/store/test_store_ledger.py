"""The ledger's migrations, and the data directories that are refused."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from store_kit import TICKETS, quick_run

from auditor.errors import IntegrityError, StoreError
from auditor.store.migrate import Migration, known_migrations, migrate, schema_version
from auditor.store.store import Store

NEXT = Migration(
    len(known_migrations()) + 1,
    "next.sql",
    "alter table run add column note text;\n-- a comment; with a semicolon\ncreate index run_note on run (note);\n",
)


def connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def schema(connection: sqlite3.Connection) -> list[tuple[str, ...]]:
    return connection.execute("select type, name, tbl_name, sql from sqlite_master order by type, name").fetchall()


def test_migrations_are_numbered_without_a_hole() -> None:
    assert [migration.version for migration in known_migrations()] == list(range(1, len(known_migrations()) + 1))


@pytest.mark.parametrize("version", range(len(known_migrations()) + 1))
def test_a_ledger_of_any_version_migrates_to_what_a_fresh_one_is(tmp_path: Path, version: int) -> None:
    every = (*known_migrations(), NEXT)
    fresh, old = connect(tmp_path / "fresh"), connect(tmp_path / "old")
    migrate(fresh, every)
    migrate(old, every[:version])
    assert schema_version(old) == version
    migrate(old, every)
    assert schema(old) == schema(fresh)
    assert schema_version(old) == schema_version(fresh) == NEXT.version


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    connection = connect(tmp_path / "ledger")
    migrate(connection, known_migrations())
    before = schema(connection)
    migrate(connection, known_migrations())
    assert schema(connection) == before


def test_rows_survive_a_migration(store: Store) -> None:
    seal = quick_run(store)
    migrate(store.ledger.connection, [NEXT])
    assert store.seal(1) == seal
    assert store.ledger.row("select note from run") == (None,)


def test_a_migration_that_fails_leaves_the_version_before_it(tmp_path: Path) -> None:
    connection = connect(tmp_path / "ledger")
    migrate(connection, known_migrations())
    before = schema(connection)
    broken = Migration(NEXT.version, "broken.sql", NEXT.sql + "create table run (twice integer);\n")
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, [broken])
    assert schema(connection) == before
    assert schema_version(connection) == len(known_migrations())


def test_every_statement_of_a_migration_is_run(tmp_path: Path) -> None:
    """The last statement of each file would be left out without its semicolon."""
    for migration in known_migrations():
        assert migration.sql.rstrip().endswith(";")


def test_an_old_ledger_migrates_when_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store.open(tmp_path / "data").close()
    every = (*known_migrations(), NEXT)
    monkeypatch.setattr("auditor.store.ledger.known_migrations", lambda: every)
    store = Store.open(tmp_path / "data")
    assert schema_version(store.ledger.connection) == NEXT.version
    store.close()


def test_a_ledger_is_not_migrated_under_a_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from store_kit import SCOPE, T

    with store.begin(SCOPE, "audit", T):
        monkeypatch.setattr("auditor.store.ledger.known_migrations", lambda: (*known_migrations(), NEXT))
        with pytest.raises(StoreError, match="another run writes"):
            Store.open(store.layout.root)


def test_reviews_can_only_be_added(store: Store) -> None:
    connection = store.ledger.connection
    connection.execute("insert into review (scope, at, body) values ('s', '2026-01-01T00:00:00Z', '{}')")
    for statement in ("update review set body = 'x'", "delete from review"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)


def test_commits_are_made_durable(store: Store) -> None:
    assert store.ledger.row("pragma synchronous") == (2,)
    assert store.ledger.row("pragma journal_mode") == ("wal",)
    assert store.ledger.row("pragma foreign_keys") == (1,)


def test_a_new_data_directory_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir(mode=0o755)
    for name in ("new/deep", "there"):
        Store.open(tmp_path / name).close()
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o700
        assert (tmp_path / name / "format").read_text() == "auditor-data 1\n"


def newer_format(root: Path) -> None:
    (root / "format").write_text("auditor-data 2\n")


def newer_ledger(root: Path) -> None:
    connection = connect(root / "ledger.sqlite")
    connection.execute("pragma user_version = 99")
    connection.close()


REFUSED: list[tuple[Callable[[Path], object], type[Exception], str]] = [
    (newer_format, StoreError, "has format 2; this auditor knows formats up to 1"),
    (newer_ledger, StoreError, f"has schema version 99; this auditor knows versions up to {len(known_migrations())}"),
    (lambda root: (root / "format").write_text("something"), StoreError, "not the version of a data directory"),
    (lambda root: (root / "ledger.sqlite").unlink(), IntegrityError, "the ledger is missing"),
    (lambda root: (root / "ledger.sqlite").write_bytes(b"no database" * 100), IntegrityError, "the ledger is damaged"),
]


@pytest.mark.parametrize(("spoil", "error", "message"), REFUSED)
def test_a_directory_that_cannot_be_read_is_refused_and_left_as_it_is(
    tmp_path: Path, spoil: Callable[[Path], object], error: type[Exception], message: str
) -> None:
    root = tmp_path / "data"
    store = Store.open(root)
    quick_run(store)
    store.close()
    spoil(root)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises(error, match=message) as caught:
        Store.open(root)
    assert caught.value.where is not None  # type: ignore[attr-defined]
    assert caught.value.cure is not None  # type: ignore[attr-defined]
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_a_folder_with_other_things_never_becomes_a_data_directory(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(StoreError, match="holds other things"):
        Store.open(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_is_no_data_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="a file, not a directory"):
        Store.open(tmp_path / "file")


def test_a_path_that_duckdb_would_take_for_a_pattern_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="may not contain"):
        Store.open(tmp_path / "data[1]")


def test_opening_without_creating_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no data directory"):
        Store.open(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()


def test_deleted_folders_for_states_and_temporary_files_come_back(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "data")
    quick_run(store, TICKETS)
    store.close()
    for folder in (store.layout.states, store.layout.tmp):
        folder.rmdir()
    again = Store.open(tmp_path / "data")
    assert again.state_at(1).exists()
    again.close()
