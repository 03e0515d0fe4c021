"""The key of the pseudonyms is made once, lies outside the data, and a damaged one is one clear error."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from auditor.collect.key import load_key
from auditor.errors import ConfigError


def test_a_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    place = tmp_path / "state" / "key"
    key = load_key(place, data_dir=tmp_path / "data")
    assert (len(key), stat.S_IMODE(place.stat().st_mode)) == (32, 0o600)
    assert load_key(place, data_dir=tmp_path / "data") == key
    assert [entry.name for entry in place.parent.iterdir()] == ["key"]


def test_many_that_come_first_at_once_get_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: load_key(tmp_path / "key", data_dir=tmp_path / "data"), range(64)))
    assert len(keys) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_a_key_inside_the_data_directory_is_refused_through_links_too(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "link").symlink_to(data)
    for place in (data / "key", tmp_path / "link" / "sub" / "key", data / ".." / "data" / "key"):
        with pytest.raises(ConfigError, match="inside the data directory"):
            load_key(place, data_dir=data)
    assert list(data.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33, b"x" * 4096])
def test_a_file_that_is_no_key_is_an_error_with_its_cure(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "key"
    place.write_bytes(content)
    with pytest.raises(ConfigError, match=f"it has {len(content)} bytes") as caught:
        load_key(place, data_dir=tmp_path / "data")
    assert "copy" in (caught.value.cure or "")
    assert place.read_bytes() == content


def test_a_key_that_cannot_be_read_or_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for place in (tmp_path / "folder", tmp_path / "file" / "key"):
        with pytest.raises(ConfigError, match="cannot be read or made"):
            load_key(place, data_dir=tmp_path / "data")
