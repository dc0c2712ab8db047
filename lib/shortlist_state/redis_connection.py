"""Connections to one Redis: their timeouts, the scripts, and the translation of errors."""

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
"""Environment variable with the password, for URLs without one: other users of a machine can see command lines."""

_PAUSE_SECONDS = (
    0.5  # after a read without an answer, reads fail at once for so long: each of them blocks the model thread
)

Client = Any
"""A redis.Redis. Its types do not help, as every method may be awaitable."""


class RedisConnection:
    """Two clients of the Redis that a URL names.

    `reads` waits `read_seconds` for an answer; recommendations go on without one. `others` is for everything else.
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
        """Run a script and return its answer. It is run once more if the salt in Redis has changed."""
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
        """Read the salt from Redis, or write a new one if there is none."""
        self.others.execute_command("SETNX", f"{self.prefix}salt", secrets.token_bytes(32))
        self.salt = self.others.execute_command("GET", f"{self.prefix}salt")

    @contextmanager
    def translated(self, client: Client) -> Iterator[None]:
        """Translate errors into StateError. After a read without an answer, reads fail at once for a moment."""
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
    """A client that waits `seconds` for an answer and does not retry: the caller decides what a failure means."""
    options: dict[str, Any] = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
    if password := os.environ.get(PASSWORD):
        options["password"] = password
    try:
        return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), **options)
    except ValueError:  # its text contains the URL and with it a password
        raise InvalidArgumentError([Violation("state", "the URL of Redis is not redis://HOST:PORT/DB")]) from None
