"""URLs of stores: opens the store that one names, and says in which file it lies."""

from __future__ import annotations

from pathlib import Path

from shortlist_core.errors import InvalidArgumentError, Violation
from shortlist_state.sqlite import SqliteStore
from shortlist_state.sqlite_file import MEMORY
from shortlist_state.store import StateStore

_KNOWN = "expected sqlite:PATH, sqlite::memory: or redis://HOST:PORT/DB"


def open_store(url: str) -> StateStore:
    """The store that `url` names: `sqlite:PATH`, a file that is created where there is none, `sqlite::memory:`, or
    `redis://HOST:PORT/DB` (`rediss` for TLS).

    Raises InvalidArgumentError for any other URL and StateError where the store cannot be used.
    """
    scheme, _, path = url.partition(":")
    if scheme == "sqlite" and path:
        return SqliteStore(path)
    if scheme in ("redis", "rediss"):
        from shortlist_state.redis import RedisStore  # late: the redis library takes 0.3 s and 23 MB of each process

        return RedisStore(url)
    # The URL may hold a password: the message names its kind alone.
    raise InvalidArgumentError([Violation("state", f"{scheme[:20]!r} names no store, {_KNOWN}")])


def file_of(url: str) -> Path | None:
    """The file of the store that `url` names; None for a store in memory, in Redis, or of a kind that there is not."""
    scheme, _, path = url.partition(":")
    return Path(path) if scheme == "sqlite" and path not in ("", MEMORY) else None
