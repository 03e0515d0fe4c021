"""Payloads: once per content, under their hash, checked on every reading."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import auditor.store.payloads as payloads
from auditor.errors import EvidenceError, IntegrityError
from auditor.store.layout import Layout, make_folders
from auditor.store.payloads import PayloadWriter, content_chunks, read_payload


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "data")
    make_folders(made)
    return made


@pytest.fixture
def writer(layout: Layout) -> Iterator[PayloadWriter]:
    made = PayloadWriter(layout, layout.tmp, lambda _: False)
    yield made
    made.close()


def files(layout: Layout) -> list[str]:
    return sorted(path.relative_to(layout.payloads).as_posix() for path in layout.payloads.rglob("*.gz"))


def test_bytes_are_read_back_under_the_hash_of_their_content(layout: Layout, writer: PayloadWriter) -> None:
    data = bytes(range(256)) * 40
    reference = writer.keep(data)
    writer.flush()
    assert (reference.sha256, reference.size) == (sha(data), len(data))
    assert files(layout) == [f"{sha(data)[:2]}/{sha(data)}.gz"]
    assert read_payload(layout, reference.sha256) == data


def test_identical_bytes_are_kept_once(layout: Layout, writer: PayloadWriter, tmp_path: Path) -> None:
    (tmp_path / "same").write_bytes(b"same")
    for _ in range(3):
        writer.keep(b"same")
    writer.flush()
    writer.keep_file(tmp_path / "same")
    assert len(files(layout)) == 1
    assert writer.new == {sha(b"same"): 4}


def test_the_same_bytes_give_the_same_file(layout: Layout, tmp_path: Path) -> None:
    other = Layout(tmp_path / "other")
    make_folders(other)
    packed = []
    for place in (layout, other):
        writer = PayloadWriter(place, place.tmp, lambda _: False)
        reference = writer.keep(b"payload" * 100)
        writer.flush()
        writer.close()
        packed.append(place.payload(reference.sha256).read_bytes())
    assert packed[0] == packed[1]
    assert packed[0][4:8] == bytes(4), "no modification time"


def test_a_payload_an_earlier_run_keeps_is_not_written_again(layout: Layout, tmp_path: Path) -> None:
    kept = sha(b"known")
    writer = PayloadWriter(layout, layout.tmp, lambda sha256: sha256 == kept)
    (tmp_path / "file").write_bytes(b"known")
    writer.keep(b"known")
    writer.keep_file(tmp_path / "file")
    writer.flush()
    writer.close()
    assert files(layout) == []
    assert writer.new == {}


def test_a_file_that_a_dead_run_left_half_written_is_replaced(layout: Layout, writer: PayloadWriter) -> None:
    place = layout.payload(sha(b"whole"))
    place.parent.mkdir()
    place.write_bytes(b"\x1f\x8b half")
    writer.keep(b"whole")
    writer.flush()
    assert read_payload(layout, sha(b"whole")) == b"whole"


def test_more_payloads_than_one_batch_are_all_kept(
    layout: Layout, writer: PayloadWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payloads, "_BATCH_FILES", 10)
    data = [f"payload {number}".encode() for number in range(57)]
    for entry in data:
        writer.keep(entry)
    writer.flush()
    assert [read_payload(layout, sha(entry)) for entry in data] == data
    assert not list(layout.tmp.iterdir())


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_is_kept_as_its_content(layout: Layout, writer: PayloadWriter, tmp_path: Path, packed: bool) -> None:
    data = b"".join(f"{number},row\n".encode() for number in range(300_000))
    path = tmp_path / "export"
    path.write_bytes(gzip.compress(data, 1) if packed else data)
    reference = writer.keep_file(path)
    writer.flush()
    assert (reference.sha256, reference.size) == (sha(data), len(data))
    assert read_payload(layout, reference.sha256) == data
    assert not list(layout.tmp.iterdir())


def test_a_gzip_file_of_several_members_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "two.gz"
    path.write_bytes(gzip.compress(b"first ") + gzip.compress(b"second"))
    assert b"".join(content_chunks(path)) == b"first second"


def test_a_file_is_never_held_in_memory_whole(writer: PayloadWriter, tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "large.gz"
    with gzip.open(path, "wb", 1) as out:
        for number in range(40):
            out.write(hashlib.sha256(bytes([number])).digest() * (1 << 15))
    tracemalloc.start()
    assert writer.keep_file(path).size == 40 << 20
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 << 20


def test_a_decompression_bomb_is_refused_before_it_fills_the_disk(
    layout: Layout, writer: PayloadWriter, tmp_path: Path
) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(80 << 20)))
    with pytest.raises(EvidenceError, match="200 times its size"):
        writer.keep_file(path)
    assert files(layout) == []


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda packed: packed[:-9], EOFError),
        (lambda packed: packed[:30] + b"\xff" * 30 + packed[60:], zlib.error),
        (lambda packed: packed[:-8] + bytes(8), gzip.BadGzipFile),
    ],
)
def test_damaged_compressed_evidence_is_the_readers_error_not_the_disks(
    writer: PayloadWriter, tmp_path: Path, spoil: Callable[[bytes], bytes], error: type[Exception]
) -> None:
    data = b"".join(hashlib.sha256(bytes([number])).hexdigest().encode() for number in range(100))
    path = tmp_path / "damaged.gz"
    path.write_bytes(spoil(gzip.compress(data)))
    with pytest.raises(error):
        writer.keep_file(path)


def test_a_file_that_changes_between_measuring_and_writing_is_kept_as_it_was_written(
    layout: Layout, writer: PayloadWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "moving"
    path.write_bytes(b"before")
    measure = payloads._measure

    def change_afterwards(chunks: Iterator[bytes]) -> object:
        result = measure(chunks)
        path.write_bytes(b"afterwards")
        return result

    monkeypatch.setattr(payloads, "_measure", change_afterwards)
    reference = writer.keep_file(path)
    assert read_payload(layout, reference.sha256) == b"afterwards"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda place: place.unlink(), "is missing"),
        (lambda place: place.write_bytes(gzip.compress(b"other")), "holds other bytes"),
        (lambda place: place.write_bytes(place.read_bytes()[:-4]), "cannot be unpacked"),
        (lambda place: place.write_bytes(b"plain text"), "cannot be unpacked"),
    ],
)
def test_a_damaged_payload_is_named_when_it_is_read(
    layout: Layout, writer: PayloadWriter, spoil: Callable[[Path], object], message: str
) -> None:
    reference = writer.keep(b"evidence")
    writer.flush()
    spoil(layout.payload(reference.sha256))
    with pytest.raises(IntegrityError, match=f"payload {reference.sha256} {message}"):
        read_payload(layout, reference.sha256)
