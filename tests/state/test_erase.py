"""What is left of a user who was erased: nothing, in no file and in no key."""

import random
import sqlite3
import threading
from pathlib import Path

import pytest
from redis_server import RedisServer
from waiting import eventually

from shortlist_core.errors import StateError
from shortlist_core.types import Event
from shortlist_state import AppendResult, StateStore, open_store
from shortlist_state.sqlite import SqliteStore

GONE, STAYS = "user-who-leaves-7f3a", "user-who-stays-91c2"


def of(user: str, number: int, at: int = 0) -> Event:
    return Event(f"{user}:{number}", user, f"item-{number % 7}", at or number, session_id=f"{user}'s session")


def test_an_erased_user_is_gone_and_marked(store: StateStore) -> None:
    store.append([of(GONE, 1), of(GONE, 2), of(STAYS, 1)])
    store.describe({GONE: [("note", GONE)], STAYS: [("note", STAYS)]})
    assert not store.read([GONE], 1)[0].erased
    assert store.erase(GONE) == 2
    assert store.erase(GONE) == 0
    gone, stays = store.read([GONE, STAYS], 10)
    assert (gone.events, gone.erased) == ([], True)
    assert (stays.events, stays.erased) == ([of(STAYS, 1)], False)
    assert store.tombstones() == {store.pseudonym(GONE)}
    assert store.export(GONE, -1, 10).entries == []


def test_somebody_unknown_can_be_erased(store: StateStore) -> None:
    assert store.erase("never seen") == 0
    assert store.read(["never seen"], 1)[0].erased
    assert store.erase("\ud800") == 0


def test_a_user_who_comes_back_is_new_and_may_use_ids_of_before(store: StateStore) -> None:
    store.append([of(GONE, 1)])
    store.erase(GONE)
    assert store.append([of(GONE, 1)]) == AppendResult(1, 0)
    [live] = store.read([GONE], 10)
    assert (live.events, live.erased) == ([of(GONE, 1)], True)


def test_the_log_says_who_was_erased_and_when(store: StateStore) -> None:
    store.append([of(GONE, 1), of(STAYS, 1)])
    store.erase(GONE)
    store.append([of(GONE, 2)])
    entries = store.log(-1, 10).entries
    assert [(entry.user, entry.event) for entry in entries] == [
        (store.pseudonym(STAYS), of(STAYS, 1)),
        (store.pseudonym(GONE), None),
        (store.pseudonym(GONE), of(GONE, 2)),
    ]
    assert entries[-1].sequence == store.position()


def test_a_reader_of_the_log_misses_nothing_while_others_write(url: str) -> None:
    writers = [threading.Thread(target=lambda name=name: write(url, name)) for name in ("a", "b", "c")]
    reader = open_store(url)
    for writer in writers:
        writer.start()
    seen: list[str] = []
    after = -1
    while any(writer.is_alive() for writer in writers) or len(seen) < 180:
        page = reader.log(after, 7)
        seen += [entry.event.event_id for entry in page.entries if entry.event]
        after = page.end
    reader.close()
    assert len(seen) == len(set(seen)) == 180


def write(url: str, name: str) -> None:
    store = open_store(url)
    for number in range(20):
        store.append([of(name, 3 * number + part) for part in range(3)])
    store.close()


@pytest.mark.parametrize("seed", range(4))
def test_no_file_of_the_folder_holds_the_id(tmp_path: Path, seed: int) -> None:
    """Among many others, at random: pages are split, merged and freed, some in the file and some in its log."""
    draw, folder = random.Random(seed), tmp_path / "state"
    folder.mkdir()
    url = f"sqlite:{folder / 'state.db'}"
    store, other = open_store(url), open_store(url)
    users = [f"{draw.getrandbits(64):016x}" for _ in range(40)]
    number = 0
    for step in range(120):
        size = draw.randrange(1, 120)
        store.append([of(draw.choice(users), number + i, draw.randrange(10**12)) for i in range(size)])
        store.describe({user: [("name", f"this is {user}")] for user in draw.choices(users, k=5)})
        number += size
        if step % 6 == 5:
            gone = users.pop(draw.randrange(len(users)))
            users.append(f"{draw.getrandbits(64):016x}")
            assert gone.encode() in contents(folder)
            other.erase(gone)
            assert gone.encode() not in contents(folder), f"erasure at step {step}"
    kept = sum(len(store.history(user, 100_000)) for user in users)
    store.close()
    other.close()
    assert kept > 1000
    with sqlite3.connect(folder / "state.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (kept,)


def test_a_reader_that_never_ends_makes_the_erasure_say_that_it_is_not_whole(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "state.db"), busy_timeout_seconds=0.05)
    store.append([of(GONE, 1)])
    reader = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM events").fetchone()
    with pytest.raises(StateError, match="log cannot be emptied"):
        store.erase(GONE)
    assert store.read([GONE], 5)[0].events == []  # for everybody else they are gone already
    reader.execute("ROLLBACK")
    store.erase(GONE)
    assert GONE.encode() not in contents(tmp_path)


def contents(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_no_key_of_redis_holds_the_id(redis_url: str, shared_redis: RedisServer) -> None:
    import redis

    store, client = open_store(redis_url), redis.Redis.from_url(redis_url)
    store.append([of(GONE, number) for number in range(300)] + [of(STAYS, number) for number in range(300)])

    def found(text: str) -> list[bytes]:
        keys = list(client.scan_iter(count=1000))
        return [key for key in keys if text.encode() in key or text.encode() in (everything(client, key))]

    assert len(found(GONE)) == 3  # events, ids, and the user's own
    store.erase(GONE)
    assert found(GONE) == []
    assert len(found(STAYS)) == 3
    assert len(store.history(STAYS, 1000)) == 300
    store.close()


def everything(client, key: bytes) -> bytes:  # type: ignore[no-untyped-def]
    kind = client.type(key)
    if kind == b"hash":
        return repr(client.hgetall(key)).encode()
    if kind == b"zset":
        return repr(client.zrange(key, 0, -1)).encode()
    assert kind == b"string", kind
    return bytes(client.get(key))


def test_the_append_only_file_of_redis_is_written_anew(redis_url: str, shared_redis: RedisServer) -> None:
    store = open_store(redis_url)
    store.append([of(GONE, number) for number in range(300)])
    store.erase(GONE)
    assert eventually(lambda: GONE.encode() not in contents(shared_redis.folder))
    store.close()
