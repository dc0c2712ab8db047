"""Rows that are not what they should be: of another user, lost, or written by a newer version."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest
import structlog
from redis_server import INSTALLED, RedisServer

from shortlist_core.errors import StateError
from shortlist_core.types import Event, EventType
from shortlist_state import AppendResult, StateStore, open_store

NEWER = 77
"""A type of event that this version does not have."""

needs_redis = pytest.mark.skipif(not INSTALLED, reason="there is no redis-server")


def of(user: str, number: int) -> Event:
    return Event(f"{user}-{number}", user, f"item-{number}", number, EventType.VIEW)


def make_newer(url: str, event_id: str) -> None:
    """Give an event of the store the type of a newer version."""
    if url.startswith("sqlite:"):
        with sqlite3.connect(url.removeprefix("sqlite:")) as connection:
            connection.execute("UPDATE events SET type = ? WHERE event_id = ?", (NEWER, event_id))
        return
    client = redis_client(url)
    number = client.hget("shortlist:ids", event_id)
    fields = json.loads(client.hget("shortlist:events", number))
    client.hset("shortlist:events", number, json.dumps([*fields[:4], NEWER, *fields[5:], "a field of its own"]))


def redis_client(url: str) -> Any:
    import redis

    return redis.Redis.from_url(url)


def events_of(store: StateStore, user: str) -> list[Event]:
    return [entry.event for entry in store.export(user, -1, 100).entries if entry.event]


def test_an_event_of_a_newer_version_is_passed_over_and_kept(url: str) -> None:
    store = open_store(url)
    events = [of("ann", number) for number in range(4)]
    store.append(events)
    for event_id in ("ann-0", "ann-3"):  # the first and the last
        make_newer(url, event_id)
    readable = events[1:3]
    assert store.history("ann", 10) == readable
    assert store.history("ann", 2) == (readable if url.startswith("sqlite") else readable[1:])
    assert events_of(store, "ann") == readable
    summary = store.summary("ann")
    assert (dict(summary.counts), summary.first, summary.last) == ({EventType.VIEW: 2}, 1, 2)
    page = store.log(-1, 10)
    assert [entry.event for entry in page.entries] == readable
    assert page.end == store.position() == 3  # a follower does not read it again and again
    assert store.append([of("ann", 3)]) == AppendResult(0, 1)  # it is there, if not for this version
    assert store.erase("ann") == 4
    store.close()


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_the_log_goes_on_behind_events_of_a_newer_version(url: str, limit: int) -> None:
    store = open_store(url)
    store.append([of("ann", number) for number in range(6)])
    for number in (1, 2, 3):
        make_newer(url, f"ann-{number}")
    seen, after, more = [], -1, True
    while more:
        page = store.log(after, limit)
        seen += [entry.event.event_id for entry in page.entries if entry.event]
        assert page.end > after or not page.more
        after, more = page.end, page.more
    assert seen == ["ann-0", "ann-4", "ann-5"]
    store.close()


@needs_redis
@pytest.mark.system
@pytest.mark.parametrize("lost", ["next", "next events", "next ids", "next erased", "next salt", "ids", "events"])
def test_a_redis_that_lost_keys_gives_nobody_the_events_of_another(redis_url: str, lost: str) -> None:
    store = open_store(redis_url)
    store.append([of("ann", number) for number in range(3)])
    store.erase("gone")
    redis_client(redis_url).delete(*(f"shortlist:{key}" for key in lost.split()))
    ben = [of("ben", number) for number in range(3)]
    assert store.append(ben).accepted == 3
    for user in ("ann", "ben"):
        rows = [*store.history(user, 10), *events_of(store, user)]
        assert {event.user_id for event in rows} <= {user}
    assert store.history("ben", 10) == events_of(store, "ben") == ben
    if "events" not in lost:
        assert store.history("ann", 10) == [of("ann", number) for number in range(3)]
        assert [entry.event.user_id if entry.event else "" for entry in store.log(-1, 10).entries] == [
            *["ann"] * 3,
            "",
            *["ben"] * 3,
        ]
    store.erase("ann")
    assert store.history("ben", 10) == ben
    assert events_of(store, "ann") == []
    store.close()


@needs_redis
@pytest.mark.system
def test_rows_that_an_older_version_mixed_up_are_not_answered(redis_url: str) -> None:
    store = open_store(redis_url)
    store.append([of("ann", 0), of("ann", 1)])
    client = redis_client(redis_url)
    client.hset("shortlist:events", 0, client.hget("shortlist:events", 1).replace(b"ann", b"eve"))
    assert store.history("ann", 10) == events_of(store, "ann") == [of("ann", 1)]
    assert sum(store.summary("ann").counts.values()) == 1
    assert store.erase("ann") == 1
    assert client.hkeys("shortlist:events") == [b"0", b"2"]  # hers, and the erasure
    store.close()


@needs_redis
@pytest.mark.system
def test_an_event_that_was_lost_is_stored_when_it_is_sent_again(redis_url: str) -> None:
    store = open_store(redis_url)
    store.append([of("ann", 0)])
    redis_client(redis_url).delete("shortlist:events")
    assert store.append([of("ann", 0)]) == AppendResult(1, 0)
    assert store.history("ann", 10) == [of("ann", 0)]
    store.close()


@needs_redis
@pytest.mark.system
@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu", "allkeys-random"])
def test_a_redis_that_evicts_keys_is_refused_with_the_line_to_type(
    redis_url: str, shared_redis: RedisServer, policy: str
) -> None:
    try:
        shared_redis.ask(f"CONFIG SET maxmemory-policy {policy}")
        with pytest.raises(StateError, match=f"{policy}.*CONFIG SET maxmemory-policy noeviction") as caught:
            open_store(redis_url)
        assert "\n" not in str(caught.value)
    finally:
        shared_redis.ask("CONFIG SET maxmemory-policy noeviction")
    open_store(redis_url).close()


@needs_redis
@pytest.mark.system
def test_a_redis_that_evicts_keys_with_an_expiry_alone_is_warned_of(redis_url: str, shared_redis: RedisServer) -> None:
    try:
        shared_redis.ask("CONFIG SET maxmemory-policy volatile-lru")
        with structlog.testing.capture_logs() as logs:
            open_store(redis_url).close()
    finally:
        shared_redis.ask("CONFIG SET maxmemory-policy noeviction")
    assert [entry["policy"] for entry in logs if entry["event"] == "redis_may_evict"] == ["volatile-lru"]
