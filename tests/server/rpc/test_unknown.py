"""Items and users that nobody knows are counted apart; a time far ahead is refused with the server's clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from conftest import Start
from scrape import metrics
from server_wire import Running, failure
from shortlist.v1 import catalog_service_pb2 as catalog_api
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.event_pb2 import ContextEvent, Event

from shortlist_core.catalog import CatalogItem
from shortlist_core.errors import StateError

ITEMS, USERS = "shortlist_events_of_unknown_items_total", "shortlist_requests_of_unknown_users_total"


@pytest.fixture
async def counted(start: Start) -> Running:
    return await start(metrics_address="127.0.0.1:0", reuse_seconds=0)


def event(number: int, item: str) -> Event:
    return Event(event_id=f"e{number}", user_id="new", item_id=item)


async def write(running: Running, *items: str, first: int = 0) -> event_api.WriteEventsResponse:
    events = [event(first + number, item) for number, item in enumerate(items)]
    return await running.events.WriteEvents(event_api.WriteEventsRequest(events=events))


async def test_events_on_items_that_nobody_knows_are_counted_apart(counted: Running) -> None:
    first = await write(counted, "i1", "I1", "i39", "I1")
    assert (first.accepted_count, first.duplicate_count, first.unknown_item_count) == (4, 0, 2)
    again = await write(counted, "i1", "I1", "i39", "I1")  # sent again, it is the same answer but for the duplicates
    assert (again.accepted_count, again.duplicate_count, again.unknown_item_count) == (0, 4, 2)
    assert (await metrics(counted)).value(ITEMS) == 4
    assert len(counted.store.history("new", 10)) == 4  # they count once the items are known


async def test_items_that_were_written_or_deleted_live_are_known(counted: Running) -> None:
    await counted.catalog.UpsertItems(
        catalog_api.UpsertItemsRequest(items=[catalog_api.ItemInput(item_id="just written")])
    )
    counted.store.catalog.upsert([CatalogItem("by another server")])
    counted.store.catalog.delete(["i3"])
    answer = await write(counted, "just written", "by another server", "i3", "nobody's")
    assert answer.unknown_item_count == 1


async def test_a_catalogue_that_fails_then_costs_no_event_its_acknowledgement(counted: Running, monkeypatch) -> None:
    def gone(*_: object) -> None:
        raise StateError("gone")

    monkeypatch.setattr(counted.store.catalog, "get", gone)
    answer = await write(counted, "i1", "nobody's")
    assert (answer.accepted_count, answer.unknown_item_count) == (2, 1)


async def test_before_the_first_bundle_no_item_is_called_unknown(start: Start) -> None:
    running = await start(load=False)
    assert (await write(running, "i1")).unknown_item_count == 0


async def test_requests_of_users_whom_nobody_knows_are_counted(counted: Running) -> None:
    async def recommend(user: str, **fields: object) -> None:
        await counted.api.Recommend(api.RecommendRequest(user_id=user, count=1, **fields))

    await recommend("ann")
    await recommend("")  # nobody is named
    await write(counted, "nobody's")
    await recommend("new")  # has an event, if on an item that nobody knows
    assert (await metrics(counted)).value(USERS) == 0
    await recommend("ANN")
    await recommend("ANN", context_events=[ContextEvent(item_id="i1")])
    queries = [api.BatchRecommendQuery(user_id=user, count=1) for user in ("ann", "x", "y")]
    await counted.api.BatchRecommend(api.BatchRecommendRequest(queries=queries))
    await counted.api.Rank(api.RankRequest(user_id="z", item_ids=["i1"]))
    await counted.api.Retrieve(api.RetrieveRequest(user_id="z"))
    assert (await metrics(counted)).value(USERS) == 6


async def test_while_the_store_is_away_nobody_is_called_unknown(counted: Running, monkeypatch) -> None:
    def gone(*_: object) -> None:
        raise StateError("gone")

    monkeypatch.setattr(counted.store, "read", gone)
    await counted.api.Recommend(api.RecommendRequest(user_id="ANN", count=1))
    assert (await metrics(counted)).value(USERS) == 0


@pytest.mark.parametrize(("days", "accepted"), [(0.9, True), (1.1, False), (400, False), (90_000, False)])
async def test_a_time_far_ahead_is_refused_with_the_servers_clock(
    running: Running, days: float, accepted: bool
) -> None:
    sent = event(1, "i1")
    sent.event_time.FromMicroseconds(int((datetime.now(UTC).timestamp() + days * 86_400) * 1_000_000))
    call = running.events.WriteEvents(event_api.WriteEventsRequest(events=[sent]))
    if accepted:
        assert (await call).accepted_count == 1
        return
    got = await failure(call)
    assert got.code.name == "INVALID_ARGUMENT"
    [clock] = re.findall(r"at most one day from now; this server's clock says (\S+)", got.message)
    assert abs((datetime.fromisoformat(clock) - datetime.now(UTC)).total_seconds()) < 60
    assert set(got.violations) == {"events[0].event_time"}


async def test_a_time_before_1970_says_nothing_of_clocks(running: Running) -> None:
    sent = event(1, "i1")
    sent.event_time.seconds = -1
    got = await failure(running.events.WriteEvents(event_api.WriteEventsRequest(events=[sent])))
    assert got.violations == {"events[0].event_time": "must be from 1970-01-01T00:00:00Z to one day from now"}
