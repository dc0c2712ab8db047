"""The shared store: one Redis that any number of server machines use.

How durable an acknowledged event is, is how durable that Redis is. With `appendonly yes` and `appendfsync always` it
survives a crash of Redis and of its machine. With `everysec` either may lose the last two seconds: while a sync is
under way, Redis answers before it writes. Without an append-only file everything since the last snapshot is lost.
Replicas follow a moment later, so a failover may lose what was acknowledged last. A script is written to the
append-only file as one transaction: never half a batch.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.errors import InvalidArgumentError, StateError, Violation
from core.types import Event, EventType
from state import redis_scripts
from state.store import (
    AppendResult,
    LiveUser,
    LogEntry,
    LogPage,
    StateStore,
    Summary,
    check_events,
    check_limit,
    is_utf8,
    salted,
)

SCHEMA_VERSION = b"1"
PASSWORD = "SHORTLIST_REDIS_PASSWORD"
"""Environment variable of the password, for URLs that hold none: other users of a machine can see command lines."""

READ_SECONDS, OTHER_SECONDS = 0.5, 5.0
"""How long Redis is waited for: by recommendations, which go on without it, and by everything else."""

_PAUSE_SECONDS = 0.5  # in which reads fail at once after one that was not answered: each waits on the model thread
_TYPES = {int(type): type for type in EventType}

Client = Any
"""A redis.Redis, whose types are of no help: every method may be awaitable."""

log = structlog.get_logger(__name__)


class RedisStore(StateStore):
    """A `StateStore` in the Redis that a URL names, below the prefix `shortlist:` of its keys."""

    def __init__(self, url: str, prefix: str = "shortlist:") -> None:
        self._reads, self._others = _client(url, READ_SECONDS), _client(url, OTHER_SECONDS)
        where = self._reads.connection_pool.connection_kwargs
        self._name = f"Redis at {where.get('host', 'localhost')}:{where.get('port', 6379)}/{where.get('db', 0)}"
        self._prefix = prefix
        self._salt = b""
        self._closed = False
        self._away_until = 0.0
        self._keeps_log = True
        scripts = vars(redis_scripts).items()
        self._scripts = {
            text: self._others.register_script(text)
            for name, text in scripts
            if name.isupper() and not name.startswith("_")
        }
        self._open()

    def append(self, events: Sequence[Event]) -> AppendResult:
        """See `StateStore`, as for all methods here."""
        check_events(events)
        if not events:
            return AppendResult(0, 0)
        texts = [text for e in events for text in (e.event_id, e.user_id, _sortable(e.time), _to_json(e))]
        accepted = self._run(self._others, redis_scripts.APPEND, lambda: texts)
        return AppendResult(accepted, len(events) - accepted)

    def read(self, user_ids: Sequence[str], limit: int) -> list[LiveUser]:
        """All users in one round trip."""
        check_limit(limit)
        known = [user_id for user_id in user_ids if is_utf8(user_id)]
        answers = iter(self._run(self._reads, redis_scripts.READ, lambda: [limit, *self._named(*known)]))
        return [_live(*next(answers)) if is_utf8(user_id) else LiveUser([], False) for user_id in user_ids]

    def summary(self, user_id: str) -> Summary:
        """One pass over the user's events."""
        if not is_utf8(user_id):
            return Summary({}, None, None, False)
        answer = self._run(self._others, redis_scripts.SUMMARY, lambda: self._named(user_id))
        erased, first, last, flat = answer
        counts = {_TYPES[type]: count for type, count in zip(flat[::2], flat[1::2], strict=True)}
        return Summary(counts, _time(first), _time(last), bool(erased))

    def export(self, user_id: str, after: int, limit: int) -> LogPage:
        """Sorts all of the user's events for every page."""
        check_limit(limit)
        if not is_utf8(user_id):
            return LogPage([], after, False)
        return self._page(self._run(self._others, redis_scripts.EXPORT, lambda: [user_id, after, limit]))

    def erase(self, user_id: str) -> int:
        """Deletes keys, and asks Redis to write its append-only file anew, which has the id until that is done."""
        if not is_utf8(user_id):
            return 0
        deleted: int = self._run(self._others, redis_scripts.ERASE, lambda: self._named(user_id))
        if self._keeps_log:
            self._rewrite()
        return deleted

    def log(self, after: int, limit: int) -> LogPage:
        """Looks at some thousand numbers at most: after the erasure of many events a page may be empty."""
        check_limit(limit)
        return self._page(self._run(self._others, redis_scripts.LOG, lambda: [after, limit]))

    def position(self) -> int:
        """One number."""
        with self._translated(self._others):
            return int(self._others.execute_command("GET", f"{self._prefix}next") or 0) - 1

    def tombstones(self) -> frozenset[bytes]:
        """Reads all of them."""
        with self._translated(self._others):
            return frozenset(self._others.execute_command("HKEYS", f"{self._prefix}erased"))

    def pseudonym(self, user_id: str) -> bytes:
        """Of the salt that lies in Redis."""
        return salted(self._salt, user_id)

    def close(self) -> None:
        """Ends all connections."""
        self._closed = True
        for client in (self._reads, self._others):
            client.connection_pool.disconnect()

    def _open(self) -> None:
        """Make an empty Redis ours, and say in a line of the log how durable it is if that is not much."""
        with self._translated(self._others):
            self._others.execute_command("SETNX", f"{self._prefix}version", SCHEMA_VERSION)
            version = self._others.execute_command("GET", f"{self._prefix}version")
            if version != SCHEMA_VERSION:
                raise StateError(f"the state in {self._name} has schema version {version!r}, not {SCHEMA_VERSION!r}")
            self._learn_salt()
        if weakness := self._weakness():
            log.warning("redis_not_durable", redis=self._name, reason=weakness)

    def _learn_salt(self) -> None:
        self._others.execute_command("SETNX", f"{self._prefix}salt", secrets.token_bytes(32))
        self._salt = self._others.execute_command("GET", f"{self._prefix}salt")

    def _rewrite(self) -> None:
        """Ask for a new append-only file, for a second if an earlier one is being written, which is too old."""
        for last in (False, False, False, False, True):
            try:
                self._others.execute_command("BGREWRITEAOF")
                return
            except (redis.RedisError, OSError) as error:  # it may also not be for us to ask: see docs/state.md
                if last or "in progress" not in str(error):
                    log.warning("redis_keeps_its_log", redis=self._name, reason=_line(error))
                    return
            time.sleep(0.25)

    def _weakness(self) -> str:
        try:
            config: dict[str, str] = self._others.config_get("appendonly", "appendfsync")
        except (redis.RedisError, OSError):
            return "it does not tell whether it keeps an append-only file (CONFIG GET appendonly)"
        self._keeps_log = config.get("appendonly") == "yes"
        if not self._keeps_log:
            return "appendonly is off: when it ends, acknowledged events since its last snapshot are lost"
        if (sync := config.get("appendfsync")) != "always":
            seconds = "two seconds" if sync == "everysec" else "half a minute"
            return f"appendfsync is {sync}: a crash may lose acknowledged events of the last {seconds}"
        return ""

    def _run(self, client: Client, script: str, arguments: Callable[[], Sequence[Any]]) -> Any:
        """What a script answers; asked once more where the salt has become another one."""

        def call() -> Any:
            return self._scripts[script](args=[self._prefix, self._salt, *arguments()], client=client)

        with self._translated(client):
            try:
                return call()
            except redis.ResponseError as error:
                if not str(error).startswith("SALT"):
                    raise
                self._learn_salt()
                return call()

    def _named(self, *user_ids: str) -> list[str | bytes]:
        return [text for user_id in user_ids for text in (user_id, self.pseudonym(user_id))]

    def _page(self, answer: Sequence[Any]) -> LogPage:
        end, more, *flat = answer
        entries = []
        for sequence, payload in zip(flat[::2], flat[1::2], strict=True):
            event = None if payload.startswith(b"!") else _from_json(payload)
            user = payload[1:] if event is None else self.pseudonym(event.user_id)
            entries.append(LogEntry(sequence, user, event))
        return LogPage(entries, end, bool(more))

    @contextmanager
    def _translated(self, client: Client) -> Iterator[None]:
        """StateError for whatever goes wrong; reads are not tried for a moment after one that was not answered."""
        if self._closed:
            raise StateError(f"the state in {self._name} is closed")
        if client is self._reads and time.monotonic() < self._away_until:
            raise StateError(f"the state in {self._name} did not answer a moment ago")
        try:
            yield
        except (redis.RedisError, OSError) as error:
            if client is self._reads and isinstance(error, redis.ConnectionError | redis.TimeoutError | OSError):
                self._away_until = time.monotonic() + _PAUSE_SECONDS
            raise StateError(f"the state in {self._name} cannot be used: {_line(error)}") from error


