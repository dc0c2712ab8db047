"""What is particular to Redis: its death and return, what it acknowledges, passwords, other data, its durability."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from killed_writers import kill_while_writing
from redis_server import INSTALLED, RedisServer
from waiting import eventually

from shortlist_core.errors import StateError
from shortlist_core.types import Event
from shortlist_state import AppendResult, StateStore, open_store

pytestmark = pytest.mark.skipif(not INSTALLED, reason="there is no redis-server")


def event(id: str, time: int = 0) -> Event:
    return Event(id, "u", "i", time)


@pytest.fixture
def own_redis(tmp_path: Path, system_test: None) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.kill()


def once_tried_again(store: StateStore, limit: int) -> list[Event]:
    """The history of `u`; for a moment after a read that failed, others fail without a try."""

    def read() -> list[list[Event]]:
        try:
            return [store.history("u", limit)]
        except StateError:
            return []

    return eventually(read)[0]


def test_while_it_is_gone_calls_fail_in_a_line_and_afterwards_all_is_there(own_redis: RedisServer) -> None:
    store = open_store(own_redis.url())
    store.append([event("a")])
    own_redis.kill()
    for call in (store.ping, lambda: store.append([event("b")]), lambda: store.history("u", 1)):
        with pytest.raises(StateError, match=r"Redis at 127\.0\.0\.1") as caught:
            call()
        assert "\n" not in str(caught.value)
    own_redis.start()
    assert store.append([event("a"), event("b")]) == AppendResult(1, 1)
    assert once_tried_again(store, 10) == [event("a"), event("b")]
    store.close()


def test_a_redis_that_does_not_answer_is_not_waited_for_by_every_read(own_redis: RedisServer) -> None:
    store = open_store(own_redis.url())
    own_redis.process.send_signal(19)  # SIGSTOP
    with pytest.raises(StateError, match="cannot be used"):
        store.history("u", 1)
    with pytest.raises(StateError, match="did not answer a moment ago"):
        store.history("u", 1)
    own_redis.process.send_signal(18)
    assert once_tried_again(store, 1) == []
    store.close()


@pytest.mark.parametrize("victim", ["redis", "writer"])
def test_what_was_acknowledged_survives_kill_9(own_redis: RedisServer, victim: str) -> None:
    tally = kill_while_writing(own_redis.url(), 2, random.Random(1), own_redis if victim == "redis" else None)
    assert tally.acknowledged > 2


@pytest.mark.system
def test_a_redis_that_lost_its_data_is_used_on_by_all_under_one_salt(tmp_path: Path) -> None:
    server = RedisServer(tmp_path, durable=False)
    first, second = open_store(server.url()), open_store(server.url())
    first.append([event("a")])
    server.kill()
    server.start()
    third = open_store(server.url())  # there before the others, it makes a new salt
    third.erase("gone")
    for store in (first, second, third):
        assert store.read(["gone", "u"], 5)[0].erased
        assert store.append([event("b")]).accepted == (store is first)
    assert {store.pseudonym("u") for store in (first, second, third)} == {third.pseudonym("u")}
    for store in (first, second, third):
        store.close()
    server.kill()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("appendonly no", "appendonly is off"),
        ("appendfsync no", "appendfsync is no: .* half a minute"),
        ("appendfsync everysec", "appendfsync is everysec: .* two seconds"),
        ("appendfsync always", None),
    ],
)
def test_it_warns_in_a_line_where_acknowledged_is_not_durable(own_redis: RedisServer, settings: str, says) -> None:
    assert own_redis.ask(f"CONFIG SET {settings}").startswith("+OK")
    with structlog.testing.capture_logs() as logs:
        open_store(own_redis.url()).close()
    warnings = [entry["reason"] for entry in logs if entry["log_level"] == "warning"]
    assert len(warnings) == (says is not None)
    assert all(re.search(says, warning) for warning in warnings)


def test_a_password_is_taken_from_url_or_environment_and_never_told(own_redis: RedisServer, monkeypatch) -> None:
    own_redis.ask("CONFIG SET requirepass s3cret")
    with pytest.raises(StateError, match=r"(?i)authentic"):
        open_store(own_redis.url())
    with structlog.testing.capture_logs() as logs:
        open_store(own_redis.url().replace("redis://", "redis://:s3cret@")).close()
        monkeypatch.setenv("SHORTLIST_REDIS_PASSWORD", "s3cret")
        store = open_store(own_redis.url())
        own_redis.kill()
        with pytest.raises(StateError) as caught:
            store.append([event("a")])
        monkeypatch.setenv("SHORTLIST_REDIS_PASSWORD", "wr0ng")
        own_redis.start()
        own_redis.ask("CONFIG SET requirepass s3cret")
        with pytest.raises(StateError) as refused:
            open_store(own_redis.url())
    told = f"{logs} {caught.value} {refused.value}"
    assert "s3cret" not in told
    assert "wr0ng" not in told


def test_keys_of_others_and_of_a_newer_program_are_left_alone(own_redis: RedisServer) -> None:
    own_redis.ask("SET mine 1")
    open_store(own_redis.url()).close()
    assert own_redis.ask("GET mine") == "$1\r\n1\r\n"
    own_redis.ask("SET shortlist:version 2")
    with pytest.raises(StateError, match="schema version"):
        open_store(own_redis.url())


def test_databases_of_one_redis_are_stores_of_their_own(own_redis: RedisServer) -> None:
    one, two = open_store(own_redis.url(0)), open_store(own_redis.url(1))
    one.append([event("a")])
    assert two.history("u", 5) == []
    for store in (one, two):
        store.close()


def test_a_full_redis_refuses_whole_batches(own_redis: RedisServer) -> None:
    store = open_store(own_redis.url())
    own_redis.ask("CONFIG SET maxmemory 3mb")
    accepted = 0
    with pytest.raises(StateError, match="cannot be used"):
        for number in range(1000):
            accepted += store.append([event(f"{number}-{part}", number) for part in range(100)]).accepted
    assert len(store.history("u", 1_000_000)) == accepted > 0
    own_redis.ask("CONFIG SET maxmemory 0")
    assert store.append([event("room again")]).accepted == 1
    store.close()
