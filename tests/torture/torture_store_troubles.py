"""The store of live users gets into trouble while clients write events and ask: the disk below SQLite is full, another
process holds the lock on its file, Redis is killed, is stopped (it keeps its connections and answers nobody), or has no
memory left. A write is acknowledged or refused with UNAVAILABLE, reason STATE_UNAVAILABLE; every request for items is
answered, and flagged STATE_UNAVAILABLE unless the answer knows all that was acknowledged to its user. Once the trouble
is over, writes and unflagged answers are back without a restart, and every acknowledged batch is there, none in part.

The disk is a real one that is really full: a file system of 24 MB in memory.
"""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

sys.path += [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "state")]

from killed_writers import check
from redis_server import INSTALLED, RedisServer
from shop_server import Shop
from shortlist import Client, Event, Options, Unavailable
from shortlist.v1.recommendation_pb2 import Degradation
from waiting import eventually

TITLE = "Troubles of the store"
FULL = {"rounds": 25, "workers": 2}
SHORT = {"rounds": 1, "workers": 1}

WRITERS, ASKERS = 2, 2
PATIENCE = 60  # seconds, within which whatever is waited for has to happen

Trouble = Callable[[], AbstractContextManager[None]]


def torture(folder: Path, seed: int, rounds: int, workers: int) -> list[str]:
    """Each trouble `rounds` times; what was counted. AssertionError where a promise is broken."""
    draw, shop = random.Random(seed), Shop.publish(folder)

    def line(name: str, state: str, trouble: Trouble, readable: bool) -> str:
        return f"{name}: {_Load(shop, state, workers).suffer(trouble, rounds, draw, readable)}"

    with _small_disk(folder / "disk") as disk:
        if disk:
            lines = [line("disk full", f"sqlite:{disk}/state.db", lambda: _full(disk), readable=True)]
        else:
            lines = ["disk full: left out, no file system can be mounted here"]
    locked = folder / "locked.db"
    lines.append(line("lock of SQLite held by another process", f"sqlite:{locked}", lambda: _locked(locked), True))
    if not INSTALLED:
        return [*lines, "Redis: left out, there is no redis-server"]
    redis = RedisServer(folder)
    try:
        return [
            *lines,
            line("Redis killed and started again", redis.url(0), lambda: _killed(redis), readable=False),
            line("Redis stopped and continued", redis.url(1), lambda: _stopped(redis), readable=False),
            line("Redis out of memory", redis.url(2), lambda: _out_of_memory(redis), readable=True),
        ]
    finally:
        redis.kill()


class _Load:
    """A server on one store, and clients that write and ask all the time."""

    def __init__(self, shop: Shop, state: str, workers: int) -> None:
        self._shop, self._state, self._workers = shop, state, workers
        self._counts = Counter[str]()
        self._batches: dict[str, set[str]] = defaultdict(set)  # acknowledged, by user
        self._items: dict[str, set[str]] = defaultdict(set)
        self._users = ["u"] * WRITERS  # whom each writer writes about at the moment
        self._broken: list[str] = []
        self._over = threading.Event()

    def suffer(self, trouble: Trouble, rounds: int, draw: random.Random, readable: bool) -> str:
        """What was counted. Answers have to be flagged during a trouble unless the store is `readable` all the same."""
        with self._shop.serve(workers=self._workers, state=self._state) as address:
            tasks = [(self._write, number) for number in range(WRITERS)] + [(self._ask, n) for n in range(ASKERS)]
            threads = [threading.Thread(target=self._go_on, args=(address, *task)) for task in tasks]
            for thread in threads:
                thread.start()
            try:
                for _ in range(rounds):
                    self._await("acknowledged", "complete")
                    with trouble():
                        self._await("refused", "complete" if readable else "flagged")
                        time.sleep(draw.uniform(0, 0.5))  # a trouble lasts as long as it likes
            finally:
                with suppress(AssertionError):  # the last trouble is over, too
                    self._await("acknowledged", "complete")
                self._over.set()
                for thread in threads:
                    thread.join()
            assert not self._broken, self._broken[:3]
        for user, batches in self._batches.items():
            check(self._state, batches, user)
        counts = self._counts
        return (
            f"{rounds:,} times, {counts['acknowledged']:,} batches acknowledged, {counts['refused']:,} refused; "
            f"{counts['complete']:,} answers and {counts['flagged']:,} flagged ones; nothing lost, nothing failed"
        )

    def _await(self, *what: str) -> None:
        """Return once each of these has happened twice more: what was under way before may have been one."""
        enough = {each: self._counts[each] + 2 for each in what}

        def happened() -> bool:
            assert not self._broken, self._broken[:3]
            return all(self._counts[each] >= count for each, count in enough.items())

        eventually(happened, PATIENCE)

    def _go_on(self, address: str, work: Callable[[Client, int, int], None], worker: int) -> None:
        number = 0
        with Client(address, Options(timeout=PATIENCE, batch_timeout=PATIENCE, max_attempts=1)) as client:
            while not self._over.is_set() and not self._broken:
                try:
                    work(client, worker, number)
                except Exception as error:
                    self._broken.append(f"{type(error).__name__}: {error}")
                number += 1
                time.sleep(0.005)  # a steady load and not a flood

    def _write(self, client: Client, writer: int, number: int) -> None:
        user, item, batch = f"u{writer}-{number // 100}", f"i{number % 10}", f"w{writer}n{number}"
        self._users[writer] = user
        try:
            client.write_events([Event(event_id=f"{batch}-{part}", user_id=user, item_id=item) for part in range(3)])
        except Unavailable as error:
            assert error.reason == "STATE_UNAVAILABLE", error
            self._counts["refused"] += 1
            return
        self._batches[user].add(batch)
        self._items[user].add(item)
        self._counts["acknowledged"] += 1

    def _ask(self, client: Client, asker: int, number: int) -> None:
        user = self._users[asker % WRITERS]
        had = set(self._items[user])
        answer = client.recommend(user, 40)
        ids = {item.item_id for item in answer.items}
        assert ids, "an answer without items"
        if answer.degraded:
            assert list(answer.degraded) == [Degradation.DEGRADATION_STATE_UNAVAILABLE], answer.degraded
        else:
            assert not ids & had, "an answer that is not flagged does not know what was acknowledged"
        self._counts["flagged" if answer.degraded else "complete"] += 1


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path | None]:
    """A file system of its own; None where this user may not mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def _full(disk: Path) -> Iterator[None]:
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(65_536)):
            pass
    yield
    ballast.unlink()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    connection = sqlite3.connect(path, isolation_level=None, timeout=PATIENCE)
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.close()


@contextmanager
def _killed(redis: RedisServer) -> Iterator[None]:
    redis.kill()
    yield
    redis.start()


@contextmanager
def _stopped(redis: RedisServer) -> Iterator[None]:
    """It keeps its connections, and answers nobody."""
    redis.process.send_signal(signal.SIGSTOP)
    yield
    redis.process.send_signal(signal.SIGCONT)


@contextmanager
def _out_of_memory(redis: RedisServer) -> Iterator[None]:
    redis.ask("CONFIG SET maxmemory 1mb")
    yield
    redis.ask("CONFIG SET maxmemory 0")
