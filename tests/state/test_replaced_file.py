"""A state file that is replaced, moved, removed or written over while a store has it open; and who can read it."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from shortlist_core.catalog import CatalogItem
from shortlist_core.errors import StateReplacedError
from shortlist_core.types import Event
from shortlist_state import StateStore, open_store
from shortlist_state.sqlite import SqliteStore


def event(id: str, user: str = "u") -> Event:
    return Event(id, user, "i", 1)


def store_at(path: Path, *ids: str) -> None:
    """A store of its own with these events."""
    store = open_store(f"sqlite:{path}")
    store.append([event(id) for id in ids])
    store.close()


def replaced(path: Path) -> None:
    store_at(path.with_name("other.db"), "of the other")
    path.with_name("other.db").replace(path)


def written_over(path: Path) -> None:
    store_at(path.with_name("other.db"), "of the other")
    shutil.copyfile(path.with_name("other.db"), path)


def moved(path: Path) -> None:
    path.rename(path.with_name("moved.db"))


def removed(path: Path) -> None:
    path.unlink()


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def without_log(path: Path) -> None:
    Path(f"{path}-wal").unlink()


CHANGES = (replaced, written_over, moved, removed, emptied, without_log)


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_is_acknowledged_that_nobody_would_find_again(tmp_path: Path, change: Callable[[Path], None]) -> None:
    path = tmp_path / "state.db"
    store = open_store(f"sqlite:{path}")
    store.append([event("before")])
    change(path)
    calls = [
        lambda: store.append([event("after")]),
        lambda: store.erase("u"),
        lambda: store.catalog.upsert([CatalogItem("i")]),
        lambda: store.catalog.delete(["i"]),
        lambda: store.history("u", 10),  # of which file?
        lambda: store.log(-1, 10),
    ]
    with structlog.testing.capture_logs() as logs:
        for call in calls:
            with pytest.raises(
                StateReplacedError, match=r"state\.db was replaced, moved or removed.*restart"
            ) as caught:
                call()
            assert "\n" not in str(caught.value)
    assert [entry["event"] for entry in logs] == ["state_replaced"]  # once, not for each call
    assert path.exists() == (change not in (moved, removed))  # an empty file is not made in its place
    store.close()


def test_a_commit_during_which_the_file_goes_is_not_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    store = SqliteStore(str(path))

    def write_and_lose(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO notes VALUES ('a', 1)")
        moved(path)

    with pytest.raises(StateReplacedError):
        store._writes.commit(write_and_lose)
    store.close()


def test_a_file_that_is_put_back_is_used_on(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    store = open_store(f"sqlite:{path}")
    store.append([event("before")])
    moved(path)
    with pytest.raises(StateReplacedError):
        store.append([event("meanwhile")])
    path.with_name("moved.db").rename(path)
    store.append([event("after")])
    assert [each.event_id for each in store.history("u", 10)] == ["before", "after"]
    store.close()


@pytest.mark.system
@pytest.mark.parametrize("change", [replaced, written_over])
@pytest.mark.parametrize("keep_open", [True, False])
def test_a_store_that_is_opened_anew_uses_what_is_there_and_no_log_of_before(
    tmp_path: Path, change: Callable[[Path], None], keep_open: bool
) -> None:
    path = tmp_path / "state.db"
    store = open_store(f"sqlite:{path}")
    store.append([event(f"before-{number}") for number in range(500)])
    change(path)
    with pytest.raises(StateReplacedError):
        store.append([event("lost")])
    if not keep_open:
        store.close()
    assert seen_by_another_process(path) == ["of", "the", "other"]
    store.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert seen_by_another_process(path) == ["of", "the", "other"]


@pytest.mark.system
@pytest.mark.parametrize("change", [replaced, written_over])
def test_a_store_that_is_closed_before_anybody_noticed_spoils_nothing(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    path = tmp_path / "state.db"
    store = open_store(f"sqlite:{path}")
    store.append([event(f"before-{number}") for number in range(500)])
    change(path)
    store.close()
    assert seen_by_another_process(path) == ["of", "the", "other"]


@pytest.mark.system
@pytest.mark.parametrize("change", [moved, replaced, without_log])
def test_what_was_acknowledged_before_is_whole_in_the_file_that_was_moved(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    path, moved_to = tmp_path / "state.db", tmp_path / "elsewhere" / "state.db"
    moved_to.parent.mkdir()
    store = open_store(f"sqlite:{path}")
    store.append([event(f"{number}") for number in range(50)])
    os.link(path, moved_to)
    change(path)
    with pytest.raises(StateReplacedError):
        store.ping()
    assert seen_by_another_process(moved_to) == [f"{number}" for number in range(50)]
    store.close()


def test_a_log_of_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    store = open_store(f"sqlite:{path}")
    store.append([event("a")])
    replaced(path)  # and nobody noticed
    content = path.read_bytes()
    with pytest.raises(StateReplacedError, match=r"state\.db-wal is the log of another file"):
        open_store(f"sqlite:{path}")
    gc.collect()
    assert path.read_bytes() == content  # nothing of the log was brought into it
    store.close()


LOOK = """
import sys
from shortlist_state import open_store

store = open_store(sys.argv[1])
print(*[event.event_id for event in store.history("u", 100)])
store.close()
"""


def seen_by_another_process(path: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-P", "-c", LOOK, f"sqlite:{path}"], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.system
def test_another_process_that_leaves_after_an_erasure_takes_no_log_with_it(tmp_path: Path) -> None:
    """Searching the file for traces must not end SQLite's locks: the other process deleted the log in use."""
    path = tmp_path / "state.db"
    store = open_store(f"sqlite:{path}")
    store.append([event("gone", "user-who-leaves"), event("a")])
    store.erase("user-who-leaves")
    store.append([event("b")])
    assert seen_by_another_process(path) == ["a", "b"]
    store.append([event("c")])
    assert seen_by_another_process(path) == ["a", "b", "c"]
    store.close()


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_only_their_owner_reads_the_files(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        store = open_store(f"sqlite:{tmp_path / 'state.db'}")
        store.append([event("a")])
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}
        store.close()
    finally:
        os.umask(before)


def test_a_file_that_others_can_read_is_warned_of_with_the_line_to_type(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    store_at(path, "a")
    path.chmod(0o640)
    with structlog.testing.capture_logs() as logs:
        store: StateStore = open_store(f"sqlite:{path}")
        store.close()
    assert [entry["type"] for entry in logs] == [f"chmod 600 {path}*"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640  # the owner may mean it
