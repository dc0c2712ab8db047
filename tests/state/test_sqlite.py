import random
import resource
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from killed_writers import kill_while_writing
from waiting import eventually

from shortlist_core.errors import StateError
from shortlist_core.types import Event
from shortlist_state import AppendResult, open_store, sqlite_schema
from shortlist_state.sqlite import SqliteStore


def event(id: str, time: int = 0) -> Event:
    return Event(id, "u", "i", time)


def run(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-c", program, *arguments], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )


WRITER = """
import sys
from shortlist_core.types import Event
from shortlist_state import open_store

store = open_store(sys.argv[1])
print("ready", flush=True)
for number in range(int(sys.argv[3])):
    batch = [Event(f"{sys.argv[2]}-{number}-{part}", "u", "i", number) for part in range(3)]
    assert store.append(batch).accepted == 3
    assert {e.event_id for e in batch} <= {e.event_id for e in store.history("u", 1_000_000)[-20:]} or int(sys.argv[4])
    print(number, flush=True)
"""


@pytest.mark.system
def test_what_was_acknowledged_survives_kill_9(file_url: str) -> None:
    assert kill_while_writing(file_url, 3, random.Random(10)).acknowledged > 3


@pytest.mark.system
def test_processes_share_the_file_from_its_creation_on(file_url: str) -> None:
    writers = [run(WRITER, file_url, f"p{number}", "50", "1") for number in range(4)]
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    store = open_store(file_url)
    assert len(store.history("u", 10_000)) == 4 * 50 * 3
    store.close()


OPENER = """
import sys, time
from shortlist_state import open_store

for number in range(30):
    while time.time() < float(sys.argv[2]) + number * 0.05:
        pass
    open_store(f"{sys.argv[1]}{number}")
"""


@pytest.mark.system
def test_processes_create_the_same_file_at_the_same_moment(file_url: str) -> None:
    start = str(time.time() + 1)
    openers = [run(OPENER, file_url, start) for _ in range(6)]
    assert [opener.wait() for opener in openers] == [0] * 6


@pytest.mark.system
def test_another_process_sees_a_commit_at_once(file_url: str) -> None:
    here = open_store(file_url)
    assert here.history("u", 10) == []
    for number in range(3):
        writer = run(WRITER, file_url, f"w{number}", "1", "0")
        writer.communicate()
        assert writer.returncode == 0
        assert len(here.history("u", 10)) == 3 * (number + 1)
    here.close()


def test_waiting_batches_are_committed_together(file_url: str) -> None:
    path = file_url.removeprefix("sqlite:")
    store = SqliteStore(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")  # the first to come waits for this, the rest for the first
    threads = [threading.Thread(target=store.append, args=([event(f"e{number}")],)) for number in range(16)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(store._writes._waiting) == 15)
    before = Path(f"{path}-wal").stat().st_size
    other.execute("COMMIT")
    for thread in threads:
        thread.join()
    assert len(store.history("u", 100)) == 16
    page_and_header = 4096 + 24
    written = (Path(f"{path}-wal").stat().st_size - before) // page_and_header
    assert written <= 2 * 5  # two commits of at most five pages (16 would have been four pages each)
    store.close()
    other.close()


def test_a_store_locked_for_too_long_refuses_writes_and_serves_reads(file_url: str) -> None:
    path = file_url.removeprefix("sqlite:")
    store = SqliteStore(path, busy_timeout_seconds=0.05)
    store.append([event("a")])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateError, match="cannot be written: database is locked"):
        store.append([event("b")])
    assert store.history("u", 10) == [event("a")]
    other.execute("ROLLBACK")
    assert store.append([event("b")]) == AppendResult(1, 0)
    store.close()
    other.close()


FILL = """
import resource, signal, sys
from shortlist_core.errors import StateError
from shortlist_core.types import Event
from shortlist_state import open_store

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = open_store(sys.argv[1])
store.append([Event("first", "u", "i", 0)])
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
accepted = 1
try:
    for number in range(10_000):
        accepted += store.append([Event(f"{number}-{i}", "u", "i" * 1000, number) for i in range(10)]).accepted
except StateError as error:
    assert "\\n" not in str(error), error
    print(error)
assert len(store.history("u", 100_000)) == accepted
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert store.append([Event("room again", "u", "i", 10**9)]).accepted == 1
assert store.history("u", 1)[0].event_id == "room again"
print("served on")
"""


@pytest.mark.system
def test_a_full_disk_refuses_writes_loses_nothing_and_recovers(file_url: str) -> None:
    said, _ = run(FILL, file_url).communicate()
    assert "cannot be written" in said
    assert said.endswith("served on\n")
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_failed_append_can_be_sent_again(file_url: str) -> None:
    path = file_url.removeprefix("sqlite:")
    store = SqliteStore(path, busy_timeout_seconds=0.01)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateError):
        store.append([event("a"), event("b")])
    other.execute("ROLLBACK")
    assert store.append([event("a"), event("b")]) == AppendResult(2, 0)
    store.close()
    other.close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"not a database, and long enough to be one" * 100)
    with pytest.raises(StateError, match="file is not a database") as caught:
        open_store(f"sqlite:{tmp_path / 'state.db'}")
    assert "\n" not in str(caught.value)