def _client(url: str, seconds: float) -> Client:
    """A client that waits this long for answers and tries once: whoever calls decides what a failure means."""
    options: dict[str, Any] = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
    if password := os.environ.get(PASSWORD):
        options["password"] = password
    try:
        return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), **options)
    except ValueError:  # its text has the URL, and with it a password
        raise InvalidArgumentError([Violation("state", "the URL of Redis is not redis://HOST:PORT/DB")]) from None


def _sortable(time: int) -> str:
    """An int64 as text of 16 characters that sort as the numbers do."""
    return f"{int(time) + 2**63:016x}"


def _time(member: bytes) -> int | None:
    return int(member[:16], 16) - 2**63 if member else None


def _to_json(event: Event) -> str:
    e = event
    fields = [e.event_id, e.user_id, e.item_id, int(e.time), int(e.type), float(e.value), e.session_id]
    return json.dumps([*fields, e.attribution_token], ensure_ascii=False, separators=(",", ":"))


def _from_json(payload: bytes) -> Event:
    id, user, item, time, type, value, session, token = json.loads(payload)
    return Event(id, user, item, time, _TYPES[type], value, session, token)


def _live(erased: int, payloads: Sequence[bytes]) -> LiveUser:
    return LiveUser([_from_json(payload) for payload in reversed(payloads)], bool(erased))


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
