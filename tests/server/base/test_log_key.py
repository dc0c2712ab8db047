"""The log key is a secret of the installation: made once, for its owner alone, and the same afterwards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shortlist_server.base.log_key import read_log_key


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "log.key"
    key = read_log_key(file)
    assert len(bytes.fromhex(key)) == 32
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_log_key(file) == key
    assert list(tmp_path.iterdir()) == [file]


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(read_log_key, [tmp_path / "log.key"] * 32))) == 1


def test_where_no_file_can_be_made_the_key_is_a_new_one(tmp_path: Path) -> None:
    missing = tmp_path / "none" / "log.key"
    assert read_log_key(missing) != read_log_key(missing)
