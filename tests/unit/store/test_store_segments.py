"""Segments: only what changed, in an order and a form that give the same bytes for the same rows."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from store_kit import make

from auditor.canonical import canonical_bytes
from auditor.errors import IntegrityError
from auditor.model.evidence import PayloadRef, Row
from auditor.model.streams import STREAMS
from auditor.store.engine import engine
from auditor.store.segments import Pulled, RowSpool, Written, read_entries, row_of, write_segment

PAYLOAD = PayloadRef("a" * 64, 10)


def ticket(key: str, source_id: str = "desk", **values: Any) -> Row:
    values = {"ticket_id": key, "kind": "change", "created": "2025-12-01T08:00:00Z", **values}
    return make("ticket", PAYLOAD, "line:1", source_id, **values)


class Log:
    """A log of segments of one stream, one run after the other."""

    def __init__(self, folder: Path, connection: duckdb.DuckDBPyConnection, stream: str = "ticket") -> None:
        self.folder = folder
        self.connection = connection
        self.stream = STREAMS[stream]
        self.files: list[Path] = []

    def run(self, rows: Sequence[Row], whole: Sequence[str] = ()) -> Written | None:
        number = len(self.files) + 1
        folder = self.folder / f"run-{number}"
        folder.mkdir()
        spool = RowSpool(folder)
        for row in rows:
            spool.add(row)
        spool.close()
        target = folder / "out.parquet"
        written, _ = write_segment(
            self.connection,
            self.stream,
            spool,
            earlier=[file for file in self.files if file.exists()],
            pulled=Pulled(whole),
            run=number,
            target=target,
        )
        self.files.append(target)
        return written

    def rows(self) -> list[Row]:
        """Rows of the last segment."""
        return [row_of(entry.line) for entry in read_entries(self.connection, self.stream.name, self.files[-1])]


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with engine(tmp_path_factory.mktemp("engine")) as opened:
        yield opened


@pytest.fixture
def new_log(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> Callable[[str], Log]:
    """Call it with the name of a stream for an empty log."""

    def make_log(stream: str) -> Log:
        return Log(Path(tempfile.mkdtemp(dir=tmp_path)), connection, stream)

    return make_log


@pytest.fixture
def log(new_log: Callable[[str], Log]) -> Log:
    return new_log("ticket")


def test_rows_come_back_as_they_went_in(log: Log) -> None:
    fetched = datetime(2025, 12, 31, 23, 59, 59, 123456, tzinfo=UTC)
    row = replace(ticket("ä/ö:%\x00😀", priority="line\nbreak\t\\"), source_url="https://x/1", fetched_at=fetched)
    log.run([row])
    assert log.rows() == [row]


@pytest.mark.parametrize(
    ("stream", "values"),
    [
        (
            "service",
            {
                "service_id": "s",
                "aliases": [],
                "customer_parties": ["a;b", 'c"d'],
                "tier": 1,
                "valid_from": "0001-01-01",
            },
        ),
        ("service", {"service_id": "s", "in_scope": False, "valid_to": "9999-12-31"}),
        ("override", {"indicator_id": "X", "to": 0.123456789012, "by": ["p-01"], "at": "0001-02-03T04:05:06Z"}),
        ("override", {"indicator_id": "X", "to": 1, "by": [], "at": "9999-12-31T23:59:59.999999Z"}),
        ("document", {"doc_id": "d", "kind": "other", "sections_found": {"b": None, "a": True, "ü": False}}),
        ("document", {"doc_id": "d", "kind": "other", "sections_found": {}, "kind_conf": 0.1, "labels": ["x"]}),
    ],
)
def test_values_of_every_type_survive(new_log: Callable[[str], Log], stream: str, values: dict[str, Any]) -> None:
    log, row = new_log(stream), make(stream, PAYLOAD, "line:1", **values)
    log.run([row])
    assert log.rows() == [row]


def test_a_stream_without_rows_writes_nothing(new_log: Callable[[str], Log]) -> None:
    for name in STREAMS:
        assert new_log(name).run([], whole=["desk"]) is None


def test_the_order_of_coming_makes_no_difference(new_log: Callable[[str], Log]) -> None:
    rows = [ticket(f"t-{number}", source) for number in range(50) for source in ("a", "b")]
    logs = []
    for order in (rows, rows[::-1]):
        logs.append(new_log("ticket"))
        logs[-1].run(order)
    assert logs[0].files[0].read_bytes() == logs[1].files[0].read_bytes()
    assert [row.key for row in logs[0].rows()][:2] == ["t-0", "t-1"]


def test_the_content_hash_is_that_of_canonical_lines_in_the_order_of_source_and_key(log: Log) -> None:
    written = log.run([ticket("b"), ticket("a")])
    lines = b""
    for row in sorted(log.rows(), key=lambda entry: (entry.source_id, entry.key)):
        lines += canonical_bytes(
            {
                "stream": row.stream,
                "source_id": row.source_id,
                "key": row.key,
                "values": row.values,
                "reliability": int(row.reliability),
                "ref": row.ref,
                "row_sha256": row.sha256,
                "payload_sha256": row.payload_sha256,
                "pointer": row.pointer,
                "source_url": None,
                "fetched_at": None,
                "deleted": False,
            }
        )
        lines += b"\n"
    assert written is not None
    assert written.content_sha256 == hashlib.sha256(lines).hexdigest()


def test_only_rows_that_changed_are_written(log: Log) -> None:
    log.run([ticket("a"), ticket("b"), ticket("a", "other")])
    assert log.run([ticket("a"), ticket("b"), ticket("a", "other")]) is None
    written = log.run([ticket("a"), ticket("b", kind="incident"), ticket("c"), ticket("a", "other")])
    assert written is not None
    assert written.changed == {"desk": 2}
    assert [row.key for row in log.rows()] == ["b", "c"]


def test_a_row_read_from_another_place_with_equal_values_did_not_change(log: Log) -> None:
    log.run([ticket("a")])
    assert log.run([replace(ticket("a"), pointer="line:7", payload_sha256="b" * 64)]) is None


def test_a_change_back_is_a_change(log: Log) -> None:
    for kind in ("incident", "problem", "incident"):
        assert log.run([ticket("a", kind=kind)]) is not None
    assert log.run([ticket("a", kind="incident")]) is None


def test_of_rows_with_one_key_the_last_counts(log: Log) -> None:
    log.run([ticket("a", kind="incident"), ticket("b"), ticket("a", kind="problem")])
    assert [(row.key, row.values["kind"]) for row in log.rows()] == [("a", "problem"), ("b", "change")]


def test_rows_of_a_whole_pull_that_did_not_come_are_gone_and_those_of_others_stay(log: Log) -> None:
    log.run([ticket("a", kind="incident"), ticket("b"), ticket("a", "other")])
    written = log.run([ticket("b")], whole=["desk"])
    assert written is not None
    assert (written.changed, written.gone) == ({}, {"desk": 1})
    (row,) = log.rows()
    assert (row.key, row.deleted, row.values["kind"], row.source_id) == ("a", True, "incident", "desk")
    assert log.run([ticket("b")], whole=["desk"]) is None, "a row is gone once"


def test_a_row_that_comes_back_is_written_although_it_is_equal(log: Log) -> None:
    log.run([ticket("a")])
    log.run([], whole=["desk"])
    assert log.run([ticket("a")], whole=["desk"]) is not None
    assert [row.deleted for row in log.rows()] == [False]


def test_a_pull_that_is_not_whole_takes_nothing_away(log: Log) -> None:
    log.run([ticket("a"), ticket("b")])
    assert log.run([ticket("b")]) is None


def test_a_tombstone_from_the_collector_counts_once_and_only_for_a_known_row(log: Log) -> None:
    log.run([ticket("a")])
    gone = [replace(ticket("a"), deleted=True), replace(ticket("never"), deleted=True)]
    written = log.run(gone)
    assert written is not None
    assert (written.record_count, written.gone) == (1, {"desk": 1})
    assert log.run(gone) is None


def test_a_row_whose_hash_is_not_its_own_is_refused(log: Log) -> None:
    with pytest.raises(IntegrityError, match="row ticket:desk:a is not what its hash says"):
        log.run([replace(ticket("a"), sha256="0" * 64)])


def test_a_row_of_an_earlier_model_without_newer_columns_is_read_and_compared(log: Log, tmp_path: Path) -> None:
    log.run([ticket("a"), ticket("b")])
    older = tmp_path / "older.parquet"
    log.connection.execute(f"copy (select * exclude (reopened) from '{log.files[0]}') to '{older}' (format parquet)")
    log.files[0] = older
    written = log.run([ticket("a")], whole=["desk"])
    assert written is not None
    assert written.gone == {"desk": 1}


def test_a_very_long_row_is_written(log: Log) -> None:
    log.run([ticket("a", priority="x" * (20 << 20))])
    assert len(str(log.rows()[0].values["priority"])) == 20 << 20
