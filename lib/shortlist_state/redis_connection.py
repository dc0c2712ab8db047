"""Connections to one Redis: who is waited for how long, the scripts, and what its errors become."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shortlist_core.errors import InvalidArgumentError, StateError, Violation

PASSWORD = "SHORTLIST_REDIS_PASSWORD"
"""Environment variable of the password, for URLs that hold none: other users of a machine can see command lines."""

_PAUSE_SECONDS = 0.5  # in which reads fail at once after one that was not answered: each waits on the model thread

Client = Any
"""A redis.Redis, whose types are of no help: every method may be awaitable."""


class RedisConnection:
    """Two clients of the Redis that a URL names: one that waits `read_seconds` for an answer, for what recommendations
    go on without, and one for everything else.
    """

    def __init__(self, url: str, prefix: str, read_seconds: float, other_seconds: float) -> None:
        self.reads, self.others = _client(url, read_seconds), _client(url, other_seconds)
        where = self.reads.connection_pool.connection_kwargs
        self.name = f"Redis at {where.get('host', 'localhost')}:{where.get('port', 6379)}/{where.get('db', 0)}"
        self.prefix = prefix
        self.salt = b""
        self._scripts: dict[str, Any] = {}
        self._closed = False
        self._away_until = 0.0

    def run(self, client: Client, script: str, arguments: Callable[[], Sequence[Any]]) -> Any:
        """What a script answers; asked once more where the salt has become another one."""
        prepared = self._scripts.get(script) or self._scripts.setdefault(script, self.others.register_script(script))

        def call() -> Any:
            return prepared(args=[self.prefix, self.salt, *arguments()], client=client)

        with self.translated(client):
            try:
                return call()
            except redis.ResponseError as error:
                if not str(error).startswith("SALT"):
                    raise
                self.learn_salt()
                return call()

    def learn_salt(self) -> None:
        """Take over the salt that Redis has, or give it one."""
        self.others.execute_command("SETNX", f"{self.prefix}salt", secrets.token_bytes(32))
        self.salt = self.others.execute_command("GET", f"{self.prefix}salt")

    @contextmanager
    def translated(self, client: Client) -> Iterator[None]:
        """StateError for whatever goes wrong; reads are not tried for a moment after one that was not answered."""
        if self._closed:
            raise StateError(f"the state in {self.name} is closed")
        if client is self.reads and time.monotonic() < self._away_until:
            raise StateError(f"the state in {self.name} did not answer a moment ago")
        try:
            yield
        except (redis.RedisError, OSError) as error:
            if client is self.reads and isinstance(error, redis.ConnectionError | redis.TimeoutError | OSError):
                self._away_until = time.monotonic() + _PAUSE_SECONDS
            raise StateError(f"the state in {self.name} cannot be used: {line(error)}") from error

    def close(self) -> None:
        """End all connections; calls after this raise StateError."""
        self._closed = True
        for client in (self.reads, self.others):
            client.connection_pool.disconnect()


def line(error: Exception) -> str:
    """The text of an error in one line."""
    return " ".join(str(error).split()) or type(error).__name__


def _client(url: str, seconds: float) -> Client:
    """A client that waits this long for answers and tries once: whoever calls decides what a failure means."""
    options: dict[str, Any] = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
    if password := os.environ.get(PASSWORD):
        options["password"] = password
    try:
        return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), **options)
    except ValueError:  # its text has the URL, and with it a password
        raise InvalidArgumentError([Violation("state", "the URL of Redis is not redis://HOST:PORT/DB")]) from None
