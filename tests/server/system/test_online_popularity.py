"""What other users do changes answers within a moment, without a training: popularity, and what goes together today."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import grpc
import pytest
from shortlist.v1.event_pb2 import Event, EventType
from shortlist.v1.event_service_pb2 import WriteEventsRequest
from shortlist.v1.event_service_pb2_grpc import EventServiceStub
from shortlist.v1.recommendation_service_pb2 import RecommendRequest, RetrieveRequest
from shortlist.v1.recommendation_service_pb2_grpc import RecommendationServiceStub
from waiting import eventually_async

from shortlist_core.errors import StateError
from shortlist_core.explanations import TOGETHER_NOW
from shortlist_core.types import Event as StoredEvent
from shortlist_core.types import EventType as StoredType
from shortlist_server.base.settings import Settings
from shortlist_server.process.app import create_server
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_server.system.online_popularity import OnlinePopularity
from shortlist_state import open_store
from shortlist_state.live_counts import LiveCounts
from shortlist_state.store import LogEntry

SETTINGS = {"bundles": Path(), "state": "", "address": "127.0.0.1:0", "drain_delay_seconds": 0, "grace_seconds": 5}


@pytest.fixture(scope="module")
def system(trained_bundle) -> LoadedBundle:
    return LoadedBundle.load(trained_bundle.load(), 16, 100)


@pytest.fixture
async def workers(system, tmp_path):
    """Two servers on one store, each with a system of its own: their channels."""
    opened, servers = [], []
    for _ in range(2):
        settings = Settings.of(**SETTINGS)
        server, port = await create_server(settings, open_store(f"sqlite:{tmp_path / 'state.db'}"))
        own = replace(
            system,
            online_popularity=OnlinePopularity(system.online_popularity._trained, system.items, system.histories),
        )
        await server.activate(lambda own=own: own)
        servers.append(server)
        opened.append(grpc.aio.insecure_channel(f"127.0.0.1:{port}"))
    yield opened, servers
    for channel, server in zip(opened, servers, strict=True):
        await channel.close()
        await server.drain()


def purchases(items: list[str], users: int) -> list[Event]:
    events = []
    for user in range(users):
        for item in items:
            event = Event(event_id=f"{user}-{item}", user_id=f"buyer-{user}", item_id=item)
            event.event_type = EventType.EVENT_TYPE_PURCHASE
            event.event_time.GetCurrentTime()
            events.append(event)
    return events


def popular(retriever):
    return next(source for source in retriever.all_sources if source.name == "popular")


def unpopular(system: LoadedBundle, count: int) -> list[str]:
    order = popular(system.online_popularity._trained).order
    return system.items.ids.take(order[-count:])


async def test_what_many_buy_elsewhere_reaches_somebody_unknown_in_every_worker(workers, system):
    channels, _ = workers
    [item] = unpopular(system, 1)

    async def shown(channel) -> list[str]:
        ask = RecommendRequest(user_id="never seen", count=20)
        return [each.item_id for each in (await RecommendationServiceStub(channel).Recommend(ask, timeout=60)).items]

    async def first_of_all_time(channel) -> bool:
        ask = RetrieveRequest(user_id="never seen", candidate_count=200)
        answer = await RecommendationServiceStub(channel).Retrieve(ask, timeout=60)
        return any(
            hit.name == "popular" and hit.rank == 1
            for each in answer.items
            if each.item_id == item
            for hit in each.sources
        )

    before = [await shown(channel) for channel in channels]
    assert not any([await first_of_all_time(channel) for channel in channels])
    await EventServiceStub(channels[0]).WriteEvents(WriteEventsRequest(events=purchases([item], 900)), timeout=60)

    async def everywhere() -> bool:
        return all([await first_of_all_time(channel) for channel in channels])

    await eventually_async(everywhere)
    for channel, earlier in zip(channels, before, strict=True):
        assert await shown(channel) != earlier


async def test_what_others_choose_together_today_joins_the_candidates_by_name(workers, system):
    (one, other), servers = workers
    mine, theirs = unpopular(system, 2)
    mark = Event(event_id="mine", user_id="me", item_id=mine, event_type=EventType.EVENT_TYPE_VIEW)
    mark.event_time.GetCurrentTime()
    await EventServiceStub(one).WriteEvents(WriteEventsRequest(events=[mark]), timeout=60)
    await EventServiceStub(one).WriteEvents(WriteEventsRequest(events=purchases([mine, theirs], 3)), timeout=60)
    ask = RetrieveRequest(user_id="me", candidate_count=100)

    async def named() -> bool:
        answer = await RecommendationServiceStub(other).Retrieve(ask, timeout=60)
        hits = {item.item_id: {hit.name: hit for hit in item.sources} for item in answer.items}
        hit = hits.get(theirs, {}).get(TOGETHER_NOW.name)
        return hit is not None and (hit.rank, hit.score) == (1, 3)

    await eventually_async(named)

    asked = Counter()

    def gone(server, *_: object) -> None:
        asked[server] += 1
        raise StateError("the disk is away")

    for server in servers:
        server.engine._store.log = server.engine._store.position = partial(gone, server)
    await eventually_async(lambda: len(asked) == 2 and min(asked.values()) > 1)
    assert (await RecommendationServiceStub(other).Retrieve(ask, timeout=60)).items
    assert await named(), "what was known stays known while the store is gone"


def entry(user: str, item: str, at: int) -> LogEntry:
    return LogEntry(0, user.encode().ljust(16), StoredEvent("", user, item, at, StoredType.PURCHASE))


def erasure(user: str) -> LogEntry:
    return LogEntry(0, user.encode().ljust(16), None)


def values(trends: OnlinePopularity) -> list[float]:
    return popular(trends.retriever).values.tolist()


def test_an_erased_user_makes_nothing_popular(system, monkeypatch):
    monkeypatch.setattr("shortlist_server.system.online_popularity.BUSY_SHARE", 1)
    trends, counts = OnlinePopularity(system.online_popularity._trained, system.items, system.histories), LiveCounts()
    before, at = values(trends), system.histories.as_of
    [item] = unpopular(system, 1)
    counts.absorb([entry("a", item, at)])
    trends.refresh(counts)
    assert values(trends) != before
    counts.absorb([erasure("a")])
    trends.refresh(counts)
    assert values(trends) == before


def test_what_the_bundle_was_trained_on_does_not_count_twice(system):
    trends, counts = OnlinePopularity(system.online_popularity._trained, system.items, system.histories), LiveCounts()
    before, at = values(trends), system.histories.as_of
    counts.absorb([entry("a", item, at - 1) for item in unpopular(system, 3)])
    counts.absorb([entry("a", "not in the shop", at)])
    trends.refresh(counts)
    assert values(trends) == before


def test_counting_takes_a_small_part_of_the_time(system, monkeypatch):
    trends, counts = OnlinePopularity(system.online_popularity._trained, system.items, system.histories), LiveCounts()
    replaced = []
    monkeypatch.setattr(trends, "_replace", replaced.append)
    for number in range(5):
        counts.absorb([entry("a", unpopular(system, 1)[0], system.histories.as_of + number)])
        trends.refresh(counts)
    assert len(replaced) == 1
    trends._not_before = 0
    trends.refresh(counts)
    trends._not_before = 0
    trends.refresh(counts)
    assert len(replaced) == 2, "what did not change is not counted again"
