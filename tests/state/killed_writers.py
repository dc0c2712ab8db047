"""Processes that write events until they, or their Redis, are killed; and what must be there afterwards."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from redis_server import RedisServer

from shortlist_state import open_store

ROOT = Path(__file__).parents[2]

WRITER = """
import sys
from shortlist_core.types import Event
from shortlist_state import open_store

store = open_store(sys.argv[1])
print("ready", flush=True)
for number in range(1_000_000):
    assert store.append([Event(f"{sys.argv[2]}-{number}-{part}", "u", "i", number) for part in range(3)]).accepted == 3
    print(number, flush=True)
"""


@dataclass(frozen=True)
class Tally:
    """Batches of three events."""

    acknowledged: int
    stored: int  # also those that were on their way back when the writer or the store died


def kill_while_writing(url: str, kills: int, draw: random.Random, redis: RedisServer | None = None) -> Tally:
    """Kill a writer, or `redis` below it, at random moments; AssertionError where a batch is missing or not whole."""
    acknowledged: set[str] = set()
    for kill in range(kills):
        command = [sys.executable, "-P", "-c", WRITER, url, f"k{kill}"]
        pipe, quiet = subprocess.PIPE, subprocess.DEVNULL
        writer = subprocess.Popen(command, stdout=pipe, stderr=quiet, text=True, cwd=ROOT)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(draw.uniform(0, 0.1))  # any moment will do: that is what is tried
        (redis or writer).kill()
        lines = [line for line in writer.stdout.readlines() if line.endswith("\n")]
        writer.wait()
        acknowledged |= {f"k{kill}-{line.strip()}" for line in lines}
        if redis is not None:
            redis.start()
    return check(url, acknowledged)


def check(url: str, acknowledged: set[str], user: str = "u") -> Tally:
    """Compare with what the store holds of a user's batches of three."""
    store = open_store(url)
    sizes = Counter(event.event_id.rsplit("-", 1)[0] for event in store.history(user, 100_000_000))
    store.close()
    missing = acknowledged - sizes.keys()
    assert not missing, f"{len(missing)} acknowledged batches are gone"
    parts = [batch for batch, size in sizes.items() if size != 3]
    assert not parts, f"{len(parts)} batches are there in part"
    return Tally(len(acknowledged), len(sizes))
