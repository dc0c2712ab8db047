"""Servers that share one Redis: they see each other's events and erasures, and outlive its death."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import pytest
from conftest import Start
from redis_server import INSTALLED, RedisServer
from server_wire import Running, failure
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1 import user_service_pb2 as users
from shortlist.v1.event_pb2 import Event
from shortlist.v1.recommendation_pb2 import Degradation
from waiting import eventually_async

from shortlist_state import open_store

pytestmark = pytest.mark.skipif(not INSTALLED, reason="there is no redis-server")

STATE = Degradation.DEGRADATION_STATE_UNAVAILABLE


@pytest.fixture(autouse=True)
def patient(monkeypatch) -> None:
    """A busy machine must not look like a store that is gone."""
    monkeypatch.setattr("shortlist_state.redis.READ_SECONDS", 20)


@pytest.fixture
def redis(tmp_path: Path, system_test: None) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.kill()


@pytest.fixture
async def two(start: Start, redis: RedisServer) -> AsyncIterator[tuple[Running, Running]]:
    yield await start(state=open_store(redis.url())), await start(state=open_store(redis.url()))


async def write(running: Running, *events: Event) -> event_api.WriteEventsResponse:
    return await running.events.WriteEvents(event_api.WriteEventsRequest(events=events))


async def best(running: Running, user: str) -> tuple[str, list[int]]:
    answer = await running.api.Recommend(api.RecommendRequest(user_id=user, count=1))
    return answer.items[0].item_id, list(answer.degraded)


async def answers(running: Running, expected: tuple[str, list[int]]) -> bool:
    return await best(running, "new") == expected


def event(id: str, item: str = "i39", user: str = "new") -> Event:
    return Event(event_id=id, user_id=user, item_id=item)


async def test_what_one_server_takes_in_counts_in_the_next_answer_of_the_other(two: tuple[Running, Running]) -> None:
    one, other = two
    assert await best(other, "new") == ("i39", [])
    await write(one, event("a"))
    assert await best(other, "new") == ("i38", [])
    again = await write(other, event("a"), event("b", "i38"))
    assert (again.accepted_count, again.duplicate_count) == (1, 1)
    assert await best(one, "new") == ("i37", [])


async def test_who_is_deleted_at_one_server_is_forgotten_by_the_other(two: tuple[Running, Running]) -> None:
    one, other = two
    seen = await other.api.Recommend(api.RecommendRequest(user_id="ann", count=40))
    assert len(seen.items) == 37  # the bundle knows of three
    await one.users.DeleteUser(users.DeleteUserRequest(user_id="ann"))
    forgotten = await other.api.Recommend(api.RecommendRequest(user_id="ann", count=40))
    assert len(forgotten.items) == 40


async def test_counts_of_the_moment_follow_in_every_server(two: tuple[Running, Running]) -> None:
    one, other = two
    await write(one, event("a", "i5"), event("b", "i6"))
    await write(other, event("c", "i5", "bob"))
    for running in two:
        live = running.server.engine.live
        await eventually_async(lambda live=live: len(live.counts.choices(0, 2**62).items) == 3)
        choices = live.counts.choices(0, 2**62)
        assert sorted(choices.item_ids[at] for at in choices.items) == ["i5", "i5", "i6"]
        assert live.baskets.together(["i6"], 2**62) == {"i5": 1}


async def test_redis_may_die_and_come_back(two: tuple[Running, Running], redis: RedisServer) -> None:
    one, _ = two
    await write(one, event("a"))
    await one.users.DeleteUser(users.DeleteUserRequest(user_id="ann"))
    for running in two:
        await asyncio.to_thread(running.server.engine.live.catch_up)
    await asyncio.to_thread(redis.kill)
    for running in two:
        assert await best(running, "new") == ("i39", [STATE])
        got = await failure(write(running, event("lost")))
        assert (got.code.name, got.info.reason) == ("UNAVAILABLE", "STATE_UNAVAILABLE")
        assert "127.0.0.1" not in got.message
        gone = await running.api.Recommend(api.RecommendRequest(user_id="ann", count=40))
        assert len(gone.items) == 40, "a deleted user stays so"
    await asyncio.to_thread(redis.start)
    assert (await write(one, event("b", "i38"))).accepted_count == 1
    for running in two:
        await eventually_async(partial(answers, running, ("i37", [])))
