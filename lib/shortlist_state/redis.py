"""Redis store: one Redis that any number of server machines share.

An acknowledged event is as durable as that Redis. With `appendonly yes` and `appendfsync always` it
survives a crash of Redis and of its machine. With `everysec` either may lose the last two seconds: while a sync is
under way, Redis answers before it writes. Without an append-only file, everything since the last snapshot is lost.
Replicas follow with a delay, so a failover may lose the events acknowledged last. A script is written to the
append-only file as one transaction: never half a batch.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import redis
import structlog

from shortlist_core.catalog import Attribute
from shortlist_core.errors import StateError
from shortlist_core.types import Event, EventType
from shortlist_state import redis_scripts
from shortlist_state.checks import check_limit, is_utf8
from shortlist_state.redis_catalog import RedisCatalog
from shortlist_state.redis_connection import RedisConnection, line
from shortlist_state.redis_rows import KINDS, TYPES, from_json, kind_of, sortable, time_of, to_json
from shortlist_state.store import (
    IMPRESSIONS,
    AppendResult,
    Expired,
    LiveUser,
    LogEntry,
    LogPage,
    StateStore,
    Summary,
    attributes_of_json,
    attributes_to_json,
    check_attributes,
    check_events,
    salted,
)

SCHEMA_VERSION = b"1"

READ_SECONDS, OTHER_SECONDS = 0.5, 5.0
"""Timeouts for Redis: of reads for recommendations, which go on without it, and of everything else."""

EXPIRED_AT_ONCE = 200
"""Events that one script deletes at most: other calls of that Redis wait for it, about a millisecond."""

log = structlog.get_logger(__name__)


class RedisStore(StateStore):
    """A `StateStore` in the Redis that a URL names, below the prefix `shortlist:` of its keys."""

    def __init__(self, url: str, prefix: str = "shortlist:") -> None:
        self._redis = RedisConnection(url, prefix, READ_SECONDS, OTHER_SECONDS)
        self._keeps_log = True
        self._catalog = RedisCatalog(self._redis)
        self._open()

    @property
    def catalog(self) -> RedisCatalog:
        """The catalogue, under the same prefix."""
        return self._catalog

    def append(self, events: Sequence[Event]) -> AppendResult:
        """See `StateStore`, as for all methods here."""
        check_events(events)
        if not events:
            return AppendResult(0, 0)
        texts = [text for e in events for text in (e.event_id, kind_of(e), e.user_id, sortable(e.time), to_json(e))]
        accepted = self._redis.run(self._redis.others, redis_scripts.APPEND, lambda: texts)
        return AppendResult(accepted, len(events) - accepted)

    def describe(self, attributes: Mapping[str, Sequence[Attribute]]) -> None:
        """Writes one field of a hash for each user."""
        check_attributes(attributes)
        texts = [
            text for user, pairs in attributes.items() for text in (user, attributes_to_json(pairs) if pairs else "")
        ]
        if texts:
            self._redis.run(self._redis.others, redis_scripts.DESCRIBE, lambda: texts)

    def described(self) -> Iterator[tuple[str, tuple[Attribute, ...]]]:
        """Scans the hash, so that other calls of that Redis hardly wait. A user may come twice."""
        cursor, key = -1, f"{self._redis.prefix}attributes"
        while cursor:
            with self._redis.translated(self._redis.others):
                cursor, fields = self._redis.others.hscan(key, max(cursor, 0), count=1_000)
            yield from ((user.decode(), attributes_of_json(text)) for user, text in fields.items())

    def read(self, user_ids: Sequence[str], limit: int) -> list[LiveUser]:
        """All users in one round trip."""
        check_limit(limit)
        valid, limits = [user_id for user_id in user_ids if is_utf8(user_id)], (limit, min(limit, IMPRESSIONS))
        answers = iter(self._redis.run(self._redis.reads, redis_scripts.READ, lambda: [*limits, *self._named(*valid)]))
        return [_live(user_id, *next(answers)) if is_utf8(user_id) else LiveUser([], False) for user_id in user_ids]

    def summary(self, user_id: str) -> Summary:
        """Makes one pass over the user's events."""
        if not is_utf8(user_id):
            return Summary({}, None, None, False)
        answer = self._redis.run(self._redis.others, redis_scripts.SUMMARY, lambda: self._named(user_id))
        erased, flat, attributes = answer
        columns = zip(flat[::4], flat[1::4], flat[2::4], flat[3::4], strict=True)
        rows = [(TYPES[type], count, first, last) for type, count, first, last in columns if type in TYPES]
        first, last = min((row[2] for row in rows), default=b""), max((row[3] for row in rows), default=b"")
        return Summary(
            {type: count for type, count, _, _ in rows},
            time_of(first),
            time_of(last),
            bool(erased),
            len(attributes_of_json(attributes)),
        )

    def export(self, user_id: str, after: int, limit: int) -> LogPage:
        """Sorts all of the user's events for every page."""
        check_limit(limit)
        if not is_utf8(user_id):
            return LogPage([], after, False)
        page = self._redis.run(self._redis.others, redis_scripts.EXPORT, lambda: [user_id, after, limit])
        return self._page(page, user_id)

    def erase(self, user_id: str) -> int:
        """Deletes keys, and asks Redis to rewrite its append-only file, which contains the id until then."""
        if not is_utf8(user_id):
            return 0
        deleted: int = self._redis.run(self._redis.others, redis_scripts.ERASE, lambda: self._named(user_id))
        if self._keeps_log:
            self._rewrite()
        return deleted

    def log(self, after: int, limit: int) -> LogPage:
        """Reads a limited number of entries, so a page may be empty after the erasure of many events."""
        check_limit(limit)
        return self._page(self._redis.run(self._redis.others, redis_scripts.LOG, lambda: [after, limit]))

    def position(self) -> int:
        """Reads one number."""
        return int(self._redis.run(self._redis.others, redis_scripts.POSITION, list))

    def tombstones(self) -> frozenset[bytes]:
        """Reads all tombstones."""
        with self._redis.translated(self._redis.others):
            return frozenset(self._redis.others.execute_command("HKEYS", f"{self._redis.prefix}erased"))

    def expire(self, before: int | None, most: int | None, place: str, users: int) -> Expired:
        """Scans the users' keys, and deletes by one script for each."""
        prefix = self._redis.prefix
        with self._redis.translated(self._redis.others):
            cursor, found = self._redis.others.scan(int(place or 0), match=f"{glob_escaped(prefix)}*", count=users)
        texts = [key.decode().removeprefix(prefix) for key in found]
        users_keys = [(kind, text.removeprefix(kind)) for text in texts for kind in KINDS if text.startswith(kind)]
        deleted = waiting = 0
        bounds = ["" if before is None else sortable(before), "" if most is None else most, EXPIRED_AT_ONCE]
        for kind, user_id in users_keys:
            more = True
            while more:
                arguments = [kind, user_id, *bounds]
                step = self._redis.run(self._redis.others, redis_scripts.EXPIRE, partial(list, arguments))
                deleted, more = deleted + step[0], step[2]
            waiting += step[1]
        return Expired(deleted, waiting, str(cursor), cursor != 0)

    def take(self, sequence: int) -> None:
        """Writes one key."""
        self._redis.run(self._redis.others, redis_scripts.TAKE, lambda: [sequence])

    def pseudonym(self, user_id: str) -> bytes:
        """Uses the salt that is stored in Redis."""
        return salted(self._redis.salt, user_id)

    def close(self) -> None:
        """Ends all connections."""
        self._redis.close()

    def _open(self) -> None:
        """Check or write the schema version, and log a warning if acknowledged events are not durable.

        Raises StateError where that Redis evicts keys: it would forget events, and who was erased, one by one.
        """
        with self._redis.translated(self._redis.others):
            self._check_eviction()
            self._redis.others.execute_command("SETNX", f"{self._redis.prefix}version", SCHEMA_VERSION)
            version = self._redis.others.execute_command("GET", f"{self._redis.prefix}version")
            if version != SCHEMA_VERSION:
                raise StateError(
                    f"the state in {self._redis.name} has schema version {version!r}, not {SCHEMA_VERSION!r}"
                )
            self._redis.learn_salt()
        if weakness := self._weakness():
            log.warning("redis_not_durable", redis=self._redis.name, reason=weakness)

    def _rewrite(self) -> None:
        """Ask for a rewrite of the append-only file; retry for a second while an earlier rewrite is running."""
        for last in (False, False, False, False, True):
            try:
                self._redis.others.execute_command("BGREWRITEAOF")
                return
            except (redis.RedisError, OSError) as error:  # or it is not allowed: docs/explanation/state.md
                if last or "in progress" not in str(error):
                    log.warning("redis_keeps_its_log", redis=self._redis.name, reason=line(error))
                    return
            time.sleep(0.25)

    def _check_eviction(self) -> None:
        try:
            policy = str(self._redis.others.info("memory").get("maxmemory_policy", "unknown"))
        except redis.ResponseError:  # it is not allowed
            policy = "unknown"
        if policy.startswith("allkeys"):
            raise StateError(
                f"{self._redis.name} evicts keys when its memory is full (maxmemory-policy {policy}), and would forget"
                " users one by one: type `redis-cli CONFIG SET maxmemory-policy noeviction`, and set it in redis.conf"
            )
        if policy != "noeviction":
            command = "`redis-cli CONFIG SET maxmemory-policy noeviction`"
            log.warning("redis_may_evict", redis=self._redis.name, policy=policy, type=command)

    def _weakness(self) -> str:
        try:
            config: dict[str, str] = self._redis.others.config_get("appendonly", "appendfsync")
        except (redis.RedisError, OSError):
            return "it does not tell whether it keeps an append-only file (CONFIG GET appendonly)"
        self._keeps_log = config.get("appendonly") == "yes"
        if not self._keeps_log:
            return "appendonly is off: when it ends, acknowledged events since its last snapshot are lost"
        if (sync := config.get("appendfsync")) != "always":
            seconds = "two seconds" if sync == "everysec" else "half a minute"
            return f"appendfsync is {sync}: a crash may lose acknowledged events of the last {seconds}"
        return ""

    def _named(self, *user_ids: str) -> list[str | bytes]:
        return [text for user_id in user_ids for text in (user_id, self.pseudonym(user_id))]

    def _page(self, answer: Sequence[Any], user_id: str | None = None) -> LogPage:
        """A page of the log, or of the events of one user alone."""
        end, more, *flat = answer
        entries = []
        for sequence, payload in zip(flat[::2], flat[1::2], strict=True):
            if payload and payload.startswith(b"!"):
                if user_id is None:
                    entries.append(LogEntry(sequence, payload[1:], None))
            elif (event := from_json(payload)) and user_id in (None, event.user_id):
                entries.append(LogEntry(sequence, self.pseudonym(event.user_id), event))
        return LogPage(entries, end, bool(more))


def glob_escaped(text: str) -> str:
    """The text as a pattern of Redis that matches it alone."""
    return re.sub(r"([*?\[\]\\^])", r"\\\1", text)


def _live(user_id: str, erased: int, payloads: Sequence[bytes | None], attributes: bytes | None) -> LiveUser:
    events = [event for payload in reversed(payloads) if (event := from_json(payload)) and event.user_id == user_id]
    done = [event for event in events if event.type != EventType.IMPRESSION]
    impressions = [(event.item_id, event.time) for event in events if event.type == EventType.IMPRESSION]
    return LiveUser(done, bool(erased), attributes_of_json(attributes), impressions)
