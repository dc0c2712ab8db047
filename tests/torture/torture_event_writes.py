"""`kill -9` while events are written, at random moments: of a process that writes to SQLite, of one that writes to
Redis, of Redis itself (appendfsync always), of a worker and of the supervisor of a server. Afterwards every
acknowledged batch is there, and no batch in part.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path += [str(ROOT / "tests"), str(ROOT / "tests/state"), str(ROOT / "tests/server")]

import server_fakes as fakes  # noqa: E402
from killed_writers import Tally, check, kill_while_writing  # noqa: E402
from redis_server import INSTALLED, RedisServer  # noqa: E402
from shortlist import Client, Event, Options, ShortlistError  # noqa: E402
from waiting import eventually  # noqa: E402

TITLE = "Kills during event writes"
FULL = {"kills": 100, "servers": 100}
SHORT = {"kills": 2, "servers": 1}


def torture(folder: Path, seed: int, kills: int, servers: int) -> list[str]:
    """`kills` of each process of the store, and `servers` of a worker and of a supervisor."""
    draw = random.Random(seed)
    lines = [_line("a writer to SQLite", kills, kill_while_writing(f"sqlite:{folder / 'killed.db'}", kills, draw))]
    if INSTALLED:
        redis = RedisServer(folder)
        try:
            lines.append(_line("a writer to Redis", kills, kill_while_writing(redis.url(0), kills, draw)))
            lines.append(_line("Redis", kills, kill_while_writing(redis.url(1), kills, draw, redis)))
        finally:
            redis.kill()
    else:
        lines.append("Redis: left out, there is no redis-server")
    return [
        *lines,
        _line("a worker and then the supervisor of a server", servers, _kill_servers(folder, servers, draw)),
    ]


def _line(victim: str, kills: int, tally: Tally) -> str:
    told = f"{tally.acknowledged:,} batches acknowledged, none lost; none of the {tally.stored:,} stored in part"
    return f"{victim}: killed {kills:,} times, {told}"


def _kill_servers(folder: Path, servers: int, draw: random.Random) -> Tally:
    fakes.publish(folder / "bundles")
    state = f"sqlite:{folder / 'served.db'}"
    acknowledged: set[str] = set()
    for number in range(servers):
        server = _serve(folder / "bundles", state)
        assert server.stdout is not None
        address = server.stdout.readline().split()[2].rstrip(":")
        stop = threading.Event()
        writer = threading.Thread(target=_write, args=(address, f"s{number}", acknowledged, stop))
        writer.start()
        workers = _children(server.pid)
        time.sleep(draw.uniform(0.05, 0.5))  # any moment of its work
        os.kill(draw.choice(workers), 9)
        time.sleep(draw.uniform(0.05, 0.5))  # while a successor starts, or after
        server.kill()
        stop.set()
        writer.join()
        server.communicate()
        _await_end(workers)
    return check(state, acknowledged)


def _serve(bundles: Path, state: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-P", str(fakes.PROGRAM), "serve", "--bundles", str(bundles), "--state", state),
            *("--workers", "2", "--address", "127.0.0.1:0", "--grace", "2"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def _write(address: str, name: str, acknowledged: set[str], stop: threading.Event) -> None:
    """Batches of three until it is over; only those that were answered count."""
    with Client(address, Options(batch_timeout=2, max_attempts=1)) as client:
        number = 0
        while not stop.is_set():
            batch = f"{name}-{number}"
            number += 1
            try:
                client.write_events([Event(event_id=f"{batch}-{part}", user_id="u", item_id="i1") for part in range(3)])
                acknowledged.add(batch)
            except ShortlistError:
                time.sleep(0.01)  # until the server is asked again


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _await_end(pids: list[int]) -> None:
    """Workers drain by themselves once their supervisor is gone."""
    eventually(lambda: all(map(_is_dead, pids)))


def _is_dead(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