def test_a_path_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file" / "state.db"):
        with pytest.raises(StateError, match="cannot be opened"):
            open_store(f"sqlite:{path}")


def test_a_damaged_file_is_refused_when_the_damage_is_met(file_url: str) -> None:
    store = open_store(file_url)
    store.append([event(f"{number}", number) for number in range(5000)])
    store.close()
    path = Path(file_url.removeprefix("sqlite:"))
    content = path.read_bytes()
    path.write_bytes(content[:8192] + b"\xa5" * (len(content) - 8192))
    with pytest.raises(StateError, match="malformed"):
        damaged = open_store(file_url)
        damaged.history("u", 10_000)


def test_a_newer_schema_is_refused_and_left_alone(file_url: str) -> None:
    open_store(file_url).close()
    with sqlite3.connect(file_url.removeprefix("sqlite:")) as connection:
        connection.execute("UPDATE schema_version SET version = 9")
    for _ in range(2):
        with pytest.raises(StateError, match="schema version 9, this program knows version 6"):
            open_store(file_url)


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE theirs (a)")
    before = (tmp_path / "other.db").read_bytes()
    with pytest.raises(StateError, match="another program"):
        open_store(f"sqlite:{tmp_path / 'other.db'}")
    assert (tmp_path / "other.db").read_bytes() == before


def test_commits_wait_for_the_disk(file_url: str) -> None:
    store = SqliteStore(file_url.removeprefix("sqlite:"))
    for _ in range(3):  # of every connection: the setting is not kept in the file
        with store._file.borrow("read") as first, store._file.borrow("read") as second:
            for connection in (first, second):
                assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
                assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    store.close()


def test_a_file_of_the_first_schema_is_taken_over_with_its_events(file_url: str) -> None:
    with sqlite3.connect(file_url.removeprefix("sqlite:")) as connection:
        for statement in sqlite_schema._SCHEMA_1:
            connection.execute(statement)
        connection.execute("INSERT INTO events VALUES ('u', 5, 0, 'a', 'i', 1, 1.0, '', '')")
        connection.execute("UPDATE arrivals SET next = 1")
    for _ in range(2):
        store = open_store(file_url)
        assert [entry.event.event_id for entry in store.log(-1, 10).entries if entry.event] == ["a"]
        assert store.append([event("a"), event("b")]).accepted <= 1
        store.close()
        with sqlite3.connect(file_url.removeprefix("sqlite:")) as connection:
            assert connection.execute("SELECT version FROM schema_version").fetchall() == [(6,)]
            connection.execute("DELETE FROM events WHERE event_id = 'b'")
