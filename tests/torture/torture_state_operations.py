"""Random operations on the store and on a model of it (append, read, summary, export, erase, follow the log; upsert,
delete, drop and list items, follow their changes; reopen), from two handles as two server processes have them: after
each, both say the same. Once over SQLite, once over Redis.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path += [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "state")]

from redis_server import INSTALLED, RedisServer
from store_model import check

TITLE = "Random operations on the state"
FULL = {"runs": 1_000, "steps": 200}
SHORT = {"runs": 5, "steps": 20}


def torture(folder: Path, seed: int, runs: int, steps: int) -> list[str]:
    """`runs` new stores with up to `steps` operations each. AssertionError at the first difference, made small."""
    check(runs, steps, seed=seed)
    lines = [f"SQLite: {runs:,} stores, {steps:,} operations each ({runs * steps:,}), no difference"]
    if not INSTALLED:
        return [*lines, "Redis: left out, there is no redis-server"]
    redis = RedisServer(folder, durable=False)
    try:
        check(runs, steps, redis, seed)
    finally:
        redis.kill()
    return [*lines, f"Redis: {runs:,} stores, {steps:,} operations each ({runs * steps:,}), no difference"]
